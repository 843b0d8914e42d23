"""Motion from target to target without a stop."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ..contract import Reference
from ..support.validation import as_points, check_positive, check_within
from .profiles import MinimumJerkProfile


@dataclass(frozen=True)
class BlendedPath:
    """Minimum-jerk lines that overlap in time and add up (Flash and Henis 1991).

    Line k starts ``(1 - overlap) duration`` after line k - 1 and lasts ``duration``::

        x(t) = points[0] + sum_k (points[k + 1] - points[k]) s(t - k (1 - overlap) duration)

    Velocity and acceleration are continuous. The path passes near the inner targets, closer with
    less overlap, and stops at the last. Without overlap it equals `MinimumJerk`, which stops at
    each.

    Raises:
        ConfigurationError: fewer than two points, values that are not finite, a duration that is
            not positive, or an overlap outside [0, 0.5].
    """

    points: Float[np.ndarray, "k m"]  # [m], or [rad] in joint space
    duration: float  # of one line [s]
    overlap: float = 0.3  # share of a line's duration; up to 0.5 at most two lines overlap

    if TYPE_CHECKING:  # any sequences are accepted and converted to arrays

        def __init__(self, points: ArrayLike, duration: float, overlap: float = 0.3) -> None: ...

    def __post_init__(self) -> None:
        as_points(self, "points")
        check_positive(self, duration="s")
        check_within(self, "overlap", 0.0, 0.5)

    @property
    def end(self) -> float:
        """Time at the last point [s]."""
        return self.duration + (len(self.points) - 2) * self._every

    @property
    def _every(self) -> float:
        return (1.0 - self.overlap) * self.duration

    @cached_property
    def _profile(self) -> MinimumJerkProfile:
        return MinimumJerkProfile(self.duration)

    def at(self, time: float) -> Reference:
        """Return the reference at ``time`` [s]; NaN for NaN."""
        if math.isnan(time):
            return Reference(*np.full((3, self.points.shape[1]), math.nan))
        time = min(max(time, 0.0), self.end)
        line = min(int(time / self._every), len(self.points) - 2)  # the last one begun
        first = max(line - 1, 0)
        x = self.points[first].copy()
        dx, ddx = np.zeros_like(x), np.zeros_like(x)
        for k in range(first, line + 1):
            s, ds, dds = self._profile.at(time - k * self._every)
            step = self.points[k + 1] - self.points[k]
            x, dx, ddx = x + s * step, dx + ds * step, ddx + dds * step
        return Reference(x, dx, ddx)
