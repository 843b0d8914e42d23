"""A load that the model lacks, found from the motion while limits act or joints are fast.

A guard's model turns a bound on an acceleration into a torque. A light wrist with a load has many
times its M, and r, which follows within some milliseconds, cannot make up for that. So the load's
ten parameters theta, those of `carried_body`, are found by least squares with forgetting, from what
r does not say of them at rest: with F(.) the observer's filter and S(.) a slower one,

    -(F - S)(y) = (F - S)(Y) theta,   Y the columns of momentum over a cycle,  y their torque

F(y) is r. Friction and other torques that change slowly are in both filters and drop out, and so
does most of the noise. The solution becomes that of the nearest body. It counts only if it explains
the motion: with late sensors it does not. Then M, C, g and r are those of the arm with the load.
"""

import math

from . import layout as at
from .access import matrix, number, set_number, vector, whole
from .algebra import copy_matrix, factor_columns, substitute
from .carried_body import add_body, locate_body, momentum_columns
from .compile import kernel, part
from .keep_physical import inertia_of, inertia_place, nearest_body
from .memory import clear
from .observe import momentum_observer

SLOW = 40.0  # gain of the slower filter [1/s]
NOISE = 5.0  # of the measured acceleration [rad/s^2]
FLOOR = 1e-3  # noise of the torque, over the motor's limit
TIMING = 0.3  # share of a change of the torque that the sensors may see a cycle later
FORGET = 0.2  # time constant [s]
SOON = 0.002  # time constant of the sums that tell that a load has changed [s]
SLACK = 4.0  # sum of squares that noise may leave
MISFIT = 0.12  # share of the sum of squares that a load may leave
LIGHTEST = 1e-3  # mass of a load [kg]
REACH = 0.5  # largest distance of its centre [m]
HEAVY, FAR, WIDE = 5.0, 0.1, 0.01  # usual size of mass [kg], first moment [kg m], inertia [kg m^2]


@kernel
def observe_unmodelled(guard, arm, dq, begun, elapsed):
    """Update r by the torque sent ``elapsed`` [s] ago, if any and ``begun``."""
    p, bias = vector(guard, at.GUARD_MOMENTUM), vector(guard, at.GUARD_BIAS)
    r, sent = vector(guard, at.GUARD_UNMODELLED), vector(guard, at.GUARD_SENT)
    share = filter_share(number(guard, at.GUARD_OBSERVER_GAIN), elapsed)
    momentum_observer(arm, dq, sent, begun, share, elapsed, p, bias, r)


@kernel
def filter_share(gain, elapsed):
    """Return the share of its input that a filter takes over in a cycle."""
    return -math.expm1(-gain * elapsed)


@part(4, number=True)
def find_load(guard, arm, inputs, sure, elapsed):
    """Update r as `observe_unmodelled` does, and the load, by a cycle of ``elapsed`` [s].

    Args:
        guard: block of `GUARD`.
        arm: block of `ARM`, with the terms of the model without the load.
        inputs: block of `INPUT`.
        sure: whether the last torque was sent ``elapsed`` ago, and the state is believed.
        elapsed: see above.
    """
    load, dq = whole(guard, at.GUARD_LOAD), vector(inputs, at.INPUT_DQ)
    observe_unmodelled(guard, arm, dq, sure, elapsed)
    locate(load, arm, dq)
    p, b = matrix(load, at.LOAD_P, at.PARAMETERS), matrix(load, at.LOAD_B, at.PARAMETERS)
    momentum_columns(whole(load, at.LOAD_BODY), p, b)
    if sure and number(load, at.LOAD_BEGUN) > 0.0:
        filter_cycle(guard, elapsed)
        add_cycle(guard, matrix(arm, at.ARM_M, len(dq)), elapsed)
        if number(load, at.LOAD_LEFT) > number(load, at.LOAD_RECENT) + SLACK:
            forget_load(guard)  # it is another one, or gone
        else:
            solve_body(load)
            believe_load(guard)
    copy_matrix(p, matrix(load, at.LOAD_P_LAST, at.PARAMETERS))
    copy_matrix(b, matrix(load, at.LOAD_B_LAST, at.PARAMETERS))
    set_number(load, at.LOAD_BEGUN, 1.0)


