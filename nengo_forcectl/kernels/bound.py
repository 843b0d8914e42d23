"""The accelerations that keep joints and tool within their limits."""

import math

import numpy as np

from arms.machine.invoke import invoke

from .algebra import substitute
from .compile import kernel

POSITION, VELOCITY, TORQUE, RATE, WORKSPACE, ASKED, SAME, OUT = 1, 2, 4, 8, 16, 32, 64, 128
"""What `protect` returns, or'ed: the limits that it had to keep; ASKED: a torque that is not
finite was asked for; SAME: the joints move and yet their state is the last one's, to the last bit;
OUT: the tool is out of its box."""

SWEEPS = 10  # over the tool's bounds and the joints'
AHEAD = (0.0625, 0.125, 0.25, 0.375, 0.5, 0.75, math.inf)
"""When the way to rest is looked at, of the time that it takes."""
INSIDE = 2e-3  # its box the tool is kept [m], for what lies between the looks
DEEPEST = 2e-3  # beyond that which the way back from is asked for [m]
UNSURE = 1e-3  # of the tool's speed towards a wall that is let pass [m/s]


@kernel
def allowed(d, a, k):
    """Speed [rad/s] towards a limit d [rad] away, and its slope over d.

    ``k d`` near it, ``sqrt(2 a (d - a / 2 k^2))`` from ``d = a / k^2`` on, where both meet in value
    and slope: braking with at most ``a``.
    """
    if d < a / (k * k):
        return k * d, k
    v = math.sqrt(2.0 * a * (d - 0.5 * a / (k * k)))
    return v, a / v


@kernel
def bounds(x, dx, lower, upper, a, k, rate):
    """Least and largest acceleration that keep x between lower and upper.

    ``ddx <= rate (v - dx) - v' dx``, v the speed that is allowed at x.
    """
    v, slope = allowed(upper - x, a, k)
    high = rate * (v - dx) - slope * dx
    v, slope = allowed(x - lower, a, k)
    low = -rate * (v + dx) - slope * dx
    if low > high:
        low = high = 0.5 * (low + high)
    return low, high


@kernel
def in_joints(q, dq, limits, gains, rest, ddq):
    """Bring two accelerations within the joints' bounds; return what ``ddq`` met."""
    met, k, rate, near = 0, gains[0], gains[1], gains[3]
    for i in range(len(q)):
        low, high = bounds(q[i], dq[i], limits[0, i], limits[1, i], limits[4, i], k, rate)
        slow, fast = -near * (limits[2, i] + dq[i]), near * (limits[2, i] - dq[i])
        if ddq[i] < low or ddq[i] > high:
            met |= POSITION
        if ddq[i] < slow or ddq[i] > fast:
            met |= VELOCITY
        low, high = max(low, slow), min(high, fast)
        if low > high:
            low = high = 0.5 * (low + high)
        ddq[i] = min(max(ddq[i], low), high)
        rest[i] = min(max(rest[i], low), high)
    return met


