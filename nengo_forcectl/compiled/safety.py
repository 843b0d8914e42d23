"""`Safe`, compiled: from the torque that was asked for to the one that may leave."""

import math

import numba
import numpy as np

from arms.invoke import invoke

from ..fused import NOT_FINITE
from .algebra import FAST, factor_columns, substitute
from .observer import momentum_observer
from .terms import parts

POSITION, VELOCITY, TORQUE, RATE, WORKSPACE, ASKED, SAME, OUT = 1, 2, 4, 8, 16, 32, 64, 128
"""What `protect` returns, or'ed: the limits that it had to keep; ASKED: a torque that is not
finite was asked for; SAME: the joints move and yet their state is the last one's, to the last bit;
OUT: the tool is out of its box."""

LIMITS, BOX, GAINS = 6, 6, 7
"""A layer's constants, one array: (6, n) q_lower, q_upper, dq_max, tau_max, braking, most change of
torque a cycle; (2, 3) the tool's box; k, rate, gain of the observer, rate for the top speed,
longest braking [s], addresses of the arm's kernels of pose and of J (exact in a double); the
fastest joint that is credible [rad/s]. Its memory, (6, n): of the observer p, bias and r; torque
that was sent; last q, last dq."""

SWEEPS = 10  # over the tool's bounds and the joints'
BEYOND = 0.01  # its box the tool is out of it [m]
AHEAD = (0.125, 0.25, 0.5, math.inf)  # when the way to rest is looked at, of the longest braking
TOUCH = 50.0  # how soon the tool may come up to a wall [1/s]
DEEPEST = 2e-3  # beyond a wall that the way back from is asked for [m]
UNSURE = 0.01  # of the tool's speed towards a wall that is let pass [m/s]

GO, STOP, BLIND = 0, 1, 2
"""Whether to do what was asked, to come to rest, or to hold the arm without knowing where it is."""


@numba.njit(cache=True, fastmath=FAST)
def credible(q, dq, layer):
    """Whether a state can be true, for a layer, if there is one: finite, and not too fast."""
    if len(layer):
        for i in range(len(q)):
            if not (abs(q[i]) < 1e6 and abs(dq[i]) < layer[-1]):
                return False
    return True


@numba.njit(cache=True, fastmath=FAST)
def allowed(d, a, k):
    """Speed [rad/s] towards a limit d [rad] away, and its slope over d.

    ``k d`` near it, ``sqrt(2 a (d - a / 2 k^2))`` from ``d = a / k^2`` on, where both meet in value
    and slope: braking with at most ``a``.
    """
    if d < a / (k * k):
        return k * d, k
    v = math.sqrt(2.0 * a * (d - 0.5 * a / (k * k)))
    return v, a / v


@numba.njit(cache=True, fastmath=FAST)
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


@numba.njit(cache=True, fastmath=FAST)
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


@numba.njit(cache=True, fastmath=FAST)
def walls(q, dq, box, limits, gains, rest, rows, most):
    """Write what the tool's box asks of an acceleration, ``rows @ ddq <= most``; return how many.

    Let all joints come to rest; x(t) is where the tool is then, after t. A wall at x_max leaves::

        J(t) D(t) (ddq - rest) <= max(TOUCH (x_max - x(t)) - dx(t), 0)

    D(t) what the joints' way to t changes with dq. With ``ddq = rest`` it holds, whatever the
    state, and x(inf) stays where it is.
    """
    n = len(q)
    point, pose, J = np.empty((3, n)), np.empty((4, 4)), np.empty((6, n))
    count = 0
    for ahead in AHEAD:
        for i in range(n):
            way, point[1, i], point[2, i] = coming_to_rest(
                dq[i], limits[4, i], gains[0], ahead * gains[4]
            )
            point[0, i] = q[i] + way
        invoke(int(gains[5]), point[0], point[1], pose)  # pyright: ignore[reportCallIssue]
        invoke(int(gains[6]), point[0], point[1], J)  # pyright: ignore[reportCallIssue]
        for axis in range(3):
            for side in range(2):
                if math.isinf(box[side, axis]):
                    continue
                sign = 2.0 * side - 1.0
                free = sign * (box[side, axis] - pose[axis, 3])
                dx, still = 0.0, 0.0
                for i in range(n):
                    rows[count, i] = sign * J[axis, i] * point[2, i]
                    dx += sign * J[axis, i] * point[1, i]
                    still += rows[count, i] * rest[i]
                least = TOUCH * max(free, -DEEPEST) if math.isinf(ahead) else 0.0
                most[count] = still + max(TOUCH * free - dx, min(least, 0.0))
                count += 1
    return count


