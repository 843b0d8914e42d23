"""The sums of the least squares for a load and friction, from the motion that a guard remembers.

The equations of an interval are passed through a high-pass of the gain SLOW, as in `filter_load`:
what changes slowly drops out. Then they are weighed by the inverse of their covariance

    ACCELERATION^2 M M^T + diag(FLOOR tau_max)^2

with M that of the arm with the load found so far: noise of one joint's sensor is in the equations
of all joints, by M. A weight for each joint alone would let the noise of the shoulder's sensor
into the equation of the wrist.
"""

import math

from arms.machine.memory import clear
from arms.machine.numba_kernel import kernel

from .access import cube, matrix, number, set_number, vector
from .algebra import copy_matrix, factor_columns
from .carried_body import add_inertia, weigh
from .layout import memory_fields as at
from .layout.body_fields import PARAMETERS
from .layout.guard_fields import GUARD_DT, GUARD_TAU_MAX
from .remember_load import EVERY
from .sizes import INTERVALS

SLOW = 10.0  # gain of the high-pass [1/s]
ACCELERATION = 0.07  # noise of an interval's acceleration [rad/s^2]
FLOOR = 5e-5  # noise of its torque, over the motor's limit


@kernel
def sum_motion(guard, memory, used):
    """Write the sums over the last ``used`` intervals, weighed with the load in ``theta``."""
    n, ended = len(vector(guard, GUARD_TAU_MAX)), int(number(memory, at.MEMORY_SLOT))
    clear(vector(memory, at.MEMORY_INFORMATION))
    clear(vector(memory, at.MEMORY_MOMENT))
    set_number(memory, at.MEMORY_SQUARE, 0.0)
    less = -math.expm1(-SLOW * EVERY * number(guard, GUARD_DT))
    for age in range(used, 0, -1):
        slot = ended - age if ended >= age else ended - age + INTERVALS
        pass_high(memory, slot, 1.0 if age == used else less, n)
        factor_noise(guard, memory, slot, n)
        add_information(memory, n)


@kernel
def pass_high(memory, slot, less, n):
    """Write both sides of an interval's equations, less their slow part.

    The left sides are by unknown: the columns of the load, then those of the friction.
    """
    y, slower = matrix(memory, at.MEMORY_TORQUES, n)[slot], vector(memory, at.MEMORY_SLOWER)
    Y = cube(memory, at.MEMORY_COLUMNS, n, PARAMETERS)[slot]
    slower_columns = matrix(memory, at.MEMORY_SLOWER_COLUMNS, PARAMETERS)
    v, slower_speeds = (
        matrix(memory, at.MEMORY_SPEEDS, n)[slot], vector(memory, at.MEMORY_SLOWER_SPEEDS)
    )  # fmt: skip
    left, right = matrix(memory, at.MEMORY_LEFT_SIDES, n), vector(memory, at.MEMORY_RIGHT_SIDE)
    for i in range(n):
        slower[i] += less * (y[i] - slower[i])
        right[i] = y[i] - slower[i]
        for k in range(PARAMETERS):
            slower_columns[i, k] += less * (Y[i, k] - slower_columns[i, k])
            left[k, i] = Y[i, k] - slower_columns[i, k]
        slower_speeds[i] += less * (v[i] - slower_speeds[i])
        for j in range(n):
            left[PARAMETERS + j, i] = 0.0
        left[PARAMETERS + i, i] = v[i] - slower_speeds[i]


@kernel
def factor_noise(guard, memory, slot, n):
    """Write the factor of the covariance of an interval's equations."""
    M, V = matrix(memory, at.MEMORY_LADEN, n), cube(memory, at.MEMORY_TWISTS, 6, n)[slot]
    weighed, most = matrix(memory, at.MEMORY_WEIGHED, n), vector(guard, GUARD_TAU_MAX)
    factor = matrix(memory, at.MEMORY_NOISE_FACTOR, n)
    copy_matrix(cube(memory, at.MEMORY_INERTIAS, n, n)[slot], M)
    weigh(vector(memory, at.MEMORY_THETA), V, weighed)
    add_inertia(V, weighed, M)
    for i in range(n):
        for j in range(i + 1):
            total = 0.0
            for k in range(n):
                total += M[i, k] * M[j, k]
            factor[i, j] = ACCELERATION * ACCELERATION * total
        factor[i, i] += (FLOOR * most[i]) * (FLOOR * most[i])
    factor_columns(factor, 0, n)


@kernel
def whiten(factor, x):
    """Replace x by ``L^-1 x``."""
    for i in range(len(x)):
        total = x[i]
        for k in range(i):
            total -= factor[i, k] * x[k]
        x[i] = total / factor[i, i]


@kernel
def add_information(memory, n):
    """Add an interval's equations, over their noise, to the sums."""
    left, right = matrix(memory, at.MEMORY_LEFT_SIDES, n), vector(memory, at.MEMORY_RIGHT_SIDE)
    factor, moment = matrix(memory, at.MEMORY_NOISE_FACTOR, n), vector(memory, at.MEMORY_MOMENT)
    information = matrix(memory, at.MEMORY_INFORMATION, len(moment))
    square = number(memory, at.MEMORY_SQUARE)
    whiten(factor, right)
    for i in range(n):
        square += right[i] * right[i]
    set_number(memory, at.MEMORY_SQUARE, square)
    for a in range(len(moment)):
        whiten(factor, left[a])
        for i in range(n):
            moment[a] += left[a, i] * right[i]
        for b in range(a + 1):
            for i in range(n):
                information[a, b] += left[a, i] * left[b, i]
