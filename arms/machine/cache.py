"""Compiled code on disk, so that the second process neither derives nor compiles.

A file is named by the SHA-256 of everything its content depends on. It starts with a magic line
and the SHA-256 of what follows; anything else is rebuilt, never loaded. Files appear whole
(written under another name, then renamed), the folder belongs to the user alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import stat
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

VARIABLE = "NENGO_FORCECTL_CACHE"
_MAGIC = b"nengo-forcectl object 1\n"
_warned: set[str] = set()


def folder() -> Path:
    """``$NENGO_FORCECTL_CACHE``, or the platform's folder for a user's caches."""
    if os.environ.get(VARIABLE):
        return Path(os.environ[VARIABLE])
    home = Path(os.path.expanduser("~"))
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "nengo-forcectl"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "nengo-forcectl"
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "nengo-forcectl"


def fetch(key: str, build: Callable[[], bytes]) -> bytes:
    """The bytes stored under ``key`` (any text), or ``build()``, which is stored then.

    A folder that cannot be used is warned about once; then nothing is stored.
    """
    path = folder() / f"{hashlib.sha256(key.encode()).hexdigest()}.o"
    payload = _read(path)
    if payload is None:
        payload = build()
        try:
            _write(path, payload)
        except OSError as error:
            if str(path.parent) not in _warned:
                _warned.add(str(path.parent))
                warnings.warn(
                    f"compiled arms are not kept: {str(path.parent)!r} cannot be used "
                    f"({error.strerror or error}); set {VARIABLE} to a folder of your own",
                    stacklevel=2,
                )
    return payload


def digest_of(*folders: Path) -> str:
    """The SHA-256 of all Python sources in some folders, of their names and contents."""
    digest = hashlib.sha256()
    for source in (path for each in folders for path in sorted(each.glob("*.py"))):
        content = source.read_bytes()
        digest.update(f"{source.parent.name}/{source.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def versioned_folder(kind: str, version: str, keep: int = 4) -> Path | None:
    """A folder for one version (any text) of a kind of file; None where it cannot be used.

    Of the kind's other folders the ``keep`` that were used last stay.
    """
    name = hashlib.sha256(version.encode()).hexdigest()[:16]
    path = folder() / f"{kind}-{name}"
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (_private(path.parent) and _private(path)):
            return None
        os.utime(path)
        by_use = sorted(
            folder().glob(f"{kind}-*"), key=lambda each: each.stat().st_mtime, reverse=True
        )
        for old in by_use[keep + 1 :]:
            shutil.rmtree(old, ignore_errors=True)
    except OSError:
        return None
    return path


def _read(path: Path) -> bytes | None:
    """The payload of a whole file of ours, else None."""
    try:
        if not _private(path.parent):
            return None
        data = path.read_bytes()
    except OSError:
        return None
    head = len(_MAGIC) + 32
    payload = data[head:]
    whole = (
        data[: len(_MAGIC)] == _MAGIC
        and data[len(_MAGIC) : head] == hashlib.sha256(payload).digest()
    )
    return payload if whole else None


def _write(path: Path, payload: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _private(path.parent):
        raise PermissionError(0, "others may write to it")
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(_MAGIC + hashlib.sha256(payload).digest() + payload)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _private(path: Path) -> bool:
    """Can nobody but this user put files there?"""
    if sys.platform == "win32":
        return True
    status = path.stat()
    return status.st_uid in (os.getuid(), 0) and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
