"""The laws of the tool: `TaskForm`, with secondary tasks in the null space."""

import math

from arms.machine.numba_kernel import kernel, part

from .access import cube, matrix, number, vector, whole, wholes
from .algebra import solve_rows, substitute
from .control_null_space import control_null_space
from .feed_friction import feed_friction_of_tool
from .hold_back import hold_back
from .integrate import step_integral
from .layout import arm_fields as arm_at, law_fields as at
from .layout.arm_fields import ORIGIN
from .layout.null_space_fields import NULL_FACTOR, NULL_TAU_0
from .yield_posture import yield_posture
from .yield_reference import yield_reference


@part(5)
def control_task(law, arm, inputs, command, memory):
    """Write a `Command`, and advance the law's memory.

    Args:
        memory: PAUSES, ADVANCES or OVERRULED.
    """
    if whole(law, at.TASK_YIELD) != 0:
        yield_reference(whole(law, at.TASK_YIELD), inputs)
    control_null_space(whole(law, at.TASK_NULL_SPACE), arm, inputs)
    measure_errors(law, arm, inputs, command)
    answer_errors(law, inputs)
    resolve_inertia(law, arm, inputs, command)
    sum_torques(law, arm, inputs, command)
    feed_friction_of_tool(law, arm, inputs, command)
    yield_posture(law, arm, command, memory)
    if memory == at.ADVANCES and whole(law, at.TASK_INTEGRAL) != 0:
        errors = matrix(law, at.TASK_ERRORS, len(wholes(law, at.TASK_ROWS)))
        step_integral(whole(law, at.TASK_INTEGRAL), errors[at.ERROR_PUSH])


@kernel
def measure_errors(law, arm, inputs, command):
    """Write the rows' errors and feed-forward; copy J's rows to mobility."""
    n, rows = whole(arm, arm_at.ARM_DOF), wholes(law, at.TASK_ROWS)
    pose, dq = matrix(arm, arm_at.ARM_POSE, 4), vector(inputs, arm_at.INPUT_DQ)
    J, dJ = matrix(arm, arm_at.ARM_J, n), matrix(arm, arm_at.ARM_DJ, n)
    mobility, turn = matrix(command, arm_at.COMMAND_MOBILITY, n), vector(law, at.TASK_TURN)
    e = matrix(law, at.TASK_ERRORS, len(rows))
    ahead, forward = vector(law, at.TASK_AHEAD), vector(law, at.TASK_FORWARD)
    velocity, now = vector(law, at.TASK_VELOCITY), vector(law, at.TASK_NOW)
    integral = whole(law, at.TASK_INTEGRAL)
    x, dx = vector(inputs, arm_at.INPUT_X), vector(inputs, arm_at.INPUT_DX)
    ddx = vector(inputs, arm_at.INPUT_DDX)
    omega, domega = vector(inputs, arm_at.INPUT_OMEGA), vector(inputs, arm_at.INPUT_DOMEGA)
    measured, press = vector(inputs, arm_at.INPUT_WRENCH), vector(inputs, arm_at.INPUT_PRESS)

    for r in range(len(rows)):
        if rows[r] > 2:
            measure_turn(law, pose, inputs)
            break
    for r in range(len(rows)):
        row = rows[r]
        if row < 3:
            e[at.ERROR_E, r], velocity[r], ahead[r] = x[row] - pose[row, ORIGIN], dx[row], ddx[row]
        else:
            e[at.ERROR_E, r], velocity[r], ahead[r] = turn[row - 3], omega[row - 3], domega[row - 3]
        now[r], curving = 0.0, 0.0
        for i in range(n):
            mobility[r, i] = J[row, i]
            now[r] += J[row, i] * dq[i]
            curving += dJ[row, i] * dq[i]
        e[at.ERROR_DE, r], e[at.ERROR_PUSH, r] = velocity[r] - now[r], press[row] + measured[row]
        e[at.ERROR_Z, r] = vector(integral, at.INTEGRAL_Z)[r] if integral != 0 else 0.0
        forward[r] = -curving


@kernel
def answer_errors(law, inputs):
    """Compute the law's accelerations and forces for the rows' errors."""
    rows = wholes(law, at.TASK_ROWS)
    m = len(rows)
    gains, e = cube(law, at.TASK_MATRICES, 11, m), matrix(law, at.TASK_ERRORS, m)
    ahead, forward = vector(law, at.TASK_AHEAD), vector(law, at.TASK_FORWARD)
    feedback, force = vector(law, at.TASK_FEEDBACK), vector(law, at.TASK_FORCE)
    pressing = vector(law, at.TASK_PRESS)
    measured, press = vector(inputs, arm_at.INPUT_WRENCH), vector(inputs, arm_at.INPUT_PRESS)
    for r in range(m):
        motion, torque, further, direct = 0.0, 0.0, 0.0, 0.0
        for kind in range(len(e)):
            for k in range(m):
                motion += gains[r, at.TASK_A_E + kind, k] * e[kind, k]
                torque += gains[r, at.TASK_F_E + kind, k] * e[kind, k]
        for k in range(m):
            further += gains[r, at.TASK_A_FF, k] * ahead[k]
            direct += gains[r, at.TASK_F_R_FF, k] * press[rows[k]]
            direct -= gains[r, at.TASK_F_H, k] * measured[rows[k]]
        feedback[r], force[r], pressing[r] = motion, torque, direct
        forward[r] += further


