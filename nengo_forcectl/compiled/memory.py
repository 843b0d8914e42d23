"""Named arrays in one buffer, which compiled code gets as two arguments and a checkpoint as one."""

from collections.abc import Mapping
from math import prod

import numba
import numpy as np

from ..exceptions import NetworkError


class Memory:
    """Arrays of float64, by name, that share one buffer.

    ``starts`` tells compiled code where each begins, in the order in which they were named.
    """

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        ends = np.cumsum([prod(shape) for shape in shapes.values()])
        self.buffer = np.zeros(int(ends[-1]))
        self.starts = np.concatenate(([0], ends)).astype(np.int64)
        self._views = {
            name: self.buffer[start:stop].reshape(shape)
            for (name, shape), start, stop in zip(
                shapes.items(), self.starts[:-1], self.starts[1:], strict=True
            )
        }

    def __getitem__(self, name: str) -> np.ndarray:
        return self._views[name]

    def read(self) -> dict[str, np.ndarray]:
        """Return a copy of every array."""
        return {name: view.copy() for name, view in self._views.items()}

    def write(self, values: Mapping[str, np.ndarray]) -> None:
        """Set every array.

        Raises:
            NetworkError: other names or shapes, or a value that is NaN; nothing is set then.
        """
        self.check(values)
        for name, value in values.items():
            self._views[name][...] = value

    def check(self, values: Mapping[str, np.ndarray]) -> None:
        """`NetworkError` for values that `write` would refuse."""
        given = {name: np.shape(value) for name, value in values.items()}
        expected = {name: view.shape for name, view in self._views.items()}
        if given != expected:
            raise NetworkError(f"memory of shapes {given} given, needs {expected}")
        for name, value in values.items():
            if np.isnan(value).any():
                raise NetworkError(f"memory {name!r} has a value that is NaN")


@numba.njit(cache=True)
def part(buffer, starts, index):
    """The array at ``index``, flat."""
    return buffer[starts[index] : starts[index + 1]]
