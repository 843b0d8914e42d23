"""The learner of a structured network: what is learned of the body becomes part of the model."""

import math

from . import layout as at
from .access import matrix, number, set_number, vector, whole
from .algebra import factor_columns, substitute
from .arm_terms import compute_terms
from .carried_body import (
    PARAMETERS,
    add_body,
    clear,
    column_product,
    locate_body,
    momentum_columns,
    weigh,
)
from .compile import kernel
from .encode_structure import encode_joints, encode_tool
from .observe import faded, push_torque
from .regress import (
    filter_columns,
    forget_payload,
    is_filled,
    matrix_of,
    queue_torque,
    take_samples,
)
from .solve_regression import solve_regression

DIRECT = 7  # inputs of the tool's direct path
SETTLED = 300  # cycles after a change until the next one can be found
WATCH = 0.03  # share of a cycle in the mean square of m's change
QUIETEN = 0.6  # of the gain at which a joint was loud is the new most
RECOVER = 0.5  # of the new most that the gain begins with
LEAST_GAIN = 5.0  # [1/s]
KNOWN = 3.0  # inertia that a joint may have over the model's up to which its gain may grow
DEVIATIONS = 3.0  # of the armature in that bound
SOFT = 0.25  # bandwidth of the posture over K while inertia or delay is uncertain
EASE = 0.2  # of the way to their new values that gains go in a solution
DELAY_GAIN = 0.12  # most K times the delay found
DELAY_POSTURE = 0.03  # most bandwidth of the posture times the delay found
UNTRIED = 160  # cycles after a change in which gains do not grow
NO_DELAY = 0.7  # delay that counts as none [cycles]


@kernel
def correct_terms(learner, arm, inputs):
    """Add what was learned of the body to the arm's M, C and g; keep the model's own."""
    n = whole(arm, at.ARM_DOF)
    M, C, g = matrix(arm, at.ARM_M, n), matrix(arm, at.ARM_C, n), vector(arm, at.ARM_G)
    copy(M, matrix(learner, at.STRUCTURED_M, n))
    copy(C, matrix(learner, at.STRUCTURED_C, n))
    own = vector(learner, at.STRUCTURED_G)
    for i in range(n):
        own[i] = g[i]
    body, armature = whole(learner, at.STRUCTURED_BODY), vector(learner, at.STRUCTURED_ARMATURE)
    pose, J, dJ = (
        matrix(arm, at.ARM_POSE, 4), matrix(arm, at.ARM_J, n), matrix(arm, at.ARM_DJ, n)
    )  # fmt: skip
    locate_body(body, pose, J, dJ, vector(inputs, at.INPUT_DQ))
    add_body(body, vector(learner, at.STRUCTURED_PAYLOAD), M, C, g)
    for i in range(n):
        M[i, i] += armature[i]


@kernel
def compute_learned_terms(guard, arm, inputs):
    """Compute the terms with what the guard's learner, if any, has learned of the body."""
    compute_terms(arm, inputs)
    learner = whole(guard, at.GUARD_LEARNER)
    if learner != 0:
        correct_terms(learner, arm, inputs)
        shift_guard(learner, guard, arm, vector(inputs, at.INPUT_DQ))


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
    n = len(dq)
    M, C = matrix(learner, at.STRUCTURED_NEW_M, n), matrix(learner, at.STRUCTURED_NEW_C, n)
    g = vector(learner, at.STRUCTURED_NEW_G)
    clear(M)
    clear(C)
    for i in range(n):
        g[i] = 0.0
    add_body(whole(learner, at.STRUCTURED_BODY), payload, M, C, g)
    p, bias = vector(guard, at.GUARD_MOMENTUM), vector(guard, at.GUARD_BIAS)
    r = vector(guard, at.GUARD_UNMODELLED)
    for i in range(n):
        p[i] += armature[i] * dq[i]
        bias[i] -= g[i]
        r[i] += g[i]
        for j in range(n):
            p[i] += M[i, j] * dq[j]
            bias[i] += C[j, i] * dq[j]
            r[i] += C[i, j] * dq[j]
    for k in range(PARAMETERS):
        payload[k] = 0.0
    for i in range(n):
        armature[i] = 0.0


