"""A compiled cycle that learns from the torque sent and from the motion, with late sensors too."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..contract import Controller, Reference, Result, State
from ..estimation.predictor import Predictor
from .compiled import OneCall


class ObservingCycle(OneCall):
    """`OneCall` with a learner that compares the torque sent with the motion.

    ``learner.record_sent(tau)`` tells it of a torque that was sent instead of the last step's. With
    a predictor, each state is first taken to the present.
    """

    learns_from_sent = True  # it learns from torque and motion, even if a limit acts
    learner: Any
    predictor: Predictor | None

    def __init__(
        self, arm: Arm, controller: Controller, learner: Any, predictor: Predictor | None = None
    ) -> None:
        self.learner, self.predictor = learner, predictor
        super().__init__(arm, controller, learner)
        if predictor is not None:
            self.memory |= predictor.memory

    def step(self, state: State, reference: Reference) -> Result:
        """Return the torque for this state, then learn; raises as `OneCall.step`."""
        if self.predictor is None:
            return super().step(state, reference)
        self.finish()  # the predictor knows what was learned
        result = super().step(self.predictor.now(state), reference)
        self.predictor.sent(result.tau)
        return result

    def step_guarded(
        self,
        state: State,
        reference: Reference,
        sound: bool,
        guard: int,
        begun: int,
        elapsed: float,
    ) -> tuple[Result | None, int]:
        """As `OneCall.step_guarded`; with a predictor, do nothing."""
        if self.predictor is not None:
            return None, 0
        return super().step_guarded(state, reference, sound, guard, begun, elapsed)

    def overruled(self, tau: Float[np.ndarray, "n"]) -> None:
        """Record the torque [N m] that was sent instead of the last step's."""
        super().overruled(tau)
        self.learner.record_sent(tau - self.controller.command["friction"])
        if self.predictor is not None:
            self.predictor.sent(tau, again=True)

    def resume(self, checkpoint: Mapping[str, np.ndarray]) -> None:
        """As `OneCall.resume`; the robot's clock may start anew."""
        super().resume(checkpoint)
        if self.predictor is not None:
            self.predictor.begin_clock()

    def forget_motion(self) -> None:
        """Begin a new motion: what the weights have not yet learned is observed anew."""
        super().forget_motion()
        if self.predictor is not None:
            self.predictor.forget()
