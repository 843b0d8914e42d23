"""What a structured learner observes: the torque that the model lacks, and what explains it."""

import math

from arms.machine.memory import call
from arms.machine.numba_kernel import kernel, part

from .access import matrix, number, vector, whole
from .arm_terms import compute_terms
from .balance_columns import (
    columns_now,
    columns_of_cycle,
    encode_motion,
    force_column,
    friction_column,
    keep_columns,
    lack_of_cycle,
    model_columns_of_cycle,
    neurons_of,
)
from .follow_presliding import learn_share
from .follow_ripple import take_ripple
from .joint_activity import decoded
from .layout import regression_fields as regression_at, structured_fields as at
from .layout.arm_fields import INPUT_DQ, INPUT_Q, INPUT_WRENCH
from .layout.network_fields import DRY, FRICTION
from .layout.presliding_fields import PRESLIDING_BUILT
from .layout.ripple_fields import RIPPLE_LACKING, RIPPLE_TAKEN
from .learned_body import keep_model
from .observe import push_torque
from .regress import columns_of, filter_columns, is_filled, queue_torque

SETTLED = 300  # cycles after a change until the misfit is the usual one


@kernel
def delay_sent(learner):
    """Let the torque sent be the one that acted until the late state, if states are late."""
    sent, on_way = vector(learner, at.STRUCTURED_SENT), vector(learner, at.STRUCTURED_ON_WAY)
    n, late = len(sent), len(on_way) // len(sent)
    if late == 0:
        return
    for i in range(n):
        last = sent[i]
        sent[i] = on_way[n * (late - 1) + i]
        for k in range(late - 1, 0, -1):
            on_way[n * k + i] = on_way[n * (k - 1) + i]
        on_way[i] = last


@kernel
def observe_state(learner, arm, inputs):
    """Run `observe_lack` on this state, or on the late one from which it was predicted."""
    late = whole(learner, at.STRUCTURED_LATE_ARM)
    if late == 0:
        call(whole(learner, at.STRUCTURED_OBSERVE_CALL), learner, arm, inputs)
        return
    late_inputs = whole(learner, at.STRUCTURED_LATE_INPUT)
    wrench, late_wrench = vector(inputs, INPUT_WRENCH), vector(late_inputs, INPUT_WRENCH)
    for k in range(len(wrench)):
        late_wrench[k] = wrench[k]
    compute_terms(late, late_inputs)
    keep_model(learner, late, late_inputs)
    call(whole(learner, at.STRUCTURED_OBSERVE_CALL), learner, late, late_inputs)


@part(3)
def observe_lack(learner, arm, inputs):
    """Compute the columns and the torque that the model lacks over the cycle; filter both."""
    law = whole(learner, at.STRUCTURED_LAW)
    q, dq = vector(inputs, INPUT_Q), vector(inputs, INPUT_DQ)
    sent, begun = vector(learner, at.STRUCTURED_SENT), number(learner, at.STRUCTURED_BEGUN) > 0.0
    add_mean_push(learner, arm, inputs, begun)
    queue_torque(law, sent)
    encode_motion(learner, arm, q, dq, PRESLIDING_BUILT)
    columns_now(learner, arm)
    if begun:
        columns_of_cycle(learner, dq)
        model_columns_of_cycle(learner, q, dq)
        lack_of_cycle(learner, dq)
        ripple, q_half = whole(learner, at.STRUCTURED_RIPPLE), vector(learner, at.STRUCTURED_Q_HALF)
        take_ripple(ripple, q_half, vector(law, regression_at.REGRESSION_Y))
        if is_filled(law):
            filter_columns(law)
        follow_lack(learner, law)
    else:
        lack_of_cycle(learner, dq)
    keep_columns(learner, q, dq)


@kernel
def add_mean_push(learner, arm, inputs, begun):
    """Add to the torque sent the mean push over the cycle, from the wrenches before and after it.

    A push that lags by half a cycle behind the motion would look like a mass.
    """
    sent, push = vector(learner, at.STRUCTURED_SENT), vector(learner, at.STRUCTURED_PUSH)
    last = vector(learner, at.STRUCTURED_PUSH_LAST)
    for i in range(len(push)):
        push[i] = 0.0
    push_torque(push, arm, inputs)
    for i in range(len(push)):
        sent[i] += 0.5 * (push[i] + last[i]) if begun else push[i]
        last[i] = push[i]


@kernel
def follow_lack(learner, law):
    """Let the fast part m follow y less what model, tool and the friction supplied explain.

    In place of that supplied it is that of the late state, if states are late: m would make up for
    dry friction of another direction.
    """
    y, w = vector(law, regression_at.REGRESSION_Y), vector(law, regression_at.REGRESSION_WEIGHTS)
    raw, fast = columns_of(law), vector(learner, at.STRUCTURED_FAST)
    gain, rubbed = vector(learner, at.STRUCTURED_GAIN), vector(learner, at.STRUCTURED_RUBBED)
    n, p, dt = len(y), len(w), number(learner, at.STRUCTURED_DT)
    ripple = whole(learner, at.STRUCTURED_RIPPLE)
    lacking, taken = vector(ripple, RIPPLE_LACKING), vector(ripple, RIPPLE_TAKEN)
    late = whole(learner, at.STRUCTURED_LATE_ARM) != 0
    presliding = whole(learner, at.STRUCTURED_PRESLIDING)
    known = matrix(learner, at.STRUCTURED_FRICTION, FRICTION)
    settled = number(law, regression_at.REGRESSION_SINCE) > SETTLED
    friction, force = friction_column(n, 0, 0), force_column(n, 0, 0)
    for i in range(n):
        rubs = decoded(neurons_of(learner), i, regression_at.JOINT_NEURONS_ACTIVE)
        for k in range(friction_column(n, i, 0), friction_column(n, i, FRICTION)):
            rubs += raw[i, k] * w[k]
        supplied = rubs if late else rubbed[i]
        missing = y[i] - supplied
        for k in range(friction):
            missing -= raw[i, k] * w[k]
        for k in range(force, p):
            missing -= raw[i, k] * w[k]
        if settled:
            learn_share(presliding, i, missing + supplied - rubs, known[i, DRY])
        lacking[i] = missing + taken[i]
        fast[i] += (1.0 - math.exp(-gain[i] * dt)) * (missing - fast[i])
