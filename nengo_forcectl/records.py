"""The records that the parts of a control loop exchange: measured, asked for, computed and sent."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from .errors import SimulationError
from .support.arrays import taken

__all__ = ["Command", "Reference", "Result", "State"]

Vector = Float[np.ndarray, "n"]


class State(NamedTuple):
    """The readings of a robot's sensors at one instant."""

    time: float  # [s]
    q: Float[np.ndarray, "n"]  # joint positions [rad], [m] for a sliding joint
    dq: Float[np.ndarray, "n"]  # joint velocities [rad/s], [m/s]
    sound: bool = True  # whether to learn from it; see `SensorCheck`
    tool: Float[np.ndarray, "3"] | None = None  # tip of the tool in the base frame, if seen [m]
    # Force and moment that the environment exerts on the tool, at its origin, in the base's axes
    # [N, N m]; None without a sensor. ``M ddq + C dq + g = tau + J^T wrench``.
    wrench: Float[np.ndarray, "6"] | None = None
    tau: Float[np.ndarray, "n"] | None = None  # measured torques of the joints [N m], if any
    # What the robot itself takes for torques from outside [N m], with its maker's sign.
    tau_ext: Float[np.ndarray, "n"] | None = None

    def joints(self, dof: int) -> tuple[Vector, Vector]:
        """Return q and dq in the form that compiled code takes: writable float64 arrays.

        Raises:
            SimulationError: one of them is not of shape (``dof``,).
        """
        q, dq = taken(self.q), taken(self.dq)
        for name, value in (("q", q), ("dq", dq)):
            if value.shape != (dof,):
                raise SimulationError(
                    f"state at {self.time:.3f} s: {name} has shape {value.shape}, needs ({dof},)"
                )
        return q, dq


class Reference(NamedTuple):
    """One instant of a path, for the tool in the base frame or for the joints.

    A field that is None is not controlled: no orientation, no rotation, no force.
    """

    x: Float[np.ndarray, "m"]  # position [m], or q [rad]
    dx: Float[np.ndarray, "m"]  # velocity [m/s], or dq [rad/s]
    ddx: Float[np.ndarray, "m"]  # acceleration [m/s^2], or ddq [rad/s^2]
    R: Float[np.ndarray, "3 3"] | None = None  # orientation of the tool: its axes are the columns
    omega: Float[np.ndarray, "3"] | None = None  # angular velocity [rad/s]
    domega: Float[np.ndarray, "3"] | None = None  # angular acceleration [rad/s^2]
    # Force and moment that the tool is to exert on the environment, at its origin [N, N m].
    wrench: Float[np.ndarray, "6"] | None = None


class Command(NamedTuple):
    """A controller's torque, the feedback part of it, and the joint motion that it asks for.

    ``error`` is the feedback alone, in joint torque space. It stays at zero with a perfect model,
    so a learning law drives it to zero (feedback-error learning, Kawato 1990).
    """

    tau: Float[np.ndarray, "n"]  # [N m]
    error: Float[np.ndarray, "n"]  # s [N m]
    task_torque: Float[np.ndarray, "n"]  # the part of it that serves the task, J^T f [N m]
    dq_r: Float[np.ndarray, "n"]  # joint velocity that the reference asks for, no feedback [rad/s]
    ddq_r: Float[np.ndarray, "n"]  # its acceleration, no feedback [rad/s^2]
    mobility: Float[np.ndarray, "m n"]  # J M^-1: from joint torque to acceleration of the task
    task_error: Float[np.ndarray, "m"]  # acceleration of the task that the feedback asks for
    singularity: float = 0.0  # 0 far from a singularity, up to 1 in one: see `TaskSpace`
    dq_s: Float[np.ndarray, "n"] | float = 0.0  # dq_r for the task, dq in its null space [rad/s]
    friction: Float[np.ndarray, "n"] | float = 0.0  # part of tau: the model's friction
    # Share of the task's acceleration that the arm cannot give near a singularity, from 0 to 1: the
    # reference is out of reach, or too fast there.
    out_of_reach: float = 0.0


class Result(NamedTuple):
    """The torque that a cycle sends to the motors, and the adaptation's share of it."""

    tau: Float[np.ndarray, "n"]  # [N m], within the arm's limits
    feedforward: Float[np.ndarray, "n"] | float  # [N m]
    tool: Float[np.ndarray, "3"]  # position in the base frame, by the best estimate [m]
    J: Float[np.ndarray, "3 n"] | None = None  # Jacobian of the tool, if it is not the arm model's
    singularity: float = 0.0  # 0 far from a singularity, up to 1 in one
    out_of_reach: float = 0.0  # above 0 where the tool cannot follow its reference: see `Command`
