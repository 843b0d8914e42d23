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

from arms.machine import cache as disk
from arms.machine.compile import Loaded, compiled, platform

# `self` of both functions is a bytes object: these fields, 8 bytes each, then for every term its
# number of dimensions, its size and three dimensions.
FIELDS = (
    *("kernel", "PyBool_FromLong", "Py_IncRef", "PyArray_NewFromDescr"),
    *("PyType_GenericAlloc", "PyTuple_SetItem", "array_type", "float64", "n_q", "n_dq", "n_u"),
    *("tuple_type", "terms", "size"),
)
# Where fields are: of a bytes object, of any object, of PyArrayObject.
BYTES, TYPE, DATA, ND, DIMS, DESCR, FLAGS = 32, 8, 16, 24, 32, 56, 64
PLAIN, WRITEABLE = 0x0101, 0x0400  # NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_ALIGNED, NPY_ARRAY_WRITEABLE
_NEW_FROM_DESCR = 94  # place in NumPy's table of functions
_METH_FASTCALL = 0x0080


class _MethodDef(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("method", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    ]


def _compiled() -> bytes:
    from arms.machine.entry_code import text

    return compiled(text())


@cache
def _methods() -> tuple[Loaded, _MethodDef, _MethodDef]:
    """Machine code of ``call`` and ``fill``; it stays for as long as Python runs."""
    from arms.machine.kernel import version

    code = Loaded(disk.fetch("|".join(("entry", version(), platform())), _compiled))
    call, fill = (
        _MethodDef(name.encode(), code.address(name), _METH_FASTCALL, None)
        for name in ("call", "fill")
    )
    return code, call, fill


@cache
def _layout_fits() -> bool:
    """Are Python's and NumPy's objects laid out as ``entry_code`` reads them?"""
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
    words = [values.get(name) if name in values else pointer(name) for name in FIELDS]
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
