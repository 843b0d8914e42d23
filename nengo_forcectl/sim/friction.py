"""Friction in the joints: viscous, and dry with stiction."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..support.checks import check, check_not_negative, check_positive
from .disturbances import Disturbance


@dataclass(frozen=True)
class ViscousFriction(Disturbance):
    """``tau = -coefficient dq`` on every joint."""

    at_rotor: ClassVar[bool] = True

    coefficient: float  # [N m s/rad]

    def __post_init__(self) -> None:
        check_not_negative(self, coefficient="N m s/rad")

    def torque(
        self,
        arm: Arm,
        time: Float[np.ndarray, "*batch"] | float,
        q: Float[np.ndarray, "*batch n"],
        dq: Float[np.ndarray, "*batch n"],
    ) -> Float[np.ndarray, "*batch n"]:
        """Return the torque [N m] that the friction exerts on the joints."""
        return -self.coefficient * dq


@dataclass(frozen=True)
class CoulombFriction(Disturbance):
    """Dry friction on every joint, with the Stribeck curve between rest and sliding.

    A moving joint is braked by ``F = level + (stiction - level) exp(-(dq / stribeck)^2)``
    (Armstrong-Hélouvry, Dupont and Canudas de Wit 1994, doi:10.1016/0005-1098(94)90209-7); a joint
    at rest stays until the torque on it exceeds the stiction.

    The sign is not smoothed. A slope steep enough to hold, F over a creep speed v, is unstable in
    explicit steps once ``F dt / (v I) > 2``: 1 N m on a wrist of 0.01 kg m^2 would creep at 0.05
    rad/s. ``Bullet`` solves for all joints' friction together, at the end of the step:
    ``|tau| <= F``, and ``tau = -F sign(dq')`` where the new velocity dq' is not zero (Stewart and
    Trinkle 1996, doi:10.1002/(SICI)1097-0207(19960815)39:15<2673::AID-NME972>3.0.CO;2-I). So it can
    neither reverse a joint nor make one at rest chatter.
    """

    at_rotor: ClassVar[bool] = True

    level: float  # friction while sliding [N m]
    stiction: float | None = None  # friction at rest [N m]; None: equal to ``level``
    stribeck: float = 0.02  # speed at which stiction - level has fallen to 1/e [rad/s]

    def __post_init__(self) -> None:
        check_not_negative(self, level="N m")
        check_positive(self, stribeck="rad/s")
        if self.stiction is not None:
            check_not_negative(self, stiction="N m")
            needs = f"the level, {self.level} N m, or more"
            check(self, "stiction", self.stiction >= self.level, needs, "N m")

    def brake(self, dq: Float[np.ndarray, "*batch n"]) -> Float[np.ndarray, "*batch n"]:
        """Return F [N m]."""
        if self.stiction is None:
            return np.full_like(dq, self.level)
        excess = self.stiction - self.level
        return self.level + excess * np.exp(-((dq / self.stribeck) ** 2))
