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
        self.views = {
            name: self.buffer[start:stop].reshape(shape)
            for (name, shape), start, stop in zip(
                shapes.items(), self.starts[:-1], self.starts[1:], strict=True
            )
        }

    def __getitem__(self, name: str) -> np.ndarray:
        return self.views[name]


def put(views: Mapping[str, np.ndarray], values: Mapping[str, np.ndarray]) -> None:
    """Set arrays in place, by name.

    Raises:
        NetworkError: other names or shapes, or a value that is NaN; nothing is set then.
    """
    given = {name: np.shape(value) for name, value in values.items()}
    expected = {name: view.shape for name, view in views.items()}
    if given != expected:
        raise NetworkError(f"memory of shapes {given} given, needs {expected}")
    for name, value in values.items():
        if np.isnan(value).any():
            raise NetworkError(f"memory {name!r} has a value that is NaN")
    for name, value in values.items():
        views[name][...] = value


@numba.njit(cache=True)
def part(buffer, starts, index):
    """The array at ``index``, flat."""
    return buffer[starts[index] : starts[index + 1]]
