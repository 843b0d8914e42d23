"""`protect` for the cycles that `control_cycle` replaces; dies with them."""

import math

from .access import number, span, vector, whole
from .compile import kernel
from .judge import is_credible
from .layout import (
    ARM_G,
    ARM_POSE,
    GO,
    GUARD_ARM,
    GUARD_ASKED,
    GUARD_DQ_MOST,
    GUARD_INPUT,
    GUARD_Q_LEAST,
    GUARD_Q_MOST,
    GUARD_SENT,
    INPUT_DQ,
    INPUT_Q,
    NOT_FINITE,
)
from .protect import protect


@kernel
def credible_arrays(q, dq, guard):
    """As `credible`, of arrays; True without a guard."""
    if guard == 0:
        return True
    q_least, q_most = vector(guard, GUARD_Q_LEAST), vector(guard, GUARD_Q_MOST)
    return is_credible(q, dq, q_least, q_most, number(guard, GUARD_DQ_MOST))


@kernel
def leave(terms, q, dq, tau_max, begun, elapsed, guard, tau, tool):
    """What a whole cycle's torque passes on its way out; returns what it met, or NOT_FINITE."""
    n = len(tau)
    for i in range(n):
        if not math.isfinite(tau[i]):
            return NOT_FINITE
        tau[i] = min(max(tau[i], -tau_max[i]), tau_max[i])
    for axis in range(3):
        tool[axis] = terms[4 * axis + 3]
    if guard == 0:
        return 0
    arm, inputs = whole(guard, GUARD_ARM), whole(guard, GUARD_INPUT)
    to, asked, sent = (
        span(arm, ARM_POSE, ARM_G),
        vector(guard, GUARD_ASKED),
        vector(guard, GUARD_SENT),
    )
    q_now, dq_now = vector(inputs, INPUT_Q), vector(inputs, INPUT_DQ)
    for i in range(len(to)):
        to[i] = terms[i]
    for i in range(n):
        q_now[i], dq_now[i], asked[i] = q[i], dq[i], tau[i]
    met = protect(guard, arm, inputs, GO, begun, elapsed)
    for i in range(n):
        tau[i] = sent[i]
    return met
