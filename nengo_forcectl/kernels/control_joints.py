"""The laws of the joints: `JointForm`."""

from arms.machine.numba_kernel import kernel, part

from .access import cube, matrix, number, vector, whole
from .algebra import factor_columns, substitute
from .feed_friction import feed_friction
from .integrate import step_integral
from .layout import arm_fields as arm_at, law_fields as at


@part(5)
def control_joints(law, arm, inputs, command, memory):
    """Write tau, error, task_torque, dq_r, ddq_r, dq_s and friction of a `Command`; integrate.

    Args:
        memory: PAUSES, ADVANCES or OVERRULED.
    """
    n = whole(arm, arm_at.ARM_DOF)
    M, C = matrix(arm, arm_at.ARM_M, n), matrix(arm, arm_at.ARM_C, n)
    acceleration, velocity = vector(law, at.JOINT_ACCELERATION), vector(law, at.JOINT_VELOCITY)
    feedback = vector(law, at.JOINT_FEEDBACK)
    tau, error = vector(command, arm_at.COMMAND_TAU), vector(command, arm_at.COMMAND_ERROR)
    dq_r, ddq_r = vector(command, arm_at.COMMAND_DQ_R), vector(command, arm_at.COMMAND_DDQ_R)
    task_torque, dq_s = (
        vector(command, arm_at.COMMAND_TASK_TORQUE),
        vector(command, arm_at.COMMAND_DQ_S),
    )
    dx, ddx = vector(inputs, arm_at.INPUT_DX), vector(inputs, arm_at.INPUT_DDX)

    answer_errors(law, arm, inputs, command)
    for i in range(n):
        forward, back = 0.0, 0.0
        for j in range(n):
            forward += M[i, j] * acceleration[j] + C[i, j] * velocity[j]
            back += M[i, j] * feedback[j]
        tau[i] += forward
        error[i] += back
        task_torque[i], dq_r[i], ddq_r[i], dq_s[i] = error[i], dx[i], ddx[i], dx[i]
    feed_friction(arm, inputs, command)
    if memory == at.ADVANCES and whole(law, at.JOINT_INTEGRAL) != 0:
        step_integral(whole(law, at.JOINT_INTEGRAL), vector(law, at.JOINT_E))


@kernel
def answer_errors(law, arm, inputs, command):
    """Write the factors of M and C, and add the other torques to tau and error."""
    n = whole(arm, arm_at.ARM_DOF)
    g, gains = vector(arm, arm_at.ARM_G), cube(law, at.JOINT_MATRICES, 6, n)
    q, dq = vector(inputs, arm_at.INPUT_Q), vector(inputs, arm_at.INPUT_DQ)
    x, dx = vector(inputs, arm_at.INPUT_X), vector(inputs, arm_at.INPUT_DX)
    ddx = vector(inputs, arm_at.INPUT_DDX)
    e, de = vector(law, at.JOINT_E), vector(law, at.JOINT_DE)
    acceleration, velocity = vector(law, at.JOINT_ACCELERATION), vector(law, at.JOINT_VELOCITY)
    feedback = vector(law, at.JOINT_FEEDBACK)
    tau, error = vector(command, arm_at.COMMAND_TAU), vector(command, arm_at.COMMAND_ERROR)
    boundary, robust = number(law, at.JOINT_BOUNDARY), number(law, at.JOINT_ROBUST)
    follow, coriolis = number(law, at.JOINT_FOLLOW), number(law, at.JOINT_CORIOLIS)
    integral = whole(law, at.JOINT_INTEGRAL)

    for i in range(n):
        e[i], de[i] = x[i] - q[i], dx[i] - dq[i]
    for i in range(n):
        a, s, force = 0.0, 0.0, 0.0
        for j in range(n):
            a += gains[i, at.JOINT_A_E, j] * e[j] + gains[i, at.JOINT_A_DE, j] * de[j]
            s += gains[i, at.JOINT_C_E, j] * e[j] + gains[i, at.JOINT_C_DE, j] * de[j]
            force += gains[i, at.JOINT_F_E, j] * e[j] + gains[i, at.JOINT_F_DE, j] * de[j]
        force += robust * min(max(s / boundary, -1.0), 1.0)
        if integral != 0:
            force += vector(integral, at.INTEGRAL_Z)[i]
        acceleration[i] = follow * ddx[i] + a
        feedback[i] = number(law, at.JOINT_FEEDBACK_A) * a
        velocity[i] = coriolis * dq[i] + s
        tau[i] = g[i] + force
        error[i] = number(law, at.JOINT_FEEDBACK_F) * force


@part(3)
def complete_command(law, arm, command):
    """Write mobility, M^-1, and task_error, M^-1 error, of a `Command`, for laws in Python."""
    n = whole(arm, arm_at.ARM_DOF)
    M, factor = matrix(arm, arm_at.ARM_M, n), matrix(law, at.JOINT_FACTOR, n)
    mobility, error = (
        matrix(command, arm_at.COMMAND_MOBILITY, n),
        vector(command, arm_at.COMMAND_ERROR),
    )
    task_error = vector(command, arm_at.COMMAND_TASK_ERROR)
    for i in range(n):
        task_error[i] = error[i]
        for j in range(n):
            factor[i, j], mobility[i, j] = M[i, j], 1.0 if i == j else 0.0
    factor_columns(factor, 0, n)
    substitute(factor, task_error)
    for i in range(n):
        substitute(factor, mobility[i])
