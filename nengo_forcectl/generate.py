"""Two call styles that adaptive-control code has: one call a cycle, ``generate``.

They are those of abr_control's controllers and of its ``DynamicsAdaptation``, so that a script
written for these needs another constructor and nothing else.
"""

from typing import Any

import numpy as np
from jaxtyping import Float

from .adaptation.network import OnlineLearner
from .cycle import Cycle
from .exceptions import NetworkError
from .learning.law import Signal
from .paths import Reference
from .robot import State


class GenerateControl:
    """A cycle, called as ``generate(q, dq, target, target_velocity)``.

    The torques keep the arm's limits where the cycle is a `Safe`. Time goes on by ``dt`` a call.
    ``target`` is where the tool is to be [m], or the joints [rad], as the cycle's control law has
    it; of more than ``size`` numbers the first count.

    Args:
        cycle: the control cycle.
        dt: between calls [s].
        size: of the target: 3 for the tool's position.
    """

    def __init__(self, cycle: Cycle, dt: float = 1e-3, size: int = 3) -> None:
        self.cycle, self.dt, self.size, self.calls = cycle, dt, size, 0

    def generate(
        self,
        q: Float[np.ndarray, "n"],
        dq: Float[np.ndarray, "n"],
        target: Float[np.ndarray, "m"],
        target_velocity: Float[np.ndarray, "m"] | None = None,
        target_acceleration: Float[np.ndarray, "m"] | None = None,
    ) -> Float[np.ndarray, "n"]:
        """Return the torques [N m], gravity compensation included."""
        x, dx, ddx = (
            np.zeros(self.size) if v is None else np.array(v, dtype=float)[: self.size]
            for v in (target, target_velocity, target_acceleration)
        )
        state = State(self.calls * self.dt, np.array(q, dtype=float), np.array(dq, dtype=float))
        self.calls += 1
        return self.cycle.step(state, Reference(x, dx, ddx)).tau


class GenerateAdaptation:
    """A network with a law that learns from the control error, called as ``generate(input_signal,
    training_signal)``.

    ``training_signal`` is the torque of the feedback [N m] (without gravity), what `Command.error`
    is; the result is to be added to the controller's torque. Add it, and then let the sum pass a
    `Safe`.

    Args:
        network: such as an `OnlineNetwork` or a `ClosedFormNetwork`.
    """

    def __init__(self, network: OnlineLearner) -> None:
        self.network = network

    def generate(
        self, input_signal: Float[np.ndarray, "n_in"], training_signal: Float[np.ndarray, "n_out"]
    ) -> Float[np.ndarray, "n_out"]:
        """Return ``F(x; w)`` [N m], then learn.

        Raises:
            NetworkError: a signal that is not finite, from which nothing is learned.
        """
        signals: list[Any] = []
        for name, value in (("input_signal", input_signal), ("training_signal", training_signal)):
            array = np.array(value, dtype=float)
            if not np.isfinite(array).all():
                raise NetworkError(f"{name}: is {array}, needs finite numbers")
            signals.append(array)
        x, error = signals
        return np.array(self.network.step(x, Signal(error)))
