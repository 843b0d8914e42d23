"""External forces on the arm: at its tool, or on all of its links."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from jaxtyping import Float

from arms import Arm
from arms.model.chain import MOVING, Chain, Inertia, Link

from ..support.validation import as_triple, check_not_negative, check_positive
from .disturbances import Disturbance

Vector: TypeAlias = Sequence[float] | Float[np.ndarray, "3"]
"""Three numbers x, y, z: any sequence, stored as a tuple of floats."""


@dataclass(frozen=True)
class ForceField(Disturbance):
    """A force on the tool, ``f = force + curl x dx``: a constant part, and one across its motion.

    The curl field is that of studies of human reaching: it pushes the tool, with velocity dx [m/s],
    sideways, turned by 90 degrees about ``curl``, and does no work (Shadmehr and Mussa-Ivaldi 1994,
    doi:10.1523/JNEUROSCI.14-05-03208.1994; there about 13 N s/m in the plane of the hand's motion).
    """

    force: Vector = (0.0, 0.0, 0.0)  # [N], in the base frame
    curl: Vector = (0.0, 0.0, 0.0)  # [N s/m], in the base frame

    def __post_init__(self) -> None:
        as_triple(self, "force", "N")
        as_triple(self, "curl", "N s/m")

    def torque(
        self,
        arm: Arm,
        time: Float[np.ndarray, "*batch"] | float,
        q: Float[np.ndarray, "*batch n"],
        dq: Float[np.ndarray, "*batch n"],
    ) -> Float[np.ndarray, "*batch n"]:
        """Return ``J^T f`` [N m]."""
        J = arm.jacobian(q)[..., :3, :]
        x, y, z = self.curl
        turn = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])  # curl x
        return _pulled(J, _times(J, dq) @ turn.T + self.force)


@dataclass(frozen=True)
class Spring(Disturbance):
    """A spring from ``anchor`` to the tool: ``f = stiffness (anchor - x) - damping dx``."""

    anchor: Vector  # [m], in the base frame
    stiffness: float  # [N/m]
    damping: float = 0.0  # [N s/m]

    def __post_init__(self) -> None:
        as_triple(self, "anchor", "m")
        check_not_negative(self, stiffness="N/m", damping="N s/m")

    def torque(
        self,
        arm: Arm,
        time: Float[np.ndarray, "*batch"] | float,
        q: Float[np.ndarray, "*batch n"],
        dq: Float[np.ndarray, "*batch n"],
    ) -> Float[np.ndarray, "*batch n"]:
        """Return ``J^T f`` [N m]."""
        J = arm.jacobian(q)[..., :3, :]
        stretch = self.anchor - arm.pose(q)[..., :3, 3]
        return _pulled(J, self.stiffness * stretch - self.damping * _times(J, dq))


@dataclass(frozen=True)
class ForceBump(Disturbance):
    """A force on the tool around a place, ``f = force exp(-|x - centre|^2 / (2 width^2))``.

    Like that of a cable or a hose, it is neither constant nor a spring's.
    """

    centre: Vector  # [m], in the base frame
    force: Vector  # there [N], in the base frame
    width: float = 0.08  # [m]

    def __post_init__(self) -> None:
        as_triple(self, "centre", "m")
        as_triple(self, "force", "N")
        check_positive(self, width="m")

    def torque(
        self,
        arm: Arm,
        time: Float[np.ndarray, "*batch"] | float,
        q: Float[np.ndarray, "*batch n"],
        dq: Float[np.ndarray, "*batch n"],
    ) -> Float[np.ndarray, "*batch n"]:
        """Return ``J^T f`` [N m]."""
        away = arm.pose(q)[..., :3, 3] - self.centre
        near = np.exp(-0.5 * np.sum(away**2, axis=-1) / self.width**2)
        return _pulled(arm.jacobian(q)[..., :3, :], near[..., None] * np.array(self.force))


@dataclass(frozen=True)
class LinkForces(Disturbance):
    """An equal constant force on the centre of mass of every moving link of the model."""

    force: Vector  # [N], in the base frame

    def __post_init__(self) -> None:
        as_triple(self, "force", "N")

    def torque(
        self,
        arm: Arm,
        time: Float[np.ndarray, "*batch"] | float,
        q: Float[np.ndarray, "*batch n"],
        dq: Float[np.ndarray, "*batch n"],
    ) -> Float[np.ndarray, "*batch n"]:
        """Return the sum of ``J^T force`` [N m] over the links."""
        return -_evenly_heavy(arm, tuple(self.force)).gravity(q)


@lru_cache(maxsize=16)
def _evenly_heavy(arm: Arm, force: tuple[float, ...]) -> Arm:
    """Return the arm with links of 1 kg under gravity ``force`` [m/s^2], which gives the force."""
    links = tuple(Link(link.name, _kilogram(arm.chain, link)) for link in arm.chain.links)
    return type(arm)(replace(arm.chain, links=links, gravity=force))


def _kilogram(chain: Chain, link: Link) -> Inertia:
    """Return 1 kg at the link's centre of mass if it moves and has a mass."""
    moving = set()
    for joint in chain.joints:  # from the base to the tip
        if joint.kind in MOVING or joint.parent in moving:
            moving.add(joint.child)
    heavy = link.name in moving and link.inertia.mass > 0
    return Inertia(1.0, link.inertia.com) if heavy else Inertia()


def _times(
    J: Float[np.ndarray, "*batch 3 n"], dq: Float[np.ndarray, "*batch n"]
) -> Float[np.ndarray, "*batch 3"]:
    return (J @ dq[..., None])[..., 0]


def _pulled(
    J: Float[np.ndarray, "*batch 3 n"], force: Float[np.ndarray, "*batch 3"]
) -> Float[np.ndarray, "*batch n"]:
    """Return ``J^T f``."""
    return (force[..., None, :] @ J)[..., 0, :]
