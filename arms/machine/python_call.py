"""From Python into compiled code that takes whole numbers, and from arrays to fixed places.

``whole_call`` makes a Python function of an address. ``copy_call`` makes one that checks arrays and
copies them. Both are machine code, as in ``python_entry``: a call through ctypes costs more than
the work behind it.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from llvmlite import ir
from numpy import ndarray

from arms.machine import cache as disk
from arms.machine.compile import MachineCode, compile_text, platform
from arms.machine.python_objects import (
    BYTE,
    BYTES,
    DATA,
    DESCR,
    DIMS,
    F64,
    FASTCALL,
    FLAGS,
    I32,
    I64,
    ND,
    NULL,
    PLAIN,
    PTR,
    TYPE,
    MethodDef,
    at,
    layout_fits,
    python_function,
    repeated,
    require,
    words,
)

MOST = 6  # whole numbers of a call
WRONG, TOO_LARGE = -1, -2
"""What a copy returns for an array of another type or shape, or with a number that is too large."""

# `self` is a bytes object with these fields, 8 bytes each. PLACE comes once per array.
_CALL = ("function", "wholes", "count", "PyLong_AsLongLong", "PyFloat_AsDouble", "PyErr_Occurred",
         "PyErr_BadArgument", "PyLong_FromLongLong", "array_type")  # fmt: skip
_COPY = "count", "PyLong_FromLongLong", "array_type", "float64"
_PLACE = "target", "dimensions", "rows", "columns", "size", "checked", "most"
_ENTRY = ir.FunctionType(I64, [*[I64] * MOST, F64])


def whole_call(address: int, wholes: int, number: bool, keeps: object) -> Callable[..., int]:
    """A Python function of the compiled ``int64 function(int64 a ... f, double number)``.

    Arguments that it does not take are 0 in the compiled function. Others than ``wholes`` integers,
    and a float if it takes the ``number``, raise TypeError. A contiguous array stands for the
    address of its numbers, whose type is not checked.

    Args:
        address: Of the compiled function.
        wholes: Integers that the Python function takes, at most 6.
        number: Whether a float comes after them.
        keeps: What must live as long as the Python function.
    """
    if not layout_fits():
        return _through_ctypes(address, wholes, number, keeps)
    known = {"function": address, "wholes": wholes, "count": wholes + number}
    known["array_type"] = id(ndarray)
    return python_function(_methods()[1], words(_CALL, known), keeps)


def copy_call(targets: Sequence[ndarray], most: float = math.inf) -> Callable[..., int]:
    """A Python function that copies its arguments to ``targets``, whose shapes it requires.

    It returns 0; WRONG for anything but contiguous float64 arrays of these shapes, with nothing
    copied; or TOO_LARGE if, with a finite ``most``, a copied number is not below it.

    Args:
        targets: Contiguous float64 arrays of one or two dimensions; the function keeps them alive.
        most: Bound on the magnitude of every number; infinite: none, not even for NaN.
    """
    if not layout_fits():
        return _copy_in_python(targets, most)
    known = {"count": len(targets), "array_type": id(ndarray), "float64": id(np.dtype(np.float64))}
    fields, checked = words(_COPY, known), math.isfinite(most)
    bound = int(np.array(most).view(np.int64))
    for each in targets:
        shape = (*each.shape, 0)[:2]
        fields += [each.ctypes.data, each.ndim, *shape, each.size, checked, bound]
    return python_function(_methods()[2], fields, (tuple(targets), _methods()[0]))


@cache
def _methods() -> tuple[MachineCode, MethodDef, MethodDef]:
    """Machine code of both functions; it stays for as long as Python runs."""
    code = MachineCode(disk.fetch(f"call|{platform()}", lambda: compile_text(_text())))
    call, copy = (
        MethodDef(name.encode(), code.address(name), FASTCALL, None) for name in ("call", "copy")
    )
    return code, call, copy


def _text() -> str:
    """LLVM assembly of ``call`` and ``copy``, both with the signature of ``METH_FASTCALL``."""
    module = ir.Module("call")
    _call(module)
    _copy(module)
    return str(module)


def _field(b: Any, fields: Any, names: Sequence[str], name: str, kind: Any = I64) -> Any:
    return at(b, fields, 8 * names.index(name), kind)


def _begin(module: Any, name: str) -> tuple[Any, Any, Any, Any]:
    """Begin a function for Python; return builder, first field, arguments and their number."""
    function = ir.Function(module, ir.FunctionType(PTR, [PTR, PTR, I64]), name)
    own, args, given = function.args
    b = ir.IRBuilder(function.append_basic_block())
    return b, b.gep(own, [I64(BYTES)], source_etype=BYTE), args, given


def _invoke(b: Any, address: Any, result: Any, *args: Any) -> Any:
    kind = ir.FunctionType(result, [a.type for a in args]).as_pointer()
    return b.call(b.inttoptr(address, kind), list(args))


def _call(module: Any) -> None:
    """``call(a, ..., number)``."""
    b, own, args, given = _begin(module, "call")

    def field(name: str) -> Any:
        return _field(b, own, _CALL, name)

    def fail() -> Any:
        _invoke(b, field("PyErr_BadArgument"), I32)
        return NULL

    def raised() -> Any:
        return b.icmp_unsigned("!=", _invoke(b, field("PyErr_Occurred"), PTR), NULL)

    def check(is_minus_one: Any) -> None:
        with b.if_then(is_minus_one, likely=False), b.if_then(raised()):
            b.ret(NULL)

    places = b.alloca(I64, size=MOST)
    number = b.alloca(F64)
    for k in range(MOST):
        b.store(I64(0), b.gep(places, [I64(k)], source_etype=I64))
    b.store(F64(0.0), number)
    count, wholes = field("count"), field("wholes")
    require(b, b.icmp_signed("==", given, count), fail)
    with repeated(b, wholes) as k:
        thing = b.load(b.gep(args, [k], source_etype=PTR), typ=PTR)
        array_type = _field(b, own, _CALL, "array_type", PTR)
        is_array = b.icmp_unsigned("==", at(b, thing, TYPE), array_type)
        with b.if_else(is_array) as (array, whole):
            with array:
                flags = b.and_(at(b, thing, FLAGS, I32), I32(PLAIN))
                require(b, b.icmp_signed("==", flags, I32(PLAIN)), fail)
                b.store(at(b, thing, DATA, I64), b.gep(places, [k], source_etype=I64))
            with whole:
                value = _invoke(b, field("PyLong_AsLongLong"), I64, thing)
                check(b.icmp_signed("==", value, I64(-1)))
                b.store(value, b.gep(places, [k], source_etype=I64))
    with b.if_then(b.icmp_signed(">", count, wholes)):
        thing = b.load(b.gep(args, [wholes], source_etype=PTR), typ=PTR)
        value = _invoke(b, field("PyFloat_AsDouble"), F64, thing)
        check(b.fcmp_ordered("==", value, F64(-1.0)))
        b.store(value, number)
    passed = [b.load(b.gep(places, [I64(k)], source_etype=I64), typ=I64) for k in range(MOST)]
    function = b.inttoptr(field("function"), _ENTRY.as_pointer())
    result = b.call(function, [*passed, b.load(number, typ=F64)])
    b.ret(_invoke(b, field("PyLong_FromLongLong"), PTR, result))


def _copy(module: Any) -> None:
    """``copy(array, ...)``."""
    b, own, args, given = _begin(module, "copy")

    def field(name: str, kind: Any = I64) -> Any:
        return _field(b, own, _COPY, name, kind)

    def returns(value: Any) -> Any:
        return _invoke(b, field("PyLong_FromLongLong"), PTR, value)

    def wrong() -> Any:
        return returns(I64(WRONG))

    def place(k: Any) -> Any:
        step = b.mul(k, I64(8 * len(_PLACE)))
        return b.gep(own, [b.add(step, I64(8 * len(_COPY)))], source_etype=BYTE)

    result = b.alloca(I64)
    b.store(I64(0), result)
    count = field("count")
    require(b, b.icmp_signed("==", given, count), wrong)
    with repeated(b, count) as k:
        thing, here = b.load(b.gep(args, [k], source_etype=PTR), typ=PTR), place(k)
        for offset, name in ((TYPE, "array_type"), (DESCR, "float64")):
            same = b.icmp_unsigned("==", at(b, thing, offset), field(name, PTR))
            require(b, same, wrong)
        dimensions = b.trunc(_field(b, here, _PLACE, "dimensions"), I32)
        require(b, b.icmp_signed("==", at(b, thing, ND, I32), dimensions), wrong)
        flags = b.and_(at(b, thing, FLAGS, I32), I32(PLAIN))
        require(b, b.icmp_signed("==", flags, I32(PLAIN)), wrong)
        shape = at(b, thing, DIMS)
        rows = b.icmp_signed("==", at(b, shape, 0, I64), _field(b, here, _PLACE, "rows"))
        require(b, rows, wrong)
        columns = b.icmp_signed("==", at(b, shape, 8, I64), _field(b, here, _PLACE, "columns"))
        require(b, b.or_(b.icmp_signed("==", dimensions, I32(1)), columns), wrong)
    with repeated(b, count) as k:
        thing, here = b.load(b.gep(args, [k], source_etype=PTR), typ=PTR), place(k)
        source, target = at(b, thing, DATA), _field(b, here, _PLACE, "target", PTR)
        most, checked = _field(b, here, _PLACE, "most", F64), _field(b, here, _PLACE, "checked")
        absolute = module.declare_intrinsic("llvm.fabs", [F64])
        with repeated(b, _field(b, here, _PLACE, "size")) as i:
            value = b.load(b.gep(source, [i], source_etype=F64), typ=F64)
            b.store(value, b.gep(target, [i], source_etype=F64))
            large = b.fcmp_unordered(">=", b.call(absolute, [value]), most)
            with b.if_then(b.and_(large, b.icmp_signed("!=", checked, I64(0)))):
                b.store(I64(TOO_LARGE), result)
    b.ret(returns(b.load(result, typ=I64)))


def _through_ctypes(address: int, wholes: int, number: bool, keeps: object) -> Callable[..., int]:
    """As ``whole_call``, where objects of Python have an unknown layout."""
    kinds = [*[ctypes.c_int64] * MOST, ctypes.c_double]
    function: Any = ctypes.CFUNCTYPE(ctypes.c_int64, *kinds)(address)
    function.keeps = keeps

    def call(*given: Any) -> int:
        if len(given) != wholes + number:
            raise TypeError(f"takes {wholes + number} arguments, got {len(given)}")
        own = [_address(each) for each in given[:wholes]] + [0] * (MOST - wholes)
        return function(*own, float(given[wholes]) if number else 0.0)

    return call


def _address(given: Any) -> Any:
    if not isinstance(given, ndarray):
        return given
    if not given.flags.c_contiguous:
        raise TypeError("array is not contiguous")
    return given.ctypes.data


def _copy_in_python(targets: Sequence[ndarray], most: float) -> Callable[..., int]:
    """As ``copy_call``, where arrays have an unknown layout."""

    def is_plain(array: Any, target: ndarray) -> bool:
        same = isinstance(array, ndarray) and (array.dtype, array.shape) == (float, target.shape)
        return same and array.flags.c_contiguous

    def copy(*arrays: Any) -> int:
        if len(arrays) != len(targets) or not all(map(is_plain, arrays, targets)):
            return WRONG
        for array, target in zip(arrays, targets, strict=True):
            target[...] = array
        good = math.isinf(most) or all((np.abs(array) < most).all() for array in arrays)
        return 0 if good else TOO_LARGE

    return copy
