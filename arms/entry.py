"""The way from Python into a kernel: one call, nothing converted, tens of nanoseconds.

``call(q, dq, u)`` checks that its inputs are contiguous float64 vectors of the right length with
finite entries, runs the kernel and returns new arrays: one, or a named tuple of them. For any
other input it returns False, and the caller converts or explains. ``fill(q, dq, u, out)`` writes
into an existing float64 buffer and returns True.

Both are Python functions made of machine code, because a call through ctypes or numba costs as
much as a kernel. They use Python's and NumPy's C interface; ``_layout_fits`` compares the public
fields of ``PyArrayObject``, whose place NumPy's binary interface fixes, with what is expected,
before anything is built on them.
"""

from __future__ import annotations

import ctypes
import struct
import sys
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from math import prod
from typing import Any

import numpy as np

from arms import cache as disk
from arms.compile import Loaded, compiled, platform

# The bytes that both functions carry as `self`: 8-byte fields, then nd, size, 3 dims of each term.
_FIELDS = (
    *("kernel", "PyBool_FromLong", "Py_IncRef", "PyArray_NewFromDescr", "PyType_GenericAlloc"),
    *(
        "PyTuple_SetItem",
        "array_type",
        "float64",
        "n_q",
        "n_dq",
        "n_u",
        "tuple_type",
        "terms",
        "size",
    ),
)
_BYTES, _TYPE, _DATA, _ND, _DIMS, _DESCR, _FLAGS = 32, 8, 16, 24, 32, 56, 64  # offsets in objects
_PLAIN = 0x0101  # NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_ALIGNED
_WRITEABLE = 0x0400  # NPY_ARRAY_WRITEABLE
_NEW_FROM_DESCR = 94  # place in NumPy's table of functions
_METH_FASTCALL = 0x0080


