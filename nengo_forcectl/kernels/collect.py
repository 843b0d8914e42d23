"""Copying of a `State` and a `Reference` into the block of a cycle's input."""

from functools import cache
from typing import Any

import numba

from .access import vector
from .compile import kernel
from .layout import arm_fields as at

_VECTOR, _MATRIX = numba.float64[::1], numba.float64[:, ::1]


@kernel
def copy(values, target):
    """Copy ``values`` if they have the target's size; return whether they do."""
    if len(values) != len(target):
        return False
    for i in range(len(target)):
        target[i] = values[i]
    return True


@kernel
def collect_motion(q, dq, x, dx, ddx, inputs):
    """Copy state and position reference; return 0, or NOTHING for arrays of another size."""
    good = copy(q, vector(inputs, at.INPUT_Q)) and copy(dq, vector(inputs, at.INPUT_DQ))
    good = good and copy(x, vector(inputs, at.INPUT_X)) and copy(dx, vector(inputs, at.INPUT_DX))
    return 0 if good and copy(ddx, vector(inputs, at.INPUT_DDX)) else at.NOTHING


@kernel
def collect_rotation(R, omega, domega, inputs):
    """Copy an orientation reference; return as `collect_motion`."""
    if R.shape != (3, 3):
        return at.NOTHING
    rows = vector(inputs, at.INPUT_R)
    for i in range(3):
        for k in range(3):
            rows[3 * i + k] = R[i, k]
    good = copy(omega, vector(inputs, at.INPUT_OMEGA))
    return 0 if good and copy(domega, vector(inputs, at.INPUT_DOMEGA)) else at.NOTHING


@kernel
def collect_wrenches(measured, press, inputs):
    """Copy the measured wrench and the one to exert; return as `collect_motion`, or NOT_FINITE.

    A number that is not below `HUGE` is refused here, to protect the integrals.
    """
    good = copy(measured, vector(inputs, at.INPUT_WRENCH))
    if not (good and copy(press, vector(inputs, at.INPUT_PRESS))):
        return at.NOTHING
    for i in range(6):
        if not (abs(measured[i]) < at.HUGE and abs(press[i]) < at.HUGE):
            return at.NOT_FINITE
    return 0


@cache
def collectors() -> tuple[Any, Any, Any]:
    """Return the three functions for contiguous float64 arrays; others raise `TypeError`."""
    kernels: tuple[Any, Any, Any] = collect_motion, collect_rotation, collect_wrenches
    signatures = (_VECTOR,) * 5, (_MATRIX, _VECTOR, _VECTOR), (_VECTOR,) * 2
    for each, arrays in zip(kernels, signatures, strict=True):
        each.compile((*arrays, numba.int64))
        each.disable_compile()
    return kernels
