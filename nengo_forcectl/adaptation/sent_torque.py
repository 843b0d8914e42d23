"""The torque of the last cycle, as a momentum observer needs it."""

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..support.torques import limited


class SentTorque:
    """The torque sent in the last cycle, without the friction that the control law fed forward.

    Args:
        arm: the model.
        value: array that holds it [N m]. Default: a new one.
    """

    def __init__(self, arm: Arm, value: Float[np.ndarray, "n"] | None = None) -> None:
        self.value = np.zeros(arm.dof) if value is None else value
        self._tau_max = arm.tau_max
        self._friction: Float[np.ndarray, "n"] | float = 0.0  # [N m]

    def expect(self, tau: Float[np.ndarray, "n"], friction: Float[np.ndarray, "n"] | float) -> None:
        """Record that ``tau`` [N m] is sent, within the motors' limits, with that friction."""
        self._friction = friction
        self.overrule(limited(tau, self._tau_max))

    def overrule(self, tau: Float[np.ndarray, "n"]) -> None:
        """Record the torque [N m] that was sent in its place."""
        self.value[:] = tau - self._friction
