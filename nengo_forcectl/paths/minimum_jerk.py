"""Straight lines from point to point with the minimum-jerk profile."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

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
        object.__setattr__(self, "duration", float(self.duration))

    @property
    def end(self) -> float:
        """When the last point is reached [s]."""
        return (len(self.points) - 1) * self.duration

    def at(self, time: float) -> Reference:
        """Return the reference at ``time`` [s]."""
        out = np.empty((3, self.points.shape[1]))
        self._run(self.points, self.duration, float(time), out)
        return Reference(out[0], out[1], out[2])

    @cached_property
    def _run(self) -> Any:
        from ..compiled.paths import minimum_jerk

        return minimum_jerk
