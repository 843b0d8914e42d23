"""A load that the model lacks, found from the motion while limits act.

The model's M turns a bound on an acceleration into a torque. A light wrist with a load has many
times its M, and r, which follows within some milliseconds, cannot make up for it. So the load's ten
parameters, those of `carried_body`, are found by least squares from what r does not follow:

    r^ = y^ theta,   r^ = (y - r) of a cycle, before r has followed;   y^ the same of the columns

What changes slowly, such as friction, is in r and does not disturb them. M, C, g and r are then
those of the arm with the load.
"""

import math

from . import layout as at
from .access import matrix, number, set_number, vector, whole
from .algebra import copy_matrix, factor_columns, substitute
from .carried_body import add_body, locate_body, momentum_columns
from .compile import kernel, part
from .keep_physical import inertia_of, inertia_place, nearest_body
from .observe import momentum_observer

NOISE = 5.0  # of the measured acceleration [rad/s^2]
FLOOR = 1e-3  # of the torque, over the motor's limit
SLOW = 40.0
TIMING = 0.3  # share of a change of the torque that the sensors may see a cycle later
MISFIT = 0.1  # share of the squares that a load may leave unexplained
FORGET = 0.2  # time constant [s]
LIGHTEST = 1e-3  # mass of a load [kg]
REACH = 0.5  # largest distance of its centre [m]
HEAVY, FAR, WIDE = 5.0, 0.2, 0.02  # usual size of mass [kg], first moment [kg m], inertia [kg m^2]


@kernel
def observe_unmodelled(guard, arm, dq, begun, elapsed):
    """Update r by the torque sent ``elapsed`` [s] ago, if any and ``begun``."""
    p, bias = vector(guard, at.GUARD_MOMENTUM), vector(guard, at.GUARD_BIAS)
    r, sent = vector(guard, at.GUARD_UNMODELLED), vector(guard, at.GUARD_SENT)
    share = -math.expm1(-number(guard, at.GUARD_OBSERVER_GAIN) * elapsed)
    momentum_observer(arm, dq, sent, begun, share, elapsed, p, bias, r)


@part(4, number=True)
def find_load(guard, arm, inputs, sure, elapsed):
    """Update r as `observe_unmodelled` does, and the load, from a cycle of ``elapsed`` [s].

    Args:
        guard: block of `GUARD`.
        arm: block of `ARM`, with the terms of the model without the load.
        inputs: block of `INPUT`.
        sure: whether the last torque was sent ``elapsed`` ago, and the state is believed.
        elapsed: see above.
    """
    load, dq = whole(guard, at.GUARD_LOAD), vector(inputs, at.INPUT_DQ)
    r = vector(guard, at.GUARD_UNMODELLED)
    observe_unmodelled(guard, arm, dq, sure, elapsed)
    locate(load, arm, dq)
    p, b = matrix(load, at.LOAD_P, at.PARAMETERS), matrix(load, at.LOAD_B, at.PARAMETERS)
    momentum_columns(whole(load, at.LOAD_BODY), p, b)
    if sure and number(load, at.LOAD_BEGUN) > 0.0:
        add_cycle(guard, arm, elapsed)
        solve(load)
    copy_matrix(p, matrix(load, at.LOAD_P_LAST, at.PARAMETERS))
    copy_matrix(b, matrix(load, at.LOAD_B_LAST, at.PARAMETERS))
    set_number(load, at.LOAD_BEGUN, 1.0)
    set_number(guard, at.GUARD_LOADED_NOW, 1.0 if vector(load, at.LOAD_THETA)[at.MASS] > 0.0 else 0.0)
    theta, lack = vector(load, at.LOAD_THETA), vector(guard, at.GUARD_LACK)
    filtered = matrix(load, at.LOAD_FILTERED, at.PARAMETERS)
    for i in range(len(r)):
        lack[i] = 0.0
        for k in range(at.PARAMETERS):
            lack[i] += filtered[i, k] * theta[k]


@kernel
def locate(load, arm, dq):
    """Store the motion of the tool frame in the load's body."""
    n = len(dq)
    pose, J, dJ = (
        matrix(arm, at.ARM_POSE, 4), matrix(arm, at.ARM_J, n), matrix(arm, at.ARM_DJ, n)
    )  # fmt: skip
    locate_body(whole(load, at.LOAD_BODY), pose, J, dJ, dq)