@kernel
def coming_to_rest(dq, a, k, t):
    """Where and how fast a joint is after t [s] of ``ddq = clip(-k dq, -a, a)``.

    Its way from here [rad], its velocity [rad/s], the slope of the way over dq [s].
    """
    speed, knee = abs(dq), a / k
    full = max(speed - knee, 0.0) / a  # time with all of a
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
def walls(q, dq, J0, box, limits, gains, rest, rows, most):
    """Write what the tool's box asks of an acceleration, ``rows @ ddq <= most``; return how many.

    Let all joints come to rest; x(t) is where the tool is then, after t. A wall at x_max leaves::

        J(t) D(t) (ddq - rest) <= max(k (x_max - x(t)) - dx(t), 0)

    D(t) what the joints' way to t changes with dq. With ``ddq = rest`` it holds, whatever the
    state, and x(inf) stays where it is. If x(inf) is beyond the wall, 0 is less than that: back.

    Args:
        J0: the arm's, at q.
        box to gains: of a layer.
        rest: ``clip(-k dq, -a, a)`` [rad/s^2].
        rows, most: (6 times, n) and (6 times,), to be written.
    """
    n = len(q)
    point, pose, J = np.empty((3, n)), np.empty((4, 4)), np.empty((6, n))
    count, last = 0, 0.0
    speed = np.zeros(3)
    longest = 0.0
    for i in range(n):
        longest = max(longest, abs(dq[i]) / limits[4, i])
        for axis in range(3):
            speed[axis] += J0[axis, i] * dq[i]
    longest += 1.0 / gains[0]
    for ahead in AHEAD:
        t = ahead * longest
        for i in range(n):
            way, point[1, i], point[2, i] = coming_to_rest(dq[i], limits[4, i], gains[0], t)
            point[0, i] = q[i] + way
        invoke(int(gains[4]), point[0], point[1], pose)  # pyright: ignore[reportCallIssue]
        invoke(int(gains[5]), point[0], point[1], J)  # pyright: ignore[reportCallIssue]
        for axis in range(3):
            before, speed[axis] = speed[axis], 0.0
            for i in range(n):
                speed[axis] += J[axis, i] * point[1, i]
            inside = min(INSIDE, 0.25 * (box[1, axis] - box[0, axis]))
            for side in range(2):
                if math.isinf(box[side, axis]):
                    continue
                sign = 2.0 * side - 1.0
                dx, still = sign * speed[axis], 0.0
                for i in range(n):
                    rows[count, i] = sign * J[axis, i] * point[2, i]
                    still += rows[count, i] * rest[i]
                free = sign * (box[side, axis] - pose[axis, 3]) - inside
                if sign * before > 0.0 > dx:  # it turns back on the way
                    free -= 0.5 * dx * dx * (t - last) / (sign * before - dx)
                least = gains[0] * max(free, -DEEPEST) if math.isinf(ahead) else 0.0
                most[count] = still + max(gains[0] * free - dx, min(least, 0.0))
                count += 1
        last = t
    return count


@kernel
def within(rows, most, L, ddq):
    """Move an acceleration across every bound that it breaks, on M's shortest way; did it?"""
    n, moved = len(ddq), False
    for row in range(len(most)):
        over = -most[row]
        for i in range(n):
            over += rows[row, i] * ddq[i]
        if over <= 0.0:
            continue
        push, mobility = rows[row].copy(), 0.0
        substitute(L, push)
        for i in range(n):
            mobility += rows[row, i] * push[i]
        if mobility > 1e-9:
            moved = True
            for i in range(n):
                ddq[i] -= push[i] * over / mobility
    return moved


@kernel
def in_box(q, dq, J, L, box, limits, gains, rest, ddq):
    """Bring two accelerations within the bounds of the tool's box and of the joints.

    The nearest by M, as far as some sweeps find it (Gauss-Seidel). Return what ``ddq`` met, and
    how much of the way to it from ``rest`` keeps the box.
    """
    n, part = len(q), 1.0
    rows, most = np.empty((6 * len(AHEAD), n)), np.empty(6 * len(AHEAD))
    count = walls(q, dq, J, box, limits, gains, rest, rows, most)
    rows, most = rows[:count], most[:count]
    within(rows, most, L, rest)
    met = in_joints(q, dq, limits, gains, rest, ddq)
    for _ in range(SWEEPS):
        if not within(rows, most, L, ddq):
            break
        met |= WORKSPACE | in_joints(q, dq, limits, gains, rest, ddq)
    for row in range(count):
        over, still = -most[row], -most[row]
        for i in range(n):
            over += rows[row, i] * ddq[i]
            still += rows[row, i] * rest[i]
        if over > UNSURE and over > still:
            part = min(part, max(-still, 0.0) / (over - still))
    return met, part
