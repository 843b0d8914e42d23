"""Xacro, the macros in which ROS's packages write URDFs, expanded by the packages for it.

``xacrodoc`` is used where it is installed: it finds ``$(find package)`` without ROS. Otherwise
``xacro`` is, which finds packages in a ROS workspace. Both evaluate expressions in the file and
read what it names.
"""

from __future__ import annotations

import importlib
import os
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
        doc.packages.reset()  # what was found for other files
        if packages:
            doc.packages.look_in([os.path.expanduser(folder) for folder in packages])
        return doc.XacroDoc.from_file(str(path), subargs=values).to_urdf_string()
    except Exception as error:  # its own, of Python's expressions, and of the files it reads
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        hint = "; xacrodoc finds packages without ROS: pip install xacrodoc" if doc is None else ""
        raise UrdfError(f"it is xacro, which cannot be expanded: {reason:.300}{hint}") from None


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
