"""The way from Python into a kernel: one call, no conversion, about 50 ns.

``fill(q, dq, u, out)`` checks that its inputs are contiguous float64 vectors of the right length with finite
entries, runs the kernel and returns True; for anything else it returns False and touches nothing, and the
caller converts or explains. It is a Python function made of machine code (from the text below), because a call
through ctypes or numba costs as much as a kernel. It reads the public fields of ``PyArrayObject``, whose place NumPy's
binary interface fixes; ``_layout_fits`` looks before it is used.
"""

from __future__ import annotations

import ctypes
import struct
import sys
from collections.abc import Callable
from functools import cache

import numpy as np

from arms import cache as disk
from arms.compile import Loaded, compiled, platform

# Fields of `self`, a bytes object: kernel, PyBool_FromLong, type of arrays, float64's descriptor, lengths of q, dq, u.
_TEXT = """
define internal ptr @vector(ptr %object, i64 %n, ptr %type, ptr %float64) alwaysinline {
entry:
  %absent = icmp eq i64 %n, 0
  br i1 %absent, label %good, label %typed
typed:
  %type_at = getelementptr i8, ptr %object, i64 8
  %its_type = load ptr, ptr %type_at
  %is_array = icmp eq ptr %its_type, %type
  br i1 %is_array, label %array, label %bad
array:
  %nd_at = getelementptr i8, ptr %object, i64 24
  %nd = load i32, ptr %nd_at
  %is_vector = icmp eq i32 %nd, 1
  %descr_at = getelementptr i8, ptr %object, i64 56
  %descr = load ptr, ptr %descr_at
  %is_float = icmp eq ptr %descr, %float64
  %flags_at = getelementptr i8, ptr %object, i64 64
  %flags = load i32, ptr %flags_at
  %kept = and i32 %flags, 257
  %is_plain = icmp eq i32 %kept, 257
  %both = and i1 %is_vector, %is_float
  %all = and i1 %both, %is_plain
  br i1 %all, label %sized, label %bad
sized:
  %dims_at = getelementptr i8, ptr %object, i64 32
  %dims = load ptr, ptr %dims_at
  %length = load i64, ptr %dims
  %fits = icmp eq i64 %length, %n
  br i1 %fits, label %values, label %bad
values:
  %data_at = getelementptr i8, ptr %object, i64 16
  %data = load ptr, ptr %data_at
  br label %loop
loop:
  %i = phi i64 [ 0, %values ], [ %next, %loop ]
  %sum = phi double [ 0.0, %values ], [ %sum_next, %loop ]
  %at = getelementptr double, ptr %data, i64 %i
  %x = load double, ptr %at
  %zero = fmul double %x, 0.0
  %sum_next = fadd double %sum, %zero
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %n
  br i1 %more, label %loop, label %checked
checked:
  %finite = fcmp oeq double %sum_next, 0.0
  br i1 %finite, label %good, label %bad
good:
  %result = phi ptr [ %object, %entry ], [ %data, %checked ]
  ret ptr %result
bad:
  ret ptr null
}

define ptr @fill(ptr %self, ptr %args, i64 %nargs) {
  %fields = getelementptr i8, ptr %self, i64 32
  %kernel = load ptr, ptr %fields
  %bool_at = getelementptr i64, ptr %fields, i64 1
  %bool = load ptr, ptr %bool_at
  %type_at = getelementptr i64, ptr %fields, i64 2
  %type = load ptr, ptr %type_at
  %float64_at = getelementptr i64, ptr %fields, i64 3
  %float64 = load ptr, ptr %float64_at
  %four = icmp eq i64 %nargs, 4
  br i1 %four, label %one, label %bad
one:
  %nq_at = getelementptr i64, ptr %fields, i64 4
  %nq = load i64, ptr %nq_at
  %q_object = load ptr, ptr %args
  %q = call ptr @vector(ptr %q_object, i64 %nq, ptr %type, ptr %float64)
  %q_bad = icmp eq ptr %q, null
  br i1 %q_bad, label %bad, label %two
two:
  %ndq_at = getelementptr i64, ptr %fields, i64 5
  %ndq = load i64, ptr %ndq_at
  %dq_at = getelementptr ptr, ptr %args, i64 1
  %dq_object = load ptr, ptr %dq_at
  %dq = call ptr @vector(ptr %dq_object, i64 %ndq, ptr %type, ptr %float64)
  %dq_bad = icmp eq ptr %dq, null
  br i1 %dq_bad, label %bad, label %three
three:
  %nu_at = getelementptr i64, ptr %fields, i64 6
  %nu = load i64, ptr %nu_at
  %u_at = getelementptr ptr, ptr %args, i64 2
  %u_object = load ptr, ptr %u_at
  %u = call ptr @vector(ptr %u_object, i64 %nu, ptr %type, ptr %float64)
  %u_bad = icmp eq ptr %u, null
  br i1 %u_bad, label %bad, label %run
run:
  %out_at = getelementptr ptr, ptr %args, i64 3
  %out_object = load ptr, ptr %out_at
  %data_at = getelementptr i8, ptr %out_object, i64 16
  %out = load ptr, ptr %data_at
  call void %kernel(ptr %q, ptr %dq, ptr %u, ptr %out)
  %yes = call ptr %bool(i64 1)
  ret ptr %yes
bad:
  %no = call ptr %bool(i64 0)
  ret ptr %no
}
"""


class _MethodDef(ctypes.Structure):
    _fields_ = [  # noqa: RUF012
        ("name", ctypes.c_char_p),
        ("method", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    ]


_METH_FASTCALL = 0x0080


@cache
def _method() -> tuple[Loaded, _MethodDef]:
    code = disk.fetch("entry|" + platform() + "|" + _TEXT, lambda: compiled(_TEXT))
    loaded = Loaded(code)
    return loaded, _MethodDef(b"fill", loaded.address("fill"), _METH_FASTCALL, None)


@cache
def _layout_fits() -> bool:
    """Are Python's and NumPy's objects laid out as the text above reads them?"""
    if sys.implementation.name != "cpython" or struct.calcsize("P") != 8 or bytes.__basicsize__ != 33:
        return False
    probe = np.zeros(3)
    words = (ctypes.c_int64 * 9).from_address(id(probe))
    return (
        words[1] == id(np.ndarray)
        and words[2] == probe.ctypes.data
        and words[3] & 0xFFFFFFFF == 1
        and ctypes.c_int64.from_address(words[4]).value == 3
        and words[7] == id(probe.dtype)
        and words[8] & 0xFFFFFFFF & 257 == 257
        and words[7] == id(np.dtype(np.float64))
    )


def entry(address: int, lengths: tuple[int, int, int]) -> Callable[..., bool] | None:
    """``fill`` for the kernel at ``address``, or None where objects are laid out in another way."""
    if not _layout_fits():
        return None
    api = ctypes.pythonapi
    true = ctypes.cast(api.PyBool_FromLong, ctypes.c_void_p).value
    fields = struct.pack("7q", address, true, id(np.ndarray), id(np.dtype(np.float64)), *lengths)
    new = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p)(
        ("PyCFunction_NewEx", api)
    )
    return new(ctypes.addressof(_method()[1]), fields, None)
