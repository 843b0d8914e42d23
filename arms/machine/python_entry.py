"""From Python into a kernel: one call, nothing converted, tens of nanoseconds.

``call(q, dq, u)`` checks that its inputs are contiguous float64 vectors of the right length with
finite entries, runs the kernel and returns new arrays: one array, or a named tuple of them. For any
other input it returns False, and the caller converts the input or explains what is wrong with it.
``fill(q, dq, u, out)`` writes into an existing float64 buffer and returns True.

Both are Python functions made of machine code, because a call through ctypes or numba costs as much
as a kernel. They use the C interfaces of Python and NumPy. If their objects have another layout
than ``python_objects`` expects, neither function is created and the caller uses ctypes.

The file has three parts: the records that the two functions read, their machine code, and the
Python functions made from it. It imports llvmlite; ``kernel.py`` imports it with ``compile.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from math import prod
from typing import Any

import numpy as np
from llvmlite import ir

from arms.machine import cache as disk
from arms.machine.compile import MachineCode, compile_text, platform
from arms.machine.python_objects import (
    BYTE,
    BYTES,
    DATA,
    F64,
    FASTCALL,
    I32,
    I64,
    NULL,
    PLAIN,
    PTR,
    VOID,
    WRITEABLE,
    MethodDef,
    at,
    internal,
    layout_fits,
    numpy_function,
    plain_vector,
    python_function,
    repeated,
    require,
    words,
)

# 1. The records that both functions read
# `self` of both is a bytes object: these fields, 8 bytes each, then a record per term.
FIELDS = (
    *("kernel", "PyBool_FromLong", "Py_IncRef", "PyArray_NewFromDescr"),
    *("PyType_GenericAlloc", "PyTuple_SetItem", "array_type", "float64", "n_q", "n_dq", "n_u"),
    *("tuple_type", "terms", "size"),
)
# Offsets in a term's record [bytes]: number of dimensions, number of entries, three dimensions.
TERM_NDIM, TERM_SIZE, TERM_DIMS, TERM_BYTES = 0, 8, 16, 40
NEW_FROM_DESCR = 94  # index of PyArray_NewFromDescr in NumPy's table of functions

# 2. Their machine code


def _text() -> str:
    """LLVM assembly of ``call`` and ``fill``, both with the signature of ``METH_FASTCALL``."""
    module = ir.Module("entry")
    plain = plain_vector(module)
    vector = _vector(module, plain)
    _fill(module, plain, vector)
    _call(module, vector)
    return str(module)


def _field(b: Any, fields: Any, name: str, kind: Any = PTR) -> Any:
    return at(b, fields, BYTES + 8 * FIELDS.index(name), kind)


def _invoke(b: Any, fields: Any, name: str, result: Any, *args: Any) -> Any:
    """Call the function whose address is in field ``name``."""
    kind = ir.FunctionType(result, [a.type for a in args]).as_pointer()
    return b.call(b.inttoptr(_field(b, fields, name, I64), kind), list(args))


def _vector(module: Any, plain: Any) -> Any:
    """``vector(thing, n, array_type, float64)``: the same, finite; not read if n is 0."""
    function, b = internal(module, "vector", [PTR, I64, PTR, PTR])
    thing, n, array_type, float64 = function.args
    require(b, b.icmp_signed("!=", n, I64(0)), lambda: thing)
    data = b.call(plain, [thing, n, array_type, float64, I32(PLAIN)])
    require(b, b.icmp_unsigned("!=", data, NULL), lambda: NULL)
    with b.goto_entry_block():
        total = b.alloca(F64)
    b.store(F64(0.0), total)
    with repeated(b, n) as i:
        x = b.load(b.gep(data, [i], source_etype=F64), typ=F64)
        # x * 0 is zero if x is finite, else NaN.
        b.store(b.fadd(b.load(total, typ=F64), b.fmul(x, F64(0.0))), total)
    finite = b.fcmp_ordered("==", b.load(total, typ=F64), F64(0.0))
    require(b, finite, lambda: NULL)
    b.ret(data)
    return function


def _begin(module: Any, name: str, vector: Any, arguments: int) -> tuple[Any, Any, Any, list[Any]]:
    """Begin a function for Python; return builder, self, arguments and the three inputs' data."""
    function = ir.Function(module, ir.FunctionType(PTR, [PTR, PTR, I64]), name)
    fields, args, count = function.args
    b = ir.IRBuilder(function.append_basic_block())

    def return_false() -> Any:
        return _invoke(b, fields, "PyBool_FromLong", PTR, I64(0))

    require(b, b.icmp_signed("==", count, I64(arguments)), return_false)
    types = _field(b, fields, "array_type"), _field(b, fields, "float64")
    inputs = []
    for k, length in enumerate(("n_q", "n_dq", "n_u")):
        data = b.call(vector, [at(b, args, 8 * k), _field(b, fields, length, I64), *types])
        require(b, b.icmp_unsigned("!=", data, NULL), return_false)
        inputs.append(data)
    return b, fields, args, inputs


