"""What the real arm has and the controller's model does not."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..exceptions import ConfigurationError


class Disturbance:
    """Base of all disturbances: changes the arm, adds a torque, or both."""

    def real(self, arm: Arm) -> Arm:
        """Return the arm as it really is."""
        return arm

    def torque(
        self, q: Float[np.ndarray, "*batch n"], dq: Float[np.ndarray, "*batch n"]
    ) -> Float[np.ndarray, "*batch n"]:
        """Return the torque [N m] that acts on the joints besides the motors'."""
        return np.zeros_like(dq)


@dataclass(frozen=True)
class Payload(Disturbance):
    """A solid sphere held at the tool frame's origin."""

    mass: float  # [kg]
    radius: float = 0.05  # [m]

    def __post_init__(self) -> None:
        _from_zero_up(self, "mass", "kg")
        _from_zero_up(self, "radius", "m")

    def real(self, arm: Arm) -> Arm:
        """Return the arm with the sphere, inertia ``2/5 m r^2``, fixed to its tool."""
        if self.mass == 0:
            return arm
        return arm.with_payload(self.mass, inertia=0.4 * self.mass * self.radius**2 * np.eye(3))


@dataclass(frozen=True)
class ViscousFriction(Disturbance):
    """``tau = -coefficient dq`` on every joint."""

    coefficient: float  # [N m s/rad]

    def __post_init__(self) -> None:
        _from_zero_up(self, "coefficient", "N m s/rad")

    def torque(
        self, q: Float[np.ndarray, "*batch n"], dq: Float[np.ndarray, "*batch n"]
    ) -> Float[np.ndarray, "*batch n"]:
        """Return the torque [N m] that the friction exerts on the joints."""
        return -self.coefficient * dq


def real_arm(arm: Arm, disturbances: Iterable[Disturbance]) -> Arm:
    """Return ``arm`` with every disturbance's change to it."""
    for disturbance in disturbances:
        arm = disturbance.real(arm)
    return arm


def joint_torque(
    disturbances: Iterable[Disturbance],
    q: Float[np.ndarray, "*batch n"],
    dq: Float[np.ndarray, "*batch n"],
) -> Float[np.ndarray, "*batch n"]:
    """Return the torque [N m] of all disturbances together."""
    tau = np.zeros_like(dq)
    for disturbance in disturbances:
        tau += disturbance.torque(q, dq)
    return tau


def _from_zero_up(disturbance: Disturbance, field: str, unit: str) -> None:
    value = getattr(disturbance, field)
    if not (np.isfinite(value) and value >= 0):
        raise ConfigurationError(
            f"{type(disturbance).__name__}.{field}: is {value} {unit}, needs a number from 0 up"
        )
