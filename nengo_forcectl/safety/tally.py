"""How often each limit has changed the torque, and the warning for one that does so often."""

import warnings

from ..kernels.block import Block
from ..kernels.layout.watch_fields import ANY, LIMITING, RECENT

OFTEN = 0.01  # share of the last cycles that causes a warning
LIMITS = dict(
    zip(
        ("position", "velocity", "torque", "rate", "workspace", "force", "clearance"),
        LIMITING,
        strict=True,
    )
)
"""The limits that a guard can find to have changed a torque, and its finding."""


class Tally:
    """Counts of changed torques by limit, and a warning for each that acts often.

    Args:
        watch: the guard's block of `WATCH`, which counts.
    """

    def __init__(self, watch: Block) -> None:
        self._watch, self._warned = watch, set[str]()

    @property
    def events(self) -> dict[str, int]:
        """Cycles in which each limit changed the torque, controlled stops, and gaps."""
        return dict(zip((*LIMITS, "stop", "gap"), map(int, self._watch["events"]), strict=True))

    @property
    def since(self) -> int | None:
        """Cycles since a limit last changed the torque; None for none of the last ones."""
        recent = self._watch["changes"][ANY] > 0
        return int(self._watch["since"]) if recent else None

    @property
    def most(self) -> str:
        """The limit that has changed the torque most often in the last cycles."""
        changes = self._watch["changes"][:ANY].tolist()
        return list(LIMITS)[changes.index(max(changes))]

    def warn(self, met: int) -> None:
        """Warn once of each limit among the findings ``met`` that acts often."""
        for place, (name, bit) in enumerate(LIMITS.items()):
            often = met & bit and self._watch["changes"][place] > OFTEN * RECENT
            if often and name not in self._warned:
                self._warned.add(name)
                warnings.warn(
                    f"the limit of {name} changed the torque in more than {OFTEN:.0%} of the last "
                    f"{RECENT} cycles; the request is beyond the arm's limits, or the loop "
                    "is unstable",
                    RuntimeWarning,
                    stacklevel=5,
                )
