"""Straight lines from point to point with the minimum-jerk profile."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ..exceptions import ConfigurationError
from .reference import Reference


@dataclass(frozen=True)
class MinimumJerk:
    """Straight lines from point to point with the minimum-jerk profile.

    ``x(t) = x0 + (x1 - x0)(10 s^3 - 15 s^4 + 6 s^5)`` with ``s = t / duration`` has zero velocity
    and acceleration at both ends (Flash and Hogan 1985, eq. 4). Before the first and after the last
    point the path stands still.

    Raises:
        ConfigurationError: fewer than two points, a duration that is not positive, or values that
            are not finite.
    """

    points: Float[np.ndarray, "k m"]  # [m], or [rad] in joint space
    duration: float  # of one line [s]

    def __post_init__(self) -> None:
        points = np.array(self.points, dtype=float)
        if points.ndim != 2 or len(points) < 2:
            raise ConfigurationError(
                f"MinimumJerk.points: has shape {points.shape}, needs (k, m) with k at least 2"
            )
        if not np.isfinite(points).all():
            raise ConfigurationError("MinimumJerk.points: not all of them are finite")
        if not (np.isfinite(self.duration) and self.duration > 0):
            raise ConfigurationError(
                f"MinimumJerk.duration: is {self.duration} s, needs a positive number"
            )
        points.flags.writeable = False
        object.__setattr__(self, "points", points)

    @property
    def end(self) -> float:
        """When the last point is reached [s]."""
        return (len(self.points) - 1) * self.duration

    def at(self, time: float) -> Reference:
        """Return the reference at ``time`` [s]."""
        clamped = min(max(time, 0.0), self.end)
        line = min(int(clamped / self.duration), len(self.points) - 2)
        s = clamped / self.duration - line
        start, step = self.points[line], self.points[line + 1] - self.points[line]
        position = s * s * s * (10.0 + s * (-15.0 + 6.0 * s))
        velocity = 30.0 * s * s * (1.0 + s * (-2.0 + s)) / self.duration
        acceleration = 60.0 * s * (1.0 + s * (-3.0 + 2.0 * s)) / self.duration**2
        return Reference(start + position * step, velocity * step, acceleration * step)
