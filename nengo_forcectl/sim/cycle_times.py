"""Control cycles that do not come on time, or not at all."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..errors import ConfigurationError
from ..support.validation import check, check_not_negative, is_number
from .disturbances import Disturbance


@dataclass(frozen=True)
class IrregularCycles(Disturbance):
    """A control computer that starts cycles late, and misses some.

    Cycle k is due at k periods. It starts up to ``jitter`` later, uniformly and independently; a
    share ``lost`` of the cycles does not take place. The motors hold the last torque until the next
    cycle, and `State.time` is the time of reading.
    """

    jitter: float = 0.0  # [s], less than a period
    lost: float = 0.0  # [1], less than 1

    def __post_init__(self) -> None:
        check_not_negative(self, jitter="s")
        good = is_number(self.lost) and 0 <= self.lost < 1
        check(self, "lost", good, "a number from 0 up and less than 1")

    def lengths(self, steps: int, dt: float, rng: np.random.Generator | None) -> Callable[[], int]:
        """Return a function whose next result is the next cycle's length in simulation steps.

        Args:
            steps: of a regular cycle.
            dt: simulation step [s].
            rng: of jitter and losses.

        Raises:
            ConfigurationError: the jitter is less than a step or at least a cycle, or there is no
                ``rng``.
        """
        if rng is None:
            raise ConfigurationError(
                "IrregularCycles: needs rng, such as np.random.default_rng(seed)"
            )
        if self.jitter > 0 and not dt <= self.jitter * (1 + 1e-9) <= (steps - 1) * dt * (1 + 1e-6):
            raise ConfigurationError(
                f"IrregularCycles.jitter: is {self.jitter} s, needs a time from one simulation "
                f"step, {dt:g} s, to {(steps - 1) * dt:g} s, a period less one; "
                "a shorter dt allows more"
            )
        most = int(self.jitter / dt + 1e-6)
        due, start = 0, 0

        def length() -> int:
            nonlocal due, start
            due += steps
            while rng.random() < self.lost:
                due += steps
            before, start = start, due + int(rng.integers(0, most + 1))
            return start - before

        return length
