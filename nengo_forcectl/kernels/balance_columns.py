"""The torque that a model lacks over a cycle, and the torque of each unit weight.

Both come from the balance of momentum, which takes q, dq and the torque sent, and no acceleration.
The columns are in the order of `Columns`: those of the payload, of armature, of viscous and dry
friction and a constant torque joint by joint, of forces at the tool, of gravity and of the links.
"""

from arms.machine.invoke import invoke_at
from arms.machine.numba_kernel import kernel

from .access import cube, matrix, number, span, vector, whole, wholes
from .add_sample import is_tool_silent
from .carried_body import momentum_columns
from .encode import rectified
from .encode_structure import encode_joints, encode_tool
from .follow_presliding import build_up, share_friction
from .joint_activity import activate, keep_activities
from .layout import structured_fields as at
from .layout.arm_fields import ARM_DOF, ARM_J, ARM_POSE
from .layout.body_fields import PARAMETERS
from .layout.network_fields import AT_PLACE, DIRECT, DRY, FRICTION, SEEN
from .layout.regression_fields import (
    JOINT_NEURONS_ACTIVE,
    REGRESSION_NEURONS,
    REGRESSION_RESTS,
    REGRESSION_SIZE,
    REGRESSION_Y,
)
from .regress import columns_of


@kernel
def armature_column(i):
    """Return the column of joint i's armature."""
    return PARAMETERS + i


@kernel
def friction_column(n, i, kind):
    """Return the column of joint i's friction, VISCOUS or DRY, for n joints."""
    return PARAMETERS + n + FRICTION * i + kind


@kernel
def force_column(n, axis, k):
    """Return the column of the tool's direct input k in the force along an axis."""
    return PARAMETERS + (1 + FRICTION) * n + DIRECT * axis + k


@kernel
def gravity_column(n, axis):
    """Return the column of gravity along an axis."""
    return force_column(n, 3, 0) + axis


@kernel
def link_column(n, k):
    """Return the column of the chosen parameter k of the links."""
    return gravity_column(n, 3) + k


@kernel
def tool_column(n, links, t, axis, k):
    """Return the column of the tool's neuron k, of t, in the force along an axis."""
    return link_column(n, links) + t * axis + k


@kernel
def model_columns(learner, q, dq, ddq):
    """Compute the torque of unit gravity and of unit parameters of the links."""
    out = span(learner, at.STRUCTURED_DG, at.STRUCTURED_REGRESSOR)
    invoke_at(whole(learner, at.STRUCTURED_MODEL), q, dq, ddq, out)  # pyright: ignore[reportCallIssue]


@kernel
def model_columns_of_cycle(learner, q, dq):
    """Write the columns of gravity and links over the cycle that has ended, times their sizes.

    They are those of its middle, with the velocity's change as the acceleration: the change of
    momentum to the second order in dt.
    """
    law, n, dt = whole(learner, at.STRUCTURED_LAW), len(q), number(learner, at.STRUCTURED_DT)
    q_half, dq_half = vector(learner, at.STRUCTURED_Q_HALF), vector(learner, at.STRUCTURED_DQ_HALF)
    ddq, q_last = vector(learner, at.STRUCTURED_DDQ_HALF), vector(learner, at.STRUCTURED_Q_LAST)
    dq_last, chosen = vector(learner, at.STRUCTURED_DQ_LAST), wholes(learner, at.STRUCTURED_CHOSEN)
    for i in range(n):
        q_half[i], dq_half[i] = 0.5 * (q[i] + q_last[i]), 0.5 * (dq[i] + dq_last[i])
        ddq[i] = (dq[i] - dq_last[i]) / dt
    model_columns(learner, q_half, dq_half, ddq)
    raw, size = columns_of(law), vector(law, REGRESSION_SIZE)
    dg, Y = model_matrices(learner)
    for i in range(n):
        for axis in range(3):
            k = gravity_column(n, axis)
            raw[i, k] = size[k] * dg[i, axis]
        for each in range(len(chosen)):
            k = link_column(n, each)
            raw[i, k] = size[k] * Y[i, chosen[each]]


