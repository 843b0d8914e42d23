"""State and reference as a C program hands them over: numbers, one after the other.

A state: time, q (n), dq (n) and wrench (6) as float64, then ``sound`` and ``felt`` as int64. A
reference of k axes: x (k), dx (k), ddx (k), R (3, 3), omega (3), domega (3) and wrench (6).
"""

from arms.machine.memory import numbers_at, wholes_at
from arms.machine.numba_kernel import kernel

WORD = 8  # bytes of a number
TIME = 1  # numbers of each part
MOTION = 3  # x, dx and ddx, of k numbers each
WRENCH = 6
TURN = 9
AXES = 3
SOUND, FELT = range(2)  # whole numbers behind a state's wrench


@kernel
def time_of(state):
    """Return the time [s]."""
    return numbers_at(state, TIME)[0]


@kernel
def motion_of(state):
    """Return the address of q, with dq behind it."""
    return state + WORD * TIME


@kernel
def positions(motion, n):
    """Return q, (n,)."""
    return numbers_at(motion, n)


@kernel
def velocities(motion, n):
    """Return dq, (n,)."""
    return numbers_at(motion + WORD * n, n)


@kernel
def wrench_of(state, n):
    """Return the measured wrench, (6,)."""
    return numbers_at(motion_of(state) + WORD * 2 * n, WRENCH)


@kernel
def flag_of(state, n, which):
    """Return one of the whole numbers behind the wrench."""
    return wholes_at(motion_of(state) + WORD * (2 * n + WRENCH), FELT + 1)[which]


@kernel
def is_sound(state, n):
    """Whether the state says that it can be learned from."""
    return flag_of(state, n, SOUND) != 0


@kernel
def is_felt(state, n):
    """Whether the state has a wrench."""
    return flag_of(state, n, FELT) != 0


@kernel
def wanted_motion(reference, k, derivative):
    """Return x, dx or ddx, (k,): derivative 0, 1 or 2."""
    return numbers_at(reference + WORD * k * derivative, k)


@kernel
def wanted_rotation(reference, k):
    """Return R, (9,)."""
    return numbers_at(reference + WORD * MOTION * k, TURN)


@kernel
def wanted_turning(reference, k, derivative):
    """Return omega or its derivative, (3,): derivative 0 or 1."""
    return numbers_at(reference + WORD * (MOTION * k + TURN + AXES * derivative), AXES)


@kernel
def wanted_wrench(reference, k):
    """Return the wrench to exert, (6,)."""
    return numbers_at(reference + WORD * (MOTION * k + TURN + 2 * AXES), WRENCH)
