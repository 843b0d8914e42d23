"""The motors' response to a commanded torque."""

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ..errors import SimulationError
from ..support.torques import checked_torque, limited


def motor_torque(
    tau: ArrayLike, tau_max: Float[np.ndarray, "n"], time: float
) -> Float[np.ndarray, "n"]:
    """Return a torque [N m] within the motors' limits, as a new array.

    Raises:
        SimulationError: the torque is not finite, or not one per joint; the message names the
            joint.
    """
    tau = np.asarray(tau, dtype=float)
    if tau.shape != tau_max.shape:
        raise SimulationError(
            f"torque at {time:.3f} s: has shape {tau.shape}, needs {tau_max.shape}"
        )
    return limited(checked_torque(tau, time), tau_max)