@numba.njit(cache=True, fastmath=FAST)
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


@numba.njit(cache=True, fastmath=FAST)
def leave(terms, q, dq, tau_max, begun, elapsed, layer, memory, tau, tool):
    """What a whole cycle's torque passes on its way out: is it finite, within the motors' limits?

    With a layer, also what `kept` does. Returns what that met, or NOT_FINITE; writes the tool's
    position.

    Args:
        terms: of the arm, at q and dq.
        begun, elapsed: of `protect`.
        layer, memory: of a `Safe`; empty without one.
    """
    n = len(tau)
    for i in range(n):
        if not math.isfinite(tau[i]):
            return NOT_FINITE
        tau[i] = min(max(tau[i], -tau_max[i]), tau_max[i])
    for axis in range(3):
        tool[axis] = terms[4 * axis + 3]
    if len(layer) == 0:
        return 0
    met = noticed(q, dq, begun, memory)
    return met | kept(terms, q, dq, tau, GO, begun, elapsed, layer, memory, tau)


@numba.njit(cache=True, fastmath=FAST)
def protect(kernel, size, q_now, dq_now, asked, mode, begun, elapsed, layer, memory, out):
    """Write the torque that may leave into ``out``, then the tool's position; return what it met.

    Args:
        kernel, size: address of the arm's kernel of all `Terms`, and what it writes.
        q_now, dq_now: finite, or ``mode`` is BLIND.
        asked: the controller's torque.
        mode: GO, STOP or BLIND.
        begun: 0 in the first cycle, 2 when the last torque went ``elapsed`` [s] before, else 1.
        layer, memory: of a `Safe`.
    """
    n = len(q_now)
    q, dq = memory[4], memory[5]
    met = 0
    if mode != BLIND:
        met |= noticed(q_now, dq_now, begun, memory)
    if mode == BLIND or (mode == STOP and met):
        dq, begun = np.zeros(n), min(begun, 1)
        mode = BLIND
    terms = np.empty(size)
    invoke(kernel, q, dq, terms)  # pyright: ignore[reportCallIssue]
    for axis in range(3):
        out[n + axis] = terms[4 * axis + 3]
    return met | kept(terms, q, dq, asked, mode, begun, elapsed, layer, memory, out[:n])


@numba.njit(cache=True, fastmath=FAST)
def noticed(q_now, dq_now, begun, memory):
    """Note the state; SAME if it is the last one's, although the joints move."""
    q, dq = memory[4], memory[5]
    same, square = True, 0.0
    for i in range(len(q)):
        same = same and q[i] == q_now[i] and dq[i] == dq_now[i]
        square += dq_now[i] * dq_now[i]
        q[i], dq[i] = q_now[i], dq_now[i]
    return SAME if same and begun > 0 and square > 1e-12 else 0


