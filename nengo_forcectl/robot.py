"""What the loop needs of a robot: ``read()`` and ``apply(tau)``."""

import math
from typing import NamedTuple, Protocol

import numpy as np
from jaxtyping import Float

from .exceptions import SimulationError


class State(NamedTuple):
    """What a robot's sensors say at one instant."""

    time: float  # [s]
    q: Float[np.ndarray, "n"]  # joint positions [rad], [m] for a sliding joint
    dq: Float[np.ndarray, "n"]  # joint velocities [rad/s], [m/s]
    sound: bool = True  # whether to learn from it; see `SensorCheck`


class Robot(Protocol):
    """Any torque-controlled arm: a simulator, or hardware behind a driver."""

    def read(self) -> State:
        """Return the present state."""
        ...

    def apply(self, tau: Float[np.ndarray, "n"]) -> None:
        """Command the joint torques [N m] and hold them until the next cycle begins."""
        ...


def checked_state(state: State, dof: int) -> State:
    """Return ``state`` if a controller can act on it.

    Raises:
        SimulationError: a wrong shape, or a value that is not finite; the message names the joint.
    """
    for name, value in (("q", state.q), ("dq", state.dq)):
        if np.shape(value) != (dof,):
            raise SimulationError(
                f"state at {state.time:.3f} s: {name} has shape {np.shape(value)}, needs ({dof},)"
            )
        if not math.isfinite(value @ value):  # one product, a third of np.isfinite(value).all()
            joint = int(np.argmax(np.abs(value)))  # NaN, or else the largest
            raise SimulationError(
                f"state at {state.time:.3f} s: {name}[{joint}] is {value[joint]}, needs a number"
            )
    return state


def checked_torque(tau: Float[np.ndarray, "n"], time: float) -> Float[np.ndarray, "n"]:
    """Return ``tau`` if it is finite: NaN never reaches a motor.

    Raises:
        SimulationError: a torque that is not finite; the message names the joint.
    """
    if not math.isfinite(tau @ tau):
        joint = int(np.argmax(np.abs(tau)))  # NaN, or else the largest
        raise SimulationError(
            f"torque at {time:.3f} s: joint {joint} is {tau[joint]}, needs a number"
        )
    return tau


def limited(tau: Float[np.ndarray, "n"], tau_max: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
    """Return ``tau`` within the motors' limits [N m]."""
    return np.minimum(np.maximum(tau, -tau_max), tau_max)