@kernel
def any_of(values):
    """Whether a number is not 0."""
    found = False
    for i in range(len(values)):
        found = found or values[i] != 0.0
    return found


@kernel
def copy(A, B):
    """Copy matrix A to B."""
    for i in range(A.shape[0]):
        for j in range(A.shape[1]):
            B[i, j] = A[i, j]


@kernel
def supply_structured(learner, arm, inputs, command, sound, learning):
    """Write the torque of joints, tool and fast part to the field "feedforward", then learn.

    Args:
        sound: whether the sensors can be learned from.
        learning: LEARN, HOLD or FREEZE; in FREEZE the fast part does not compensate either.
    """
    learns = learning != at.FREEZE and sound
    carry_body(learner, arm, inputs, command)
    feed_forward(learner, arm, inputs, command)
    if learns:
        observe_lack(learner, arm, inputs)
    else:  # the queue has no gap
        queue_torque(whole(learner, at.STRUCTURED_LAW), vector(learner, at.STRUCTURED_SENT))
    total_torque(learner, command, learning)
    set_number(learner, at.STRUCTURED_BEGUN, 1.0 if learns else 0.0)
    if not learns:
        return
    watch_joints(learner)
    if learning == at.LEARN and is_filled(whole(learner, at.STRUCTURED_LAW)):
        law = whole(learner, at.STRUCTURED_LAW)
        find_change(learner, law)
        take_samples(law)
        if solve_regression(law):
            renew(learner, law)


@kernel
def feed_forward(learner, arm, inputs, command):
    """Compute F of joints and tool at dq_s, the tool half a cycle ahead."""
    n, J = whole(arm, at.ARM_DOF), matrix(arm, at.ARM_J, whole(arm, at.ARM_DOF))
    encode_motion(learner, arm, vector(inputs, at.INPUT_Q), vector(command, at.COMMAND_DQ_S))
    x, y = matrix(learner, at.STRUCTURED_X, 2), vector(learner, at.STRUCTURED_Y)
    friction = matrix(learner, at.STRUCTURED_FRICTION, 2)
    force = matrix(learner, at.STRUCTURED_FORCE, DIRECT)
    supplied, rubs = vector(learner, at.STRUCTURED_SUPPLIED), vector(learner, at.STRUCTURED_RUBS)
    ahead = number(learner, at.STRUCTURED_DT)
    for k in range(3):
        y[1 + k] += 0.5 * ahead * y[4 + k]
    for i in range(n):
        rubs[i] = friction[i, 0] * x[i, 0] + friction[i, 1] * x[i, 1]
        supplied[i] = rubs[i]
    for a in range(3):
        pull = 0.0
        for k in range(DIRECT):
            pull += force[a, k] * y[k]
        for i in range(n):
            supplied[i] += J[a, i] * pull


@kernel
def carry_body(learner, arm, inputs, command):
    """Compute the torque that the law spends on what was learned of the body.

    It is dM ddq + dC dq + dg, d the difference to the model, ddq what the law's torque gives.
    """
    n, dq, tau = (
        whole(arm, at.ARM_DOF),
        vector(inputs, at.INPUT_DQ),
        vector(command, at.COMMAND_TAU),
    )
    M, C, g = matrix(arm, at.ARM_M, n), matrix(arm, at.ARM_C, n), vector(arm, at.ARM_G)
    own_M, own_C = matrix(learner, at.STRUCTURED_M, n), matrix(learner, at.STRUCTURED_C, n)
    own_g, carried = vector(learner, at.STRUCTURED_G), vector(learner, at.STRUCTURED_CARRIED)
    factor, ddq = matrix(learner, at.STRUCTURED_FACTOR, n), vector(learner, at.STRUCTURED_DDQ)
    copy(M, factor)
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


