"""Friction in the joints: viscous, everywhere the same or not, and dry with stiction."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..support.validation import check, check_positive, is_number
from .disturbances import Disturbance
from .per_joint import PerJoint, check_per_joint, per_joint


@dataclass(frozen=True)
class ViscousFriction(Disturbance):
    """``tau = -coefficient dq`` on every joint; with `ElasticJoints`, on the rotors."""

    at_rotor: ClassVar[bool] = True

    coefficient: PerJoint  # [N m s/rad]

    def __post_init__(self) -> None:
        check_per_joint(self, coefficient="N m s/rad")

    def torque(
        self,
        arm: Arm,
        time: Float[np.ndarray, "*batch"] | float,
        q: Float[np.ndarray, "*batch n"],
        dq: Float[np.ndarray, "*batch n"],
    ) -> Float[np.ndarray, "*batch n"]:
        """Return the torque [N m] that the friction exerts on the joints."""
        c = self.coefficient
        return -(c if isinstance(c, float) else per_joint(self, "coefficient", dq.shape[-1])) * dq


@dataclass(frozen=True)
class UnevenFriction(Disturbance):
    """Viscous friction that varies with the angle, ``tau = -coefficient (1 + share sin(k q)) dq``.

    So does that of a gear, whose teeth are not all alike. It acts on the links.
    """

    coefficient: PerJoint  # [N m s/rad]
    share: float = 0.8
    waves: float = 3.0  # k, in a turn

    def __post_init__(self) -> None:
        check_per_joint(self, coefficient="N m s/rad")
        check(self, "share", is_number(self.share) and 0 <= self.share <= 1, "a number in [0, 1]")
        check(self, "waves", is_number(self.waves), "a number")

    def torque(
        self,
        arm: Arm,
        time: Float[np.ndarray, "*batch"] | float,
        q: Float[np.ndarray, "*batch n"],
        dq: Float[np.ndarray, "*batch n"],
    ) -> Float[np.ndarray, "*batch n"]:
        """Return the torque [N m] that the friction exerts on the joints."""
        c = per_joint(self, "coefficient", dq.shape[-1])
        return -c * (1.0 + self.share * np.sin(self.waves * np.asarray(q))) * dq


@dataclass(frozen=True)
class CoulombFriction(Disturbance):
    """Dry friction on every joint, with the Stribeck curve between rest and sliding.

    With `ElasticJoints` it acts on the rotors.

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

    level: PerJoint  # friction while sliding [N m]
    stiction: PerJoint | None = None  # friction at rest [N m]; None: equal to ``level``
    stribeck: float = 0.02  # speed at which stiction - level has fallen to 1/e [rad/s]

    def __post_init__(self) -> None:
        check_per_joint(self, level="N m")
        check_positive(self, stribeck="rad/s")
        check_stiction(self, self.level, self.stiction)

    def brake(self, dq: Float[np.ndarray, "*batch n"]) -> Float[np.ndarray, "*batch n"]:
        """Return F [N m]."""
        n = dq.shape[-1]
        level = per_joint(self, "level", n)
        if self.stiction is None:
            return np.broadcast_to(level, dq.shape).copy()
        excess = per_joint(self, "stiction", n) - level
        return level + excess * np.exp(-((dq / self.stribeck) ** 2))


def check_stiction(owner: object, level: PerJoint, stiction: PerJoint | None) -> None:
    """Check the field ``stiction`` of a friction law: at least its level, or None.

    Raises:
        ConfigurationError: it is less, not finite, or for another number of joints.
    """
    if stiction is None:
        return
    check_per_joint(owner, stiction="N m")
    try:
        good = bool(np.all(np.asarray(stiction) >= np.asarray(level)))
    except ValueError:  # another number of joints
        good = False
    check(owner, "stiction", good, f"the level, {level} N m, or more", "N m")


def model_friction(arm: Arm) -> tuple[Disturbance, ...]:
    """Return the friction of the arm's own model: viscous, and dry with stiction."""
    viscous, dry = arm.friction
    parts: list[Disturbance] = []
    if viscous.any():
        parts.append(ViscousFriction(tuple(viscous.tolist())))
    if dry.any():
        parts.append(CoulombFriction(tuple(dry.tolist())))
    return tuple(parts)
