"""The load of an arm that moves within its limits, for a stop without sensors.

A stop without sensors brakes by the model. Under a load that it lacks, a light wrist would be
thrown, and no sensor would say so. So every EVERY cycles in which a joint moves, the equations of
`find_load` are added to sums of their own, with the mean torque of these cycles. The limits do not
use this load; a stop without sensors takes it over. A cycle with a structured learner does
without: that finds the load itself, and the guard's model has it.
"""

from arms.machine.memory import clear
from arms.machine.numba_kernel import kernel, part

from .access import matrix, number, set_number, vector, whole
from .carried_body import momentum_columns
from .choose_load import MISFIT, believe_load, choose_load
from .find_load import clear_load, filter_columns, filter_torques, keep_columns, locate
from .fit_load import add_cycle
from .layout import body_fields as at
from .layout.arm_fields import ARM_M, INPUT_DQ
from .layout.estimation_fields import LATEST
from .layout.guard_fields import (
    GUARD_AWAKE,
    GUARD_DQ_MAX,
    GUARD_DT,
    GUARD_LACK,
    GUARD_LADEN,
    GUARD_LOAD,
    GUARD_MEMORY_LOAD,
    GUARD_OBSERVER_GAIN,
    GUARD_SENT,
    GUARD_UNMODELLED,
)

EVERY = 8.0  # cycles
MOVES = 0.02  # share of a joint's top speed from which on it moves
MEMORY = 2.0  # time constant of the sums, in motion [s]
SLACK = 4.0  # sum of squares that noise may leave
LEAST_NOISE = 1e-4  # of the equations, over that assumed, squared
STOPPING = 1000.0  # cycles for which a stop uses the load


@part(4, number=True)
def remember_load(guard, arm, inputs, sure, elapsed):
    """Count a cycle of ``elapsed`` [s] in; the arguments are those of `find_load`."""
    load, dq = whole(guard, GUARD_MEMORY_LOAD), vector(inputs, INPUT_DQ)
    mean, sent = vector(load, at.LOAD_MEAN), vector(guard, GUARD_SENT)
    if not sure:
        begin_anew(load)
        return
    for i in range(len(dq)):
        mean[i] += elapsed * sent[i]
    passed = number(load, at.LOAD_PASSED) + elapsed
    set_number(load, at.LOAD_PASSED, passed)
    if passed < (EVERY - 0.5) * number(guard, GUARD_DT):
        return
    if is_moving(dq, vector(guard, GUARD_DQ_MAX)):
        for i in range(len(dq)):
            mean[i] /= passed
        add_motion(guard, load, arm, dq, passed)
        set_number(load, at.LOAD_PASSED, 0.0)
        clear(mean)
    else:
        begin_anew(load)


@kernel
def begin_anew(load):
    """Let the next cycle be the first one of an interval; the sums stay."""
    set_number(load, at.LOAD_PASSED, 0.0)
    set_number(load, at.LOAD_BEGUN, 0.0)
    clear(vector(load, at.LOAD_MEAN))


@kernel
def is_moving(dq, dq_max):
    """Return whether a joint moves."""
    for i in range(len(dq)):
        if abs(dq[i]) > MOVES * dq_max[i]:
            return True
    return False


@kernel
def add_motion(guard, load, arm, dq, passed):
    """Add the equations of an interval, and choose the load that explains them."""
    locate(load, arm, dq)
    p, b = matrix(load, at.LOAD_P, at.PARAMETERS), matrix(load, at.LOAD_B, at.PARAMETERS)
    momentum_columns(whole(load, at.LOAD_BODY), p, b)
    if number(load, at.LOAD_BEGUN) > 0.0:
        share = passed / (1.0 / number(guard, GUARD_OBSERVER_GAIN) + 0.5 * passed)  # as late as r
        filter_columns(load, share, passed)
        filter_torques(guard, load, vector(load, at.LOAD_MEAN), share, passed)
        ignore_delays(load, len(dq))
        add_cycle(guard, load, matrix(arm, ARM_M, len(dq)), passed, MEMORY)
        if number(load, at.LOAD_LEFT) > number(load, at.LOAD_RECENT) + SLACK:
            clear_load(guard, load)  # the load has changed, or is gone
        else:
            choose_load(load, 1.0)
            believe_load(load, vector(load, at.LOAD_LACK))
        r, rest = vector(guard, GUARD_UNMODELLED), vector(load, at.LOAD_REST)
        for i in range(len(dq)):
            rest[i] = r[i]
    keep_columns(guard, load)


@kernel
def ignore_delays(load, n):
    """Take the sensors for late by a small part of the interval: all delays are alike."""
    lacks, changes = matrix(load, at.LOAD_LACKS, n), matrix(load, at.LOAD_CHANGES, n)
    for s in range(1, len(lacks)):
        for i in range(n):
            lacks[s, i], changes[s, i] = lacks[LATEST, i], changes[LATEST, i]


@part(1)
def recall_load(guard):
    """Give the model in a stop the load that explains the motion best, if one does.

    That is the one that `find_load` has found, if limits act, or the one remembered.
    """
    own, load = whole(guard, GUARD_LOAD), whole(guard, GUARD_MEMORY_LOAD)
    r, lack = vector(guard, GUARD_UNMODELLED), vector(guard, GUARD_LACK)
    laden = number(guard, GUARD_AWAKE) > 0.0 and number(guard, GUARD_LADEN) > 0.0
    if laden and number(own, at.LOAD_MISFIT) < number(load, at.LOAD_MISFIT):
        solve_anew(own, lack)
        return
    change, rest = vector(load, at.LOAD_LACK), vector(load, at.LOAD_REST)
    if not solve_anew(load, change):
        return
    clear_load(guard, own)
    theta, found = vector(own, at.LOAD_THETA), vector(load, at.LOAD_THETA)
    for k in range(at.PARAMETERS):
        theta[k] = found[k]
    for i in range(len(r)):
        lack[i] = rest[i] + change[i] - r[i]
    set_number(guard, GUARD_LADEN, 1.0)
    set_number(guard, GUARD_AWAKE, STOPPING)


@kernel
def solve_anew(load, lack):
    """Solve for a load with a prior that weighs as much as the noise of the equations needs.

    Returns whether it explains the motion.
    """
    equations = number(load, at.LOAD_COUNT) - at.PARAMETERS
    if equations < 1.0 or number(load, at.LOAD_MISFIT) >= MISFIT:
        return number(load, at.LOAD_MISFIT) < MISFIT
    noise = number(load, at.LOAD_MISFIT) * vector(load, at.LOAD_SIZE)[0] / equations
    choose_load(load, min(max(noise, LEAST_NOISE), 1.0))
    if believe_load(load, lack):
        return True
    choose_load(load, 1.0)
    return believe_load(load, lack)