@kernel
def encode_motion(learner, arm, q, dq):
    """Compute the direct inputs of joints and tool."""
    n = len(q)
    pose, J = matrix(arm, at.ARM_POSE, 4), matrix(arm, at.ARM_J, n)
    x, u = matrix(learner, at.STRUCTURED_X, 2), matrix(learner, at.STRUCTURED_JOINT_U, 4)
    encode_joints(whole(learner, at.STRUCTURED_JOINTS), q, dq, x, u)
    y, z = vector(learner, at.STRUCTURED_Y), vector(learner, at.STRUCTURED_TOOL_U)
    encode_tool(whole(learner, at.STRUCTURED_TOOL), pose, J, dq, y, z)


@kernel
def observe_lack(learner, arm, inputs):
    """Compute the columns and the torque that the model lacks over the cycle; filter both."""
    law, dq = whole(learner, at.STRUCTURED_LAW), vector(inputs, at.INPUT_DQ)
    sent = vector(learner, at.STRUCTURED_SENT)
    push_torque(sent, arm, inputs)
    queue_torque(law, sent)
    encode_motion(learner, arm, vector(inputs, at.INPUT_Q), dq)
    columns_now(learner, arm)
    if number(learner, at.STRUCTURED_BEGUN) > 0.0:
        columns_of_cycle(learner, dq)
        lack_of_cycle(learner, dq)
        if is_filled(law):
            filter_columns(law)
        follow_lack(learner, law)
    else:
        lack_of_cycle(learner, dq)
    keep_columns(learner, dq)


@kernel
def columns_now(learner, arm):
    """Compute the momentum's columns and the tool's J^T at this cycle's state."""
    n, J = whole(arm, at.ARM_DOF), matrix(arm, at.ARM_J, whole(arm, at.ARM_DOF))
    p, b = (
        matrix(learner, at.STRUCTURED_BODY_P, PARAMETERS),
        matrix(learner, at.STRUCTURED_BODY_B, PARAMETERS),
    )
    momentum_columns(whole(learner, at.STRUCTURED_BODY), p, b)
    y, pull = vector(learner, at.STRUCTURED_Y), matrix(learner, at.STRUCTURED_PULL, 3 * DIRECT)
    for i in range(n):
        for a in range(3):
            for k in range(DIRECT):
                pull[i, DIRECT * a + k] = J[a, i] * y[k]


@kernel
def columns_of_cycle(learner, dq):
    """Write the columns of the cycle that has ended, times their sizes, to the law's block."""
    law, n, dt = whole(learner, at.STRUCTURED_LAW), len(dq), number(learner, at.STRUCTURED_DT)
    raw, size = matrix_of(law), vector(law, at.REGRESSION_SIZE)
    p = matrix(learner, at.STRUCTURED_BODY_P, PARAMETERS)
    p_last = matrix(learner, at.STRUCTURED_BODY_P_LAST, PARAMETERS)
    b = matrix(learner, at.STRUCTURED_BODY_B, PARAMETERS)
    b_last = matrix(learner, at.STRUCTURED_BODY_B_LAST, PARAMETERS)
    x, x_last = matrix(learner, at.STRUCTURED_X, 2), matrix(learner, at.STRUCTURED_X_LAST, 2)
    pull = matrix(learner, at.STRUCTURED_PULL, 3 * DIRECT)
    pull_last = matrix(learner, at.STRUCTURED_PULL_LAST, 3 * DIRECT)
    dq_last, tool = vector(learner, at.STRUCTURED_DQ_LAST), PARAMETERS + 3 * n
    for i in range(n):
        for k in range(PARAMETERS):
            rate = (p[i, k] - p_last[i, k]) / dt - 0.5 * (b[i, k] + b_last[i, k])
            raw[i, k] = size[k] * rate
        k = PARAMETERS + i
        raw[i, k] = size[k] * (dq[i] - dq_last[i]) / dt
        for each in range(2):
            k = PARAMETERS + n + 2 * i + each
            raw[i, k] = size[k] * 0.5 * (x[i, each] + x_last[i, each])
        for each in range(3 * DIRECT):
            k = tool + each
            raw[i, k] = size[k] * 0.5 * (pull[i, each] + pull_last[i, each])


