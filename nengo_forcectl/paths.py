"""Reference paths: where the tool (or the joints) should be at a given time."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from jaxtyping import Float

from .exceptions import ConfigurationError


class Reference(NamedTuple):
    """One instant of a path, for the tool in the base frame or for the joints.

    What is None is not asked for: no orientation, no rotation of it, no force.
    """

    x: Float[np.ndarray, "m"]  # position [m], or q [rad]
    dx: Float[np.ndarray, "m"]  # velocity [m/s], or dq [rad/s]
    ddx: Float[np.ndarray, "m"]  # acceleration [m/s^2], or ddq [rad/s^2]
    R: Float[np.ndarray, "3 3"] | None = None  # orientation of the tool: its axes are the columns
    omega: Float[np.ndarray, "3"] | None = None  # angular velocity [rad/s]
    domega: Float[np.ndarray, "3"] | None = None  # angular acceleration [rad/s^2]
    # Force and moment that the tool is to exert on the environment, at its point [N, N m].
    wrench: Float[np.ndarray, "6"] | None = None


class Path(Protocol):
    """Anything that can say where the tool should be at a given time."""

    def at(self, time: float) -> Reference:
        """Return the reference at ``time`` [s]."""
        ...


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
