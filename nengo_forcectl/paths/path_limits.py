"""Checks that an arm can follow a path: no jumps, all joints within position and speed limits."""

import numpy as np
from jaxtyping import Float

from arms import Arm
from arms.model.chain import position_unit

from ..contract import Reference
from ..errors import ConfigurationError

JUMP = 1e-5  # [m], [rad]: tolerance between a change of position and the velocity


def check_continuous(name: str, times: Float[np.ndarray, "k"], samples: list[Reference]) -> None:
    """Check that positions are finite and consistent with the velocities.

    Raises:
        ConfigurationError: a value is not finite, or a position jumps (infinite speed).
    """
    for time, sample in zip(times, samples, strict=True):
        for field, value in zip(Reference._fields, sample, strict=True):
            if value is not None and not np.isfinite(value).all():
                raise ConfigurationError(
                    f"{name}.at({time:.4g}).{field}: is {value}, needs finite numbers"
                )
    x, dx = np.array([s.x for s in samples]), np.array([s.dx for s in samples])
    h = np.diff(times)[:, None]
    low, high = np.minimum(dx[:-1], dx[1:]), np.maximum(dx[:-1], dx[1:])
    moved = np.diff(x, axis=0)
    beyond = np.maximum(np.maximum(moved - h * high, h * low - moved), 0.0)
    jump = beyond - h * np.maximum(-low, high).max(axis=1, keepdims=True)
    if (jump > JUMP).any():
        k, axis = np.unravel_index(int(jump.argmax()), jump.shape)
        raise ConfigurationError(
            f"{name}: between {times[k]:.4g} and {times[k + 1]:.4g} s x[{axis}] jumps from "
            f"{x[k, axis]:.6g} to {x[k + 1, axis]:.6g}, which is infinite speed; "
            "needs a position without steps"
        )


def check_joints(
    name: str,
    arm: Arm,
    times: Float[np.ndarray, "k"],
    q: Float[np.ndarray, "k n"],
    dq: Float[np.ndarray, "k n"],
) -> Float[np.ndarray, "n"]:
    """Return every joint's greatest speed [rad/s], or [m/s] of a sliding joint.

    Raises:
        ConfigurationError: a joint exceeds its position or speed limit; the message names joint,
            time, value and limit.
    """
    beyond = np.maximum(arm.q_lower - q, q - arm.q_upper)
    if (beyond > JUMP).any():
        k = int(np.argmax((beyond > JUMP).any(axis=1)))  # the first
        joint = int(np.argmax(beyond[k]))
        unit = position_unit(arm.chain, joint)
        raise ConfigurationError(
            f"{name}: joint {arm.joint_names[joint]!r} at {times[k]:.4g} s is asked for "
            f"{q[k, joint]:.4g} {unit}; its limits are {arm.q_lower[joint]:.4g} and "
            f"{arm.q_upper[joint]:.4g} {unit}"
        )
    speed = np.abs(dq)
    speed[1:] = np.maximum(speed[1:], np.abs(np.diff(q, axis=0)) / np.diff(times)[:, None])
    share = speed / arm.dq_max
    if share.max() > 1.0 + 1e-9:
        k, joint = np.unravel_index(int(share.argmax()), share.shape)
        unit = position_unit(arm.chain, int(joint))
        raise ConfigurationError(
            f"{name}: joint {arm.joint_names[joint]!r} at {times[k]:.4g} s is asked for "
            f"{speed[k, joint]:.4g} {unit}/s; its limit is {arm.dq_max[joint]:.4g} {unit}/s; the "
            f"path needs {share.max():.3g} times as long"
        )
    return speed.max(axis=0)
