"""What every controller gives: a torque, and the error it acted on."""

from typing import NamedTuple, Protocol

import numpy as np
from jaxtyping import Float

from arms import Terms

from ..paths import Reference
from ..robot import State


class Command(NamedTuple):
    """A controller's torque, and the part of it that answers an error.

    ``error`` is the feedback alone, in joint torque space. With a perfect model it stays at zero,
    so it is what a learning law drives to zero (feedback-error learning, Kawato 1990).
    """

    tau: Float[np.ndarray, "n"]  # [N m]
    error: Float[np.ndarray, "n"]  # [N m]


class Controller(Protocol):
    """A control law: pure, its gains are its fields."""

    def torque(self, terms: Terms, state: State, reference: Reference) -> Command:
        """Return the torque for this state and reference."""
        ...


__all__ = ["Command", "Controller"]
