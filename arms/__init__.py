"""Arm models in Sympy, compiled: kinematics and dynamics of serial robot arms.

>>> import arms
>>> arm = arms.load("kuka_iiwa")
>>> arm.mass_matrix([0.0] * 7).shape
(7, 7)
"""

from __future__ import annotations

from arms.arm import Arm, Terms
from arms.base_parameters import BaseParameters
from arms.catalog import CATALOG
from arms.catalog.drives import DRIVES, Drives
from arms.catalog.names import find, hint
from arms.collision import CollisionPairs, Distances
from arms.errors import ArmError, ArmsError, MjcfError, UnreachableError, UrdfError
from arms.figures import Summary, summarise
from arms.inverse.search import Postures, Search
from arms.mechanics import ForwardDynamicsGradient, InverseDynamicsGradient
from arms.model.capsules import Capsule, HalfSpace, Sphere
from arms.model.chain import Chain
from arms.model.description import Friction
from arms.model.values import refuse_other
from arms.sources import load, loads

__all__ = [
    "Arm",
    "ArmError",
    "ArmsError",
    "BaseParameters",
    "Capsule",
    "Chain",
    "CollisionPairs",
    "Distances",
    "Drives",
    "ForwardDynamicsGradient",
    "Friction",
    "HalfSpace",
    "InverseDynamicsGradient",
    "MjcfError",
    "Postures",
    "Search",
    "Sphere",
    "Terms",
    "UnreachableError",
    "UrdfError",
    "drives",
    "load",
    "loads",
    "names",
    "summary",
]


def summary(arm: str | Arm) -> Summary:
    """The figures of an arm: joints, reach [m], mass [kg], operations per call, source.

    ``arm`` is an ``Arm`` or a name in the catalogue; ``ArmError`` for an unknown name.
    """
    known = load(arm) if isinstance(arm, str) else arm
    refuse_other("arm", known, Arm)
    return summarise(known)


def names() -> tuple[str, ...]:
    """The names of the arms in the catalogue."""
    return tuple(CATALOG)


def drives(name: str) -> Drives:
    """The published rotor inertia and friction of an arm of the catalogue, with their source.

    No arm has them by default: see `arms.catalog.drives`.

    Raises:
        ArmError: There is no such arm, or nothing was published of its drives.
    """
    refuse_other("name", name, str)
    known = find(name)
    if known is None:
        raise ArmError(f"there is no arm {name!r}; arms: {', '.join(names())}{hint(name)}")
    if known not in DRIVES:
        raise ArmError(
            f"no drives of Arm {known!r} are known; arms with drives: {', '.join(DRIVES)}"
        )
    return DRIVES[known]
