"""Arms from the catalogue, from files and from text."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from arms.arm import Arm
from arms.catalog import CATALOG
from arms.catalog.descriptions import description_path, is_description
from arms.catalog.names import find, hint
from arms.errors import ArmError, UrdfError
from arms.model.mjcf import read_mjcf
from arms.model.mjcf_files import is_mjcf
from arms.model.model_file import read_model
from arms.model.tree import reroot
from arms.model.urdf import parse_urdf, read_urdf

_ENDINGS = (".urdf", ".xml", ".mjcf", ".xacro")
_MAX_TEXT = 20_000_000  # characters


def load(
    name_or_path: str | Path,
    *,
    base: str | None = None,
    tip: str | None = None,
    locked: Mapping[str, float] | None = None,
    snap: bool = True,
    arguments: Mapping[str, str] | None = None,
    packages: Sequence[str | Path] = (),
) -> Arm:
    """An arm of the catalogue, of a URDF, xacro or MJCF file, or of a model file of `identify`.

    An MJCF is known by its outer element; MuJoCo must be installed to read it, and compiles it. Its
    armature, damping and frictionloss are the arm's ``armature`` and ``friction``. Xacro is known
    by its ending or its elements, and is expanded by the package ``xacrodoc`` (or ``xacro``), which
    evaluates expressions in the file: load one that you trust. Files may be packed by gzip.

    Moving joints off the path from base to tip become rigid, at the position within their limits
    nearest zero.

    Args:
        name_or_path: A name of ``names()``, or another word that only one of them has: "FR3",
            "franka_panda". Or a file; ``~`` is the user's folder. Or a name of robot_descriptions,
            such as "ur10e_description", where that package is installed.
        base: The first link of the chain; by default the root. In an MJCF a body, site or joint; by
            default the world.
        tip: The last link; by default the only end of the file's tree, or the end that most joints
            move, or the flange of an arm of the catalogue. In an MJCF a body, a site or a joint; by
            default the end of the only arm, without its gripper.
        locked: Joints to make rigid, by name, at positions [rad or m].
        snap: Take angles in the file that are within 1e-9 rad of a multiple of 15 degrees for that
            multiple. Files round pi/2; the exact one saves a third of the operations.
        arguments: Those of a xacro file, by name.
        packages: Folders in which a xacro file's packages are looked up first, then those above it.

    Raises:
        ArmError: There is no such arm or several are meant, a model file is none, a position in
            ``locked`` is no finite number, or another argument is of the wrong type.
        UrdfError: The file is missing, malformed or unsupported; a link or joint is unknown; or
            xacro cannot be expanded.
        MjcfError: The same of an MJCF; or it has several arms and no ``tip`` is given, includes
            files outside its folder, or MuJoCo is not installed.
    """
    _check(base, tip, snap)
    text = os.path.expanduser(str(name_or_path))
    if is_description(text) and not os.path.exists(text):
        text = str(description_path(text))
    ending = text.lower().removesuffix(".gz")
    is_file = ending.endswith((*_ENDINGS, ".json")) or os.path.exists(text)
    known = text if text in CATALOG else None if is_file else find(text)
    is_other = known is not None or ending.endswith((".json", ".mjcf")) or is_mjcf(text)
    if is_other and (arguments or packages):
        raise ArmError(f"{str(name_or_path)!r:.200}: arguments and packages are for xacro files")
    if not isinstance(arguments, Mapping | None):
        raise ArmError(
            f"arguments: is {arguments!r:.60}, needs values by name, {{'prefix': 'left'}}"
        )
    if isinstance(packages, str | Path) or not isinstance(packages, Sequence):
        raise ArmError(f"packages: is {packages!r:.60}, needs a list of folders")
    if known is not None or ending.endswith(".json"):
        chain = read_model(text) if known is None else CATALOG[known]()
        whole = base is None and tip is None and locked is None
        return Arm(chain if whole else reroot(chain, base, tip, locked))
    if not text.strip() or not is_file:
        raise _unknown(str(name_or_path))
    if is_other:
        chain = read_mjcf(text, base=base, tip=tip, locked=locked, snap=snap)
    else:
        chain = read_urdf(
            text,
            base=base,
            tip=tip,
            locked=locked,
            snap=snap,
            arguments=arguments,
            packages=packages,
        )
    return Arm(replace(chain, source=Path(text).name))


def loads(
    text: str | bytes,
    *,
    base: str | None = None,
    tip: str | None = None,
    locked: Mapping[str, float] | None = None,
    snap: bool = True,
    folder: str | Path | None = None,
) -> Arm:
    """An arm of a URDF as text, such as ROS publishes as ``robot_description``.

    ``folder`` is that from which the text names its meshes; without it, they are left out. The rest
    is as for ``load``.

    Raises:
        UrdfError: The text is not a URDF, is malformed or unsupported; or a link or joint is
            unknown.
        ArmError: An argument is of the wrong type.
    """
    _check(base, tip, snap)
    if not isinstance(text, str | bytes):
        raise UrdfError(f"text: is {text!r:.60}, needs a URDF as a string or bytes")
    if len(text) > _MAX_TEXT:
        raise UrdfError(f"text: has {len(text)} characters, needs at most {_MAX_TEXT}")
    start = text.lstrip()[:1]
    if start not in ("<", b"<", "\ufeff", b"\xef"):
        raise UrdfError(f"text: begins with {text[:40]!r}, needs a URDF; arms.load takes a path")
    try:
        meshes = None if folder is None else Path(folder).resolve()
    except (TypeError, ValueError):
        raise ArmError(f"folder: is {folder!r:.60}, needs the path of a folder") from None
    chain = parse_urdf(text, meshes, base=base, tip=tip, locked=locked, snap=snap)
    return Arm(replace(chain, source="URDF as text"))


def _check(base: Any, tip: Any, snap: Any) -> None:
    """Raise ``ArmError`` for what is no name of a link, and no truth value."""
    for what, name in (("base", base), ("tip", tip)):
        if not (name is None or isinstance(name, str)) or name == "":
            raise ArmError(f"{what}: is {name!r:.60}, needs a name, or None for the default")
    if not isinstance(snap, bool | np.bool_):
        raise ArmError(f"snap: is {snap!r:.60}, needs True or False")


def _unknown(name: str) -> ArmError:
    """The error about a name that no arm has."""
    if name.lstrip().startswith("<"):
        return ArmError(f"there is no arm {name!r:.200}; arms.loads takes a URDF as text")
    return ArmError(
        f"there is no arm {name!r:.200}; arms: {', '.join(CATALOG)}, or the path of a URDF, xacro, "
        f"MJCF or model file{hint(name)}"
    )