@numba.njit(cache=True, fastmath=FAST)
def kept(terms, q, dq, asked, mode, begun, elapsed, layer, memory, out):
    """Write the torque that may leave into ``out``, which may be ``asked``; return what it met.

    Args:
        terms: of the arm, at q and dq.
        asked to memory: of `protect`.
    """
    n = len(q)
    limits = layer[: LIMITS * n].reshape(LIMITS, n)
    box = layer[LIMITS * n : LIMITS * n + BOX].reshape(2, 3)
    gains = layer[LIMITS * n + BOX : LIMITS * n + BOX + GAINS]
    k, rate, near = gains[0], gains[1], gains[3]
    p, bias, r, sent = memory[0], memory[1], memory[2], memory[3]
    met = 0
    pose, J, dJ, M, C, g = parts(terms, n)
    if mode != BLIND:
        share = -math.expm1(-gains[2] * elapsed)
        momentum_observer(M, C, g, dq, sent, begun == 2, share, elapsed, p, bias, r)

    room = np.empty((4, n))  # one array: making many costs as much as filling them
    tau, h, ddq, rest = room[0], room[1], room[2], room[3]
    for i in range(n):
        r[i] = min(max(r[i], -limits[3, i]), limits[3, i])
        h[i] = g[i] - r[i]
        for j in range(n):
            h[i] += C[i, j] * dq[j]
        rest[i] = min(max(-k * dq[i], -limits[4, i]), limits[4, i])
        if mode == GO and not math.isfinite(asked[i]):
            met |= ASKED
    L = M.copy()
    factor_columns(L, 0, n)
    if mode != GO or met & ASKED:
        for i in range(n):
            ddq[i], tau[i] = rest[i], h[i]
            for j in range(n):
                tau[i] += M[i, j] * rest[j]
    else:
        for i in range(n):
            tau[i] = asked[i]
            if begun > 0 and abs(tau[i] - sent[i]) > limits[5, i]:
                met |= RATE
                tau[i] = min(max(tau[i], sent[i] - limits[5, i]), sent[i] + limits[5, i])
            if abs(tau[i]) > limits[3, i]:
                met |= TORQUE
                tau[i] = min(max(tau[i], -limits[3, i]), limits[3, i])
            ddq[i] = tau[i] - h[i]
        substitute(L, ddq)

    changed, boxed, count = False, False, 0
    for axis in range(3):
        boxed = boxed or not (math.isinf(box[0, axis]) and math.isinf(box[1, axis]))
        if max(box[0, axis] - pose[axis, 3], pose[axis, 3] - box[1, axis]) > BEYOND:
            met |= OUT
    rows, most = np.empty((6 * len(AHEAD) if boxed else 0, n)), np.empty(6 * len(AHEAD))
    if boxed and mode == GO:
        count = walls(q, dq, box, limits, gains, rest, rows, most)
        within(rows[:count], most[:count], L, rest)
    for _ in range(SWEEPS if count else 1):
        moved = within(rows[:count], most[:count], L, ddq)
        if moved:
            met |= WORKSPACE
            changed = True
        for i in range(n):
            low, high = bounds(q[i], dq[i], limits[0, i], limits[1, i], limits[4, i], k, rate)
            slow, fast = -near * (limits[2, i] + dq[i]), near * (limits[2, i] - dq[i])
            if ddq[i] < low or ddq[i] > high:
                met |= POSITION
                changed = True
            if ddq[i] < slow or ddq[i] > fast:
                met |= VELOCITY
                changed = True
            low, high = max(low, slow), min(high, fast)
            if low > high:
                low = high = 0.5 * (low + high)
            ddq[i] = min(max(ddq[i], low), high)
            rest[i] = min(max(rest[i], low), high)
        if not moved:
            break

    if changed:
        # From coming to rest towards ddq, as far as the motors can: all between is within bounds.
        part, held = 1.0, np.empty(n)
        for i in range(n):
            tau[i], held[i] = h[i], h[i]
            for j in range(n):
                tau[i] += M[i, j] * ddq[j]
                held[i] += M[i, j] * rest[j]
            top = limits[3, i]
            if tau[i] > top and tau[i] > held[i]:
                part = min(part, max(top - held[i], 0.0) / (tau[i] - held[i]))
            elif tau[i] < -top and tau[i] < held[i]:
                part = min(part, max(held[i] + top, 0.0) / (held[i] - tau[i]))
        for row in range(count):
            over, still = -most[row], -most[row]
            for i in range(n):
                over += rows[row, i] * ddq[i]
                still += rows[row, i] * rest[i]
            if over > UNSURE and over > still:
                part = min(part, max(-still, 0.0) / (over - still))
        for i in range(n):
            tau[i] = held[i] + part * (tau[i] - held[i])
    for i in range(n):
        out[i] = min(max(tau[i], -limits[3, i]), limits[3, i])
        if not math.isfinite(out[i]):
            out[i] = 0.0
        sent[i] = out[i]
    return met
