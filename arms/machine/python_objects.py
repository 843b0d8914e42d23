"""The objects of Python and NumPy in machine code: where their fields are, and how to read them.

``layout_fits`` compares the public fields of ``PyArrayObject``, whose places NumPy's binary
interface fixes, with the places expected here. If they differ, no function of machine code may be
made from this module.
"""

from __future__ import annotations

import ctypes
import struct
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
from llvmlite import ir

# Offsets [bytes] in a bytes object, in any object, and in PyArrayObject.
BYTES, TYPE, DATA, ND, DIMS, DESCR, FLAGS = 32, 8, 16, 24, 32, 56, 64
PLAIN, WRITEABLE = 0x0101, 0x0400  # NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_ALIGNED, NPY_ARRAY_WRITEABLE
FASTCALL = 0x0080  # METH_FASTCALL

BYTE, I32, I64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)
F64, PTR, VOID = ir.DoubleType(), ir.PointerType(), ir.VoidType()
NULL = PTR(None)


def at(b: Any, base: Any, offset: int, kind: Any = PTR) -> Any:
    """The value ``offset`` bytes after ``base``."""
    return b.load(b.gep(base, [I64(offset)], source_etype=BYTE), typ=kind)


@contextmanager
def repeated(b: Any, count: Any) -> Iterator[Any]:
    """The loop ``for k in range(count)``; count is at least one."""
    with b.goto_entry_block():
        counter = b.alloca(I64)
    b.store(I64(0), counter)
    body, end = b.append_basic_block("body"), b.append_basic_block("end")
    b.branch(body)
    b.position_at_end(body)
    k = b.load(counter, typ=I64)
    yield k
    after = b.add(k, I64(1))
    b.store(after, counter)
    b.cbranch(b.icmp_signed("<", after, count), body, end)
    b.position_at_end(end)


def require(b: Any, condition: Any, otherwise: Callable[[], Any]) -> None:
    """Return ``otherwise()`` unless ``condition`` holds."""
    with b.if_then(b.not_(condition), likely=False):
        b.ret(otherwise())


def internal(module: Any, name: str, arguments: list[Any]) -> tuple[Any, Any]:
    """A function for this module alone, made part of each caller; and its builder."""
    function = ir.Function(module, ir.FunctionType(PTR, arguments), name)
    function.linkage = "internal"
    function.attributes.add("alwaysinline")
    return function, ir.IRBuilder(function.append_basic_block())


def plain_vector(module: Any) -> Any:
    """``plain(thing, n, array_type, float64, flags)``: a float64 vector's data, or null."""
    function, b = internal(module, "plain", [PTR, I64, PTR, PTR, I32])
    thing, n, array_type, float64, flags = function.args
    require(b, b.icmp_unsigned("==", at(b, thing, TYPE), array_type), lambda: NULL)
    require(b, b.icmp_unsigned("==", at(b, thing, DESCR), float64), lambda: NULL)
    require(b, b.icmp_signed("==", at(b, thing, ND, I32), I32(1)), lambda: NULL)
    set_flags = b.and_(at(b, thing, FLAGS, I32), flags)
    require(b, b.icmp_signed("==", set_flags, flags), lambda: NULL)
    length = at(b, at(b, thing, DIMS), 0, I64)
    require(b, b.icmp_signed("==", length, n), lambda: NULL)
    b.ret(at(b, thing, DATA))
    return function


class MethodDef(ctypes.Structure):
    """CPython's PyMethodDef."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("method", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    ]


@cache
def layout_fits() -> bool:
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


@cache
def numpy_function(index: int) -> int:
    """Address of a function of NumPy's C interface."""
    core = import_module("numpy._core._multiarray_umath")
    get = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
        ("PyCapsule_GetPointer", ctypes.pythonapi)
    )
    table = get(core._ARRAY_API, None)
    return ctypes.c_int64.from_address(table + 8 * index).value


def words(names: Sequence[str], known: Mapping[str, int]) -> list[int]:
    """Values of fields by their names; those not ``known`` are addresses of Python's functions."""
    api = ctypes.pythonapi
    return [
        known[name]
        if name in known
        else ctypes.cast(getattr(api, name), ctypes.c_void_p).value or 0
        for name in names
    ]


def python_function(method: MethodDef, fields: Sequence[int], keeps: object) -> Any:
    """A Python function of ``method``, which must live as long, with ``fields`` as its ``self``.

    It owns ``keeps``, the machine code.
    """
    new = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.py_object, ctypes.py_object)(
        ("PyCFunction_NewEx", ctypes.pythonapi)
    )
    own = struct.pack(f"{len(fields)}q", *fields)
    return new(ctypes.addressof(method), own, keeps)
