"""Arm models in Sympy, compiled: kinematics and dynamics of serial robot arms.

>>> import arms
>>> arm = arms.load("kuka_iiwa")
>>> arm.mass_matrix([0.0] * 7).shape
(7, 7)
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from arms.arm import Arm, Terms
from arms.catalog import CATALOG
from arms.exceptions import ArmError, UrdfError
from arms.tree import reroot
from arms.urdf import read_urdf

__all__ = ["Arm", "ArmError", "Terms", "UrdfError", "load", "names"]


def names() -> tuple[str, ...]:
    """The arms of the catalogue."""
    return tuple(CATALOG)


def load(name_or_path: str | Path, *, base: str | None = None, tip: str | None = None) -> Arm:
    """An arm of the catalogue, or the one in a URDF file.

    ``base`` and ``tip`` are the links at the ends of the chain; by default the root, and the only
    leaf or, for an arm of the catalogue, its flange. Raises ``ArmError`` for an unknown name,
    ``UrdfError`` for a bad file.
    """
    text = str(name_or_path)
    if text in CATALOG:
        chain = CATALOG[text]()
        return Arm(chain if base is None and tip is None else reroot(chain, base, tip))
    if not text.lower().endswith((".urdf", ".xml")) and not Path(text).exists():
        raise ArmError(
            f"there is no arm {text!r}; arms: {', '.join(names())}, or the path of a URDF"
        )
    chain = read_urdf(text, base=base, tip=tip)
    return Arm(replace(chain, source=Path(text).name))
