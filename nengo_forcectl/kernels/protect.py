"""`Safe`, compiled: from the torque that was asked for to the one that may leave."""

import math

import numba
import numpy as np

from arms.machine.invoke import invoke

from .algebra import factor_columns, substitute
from .arm_terms import parts
from .bound import ASKED, OUT, POSITION, RATE, SAME, TORQUE, VELOCITY, WORKSPACE, in_box, in_joints
from .compile import kernel
from .layout import NOT_FINITE
from .memory import lent
from .observe import momentum_observer

LIMITS, BOX, GAINS, MEMORY = 6, 6, 7, 6
"""A layer is one array: (6, n) q_lower, q_upper, dq_max, tau_max, braking, most change of torque a
cycle; (2, 3) the tool's box; k, rate, gain of the observer, rate for the top speed, addresses of
the arm's kernels of pose and of J (a double holds them exactly), the fastest joint that is
credible [rad/s]; its memory, (6, n): of the observer p, bias and r; torque that was sent; last q,
last dq; room, (4 + n, n)."""

BEYOND = 0.01  # its box the tool is out of it [m]

FAR = 1e6  # no joint is as far [rad]
STRAY = 0.5  # nor as far beyond its limits [rad], [m]

GO, STOP, BLIND = 0, 1, 2
"""Whether to do what was asked, to come to rest, or to hold the arm without knowing where it is."""


@kernel
def credible(q, dq, layer):
    """Whether a state can be true, for a layer, if there is one: finite, and not too fast."""
    if len(layer):
        n = len(q)
        fastest = layer[LIMITS * n + BOX + GAINS - 1]
        for i in range(n):
            if not (abs(q[i]) < FAR and abs(dq[i]) < fastest):
                return False
            if not layer[i] - STRAY < q[i] < layer[n + i] + STRAY:
                return False
    return True


@kernel
def leave(terms, q, dq, tau_max, begun, elapsed, layer, tau, tool):
    """What a whole cycle's torque passes on its way out: is it finite, within the motors' limits?

    With a layer, also what `kept` does. Returns what that met, or NOT_FINITE; writes the tool's
    position.

    Args:
        terms: of the arm, at q and dq.
        begun, elapsed: of `protect`.
        layer: of a `Safe`; empty without one.
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
    met = noticed(q, dq, begun, layer)
    return met | kept(terms, q, dq, tau, GO, begun, elapsed, layer, tau)


@kernel
def protect(kernel, size, q_now, dq_now, asked, mode, begun, elapsed, layer, out):
    """Write the torque that may leave into ``out``, then the tool's position; return what it met.

    Args:
        kernel, size: address of the arm's kernel of all `Terms`, and what it writes.
        q_now, dq_now: finite, or ``mode`` is BLIND.
        asked: the controller's torque.
        mode: GO, STOP or BLIND.
        begun: 0 in the first cycle, 2 when the last torque went ``elapsed`` [s] before, else 1.
        layer: of a `Safe`.
    """
    n, layer = len(q_now), lent(layer)
    memory = remembered(layer, n)
    q, dq = memory[4], memory[5]
    met = 0
    if mode != BLIND:
        met |= noticed(q_now, dq_now, begun, layer)
    if mode == BLIND or (mode == STOP and met):
        dq, begun = np.zeros(n), min(begun, 1)
        mode = BLIND
    terms = np.empty(size)
    invoke(kernel, q, dq, terms)  # pyright: ignore[reportCallIssue]
    for axis in range(3):
        out[n + axis] = terms[4 * axis + 3]
    return met | kept(terms, q, dq, asked, mode, begun, elapsed, layer, out[:n])


@kernel(inline="always")
def remembered(layer, n):
    """A layer's memory."""
    start = LIMITS * n + BOX + GAINS
    return layer[start : start + MEMORY * n].reshape(MEMORY, n)


@kernel
def noticed(q_now, dq_now, begun, layer):
    """Note the state; SAME if it is the last one's, although the joints move."""
    memory = remembered(layer, len(q_now))
    q, dq = memory[4], memory[5]
    same, square = True, 0.0
    for i in range(len(q)):
        same = same and q[i] == q_now[i] and dq[i] == dq_now[i]
        square += dq_now[i] * dq_now[i]
        q[i], dq[i] = q_now[i], dq_now[i]
    return SAME if same and begun > 0 and square > 1e-12 else 0


@kernel
def kept(terms, q, dq, asked, mode, begun, elapsed, layer, out):
    """Write the torque that may leave into ``out``, which may be ``asked``; return what it met.

    Args:
        terms: of the arm, at q and dq.
        asked to layer: of `protect`.
    """
    n = len(q)
    limits = layer[: LIMITS * n].reshape(LIMITS, n)
    box = layer[LIMITS * n : LIMITS * n + BOX].reshape(2, 3)
    gains, memory = layer[LIMITS * n + BOX : LIMITS * n + BOX + GAINS], remembered(layer, n)
    k = gains[0]
    p, bias, r, sent = memory[0], memory[1], memory[2], memory[3]
    met = 0
    pose, J, _, M, C, g = parts(terms, n)
    if mode != BLIND:
        share = -math.expm1(-gains[2] * elapsed)
        momentum_observer(M, C, g, dq, sent, begun == 2, share, elapsed, p, bias, r)

    room = layer[LIMITS * n + BOX + GAINS + MEMORY * n :].reshape(4 + n, n)
    tau, h, ddq, rest, L = room[0], room[1], room[2], room[3], room[4:]
    for i in range(n):
        r[i] = min(max(r[i], -limits[3, i]), limits[3, i])
        h[i] = g[i] - r[i]
        for j in range(n):
            h[i] += C[i, j] * dq[j]
            L[i, j] = M[i, j]
        rest[i] = min(max(-k * dq[i], -limits[4, i]), limits[4, i])
        if mode == GO and not math.isfinite(asked[i]):
            met |= ASKED
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

    part, boxed = 1.0, False
    for axis in range(3):
        boxed = boxed or not (math.isinf(box[0, axis]) and math.isinf(box[1, axis]))
        if max(box[0, axis] - pose[axis, 3], pose[axis, 3] - box[1, axis]) > BEYOND:
            met |= OUT
    if boxed and mode == GO:
        moved, part = in_box(q, dq, J, L, box, limits, gains, rest, ddq)
        met |= moved
    else:
        met |= in_joints(q, dq, limits, gains, rest, ddq)

    if met & (POSITION | VELOCITY | WORKSPACE):
        # From coming to rest towards ddq, as far as the motors can: all between is within bounds.
        held = np.empty(n)
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
        for i in range(n):
            tau[i] = held[i] + part * (tau[i] - held[i])
    for i in range(n):
        out[i] = min(max(tau[i], -limits[3, i]), limits[3, i])
        if not math.isfinite(out[i]):
            out[i] = 0.0
        sent[i] = out[i]
    return met


_vector, _whole = numba.float64[::1], numba.int64
# Here and not in the cycle that is the first to call them, which may be that of a stop.
credible.compile((_vector, _vector, _vector))
protect.compile(
    (
        _whole, _whole, _vector, _vector, _vector, _whole, _whole, numba.float64, _vector, _vector,
    )
)  # fmt: skip
