"""A disturbance observer: what the momentum says is missing is added at once."""

import math

import numpy as np
from jaxtyping import Float

from arms import Arm, Terms

from ..contract import Adaptation, Command, Reference, State
from ..estimation.observer import MomentumObserver
from ..safety.sensors import pushed
from ..support.torques import limited


class DisturbanceObserver(Adaptation):
    """``tau = -r`` with r the momentum observer's estimate of the unmodelled torque.

    It takes the torque that it sees being commanded, kept within the motors' limits as the loop
    does, for the one that was sent; where another one was sent, call ``overruled``, or r takes the
    difference for a disturbance. A push that a wrist sensor measures is no part of r. It learns
    nothing: r is the torque of the present state alone. Over a gap in time, or a jump back, r stays
    as it is.

    Args:
        arm: the model.
        gain: K of the observer [1/s].
        dt: of a control cycle [s].

    Raises:
        ConfigurationError: a gain or cycle that is not positive and finite.
    """

    def __init__(self, arm: Arm, gain: float, dt: float) -> None:
        self.observer = MomentumObserver(arm.dof, gain, dt)
        self._tau_max = arm.tau_max
        self._sent = np.zeros(arm.dof)  # in the cycle before [N m]
        self._time = -math.inf  # of it [s]

    def torque(
        self, terms: Terms, state: State, reference: Reference, command: Command
    ) -> Float[np.ndarray, "n"]:
        """Return ``-r`` [N m] up to this cycle."""
        if not 0.0 <= state.time - self._time < 1.5 * self.observer.dt:
            self.observer.restart()
        self._time = state.time
        tau = -self.observer.update(terms, state.dq, self._sent + pushed(terms, state))
        self._sent = limited(command.tau + tau, self._tau_max)
        return tau

    def overruled(self, tau: Float[np.ndarray, "n"]) -> None:
        """Record the torque [N m] that was sent instead of the last step's."""
        self._sent = tau