@kernel
def lack_of_cycle(learner, dq):
    """Write y, the torque that the model without what was learned lacks over the cycle."""
    n, dt = len(dq), number(learner, at.STRUCTURED_DT)
    M, C = matrix(learner, at.STRUCTURED_M, n), matrix(learner, at.STRUCTURED_C, n)
    g, sent = vector(learner, at.STRUCTURED_G), vector(learner, at.STRUCTURED_SENT)
    p, b = vector(learner, at.STRUCTURED_MOMENTUM), vector(learner, at.STRUCTURED_BIAS)
    y = vector(whole(learner, at.STRUCTURED_LAW), at.REGRESSION_Y)
    for i in range(n):
        momentum, bias = 0.0, -g[i]
        for j in range(n):
            momentum += M[i, j] * dq[j]
            bias += C[j, i] * dq[j]
        y[i] = sent[i] + 0.5 * (b[i] + bias) - (momentum - p[i]) / dt
        p[i], b[i] = momentum, bias


@kernel
def follow_lack(learner, law):
    """Let the fast part m follow y less what model, tool and the friction supplied explain."""
    y, w = vector(law, at.REGRESSION_Y), vector(law, at.REGRESSION_WEIGHTS)
    raw, fast = matrix_of(law), vector(learner, at.STRUCTURED_FAST)
    gain, rubbed = vector(learner, at.STRUCTURED_GAIN), vector(learner, at.STRUCTURED_RUBBED)
    n, p, dt = len(y), len(w), number(learner, at.STRUCTURED_DT)
    for i in range(n):
        missing = y[i] - rubbed[i]
        for k in range(PARAMETERS + n):
            missing -= raw[i, k] * w[k]
        for k in range(PARAMETERS + 3 * n, p):
            missing -= raw[i, k] * w[k]
        fast[i] += (1.0 - math.exp(-gain[i] * dt)) * (missing - fast[i])


@kernel
def keep_columns(learner, dq):
    """Keep this cycle's columns for the next one."""
    copy(
        matrix(learner, at.STRUCTURED_BODY_P, PARAMETERS),
        matrix(learner, at.STRUCTURED_BODY_P_LAST, PARAMETERS),
    )
    copy(
        matrix(learner, at.STRUCTURED_BODY_B, PARAMETERS),
        matrix(learner, at.STRUCTURED_BODY_B_LAST, PARAMETERS),
    )
    copy(matrix(learner, at.STRUCTURED_X, 2), matrix(learner, at.STRUCTURED_X_LAST, 2))
    copy(
        matrix(learner, at.STRUCTURED_PULL, 3 * DIRECT),
        matrix(learner, at.STRUCTURED_PULL_LAST, 3 * DIRECT),
    )
    last = vector(learner, at.STRUCTURED_DQ_LAST)
    for i in range(len(dq)):
        last[i] = dq[i]
    rubs, rubbed = vector(learner, at.STRUCTURED_RUBS), vector(learner, at.STRUCTURED_RUBBED)
    for i in range(len(dq)):
        rubbed[i] = rubs[i]


@kernel
def total_torque(learner, command, learning):
    """Sum F, m and the bump; after new weights the bump makes up for the change by them."""
    supplied, fast = vector(learner, at.STRUCTURED_SUPPLIED), vector(learner, at.STRUCTURED_FAST)
    bump, total = vector(learner, at.STRUCTURED_BUMP), vector(learner, at.STRUCTURED_TOTAL)
    added, tau = vector(learner, at.STRUCTURED_FEEDFORWARD), vector(command, at.COMMAND_TAU)
    renewed = number(learner, at.STRUCTURED_RENEWED) > 0.0
    keep = number(learner, at.STRUCTURED_BUMP_KEEP)
    for i in range(len(added)):
        added[i] = supplied[i]
        if learning != at.FREEZE:
            if renewed:
                bump[i] = total[i] - tau[i] - supplied[i] - fast[i]
            bump[i] = faded(keep * bump[i])
            added[i] += fast[i] + bump[i]
        total[i] = tau[i] + added[i]
    set_number(learner, at.STRUCTURED_RENEWED, 0.0)


