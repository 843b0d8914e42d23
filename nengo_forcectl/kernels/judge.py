"""Credibility of a state: the rules of `SensorCheck` and `Safe`."""

from arms.machine.numba_kernel import kernel, part

from .access import number, vector
from .layout.estimation_fields import (
    SENSORS_DQ,
    SENSORS_DQ_BEFORE,
    SENSORS_DQ_MOST,
    SENSORS_Q,
    SENSORS_Q_BEFORE,
    SENSORS_Q_LEAST,
    SENSORS_Q_MOST,
)
from .sizes import CREDIBLE, FROZEN, NOT_CREDIBLE

STILL = 1e-12  # squared velocity of a joint at rest [rad^2/s^2]


@kernel
def is_credible(q, dq, q_least, q_most, dq_most):
    """Return whether every position and velocity is a number within its credible range."""
    for i in range(len(q)):
        if not (q_least[i] < q[i] < q_most[i] and abs(dq[i]) < dq_most):
            return False
    return True


@kernel
def is_frozen(q, dq, q_before, dq_before):
    """Return whether a state repeats the last one bit for bit although its joints move."""
    square = 0.0
    for i in range(len(q)):
        if q[i] != q_before[i] or dq[i] != dq_before[i]:
            return False
        square += dq[i] * dq[i]
    return square > STILL


@part(1)
def judge_state(sensors):
    """Check the state in a block of `SENSORS`; store a credible one as the last state."""
    q, dq = vector(sensors, SENSORS_Q), vector(sensors, SENSORS_DQ)
    q_least, q_most = vector(sensors, SENSORS_Q_LEAST), vector(sensors, SENSORS_Q_MOST)
    if not is_credible(q, dq, q_least, q_most, number(sensors, SENSORS_DQ_MOST)):
        return NOT_CREDIBLE
    q_before = vector(sensors, SENSORS_Q_BEFORE)
    dq_before = vector(sensors, SENSORS_DQ_BEFORE)
    frozen = is_frozen(q, dq, q_before, dq_before)
    for i in range(len(q)):
        q_before[i], dq_before[i] = q[i], dq[i]
    return FROZEN if frozen else CREDIBLE
