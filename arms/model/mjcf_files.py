"""The files of an MJCF: what it is, and that it reads nothing outside its own folder.

An MJCF is untrusted input, and MuJoCo opens whatever it names. So its text, and that of every file
that it includes, is looked at first: document types and entities are refused, and so is a file
outside the folder of the MJCF, by a path with ``..``, an absolute path or a link.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from arms.errors import MjcfError
from arms.model.file_bytes import bytes_of

_MAX_FILES = 100
_PARTS = {"include": "file", "model": "file"}  # elements that name another MJCF
_ASSETS = ("mesh", "texture", "hfield", "skin", "flexcomp")
_FOLDERS = ("assetdir", "meshdir", "texturedir")


class Document(NamedTuple):
    """One file of an MJCF, parsed."""

    path: Path
    root: Element


def is_mjcf(path: str | Path) -> bool:
    """Whether a file's outer element is MuJoCo's. False for what is no XML, or cannot be read."""
    try:
        return _parsed(Path(path)).tag in ("mujoco", "mujocoinclude")
    except MjcfError:
        return False


def documents(path: Path) -> list[Document]:
    """The MJCF and all that it includes.

    Raises:
        MjcfError: A file cannot be read, is not XML, or is outside the folder of the MJCF.
    """
    folder = path.resolve().parent
    found: list[Document] = []
    waiting = [path]
    while waiting:
        file = waiting.pop(0)
        if any(file.resolve() == each.path.resolve() for each in found):
            continue
        if len(found) == _MAX_FILES:
            raise MjcfError(f"it includes more than {_MAX_FILES} files, needs fewer")
        found.append(Document(file, _parsed(file)))
        for element, name in _parts(found[-1].root):
            for place in dict.fromkeys((folder / name, file.resolve().parent / name)):
                _check_inside(folder, place, element, "file", name)
                if place.is_file():
                    waiting.append(place)
    return found


def included(found: list[Document]) -> dict[str, bytes]:
    """The contents of the included files, by the names by which they are included."""
    folder = found[0].path.resolve().parent
    return {
        name: (folder / name).read_bytes()
        for document in found
        for _, name in _parts(document.root)
        if (folder / name).is_file()
    }


def check_assets(found: list[Document]) -> None:
    """Refuse meshes, textures and height fields outside the folder of the MJCF, ``found[0]``.

    Raises:
        MjcfError: One is outside.
    """
    folder = found[0].path.resolve().parent
    for document in found:
        for tag in _ASSETS:
            for element in document.root.iter(tag):
                names = [(k, v) for k, v in element.attrib.items() if k.startswith("file")]
                for (key, name), place in (
                    (each, place) for each in names for place in _places(found, each[1])
                ):
                    _check_inside(folder, place, element, key, name)


def _parts(root: Element) -> Iterator[tuple[Element, str]]:
    """The elements that name another MJCF, with the name."""
    for tag, key in _PARTS.items():
        for element in root.iter(tag):
            if element.get(key):
                yield element, str(element.get(key))


def _places(found: list[Document], name: str) -> Iterator[Path]:
    """Where MuJoCo may look for an asset: in each folder that a <compiler> names, and beside."""
    for document in found:
        beside = document.path.resolve().parent
        yield beside / name
        for compiler in document.root.iter("compiler"):
            for folder in filter(None, map(compiler.get, _FOLDERS)):
                yield beside / folder / name


def _check_inside(folder: Path, place: Path, element: Element, key: str, name: str) -> None:
    try:
        inside = place.resolve().is_relative_to(folder)
    except (OSError, ValueError, RuntimeError):  # no path has this character; a ring of links
        inside = False
    if not inside:
        raise MjcfError(
            f"<{element.tag} {key}={name[:80]!r}> is outside the file's folder, needs a file in "
            f"{str(folder)!r}"
        )


def _parsed(path: Path) -> Element:
    data = bytes_of(path, repr(path.name), MjcfError)
    try:
        return fromstring(data, forbid_dtd=True)
    except DefusedXmlException:
        raise MjcfError(
            f"{path.name!r}: document types and entities are not allowed in an MJCF"
        ) from None
    except (ParseError, ValueError, LookupError) as error:
        raise MjcfError(f"{path.name!r} is not XML: {error}") from None
