"""How a kernel reads and writes a block: by the name of a place, without an allocation.

A block is known by its address alone. It begins with a table of where each field starts and where
the last one ends, counted in numbers of 8 bytes from its beginning; `layout` has the names.
"""

from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic
from numba.np.numpy_support import carray

from .compile import kernel


def _to_pointer(typing: Any, address: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], context.get_value_type(signature.return_type))

    return types.voidptr(address), generate


_pointer: Any = intrinsic(_to_pointer)


@kernel
def start(block, field):
    """Address of a field's first number."""
    table = carray(_pointer(block), (field + 1,), np.int64)
    return block + 8 * table[field]


@kernel
def size(block, field):
    """How many numbers a field has."""
    table = carray(_pointer(block), (field + 2,), np.int64)
    return table[field + 1] - table[field]


@kernel
def number(block, field):
    """The float64 of a field that has one."""
    return carray(_pointer(start(block, field)), (1,), np.float64)[0]


@kernel
def set_number(block, field, value):
    """Write the float64 of a field that has one."""
    carray(_pointer(start(block, field)), (1,), np.float64)[0] = value


@kernel
def whole(block, field):
    """The int64 of a field that has one: a size, a choice or an address."""
    return carray(_pointer(start(block, field)), (1,), np.int64)[0]


@kernel
def wholes(block, field):
    """The int64 of a field, (size,)."""
    return carray(_pointer(start(block, field)), (size(block, field),), np.int64)


@kernel
def vector(block, field):
    """The float64 of a field, (size,)."""
    return carray(_pointer(start(block, field)), (size(block, field),), np.float64)


@kernel
def matrix(block, field, columns):
    """The float64 of a field, (rows, columns)."""
    rows = size(block, field) // columns
    return carray(_pointer(start(block, field)), (rows, columns), np.float64)


@kernel
def cube(block, field, rows, columns):
    """The float64 of a field, (layers, rows, columns)."""
    layers = size(block, field) // (rows * columns)
    return carray(_pointer(start(block, field)), (layers, rows, columns), np.float64)


@kernel
def span(block, first, last):
    """The float64 of neighbouring fields, from ``first`` to ``last``, flat."""
    length = (start(block, last) - start(block, first)) // 8 + size(block, last)
    return carray(_pointer(start(block, first)), (length,), np.float64)


@kernel
def numbers_at(address, count):
    """``count`` float64 at an address that a block holds."""
    return carray(_pointer(address), (count,), np.float64)
