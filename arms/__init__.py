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
from arms.errors import ArmError, UnreachableError, UrdfError
from arms.figures import Summary, summarise
from arms.model.chain import Chain
from arms.model.tree import reroot
from arms.model.urdf import read_urdf

__all__ = [
    "Arm",
    "ArmError",
    "Chain",
    "Terms",
    "UnreachableError",
    "UrdfError",
    "load",
    "names",
    "summary",
]


def summary(arm: str | Arm) -> Summary:
    """Figures of an arm, given by its name in the catalogue or as it is."""
    return summarise(load(arm) if isinstance(arm, str) else arm)


def names() -> tuple[str, ...]:
    """The arms of the catalogue."""
    return tuple(CATALOG)


def load(
    name_or_path: str | Path,
    *,
    base: str | None = None,
    tip: str | None = None,
    locked: Mapping[str, float] | None = None,
) -> Arm:
    """An arm of the catalogue, or the one in a URDF file.

    ``base`` and ``tip`` are the links at the ends of the chain; by default the root, and the only
    leaf or, for an arm of the catalogue, its flange. ``locked`` holds joints still, by name, at
    positions [rad or m]. Moving joints off the way are held where their limits are nearest zero.
    Raises ``ArmError`` for an unknown name, ``UrdfError`` for a bad file.
    """
    text = str(name_or_path)
    if text in CATALOG:
        chain = CATALOG[text]()
        plain = base is None and tip is None and not locked
        return Arm(chain if plain else reroot(chain, base, tip, locked))
    if not text.lower().endswith((".urdf", ".xml")) and not Path(text).exists():
        raise ArmError(f"there is no arm {text!r}; arms: {', '.join(names())}, or a URDF's path")
    chain = read_urdf(text, base=base, tip=tip, locked=locked)
    return Arm(replace(chain, source=Path(text).name))
