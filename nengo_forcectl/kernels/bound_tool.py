"""The accelerations that keep the tool within its box."""

import math

from arms.machine.invoke import invoke

from . import layout as at
from .access import matrix, number, vector, whole
from .algebra import substitute
from .bound_joints import bound_joints
from .compile import kernel

SWEEPS = 10  # number of sweeps over the bounds of tool and joints
AHEAD = (0.0625, 0.125, 0.25, 0.375, 0.5, 0.75, math.inf)
"""Prediction times on the way to rest, as shares of its duration."""
WALLS = 6 * len(AHEAD)
"""Largest number of bounds on an acceleration: two walls per axis and prediction time."""
INSIDE = 2e-3  # distance from the walls, for the motion between prediction times [m]
DEEPEST = 2e-3  # largest correction from outside [m]
UNSURE = 1e-3  # tolerated speed of the tool towards a wall [m/s]


@kernel
def coming_to_rest(dq, a, k, t):
    """Return a joint's state after t [s] of ``ddq = clip(-k dq, -a, a)``.

    The values are its displacement [rad], its velocity [rad/s], and the displacement's slope over
    dq [s].
    """
    speed, knee = abs(dq), a / k
    full = max(speed - knee, 0.0) / a  # time with the full deceleration a
    if t < full:
        way, left, slope = (speed - 0.5 * a * t) * t, speed - a * t, t
    else:
        start = min(speed, knee)
        fade = math.exp(-k * (t - full))
        left = start * fade
        way = 0.5 * (speed + start) * full + (start - left) / k
        slope = full + (1.0 - fade) / k
    return math.copysign(way, dq), math.copysign(left, dq), slope


@kernel
def find_walls(guard, q, dq, J):
    """Write the box's bounds on an acceleration, ``walls @ ddq <= wall_most``; return their number.

    While all joints come to rest, let x(t) be the tool's position after t. A wall at x_max
    requires::

        J(t) D(t) (ddq - rest) <= max(k (x_max - x(t)) - dx(t), 0)

    D(t) is the slope of the joints' displacement at t over dq. ``ddq = rest`` satisfies this in
    every state and leaves x(inf) unchanged. If x(inf) is beyond the wall, the right-hand side is
    below 0: back.

    Args:
        guard: block of `GUARD`; its ``rest`` is ``clip(-k dq, -a, a)`` [rad/s^2].
        q, dq: state of the arm.
        J: (6, n), Jacobian of the tool at q.
    """
    n, k = len(q), number(guard, at.GUARD_POSITION_GAIN)
    braking, speed = vector(guard, at.GUARD_BRAKING), vector(guard, at.GUARD_TOOL_SPEED)
    longest, last, count = 0.0, 0.0, 0
    for i in range(n):
        longest = max(longest, abs(dq[i]) / braking[i])
    longest += 1.0 / k
    for axis in range(3):
        speed[axis] = 0.0
        for i in range(n):
            speed[axis] += J[axis, i] * dq[i]
    for ahead in AHEAD:
        t = ahead * longest
        look_ahead(guard, q, dq, t)
        for axis in range(3):
            count = add_walls(guard, axis, t - last, count)
        last = t
    return count


@kernel
def look_ahead(guard, q, dq, t):
    """Write the arm's state after t [s] on its way to rest, and the tool's pose and J there."""
    stop_q, stop_dq = vector(guard, at.GUARD_STOP_Q), vector(guard, at.GUARD_STOP_DQ)
    slope, braking = vector(guard, at.GUARD_STOP_SLOPE), vector(guard, at.GUARD_BRAKING)
    k = number(guard, at.GUARD_POSITION_GAIN)
    for i in range(len(q)):
        way, stop_dq[i], slope[i] = coming_to_rest(dq[i], braking[i], k, t)
        stop_q[i] = q[i] + way
    pose, J = vector(guard, at.GUARD_STOP_POSE), vector(guard, at.GUARD_STOP_J)
    invoke(whole(guard, at.GUARD_POSE_KERNEL), stop_q, stop_dq, pose)  # pyright: ignore[reportCallIssue]
    invoke(whole(guard, at.GUARD_J_KERNEL), stop_q, stop_dq, J)  # pyright: ignore[reportCallIssue]


