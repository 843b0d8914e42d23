"""Xacro, the macros in which ROS's packages write URDFs, expanded by the packages for it.

``xacrodoc`` is used where it is installed: it finds ``$(find package)`` without ROS. Otherwise
``xacro`` is, which finds packages in a ROS workspace. Both evaluate expressions in the file and
read what it names.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from arms.errors import UrdfError

ENDING = ".xacro"


def is_xacro(root: Element) -> bool:
    """Whether a file has elements of xacro, not expanded."""
    spaces = (str(each.tag).rpartition("}")[0] for each in root.iter())
    return any(space.endswith("xacro") for space in spaces)


def expanded(path: Path, arguments: Mapping[str, str], packages: Sequence[str | Path]) -> str:
    """The URDF that a xacro file stands for.

    Args:
        path: The file.
        arguments: For its ``<xacro:arg>``.
        packages: Folders in which ``$(find package)`` is looked up first, then those above the
            file. They need ``xacrodoc``.

    Raises:
        UrdfError: No package for xacro is installed, or it cannot expand the file.
    """
    if path.suffix.lower() == ".gz":
        raise UrdfError("it is xacro packed by gzip, needs to be unpacked, beside what it includes")
    values = {str(name): str(value) for name, value in arguments.items()}
    doc, plain = _xacrodoc(), _xacro()
    if doc is None and (plain is None or packages):
        raise UrdfError(
            "it is xacro: pip install xacrodoc, which expands it, or run `xacro` of ROS and load "
            "the URDF that it writes"
        )
    try:
        if doc is None:
            return plain.process_file(str(path), mappings=values).toxml()
        return _by_xacrodoc(doc, path, values, [Path(f).expanduser() for f in packages])
    except Exception as error:  # its own, of Python's expressions, and of the files it reads
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        hint = "; xacrodoc finds packages without ROS: pip install xacrodoc" if doc is None else ""
        hint = hint or ("; needs packages=[a folder that has it]" if _missing(error) else "")
        raise UrdfError(f"it is xacro, which cannot be expanded: {reason:.300}{hint}") from None


def _by_xacrodoc(doc: Any, path: Path, values: Mapping[str, str], packages: Sequence[Path]) -> str:
    """Expand a file; packages without a ``package.xml`` are found by the name of their folder.

    ``XacroDoc.from_file`` looks for included files in the working directory, so its xacro is called
    with the file, and then `XacroDoc` for the packages in the names of meshes.
    """
    engine = importlib.import_module("xacrodoc.xacrodoc").xacro
    doc.packages.reset()  # what was found for other files
    if packages:
        doc.packages.look_in([str(folder) for folder in packages])
    doc.packages.walk_up_from(path, priority=int(bool(packages)))
    given: set[str] = set()
    while True:
        try:
            text = engine.process_file(str(path), mappings=dict(values)).toxml()
            made = doc.XacroDoc.from_string(text, subargs=dict(values), rootdir=path.parent)
            return made.to_urdf_string()
        except Exception as error:
            name = _missing(error)
            places = [each / name for each in (*packages, *path.resolve().parents)]
            found = [place for place in places if place.is_dir()]
            if not name or name in given or not found:
                raise
            given.add(name)
            doc.packages.update_package_cache({name: found[0]})


def _missing(error: Exception) -> str:
    """The package that was not found; an empty name for any other error."""
    found = re.search(r"Package not found: ([\w-]+)", str(error))
    return found[1] if found else ""


def _xacrodoc() -> Any:
    """The package xacrodoc; None if it is not installed."""
    try:
        return importlib.import_module("xacrodoc")
    except ImportError:
        return None


def _xacro() -> Any:
    """The package xacro; None if it is not installed."""
    try:
        return importlib.import_module("xacro")
    except ImportError:
        return None
