"""How often each limit changes the torque."""

import warnings
from collections import deque
from collections.abc import Sequence

from ..kernels.layout import (
    MET_BOX,
    MET_CLEARANCE,
    MET_FORCE,
    MET_POSITION,
    MET_RATE,
    MET_TORQUE,
    MET_VELOCITY,
)

RECENT = 1000  # last cycles in which changed torques are counted
OFTEN = 0.01  # share of them that causes a warning
LIMITS = {
    "position": MET_POSITION,
    "velocity": MET_VELOCITY,
    "torque": MET_TORQUE,
    "rate": MET_RATE,
    "workspace": MET_BOX,
    "force": MET_FORCE,
    "clearance": MET_CLEARANCE,
}
"""The limits that a guard can find to have changed a torque, and its finding."""


class Tally:
    """Counts of changed torques, a warning for each limit that acts often, and a reason to stop.

    Args:
        overruled: share of the last cycles above which changed torques are a reason to stop.
    """

    def __init__(self, overruled: float) -> None:
        self.events: dict[str, int] = dict.fromkeys((*LIMITS, "stop", "gap"), 0)
        self._overruled, self._cycle = overruled, 0
        self._changed = {name: deque[int]() for name in (*LIMITS, "any")}
        self._warned: set[str] = set()

    def begin_cycle(self) -> None:
        """Begin a control cycle."""
        self._cycle += 1

    @property
    def since(self) -> int | None:
        """Cycles since a limit last changed the torque; None for none of the last ones."""
        cycles = self._changed["any"]
        ago = self._cycle - cycles[-1] if cycles else RECENT
        return ago if ago < RECENT else None

    def count(self, names: Sequence[str], stopped: bool) -> str | None:
        """Count limits that changed the torque; warn once of each that acts often.

        Returns the reason to stop, if limits act too often. In a stop nothing is judged.
        """
        for name in names:
            self.events[name] += 1
        if stopped or not names:
            return None
        for name in (*names, "any"):
            cycles = self._changed[name]
            cycles.append(self._cycle)
            while cycles[0] <= self._cycle - RECENT:
                cycles.popleft()
        for name in names:
            if len(self._changed[name]) > OFTEN * RECENT and name not in self._warned:
                self._warned.add(name)
                warnings.warn(
                    f"the limit of {name} changed the torque in more than {OFTEN:.0%} of the last "
                    f"{RECENT} cycles; what is asked for is beyond the arm's limits, or the loop "
                    "is unstable",
                    RuntimeWarning,
                    stacklevel=5,
                )
        if self._overruled >= 1 or len(self._changed["any"]) <= self._overruled * RECENT:
            return None
        return (
            f"limits changed the torque in more than {self._overruled:.3g} of the last {RECENT} "
            f"cycles, most often that of {max(names, key=lambda name: len(self._changed[name]))}"
        )
