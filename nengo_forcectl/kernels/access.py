"""How a kernel reads and writes a block: by the name of a place, without an allocation.

A block is known by its address alone. It begins with a table of where each field starts and where
the last one ends, counted in numbers of 8 bytes from its beginning; `layout` has the names.

These functions exist in kernels alone. They are written as LLVM instructions, because functions of
Python would be compiled anew for every place, and again in every kernel that calls them.
"""

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array

_WORD, _DOUBLE = ir.IntType(64), ir.DoubleType()
_INT, _FLOAT = types.int64, types.float64
_BYTES = ir.Constant(_WORD, 8)
_instructions: Any = intrinsic


def _words(builder: Any, address: Any, kind: Any = _WORD) -> Any:
    """Pointer to the numbers at an address."""
    return builder.inttoptr(address, kind.as_pointer())


def _limits(builder: Any, block: Any, field: Any) -> tuple[Any, Any]:
    """Where a field starts and where the next one does, counted from the block's beginning."""
    table = _words(builder, block)
    after = builder.add(field, ir.Constant(_WORD, 1))
    return builder.load(builder.gep(table, [field])), builder.load(builder.gep(table, [after]))


def _address(builder: Any, block: Any, start: Any) -> Any:
    return builder.add(block, builder.mul(start, _BYTES))


def _view(context: Any, builder: Any, kind: Any, address: Any, shape: Sequence[Any]) -> Any:
    """An array of ``kind`` that nobody owns over the numbers at an address."""
    strides = [_BYTES]
    for length in reversed(shape[1:]):
        strides.insert(0, builder.mul(strides[0], length))
    array = make_array(kind)(context, builder)
    populate_array(
        array,
        data=_words(builder, address, context.get_data_type(kind.dtype)),
        shape=list(shape),
        strides=strides,
        itemsize=_BYTES,
        meminfo=None,
    )
    return array._getvalue()


def _field(context: Any, builder: Any, kind: Any, values: Sequence[Any]) -> Any:
    """View of a field; ``values`` are its block and place, and all of its lengths but the first."""
    block, field, *inner = values
    start, end = _limits(builder, block, field)
    length = builder.sub(end, start)
    for each in inner:
        length = builder.sdiv(length, each)
    return _view(context, builder, kind, _address(builder, block, start), [length, *inner])


def _array(dimensions: int, dtype: Any = _FLOAT) -> Any:
    return types.Array(dtype, dimensions, "C")


@_instructions
def whole(typing: Any, block: Any, field: Any) -> Any:
    """The int64 of a field that has one: a size, a choice or an address."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        start, _ = _limits(builder, *values)
        return builder.load(_words(builder, _address(builder, values[0], start)))

    return _INT(_INT, _INT), code


@_instructions
def number(typing: Any, block: Any, field: Any) -> Any:
    """The float64 of a field that has one."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        start, _ = _limits(builder, *values)
        return builder.load(_words(builder, _address(builder, values[0], start), _DOUBLE))

    return _FLOAT(_INT, _INT), code


@_instructions
def set_number(typing: Any, block: Any, field: Any, value: Any) -> Any:
    """Write the float64 of a field that has one."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        start, _ = _limits(builder, *values[:2])
        place = _words(builder, _address(builder, values[0], start), _DOUBLE)
        builder.store(values[2], place)
        return context.get_dummy_value()

    return types.none(_INT, _INT, _FLOAT), code


@_instructions
def vector(typing: Any, block: Any, field: Any) -> Any:
    """The float64 of a field, (size,)."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return _field(context, builder, _array(1), values)

    return _array(1)(_INT, _INT), code


@_instructions
def wholes(typing: Any, block: Any, field: Any) -> Any:
    """The int64 of a field, (size,)."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return _field(context, builder, _array(1, _INT), values)

    return _array(1, _INT)(_INT, _INT), code


@_instructions
def matrix(typing: Any, block: Any, field: Any, columns: Any) -> Any:
    """The float64 of a field, (rows, columns)."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return _field(context, builder, _array(2), values)

    return _array(2)(_INT, _INT, _INT), code


@_instructions
def cube(typing: Any, block: Any, field: Any, rows: Any, columns: Any) -> Any:
    """The float64 of a field, (layers, rows, columns)."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return _field(context, builder, _array(3), values)

    return _array(3)(_INT, _INT, _INT, _INT), code


@_instructions
def span(typing: Any, block: Any, first: Any, last: Any) -> Any:
    """The float64 of neighbouring fields, from ``first`` to ``last``, flat."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        block, first, last = values
        start, _ = _limits(builder, block, first)
        _, end = _limits(builder, block, last)
        shape = [builder.sub(end, start)]
        return _view(context, builder, _array(1), _address(builder, block, start), shape)

    return _array(1)(_INT, _INT, _INT), code
