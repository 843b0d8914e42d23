"""A tool unknown to the arm's model."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..support.validation import as_triple, check
from .disturbances import Disturbance
from .forces import Vector

LONGEST = 1.0  # [m]


@dataclass(frozen=True)
class Tool(Disturbance):
    """A rigid massless tool with its tip at ``tip`` in the model's tool frame.

    The real arm's tool frame moves to the tip and keeps its orientation. A payload is held at the
    tip if it follows this tool in the list of disturbances, at the model's tool frame if it
    precedes it.
    """

    tip: Vector | Float[np.ndarray, "3"]  # [m]; any three numbers

    def __post_init__(self) -> None:
        as_triple(self, "tip", "m")
        length = math.hypot(*self.tip)
        check(self, "tip", length <= LONGEST, f"a length from 0 to {LONGEST:g} m", "m")

    def real(self, arm: Arm, time: float = 0.0) -> Arm:
        """Return the arm with its tool frame at the tip."""
        transform = np.eye(4)
        transform[:3, 3] = self.tip
        return arm.with_tool(transform)
