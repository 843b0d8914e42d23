"""Whether arm, limits, control period and cycle belong together."""

import math

from arms import Arm

from ..contract import Cycle
from ..errors import ConfigurationError
from .limits import Limits


def check_limits(limits: Limits, cycle: Cycle, arm: Arm) -> None:
    """Refuse limits or a cycle that are for other joints than the arm's.

    Raises:
        ConfigurationError: they differ.
    """
    if limits.q_lower.shape != (arm.dof,) or cycle.dof != arm.dof:
        raise ConfigurationError(
            f"Safe: arm '{arm.name}' has {arm.dof} joints, its limits are for "
            f"{len(limits.q_lower)}, its cycle for {cycle.dof}"
        )
    if limits.clearance is None:
        return
    pairs = limits.clearance.pairs.arm
    if pairs.joint_names != arm.joint_names:
        raise ConfigurationError(
            f"Limits.clearance: is for arm '{pairs.name}' with joints "
            f"{', '.join(pairs.joint_names)}, needs pairs of arm '{arm.name}'"
        )


def check_period(dt: float) -> None:
    """Refuse a control period [s] that is not a number above 0.

    Raises:
        ConfigurationError: it is not.
    """
    if not (math.isfinite(dt) and dt > 0):
        raise ConfigurationError(f"Safe.dt: is {dt} s, needs a number above 0")


def check_period_of(cycle: Cycle, dt: float) -> None:
    """Refuse a control period [s] that differs from that of the cycle's law.

    Raises:
        ConfigurationError: it differs.
    """
    law = cycle.controller
    if law is not None and law.dt is not None and abs(law.dt - dt) > 1e-6 * dt:
        raise ConfigurationError(
            f"Safe.dt: is {dt} s, needs that of its cycle's {law.name}, {law.dt} s"
        )
