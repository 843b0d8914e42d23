"""A network of the arm's state, learning as it goes."""

from typing import Protocol

import numpy as np
from jaxtyping import Float

from arms import Arm, Terms

from ..control import Command
from ..paths import Reference
from ..robot import State
from ..workspace import joint_range

UNLIMITED_SPEED = 2.0  # what counts as a joint's top speed if it has no limit [rad/s]


class OnlineLearner(Protocol):
    """A network that gives its output, and learns or not, one control cycle at a time."""

    def forward(self, x: Float[np.ndarray, "n_in"]) -> Float[np.ndarray, "n_out"]:
        """Return ``F(x; w)``."""
        ...

    def step(
        self, x: Float[np.ndarray, "n_in"], error: Float[np.ndarray, "n_out"]
    ) -> Float[np.ndarray, "n_out"]:
        """Return ``F(x; w)``, then change ``w``."""
        ...


class NetworkAdaptation:
    """``tau = F(x; w)`` with x the arm's state over the arm's own limits, learning as it goes.

    With ``learning`` set to False the weights stay as they are: what was learned, and not merely
    tracked, is what then remains of the performance.
    """

    def __init__(self, arm: Arm, network: OnlineLearner) -> None:
        self.network = network
        self.learning = True
        centre, half = joint_range(arm)
        speed = np.where(np.isfinite(arm.dq_max), arm.dq_max, UNLIMITED_SPEED)
        self._centre = np.concatenate((centre, np.zeros(arm.dof)))
        self._scale = 1.0 / np.concatenate((half, speed))

    def torque(
        self, terms: Terms, state: State, reference: Reference, command: Command
    ) -> Float[np.ndarray, "n"]:
        """Return the network's torque for this state, then let it learn."""
        x = (np.concatenate((state.q, state.dq)) - self._centre) * self._scale
        return self.network.step(x, command.error) if self.learning else self.network.forward(x)
