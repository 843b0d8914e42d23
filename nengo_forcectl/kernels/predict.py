"""`Predictor`: the present state, from a late one and the torques sent since."""

from arms.machine.numba_kernel import kernel, part

from .access import matrix, number, set_number, vector, whole
from .algebra import factor_columns, substitute
from .arm_terms import compute_terms
from .layout import estimation_fields as at
from .layout.arm_fields import ARM_C, ARM_G, ARM_M, INPUT_DQ, INPUT_Q
from .layout.network_fields import FRICTION, JOINTS_SPEED, VISCOUS
from .layout.structured_fields import (
    STRUCTURED_ARMATURE,
    STRUCTURED_FRICTION,
    STRUCTURED_JOINTS,
    STRUCTURED_PAYLOAD,
)
from .learned_body import any_of, correct_terms, shift_observer
from .observe import momentum_observer


@part(4)
def predict(predictor, arm, inputs, sound):
    """Write the present state to the predictor's ``q`` and ``dq``.

    Args:
        predictor: block of `PREDICTOR`, whose memory advances by a cycle.
        arm: block of `ARM`, whose terms are written.
        inputs: block of `INPUT`, with the delayed state.
        sound: whether the observer can learn from this state.
    """
    compute_terms(arm, inputs)
    know_body(predictor, arm, inputs)
    know_friction(predictor)
    observe_late(predictor, arm, inputs, sound)
    integrate_sent(predictor, arm, inputs)


@kernel
def know_body(predictor, arm, inputs):
    """Add what a structured learner, if any, has found of the body.

    An observer that has begun goes on with a changed body, as if it had always been that one.
    """
    learner = whole(predictor, at.PREDICTOR_LEARNER)
    if learner == 0:
        return
    correct_terms(learner, arm, inputs)
    payload, armature = (
        vector(predictor, at.PREDICTOR_PAYLOAD), vector(predictor, at.PREDICTOR_ARMATURE)
    )  # fmt: skip
    learned, rotors = vector(learner, STRUCTURED_PAYLOAD), vector(learner, STRUCTURED_ARMATURE)
    for k in range(len(payload)):
        payload[k] = learned[k] - payload[k]
    for i in range(len(armature)):
        armature[i] = rotors[i] - armature[i]
    begun = number(predictor, at.PREDICTOR_BEGUN) > 0.0
    if begun and (any_of(payload) or any_of(armature)):
        p, b = vector(predictor, at.PREDICTOR_MOMENTUM), vector(predictor, at.PREDICTOR_BIAS)
        r, dq = vector(predictor, at.PREDICTOR_UNMODELLED), vector(inputs, INPUT_DQ)
        shift_observer(learner, payload, armature, dq, p, b, r)
    for k in range(len(payload)):
        payload[k] = learned[k]
    for i in range(len(armature)):
        armature[i] = rotors[i]


@kernel
def know_friction(predictor):
    """Add what a structured learner, if any, has found of viscous friction to the model's."""
    learner, own = whole(predictor, at.PREDICTOR_LEARNER), vector(predictor, at.PREDICTOR_OWN)
    viscous = vector(predictor, at.PREDICTOR_VISCOUS)
    for i in range(len(own)):
        viscous[i] = own[i]
    if learner == 0:
        return
    friction = matrix(learner, STRUCTURED_FRICTION, FRICTION)
    speed = vector(whole(learner, STRUCTURED_JOINTS), JOINTS_SPEED)
    for i in range(len(own)):
        viscous[i] += friction[i, VISCOUS] / speed[i]


@kernel
def observe_late(predictor, arm, inputs, sound):
    """Update r by the torque that acted until the late state: the oldest in the queue."""
    dq = vector(inputs, INPUT_DQ)
    n = len(dq)
    if sound:
        sent, begun = matrix(predictor, at.PREDICTOR_SENT, n), number(predictor, at.PREDICTOR_BEGUN)
        share, dt = number(predictor, at.PREDICTOR_SHARE), number(predictor, at.PREDICTOR_DT)
        p, b = vector(predictor, at.PREDICTOR_MOMENTUM), vector(predictor, at.PREDICTOR_BIAS)
        r = vector(predictor, at.PREDICTOR_UNMODELLED)
        momentum_observer(arm, dq, sent[len(sent) - 1], begun > 0.0, share, dt, p, b, r)
    set_number(predictor, at.PREDICTOR_BEGUN, 1.0 if sound else 0.0)


@kernel
def integrate_sent(predictor, arm, inputs):
    """Integrate the late state over the torques sent since; r less friction, M, C and g stay.

    Each step is implicit in the friction: that of a light joint is over within a step.
    """
    q, dq = vector(inputs, INPUT_Q), vector(inputs, INPUT_DQ)
    n, dt = len(q), number(predictor, at.PREDICTOR_DT)
    M, C, g = matrix(arm, ARM_M, n), matrix(arm, ARM_C, n), vector(arm, ARM_G)
    r, sent = vector(predictor, at.PREDICTOR_UNMODELLED), matrix(predictor, at.PREDICTOR_SENT, n)
    free, ddq = vector(predictor, at.PREDICTOR_FREE), vector(predictor, at.PREDICTOR_DDQ)
    q_now, dq_now = vector(predictor, at.PREDICTOR_Q), vector(predictor, at.PREDICTOR_DQ)
    factor, viscous = (
        matrix(predictor, at.PREDICTOR_FACTOR, n), vector(predictor, at.PREDICTOR_VISCOUS)
    )  # fmt: skip
    for i in range(n):
        free[i] = r[i] - g[i] + viscous[i] * dq[i]
        for j in range(n):
            free[i] -= C[i, j] * dq[j]
            factor[i, j] = M[i, j]
        factor[i, i] += dt * viscous[i]
        q_now[i], dq_now[i] = q[i], dq[i]
    factor_columns(factor, 0, n)
    for k in range(len(sent) - 2, -1, -1):
        for i in range(n):
            ddq[i] = free[i] + sent[k, i] - viscous[i] * dq_now[i]
        substitute(factor, ddq)
        for i in range(n):
            q_now[i] += dt * (dq_now[i] + 0.5 * dt * ddq[i])
            dq_now[i] += dt * ddq[i]
