"""The two filters of `find_load`: the columns of a load, and the torques, over a cycle or interval.

    F <- F + share (v - F),    S <- S + less (F - S)

v is the mean over the time that has ended, F the filter of r and S a slower one. For the columns
and for the torque of the model's motion, v is the rate of the momentum minus the mean of b.
"""

import math

from arms.machine.numba_kernel import kernel

from .access import matrix, set_number, vector, whole
from .algebra import copy_matrix
from .carried_body import locate_body, momentum_columns
from .layout import body_fields as at
from .layout.arm_fields import ARM_DJ, ARM_J, ARM_POSE
from .layout.estimation_fields import LATEST
from .layout.guard_fields import GUARD_BIAS, GUARD_MOMENTUM

SLOW = 40.0  # gain of the slower filter [1/s]


@kernel
def filter_share(gain, elapsed):
    """Return the share of its input that a filter takes over in a cycle."""
    return -math.expm1(-gain * elapsed)


@kernel
def locate(load, arm, dq):
    """Store the motion of the tool frame in the load's body."""
    n = len(dq)
    pose, J, dJ = (
        matrix(arm, ARM_POSE, 4), matrix(arm, ARM_J, n), matrix(arm, ARM_DJ, n)
    )  # fmt: skip
    locate_body(whole(load, at.LOAD_BODY), pose, J, dJ, dq)


@kernel
def write_columns(load, arm, dq):
    """Write the columns of momentum and of b at the arm's state."""
    locate(load, arm, dq)
    p, b = matrix(load, at.LOAD_P, at.PARAMETERS), matrix(load, at.LOAD_B, at.PARAMETERS)
    momentum_columns(whole(load, at.LOAD_BODY), p, b)


@kernel
def filter_columns(load, share, elapsed):
    """Pass the columns over the cycle that has ended through the filters; ``share`` is r's."""
    p, b = matrix(load, at.LOAD_P, at.PARAMETERS), matrix(load, at.LOAD_B, at.PARAMETERS)
    p_last = matrix(load, at.LOAD_P_LAST, at.PARAMETERS)
    b_last = matrix(load, at.LOAD_B_LAST, at.PARAMETERS)
    filtered = matrix(load, at.LOAD_FILTERED, at.PARAMETERS)
    slower = matrix(load, at.LOAD_SLOWER, at.PARAMETERS)
    less = filter_share(SLOW, elapsed)
    for i in range(len(p)):
        for k in range(at.PARAMETERS):
            rate = (p[i, k] - p_last[i, k]) / elapsed - 0.5 * (b[i, k] + b_last[i, k])
            filtered[i, k] += share * (rate - filtered[i, k])
            slower[i, k] += less * (filtered[i, k] - slower[i, k])


@kernel
def filter_torques(guard, load, sent, share, elapsed):
    """Pass the torques, that of the model's motion and that sent, through the filters."""
    p, p_last = vector(guard, GUARD_MOMENTUM), vector(load, at.LOAD_MOMENTUM_LAST)
    b, b_last = vector(guard, GUARD_BIAS), vector(load, at.LOAD_BIAS_LAST)
    motion, motion_slower = vector(load, at.LOAD_MOTION), vector(load, at.LOAD_MOTION_SLOWER)
    given, given_slower = vector(load, at.LOAD_GIVEN), vector(load, at.LOAD_GIVEN_SLOWER)
    last, n = vector(load, at.LOAD_SENT_LAST), len(sent)
    lacks, changes = matrix(load, at.LOAD_LACKS, n), matrix(load, at.LOAD_CHANGES, n)
    less, givens = filter_share(SLOW, elapsed), matrix(load, at.LOAD_GIVENS, n)
    for i in range(n):
        rate = (p[i] - p_last[i]) / elapsed - 0.5 * (b[i] + b_last[i])
        filter_twice(rate, motion, motion_slower, i, share, less)
        filter_twice(sent[i], given, given_slower, i, share, less)
        for s in range(len(lacks) - 1, 0, -1):
            lacks[s, i], changes[s, i] = lacks[s - 1, i], changes[s - 1, i]
            givens[s, i] = givens[s - 1, i]
        lacks[LATEST, i], changes[LATEST, i] = given_slower[i] - given[i], sent[i] - last[i]
        givens[LATEST, i], last[i] = given[i], sent[i]


@kernel
def filter_twice(value, filtered, slower, i, share, less):
    """Pass ``value`` through both filters of joint i."""
    filtered[i] += share * (value - filtered[i])
    slower[i] += less * (filtered[i] - slower[i])


@kernel
def keep_columns(guard, load):
    """Keep the columns and the model's momentum of this cycle for the next one."""
    p, b = matrix(load, at.LOAD_P, at.PARAMETERS), matrix(load, at.LOAD_B, at.PARAMETERS)
    copy_matrix(p, matrix(load, at.LOAD_P_LAST, at.PARAMETERS))
    copy_matrix(b, matrix(load, at.LOAD_B_LAST, at.PARAMETERS))
    momentum, momentum_last = vector(guard, GUARD_MOMENTUM), vector(load, at.LOAD_MOMENTUM_LAST)
    bias, bias_last = vector(guard, GUARD_BIAS), vector(load, at.LOAD_BIAS_LAST)
    for i in range(len(momentum)):
        momentum_last[i], bias_last[i] = momentum[i], bias[i]
    set_number(load, at.LOAD_BEGUN, 1.0)
