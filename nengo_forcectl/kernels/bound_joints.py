"""The accelerations that keep the joints within their limits."""

import math

from arms.machine.numba_kernel import kernel

from .access import number, vector, whole
from .fit_load import LATE
from .keep_joints import clip_joints, keep_joints
from .layout import guard_fields as at
from .layout.body_fields import LOAD_LATE

GROWTH = 1.25  # of the eagerness in a cycle
EAGEREST = 15.0  # largest eagerness; with 40, sensors that are 2 ms late make a wrist swing
SWING = 0.04  # longest time from too fast one way to too fast the other that is a swing [s]
WARY = 2.0  # time after a swing [s]
STABLE = 0.35  # largest rate times a delay above LATE and a cycle and a half
CALM = 1.0  # time constant of the eagerness below the top speed [s]


@kernel
def allowed(d, a, k):
    """Return the allowed speed [rad/s] at a distance d [rad] from a limit, and its slope over d.

    ``k d`` near it, ``sqrt(2 a (d - a / 2 k^2))`` from ``d = a / k^2`` on, where both meet in value
    and slope: braking with at most ``a``.
    """
    if d < a / (k * k):
        return k * d, k
    v = math.sqrt(2.0 * a * (d - 0.5 * a / (k * k)))
    return v, a / v


@kernel
def position_bounds(x, dx, lower, upper, a, k, rate):
    """Return the least and the largest acceleration that keep x between lower and upper.

    ``ddx <= rate (v - dx) - v' dx``, with v the allowed speed at x.
    """
    v, slope = allowed(upper - x, a, k)
    high = rate * (v - dx) - slope * dx
    v, slope = allowed(x - lower, a, k)
    low = -rate * (v + dx) - slope * dx
    if low > high:
        low = high = 0.5 * (low + high)
    return low, high


@kernel
def adapt_eagerness(guard, i, over, rate):
    """Return the factor of the rate with which joint i returns to its top speed.

    A load that the model lacks makes the joint slower to return than the bound asks. The factor
    grows while the joint, above its top speed, loses less than half of what it should in a cycle,
    and shrinks while it loses more than twice that.

    Args:
        over: speed above the top speed [rad/s].
        rate: share of it that is lost in a second [1/s].
    """
    eager, before = vector(guard, at.GUARD_EAGERNESS), vector(guard, at.GUARD_OVER)
    dt = number(guard, at.GUARD_DT)
    if over > 0.0 and before[i] > 0.0:
        lost, wanted = before[i] - over, rate * before[i] * dt
        if lost < 0.5 * wanted:
            eager[i] = min(eager[i] * GROWTH, EAGEREST)
        elif lost > 2.0 * wanted:
            eager[i] = max(eager[i] / GROWTH, 1.0)
    elif over < 0.0:
        eager[i] += dt / CALM * (1.0 - eager[i])
    before[i] = over
    return eager[i]


@kernel
def watch_swing(guard, i, dq, dq_max):
    """Return whether joint i is too fast one way and then the other: sensors that are late.

    What brakes a loaded joint in time would then make a bare one swing.
    """
    side, wary = vector(guard, at.GUARD_SIDE), vector(guard, at.GUARD_WARY)
    dt = number(guard, at.GUARD_DT)
    side[i] += math.copysign(dt, side[i])
    wary[i] = max(wary[i] - dt, 0.0)
    if abs(dq) > dq_max:
        if side[i] * dq < 0.0 and abs(side[i]) < SWING:
            wary[i] = WARY
        side[i] = math.copysign(dt, dq)
    return wary[i] > 0.0


@kernel
def bound_joints(guard, q, dq, M):
    """Bring ``ddq`` and ``rest`` within the joints' bounds; return the limits that ``ddq`` met.

    With ``nearest`` the accelerations are the nearest ones in the metric of M (`keep_joints`).
    """
    q_lower, q_upper = vector(guard, at.GUARD_Q_LOWER), vector(guard, at.GUARD_Q_UPPER)
    dq_max, braking = vector(guard, at.GUARD_DQ_MAX), vector(guard, at.GUARD_BRAKING)
    k, rate = number(guard, at.GUARD_POSITION_GAIN), number(guard, at.GUARD_POSITION_RATE)
    speed_rate, laden = number(guard, at.GUARD_SPEED_RATE), number(guard, at.GUARD_LADEN) > 0.0
    ddq, rest = vector(guard, at.GUARD_DDQ), vector(guard, at.GUARD_REST)
    delay = number(whole(guard, at.GUARD_LOAD), LOAD_LATE)
    late = delay > LATE
    if late:
        slower = STABLE / ((delay + 1.5) * number(guard, at.GUARD_DT))
        rate, speed_rate = min(rate, slower), min(speed_rate, slower)
    least, largest = vector(guard, at.GUARD_LEAST), vector(guard, at.GUARD_LARGEST)
    met = 0
    for i in range(len(q)):
        low, high = position_bounds(q[i], dq[i], q_lower[i], q_upper[i], braking[i], k, rate)
        eager = adapt_eagerness(guard, i, abs(dq[i]) - dq_max[i], speed_rate)
        if watch_swing(guard, i, dq[i], dq_max[i]) or laden or late:
            eager = 1.0
        slow, fast = -speed_rate * (dq_max[i] + dq[i]), speed_rate * (dq_max[i] - dq[i])
        slow, fast = max(slow, eager * slow), min(fast, eager * fast)
        if ddq[i] < low or ddq[i] > high:
            met |= at.MET_POSITION
        if ddq[i] < slow or ddq[i] > fast:
            met |= at.MET_VELOCITY
        low, high = max(low, slow), min(high, fast)
        if low > high:
            low = high = 0.5 * (low + high)
        least[i], largest[i] = low, high
        rest[i] = min(max(rest[i], low), high)
    if number(guard, at.GUARD_NEAREST) == 0.0:
        clip_joints(guard)
    elif met:
        keep_joints(guard, M)
    return met