@kernel
def watch_joints(learner):
    """Back off the gain of a joint whose fast part shakes."""
    fast, last = vector(learner, at.STRUCTURED_FAST), vector(learner, at.STRUCTURED_FAST_LAST)
    shake, loud = vector(learner, at.STRUCTURED_SHAKE), vector(learner, at.STRUCTURED_LOUD)
    gain, most = vector(learner, at.STRUCTURED_GAIN), vector(learner, at.STRUCTURED_GAIN_MOST)
    count = number(learner, at.STRUCTURED_BACKED_OFF)
    for i in range(len(fast)):
        change = fast[i] - last[i]
        shake[i] += WATCH * (change * change - shake[i])
        last[i] = fast[i]
        if shake[i] > loud[i]:
            most[i] = max(QUIETEN * gain[i], LEAST_GAIN)
            gain[i], shake[i] = RECOVER * most[i], 0.0
            count += 1.0
    if count > number(learner, at.STRUCTURED_BACKED_OFF):
        set_number(learner, at.STRUCTURED_BACKED_OFF, count)
        soften_posture(learner)


@kernel
def find_change(learner, law):
    """Forget the payload if the misfit is suddenly many times what it was."""
    lacking, w = vector(law, at.REGRESSION_LACKING), vector(law, at.REGRESSION_WEIGHTS)
    phi, square = matrix(law, at.REGRESSION_PHI, len(w)), 0.0
    for i in range(len(lacking)):
        misfit = lacking[i]
        for k in range(len(w)):
            misfit -= phi[i, k] * w[k]
        square += misfit * misfit
    since, slow = number(law, at.REGRESSION_SINCE), number(learner, at.STRUCTURED_SLOW)
    quiet, dt = number(learner, at.STRUCTURED_QUIET), number(learner, at.STRUCTURED_DT)
    if since > SETTLED:
        if square > number(learner, at.STRUCTURED_JUMP) * max(slow, quiet):
            forget_payload(law)
            set_number(learner, at.STRUCTURED_CHANGES, number(learner, at.STRUCTURED_CHANGES) + 1.0)
        slow += min(dt, 1.0) * (square - slow)
    elif since < 100.0:
        slow = max(square, 0.98 * slow)
    else:
        slow += 0.02 * (square - slow)
    set_number(learner, at.STRUCTURED_SLOW, slow)


@kernel
def renew(learner, law):
    """Take over new weights: what is learned, the fast part, the gains."""
    w, size = vector(law, at.REGRESSION_WEIGHTS), vector(law, at.REGRESSION_SIZE)
    payload = vector(learner, at.STRUCTURED_PAYLOAD)
    armature = vector(learner, at.STRUCTURED_ARMATURE)
    friction = matrix(learner, at.STRUCTURED_FRICTION, 2)
    force = matrix(learner, at.STRUCTURED_FORCE, DIRECT)
    n = len(armature)
    shift_fast(learner, law, n)
    new_payload = vector(learner, at.STRUCTURED_NEW_PAYLOAD)
    new_armature = vector(learner, at.STRUCTURED_NEW_ARMATURE)
    for k in range(PARAMETERS):
        new_payload[k] += w[k] * size[k] - payload[k]
        payload[k] = w[k] * size[k]
    for i in range(n):
        k = PARAMETERS + i
        new_armature[i] += w[k] * size[k] - armature[i]
        armature[i] = w[k] * size[k]
        for each in range(2):
            k = PARAMETERS + n + 2 * i + each
            friction[i, each] = w[k] * size[k]
    for a in range(3):
        for each in range(DIRECT):
            k = PARAMETERS + 3 * n + DIRECT * a + each
            force[a, each] = w[k] * size[k]
    set_number(learner, at.STRUCTURED_RENEWED, 1.0)
    set_gains(learner, law)


