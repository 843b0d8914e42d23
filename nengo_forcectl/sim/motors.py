"""What the motors make of a commanded torque."""

from typing import Any

import numpy as np
from jaxtyping import Float

from ..errors import SimulationError
from ..kernels.saturate import within


def motor_torque(tau: Any, tau_max: Float[np.ndarray, "n"], time: float) -> Float[np.ndarray, "n"]:
    """Return a torque [N m] within the motors' limits, as a new array.

    Raises:
        SimulationError: the torque is not finite, or not one a joint; the message names the joint.
    """
    tau = np.asarray(tau, dtype=float)
    if tau.shape != tau_max.shape:
        raise SimulationError(
            f"torque at {time:.3f} s: has shape {tau.shape}, needs {tau_max.shape}"
        )
    out = np.empty(len(tau))
    if not within(tau, tau_max, out):
        joint = int(np.argmax(np.abs(tau)))  # argmax takes the first NaN
        raise SimulationError(
            f"torque at {time:.3f} s: joint {joint} is {tau[joint]}, needs a number"
        )
    return out
