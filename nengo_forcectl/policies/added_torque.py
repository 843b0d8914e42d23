"""A torque of a policy on top of a cycle's."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

from ..contract import Cycle, Learns, Reference, Result, State

INNER = "inner."  # before the names in a checkpoint, as both cycles may have limits


class AddedTorque(Cycle):
    """A cycle whose torque is another cycle's plus ``extra``.

    The inner cycle is told the sum, so that its observer does not take the extra torque for a
    disturbance, and its learner does not learn it away.

    Args:
        cycle: the inner cycle.
    """

    learns_from_sent = True

    def __init__(self, cycle: Cycle) -> None:
        self.inner, self.dof, self.arm, self.dt = cycle, cycle.dof, cycle.arm, cycle.dt
        self.controller, self.force = cycle.controller, cycle.force
        self.extra: Float[np.ndarray, "n"] = np.zeros(cycle.dof)  # [N m]

    @property
    def learning(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Whether the inner cycle learns."""
        return self.inner.learning

    @property
    def stopped(self) -> str | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Reason for a controlled stop of the inner cycle, or None."""
        return self.inner.stopped

    @property
    def events(self) -> Mapping[str, int]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """How often each limit changed the inner cycle's torque."""
        return self.inner.events

    def defer(self, on: bool) -> None:
        """Let steps of the inner cycle leave to `finish` what can wait; see `Cycle.defer`."""
        self.inner.defer(on)

    def finish(self) -> None:
        """Do what the inner cycle's last step left."""
        self.inner.finish()

    def step(self, state: State, reference: Reference) -> Result:
        """Return the sum of both torques."""
        result = self.inner.step(state, reference)
        if not self.extra.any():
            return result
        tau = result.tau + self.extra
        self.inner.overruled(tau)
        return result._replace(tau=tau)

    def learn(self, on: Learns) -> None:
        """Start or stop learning; see `Cycle.learn`."""
        self.inner.learn(on)

    def overruled(self, tau: Float[np.ndarray, "n"]) -> None:
        """Record the torque [N m] that was sent instead of the last step's."""
        self.inner.overruled(tau)

    def warm_up(self) -> None:
        """Compile everything that a step calls."""
        self.inner.warm_up()

    def forget_motion(self) -> None:
        """Begin a new motion."""
        self.inner.forget_motion()

    def checkpoint(self) -> dict[str, np.ndarray]:
        """Return everything that the inner cycle has learned and remembers."""
        return {INNER + name: value for name, value in self.inner.checkpoint().items()}

    def resume(self, checkpoint: Mapping[str, np.ndarray]) -> None:
        """Continue from a checkpoint, bit for bit."""
        self.inner.resume({name.removeprefix(INNER): each for name, each in checkpoint.items()})
