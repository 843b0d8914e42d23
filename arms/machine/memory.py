"""Plain memory in a kernel: numbers at an address, and a function at one.

Nothing is checked: as in C, a wrong address crashes. Importing this module imports numba.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array

from arms.machine.numba_kernel import kernel
from arms.machine.object_files import ARGUMENT

_INT, _FLOAT = types.int64, types.float64
_WORD, _DOUBLE = ir.IntType(64), ir.DoubleType()
_BYTES = ir.Constant(_WORD, 8)
_FUNCTION = ir.FunctionType(_WORD, [*[_WORD] * 6, _DOUBLE])
_instructions: Any = intrinsic


def words_at(builder: Any, address: Any, kind: Any = _WORD) -> Any:
    """Emit a pointer to the numbers at an address."""
    return builder.inttoptr(address, kind.as_pointer())


def view(context: Any, builder: Any, kind: Any, address: Any, shape: Sequence[Any]) -> Any:
    """Emit an array of ``kind`` over the numbers at an address, without ownership."""
    strides = [_BYTES]
    for length in reversed(shape[1:]):
        strides.insert(0, builder.mul(strides[0], length))
    array = make_array(kind)(context, builder)
    populate_array(
        array,
        data=words_at(builder, address, context.get_data_type(kind.dtype)),
        shape=list(shape),
        strides=strides,
        itemsize=_BYTES,
        meminfo=None,
    )
    return array._getvalue()


def _viewed(kind: Any) -> tuple[Any, Any]:
    """Return signature and code of a view of numbers: address and shape give an array."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return view(context, builder, kind, values[0], list(values[1:]))

    return kind(_INT, *[_INT] * kind.ndim), code


@_instructions
def numbers_at(typing: Any, address: Any, count: Any) -> Any:
    """Return the float64 numbers at an address, (count,)."""
    return _viewed(types.Array(_FLOAT, 1, "C"))


@_instructions
def wholes_at(typing: Any, address: Any, count: Any) -> Any:
    """Return the int64 numbers at an address, (count,)."""
    return _viewed(types.Array(_INT, 1, "C"))


@_instructions
def matrix_at(typing: Any, address: Any, rows: Any, columns: Any) -> Any:
    """Return the float64 numbers at an address, (rows, columns)."""
    return _viewed(types.Array(_FLOAT, 2, "C"))


@_instructions
def cube_at(typing: Any, address: Any, layers: Any, rows: Any, columns: Any) -> Any:
    """Return the float64 numbers at an address, (layers, rows, columns)."""
    return _viewed(types.Array(_FLOAT, 3, "C"))


@_instructions
def call(typing: Any, address: Any, *given: Any) -> Any:
    """Call ``int64 function(int64 a ... f, double number)`` at an address.

    Arguments that are not given are 0; a float is the number, and comes last.
    """
    floats = len([each for each in given if isinstance(each, types.Float)])
    wholes = len(given) - floats
    kinds = types.StarArgTuple((_INT,) * wholes + (_FLOAT,) * floats)

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        own = cgutils.unpack_tuple(builder, values[1])
        passed = own[:wholes] + [ir.Constant(_WORD, 0)] * (6 - wholes)
        passed += own[wholes:] or [ir.Constant(_DOUBLE, 0.0)]
        return builder.call(builder.inttoptr(values[0], _FUNCTION.as_pointer()), passed)

    return _INT(_INT, kinds), code


@kernel
def arguments(given, count):
    """Return the arguments that `object_files.pack` has packed at an address."""
    return wholes_at(given, ARGUMENT * count)  # pyright: ignore[reportCallIssue]


@kernel
def whole_argument(given, k):
    """Return argument k of `arguments`, a whole number."""
    return given[ARGUMENT * k]


@kernel
def wholes_argument(given, k):
    """Return argument k of `arguments`, a vector of whole numbers."""
    i = ARGUMENT * k
    return wholes_at(given[i], given[i + 1])  # pyright: ignore[reportCallIssue]


@kernel
def matrix_argument(given, k):
    """Return argument k of `arguments`, a matrix."""
    i = ARGUMENT * k
    return matrix_at(given[i], given[i + 1], given[i + 2])  # pyright: ignore[reportCallIssue]


@kernel
def cube_argument(given, k):
    """Return argument k of `arguments`, a cube."""
    i = ARGUMENT * k
    return cube_at(given[i], given[i + 1], given[i + 2], given[i + 3])  # pyright: ignore[reportCallIssue]


@kernel
def copy_numbers(values, target):
    """Copy as many numbers as the target has."""
    for i in range(len(target)):
        target[i] = values[i]


@kernel
def clear(target):
    """Set numbers to 0."""
    for i in range(len(target)):
        target[i] = 0.0
