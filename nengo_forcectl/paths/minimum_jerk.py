"""Straight lines from point to point with the minimum-jerk profile."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ..contract import Reference
from ..kernels.parts import minimum_jerk
from ..support.validation import as_points, check_positive


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

    if TYPE_CHECKING:  # any sequences are accepted and converted to arrays

        def __init__(self, points: ArrayLike, duration: float) -> None: ...

    def __post_init__(self) -> None:
        as_points(self, "points")
        check_positive(self, duration="s")
        object.__setattr__(self, "duration", float(self.duration))
        self.at(0.0)  # load compiled code before the first control cycle

    @property
    def end(self) -> float:
        """Time at the last point [s]."""
        return (len(self.points) - 1) * self.duration

    def at(self, time: float) -> Reference:
        """Return the reference at ``time`` [s]."""
        out = np.empty((3, self.points.shape[1]))
        lines, columns = len(self.points) - 1, self.points.shape[1]
        minimum_jerk.call(self.points, lines, columns, self._seconds, out, float(time))
        return Reference(out[0], out[1], out[2])

    @cached_property
    def _seconds(self) -> Float[np.ndarray, "1"]:
        return np.array([self.duration])
