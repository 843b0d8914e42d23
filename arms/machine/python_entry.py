"""From Python into a kernel: one call, nothing converted, tens of nanoseconds.

``call(q, dq, u)`` checks that its inputs are contiguous float64 vectors of the right length with
finite entries, runs the kernel and returns new arrays: one array, or a named tuple of them. For any
other input it returns False, and the caller converts the input or explains what is wrong with it.
``fill(q, dq, u, out)`` writes into an existing float64 buffer and returns True.

Both are Python functions made of machine code, because a call through ctypes or numba costs as much
as a kernel. They use the C interfaces of Python and NumPy. ``_layout_fits`` compares the public
fields of ``PyArrayObject``, whose places NumPy's binary interface fixes, with the places expected
here; if they differ, neither function is created and the caller uses ctypes.

The file has three parts: the records that the two functions read, their machine code, and the
Python functions made from it. It imports llvmlite; ``kernel.py`` imports it with ``compile.py``.
"""

from __future__ import annotations

import ctypes
import struct
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from math import prod
from typing import Any

import numpy as np
from llvmlite import ir

from arms.machine import cache as disk
from arms.machine.compile import MachineCode, compile_text, platform

# 1. The records that both functions read
# `self` of both is a bytes object: these fields, 8 bytes each, then a record per term.
FIELDS = (
    *("kernel", "PyBool_FromLong", "Py_IncRef", "PyArray_NewFromDescr"),
    *("PyType_GenericAlloc", "PyTuple_SetItem", "array_type", "float64", "n_q", "n_dq", "n_u"),
    *("tuple_type", "terms", "size"),
)
# Offsets in a term's record [bytes]: number of dimensions, number of entries, three dimensions.
TERM_NDIM, TERM_SIZE, TERM_DIMS, TERM_BYTES = 0, 8, 16, 40
# Offsets [bytes] in a bytes object, in any object, and in PyArrayObject.
BYTES, TYPE, DATA, ND, DIMS, DESCR, FLAGS = 32, 8, 16, 24, 32, 56, 64
PLAIN, WRITEABLE = 0x0101, 0x0400  # NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_ALIGNED, NPY_ARRAY_WRITEABLE
_NEW_FROM_DESCR = 94  # index of PyArray_NewFromDescr in NumPy's table of functions
_METH_FASTCALL = 0x0080

# 2. Their machine code
_BYTE, _I32, _I64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)
_F64, _PTR, _VOID = ir.DoubleType(), ir.PointerType(), ir.VoidType()
_NULL = _PTR(None)


def _text() -> str:
    """LLVM assembly of ``call`` and ``fill``, both with the signature of ``METH_FASTCALL``."""
    module = ir.Module("entry")
    plain = _plain(module)
    vector = _vector(module, plain)
    _fill(module, plain, vector)
    _call(module, vector)
    return str(module)


def _at(b: Any, base: Any, offset: int, kind: Any = _PTR) -> Any:
    """The value ``offset`` bytes after ``base``."""
    return b.load(b.gep(base, [_I64(offset)], source_etype=_BYTE), typ=kind)


def _field(b: Any, fields: Any, name: str, kind: Any = _PTR) -> Any:
    return _at(b, fields, BYTES + 8 * FIELDS.index(name), kind)


def _invoke(b: Any, fields: Any, name: str, result: Any, *args: Any) -> Any:
    """Call the function whose address is in field ``name``."""
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
    """``vector(thing, n, array_type, float64)``: the same, finite; not read if n is 0."""
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


def _begin(module: Any, name: str, vector: Any, arguments: int) -> tuple[Any, Any, Any, list[Any]]:
    """Begin a function for Python; return builder, self, arguments and the three inputs' data."""
    function = ir.Function(module, ir.FunctionType(_PTR, [_PTR, _PTR, _I64]), name)
    fields, args, count = function.args
    b = ir.IRBuilder(function.append_basic_block())

    def return_false() -> Any:
        return _invoke(b, fields, "PyBool_FromLong", _PTR, _I64(0))

    _require(b, b.icmp_signed("==", count, _I64(arguments)), return_false)
    types = _field(b, fields, "array_type"), _field(b, fields, "float64")
    inputs = []
    for k, length in enumerate(("n_q", "n_dq", "n_u")):
        data = b.call(vector, [_at(b, args, 8 * k), _field(b, fields, length, _I64), *types])
        _require(b, b.icmp_unsigned("!=", data, _NULL), return_false)
        inputs.append(data)
    return b, fields, args, inputs


def _fill(module: Any, plain: Any, vector: Any) -> None:
    """``fill(q, dq, u, out)``."""
    b, fields, args, inputs = _begin(module, "fill", vector, 4)
    types = _field(b, fields, "array_type"), _field(b, fields, "float64")
    size, flags = _field(b, fields, "size", _I64), _I32(PLAIN | WRITEABLE)
    out = b.call(plain, [_at(b, args, 24), size, *types, flags])
    fits = b.icmp_unsigned("!=", out, _NULL)
    _require(b, fits, lambda: _invoke(b, fields, "PyBool_FromLong", _PTR, _I64(0)))
    _invoke(b, fields, "kernel", _VOID, *inputs, out)
    b.ret(_invoke(b, fields, "PyBool_FromLong", _PTR, _I64(1)))


