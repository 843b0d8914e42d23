"""The machine code of ``entry.py``, as LLVM assembly: two functions in C's manner for Python.

Both have the signature of ``METH_FASTCALL``. Their ``self`` is the bytes object that
``arms.entry`` describes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite import ir

from arms.machine.python_entry import (
    BYTES,
    DATA,
    DESCR,
    DIMS,
    FIELDS,
    FLAGS,
    ND,
    PLAIN,
    TYPE,
    WRITEABLE,
)

_BYTE, _I32, _I64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)
_F64, _PTR, _VOID = ir.DoubleType(), ir.PointerType(), ir.VoidType()
_NULL = _PTR(None)


def text() -> str:
    """LLVM assembly of ``call`` and ``fill``."""
    module = ir.Module("entry")
    plain = _plain(module)
    vector = _vector(module, plain)
    _fill(module, plain, vector)
    _call(module, vector)
    return str(module)


def _at(b: Any, base: Any, offset: int, kind: Any = _PTR) -> Any:
    """What is ``offset`` bytes behind ``base``."""
    return b.load(b.gep(base, [_I64(offset)], source_etype=_BYTE), typ=kind)


def _field(b: Any, fields: Any, name: str, kind: Any = _PTR) -> Any:
    return _at(b, fields, BYTES + 8 * FIELDS.index(name), kind)


def _invoke(b: Any, fields: Any, name: str, result: Any, *args: Any) -> Any:
    """Call the function whose address is field ``name``."""
    kind = ir.FunctionType(result, [a.type for a in args]).as_pointer()
    return b.call(b.inttoptr(_field(b, fields, name, _I64), kind), list(args))


@contextmanager
def _repeated(b: Any, count: Any) -> Iterator[Any]:
    """The loop ``for k in range(count)``; count is at least one."""
    with b.goto_entry_block():
        counter = b.alloca(_I64)
    b.store(_I64(0), counter)
    body, end = b.append_basic_block("body"), b.append_basic_block("end")
    b.branch(body)
    b.position_at_end(body)
    k = b.load(counter, typ=_I64)
    yield k
    after = b.add(k, _I64(1))
    b.store(after, counter)
    b.cbranch(b.icmp_signed("<", after, count), body, end)
    b.position_at_end(end)


def _require(b: Any, condition: Any, otherwise: Callable[[], Any]) -> None:
    """Return ``otherwise()`` unless ``condition`` holds."""
    with b.if_then(b.not_(condition), likely=False):
        b.ret(otherwise())


def _internal(module: Any, name: str, arguments: list[Any]) -> tuple[Any, Any]:
    function = ir.Function(module, ir.FunctionType(_PTR, arguments), name)
    function.linkage = "internal"
    function.attributes.add("alwaysinline")
    return function, ir.IRBuilder(function.append_basic_block())


def _plain(module: Any) -> Any:
    """``plain(thing, n, array_type, float64, flags)``: a float64 vector's data, or null."""
    function, b = _internal(module, "plain", [_PTR, _I64, _PTR, _PTR, _I32])
    thing, n, array_type, float64, flags = function.args
    _require(b, b.icmp_unsigned("==", _at(b, thing, TYPE), array_type), lambda: _NULL)
    _require(b, b.icmp_unsigned("==", _at(b, thing, DESCR), float64), lambda: _NULL)
    _require(b, b.icmp_signed("==", _at(b, thing, ND, _I32), _I32(1)), lambda: _NULL)
    set_flags = b.and_(_at(b, thing, FLAGS, _I32), flags)
    _require(b, b.icmp_signed("==", set_flags, flags), lambda: _NULL)
    length = _at(b, _at(b, thing, DIMS), 0, _I64)
    _require(b, b.icmp_signed("==", length, n), lambda: _NULL)
    b.ret(_at(b, thing, DATA))
    return function


def _vector(module: Any, plain: Any) -> Any:
    """``vector(thing, n, array_type, float64)``: the same, finite; if n is 0 it may be anything."""
    function, b = _internal(module, "vector", [_PTR, _I64, _PTR, _PTR])
    thing, n, array_type, float64 = function.args
    _require(b, b.icmp_signed("!=", n, _I64(0)), lambda: thing)
    data = b.call(plain, [thing, n, array_type, float64, _I32(PLAIN)])
    _require(b, b.icmp_unsigned("!=", data, _NULL), lambda: _NULL)
    with b.goto_entry_block():
        total = b.alloca(_F64)
    b.store(_F64(0.0), total)
    with _repeated(b, n) as i:
        x = b.load(b.gep(data, [i], source_etype=_F64), typ=_F64)
        # x * 0 is zero if x is finite, else NaN.
        b.store(b.fadd(b.load(total, typ=_F64), b.fmul(x, _F64(0.0))), total)
    finite = b.fcmp_ordered("==", b.load(total, typ=_F64), _F64(0.0))
    _require(b, finite, lambda: _NULL)
    b.ret(data)
    return function