@kernel
def shift_fast(learner, law, n):
    """Take out of m what the new weights explain of it; the learner's are still the old ones."""
    w, size = vector(law, at.REGRESSION_WEIGHTS), vector(law, at.REGRESSION_SIZE)
    phi, fast = matrix(law, at.REGRESSION_PHI, len(w)), vector(learner, at.STRUCTURED_FAST)
    old, x = vector(law, at.REGRESSION_BEFORE), matrix(learner, at.STRUCTURED_X, 2)
    friction = matrix(learner, at.STRUCTURED_FRICTION, 2)
    for i in range(n):
        for k in range(len(w)):
            if k < PARAMETERS + n or k >= PARAMETERS + 3 * n:
                fast[i] -= phi[i, k] * (w[k] - old[k])
        for each in range(2):
            k = PARAMETERS + n + 2 * i + each
            fast[i] -= x[i, each] * (w[k] * size[k] - friction[i, each])


@kernel
def set_gains(learner, law):
    """Set gains and posture by the inertia that each joint may have, and by the delay."""
    deviations, size = vector(law, at.REGRESSION_DEVIATIONS), vector(law, at.REGRESSION_SIZE)
    gain, most = vector(learner, at.STRUCTURED_GAIN), vector(learner, at.STRUCTURED_GAIN_MOST)
    start, dt = number(learner, at.STRUCTURED_GAIN_START), number(learner, at.STRUCTURED_DT)
    inertia, delay = vector(learner, at.STRUCTURED_INERTIA), number(law, at.REGRESSION_DELAY)
    find_inertia(learner)
    known, ease = 0, EASE if number(law, at.REGRESSION_SINCE) > UNTRIED else 0.0
    for i in range(len(gain)):
        k = PARAMETERS + i
        most_inertia = inertia[i] + DEVIATIONS * deviations[k] * size[k]
        sure = most_inertia < KNOWN * inertia[i]
        known += sure
        wanted = most[i] if sure else min(most[i], start)
        wanted = min(wanted, DELAY_GAIN / max(delay * dt, 1e-9))
        gain[i] = min(gain[i] + ease * (wanted - gain[i]), wanted)
    softness = number(learner, at.STRUCTURED_SOFTNESS)
    firm = delay < NO_DELAY and known > 0.7 * len(gain)
    softness += ease * ((1.0 if firm else SOFT) - softness)
    set_number(learner, at.STRUCTURED_SOFTNESS, softness)
    soften_posture(learner)


@kernel
def find_inertia(learner):
    """Compute the diagonal of M at the posture, with what was learned of the body."""
    inertia, own = vector(learner, at.STRUCTURED_INERTIA), vector(learner, at.STRUCTURED_HOME_M)
    armature = vector(learner, at.STRUCTURED_ARMATURE)
    V = matrix(learner, at.STRUCTURED_HOME_V, len(own))
    weighed = matrix(learner, at.STRUCTURED_HOME_WEIGHED, len(own))
    weigh(vector(learner, at.STRUCTURED_PAYLOAD), V, weighed)
    for i in range(len(own)):
        inertia[i] = own[i] + armature[i] + column_product(V, i, weighed, i)


@kernel
def soften_posture(learner):
    """Bound the stiffness of the law's posture, if it has one, by each joint's K and inertia."""
    posture = whole(learner, at.STRUCTURED_POSTURE)
    if posture == 0:
        return
    law, dt = whole(learner, at.STRUCTURED_LAW), number(learner, at.STRUCTURED_DT)
    k, most = vector(posture, at.POSTURE_K), vector(learner, at.STRUCTURED_K_NULL)
    inertia, gain = vector(learner, at.STRUCTURED_INERTIA), vector(learner, at.STRUCTURED_GAIN)
    delay, softness = number(law, at.REGRESSION_DELAY), number(learner, at.STRUCTURED_SOFTNESS)
    for i in range(len(k)):
        bandwidth = softness * gain[i]
        if delay > NO_DELAY:
            bandwidth = min(bandwidth, DELAY_POSTURE / (delay * dt))
        k[i] = min(most[i], inertia[i] * bandwidth * bandwidth)


@kernel
def record_structured(learner, command, tau):
    """Record the torque sent, (n,), limits included, without the friction the model knows."""
    sent, friction = vector(learner, at.STRUCTURED_SENT), vector(command, at.COMMAND_FRICTION)
    for i in range(len(tau)):
        sent[i] = tau[i] - friction[i]
