"""From an arm's limits to the block of their guard."""

import numpy as np

from arms import Arm

from ..kernels.block import Block
from ..kernels.layout import GUARD
from .limits import SPEED, Limits

POSITION_GAIN = 50.0  # k, at which a joint approaches its limit [1/s]
POSITION_RATE = 400.0  # at which it takes on the speed allowed there, in cycles of 1 ms [1/s]
SPEED_RATE = 100.0  # at which it takes on its top speed [1/s]
OBSERVER_GAIN = 200.0  # [1/s]
CREDIBLE = 20.0  # times the largest speed limit: no sensor can have seen a joint that fast
FAR = 1e6  # nor one that far [rad]
STRAY = 0.5  # nor one that far beyond its limits [rad], [m]


def pack_limits(limits: Limits, arm: Arm, dt: float) -> Block:
    """Return the guard of an arm's limits, for cycles of ``dt`` [s]."""
    from ..kernels.bound_tool import WALLS  # numba takes a second to load

    tau_max = limits.tau_max * (1.0 - limits.torque_margin)
    fastest = np.where(np.isfinite(limits.dq_max), limits.dq_max, 100.0 * SPEED)
    values = {
        "q_lower": limits.q_lower + limits.margin,
        "q_upper": limits.q_upper - limits.margin,
        "dq_max": limits.dq_max * (1.0 - limits.speed_margin),
        "tau_max": tau_max,
        "braking": limits.braking,
        "tau_step": limits.rate * dt * tau_max,
        "box": (limits.lower, limits.upper),
        "q_least": np.maximum(limits.q_lower - STRAY, -FAR),
        "q_most": np.minimum(limits.q_upper + STRAY, FAR),
        "dq_most": (CREDIBLE * fastest).max(),
        # A bound that is approached within two and a half cycles is stable at any period.
        "position_gain": min(POSITION_GAIN, 0.05 / dt),
        "position_rate": min(POSITION_RATE, 0.4 / dt),
        "speed_rate": min(SPEED_RATE, 0.1 / dt),
        "observer_gain": OBSERVER_GAIN,
    }
    kernels = []
    if np.isfinite(values["box"]).any():
        kernels = [arm.kernel("pose"), arm.kernel("J")]
        values |= {"pose_kernel": kernels[0].address, "J_kernel": kernels[1].address}
    return Block(GUARD, {"n": arm.dof, "w": WALLS}, values, keeps=kernels)