@kernel
def locate(load, arm, dq):
    """Store the motion of the tool frame in the load's body."""
    n = len(dq)
    pose, J, dJ = (
        matrix(arm, at.ARM_POSE, 4), matrix(arm, at.ARM_J, n), matrix(arm, at.ARM_DJ, n)
    )  # fmt: skip
    locate_body(whole(load, at.LOAD_BODY), pose, J, dJ, dq)


@kernel
def filter_cycle(guard, elapsed):
    """Pass the columns over the cycle that has ended, and r, through the filters."""
    load, r = whole(guard, at.GUARD_LOAD), vector(guard, at.GUARD_UNMODELLED)
    p, b = matrix(load, at.LOAD_P, at.PARAMETERS), matrix(load, at.LOAD_B, at.PARAMETERS)
    p_last = matrix(load, at.LOAD_P_LAST, at.PARAMETERS)
    b_last = matrix(load, at.LOAD_B_LAST, at.PARAMETERS)
    filtered = matrix(load, at.LOAD_FILTERED, at.PARAMETERS)
    slower, slower_r = matrix(load, at.LOAD_SLOWER, at.PARAMETERS), vector(load, at.LOAD_SLOWER_R)
    share = filter_share(number(guard, at.GUARD_OBSERVER_GAIN), elapsed)
    less = filter_share(SLOW, elapsed)
    for i in range(len(r)):
        slower_r[i] += less * (r[i] - slower_r[i])
        for k in range(at.PARAMETERS):
            rate = (p[i, k] - p_last[i, k]) / elapsed - 0.5 * (b[i, k] + b_last[i, k])
            filtered[i, k] += share * (rate - filtered[i, k])
            slower[i, k] += less * (filtered[i, k] - slower[i, k])


@kernel
def add_cycle(guard, M, elapsed):
    """Add this cycle's equations, one of each joint; M (n, n) is the model's."""
    load, r = whole(guard, at.GUARD_LOAD), vector(guard, at.GUARD_UNMODELLED)
    information = matrix(load, at.LOAD_INFORMATION, at.PARAMETERS)
    moment, row = vector(load, at.LOAD_MOMENT), vector(load, at.LOAD_ROW)
    filtered = matrix(load, at.LOAD_FILTERED, at.PARAMETERS)
    slower, slower_r = matrix(load, at.LOAD_SLOWER, at.PARAMETERS), vector(load, at.LOAD_SLOWER_R)
    sent, sent_last = vector(guard, at.GUARD_SENT), vector(load, at.LOAD_SENT_LAST)
    most, keep = vector(guard, at.GUARD_TAU_MAX), math.exp(-elapsed / FORGET)
    size, theta = keep * number(load, at.LOAD_SIZE), vector(load, at.LOAD_THETA)
    soon = math.exp(-elapsed / SOON)
    left, recent = soon * number(load, at.LOAD_LEFT), soon * number(load, at.LOAD_RECENT)
    for k in range(at.PARAMETERS):
        moment[k] *= keep
        for j in range(k + 1):
            information[k, j] *= keep
    for i in range(len(r)):
        noise = FLOOR * most[i] + TIMING * abs(sent[i] - sent_last[i])
        sent_last[i] = sent[i]
        for j in range(len(r)):
            noise += NOISE * abs(M[i, j])
        weight, y = 1.0 / (noise * noise), slower_r[i] - r[i]
        size, recent, error = size + weight * y * y, recent + weight * y * y, y
        for k in range(at.PARAMETERS):
            row[k] = filtered[i, k] - slower[i, k]
            error -= row[k] * theta[k]
            moment[k] += weight * y * row[k]
            for j in range(k + 1):
                information[k, j] += weight * row[k] * row[j]
        left += weight * error * error
    set_number(load, at.LOAD_SIZE, size)
    set_number(load, at.LOAD_LEFT, left)
    set_number(load, at.LOAD_RECENT, recent)