@kernel
def resolve_inertia(law, arm, inputs, command):
    """Multiply the rows' accelerations by Lambda; write mobility, task_error and nearness."""
    n, rows = whole(arm, arm_at.ARM_DOF), wholes(law, at.TASK_ROWS)
    m = len(rows)
    J = matrix(arm, arm_at.ARM_J, n)
    tasks, inverse = whole(law, at.TASK_NULL_SPACE), matrix(law, at.TASK_INVERSE, m)
    mobility = matrix(command, arm_at.COMMAND_MOBILITY, n)
    tau_0, drift = vector(tasks, NULL_TAU_0), vector(law, at.TASK_DRIFT)
    feedback, force = vector(law, at.TASK_FEEDBACK), vector(law, at.TASK_FORCE)
    task_error, column = vector(command, arm_at.COMMAND_TASK_ERROR), vector(law, at.TASK_COLUMN)
    damping = number(law, at.TASK_DAMPING)

    solve_rows(matrix(tasks, NULL_FACTOR, n), mobility)
    for r in range(m):
        drift[r] = 0.0
        for i in range(n):
            drift[r] += mobility[r, i] * tau_0[i]
        for k in range(r + 1):
            total = damping * damping if k == r else 0.0
            for i in range(n):
                total += mobility[r, i] * J[rows[k], i]
            inverse[r, k] = inverse[k, r] = total
    hold_back(law, arm, inputs, command)  # inverse is its factor now
    for k in range(m):
        column[k] = 0.0
        for r in range(k, m):
            column[k] += inverse[r, k] * force[r]
    for r in range(m):
        task_error[r] = feedback[r]
        for k in range(r + 1):
            task_error[r] += inverse[r, k] * column[k]
    substitute(inverse, feedback)
    substitute(inverse, vector(law, at.TASK_FORWARD))
    substitute(inverse, vector(law, at.TASK_VELOCITY))
    substitute(inverse, vector(law, at.TASK_NOW))
    substitute(inverse, drift)


@kernel
def sum_torques(law, arm, inputs, command):
    """Map the rows' forces to joint torques; write tau, error, task_torque, dq_r, ddq_r, dq_s."""
    n, rows = whole(arm, arm_at.ARM_DOF), wholes(law, at.TASK_ROWS)
    J, C, g = matrix(arm, arm_at.ARM_J, n), matrix(arm, arm_at.ARM_C, n), vector(arm, arm_at.ARM_G)
    dq, tau_0 = vector(inputs, arm_at.INPUT_DQ), vector(whole(law, at.TASK_NULL_SPACE), NULL_TAU_0)
    feedback, force = vector(law, at.TASK_FEEDBACK), vector(law, at.TASK_FORCE)
    forward, press = vector(law, at.TASK_FORWARD), vector(law, at.TASK_PRESS)
    velocity, drift = vector(law, at.TASK_VELOCITY), vector(law, at.TASK_DRIFT)
    now, dq_s = vector(law, at.TASK_NOW), vector(command, arm_at.COMMAND_DQ_S)
    mobility = matrix(command, arm_at.COMMAND_MOBILITY, n)
    tau, error = vector(command, arm_at.COMMAND_TAU), vector(command, arm_at.COMMAND_ERROR)
    task_torque = vector(command, arm_at.COMMAND_TASK_TORQUE)
    dq_r, ddq_r = vector(command, arm_at.COMMAND_DQ_R), vector(command, arm_at.COMMAND_DDQ_R)
    for i in range(n):
        task_torque[i], error[i], tau[i] = 0.0, tau_0[i], g[i]
        dq_r[i], ddq_r[i], dq_s[i] = 0.0, 0.0, dq[i]
        for j in range(n):
            tau[i] += C[i, j] * dq[j]
    for r in range(len(rows)):
        row = rows[r]
        for i in range(n):
            task_torque[i] += J[row, i] * (feedback[r] + force[r])
            error[i] -= J[row, i] * drift[r]
            tau[i] += J[row, i] * (forward[r] + press[r])
            dq_r[i] += mobility[r, i] * velocity[r]
            dq_s[i] += mobility[r, i] * (velocity[r] - now[r])
            ddq_r[i] += mobility[r, i] * forward[r]
    free, measured = vector(law, at.TASK_FREE), vector(inputs, arm_at.INPUT_WRENCH)
    for row in range(6):
        if free[row] != 0.0:
            for i in range(n):
                tau[i] -= J[row, i] * measured[row]
    for i in range(n):
        error[i] += task_torque[i]
        tau[i] += error[i]


@kernel
def measure_turn(law, pose, inputs):
    """Compute ``2 sign(w) v`` of the quaternion (w, v) of ``R_r R^T``, the error of orientation."""
    R_r, E = matrix(inputs, arm_at.INPUT_R, 3), matrix(law, at.TASK_ROTATION, 3)
    turn = vector(law, at.TASK_TURN)
    for r in range(3):
        for k in range(3):
            E[r, k] = 0.0
            for i in range(3):
                E[r, k] += R_r[r, i] * pose[k, i]
    trace = E[0, 0] + E[1, 1] + E[2, 2]
    largest, i = trace, -1
    for k in range(3):
        if E[k, k] > largest:
            largest, i = E[k, k], k
    turn[0], turn[1], turn[2] = E[2, 1] - E[1, 2], E[0, 2] - E[2, 0], E[1, 0] - E[0, 1]
    if i < 0:
        root = math.sqrt(1.0 + trace)
        for k in range(3):
            turn[k] /= root
        return
    sign = 1.0 if turn[i] >= 0.0 else -1.0
    root = math.sqrt(1.0 + 2.0 * E[i, i] - trace)
    for k in range(3):
        turn[k] = sign * (root if k == i else (E[i, k] + E[k, i]) / root)