def _fill(module: Any, plain: Any, vector: Any) -> None:
    """``fill(q, dq, u, out)``."""
    b, fields, args, inputs = _begin(module, "fill", vector, 4)
    types = _field(b, fields, "array_type"), _field(b, fields, "float64")
    size, flags = _field(b, fields, "size", I64), I32(PLAIN | WRITEABLE)
    out = b.call(plain, [at(b, args, 24), size, *types, flags])
    fits = b.icmp_unsigned("!=", out, NULL)
    require(b, fits, lambda: _invoke(b, fields, "PyBool_FromLong", PTR, I64(0)))
    _invoke(b, fields, "kernel", VOID, *inputs, out)
    b.ret(_invoke(b, fields, "PyBool_FromLong", PTR, I64(1)))


def _call(module: Any, vector: Any) -> None:
    """``call(q, dq, u)``: a new array for a single term, else a tuple of arrays."""
    b, fields, _, inputs = _begin(module, "call", vector, 3)
    terms = _field(b, fields, "terms", I64)
    single = b.icmp_signed("==", terms, I64(1))
    with b.goto_entry_block():
        record, source, results = (b.alloca(PTR) for _ in range(3))
    buffer = b.alloca(F64, size=_field(b, fields, "size", I64))
    _invoke(b, fields, "kernel", VOID, *inputs, buffer)
    first = b.gep(fields, [I64(BYTES + 8 * len(FIELDS))], source_etype=BYTE)
    b.store(first, record)
    b.store(buffer, source)
    with b.if_then(b.not_(single)):
        kind = _field(b, fields, "tuple_type")
        new = _invoke(b, fields, "PyType_GenericAlloc", PTR, kind, terms)
        require(b, b.icmp_unsigned("!=", new, NULL), lambda: NULL)
        b.store(new, results)
    with repeated(b, terms) as k:
        here, values = b.load(record, typ=PTR), b.load(source, typ=PTR)
        array = _new_array(b, fields, here)
        require(b, b.icmp_unsigned("!=", array, NULL), lambda: NULL)
        size = at(b, here, TERM_SIZE, I64)
        copy = module.declare_intrinsic("llvm.memcpy", [PTR, PTR, I64])
        b.call(copy, [at(b, array, DATA), values, b.mul(size, I64(8)), ir.IntType(1)(0)])
        with b.if_then(single):
            b.ret(array)
        _invoke(b, fields, "PyTuple_SetItem", I32, b.load(results, typ=PTR), k, array)
        b.store(b.gep(here, [I64(TERM_BYTES)], source_etype=BYTE), record)
        b.store(b.gep(values, [size], source_etype=F64), source)
    b.ret(b.load(results, typ=PTR))


def _new_array(b: Any, fields: Any, record: Any) -> Any:
    """A float64 array with the dimensions in a term's record."""
    array_type, float64 = _field(b, fields, "array_type"), _field(b, fields, "float64")
    _invoke(b, fields, "Py_IncRef", VOID, float64)  # the new array takes the reference over
    dims = b.gep(record, [I64(TERM_DIMS)], source_etype=BYTE)
    shape = b.trunc(at(b, record, TERM_NDIM, I64), I32), dims
    rest = NULL, NULL, I32(0), NULL  # strides, data, flags, other
    return _invoke(b, fields, "PyArray_NewFromDescr", PTR, array_type, float64, *shape, *rest)


# 3. The Python functions
@cache
def _methods() -> tuple[MachineCode, MethodDef, MethodDef]:
    """Machine code of ``call`` and ``fill``; it stays for as long as Python runs."""
    code = MachineCode(disk.fetch(f"entry|{platform()}", lambda: compile_text(_text())))
    call, fill = (
        MethodDef(name.encode(), code.address(name), FASTCALL, None) for name in ("call", "fill")
    )
    return code, call, fill


def python_functions(
    code: MachineCode,
    lengths: tuple[int, int, int],
    shapes: Sequence[tuple[int, ...]],
    result: type[tuple],
) -> tuple[Callable[..., Any], Callable[..., bool]] | None:
    """``call`` and ``fill`` for the kernel in ``code``; None if the object layout is unknown.

    ``lengths`` are those of q, dq and u, 0 for an input that is not read. ``shapes`` are those of
    the terms, which ``call`` returns as a ``result``, or as a bare array if there is only one.
    """
    if not layout_fits():
        return None
    known = {
        "kernel": code.address("kernel"),
        "PyArray_NewFromDescr": numpy_function(NEW_FROM_DESCR),
        "array_type": id(np.ndarray),
        "float64": id(np.dtype(np.float64)),
        **dict(zip(("n_q", "n_dq", "n_u"), lengths, strict=True)),
        "tuple_type": id(result),
        "terms": len(shapes),
        "size": sum(prod(shape) for shape in shapes),
    }
    fields = words(FIELDS, known)
    for shape in shapes:
        fields += [len(shape), prod(shape), *shape, *(0,) * (3 - len(shape))]
    _, call, fill = _methods()
    return python_function(call, fields, code), python_function(fill, fields, code)
