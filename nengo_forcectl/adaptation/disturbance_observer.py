"""A disturbance observer: compensates the torque that the model lacks at once."""

import math

import numpy as np
from jaxtyping import Float

from arms import Arm, Terms

from ..contract import Adaptation, Command, Reference, State
from ..estimation.observer import MomentumObserver
from ..safety.sensors import measured_wrench
from .sent_torque import SentTorque


class DisturbanceObserver(Adaptation):
    """``tau = -r`` with r the momentum observer's estimate of the unmodelled torque.

    It assumes that the commanded torque, within the motors' limits, was sent. If another one was
    sent, call ``overruled``, or r treats the difference as a disturbance. A push measured by a
    wrist sensor is not part of r, nor is the friction that the control law feeds forward. Nothing
    is learned: r belongs to the present state alone. Over a gap or a jump back in time r does not
    change.

    Args:
        arm: the model.
        gain: gain K of the observer [1/s].
        dt: control period [s].

    Raises:
        ConfigurationError: gain or period is not positive and finite.
    """

    def __init__(self, arm: Arm, gain: float, dt: float) -> None:
        self.observer = MomentumObserver(arm.dof, gain, dt)
        self._sent = SentTorque(arm)
        self._time = -math.inf  # of it [s]

    def torque(
        self, terms: Terms, state: State, reference: Reference, command: Command
    ) -> Float[np.ndarray, "n"]:
        """Return ``-r`` [N m], updated to this cycle."""
        if not 0.0 <= state.time - self._time < 1.5 * self.observer.dt:
            self.observer.restart()
        self._time = state.time
        tau = -self.observer.update(terms, state.dq, self._sent.value, measured_wrench(state))
        self._sent.expect(command.tau + tau, command.friction)
        return tau

    def overruled(self, tau: Float[np.ndarray, "n"]) -> None:
        """Record the torque [N m] that was sent instead of the last step's."""
        self._sent.overrule(tau)