@kernel
def solve_body(load):
    """Solve for the parameters, and take those of the nearest body."""
    information = matrix(load, at.LOAD_INFORMATION, at.PARAMETERS)
    moment, theta = vector(load, at.LOAD_MOMENT), vector(load, at.LOAD_THETA)
    factor = matrix(load, at.LOAD_FACTOR, at.PARAMETERS)
    first, moments = vector(load, at.LOAD_FIRST), matrix(load, at.LOAD_MOMENTS, 3)
    for k in range(at.PARAMETERS):
        theta[k] = moment[k]
        for j in range(k + 1):
            factor[k, j] = information[k, j]
        size = HEAVY if k == at.MASS else FAR if k < at.XX else WIDE
        factor[k, k] += 1.0 / (size * size)
    factor_columns(factor, 0, at.PARAMETERS)
    substitute(factor, theta)
    theta[at.MASS] = max(theta[at.MASS], LIGHTEST)
    if not nearest_body(theta, REACH, first, moments, matrix(load, at.LOAD_AXES, 3)):
        for i in range(3):
            theta[at.MOMENT + i] = first[i]
            for j in range(i + 1):
                theta[inertia_place(i, j)] = inertia_of(moments, i, j)


@kernel
def believe_load(guard):
    """Drop the load unless it explains the motion; compute how it changes r."""
    load, lack = whole(guard, at.GUARD_LOAD), vector(guard, at.GUARD_LACK)
    information = matrix(load, at.LOAD_INFORMATION, at.PARAMETERS)
    moment, theta = vector(load, at.LOAD_MOMENT), vector(load, at.LOAD_THETA)
    filtered = matrix(load, at.LOAD_FILTERED, at.PARAMETERS)
    size = number(load, at.LOAD_SIZE)
    misfit = size  # |y - Y theta|^2
    for k in range(at.PARAMETERS):
        misfit -= 2.0 * theta[k] * moment[k]
        for j in range(k + 1):
            pair = 1.0 if j == k else 2.0
            misfit += pair * theta[k] * information[k, j] * theta[j]
    believed = misfit < MISFIT * size
    set_number(guard, at.GUARD_LADEN, 1.0 if believed else 0.0)
    for k in range(at.PARAMETERS):
        theta[k] = theta[k] if believed else 0.0
    for i in range(len(lack)):
        lack[i] = 0.0
        for k in range(at.PARAMETERS):
            lack[i] += filtered[i, k] * theta[k]


@part(2)
def carry_load(guard, arm):
    """Add the load that was found to the arm's M, C and g, at the believed velocity."""
    load, n = whole(guard, at.GUARD_LOAD), whole(arm, at.ARM_DOF)
    locate(load, arm, vector(guard, at.GUARD_BELIEVED_DQ))
    M, C, g = matrix(arm, at.ARM_M, n), matrix(arm, at.ARM_C, n), vector(arm, at.ARM_G)
    add_body(whole(load, at.LOAD_BODY), vector(load, at.LOAD_THETA), M, C, g)


@kernel
def forget_load(guard):
    """Forget the load that was found."""
    load, r = whole(guard, at.GUARD_LOAD), vector(guard, at.GUARD_UNMODELLED)
    slower_r = vector(load, at.LOAD_SLOWER_R)
    set_number(guard, at.GUARD_LADEN, 0.0)
    set_number(load, at.LOAD_BEGUN, 0.0)
    set_number(load, at.LOAD_SIZE, 0.0)
    set_number(load, at.LOAD_LEFT, 0.0)
    set_number(load, at.LOAD_RECENT, 0.0)
    clear(vector(load, at.LOAD_INFORMATION))
    clear(vector(load, at.LOAD_MOMENT))
    clear(vector(load, at.LOAD_FILTERED))
    clear(vector(load, at.LOAD_SLOWER))
    clear(vector(load, at.LOAD_THETA))
    clear(vector(guard, at.GUARD_LACK))
    for i in range(len(r)):
        slower_r[i] = r[i]
