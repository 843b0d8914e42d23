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

Memory = tuple[Float[np.ndarray, "rows n"], Sequence[float] | np.ndarray, np.ndarray]
"""The observer, the last torque and the last state; counts and the last time; then the age of the
copies of r, and these."""
Remembered = Memory | tuple[Float[np.ndarray, "rows n"], Sequence[float] | np.ndarray]
"""The same, or without the copies: they become r itself."""


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

    def read(self) -> Memory:
        """Return a copy."""
        return self._memory.copy(), tuple(self._counts.tolist()), self._copies.copy()

    def write(self, value: Remembered) -> None:
        """Resume from there."""
        memory, self._counts[:] = value[:2]
        self.clear()
        self._memory[-len(memory) :] = memory
        own = np.concatenate(([0.0], self._r, self._r))
        self._copies[:] = value[2] if len(value) > 2 else own

    def checkpoint(self) -> dict[str, np.ndarray]:
        """Return it as arrays by name."""
        memory, counts, copies = self.read()
        return {MEMORY: memory, COUNTS: np.array(counts), COPIES: copies}

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
        memory, counts = given[MEMORY], given[COUNTS]
        self.write((memory, counts, given[COPIES]) if COPIES in given else (memory, counts))


def is_of_guard(name: str) -> bool:
    """Return whether an array of a checkpoint is a guard's, by its name."""
    return name.startswith(PREFIX)
