"""What the numbers of a cell depend on besides its settings: sources, versions and files."""

import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import arms

from ...support.files import read_bytes
from ..job import versions

ROOTS = (Path(arms.__file__).parent, Path(__file__).parents[2])
Identity = Mapping[str, Any]
"""``sources``: SHA-256 of the package; ``versions`` by package; ``files``: SHA-256 by path."""


def identity(files: Iterable[str]) -> dict[str, Any]:
    """Return the identity of this process; ``files`` are paths that the settings name.

    Raises:
        RecordError: a file cannot be read.
    """
    contents = {str(path): hashlib.sha256(read_bytes(Path(path))).hexdigest() for path in files}
    return {"sources": sources(), "versions": versions(), "files": contents}


def absolute(value: Any) -> Any:
    """Return the absolute path of a value that names a file; any other value as it is."""
    named = isinstance(value, (str, Path)) and str(value) and Path(value).is_file()
    return type(value)(Path(value).absolute()) if named else value


def files_of(values: Iterable[Any]) -> tuple[str, ...]:
    """Return which values are names of files, such as that of an arm's URDF."""
    names = (str(each) for each in values if isinstance(each, (str, Path)) and str(each))
    return tuple(dict.fromkeys(name for name in names if Path(name).is_file()))


@cache
def sources() -> str:
    """Return the SHA-256 of the names and contents of all sources, and of the catalogue's arms."""
    digest = hashlib.sha256()
    for root in ROOTS:
        for path in sorted(root.rglob("*")):
            if path.is_file() and (path.suffix == ".py" or path.parent.name == "catalog"):
                digest.update(f"{path.relative_to(root.parent).as_posix()}\0".encode())
                digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()


def difference(found: Identity, wanted: Identity) -> str | None:
    """Return in what two identities differ, such as ``numpy 2.1, not 2.2``; None: in nothing."""
    mine, other = wanted["versions"], found["versions"]
    for package in {**mine, **other}:
        if mine.get(package) != other.get(package):
            return f"{package} {other.get(package, 'none')}, not {mine.get(package, 'none')}"
    if found["sources"] != wanted["sources"]:
        return (
            f"other sources of nengo-forcectl ({found['sources'][:8]}, not {wanted['sources'][:8]})"
        )
    for path, digest in wanted["files"].items():
        if found["files"].get(path) != digest:
            return f"another file '{path}'"
    return None