def _entry(module: Any, name: str, vector: Any, arguments: int) -> tuple[Any, Any, Any, list[Any]]:
    """Begin a function for Python: builder, self, arguments and the data of its three inputs."""
    function = ir.Function(module, ir.FunctionType(_PTR, [_PTR, _PTR, _I64]), name)
    fields, args, count = function.args
    b = ir.IRBuilder(function.append_basic_block())

    def no() -> Any:
        return _invoke(b, fields, "PyBool_FromLong", _PTR, _I64(0))

    _require(b, b.icmp_signed("==", count, _I64(arguments)), no)
    types = _field(b, fields, "array_type"), _field(b, fields, "float64")
    inputs = []
    for k, length in enumerate(("n_q", "n_dq", "n_u")):
        data = b.call(vector, [_at(b, args, 8 * k), _field(b, fields, length, _I64), *types])
        _require(b, b.icmp_unsigned("!=", data, _NULL), no)
        inputs.append(data)
    return b, fields, args, inputs


def _fill(module: Any, plain: Any, vector: Any) -> None:
    """``fill(q, dq, u, out)``."""
    b, fields, args, inputs = _entry(module, "fill", vector, 4)
    types = _field(b, fields, "array_type"), _field(b, fields, "float64")
    size, flags = _field(b, fields, "size", _I64), _I32(PLAIN | WRITEABLE)
    out = b.call(plain, [_at(b, args, 24), size, *types, flags])
    fits = b.icmp_unsigned("!=", out, _NULL)
    _require(b, fits, lambda: _invoke(b, fields, "PyBool_FromLong", _PTR, _I64(0)))
    _invoke(b, fields, "kernel", _VOID, *inputs, out)
    b.ret(_invoke(b, fields, "PyBool_FromLong", _PTR, _I64(1)))


def _call(module: Any, vector: Any) -> None:
    """``call(q, dq, u)``: a new array for the only term, or a tuple of arrays."""
    b, fields, _, inputs = _entry(module, "call", vector, 3)
    terms = _field(b, fields, "terms", _I64)
    single = b.icmp_signed("==", terms, _I64(1))
    with b.goto_entry_block():
        record, source, results = (b.alloca(_PTR) for _ in range(3))
    buffer = b.alloca(_F64, size=_field(b, fields, "size", _I64))
    _invoke(b, fields, "kernel", _VOID, *inputs, buffer)
    first = b.gep(fields, [_I64(BYTES + 8 * len(FIELDS))], source_etype=_BYTE)
    b.store(first, record)
    b.store(buffer, source)
    with b.if_then(b.not_(single)):
        kind = _field(b, fields, "tuple_type")
        made = _invoke(b, fields, "PyType_GenericAlloc", _PTR, kind, terms)
        _require(b, b.icmp_unsigned("!=", made, _NULL), lambda: _NULL)
        b.store(made, results)
    with _repeated(b, terms) as k:
        here, values = b.load(record, typ=_PTR), b.load(source, typ=_PTR)
        array = _new_array(b, fields, here)
        _require(b, b.icmp_unsigned("!=", array, _NULL), lambda: _NULL)
        size = _at(b, here, 8, _I64)
        copy = module.declare_intrinsic("llvm.memcpy", [_PTR, _PTR, _I64])
        b.call(copy, [_at(b, array, DATA), values, b.mul(size, _I64(8)), ir.IntType(1)(0)])
        with b.if_then(single):
            b.ret(array)
        _invoke(b, fields, "PyTuple_SetItem", _I32, b.load(results, typ=_PTR), k, array)
        b.store(b.gep(here, [_I64(40)], source_etype=_BYTE), record)
        b.store(b.gep(values, [size], source_etype=_F64), source)
    b.ret(b.load(results, typ=_PTR))


def _new_array(b: Any, fields: Any, record: Any) -> Any:
    """A float64 array of the dimensions in a term's record."""
    array_type, float64 = _field(b, fields, "array_type"), _field(b, fields, "float64")
    _invoke(b, fields, "Py_IncRef", _VOID, float64)  # the new array takes the reference over
    dims = b.gep(record, [_I64(16)], source_etype=_BYTE)
    shape = b.trunc(_at(b, record, 0, _I64), _I32), dims
    rest = _NULL, _NULL, _I32(0), _NULL  # strides, data, flags, other
    return _invoke(b, fields, "PyArray_NewFromDescr", _PTR, array_type, float64, *shape, *rest)
