"""The folder of an exported controller: its three files, written and read as a whole."""

import hashlib
import io
import json
import platform
import re
import tempfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import RecordError, VersionError
from ..support.files import interpreting, parse_json, parse_npz, read_bytes

FORMAT = 11
TEXT, ARRAYS, SUMS = "controller.json", "arrays.npz", "SHA256SUMS"
LIBRARY = re.compile(
    r"[A-Za-z][A-Za-z0-9_]*\.(h|state)|(x86_64|aarch64)/lib[A-Za-z][A-Za-z0-9_]*\.(a|so)"
)
"""Files of a C library, which is not read from the folder."""
PACKAGES = ("nengo-forcectl", "numpy", "numba", "llvmlite")


def check_new(folder: Path, replace: bool) -> None:
    """Raise `RecordError` if the folder exists.

    Args:
        folder: folder to write.
        replace: whether to accept a folder that holds a controller.
    """
    if folder.exists() and not (replace and _is_controller(folder)):
        answer = "which is no exported controller" if replace else "and replace is not set"
        raise RecordError(f"controller folder '{folder}': exists, {answer}")


def _is_controller(folder: Path) -> bool:
    """Whether the folder holds nothing but a controller, so that it may be replaced."""
    if not (folder / SUMS).is_file():
        return False
    here = {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}
    listed = {name for _, name in _listed(folder)}
    return {TEXT, ARRAYS, SUMS} <= here <= {SUMS} | listed


def write(
    folder: Path,
    data: Mapping[str, Any],
    arrays: Mapping[str, np.ndarray],
    library: Mapping[str, bytes] | None = None,
) -> None:
    """Write a folder completely or not at all, replacing an existing one.

    Args:
        folder: folder to write.
        data: text of the controller.
        arrays: its numbers.
        library: further files, by their paths in the folder.

    Raises:
        RecordError: it cannot be written.
    """
    stream = io.BytesIO()
    np.savez(stream, **arrays)  # pyright: ignore[reportArgumentType]
    files = {TEXT: _text(data).encode(), ARRAYS: stream.getvalue(), **(library or {})}
    sums = "".join(f"{_sha256(content)}  {name}\n" for name, content in files.items())
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".export-") as room:
            new, old = Path(room) / "new", Path(room) / "old"
            new.mkdir()
            for name, content in (*files.items(), (SUMS, sums.encode())):
                (new / name).parent.mkdir(exist_ok=True)
                (new / name).write_bytes(content)
            if folder.exists():
                folder.rename(old)
            try:
                new.rename(folder)
            except BaseException:  # also an interruption: restore the old folder
                if old.exists():
                    old.rename(folder)
                raise
    except OSError as error:
        raise RecordError(
            f"controller folder '{folder}': cannot be written ({error.strerror})"
        ) from None


def read(folder: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return the data and the arrays of a folder after checking its checksums.

    Raises:
        RecordError: the folder, or a file of it, cannot be read, is damaged or incomplete.
        VersionError: it was written by a version whose controllers are other ones.
    """
    sums = _sums(folder)
    files = {name: read_bytes(folder / name) for name in (TEXT, ARRAYS)}
    for name, content in files.items():
        if _sha256(content) != sums[name]:
            raise RecordError(
                f"file '{folder / name}': is damaged or was changed, its SHA-256 is not that of "
                f"{SUMS}; export the controller anew"
            )
    problem = f"file '{folder / TEXT}': holds no controller"
    data = parse_json(files[TEXT], problem)
    with interpreting(problem):
        version, written = data["format"], str(data["versions"]["nengo-forcectl"])
    here = versions_here()["nengo-forcectl"]
    if version != FORMAT or written.split(".")[:2] != here.split(".")[:2]:
        raise VersionError(
            f"file '{folder / TEXT}': is of format {version!r}, written by nengo-forcectl "
            f"{written}; this is {here}, which reads format {FORMAT} of the same minor version: "
            "export the controller anew, or install that one"
        )
    return data, parse_npz(files[ARRAYS], f"file '{folder / ARRAYS}': holds no arrays")


def names_in(run: Path) -> list[str]:
    """Return the names of the controllers in a run folder."""
    return sorted(path.parent.name for path in run.glob(f"*/{SUMS}"))


def _sums(folder: Path) -> dict[str, str]:
    """Return checksums by name; the names are fixed here, not read from the file."""
    if not folder.is_dir():
        raise RecordError(f"controller folder '{folder}': does not exist")
    if (folder / "summary.json").is_file() and not (folder / SUMS).exists():
        there = ", ".join(f"'{folder / name}'" for name in names_in(folder)) or "none"
        raise RecordError(
            f"controller folder '{folder}': is a run folder; the controllers in it: {there}"
        )
    sums = {name: sha for sha, name in _listed(folder)}
    others = set(sums) - {TEXT, ARRAYS}
    if not {TEXT, ARRAYS} <= set(sums) or not all(map(LIBRARY.fullmatch, others)):
        raise RecordError(
            f"file '{folder / SUMS}': has checksums of {', '.join(map(repr, sums)) or 'nothing'}, "
            f"needs those of {TEXT} and {ARRAYS}"
        )
    return sums


def _listed(folder: Path) -> list[tuple[str, str]]:
    """Return checksums and names as the folder's list has them."""
    text = read_bytes(folder / SUMS).decode(errors="replace")
    return re.findall(r"^([0-9a-f]{64}) [ *](.+)$", text, re.MULTILINE)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def versions_here() -> dict[str, str]:
    """Return the versions that affect a controller's torques."""
    return {"python": platform.python_version()} | {n: metadata.version(n) for n in PACKAGES}


def _text(data: Mapping[str, Any]) -> str:
    """Return JSON with one line per field; lists of numbers stay on one line."""
    text = json.dumps(data, indent=2, allow_nan=False)
    short = lambda found: "[" + re.sub(r"\n\s+", " ", found[1]) + "]"  # noqa: E731
    return re.sub(r"\[\n\s+([^\[\]{}]*?)\n\s+\]", short, text) + "\n"
