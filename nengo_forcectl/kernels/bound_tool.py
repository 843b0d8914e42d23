"""The accelerations that keep the tool within its box, and the links apart."""

import math

from arms.machine.invoke import invoke
from arms.machine.memory import call
from arms.machine.numba_kernel import kernel

from .access import matrix, number, set_number, vector, whole
from .bound_joints import bound_joints
from .come_to_rest import (
    INSIDE,
    cross_rows,
    move_ahead,
    room,
    share_within,
    time_to_rest,
)
from .layout import guard_fields as at
from .layout.arm_fields import ORIGIN
from .layout.pairs_fields import (
    PAIRS_COUNT,
    PAIRS_GAPS_CALL,
    PAIRS_MOST,
    PAIRS_NEAR_CALL,
    PAIRS_ROWS,
)
from .sizes import AHEAD

SWEEPS = 10  # number of sweeps over the bounds of tool, links and joints


@kernel
def find_walls(guard, q, dq, J, pairs):
    """Write the bounds of the box and of the clearance; return the number of each.

    A wall at x_max is a distance ``x_max - x`` to the tool's position x. See `come_to_rest`.

    Args:
        guard: block of `GUARD`; its ``rest`` is ``clip(-k dq, -a, a)`` [rad/s^2].
        q, dq: state of the arm.
        J: (6, n), Jacobian of the tool at q.
        pairs: block of the pairs, some of which can come too close; or 0. See `find_near`.
    """
    n, speed = len(q), vector(guard, at.GUARD_TOOL_SPEED)
    boxed = whole(guard, at.GUARD_POSE_KERNEL) != 0
    longest, last, walls, gaps = time_to_rest(guard, dq), 0.0, 0, 0
    for axis in range(3):
        speed[axis] = 0.0
        for i in range(n):
            speed[axis] += J[axis, i] * dq[i]
    for ahead in AHEAD:
        t = ahead * longest
        move_ahead(guard, q, dq, t)
        if boxed:
            walls = add_walls(guard, t - last, walls)
        if pairs != 0:
            gaps = call(whole(pairs, PAIRS_GAPS_CALL), guard, gaps, t - last)
        last = t
    return walls, gaps


@kernel
def add_walls(guard, passed, count):
    """Add the bounds of all walls, ``passed`` [s] after the last prediction time.

    Returns the number of bounds so far.
    """
    q, dq = vector(guard, at.GUARD_STOP_Q), vector(guard, at.GUARD_STOP_DQ)
    pose, J = vector(guard, at.GUARD_STOP_POSE), vector(guard, at.GUARD_STOP_J)
    invoke(whole(guard, at.GUARD_POSE_KERNEL), q, dq, pose)  # pyright: ignore[reportCallIssue]
    invoke(whole(guard, at.GUARD_J_KERNEL), q, dq, J)  # pyright: ignore[reportCallIssue]
    for axis in range(3):
        count = add_axis(guard, axis, passed, count)
    return count


@kernel
def add_axis(guard, axis, passed, count):
    """Add the bounds of both walls of an axis; return the number of bounds so far."""
    dq, slope = vector(guard, at.GUARD_STOP_DQ), vector(guard, at.GUARD_STOP_SLOPE)
    n, rest = len(dq), vector(guard, at.GUARD_REST)
    box, k = matrix(guard, at.GUARD_BOX, 3), number(guard, at.GUARD_POSITION_GAIN)
    pose, J = matrix(guard, at.GUARD_STOP_POSE, 4), matrix(guard, at.GUARD_STOP_J, n)
    walls, most = matrix(guard, at.GUARD_WALLS, n), vector(guard, at.GUARD_WALL_MOST)
    speed = vector(guard, at.GUARD_TOOL_SPEED)
    before, speed[axis] = speed[axis], 0.0
    for i in range(n):
        speed[axis] += J[axis, i] * dq[i]
    inside = min(INSIDE, 0.25 * (box[at.BOX_UPPER, axis] - box[at.BOX_LOWER, axis]))
    for side in range(2):
        if math.isinf(box[side, axis]):
            continue
        sign = 2.0 * side - 1.0
        still = 0.0
        for i in range(n):
            walls[count, i] = sign * J[axis, i] * slope[i]
            still += walls[count, i] * rest[i]
        free = sign * (box[side, axis] - pose[axis, ORIGIN]) - inside
        most[count] = still + room(free, sign * speed[axis], sign * before, passed, k)
        count += 1
    return count


@kernel
def bound_tool(guard, q, dq, J, M):
    """Project ``ddq`` and ``rest`` on the bounds of box, clearance and joints.

    The metric is M; a few Gauss-Seidel sweeps approximate the nearest point. Returns the limits
    that ``ddq`` met, and the share of the line from ``rest`` to it that keeps box and clearance.
    """
    n, ddq, rest = len(q), vector(guard, at.GUARD_DDQ), vector(guard, at.GUARD_REST)
    pairs, found = whole(guard, at.GUARD_PAIRS), 0
    if pairs != 0:
        found = call(whole(pairs, PAIRS_NEAR_CALL), guard, pairs)
        if number(pairs, PAIRS_COUNT) == 0.0:
            set_number(guard, at.GUARD_CROSSED, 0.0)
            pairs = 0
    count, gaps, met = 0, 0, found
    if pairs != 0 or whole(guard, at.GUARD_POSE_KERNEL) != 0:
        count, gaps = find_walls(guard, q, dq, J, pairs)
    walls, most = matrix(guard, at.GUARD_WALLS, n), vector(guard, at.GUARD_WALL_MOST)
    rows, least = walls, most  # without pairs there are no rows
    if pairs != 0:
        rows, least = matrix(pairs, PAIRS_ROWS, n), vector(pairs, PAIRS_MOST)
    for sweep in range(SWEEPS + 1):
        moved = rest if sweep == 0 else ddq
        crossed = at.MET_BOX if cross_rows(guard, walls, most, count, moved) else 0
        if cross_rows(guard, rows, least, gaps, moved):
            crossed |= at.MET_CLEARANCE
        if sweep > 0:
            if crossed == 0:
                break
            met |= crossed
            set_number(guard, at.GUARD_NEAREST, 0.0)
            set_number(guard, at.GUARD_CROSSED, 1.0)
        met |= bound_joints(guard, q, dq, M)
    share = share_within(walls, most, count, ddq, rest, 1.0)
    return met, share_within(rows, least, gaps, ddq, rest, share)
