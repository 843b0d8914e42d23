"""Arm models in Sympy, compiled: kinematics and dynamics of serial robot arms.

>>> import arms
>>> arm = arms.load("kuka_iiwa")
>>> arm.mass_matrix([0.0] * 7).shape
(7, 7)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from arms.arm import Arm, Terms
from arms.catalog import CATALOG
from arms.catalog.drives import DRIVES, Drives
from arms.errors import ArmError, ArmsError, UnreachableError, UrdfError
from arms.figures import Summary, summarise
from arms.model.chain import Chain
from arms.model.description import Friction
from arms.model.tree import reroot
from arms.model.urdf import read_urdf

__all__ = [
    "Arm",
    "ArmError",
    "ArmsError",
    "Chain",
    "Drives",
    "Friction",
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
) -> Arm:
    """An arm of the catalogue, or of a URDF file.

    Moving joints off the path from base to tip become rigid, at the position within their limits
    nearest zero.

    Args:
        name_or_path: A name of ``names()``, or a URDF file.
        base: The first link of the chain; by default the root.
        tip: The last link; by default the only leaf, or the flange of an arm of the catalogue.
        locked: Joints to make rigid, by name, at positions [rad or m].

    Raises:
        ArmError: There is no such arm.
        UrdfError: The file is missing, malformed or unsupported; or a link or joint is unknown.
    """
    text = str(name_or_path)
    if text in CATALOG:
        chain = CATALOG[text]()
        whole = base is None and tip is None and not locked
        return Arm(chain if whole else reroot(chain, base, tip, locked))
    if not text.lower().endswith((".urdf", ".xml")) and not Path(text).exists():
        raise ArmError(f"there is no arm {text!r}; arms: {', '.join(names())}, or a URDF's path")
    chain = read_urdf(text, base=base, tip=tip, locked=locked)
    return Arm(replace(chain, source=Path(text).name))
