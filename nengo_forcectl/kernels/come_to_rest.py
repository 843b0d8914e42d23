"""The way on which all joints come to rest, and bounds on an acceleration that keep it free.

While the joints come to rest, let d(t) be a distance on the way, and dx(t) the speed at which it
shrinks. A bound is a row of the acceleration::

    row (ddq - rest) <= max(k d(t) - dx(t), 0),    row = -dd/dq D(t)

D(t) is the slope of the joints' displacement at t over dq. ``ddq = rest`` satisfies this in every
state. If d is below 0 at rest, the right-hand side is, too: back.
"""

import math

from arms.machine.numba_kernel import kernel

from .access import matrix, number, vector
from .algebra import substitute
from .layout.guard_fields import (
    GUARD_BRAKING,
    GUARD_FACTOR,
    GUARD_POSITION_GAIN,
    GUARD_PUSH,
    GUARD_STOP_DQ,
    GUARD_STOP_Q,
    GUARD_STOP_SLOPE,
)

INSIDE = 2e-3  # distance kept for the motion between prediction times [m]
DEEPEST = 2e-3  # largest correction from outside [m]
UNSURE = 1e-3  # tolerated speed towards a bound [m/s]


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
def time_to_rest(guard, dq):
    """Return the duration of the way to rest [s]."""
    longest, braking = 0.0, vector(guard, GUARD_BRAKING)
    for i in range(len(dq)):
        longest = max(longest, abs(dq[i]) / braking[i])
    return longest + 1.0 / number(guard, GUARD_POSITION_GAIN)


@kernel
def move_ahead(guard, q, dq, t):
    """Write the joints' positions, velocities and slopes after t [s] on their way to rest."""
    stop_q, stop_dq = vector(guard, GUARD_STOP_Q), vector(guard, GUARD_STOP_DQ)
    slope, braking = vector(guard, GUARD_STOP_SLOPE), vector(guard, GUARD_BRAKING)
    k = number(guard, GUARD_POSITION_GAIN)
    for i in range(len(q)):
        way, stop_dq[i], slope[i] = coming_to_rest(dq[i], braking[i], k, t)
        stop_q[i] = q[i] + way


@kernel
def room(free, dx, before, passed, k):
    """Return the right-hand side of a bound [m/s], less that of ``rest``.

    Args:
        free: d at the prediction time [m].
        dx: the speed at which it shrinks there [m/s].
        before: the same at the prediction time before.
        passed: time between the two [s].
        k: rate of the approach [1/s].
    """
    if before > 0.0 > dx:  # it turns back in between
        free -= 0.5 * dx * dx * passed / (before - dx)
    least = k * max(free, -DEEPEST) if math.isinf(passed) else 0.0
    return max(k * free - dx, min(least, 0.0))


@kernel
def cross_rows(guard, rows, most, count, ddq):
    """Project an acceleration on every violated bound in the metric of M; return if it moved."""
    n, moved = len(ddq), False
    factor, push = matrix(guard, GUARD_FACTOR, n), vector(guard, GUARD_PUSH)
    for row in range(count):
        over = -most[row]
        for i in range(n):
            over += rows[row, i] * ddq[i]
            push[i] = rows[row, i]
        if over <= 0.0:
            continue
        mobility = 0.0
        substitute(factor, push)
        for i in range(n):
            mobility += rows[row, i] * push[i]
        if mobility > 1e-9:
            moved = True
            for i in range(n):
                ddq[i] -= push[i] * over / mobility
    return moved


@kernel
def share_within(rows, most, count, ddq, rest, share):
    """Return the share, up to the given one, of the line from ``rest`` to ``ddq`` within bounds."""
    for row in range(count):
        over, still = -most[row], -most[row]
        for i in range(len(ddq)):
            over += rows[row, i] * ddq[i]
            still += rows[row, i] * rest[i]
        if over > UNSURE and over > still:
            share = min(share, max(-still, 0.0) / (over - still))
    return share
