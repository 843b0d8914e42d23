"""Compiled code on disk, so that later processes neither derive nor compile.

Files lie in a folder for the version of the sources that they were compiled by, so an edited source
never runs old code, and folders of old versions are removed. A file is named by the SHA-256 of
everything else that its content depends on. It starts with a magic line and the SHA-256 of its own
name and the rest; a file that fails this check is rebuilt, never loaded. Files are written under a
temporary name and renamed when complete. The folders belong to the user alone.

Variable and folder have the name of the distribution, which installs ``arms``.
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
from functools import cache
from importlib import metadata
from pathlib import Path

VARIABLE = "NENGO_FORCECTL_CACHE"
FLOORS = "inverse", "model", "equations", "machine"  # of arms: all but the catalogue, data
_MAGIC = b"nengo-forcectl object 2\n"
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


def fetch(key: str, build: Callable[[], bytes], where: Path | None = None) -> bytes:
    """The bytes stored under ``key`` (any text), or those of ``build()``, which are then stored.

    The key need not mention the sources that name the folder: those of ``arms`` by default. A
    folder that cannot be used causes one warning, and nothing is stored.

    Args:
        key: What the bytes depend on, besides the sources that name the folder.
        build: Makes them.
        where: A ``versioned_folder``; by default that of ``arms``.
    """
    try:
        where = _private_folder("arms", sources_version(), keep=4) if where is None else where
        path = where / _name(key)
    except OSError as error:
        _warn(error)
        return build()
    payload = _read(path)
    if payload is None:
        payload = build()
        try:
            _write(path, payload)
        except OSError as error:
            _warn(error)
    return payload


def is_stored(key: str, where: Path | None) -> bool:
    """Whether ``fetch`` with this key and folder finds a file; it may be damaged."""
    return where is not None and (where / _name(key)).is_file()


def _name(key: str) -> str:
    return f"{hashlib.sha256(key.encode()).hexdigest()}.o"


@cache
def sources_version(package: Path = Path(__file__).parents[1]) -> str:
    """The version of all that derives, compiles and enters kernels: sources of arms, and Sympy."""
    try:
        sympy = metadata.version("sympy")
    except metadata.PackageNotFoundError:  # kernels can still be compiled from tapes
        sympy = "none"
    sources = *sorted(package.glob("*.py")), *(package / floor for floor in FLOORS)
    return f"{digest_of(*sources)} sympy {sympy}"


def digest_of(*paths: Path) -> str:
    """The SHA-256 of the names and contents of Python sources: files, or whole folders of them.

    A folder counts with all folders in it.
    """
    digest = hashlib.sha256()
    for path in paths:
        for source in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            content = source.read_bytes()
            name = source.relative_to(path.parent).as_posix()
            digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def versioned_folder(kind: str, version: str, keep: int = 4) -> Path | None:
    """A private folder for one version (any text) of a kind of file; None if it cannot be used.

    Of the kind's other folders, the ``keep`` most recently used stay; the rest are removed.
    """
    try:
        return _private_folder(kind, version, keep)
    except OSError:
        return None


def _private_folder(kind: str, version: str, keep: int) -> Path:
    """As ``versioned_folder``, but raises ``OSError`` with the reason."""
    root = folder()
    path = root / f"{kind}-{hashlib.sha256(version.encode()).hexdigest()[:16]}"
    for each in (root, path):
        each.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_private(each)
    with contextlib.suppress(OSError):  # a read-only folder is still useful
        os.utime(path)
    by_use = sorted(root.glob(f"{kind}-*"), key=_last_use, reverse=True)
    for old in by_use[keep + 1 :]:
        shutil.rmtree(old, ignore_errors=True)
    return path


def _last_use(path: Path) -> float:
    """When a folder was last asked for; 0 if another process has just removed it."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _read(path: Path) -> bytes | None:
    """The payload of a complete file that this module wrote, else None."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    head = len(_MAGIC) + 32
    payload = data[head:]
    complete = data[: len(_MAGIC)] == _MAGIC and data[len(_MAGIC) : head] == _digest(path, payload)
    return payload if complete else None


def _digest(path: Path, payload: bytes) -> bytes:
    """What a file is checked by: damaged, and under another's name, it does not fit."""
    return hashlib.sha256(path.name.encode() + payload).digest()


def _write(path: Path, payload: bytes) -> None:
    """Write a file that appears complete or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(_MAGIC + _digest(path, payload) + payload)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _warn(error: OSError) -> None:
    """Warn once that nothing is stored in the present folder."""
    root = str(folder())
    if root not in _warned:
        _warned.add(root)
        warnings.warn(
            f"compiled arms are not stored: {root!r} cannot be used "
            f"({error.strerror or error}); set {VARIABLE} to a private folder",
            stacklevel=3,
        )


def _check_private(path: Path) -> None:
    """Raise ``PermissionError`` if anyone but this user can write to a folder."""
    if sys.platform == "win32":
        return
    status = path.stat()
    if status.st_uid not in (os.getuid(), 0) or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(0, "others may write to it")
