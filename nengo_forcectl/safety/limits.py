"""The limits of an arm, and the deceleration that its motors can provide."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float

from arms import Arm
from arms.model.description import sample_range

from ..errors import ConfigurationError
from ..support.validation import check, check_not_negative, is_number
from .clearance import Clearance

SPARE = 0.6  # share that braking uses of the acceleration that the motors have left by the model
QUICK = 0.1  # shortest time to brake from top speed [s]
SPEED = 2.0  # top speed of a joint without a limit when computing the braking [rad/s]
SHARE = "a number above 0, up to 1"
JOINTS = ("q_lower", "q_upper", "dq_max", "tau_max", "braking")  # fields with a number per joint


@dataclass(frozen=True)
class Limits:
    """The limits of an arm; `Limits.of` takes them from the arm.

    Raises:
        ConfigurationError: a limit has a wrong shape, is not a number, or leaves no range.
    """

    q_lower: Float[np.ndarray, "n"]  # [rad]
    q_upper: Float[np.ndarray, "n"]  # [rad]
    dq_max: Float[np.ndarray, "n"]  # [rad/s]
    tau_max: Float[np.ndarray, "n"]  # [N m]
    braking: Float[np.ndarray, "n"]  # deceleration available to every joint at any time [rad/s^2]
    margin: float = 0.03  # kept free before q_lower and q_upper [rad]
    speed_margin: float = 0.0  # kept free before dq_max, as a share of it
    torque_margin: float = 0.0  # kept free before tau_max, as a share of it
    rate: float = 200.0  # largest change of the torque asked for, over tau_max [1/s]
    # Corners of the tool's box in the base frame [m].
    lower: tuple[float, float, float] = (-math.inf, -math.inf, -math.inf)
    upper: tuple[float, float, float] = (math.inf, math.inf, math.inf)
    force: tuple[float, float] = (math.inf, math.inf)  # of the tool's push and moment [N, N m]
    # Of links from each other and from obstacles; an exported controller has none.
    clearance: Clearance | None = None
    overruled: float = 1.0  # share of the last 1,000 cycles whose torque may be changed; 1: all
    watchdog: int = 3  # cycles without a new state before a stop
    patience: int = 20  # cycles with a frozen state before a stop

    @classmethod
    def of(cls, arm: Arm, **changes: Any) -> "Limits":
        """Return the arm's limits with changes by name; `braking` computes the braking."""
        given = {"q_lower": arm.q_lower, "q_upper": arm.q_upper} | {
            name: np.array(getattr(arm, name)) for name in ("dq_max", "tau_max")
        }
        limits = cls(**({**given, "braking": np.ones(arm.dof)} | changes))
        return limits if "braking" in changes else replace(limits, braking=braking(arm, limits))

    def __post_init__(self) -> None:
        self._check_joints()
        check_not_negative(self, margin="rad")
        for name in ("speed_margin", "torque_margin"):
            share = getattr(self, name)
            check(self, name, is_number(share) and 0 <= share < 1, "a number from 0 up, below 1")
        for name in ("rate", "watchdog", "patience"):
            check(self, name, bool(getattr(self, name) > 0), "a number above 0")  # infinity, too
        if not (self.q_upper - self.q_lower > 2.0 * self.margin).all():
            raise ConfigurationError(
                f"Limits.margin: is {self.margin} rad, leaves no room from {self.q_lower} to "
                f"{self.q_upper}; needs less than half of that"
            )
        check(self, "overruled", is_number(self.overruled) and 0 < self.overruled <= 1, SHARE)
        force = np.array(self.force, dtype=float)
        good = force.shape == (2,) and bool((force > 0).all())
        check(self, "force", good, "two numbers above 0", "N, N m")
        good = self.clearance is None or isinstance(self.clearance, Clearance)
        check(self, "clearance", good, "a Clearance or None")
        good = (np.shape(self.lower), np.shape(self.upper)) == ((3,), (3,))
        good = good and bool((np.array(self.lower) < np.array(self.upper)).all())
        check(self, "lower", good, f"x, y and z below those of upper, {self.upper}", "m")

    def _check_joints(self) -> None:
        """Convert the joints' limits to arrays of equal length."""
        shape = np.shape(self.q_lower)
        for name in JOINTS:
            value = np.array(getattr(self, name), dtype=float)
            good = value.shape == shape and value.ndim == 1 and not np.isnan(value).any()
            check(self, name, good, f"one number for each of {shape} joints")
            object.__setattr__(self, name, value)
        for name in ("dq_max", "tau_max", "braking"):
            check(self, name, bool((getattr(self, name) > 0).all()), "numbers above 0")


def braking(arm: Arm, limits: Limits, states: int = 500) -> Float[np.ndarray, "n"]:
    """Return a deceleration [rad/s^2] that the motors can give all joints at once.

    It is 0.6 of the largest with ``sum_j |M_ij| a_j <= tau_max_i - |C dq + g|_i`` at a sample of
    states within the limits, half of them with every joint at its top speed, and at most the one
    that stops a joint from top speed in 0.1 s. If the motors cannot hold the arm at all, it is a
    tenth of the latter, without any guarantee.

    Args:
        arm: the model.
        limits: all limits except the braking.
        states: size of the sample.
    """
    rng = np.random.default_rng(0)
    n = arm.dof
    lower, upper = sample_range(limits.q_lower, limits.q_upper)
    fastest = np.where(np.isfinite(limits.dq_max), limits.dq_max, SPEED)
    wanted, least = fastest / QUICK, 1.0
    for sample in range(states):
        q = rng.uniform(lower, upper)
        dq = rng.choice([-1.0, 1.0], n) * fastest * (sample % 2)
        terms = arm.terms(q, dq)
        left = limits.tau_max * (1.0 - limits.torque_margin) - np.abs(terms.C @ dq + terms.g)
        least = min(least, float(np.min(SPARE * left / (np.abs(terms.M) @ wanted))))
    return wanted * max(least, 0.1)
