"""Arm models in Sympy, compiled: kinematics and dynamics of serial robot arms.

>>> import arms
>>> arm = arms.load("kuka_iiwa")
>>> arm.mass_matrix([0.0] * 7).shape
(7, 7)
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from arms.arm import Arm, Terms
from arms.base_parameters import BaseParameters
from arms.catalog import CATALOG
from arms.catalog.descriptions import description_path, is_description
from arms.catalog.drives import DRIVES, Drives
from arms.errors import ArmError, ArmsError, MjcfError, UnreachableError, UrdfError
from arms.figures import Summary, summarise
from arms.mechanics import ForwardDynamicsGradient, InverseDynamicsGradient
from arms.model.chain import Chain
from arms.model.description import Friction
from arms.model.mjcf import read_mjcf
from arms.model.mjcf_files import is_mjcf
from arms.model.model_file import read_model
from arms.model.tree import reroot
from arms.model.urdf import read_urdf

__all__ = [
    "Arm",
    "ArmError",
    "ArmsError",
    "BaseParameters",
    "Chain",
    "Drives",
    "ForwardDynamicsGradient",
    "Friction",
    "InverseDynamicsGradient",
    "MjcfError",
    "Terms",
    "UnreachableError",
    "UrdfError",
    "drives",
    "load",
    "names",
    "summary",
]


def summary(arm: str | Arm) -> Summary:
    """The figures of an arm: joints, reach [m], mass [kg], operations per call, source.

    ``arm`` is an ``Arm`` or a name in the catalogue; ``ArmError`` for an unknown name.
    """
    return summarise(load(arm) if isinstance(arm, str) else arm)


def names() -> tuple[str, ...]:
    """The names of the arms in the catalogue."""
    return tuple(CATALOG)


def drives(name: str) -> Drives:
    """The published rotor inertia and friction of an arm of the catalogue, with their source.

    No arm has them by default: see `arms.catalog.drives`.

    Raises:
        ArmError: There is no such arm, or nothing was published of its drives.
    """
    if name not in CATALOG:
        raise ArmError(f"there is no arm {name!r}; arms: {', '.join(names())}")
    if name not in DRIVES:
        raise ArmError(f"no drives of Arm {name!r} were published; there are: {', '.join(DRIVES)}")
    return DRIVES[name]


def load(
    name_or_path: str | Path,
    *,
    base: str | None = None,
    tip: str | None = None,
    locked: Mapping[str, float] | None = None,
    snap: bool = True,
) -> Arm:
    """An arm of the catalogue, of a URDF or MJCF file, or of a model file of `identify`.

    An MJCF is known by its outer element; MuJoCo must be installed to read it, and compiles it. Its
    armature, damping and frictionloss are the arm's ``armature`` and ``friction``.

    Moving joints off the path from base to tip become rigid, at the position within their limits
    nearest zero.

    Args:
        name_or_path: A name of ``names()``, or a file; ``~`` is the user's folder. Or a name of
            robot_descriptions, such as "ur10e_description", where that package is installed.
        base: The first link of the chain; by default the root. In an MJCF a body, site or joint; by
            default the world.
        tip: The last link; by default the only end of the file's tree, or the end that most joints
            move, or the flange of an arm of the catalogue. In an MJCF a body, a site or a joint; by
            default the end of the only arm, without its gripper.
        locked: Joints to make rigid, by name, at positions [rad or m].
        snap: Take angles in the file that are within 1e-9 rad of a multiple of 15 degrees for that
            multiple. Files round pi/2; the exact one saves a third of the operations.

    Raises:
        ArmError: There is no such arm, a model file is none, or a position in ``locked`` is no
            finite number.
        UrdfError: The file is missing, malformed or unsupported; or a link or joint is unknown.
        MjcfError: The same of an MJCF; or it has several arms and no ``tip`` is given, includes
            files outside its folder, or MuJoCo is not installed.
    """
    text = os.path.expanduser(str(name_or_path))
    if is_description(text) and not os.path.exists(text):
        text = str(description_path(text))
    is_model = text.lower().endswith(".json")
    if text in CATALOG or is_model:
        chain = read_model(text) if is_model else CATALOG[text]()
        whole = base is None and tip is None and locked is None
        return Arm(chain if whole else reroot(chain, base, tip, locked))
    is_file = text.lower().endswith((".urdf", ".xml", ".mjcf")) or os.path.exists(text)
    if not text.strip() or not is_file:
        raise ArmError(
            f"there is no arm {str(name_or_path)!r:.200}; arms: {', '.join(names())}, or the path "
            "of a URDF, MJCF or model file"
        )
    read = read_mjcf if text.lower().endswith(".mjcf") or is_mjcf(text) else read_urdf
    chain = read(text, base=base, tip=tip, locked=locked, snap=snap)
    return Arm(replace(chain, source=Path(text).name))
