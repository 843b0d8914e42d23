"""Disturbances of the arm's body: a payload, and errors of the model's masses."""

import math
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from arms import Arm
from arms.model.chain import Link

from ..support.validation import as_triple, check, check_not_negative, is_number
from .disturbances import Disturbance, check_spread
from .forces import Vector


@dataclass(frozen=True)
class Payload(Disturbance):
    """A body held by the tool, from ``start`` until ``end``; by default a solid sphere.

    Its centre of mass is at ``com`` in the tool frame. Its inertia is ``2/5 m r^2``, or ``moments``
    about axes through ``com``, parallel to the tool's. Picking it up and dropping it do not change
    the joints' positions and velocities: it is picked up moving with the tool.
    """

    mass: float  # [kg]
    radius: float = 0.05  # [m]
    start: float = 0.0  # [s]
    end: float = math.inf  # [s]
    com: Vector = (0.0, 0.0, 0.0)  # [m]
    moments: Vector | None = None  # [kg m^2]; None: those of the sphere

    def __post_init__(self) -> None:
        check_not_negative(self, mass="kg", radius="m", start="s")
        as_triple(self, "com", "m")
        if self.moments is not None:
            x, y, z = sorted(as_triple(self, "moments", "kg m^2"))
            good = x >= 0 and x + y >= z * (1 - 1e-9) and (self.mass > 0 or z == 0)
            check(self, "moments", good, "those of a rigid body with this mass", "kg m^2")
        later = self.end == math.inf or (is_number(self.end) and self.end > self.start)
        check(self, "end", later, f"more than start, {self.start} s", "s")

    @property
    def changes(self) -> tuple[float, ...]:
        """Times at which it is picked up and dropped [s], if any."""
        return tuple(time for time in (self.start, self.end) if 0 < time < math.inf)

    def real(self, arm: Arm, time: float = 0.0) -> Arm:
        """Return the arm with the body fixed to its tool."""
        if self.mass == 0 or not self.start <= time < self.end:
            return arm
        return arm.with_payload(self.mass, self.com, self.inertia)

    @property
    def inertia(self) -> Float[np.ndarray, "3 3"]:
        """Moments of inertia about the centre of mass, in the tool's axes [kg m^2]."""
        sphere = np.full(3, 0.4 * self.mass * self.radius**2)
        return np.diag(sphere if self.moments is None else self.moments)


@dataclass(frozen=True)
class WrongMasses(Disturbance):
    """Each link's mass is the model's times a random factor between 1 - spread and 1 + spread.

    First moments and moments of inertia have the same factor, as for a denser material, so that the
    link stays physically consistent. The factors are uniform and independent. They apply to every
    link that the arm has at this place in the list of disturbances: put a payload after it to keep
    its mass exact.
    """

    spread: float = 0.3  # [1]
    seed: int = 0

    def __post_init__(self) -> None:
        check_spread(self)

    def real(self, arm: Arm, time: float = 0.0) -> Arm:
        """Return the arm with the changed masses."""
        links = arm.chain.links
        factors = 1 + self.spread * np.random.default_rng(self.seed).uniform(-1, 1, len(links))
        heavier = tuple(map(_times, links, factors.tolist()))
        return type(arm)(replace(arm.chain, links=heavier))


def _times(link: Link, factor: float) -> Link:
    """Return the link with ``factor`` times the density."""
    inertia = link.inertia
    xx, xy, xz, yy, yz, zz = (factor * moment for moment in inertia.moments)
    denser = replace(inertia, mass=factor * inertia.mass, moments=(xx, xy, xz, yy, yz, zz))
    return replace(link, inertia=denser)