def _call(module: Any, vector: Any) -> None:
    """``call(q, dq, u)``: a new array for a single term, else a tuple of arrays."""
    b, fields, _, inputs = _begin(module, "call", vector, 3)
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
        new = _invoke(b, fields, "PyType_GenericAlloc", _PTR, kind, terms)
        _require(b, b.icmp_unsigned("!=", new, _NULL), lambda: _NULL)
        b.store(new, results)
    with _repeated(b, terms) as k:
        here, values = b.load(record, typ=_PTR), b.load(source, typ=_PTR)
        array = _new_array(b, fields, here)
        _require(b, b.icmp_unsigned("!=", array, _NULL), lambda: _NULL)
        size = _at(b, here, TERM_SIZE, _I64)
        copy = module.declare_intrinsic("llvm.memcpy", [_PTR, _PTR, _I64])
        b.call(copy, [_at(b, array, DATA), values, b.mul(size, _I64(8)), ir.IntType(1)(0)])
        with b.if_then(single):
            b.ret(array)
        _invoke(b, fields, "PyTuple_SetItem", _I32, b.load(results, typ=_PTR), k, array)
        b.store(b.gep(here, [_I64(TERM_BYTES)], source_etype=_BYTE), record)
        b.store(b.gep(values, [size], source_etype=_F64), source)
    b.ret(b.load(results, typ=_PTR))


def _new_array(b: Any, fields: Any, record: Any) -> Any:
    """A float64 array with the dimensions in a term's record."""
    array_type, float64 = _field(b, fields, "array_type"), _field(b, fields, "float64")
    _invoke(b, fields, "Py_IncRef", _VOID, float64)  # the new array takes the reference over
    dims = b.gep(record, [_I64(TERM_DIMS)], source_etype=_BYTE)
    shape = b.trunc(_at(b, record, TERM_NDIM, _I64), _I32), dims
    rest = _NULL, _NULL, _I32(0), _NULL  # strides, data, flags, other
    return _invoke(b, fields, "PyArray_NewFromDescr", _PTR, array_type, float64, *shape, *rest)


# 3. The Python functions
class _MethodDef(ctypes.Structure):
    """CPython's PyMethodDef."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("method", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    ]


@cache
def _methods() -> tuple[MachineCode, _MethodDef, _MethodDef]:
    """Machine code of ``call`` and ``fill``; it stays for as long as Python runs."""
    code = MachineCode(disk.fetch(f"entry|{platform()}", lambda: compile_text(_text())))
    call, fill = (
        _MethodDef(name.encode(), code.address(name), _METH_FASTCALL, None)
        for name in ("call", "fill")
    )
    return code, call, fill


@cache
def _layout_fits() -> bool:
    """Do Python's and NumPy's objects have the layout that the machine code reads?"""
    if (
        sys.implementation.name != "cpython"
        or struct.calcsize("P") != 8
        or hasattr(sys, "getobjects")
    ):
        return False
    probe = np.zeros(3)
    word = [ctypes.c_int64.from_address(id(probe) + k).value for k in range(0, 72, 8)]
    return (
        bytes.__basicsize__ == BYTES + 1
        and word[TYPE // 8] == id(np.ndarray)
        and word[DATA // 8] == probe.ctypes.data
        and word[ND // 8] & 0xFFFFFFFF == 1
        and ctypes.c_int64.from_address(word[DIMS // 8]).value == 3
        and word[DESCR // 8] == id(np.dtype(np.float64))
        and word[FLAGS // 8] & PLAIN == PLAIN
    )


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
    if not _layout_fits():
        return None
    api = ctypes.pythonapi
    values: dict[str, int | None] = {
        "kernel": code.address("kernel"),
        "PyArray_NewFromDescr": _numpy_function(_NEW_FROM_DESCR),
        "array_type": id(np.ndarray),
        "float64": id(np.dtype(np.float64)),
        **dict(zip(("n_q", "n_dq", "n_u"), lengths, strict=True)),
        "tuple_type": id(result),
        "terms": len(shapes),
        "size": sum(prod(shape) for shape in shapes),
    }
    for name in FIELDS:
        if name not in values:
            values[name] = ctypes.cast(getattr(api, name), ctypes.c_void_p).value
    words = [values[name] for name in FIELDS]
    for shape in shapes:
        words += [len(shape), prod(shape), *shape, *(0,) * (3 - len(shape))]
    fields = struct.pack(f"{len(words)}q", *words)
    new = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.py_object, ctypes.py_object)(
        ("PyCFunction_NewEx", api)
    )
    _, call, fill = _methods()
    # A function owns its last argument (its module), so the machine code lives as long as it does.
    return new(ctypes.addressof(call), fields, code), new(ctypes.addressof(fill), fields, code)


@cache
def _numpy_function(index: int) -> int:
    """Address of a function of NumPy's C interface."""
    core = import_module("numpy._core._multiarray_umath")
    get = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
        ("PyCapsule_GetPointer", ctypes.pythonapi)
    )
    table = get(core._ARRAY_API, None)
    return ctypes.c_int64.from_address(table + 8 * index).value
