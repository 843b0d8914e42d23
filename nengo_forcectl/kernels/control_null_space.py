"""The secondary tasks of a law of the tool: torques for its null space."""

import math

from arms.machine.invoke import invoke, invoke_at
from arms.machine.memory import call
from arms.machine.numba_kernel import kernel, part

from .access import cube, matrix, number, span, vector, whole, wholes
from .algebra import copy_matrix, factor_columns, inverse_diagonal, solve_rows
from .bound_clearance import measure_pairs
from .layout import null_space_fields as at
from .layout.arm_fields import ARM_M, INPUT_DQ, INPUT_Q, ORIGIN
from .layout.pairs_fields import PAIRS_DISTANCE, PAIRS_J, PAIRS_K, PAIRS_MARGIN

QUICKEST = 100.0  # rate at which a joint's posture is damped, at most [1/s]
FAST = 0.6  # share of its top speed from which on a joint is damped more
NEAREST = 0.05  # share of the margin below which the denominator of a push is constant
SINGULAR = 1e-6  # manipulability below which its gradient is set to zero


@part(3)
def control_null_space(tasks, arm, inputs):
    """Write M's factor and the sum of the tasks' torques to the block of the tasks."""
    calls, blocks = wholes(tasks, at.NULL_CALLS), wholes(tasks, at.NULL_BLOCKS)
    tau_0 = vector(tasks, at.NULL_TAU_0)
    n, factor = len(tau_0), matrix(tasks, at.NULL_FACTOR, len(tau_0))
    copy_matrix(matrix(arm, ARM_M, n), factor)
    factor_columns(factor, 0, n)
    for i in range(n):
        tau_0[i] = 0.0
    for k in range(len(calls)):
        if calls[k] != 0:
            call(calls[k], blocks[k], arm, inputs, tasks)
        else:
            given = vector(blocks[k], at.GIVEN_TAU_0)
            for i in range(n):
                tau_0[i] += given[i]


@part(4)
def hold_posture(task, arm, inputs, tasks):
    """Add the torque of `Posture`."""
    tau_0 = vector(tasks, at.NULL_TAU_0)
    n = len(tau_0)
    M, factor = matrix(arm, ARM_M, n), matrix(tasks, at.NULL_FACTOR, n)
    q, dq = vector(inputs, INPUT_Q), vector(inputs, INPUT_DQ)
    posture, k = vector(task, at.POSTURE_Q), vector(task, at.POSTURE_K)
    k_firm = vector(task, at.POSTURE_K_FIRM)
    dq_max = vector(task, at.POSTURE_DQ_MAX)
    withheld, share = number(tasks, at.NULL_WITHHELD), number(task, at.POSTURE_SHARE)
    for i in range(n):
        free = 1.0 / inverse_diagonal(factor, i, vector(task, at.POSTURE_COLUMN))
        stiffness = share * k[i]
        d = min(2.0 * math.sqrt(stiffness * M[i, i]), QUICKEST * free)
        if withheld > 0.0:
            firm = min(2.0 * math.sqrt(k_firm[i] * M[i, i]), QUICKEST * free)
            d += withheld * (firm - d)
        pull, most = stiffness * (posture[i] - q[i]), d * dq_max[i]
        if withheld > 0.0:
            soft = min(stiffness, (0.5 * QUICKEST) ** 2 * free) * (posture[i] - q[i])
            if abs(soft) > most:  # not so if that is 0 times infinity
                soft = math.copysign(most, soft)
            pull -= withheld * (pull - soft)
        fast = min(max((abs(dq[i]) / dq_max[i] - FAST) / (1.0 - FAST), 0.0), 1.0)
        tau_0[i] += pull - (d + fast * (QUICKEST * free - d)) * dq[i]


@part(4)
def damp(task, arm, inputs, tasks):
    """Add ``-kv M dq``."""
    tau_0 = vector(tasks, at.NULL_TAU_0)
    M, dq = matrix(arm, ARM_M, len(tau_0)), vector(inputs, INPUT_DQ)
    kv = number(task, at.DAMPING_KV)
    for i in range(len(tau_0)):
        for j in range(len(tau_0)):
            tau_0[i] -= kv * M[i, j] * dq[j]


@kernel
def push(distance, margin, k):
    """Return the strength of a push: zero from ``margin`` on, growing towards distance zero."""
    if distance >= margin:
        return 0.0
    return k * margin * (margin - distance) / max(distance, NEAREST * margin)


