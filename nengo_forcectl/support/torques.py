"""What every torque passes on its way to a motor."""

import math

import numpy as np
from jaxtyping import Float

from ..errors import SimulationError


def checked_torque(tau: Float[np.ndarray, "n"], time: float) -> Float[np.ndarray, "n"]:
    """Return ``tau`` if it is finite: NaN never reaches a motor.

    Raises:
        SimulationError: it is not finite; the message names the joint.
    """
    if not math.isfinite(tau.dot(tau)):
        joint = int(np.argmax(np.abs(tau)))  # NaN, or else the largest
        raise SimulationError(
            f"torque at {time:.3f} s: joint {joint} is {tau[joint]}, needs a number"
        )
    return tau


def limited(tau: Float[np.ndarray, "n"], tau_max: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
    """Return ``tau`` within the motors' limits [N m]."""
    return np.minimum(np.maximum(tau, -tau_max), tau_max)