@kernel
def add_walls(guard, axis, passed, count):
    """Add the bounds of both walls of an axis, ``passed`` [s] after the last prediction time.

    Returns the number of bounds so far.
    """
    dq, slope = vector(guard, at.GUARD_STOP_DQ), vector(guard, at.GUARD_STOP_SLOPE)
    n, rest = len(dq), vector(guard, at.GUARD_REST)
    box, k = matrix(guard, at.GUARD_BOX, 3), number(guard, at.GUARD_POSITION_GAIN)
    pose, J = matrix(guard, at.GUARD_STOP_POSE, 4), matrix(guard, at.GUARD_STOP_J, n)
    walls, most = matrix(guard, at.GUARD_WALLS, n), vector(guard, at.GUARD_WALL_MOST)
    speed = vector(guard, at.GUARD_TOOL_SPEED)
    before, speed[axis] = speed[axis], 0.0
    for i in range(n):
        speed[axis] += J[axis, i] * dq[i]
    inside = min(INSIDE, 0.25 * (box[1, axis] - box[0, axis]))
    for side in range(2):
        if math.isinf(box[side, axis]):
            continue
        sign = 2.0 * side - 1.0
        dx, still = sign * speed[axis], 0.0
        for i in range(n):
            walls[count, i] = sign * J[axis, i] * slope[i]
            still += walls[count, i] * rest[i]
        free = sign * (box[side, axis] - pose[axis, 3]) - inside
        if sign * before > 0.0 > dx:  # the tool turns back in between
            free -= 0.5 * dx * dx * passed / (sign * before - dx)
        least = k * max(free, -DEEPEST) if math.isinf(passed) else 0.0
        most[count] = still + max(k * free - dx, min(least, 0.0))
        count += 1
    return count


@kernel
def cross_walls(guard, count, ddq):
    """Project an acceleration on every violated wall in the metric of M; return if it moved."""
    n, moved = len(ddq), False
    walls, most = matrix(guard, at.GUARD_WALLS, n), vector(guard, at.GUARD_WALL_MOST)
    factor, push = matrix(guard, at.GUARD_FACTOR, n), vector(guard, at.GUARD_PUSH)
    for row in range(count):
        over = -most[row]
        for i in range(n):
            over += walls[row, i] * ddq[i]
            push[i] = walls[row, i]
        if over <= 0.0:
            continue
        mobility = 0.0
        substitute(factor, push)
        for i in range(n):
            mobility += walls[row, i] * push[i]
        if mobility > 1e-9:
            moved = True
            for i in range(n):
                ddq[i] -= push[i] * over / mobility
    return moved


@kernel
def bound_tool(guard, q, dq, J):
    """Project ``ddq`` and ``rest`` on the bounds of the tool's box and of the joints.

    The metric is M; a few Gauss-Seidel sweeps approximate the nearest point. Returns the limits
    that ``ddq`` met, and the share of the line from ``rest`` to it that keeps the box.
    """
    n, ddq, rest = len(q), vector(guard, at.GUARD_DDQ), vector(guard, at.GUARD_REST)
    count = find_walls(guard, q, dq, J)
    cross_walls(guard, count, rest)
    met = bound_joints(guard, q, dq)
    for _ in range(SWEEPS):
        if not cross_walls(guard, count, ddq):
            break
        met |= at.MET_BOX | bound_joints(guard, q, dq)
    walls, most = matrix(guard, at.GUARD_WALLS, n), vector(guard, at.GUARD_WALL_MOST)
    share = 1.0
    for row in range(count):
        over, still = -most[row], -most[row]
        for i in range(n):
            over += walls[row, i] * ddq[i]
            still += walls[row, i] * rest[i]
        if over > UNSURE and over > still:
            share = min(share, max(-still, 0.0) / (over - still))
    return met, share