def _text() -> str:
    """LLVM assembly of ``call`` and ``fill``."""
    from llvmlite import ir

    i32, i64, f64, ptr = ir.IntType(32), ir.IntType(64), ir.DoubleType(), ir.PointerType()
    void = ir.VoidType()
    module = ir.Module("entry")

    def at(b: Any, base: Any, offset: int, kind: Any) -> Any:
        return b.load(b.gep(base, [i64(offset)], source_etype=ir.IntType(8)), typ=kind)

    def field(b: Any, fields: Any, name: str, kind: Any = ptr) -> Any:
        return at(b, fields, _BYTES + 8 * _FIELDS.index(name), kind)

    def invoke(b: Any, target: Any, result: Any, *args: Any) -> Any:
        kind = ir.FunctionType(result, [a.type for a in args]).as_pointer()
        return b.call(b.inttoptr(target, kind), list(args))

    def internal(name: str, arguments: list[Any]) -> tuple[Any, Any, Callable[[Any], None]]:
        """A function that returns a pointer, its builder, and what lets it return null."""
        function = ir.Function(module, ir.FunctionType(ptr, arguments), name)
        function.linkage = "internal"
        b, bad = ir.IRBuilder(function.append_basic_block()), function.append_basic_block("bad")
        ir.IRBuilder(bad).ret(ptr(None))

        def require(condition: Any) -> None:
            good = function.append_basic_block("good")
            b.cbranch(condition, good, bad)
            b.position_at_end(good)

        return function, b, require

    # The data of a float64 vector of n entries that has the wanted flags, else null.
    plain, b, require = internal("plain", [ptr, i64, ptr, ptr, i32])
    thing, n, array_type, float64, flags = plain.args
    require(b.icmp_unsigned("==", at(b, thing, _TYPE, ptr), array_type))
    require(b.icmp_unsigned("==", at(b, thing, _DESCR, ptr), float64))
    require(b.icmp_signed("==", at(b, thing, _ND, i32), i32(1)))
    require(b.icmp_signed("==", b.and_(at(b, thing, _FLAGS, i32), flags), flags))
    require(b.icmp_signed("==", at(b, at(b, thing, _DIMS, ptr), 0, i64), n))
    b.ret(at(b, thing, _DATA, ptr))

    # The same if all entries are finite; anything at all if n is 0.
    vector, b, require = internal("vector", [ptr, i64, ptr, ptr])
    thing, n, array_type, float64 = vector.args
    with b.if_then(b.icmp_signed("==", n, i64(0))):
        b.ret(thing)
    data = b.call(plain, [thing, n, array_type, float64, i32(_PLAIN)])
    require(b.icmp_unsigned("!=", data, ptr(None)))
    start = b.block
    loop, end = vector.append_basic_block("loop"), vector.append_basic_block("end")
    b.branch(loop)
    b.position_at_end(loop)
    i, total = b.phi(i64), b.phi(f64)
    value = b.load(b.gep(data, [i], source_etype=f64), typ=f64)
    after, sum_after = b.add(i, i64(1)), b.fadd(total, b.fmul(value, f64(0.0)))  # NaN unless finite
    for phi, first, later in ((i, i64(0), after), (total, f64(0.0), sum_after)):
        phi.add_incoming(first, start)
        phi.add_incoming(later, loop)
    b.cbranch(b.icmp_signed("<", after, n), loop, end)
    b.position_at_end(end)
    require(b.fcmp_ordered("==", sum_after, f64(0.0)))
    b.ret(data)

    for name, arguments in (("call", 3), ("fill", 4)):
        function = ir.Function(module, ir.FunctionType(ptr, [ptr, ptr, i64]), name)
        fields, args, count = function.args
        b = ir.IRBuilder(function.append_basic_block())
        boolean = field(b, fields, "PyBool_FromLong", i64)

        def refuse_unless(condition: Any, b: Any = b, boolean: Any = boolean) -> None:
            with b.if_then(b.not_(condition), likely=False):
                b.ret(invoke(b, boolean, ptr, i64(0)))

        refuse_unless(b.icmp_signed("==", count, i64(arguments)))
        types = field(b, fields, "array_type"), field(b, fields, "float64")
        vectors = []
        for k, length in enumerate(("n_q", "n_dq", "n_u")):
            thing = at(b, args, 8 * k, ptr)
            vectors.append(b.call(vector, [thing, field(b, fields, length, i64), *types]))
            refuse_unless(b.icmp_unsigned("!=", vectors[-1], ptr(None)))
        kernel = field(b, fields, "kernel", i64)
        if name == "fill":
            size = field(b, fields, "size", i64)
            out = b.call(plain, [at(b, args, 24, ptr), size, *types, i32(_PLAIN | _WRITEABLE)])
            refuse_unless(b.icmp_unsigned("!=", out, ptr(None)))
            invoke(b, kernel, void, *vectors, out)
            b.ret(invoke(b, boolean, ptr, i64(1)))
            continue
        buffer = b.alloca(f64, size=field(b, fields, "size", i64))
        invoke(b, kernel, void, *vectors, buffer)
        terms = field(b, fields, "terms", i64)
        single = b.icmp_signed("==", terms, i64(1))
        record, taken, results = b.alloca(ptr), b.alloca(ptr), b.alloca(ptr)
        b.store(b.gep(fields, [i64(_BYTES + 8 * len(_FIELDS))], source_etype=ir.IntType(8)), record)
        b.store(buffer, taken)
        with b.if_then(b.not_(single)):
            made = invoke(
                b,
                field(b, fields, "PyType_GenericAlloc", i64),
                ptr,
                field(b, fields, "tuple_type"),
                terms,
            )
            with b.if_then(b.icmp_unsigned("==", made, ptr(None)), likely=False):
                b.ret(ptr(None))
            b.store(made, results)
        before, loop = b.block, function.append_basic_block("term")
        end = function.append_basic_block("end")
        b.branch(loop)
        b.position_at_end(loop)
        k = b.phi(i64)
        k.add_incoming(i64(0), before)
        here, source = b.load(record, typ=ptr), b.load(taken, typ=ptr)
        invoke(b, field(b, fields, "Py_IncRef", i64), void, types[1])
        array = invoke(
            b,
            field(b, fields, "PyArray_NewFromDescr", i64),
            ptr,
            *types,
            b.trunc(at(b, here, 0, i64), i32),
            b.gep(here, [i64(16)], source_etype=ir.IntType(8)),
            *(ptr(None), ptr(None), i32(0), ptr(None)),
        )
        with b.if_then(b.icmp_unsigned("==", array, ptr(None)), likely=False):
            b.ret(ptr(None))
        size = at(b, here, 8, i64)
        copy = module.declare_intrinsic("llvm.memcpy", [ptr, ptr, i64])
        b.call(copy, [at(b, array, _DATA, ptr), source, b.mul(size, i64(8)), ir.IntType(1)(0)])
        with b.if_then(single):
            b.ret(array)
        invoke(b, field(b, fields, "PyTuple_SetItem", i64), i32, b.load(results, typ=ptr), k, array)
        b.store(b.gep(here, [i64(40)], source_etype=ir.IntType(8)), record)
        b.store(b.gep(source, [size], source_etype=f64), taken)
        after = b.add(k, i64(1))
        k.add_incoming(after, b.block)
        b.cbranch(b.icmp_signed("<", after, terms), loop, end)
        b.position_at_end(end)
        b.ret(b.load(results, typ=ptr))
    return str(module)