@kernel
def add_cycle(guard, arm, elapsed):
    """Add the equations of the cycle that has ended."""
    load, r = whole(guard, at.GUARD_LOAD), vector(guard, at.GUARD_UNMODELLED)
    p, b = matrix(load, at.LOAD_P, at.PARAMETERS), matrix(load, at.LOAD_B, at.PARAMETERS)
    p_last = matrix(load, at.LOAD_P_LAST, at.PARAMETERS)
    b_last = matrix(load, at.LOAD_B_LAST, at.PARAMETERS)
    information, moment = (
        matrix(load, at.LOAD_INFORMATION, at.PARAMETERS),
        vector(load, at.LOAD_MOMENT),
    )
    filtered, row = matrix(load, at.LOAD_FILTERED, at.PARAMETERS), vector(load, at.LOAD_ROW)
    sent, sent_last = vector(guard, at.GUARD_SENT), vector(load, at.LOAD_SENT_LAST)
    calm, most = vector(load, at.LOAD_BEFORE), vector(guard, at.GUARD_TAU_MAX)
    share = -math.expm1(-number(guard, at.GUARD_OBSERVER_GAIN) * elapsed)
    slow, still = (
        -math.expm1(-SLOW * elapsed),
        matrix(load, at.LOAD_STILL, at.PARAMETERS),
    )
    keep, M = math.exp(-elapsed / FORGET), matrix(arm, at.ARM_M, len(r))
    size = keep * number(load, at.LOAD_SIZE)
    for k in range(at.PARAMETERS):
        moment[k] *= keep
        for j in range(k + 1):
            information[k, j] *= keep
    for i in range(len(r)):
        noise = FLOOR * most[i] + TIMING * abs(sent[i] - sent_last[i])
        for j in range(len(r)):
            noise += NOISE * abs(M[i, j])
        sent_last[i] = sent[i]
        weight = 1.0 / (noise * noise)
        calm[i] += slow * (r[i] - calm[i])
        new = calm[i] - r[i]
        size += weight * new * new
        for k in range(at.PARAMETERS):
            rate = (p[i, k] - p_last[i, k]) / elapsed - 0.5 * (b[i, k] + b_last[i, k])
            filtered[i, k] += share * (rate - filtered[i, k])
            still[i, k] += slow * (filtered[i, k] - still[i, k])
            row[k] = filtered[i, k] - still[i, k]
        for k in range(at.PARAMETERS):
            moment[k] += weight * new * row[k]
            for j in range(k + 1):
                information[k, j] += weight * row[k] * row[j]
    set_number(load, at.LOAD_SIZE, size)


@kernel
def is_explained(load):
    """Return whether the load explains what r does not follow; see MISFIT."""
    information = matrix(load, at.LOAD_INFORMATION, at.PARAMETERS)
    moment, theta = vector(load, at.LOAD_MOMENT), vector(load, at.LOAD_THETA)
    size = number(load, at.LOAD_SIZE)
    misfit = size
    for k in range(at.PARAMETERS):
        misfit -= 2.0 * theta[k] * moment[k]
        for j in range(k + 1):
            both = 1.0 if j == k else 2.0
            misfit += both * theta[k] * information[k, j] * theta[j]
    set_number(load, at.LOAD_RATIO, misfit / size)
    return misfit < MISFIT * size


@kernel
def solve(load):
    """Solve for the parameters; write those of the nearest body."""
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
    if not is_explained(load):
        for k in range(at.PARAMETERS):
            theta[k] = 0.0


@part(2)
def carry_load(guard, arm):
    """Add the load that was found to the arm's M, C and g, at the believed velocity."""
    load, n = whole(guard, at.GUARD_LOAD), whole(arm, at.ARM_DOF)
    locate(load, arm, vector(guard, at.GUARD_BELIEVED_DQ))
    M, C, g = matrix(arm, at.ARM_M, n), matrix(arm, at.ARM_C, n), vector(arm, at.ARM_G)
    add_body(whole(load, at.LOAD_BODY), vector(load, at.LOAD_THETA), M, C, g)
