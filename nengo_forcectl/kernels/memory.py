"""How compiled code gets arrays: many in one buffer, or in a table of where they are."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
from jaxtyping import Int
from numba import types
from numba.extending import intrinsic
from numba.np.numpy_support import carray

from ..errors import NetworkError
from .compile import kernel


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


def located(arrays: Sequence[np.ndarray]) -> Int[np.ndarray, "k 2"]:
    """Return where arrays are and how many numbers they have, for `floats` and `wholes`.

    One argument in place of many, each of which costs a call from Python 70 ns. They must be of
    float64 or int64 and stay where they are, as long as the table is in use.
    """
    for array in arrays:
        assert array.dtype in (np.float64, np.int64)
        assert array.flags.c_contiguous
    return np.array([(array.ctypes.data, array.size) for array in arrays], dtype=np.int64)


@intrinsic
def _pointer(typing: Any, address: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], context.get_value_type(signature.return_type))

    return types.voidptr(address), generate


@kernel
def at(address, size):
    """The float64 that begin at an address, flat.

    Nobody owns it, so views of it cost nothing; those of an array that has an owner are counted,
    20 ns each.
    """
    return carray(_pointer(address), size, np.float64)  # pyright: ignore[reportCallIssue]


@kernel
def lent(array):
    """A flat array's numbers, as `at` gives them; its owner keeps them as long."""
    return at(array.ctypes.data, array.size)


@kernel
def floats(table, index):
    """The array of float64 at ``index`` of what `located` gave, flat."""
    return at(table[index, 0], table[index, 1])


@kernel
def wholes(table, index):
    """The array of int64 at ``index`` of what `located` gave, flat."""
    place = _pointer(table[index, 0])  # pyright: ignore[reportCallIssue]
    return carray(place, table[index, 1], np.int64)


@kernel
def part(buffer, starts, index):
    """The array at ``index``, flat."""
    return buffer[starts[index] : starts[index + 1]]