class _MethodDef(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("method", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    ]


@cache
def _methods() -> tuple[Loaded, _MethodDef, _MethodDef]:
    """Machine code of ``call`` and ``fill``; it stays for as long as Python runs."""
    from arms.kernel import version

    code = Loaded(disk.fetch("|".join(("entry", version(), platform())), lambda: compiled(_text())))
    call, fill = (
        _MethodDef(name.encode(), code.address(name), _METH_FASTCALL, None)
        for name in ("call", "fill")
    )
    return code, call, fill


@cache
def _layout_fits() -> bool:
    """Are Python's and NumPy's objects laid out as ``_text`` reads them?"""
    if (
        sys.implementation.name != "cpython"
        or struct.calcsize("P") != 8
        or hasattr(sys, "getobjects")
    ):
        return False
    probe = np.zeros(3)
    word = [ctypes.c_int64.from_address(id(probe) + k).value for k in range(0, 72, 8)]
    return (
        bytes.__basicsize__ == _BYTES + 1
        and word[_TYPE // 8] == id(np.ndarray)
        and word[_DATA // 8] == probe.ctypes.data
        and word[_ND // 8] & 0xFFFFFFFF == 1
        and ctypes.c_int64.from_address(word[_DIMS // 8]).value == 3
        and word[_DESCR // 8] == id(np.dtype(np.float64))
        and word[_FLAGS // 8] & _PLAIN == _PLAIN
    )


def entries(
    code: Loaded,
    lengths: tuple[int, int, int],
    shapes: Sequence[tuple[int, ...]],
    result: type[tuple],
) -> tuple[Callable[..., Any], Callable[..., bool]] | None:
    """``call`` and ``fill`` for the kernel in ``code``; None where objects are laid out otherwise.

    ``lengths`` are those of q, dq and u, 0 for one that is not looked at; ``shapes`` those of the
    terms, which ``call`` returns as a ``result``, or as a bare array if there is one only.
    """
    if not _layout_fits():
        return None
    api = ctypes.pythonapi
    pointer = lambda name: ctypes.cast(getattr(api, name), ctypes.c_void_p).value  # noqa: E731
    values = {
        "kernel": code.address("kernel"),
        "PyArray_NewFromDescr": _numpy_function(_NEW_FROM_DESCR),
        "array_type": id(np.ndarray),
        "float64": id(np.dtype(np.float64)),
        **dict(zip(("n_q", "n_dq", "n_u"), lengths, strict=True)),
        "tuple_type": id(result),
        "terms": len(shapes),
        "size": sum(prod(shape) for shape in shapes),
    }
    words = [values.get(name) if name in values else pointer(name) for name in _FIELDS]
    for shape in shapes:
        words += [len(shape), prod(shape), *shape, *(0,) * (3 - len(shape))]
    fields = struct.pack(f"{len(words)}q", *words)
    new = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.py_object, ctypes.py_object)(
        ("PyCFunction_NewEx", api)
    )
    _, call, fill = _methods()
    # The last argument is held by the function, and with it the machine code.
    return new(ctypes.addressof(call), fields, code), new(ctypes.addressof(fill), fields, code)


@cache
def _numpy_function(place: int) -> int:
    """Address of a function of NumPy's C interface."""
    core = import_module("numpy._core._multiarray_umath")
    get = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
        ("PyCapsule_GetPointer", ctypes.pythonapi)
    )
    table = get(core._ARRAY_API, None)
    return ctypes.c_int64.from_address(table + 8 * place).value
