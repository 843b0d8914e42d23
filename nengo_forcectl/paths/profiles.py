"""Profiles: progress s along a curve from 0 to 1 over time, at rest at both ends."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, runtime_checkable

from ..support.validation import check_positive, check_within


@runtime_checkable
class Profile(Protocol):
    """Anything that gives the progress along a curve at a given time."""

    @property
    def duration(self) -> float:
        """Time from the first to the last point [s]."""
        ...

    def at(self, time: float) -> tuple[float, float, float]:
        """Return s, ds [1/s] and dds [1/s^2] at ``time`` [s]; at rest before 0 and at the end."""
        ...


@dataclass(frozen=True)
class MinimumJerkProfile:
    """``s = 10 u^3 - 15 u^4 + 6 u^5`` with ``u = t / duration`` (Flash and Hogan 1985, eq. 4).

    The greatest speed is 15/8 of the mean speed; acceleration is zero at both ends.

    Raises:
        ConfigurationError: the duration is not positive.
    """

    duration: float  # [s]

    def __post_init__(self) -> None:
        check_positive(self, duration="s")

    def at(self, time: float) -> tuple[float, float, float]:
        """Return s, ds [1/s] and dds [1/s^2] at ``time`` [s]."""
        u = min(max(time / self.duration, 0.0), 1.0)
        s = u * u * u * (10.0 + u * (-15.0 + 6.0 * u))
        ds = 30.0 * u * u * (1.0 + u * (-2.0 + u)) / self.duration
        return s, ds, 60.0 * u * (1.0 + u * (-3.0 + 2.0 * u)) / self.duration**2


@dataclass(frozen=True)
class TrapezoidProfile:
    """Constant acceleration, constant speed, constant deceleration.

    With T the duration and r the ramp's share of it, the speed between the ramps is
    ``1 / (T (1 - r))`` (Siciliano et al. 2009, sec. 4.2). Acceleration jumps at the ramps' ends.

    Raises:
        ConfigurationError: a duration that is not positive, or a ramp outside [0.01, 0.5].
    """

    duration: float  # [s]
    ramp: float = 0.25  # share of the duration for each of the two ramps; 0.5 is a triangle

    def __post_init__(self) -> None:
        check_positive(self, duration="s")
        check_within(self, "ramp", 0.01, 0.5)

    def at(self, time: float) -> tuple[float, float, float]:
        """Return s, ds [1/s] and dds [1/s^2] at ``time`` [s]."""
        T = self.duration
        speed = 1.0 / (T - self.ramp * T)
        acceleration = speed / (self.ramp * T)
        left = T - time
        if time <= 0.0 or left <= 0.0:
            return (0.0 if time <= 0.0 else 1.0), 0.0, 0.0
        if time < self.ramp * T:
            return 0.5 * acceleration * time * time, acceleration * time, acceleration
        if left < self.ramp * T:
            return 1.0 - 0.5 * acceleration * left * left, acceleration * left, -acceleration
        return speed * (time - 0.5 * self.ramp * T), speed, 0.0


@dataclass(frozen=True)
class GaussianProfile:
    """A bell-shaped speed over time: ``ds = A (exp(-z^2/2) - exp(-z_T^2/2))``.

    ``z = (t - T/2) / (width T)``, z_T is its value at the end T, and A makes s end at 1. The second
    term makes the speed exactly zero at both ends.

    Raises:
        ConfigurationError: a duration that is not positive, or a width outside [0.01, 1].
    """

    duration: float  # [s]
    width: float = 1 / 6  # standard deviation as a share of the duration

    def __post_init__(self) -> None:
        check_positive(self, duration="s")
        check_within(self, "width", 0.01, 1.0)

    @cached_property
    def _bell(self) -> tuple[float, float, float, float]:
        """Return standard deviation [s], subtracted speed, integral over a half [s], A [1/s]."""
        sigma, half = self.width * self.duration, 0.5 * self.duration
        floor = math.exp(-0.5 * (half / sigma) ** 2)
        area = _bell_area(half, sigma) - floor * half
        return sigma, floor, area, 0.5 / area

    def at(self, time: float) -> tuple[float, float, float]:
        """Return s, ds [1/s] and dds [1/s^2] at ``time`` [s]."""
        if time <= 0.0 or time >= self.duration:
            return (0.0 if time <= 0.0 else 1.0), 0.0, 0.0
        sigma, floor, area, A = self._bell
        t = time - 0.5 * self.duration
        bell = math.exp(-0.5 * (t / sigma) ** 2)
        s = A * (area + _bell_area(t, sigma) - floor * t)
        return s, A * (bell - floor), -A * bell * t / sigma**2


def _bell_area(t: float, sigma: float) -> float:
    """The integral of ``exp(-t^2 / (2 sigma^2))`` from 0 to t."""
    return math.sqrt(math.pi / 2) * sigma * math.erf(t / (math.sqrt(2) * sigma))
