"""What is added to a controller's torque: nothing, an integral, a network, or the truth."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from jaxtyping import Float

from arms import Arm, Terms

from .control import Command
from .control.operational_space import task_inertia
from .exceptions import ConfigurationError
from .learning.law import Signal
from .learning.task_space import force_to_torque
from .paths import Reference
from .robot import State
from .workspace import joint_range

UNLIMITED_SPEED = 2.0  # what counts as a joint's top speed if it has no limit [rad/s]


class Adaptation(Protocol):
    """A feed-forward torque that may learn from the controller's error."""

    def torque(
        self, terms: Terms, state: State, reference: Reference, command: Command
    ) -> Float[np.ndarray, "n"] | float:
        """Return the torque [N m] to add to the command's, then learn from its error."""
        ...


class NoAdaptation:
    """Adds nothing."""

    def torque(self, terms: Terms, state: State, reference: Reference, command: Command) -> float:
        """Return zero."""
        return 0.0


class IntegralAction:
    """``tau = J^T Lambda ki z``, ``dz/dt = x_r - x``: the integral term of a PID law of the tool.

    With gains kp and kv the loop is stable for ``ki < kp kv`` (Routh). ``Lambda`` is the arm's mass
    at the tool, see ``OperationalSpace``.
    """

    def __init__(self, rows: Sequence[int], ki: float, dt: float) -> None:
        if not (np.isfinite(ki) and ki >= 0):
            raise ConfigurationError(f"IntegralAction.ki: is {ki} 1/s^3, needs a number from 0 up")
        self.ki = ki  # [1/s^3]
        self.dt = dt  # [s]
        self._rows = list(rows)
        self._sum = np.zeros(len(self._rows))  # z [m s]

    def torque(
        self, terms: Terms, state: State, reference: Reference, command: Command
    ) -> Float[np.ndarray, "n"]:
        """Return the torque of the integral up to this cycle."""
        J = terms.J[self._rows]
        tau = force_to_torque(J, task_inertia(J, terms.M) @ (self.ki * self._sum))
        self._sum = self._sum + self.dt * (reference.x - terms.pose[:3, 3])[self._rows]
        return tau


@dataclass(frozen=True)
class KnownTorque:
    """Adds a torque that is a known function of time and state: the bound for all that learns."""

    function: Callable[
        [float, Float[np.ndarray, "n"], Float[np.ndarray, "n"]], Float[np.ndarray, "n"]
    ]

    def torque(
        self, terms: Terms, state: State, reference: Reference, command: Command
    ) -> Float[np.ndarray, "n"]:
        """Return ``function(time, q, dq)``."""
        return self.function(state.time, state.q, state.dq)


class OnlineLearner(Protocol):
    """A network that gives its output, and learns or not, one control cycle at a time."""

    def forward(self, x: Float[np.ndarray, "n_in"]) -> Float[np.ndarray, "n_out"]:
        """Return ``F(x; w)``."""
        ...

    def step(self, x: Float[np.ndarray, "n_in"], signal: Signal) -> Float[np.ndarray, "n_out"]:
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
        if not self.learning:
            return self.network.forward(x)
        signal = Signal(command.error, mobility=command.mobility, task_error=command.task_error)
        return self.network.step(x, signal)