@kernel
def model_matrices(learner):
    """Return the torque of unit gravity (n, 3) and of unit parameters of all links."""
    dg = matrix(learner, at.STRUCTURED_DG, 3)
    flat = vector(learner, at.STRUCTURED_REGRESSOR)
    return dg, matrix(learner, at.STRUCTURED_REGRESSOR, len(flat) // len(dg))


@kernel
def encode_motion(learner, arm, q, dq, built):
    """Compute the direct inputs of joints and tool; let the friction of joints build up."""
    n = len(q)
    pose, J = matrix(arm, ARM_POSE, 4), matrix(arm, ARM_J, n)
    x, u = (
        matrix(learner, at.STRUCTURED_X, FRICTION),
        matrix(learner, at.STRUCTURED_JOINT_U, SEEN + 1),
    )
    encode_joints(whole(learner, at.STRUCTURED_JOINTS), q, dq, x, u)
    presliding = whole(learner, at.STRUCTURED_PRESLIDING)
    build_up(presliding, vector(presliding, built), dq, number(learner, at.STRUCTURED_DT))
    share_friction(presliding, vector(presliding, built), x)
    y, z = vector(learner, at.STRUCTURED_Y), vector(learner, at.STRUCTURED_TOOL_U)
    encode_tool(whole(learner, at.STRUCTURED_TOOL), pose, J, dq, y, z)


@kernel
def neurons_of(learner):
    """Return the address of the joints' neurons."""
    return whole(whole(learner, at.STRUCTURED_LAW), REGRESSION_NEURONS)


@kernel
def activate_neurons(learner, field):
    """Write the activities of the joints' neurons for the inputs of `encode_motion`."""
    activate(neurons_of(learner), matrix(learner, at.STRUCTURED_JOINT_U, SEEN + 1), field)


@kernel
def columns_now(learner, arm):
    """Compute activities, the momentum's columns and the tool's J^T at this cycle's state."""
    n, J = whole(arm, ARM_DOF), matrix(arm, ARM_J, whole(arm, ARM_DOF))
    activate_neurons(learner, JOINT_NEURONS_ACTIVE)
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
    if is_tool_silent(whole(learner, at.STRUCTURED_LAW)):
        return
    activate_tool(learner)
    active = vector(learner, at.STRUCTURED_TOOL_ACTIVE)
    pulls = cube(learner, at.STRUCTURED_TOOL_PULL, 3, len(active))
    for i in range(n):
        for a in range(3):
            for k in range(len(active)):
                pulls[i, a, k] = J[a, i] * active[k]


@kernel
def activate_tool(learner):
    """Write the activities of the tool's neurons for the inputs of `encode_motion`."""
    active, u = vector(learner, at.STRUCTURED_TOOL_ACTIVE), vector(learner, at.STRUCTURED_TOOL_U)
    encoders = matrix(learner, at.STRUCTURED_TOOL_ENCODERS, len(active))
    rectified(encoders, vector(learner, at.STRUCTURED_TOOL_BIAS), u[:AT_PLACE], active)


@kernel
def columns_of_cycle(learner, dq):
    """Write the columns of the cycle that has ended, times their sizes, to the law's block."""
    law, n, dt = whole(learner, at.STRUCTURED_LAW), len(dq), number(learner, at.STRUCTURED_DT)
    raw, size = columns_of(law), vector(law, REGRESSION_SIZE)
    p = matrix(learner, at.STRUCTURED_BODY_P, PARAMETERS)
    p_last = matrix(learner, at.STRUCTURED_BODY_P_LAST, PARAMETERS)
    b = matrix(learner, at.STRUCTURED_BODY_B, PARAMETERS)
    b_last = matrix(learner, at.STRUCTURED_BODY_B_LAST, PARAMETERS)
    x, x_last = (
        matrix(learner, at.STRUCTURED_X, FRICTION),
        matrix(learner, at.STRUCTURED_X_LAST, FRICTION),
    )
    pull = matrix(learner, at.STRUCTURED_PULL, 3 * DIRECT)
    pull_last = matrix(learner, at.STRUCTURED_PULL_LAST, 3 * DIRECT)
    dq_last, rests = vector(learner, at.STRUCTURED_DQ_LAST), vector(law, REGRESSION_RESTS)
    for i in range(n):
        rests[i] = 1.0 - 0.5 * (x[i, DRY] * x[i, DRY] + x_last[i, DRY] * x_last[i, DRY])
        for k in range(PARAMETERS):
            rate = (p[i, k] - p_last[i, k]) / dt - 0.5 * (b[i, k] + b_last[i, k])
            raw[i, k] = size[k] * rate
        k = armature_column(i)
        raw[i, k] = size[k] * (dq[i] - dq_last[i]) / dt
        for each in range(FRICTION):
            k = friction_column(n, i, each)
            raw[i, k] = size[k] * 0.5 * (x[i, each] + x_last[i, each])
        for each in range(3 * DIRECT):
            k = force_column(n, 0, 0) + each
            raw[i, k] = size[k] * 0.5 * (pull[i, each] + pull_last[i, each])
    if is_tool_silent(law):
        return
    t, links = (
        len(vector(learner, at.STRUCTURED_TOOL_ACTIVE)),
        len(vector(learner, at.STRUCTURED_LINKS)),
    )
    field = matrix(learner, at.STRUCTURED_TOOL_PULL, 3 * t)
    field_last = matrix(learner, at.STRUCTURED_TOOL_PULL_LAST, 3 * t)
    first = tool_column(n, links, t, 0, 0)
    for i in range(n):
        for each in range(3 * t):
            k = first + each
            raw[i, k] = size[k] * 0.5 * (field[i, each] + field_last[i, each])


@kernel
def lack_of_cycle(learner, dq):
    """Write y, the torque that the model without what was learned lacks over the cycle."""
    n, dt = len(dq), number(learner, at.STRUCTURED_DT)
    M, C = matrix(learner, at.STRUCTURED_M, n), matrix(learner, at.STRUCTURED_C, n)
    g, sent = vector(learner, at.STRUCTURED_G), vector(learner, at.STRUCTURED_SENT)
    p, b = vector(learner, at.STRUCTURED_MOMENTUM), vector(learner, at.STRUCTURED_BIAS)
    y = vector(whole(learner, at.STRUCTURED_LAW), REGRESSION_Y)
    for i in range(n):
        momentum, bias = 0.0, -g[i]
        for j in range(n):
            momentum += M[i, j] * dq[j]
            bias += C[j, i] * dq[j]
        y[i] = sent[i] + 0.5 * (b[i] + bias) - (momentum - p[i]) / dt
        p[i], b[i] = momentum, bias


@kernel
def keep_columns(learner, q, dq):
    """Keep this cycle's columns, velocities and friction for the next one."""
    copy_field(learner, at.STRUCTURED_BODY_P, at.STRUCTURED_BODY_P_LAST)
    copy_field(learner, at.STRUCTURED_BODY_B, at.STRUCTURED_BODY_B_LAST)
    copy_field(learner, at.STRUCTURED_X, at.STRUCTURED_X_LAST)
    copy_field(learner, at.STRUCTURED_PULL, at.STRUCTURED_PULL_LAST)
    copy_field(learner, at.STRUCTURED_TOOL_PULL, at.STRUCTURED_TOOL_PULL_LAST)
    copy_field(learner, at.STRUCTURED_RUBS, at.STRUCTURED_RUBBED)
    keep_activities(neurons_of(learner))
    q_last, last = vector(learner, at.STRUCTURED_Q_LAST), vector(learner, at.STRUCTURED_DQ_LAST)
    for i in range(len(dq)):
        q_last[i], last[i] = q[i], dq[i]


@kernel
def copy_field(block, field, target):
    """Copy a field to another one of the same size."""
    values, copies = vector(block, field), vector(block, target)
    for i in range(len(values)):
        copies[i] = values[i]
