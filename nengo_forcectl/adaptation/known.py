"""What every adaptation is, and the two that do not learn: nothing, and the truth."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from arms import Terms

from ..contract import Adaptation, Command, Reference, State


class NoAdaptation(Adaptation):
    """Adds nothing."""

    def torque(self, terms: Terms, state: State, reference: Reference, command: Command) -> float:
        """Return zero."""
        return 0.0


@dataclass(frozen=True)
class KnownTorque(Adaptation):
    """Adds a torque that is a known function of the state: the bound for all that learns."""

    function: Callable[[float, np.ndarray, np.ndarray], np.ndarray]

    def torque(
        self, terms: Terms, state: State, reference: Reference, command: Command
    ) -> Float[np.ndarray, "n"]:
        """Return ``function(time, q, dq)``."""
        return self.function(state.time, state.q, state.dq)
