"""Blocks: arrays with named fields, accessed by name in Python and by address in kernels.

A block belongs to one part of the loop: an arm, a law, a learner, a guard. It is one array with the
fields in the order of its `Layout`. A field is a float64 or an int64 (``whole``), or an array of
them. Its shape is given in letters; the `Block` gets their values.
"""

from collections.abc import Mapping
from math import prod
from typing import Any, NamedTuple

import numpy as np


class Field(NamedTuple):
    """One named array of a block."""

    name: str
    shape: tuple[str, ...]  # numbers, or letters
    whole: bool  # of int64


class Layout:
    """The fields of one kind of block, in order."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.fields: list[Field] = []

    def add(self, name: str, shape: str = "", *, whole: bool = False) -> np.int64:
        """Add a field after the last one; return its place."""
        self.fields.append(Field(name, tuple(shape.split()), whole))
        # numba would recompile every reader for each value of an int, but not of an int64.
        return np.int64(len(self.fields) - 1)


class Block:
    """An array with the fields of a `Layout`, accessed by name in Python.

    Compiled code uses its ``address``, valid while this object lives. ``keeps`` are objects that
    must live as long, because the block holds their addresses.

    Args:
        layout: the fields.
        sizes: value of each letter of the shapes.
        values: values of fields by name; other fields are 0.
        keeps: objects to keep alive with the block.
    """

    def __init__(
        self,
        layout: Layout,
        sizes: Mapping[str, int],
        values: Mapping[str, Any] | None = None,
        keeps: Any = None,
    ) -> None:
        shapes = [
            tuple(int(each) if each.isdecimal() else sizes[each] for each in field.shape)
            for field in layout.fields
        ]
        lengths = [prod(shape) for shape in shapes]
        starts = np.cumsum([len(shapes) + 1, *lengths])
        self.layout, self._keeps = layout, keeps
        self.array = np.zeros(int(starts[-1]))
        words = self.array.view(np.int64)
        words[: len(starts)] = starts
        self.address = self.array.ctypes.data
        self.views: dict[str, np.ndarray] = {}
        for field, shape, start, length in zip(
            layout.fields, shapes, starts, lengths, strict=False
        ):
            flat = (words if field.whole else self.array)[start : start + length]
            self.views[field.name] = flat.reshape(shape)
        for name, value in (values or {}).items():
            self.views[name][...] = value

    def __getitem__(self, name: str) -> np.ndarray:
        return self.views[name]

    def between(self, first: str, last: str) -> np.ndarray:
        """Return the float64 fields from ``first`` to ``last`` as one flat view."""
        places = self._starts(first, last)
        return self.array[places[0] : places[-1]]

    def slices(self, first: str, last: str) -> list[slice]:
        """Return the place in `between` of each field from ``first`` to ``last``."""
        places = self._starts(first, last)
        ends = places - places[0]
        return [slice(*each) for each in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)]

    def _starts(self, first: str, last: str) -> np.ndarray:
        """Return where the fields from ``first`` to ``last`` start, and where the last one ends."""
        names = [field.name for field in self.layout.fields]
        return self.array.view(np.int64)[names.index(first) : names.index(last) + 2]
