"""The two adaptations that do not learn: none, and a known torque."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from arms import Terms

from ..contract import Adaptation, Command, Reference, State


class NoAdaptation(Adaptation):
    """Add nothing."""

    def torque(self, terms: Terms, state: State, reference: Reference, command: Command) -> float:
        """Return zero."""
        return 0.0


@dataclass(frozen=True)
class KnownTorque(Adaptation):
    """Add a torque that is a known function of the state: an upper bound for any learner."""

    function: Callable[[float, np.ndarray, np.ndarray], np.ndarray]

    def torque(
        self, terms: Terms, state: State, reference: Reference, command: Command
    ) -> Float[np.ndarray, "n"]:
        """Return ``function(time, q, dq)``."""
        return self.function(state.time, state.q, state.dq)
