"""What is learned of the body, payload and armature, as part of an arm's model."""

import math

from arms.machine.memory import call
from arms.machine.numba_kernel import kernel, part

from .access import matrix, vector, whole
from .algebra import copy_matrix, factor_columns, substitute
from .arm_terms import compute_terms
from .carried_body import add_body, clear_matrix, locate_body
from .layout import structured_fields as at
from .layout.arm_fields import (
    ARM_C,
    ARM_DJ,
    ARM_DOF,
    ARM_G,
    ARM_J,
    ARM_M,
    ARM_POSE,
    COMMAND_TAU,
    INPUT_DQ,
)
from .layout.body_fields import PARAMETERS
from .layout.guard_fields import (
    GUARD_BIAS,
    GUARD_LEARNER,
    GUARD_MODEL_CALL,
    GUARD_MOMENTUM,
    GUARD_RUBS,
    GUARD_UNMODELLED,
)
from .layout.ripple_fields import RIPPLE_FED


@part(4)
def correct_model(learner, arm, inputs, guard):
    """Add what was learned of the body to the arm's terms; a guard's observer goes on, if any."""
    correct_terms(learner, arm, inputs)
    if guard != 0:
        shift_guard(learner, guard, arm, vector(inputs, INPUT_DQ))


@kernel
def correct_terms(learner, arm, inputs):
    """Add what was learned of the body to the arm's M, C and g; keep the model's own."""
    keep_model(learner, arm, inputs)
    n, armature = whole(arm, ARM_DOF), vector(learner, at.STRUCTURED_ARMATURE)
    M, C, g = matrix(arm, ARM_M, n), matrix(arm, ARM_C, n), vector(arm, ARM_G)
    add_body(whole(learner, at.STRUCTURED_BODY), vector(learner, at.STRUCTURED_PAYLOAD), M, C, g)
    for i in range(n):
        M[i, i] += armature[i]


@kernel
def keep_model(learner, arm, inputs):
    """Keep the model's own M, C and g, and locate the body at this state."""
    n = whole(arm, ARM_DOF)
    M, C, g = matrix(arm, ARM_M, n), matrix(arm, ARM_C, n), vector(arm, ARM_G)
    copy_matrix(M, matrix(learner, at.STRUCTURED_M, n))
    copy_matrix(C, matrix(learner, at.STRUCTURED_C, n))
    own = vector(learner, at.STRUCTURED_G)
    for i in range(n):
        own[i] = g[i]
    pose, J, dJ = (
        matrix(arm, ARM_POSE, 4), matrix(arm, ARM_J, n), matrix(arm, ARM_DJ, n)
    )  # fmt: skip
    body, dq = whole(learner, at.STRUCTURED_BODY), vector(inputs, INPUT_DQ)
    locate_body(body, pose, J, dJ, dq)


@kernel
def compute_learned_terms(guard, arm, inputs):
    """Compute the terms with what the guard's learner, if any, has learned of the body."""
    compute_terms(arm, inputs)
    learner = whole(guard, GUARD_LEARNER)
    if learner != 0:
        call(whole(guard, GUARD_MODEL_CALL), learner, arm, inputs, guard)


@kernel
def anticipate_friction(guard):
    """Take over friction and ripple that the guard's learner, if any, makes up for in this cycle.

    r follows within some milliseconds. Friction that changes its sign with the torque that makes
    up for it would else look like a torque that throws a light joint.
    """
    learner, rubs = whole(guard, GUARD_LEARNER), vector(guard, GUARD_RUBS)
    if learner == 0:
        return
    supplied = vector(learner, at.STRUCTURED_RUBS)
    fed = vector(whole(learner, at.STRUCTURED_RIPPLE), RIPPLE_FED)
    for i in range(len(rubs)):
        if math.isfinite(supplied[i] + fed[i]):
            rubs[i] = supplied[i] + fed[i]


@kernel
def shift_guard(learner, guard, arm, dq):
    """Let the guard's observer go on with a changed model, as if it had always been that one.

    With dM, dC and dg the changes, its momentum changes by ``dM dq``, its bias by ``dC^T dq - dg``,
    and the torque that the model lacks by ``dC dq + dg``.
    """
    payload = vector(learner, at.STRUCTURED_NEW_PAYLOAD)
    armature = vector(learner, at.STRUCTURED_NEW_ARMATURE)
    if not any_of(payload) and not any_of(armature):
        return
    p, bias = vector(guard, GUARD_MOMENTUM), vector(guard, GUARD_BIAS)
    shift_observer(learner, payload, armature, dq, p, bias, vector(guard, GUARD_UNMODELLED))
    for k in range(PARAMETERS):
        payload[k] = 0.0
    for i in range(len(dq)):
        armature[i] = 0.0


@kernel
def shift_observer(learner, payload, armature, dq, p, bias, r):
    """Add to an observer's memory what a payload and an armature add to the model."""
    n = len(dq)
    M, C = matrix(learner, at.STRUCTURED_NEW_M, n), matrix(learner, at.STRUCTURED_NEW_C, n)
    g = vector(learner, at.STRUCTURED_NEW_G)
    clear_matrix(M)
    clear_matrix(C)
    for i in range(n):
        g[i] = 0.0
    add_body(whole(learner, at.STRUCTURED_BODY), payload, M, C, g)
    for i in range(n):
        p[i] += armature[i] * dq[i]
        bias[i] -= g[i]
        r[i] += g[i]
        for j in range(n):
            p[i] += M[i, j] * dq[j]
            bias[i] += C[j, i] * dq[j]
            r[i] += C[i, j] * dq[j]


@kernel
def any_of(values):
    """Whether a number is not 0."""
    found = False
    for i in range(len(values)):
        found = found or values[i] != 0.0
    return found


@kernel
def carry_body(learner, arm, inputs, command):
    """Compute the torque that the law spends on what was learned of the body.

    It is dM ddq + dC dq + dg, d the difference to the model, ddq what the law's torque gives.
    """
    n, dq, tau = (
        whole(arm, ARM_DOF),
        vector(inputs, INPUT_DQ),
        vector(command, COMMAND_TAU),
    )
    M, C, g = matrix(arm, ARM_M, n), matrix(arm, ARM_C, n), vector(arm, ARM_G)
    own_M, own_C = matrix(learner, at.STRUCTURED_M, n), matrix(learner, at.STRUCTURED_C, n)
    own_g, carried = vector(learner, at.STRUCTURED_G), vector(learner, at.STRUCTURED_CARRIED)
    factor, ddq = matrix(learner, at.STRUCTURED_FACTOR, n), vector(learner, at.STRUCTURED_DDQ)
    copy_matrix(M, factor)
    factor_columns(factor, 0, n)
    for i in range(n):
        ddq[i] = tau[i] - g[i]
        for j in range(n):
            ddq[i] -= C[i, j] * dq[j]
    substitute(factor, ddq)
    for i in range(n):
        carried[i] = g[i] - own_g[i]
        for j in range(n):
            carried[i] += (M[i, j] - own_M[i, j]) * ddq[j] + (C[i, j] - own_C[i, j]) * dq[j]
