"""A warning of states that keep coming off schedule."""

import math
import warnings

GAPS = 100  # consecutive states off schedule that cause a warning


class GapWarning:
    """Counts consecutive states that are not one control period after the last.

    Args:
        dt: control period [s].
    """

    def __init__(self, dt: float) -> None:
        self._dt, self._count, self._at = dt, 0, math.nan

    def count(self, time: float, before: float) -> None:
        """Count a state of ``time`` [s] after one of time ``before``; warn once of many."""
        elapsed = time - before
        again = abs(time - elapsed - self._at) < 0.5 * self._dt
        self._count, self._at = self._count + 1 if again else 1, time
        if self._count == GAPS:
            warnings.warn(
                f"{GAPS} states in sequence came {1e3 * elapsed:.4g} ms after the last, by "
                f"State.time; this cycle is made for {1e3 * self._dt:.4g} ms, and learns from none",
                RuntimeWarning,
                stacklevel=3,
            )