@part(4)
def avoid_limits(task, arm, inputs, tasks):
    """Add `JointLimits`: a push away from each near limit."""
    tau_0 = vector(tasks, at.NULL_TAU_0)
    q = vector(inputs, INPUT_Q)
    lower, upper = vector(task, at.LIMITS_LOWER), vector(task, at.LIMITS_UPPER)
    margin, k = number(task, at.LIMITS_MARGIN), number(task, at.LIMITS_K)
    for i in range(len(tau_0)):
        tau_0[i] += push(q[i] - lower[i], margin, k) - push(upper[i] - q[i], margin, k)


@part(4)
def avoid_spheres(task, arm, inputs, tasks):
    """Add `ObstacleAvoidance` of one point: a push out of every sphere's neighbourhood."""
    tau_0 = vector(tasks, at.NULL_TAU_0)
    margin, k = number(task, at.OBSTACLE_MARGIN), number(task, at.OBSTACLE_K)
    pose, J = matrix(task, at.OBSTACLE_POSE, 4), matrix(task, at.OBSTACLE_J, len(tau_0))
    spheres, away = matrix(task, at.OBSTACLE_SPHERES, 4), vector(task, at.OBSTACLE_AWAY)
    invoke_at(  # pyright: ignore[reportCallIssue]
        whole(task, at.OBSTACLE_KERNEL),
        vector(inputs, INPUT_Q),
        vector(inputs, INPUT_DQ),
        vector(task, at.OBSTACLE_POINT),
        span(task, at.OBSTACLE_POSE, at.OBSTACLE_J),
    )
    for sphere in range(len(spheres)):
        square = 0.0
        for axis in range(3):
            away[axis] = pose[axis, ORIGIN] - spheres[sphere, axis]
            square += away[axis] * away[axis]
        length = math.sqrt(square)
        force = push(length - spheres[sphere, at.RADIUS], margin, k)
        if force > 0.0:
            for axis in range(3):
                along = force * away[axis] / max(length, 1e-9)
                for i in range(len(tau_0)):
                    tau_0[i] += J[axis, i] * along


@part(4)
def avoid_collisions(task, arm, inputs, tasks):
    """Add `CollisionAvoidance`: a push between the shapes of every pair that is near."""
    tau_0 = vector(tasks, at.NULL_TAU_0)
    distance, J = vector(task, PAIRS_DISTANCE), matrix(task, PAIRS_J, len(tau_0))
    margin, k = number(task, PAIRS_MARGIN), number(task, PAIRS_K)
    measure_pairs(task, vector(inputs, INPUT_Q), vector(inputs, INPUT_DQ))
    for pair in range(len(distance)):
        force = push(distance[pair], margin, k)
        if force > 0.0:
            for i in range(len(tau_0)):
                tau_0[i] += J[pair, i] * force


@part(4)
def raise_manipulability(task, arm, inputs, tasks):
    """Add `Manipulability`: ``k w sum_ij ((J J^T)^-1 J)_ij dJ_ij/dq``; nothing where w vanishes."""
    tau_0 = vector(tasks, at.NULL_TAU_0)
    n, rows = len(tau_0), wholes(task, at.MANIPULABILITY_ROWS)
    m = len(rows)
    k = number(task, at.MANIPULABILITY_K)
    J = matrix(task, at.MANIPULABILITY_J, n)
    slope = cube(task, at.MANIPULABILITY_DJDQ, n, n)
    factor = matrix(task, at.MANIPULABILITY_FACTOR, m)
    columns = matrix(task, at.MANIPULABILITY_COLUMNS, m)
    invoke(  # pyright: ignore[reportCallIssue]
        whole(task, at.MANIPULABILITY_KERNEL),
        vector(inputs, INPUT_Q),
        vector(inputs, INPUT_DQ),
        span(task, at.MANIPULABILITY_J, at.MANIPULABILITY_DJDQ),
    )
    for r in range(m):
        for c in range(r + 1):
            total = 0.0
            for i in range(n):
                total += J[rows[r], i] * J[rows[c], i]
            factor[r, c] = total
        for j in range(n):
            columns[j, r] = J[rows[r], j]
    factor_columns(factor, 0, m)
    solve_rows(factor, columns)
    w = 1.0
    for r in range(m):
        w *= factor[r, r]
    if not w >= SINGULAR:
        return
    for r in range(m):
        for j in range(n):
            share = k * w * columns[j, r]
            for i in range(n):
                tau_0[i] += share * slope[rows[r], j, i]
