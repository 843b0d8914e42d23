"""Reading and writing a block from a kernel, by the name of a field, without allocation.

A kernel gets only a block's address. The block begins with a table of where each field starts and
where the last one ends, counted in words of 8 bytes from its beginning; `layout` has the names.

These functions work in kernels only. They emit LLVM instructions, because Python functions would be
compiled anew for every field, and again in every kernel that calls them.
"""

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from arms.machine.memory import view, words_at

_WORD, _DOUBLE = ir.IntType(64), ir.DoubleType()
_INT, _FLOAT = types.int64, types.float64
_BYTES = ir.Constant(_WORD, 8)
_instructions: Any = intrinsic


def _limits(builder: Any, block: Any, field: Any) -> tuple[Any, Any]:
    """Return the starts of a field and of the next one, counted from the block's beginning."""
    table = words_at(builder, block)
    after = builder.add(field, ir.Constant(_WORD, 1))
    return builder.load(builder.gep(table, [field])), builder.load(builder.gep(table, [after]))


def _address(builder: Any, block: Any, start: Any) -> Any:
    return builder.add(block, builder.mul(start, _BYTES))


def _field(context: Any, builder: Any, kind: Any, values: Sequence[Any]) -> Any:
    """Return a view of a field; ``values`` are its block, place and all lengths but the first."""
    block, field, *inner = values
    start, end = _limits(builder, block, field)
    length = builder.sub(end, start)
    for each in inner:
        length = builder.sdiv(length, each)
    return view(context, builder, kind, _address(builder, block, start), [length, *inner])


def _array(dimensions: int, dtype: Any = _FLOAT) -> Any:
    return types.Array(dtype, dimensions, "C")


@_instructions
def whole(typing: Any, block: Any, field: Any) -> Any:
    """Return the int64 of a scalar field: a size, a choice or an address."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        start, _ = _limits(builder, *values)
        return builder.load(words_at(builder, _address(builder, values[0], start)))

    return _INT(_INT, _INT), code


@_instructions
def number(typing: Any, block: Any, field: Any) -> Any:
    """Return the float64 of a scalar field."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        start, _ = _limits(builder, *values)
        return builder.load(words_at(builder, _address(builder, values[0], start), _DOUBLE))

    return _FLOAT(_INT, _INT), code


@_instructions
def set_number(typing: Any, block: Any, field: Any, value: Any) -> Any:
    """Write the float64 of a scalar field."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        start, _ = _limits(builder, *values[:2])
        place = words_at(builder, _address(builder, values[0], start), _DOUBLE)
        builder.store(values[2], place)
        return context.get_dummy_value()

    return types.none(_INT, _INT, _FLOAT), code


@_instructions
def vector(typing: Any, block: Any, field: Any) -> Any:
    """Return a float64 field, (size,)."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return _field(context, builder, _array(1), values)

    return _array(1)(_INT, _INT), code


@_instructions
def wholes(typing: Any, block: Any, field: Any) -> Any:
    """Return an int64 field, (size,)."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return _field(context, builder, _array(1, _INT), values)

    return _array(1, _INT)(_INT, _INT), code


@_instructions
def matrix(typing: Any, block: Any, field: Any, columns: Any) -> Any:
    """Return a float64 field, (rows, columns)."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return _field(context, builder, _array(2), values)

    return _array(2)(_INT, _INT, _INT), code


@_instructions
def cube(typing: Any, block: Any, field: Any, rows: Any, columns: Any) -> Any:
    """Return a float64 field, (layers, rows, columns)."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return _field(context, builder, _array(3), values)

    return _array(3)(_INT, _INT, _INT, _INT), code


@_instructions
def span(typing: Any, block: Any, first: Any, last: Any) -> Any:
    """Return the float64 fields from ``first`` to ``last`` as one flat array."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        block, first, last = values
        start, _ = _limits(builder, block, first)
        _, end = _limits(builder, block, last)
        shape = [builder.sub(end, start)]
        return view(context, builder, _array(1), _address(builder, block, start), shape)

    return _array(1)(_INT, _INT, _INT), code
