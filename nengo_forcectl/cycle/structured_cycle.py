"""A control law with a structured learner, compiled into one call."""

from typing import Any

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..contract import fused
from ..control.bound_law import BoundLaw
from .compiled import OneCall
from .structured_learner import StructuredLearner


@fused
class StructuredCycle(OneCall):
    """Any control law with a structured learner, compiled into one call."""

    learns_from_sent = True

    def __init__(self, arm: Arm, bound: BoundLaw, learner: StructuredLearner) -> None:
        self.learner: Any = learner
        super().__init__(arm, bound, learner)

    def overruled(self, tau: Float[np.ndarray, "n"]) -> None:
        """Record the torque [N m] that was sent instead of the last step's."""
        super().overruled(tau)
        self.learner.record_sent(tau - self.controller.command["friction"])
