"""Blocks: arrays with named fields, for Python by name and for kernels by address.

A block belongs to one part of the loop: an arm, a law, a learner, a guard. It is one array; its
fields follow each other in the order of its `Layout`. A field is a float64 or an int64 (``whole``),
or an array of them; its shape is given in letters, whose values a `Block` is made with.
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
    """The fields of one kind of block, in their order."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.fields: list[Field] = []

    def add(self, name: str, shape: str = "", *, whole: bool = False) -> np.int64:
        """Add a field after the last one; return its place."""
        self.fields.append(Field(name, tuple(shape.split()), whole))
        # numba would compile every reader of an int anew for each value; not so of an int64.
        return np.int64(len(self.fields) - 1)


class Block:
    """An array with a field of a `Layout` at every place, for Python by name.

    Compiled code knows it by ``address``, as long as this object lives; ``keeps`` are other
    objects that must live as long, because the block holds addresses of theirs.

    Args:
        layout: its fields.
        sizes: value of each letter of the shapes.
        values: of fields, by name; those that are not given are 0.
        keeps: what must not be freed before the block is.
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
        """Return neighbouring fields of float64 as one flat view, from ``first`` to ``last``."""
        names = [field.name for field in self.layout.fields]
        words = self.array.view(np.int64)
        return self.array[words[names.index(first)] : words[names.index(last) + 1]]
