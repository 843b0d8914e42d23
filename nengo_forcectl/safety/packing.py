"""Packing of an arm's limits into the block of their guard."""

import numpy as np

from arms import Arm

from ..kernels.block import Block
from ..kernels.layout.guard_fields import GUARD, STOP
from ..kernels.layout.watch_fields import GOES, WATCH
from ..kernels.parts import keep_limits, protect_alone
from ..kernels.sizes import COARSE, NOISY, WALLS
from .limits import QUICK, SPEED, Limits
from .load_packing import pack_loads

POSITION_GAIN = 50.0  # gain k of the approach to a position limit [1/s]
POSITION_RATE = 400.0  # rate of convergence to the speed allowed there, for 1 ms cycles [1/s]
SPEED_RATE = 100.0  # rate of convergence to the top speed [1/s]
OBSERVER_GAIN = 155.0  # [1/s]; faster, it swings a bare wrist whose sensors are 3 ms late
CREDIBLE = 20.0  # largest credible speed, over the largest speed limit
FAR = 1e6  # largest credible position [rad]
STRAY = 0.5  # largest credible distance beyond a limit [rad], [m]


def pack_limits(limits: Limits, arm: Arm, dt: float, pairs: Block | None = None) -> Block:
    """Return the guard's block.

    Args:
        limits: the arm's limits.
        arm: the model.
        dt: control period [s].
        pairs: the block of their clearance.
    """
    tau_max = limits.tau_max * (1.0 - limits.torque_margin)
    fastest = np.where(np.isfinite(limits.dq_max), limits.dq_max, 100.0 * SPEED)
    values = {
        "q_lower": limits.q_lower + limits.margin,
        "q_upper": limits.q_upper - limits.margin,
        "dq_max": limits.dq_max * (1.0 - limits.speed_margin),
        "tau_max": tau_max,
        "braking": limits.braking,
        "stopping": np.maximum(
            np.where(np.isfinite(limits.dq_max), limits.dq_max, SPEED) / QUICK, limits.braking
        ),
        "tau_step": limits.rate * dt * tau_max,
        "box": (limits.lower, limits.upper),
        "q_least": np.maximum(limits.q_lower - STRAY, -FAR),
        "q_most": np.minimum(limits.q_upper + STRAY, FAR),
        "dq_most": (CREDIBLE * fastest).max(),
        # Approaching a bound within two and a half cycles is stable at any period.
        "position_gain": min(POSITION_GAIN, 0.05 / dt),
        "position_rate": min(POSITION_RATE, 0.4 / dt),
        "speed_rate": min(SPEED_RATE, 0.1 / dt),
        "observer_gain": OBSERVER_GAIN,
        "dt": dt,
        "eagerness": 1.0,
        "side": 1e3,
        "force_max": limits.force,
        "grain": COARSE,
        "square": NOISY * NOISY,
    }
    values["limits_call"] = keep_limits.address
    values["pairs"] = 0 if pairs is None else pairs.address
    load, memory, load_values = pack_loads(arm)
    values |= load_values
    kernels = {}
    if np.isfinite(values["box"]).any():
        kernels = {f"{term}_kernel": arm.kernel(term) for term in ("pose", "J")}
        values |= {name: kernel.address for name, kernel in kernels.items()}
    return Block(GUARD, {"n": arm.dof, "w": WALLS}, values, keeps=(kernels, pairs, memory, load))


def pack_watch(limits: Limits, dt: float, observes: bool, blocks: tuple[int, int, int]) -> Block:
    """Return the block of what a guard remembers, as if there had been no cycle.

    Args:
        limits: the arm's limits.
        dt: control period [s].
        observes: whether the cycle learns from the torque sent.
        blocks: addresses of the blocks of guard, arm and input.
    """
    guard, arm, inputs = blocks
    values = {
        "guard": guard,
        "arm": arm,
        "input": inputs,
        "protect_call": protect_alone.address,
        "observes": observes,
        "bounds_force": bool(np.isfinite(limits.force).any()),
        "dt": dt,
        "watchdog": limits.watchdog,
        "patience": limits.patience,
        "overruled": limits.overruled,
        "force_max": limits.force,
        "time": -np.inf,
        "stopped": GOES,
        "stop_mode": STOP,
    }
    return Block(WATCH, {}, values)
