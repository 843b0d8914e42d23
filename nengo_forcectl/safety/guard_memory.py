"""What a guard remembers of earlier cycles, to be saved and resumed from."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from ..errors import NetworkError
from ..kernels.block import Block
from ..kernels.layout.guard_fields import GUARD_MEMORY, GUARD_MEMORY_LAST

PREFIX = "limits."
MEMORY, COUNTS = f"{PREFIX}memory", f"{PREFIX}counts"  # names of the arrays
COPIES = f"{PREFIX}copies"  # of r, and their age; not in earlier checkpoints
ROWS = GUARD_MEMORY_LAST - GUARD_MEMORY + 1
BARE_ROWS = 6  # of a checkpoint from before a learner's friction was among them

Remembered = tuple[Float[np.ndarray, "rows n"], Sequence[float] | np.ndarray]
"""The observer, the last torque and the last state; then counts and the last time."""


class GuardMemory:
    """The part of a guard's blocks that goes from one cycle to the next.

    Args:
        guard: block of `GUARD`.
        watch: block of `WATCH`.
    """

    def __init__(self, guard: Block, watch: Block) -> None:
        self._memory = guard.between("rubs", "dq").reshape(ROWS, -1)
        self._r, self._copies = guard["unmodelled"], guard.between("age", "r_old")
        self._counts = watch.between("begun", "frozen")

    def clear(self) -> None:
        """Forget the observer, the last torque and the last state."""
        self._memory[:] = 0.0

    def read(self) -> tuple[Float[np.ndarray, "rows n"], tuple[float, ...]]:
        """Return a copy."""
        return self._memory.copy(), tuple(self._counts.tolist())

    def write(self, value: Remembered) -> None:
        """Resume from there."""
        memory, self._counts[:] = value
        self.clear()
        self._memory[-len(memory) :] = memory
        self._copies[:] = np.concatenate(([0.0], self._r, self._r))

    def checkpoint(self) -> dict[str, np.ndarray]:
        """Return it as arrays by name."""
        memory, counts = self.read()
        return {MEMORY: memory, COUNTS: np.array(counts), COPIES: self._copies.copy()}

    def check(self, given: Mapping[str, np.ndarray]) -> None:
        """Refuse arrays that are not of a checkpoint of this guard.

        Raises:
            NetworkError: they are not.
        """
        shapes = {name: np.shape(value) for name, value in given.items()}
        needs = {MEMORY: self._memory.shape, COUNTS: self._counts.shape}
        bare = needs | {MEMORY: (BARE_ROWS, self._memory.shape[1])}
        fits = shapes.pop(COPIES, self._copies.shape) == self._copies.shape
        fits = fits and shapes in (needs, bare)
        if not fits or any(np.isnan(value).any() for value in given.values()):
            raise NetworkError(f"limits: have shapes {shapes}, need {needs}, and no NaN")

    def resume(self, given: Mapping[str, np.ndarray]) -> None:
        """Resume from arrays that `check` accepts."""
        self.write((given[MEMORY], given[COUNTS]))
        self._copies[:] = given.get(COPIES, self._copies)


def is_of_guard(name: str) -> bool:
    """Return whether an array of a checkpoint is a guard's, by its name."""
    return name.startswith(PREFIX)
