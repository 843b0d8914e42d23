"""What an arm may do, and how quickly its motors can bring it to rest."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..errors import ConfigurationError

SPARE = 0.6  # of the acceleration that the model says the motors have left, that braking counts on
QUICK = 0.1  # time in which a joint need not come to a stop [s]
SPEED = 2.0  # of a joint without a limit, when looking for the braking [rad/s]


@dataclass(frozen=True)
class Limits:
    """What an arm may do; `Limits.of` takes it from the arm.

    Raises:
        ConfigurationError: a limit of a wrong shape, not a number, or that leaves no room.
    """

    q_lower: Float[np.ndarray, "n"]  # [rad]
    q_upper: Float[np.ndarray, "n"]  # [rad]
    dq_max: Float[np.ndarray, "n"]  # [rad/s]
    tau_max: Float[np.ndarray, "n"]  # [N m]
    braking: Float[np.ndarray, "n"]  # what every joint can slow down with at any time [rad/s^2]
    margin: float = 0.03  # that stays free before q_lower and q_upper [rad]
    speed_margin: float = 0.0  # that stays free before dq_max, a part of it
    torque_margin: float = 0.0  # that stays free before tau_max, a part of it
    rate: float = 200.0  # most change of the torque that is asked for, a second, over tau_max [1/s]
    lower: tuple[float, float, float] = (
        -math.inf,
        -math.inf,
        -math.inf,
    )  # of the tool's box [m], in the base frame
    upper: tuple[float, float, float] = (math.inf, math.inf, math.inf)
    watchdog: int = 3  # cycles without a new state before a stop
    patience: int = 20  # cycles with the same state, although it moves, before a stop

    @classmethod
    def of(cls, arm: Arm, **changes: Any) -> "Limits":
        """Return the arm's limits, with changes by name; the braking is found by `braking`."""
        given = {"q_lower": arm.q_lower, "q_upper": arm.q_upper} | {
            name: np.array(getattr(arm, name)) for name in ("dq_max", "tau_max")
        }
        limits = cls(**({**given, "braking": np.ones(arm.dof)} | changes))
        return limits if "braking" in changes else replace(limits, braking=braking(arm, limits))

    def __post_init__(self) -> None:
        shape = np.shape(self.q_lower)
        for name in ("q_lower", "q_upper", "dq_max", "tau_max", "braking"):
            value = np.array(getattr(self, name), dtype=float)
            if value.shape != shape or value.ndim != 1 or np.isnan(value).any():
                raise ConfigurationError(
                    f"Limits.{name}: is {value}, needs one number for each of {shape} joints"
                )
            object.__setattr__(self, name, value)
        for name in ("dq_max", "tau_max", "braking"):
            if not (getattr(self, name) > 0).all():
                raise ConfigurationError(
                    f"Limits.{name}: is {getattr(self, name)}, needs numbers above 0"
                )
        for name in ("margin", "speed_margin", "torque_margin"):
            value = getattr(self, name)
            if not 0 <= value < (math.inf if name == "margin" else 1.0):
                raise ConfigurationError(f"Limits.{name}: is {value}, needs a number from 0 up")
        for name in ("rate", "watchdog", "patience"):
            if not getattr(self, name) > 0:
                raise ConfigurationError(
                    f"Limits.{name}: is {getattr(self, name)}, needs a number above 0"
                )
        if not (self.q_upper - self.q_lower > 2.0 * self.margin).all():
            raise ConfigurationError(
                f"Limits: {self.q_lower} to {self.q_upper} leaves no room within a margin of "
                f"{self.margin}"
            )
        shapes = np.shape(self.lower), np.shape(self.upper)
        if shapes != ((3,), (3,)) or not (np.array(self.lower) < np.array(self.upper)).all():
            raise ConfigurationError(
                f"Limits.lower: is {self.lower} with upper {self.upper}, needs x, y and z, lower "
                "and upper"
            )


def braking(arm: Arm, limits: Limits, states: int = 500) -> Float[np.ndarray, "n"]:
    """Return a deceleration [rad/s^2] that the motors can give every joint, all at once.

    ``sum_j |M_ij| a_j <= tau_max_i - |C dq + g|_i`` at a sample of states within the limits, half
    of them with every joint at its top speed; of what that allows, 0.6. No more than takes a
    joint's top speed in 0.1 s. Where the motors cannot hold the arm at all, it is a tenth of that,
    and nothing is promised.
    """
    rng = np.random.default_rng(0)
    n = arm.dof
    lower, upper = np.maximum(limits.q_lower, -math.pi), np.minimum(limits.q_upper, math.pi)
    fastest = np.where(np.isfinite(limits.dq_max), limits.dq_max, SPEED)
    wanted, least = fastest / QUICK, 1.0
    for sample in range(states):
        q = rng.uniform(lower, upper)
        dq = rng.choice([-1.0, 1.0], n) * fastest * (sample % 2)
        terms = arm.terms(q, dq)
        left = limits.tau_max * (1.0 - limits.torque_margin) - np.abs(terms.C @ dq + terms.g)
        least = min(least, float(np.min(SPARE * left / (np.abs(terms.M) @ wanted))))
    return wanted * max(least, 0.1)
