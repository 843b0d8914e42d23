"""What every controller gives: a torque, and the error it acted on."""

from typing import NamedTuple, Protocol

import numpy as np
from jaxtyping import Float

from arms import Terms

from ..paths import Reference
from ..robot import State


class Command(NamedTuple):
    """A controller's torque, the part of it that answers an error, and what it asks of the joints.

    ``error`` is the feedback alone, in joint torque space. With a perfect model it stays at zero,
    so it is what a learning law drives to zero (feedback-error learning, Kawato 1990).
    """

    tau: Float[np.ndarray, "n"]  # [N m]
    error: Float[np.ndarray, "n"]  # s [N m]
    task_torque: Float[np.ndarray, "n"]  # the part of it that serves the task, J^T f [N m]
    dq_r: Float[np.ndarray, "n"]  # joint velocity that the reference asks for, no feedback [rad/s]
    ddq_r: Float[np.ndarray, "n"]  # its acceleration, no feedback [rad/s^2]
    mobility: Float[np.ndarray, "m n"]  # J M^-1: from joint torque to acceleration of the task
    task_error: Float[np.ndarray, "m"]  # acceleration of the task that the feedback asks for
    singularity: float = 0.0  # 0 where the task's inertia is exact, up to 1: see `TaskSpace`


class Controller(Protocol):
    """A control law: its gains are its fields.

    It is pure, but for `ForceControl` and `Admittance`, where one call is one control cycle.
    """

    def torque(self, terms: Terms, state: State, reference: Reference) -> Command:
        """Return the torque for this state and reference."""
        ...


__all__ = ["Command", "Controller"]
