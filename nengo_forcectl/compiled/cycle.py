"""One control cycle in one call: arm terms, control law, network, observer, learning."""

import math

import numba
import numpy as np

from arms.invoke import invoke

from ..fused import NOT_FINITE, NOTHING
from ..observer import FADED
from .algebra import FAST
from .consolidation import consolidate, low_pass
from .controller import tool_position
from .gradient import gradient_step
from .layer import encode, product, rectified
from .memory import part
from .observer import momentum_observer
from .safety import credible, leave
from .terms import parts

ARRAYS = (
    "weights", "torque", "torque_last", "filtered", "last", "sampled", "z_next", "z", "y_next",
    "y_done", "keep", "information", "moment", "factor", "solution", "weights_next", "bump",
    "offset", "sent", "momentum", "bias", "unmodelled", "count",
)  # fmt: skip
"""Names of the memory's arrays, in the order in which the code below takes them."""

OUTPUTS = ("tau", "feedforward", "fast", "error", "tool", "singularity")
"""Parts of a cycle's result; of the size of the arm but for the last two, (3,) and one number."""


@numba.njit(cache=True, fastmath=FAST)
def consolidating_cycle(
    kernel, size, q, dq, x_r, dx_r, ddx_r, sound, learning, measured, whole, real, rows, law,
    numbers, entries, of_entries, periodic, limits, ET, neuron_bias, B, buffer, starts,
    begun, elapsed, layer, memory, out,
):  # fmt: skip
    """Write `OUTPUTS` into ``out``, and change the memory; returns what `leave` does.

    Where an array has another size, or the state is not credible, nothing is done.

    Args:
        kernel, size: address of the arm's ("pose", "J", "dJ", "M", "C", "g"), and what it writes.
        sound: whether the sensors can be learned from.
        learning: whether the network learns; if not, neither does the observer compensate.
        measured: whether the network sees the measured velocity and not the reference's.
        whole: parts of the encoding, every, period.
        rows, law, numbers, entries, of_entries: of `tool_position`.
        real: dt, observer's share, decay of the offset, noise, surprise, slow, quick, lift.
        limits: (5, n or d): tau_max; centre, scale, lower, upper.
        begun, elapsed, layer, memory: of `leave`.
    """
    n, features = starts[2] - starts[1], len(B)
    if not (fits(q, dq, x_r, dx_r, ddx_r, n) and credible(q, dq, layer)):
        return NOTHING
    d = features - len(neuron_bias) - 1
    W = part(buffer, starts, 0).reshape(n, features)
    F, F_last = part(buffer, starts, 1), part(buffer, starts, 2)
    offset, sent = part(buffer, starts, 17), part(buffer, starts, 18)
    r, count = part(buffer, starts, 21), part(buffer, starts, 22)

    terms = np.empty(size)
    invoke(kernel, q, dq, terms)  # pyright: ignore[reportCallIssue]
    pose, J, dJ, M, C, g = parts(terms, n)
    tau, error = out[:n], out[3 * n : 4 * n]
    feedforward, fast = out[n : 2 * n], out[2 * n : 3 * n]
    dq_r, ddq_r = np.empty(n), np.empty(n)
    out[4 * n + 3] = tool_position(
        pose, J, dJ, M, C, g, q, dq, x_r, dx_r, ddx_r, rows, law, numbers, entries, of_entries,
        tau, error, dq_r, ddq_r,
    )  # fmt: skip
    for i in range(n):
        if not math.isfinite(tau[i]):
            return NOT_FINITE  # before anything is learned from it

    phi, u, F_now = np.empty(features), np.empty(d + 1), np.empty(n)
    centre, scale, lower, upper = limits[1, :d], limits[2, :d], limits[3, :d], limits[4, :d]
    velocity = dq if measured else dq_r
    encode(
        q, velocity, ddq_r, whole[0], periodic, centre, scale, lower, upper, real[7],
        phi[: d + 1], u,
    )  # fmt: skip
    rectified(ET, neuron_bias, u, phi[d + 1 :])
    product(W, phi, F_now)

    dt, share = real[0], real[1]
    goes_on = count[2] > 0.0 and sound
    if learning and sound:
        p, bias = part(buffer, starts, 19), part(buffer, starts, 20)
        momentum_observer(M, C, g, dq, sent, goes_on, share, dt, p, bias, r)
        low_pass(F, F_last, F_now, goes_on, share)
    square = 0.0
    for i in range(n):
        fast[i] = -r[i] - F[i]
        square += fast[i] * fast[i]
        if learning:
            fast[i] += offset[i]
            offset[i] = 0.0 if abs(offset[i]) < FADED else offset[i] * real[2]
        else:
            fast[i] = 0.0
        feedforward[i] = F_now[i] + fast[i]
        tau[i] = min(max(tau[i] + feedforward[i], -limits[0, i]), limits[0, i])
        sent[i] = tau[i]
    if learning and sound:
        filtered, last = part(buffer, starts, 3), part(buffer, starts, 4)
        low_pass(filtered, last, phi, goes_on, share)
        y, p = -r, B.shape[1]
        bump = part(buffer, starts, 16)
        count[1] = consolidate(
            W, phi, y, square, int(count[0]), int(count[1]), whole[1], whole[2], B, real[3],
            real[4], real[5], real[6], part(buffer, starts, 5), part(buffer, starts, 6),
            part(buffer, starts, 7), part(buffer, starts, 8), part(buffer, starts, 9),
            part(buffer, starts, 10), part(buffer, starts, 11).reshape(p, p),
            part(buffer, starts, 12).reshape(p, n), part(buffer, starts, 13).reshape(p, p),
            part(buffer, starts, 14).reshape(n, p), part(buffer, starts, 15).reshape(n, features),
            filtered, bump,
        )  # fmt: skip
        count[0] += 1.0
        for i in range(n):
            offset[i] += (1.0 - 0.5 * share) * bump[i]  # F_f takes the mean of old and new
    count[2] = 1.0 if learning and sound else 0.0
    return leave(
        terms, q, dq, limits[0, :n], begun, elapsed, layer, memory, tau, out[4 * n : 4 * n + 3]
    )


@numba.njit(cache=True, fastmath=FAST)
def gradient_cycle(
    kernel, size, q, dq, x_r, dx_r, ddx_r, sound, learning, rows, law, numbers, entries, of_entries,
    limits, ET, neuron_bias, D, activity, back, learned, learning_law, dt,
    begun, elapsed, layer, memory, out,
):  # fmt: skip
    """As `consolidating_cycle`, for `Gradient` and a network that sees (q, dq) over the limits.

    Args:
        rows, law, numbers, entries, of_entries: of `tool_position`.
        limits: (3, 2n): tau_max; centre and scale of (q, dq).
        ET, neuron_bias, D, activity, back, learned, learning_law, dt: those of `gradient_step`.
        begun, elapsed, layer, memory: of `leave`.
    """
    n = limits.shape[1] // 2
    if not (fits(q, dq, x_r, dx_r, ddx_r, n) and credible(q, dq, layer)):
        return NOTHING
    terms = np.empty(size)
    invoke(kernel, q, dq, terms)  # pyright: ignore[reportCallIssue]
    pose, J, dJ, M, C, g = parts(terms, n)
    tau, feedforward, error = out[:n], out[n : 2 * n], out[3 * n : 4 * n]
    x, dq_r, ddq_r = np.empty(2 * n), np.empty(n), np.empty(n)
    out[4 * n + 3] = tool_position(
        pose, J, dJ, M, C, g, q, dq, x_r, dx_r, ddx_r, rows, law, numbers, entries, of_entries,
        tau, error, dq_r, ddq_r,
    )  # fmt: skip
    for i in range(n):
        if not math.isfinite(tau[i]):
            return NOT_FINITE  # before anything is learned from it
    for i in range(n):
        x[i] = (q[i] - limits[1, i]) * limits[2, i]
        x[n + i] = (dq[i] - limits[1, n + i]) * limits[2, n + i]
    learn = learned if learning and sound else (False, False, False)
    F = gradient_step(ET, neuron_bias, D, x, error, activity, back, learn, learning_law, dt)
    for i in range(n):
        feedforward[i] = F[i]
        tau[i] = min(max(tau[i] + F[i], -limits[0, i]), limits[0, i])
    return leave(
        terms, q, dq, limits[0, :n], begun, elapsed, layer, memory, tau, out[4 * n : 4 * n + 3]
    )


@numba.njit(cache=True)
def fits(q, dq, x, dx, ddx, n):
    """Whether a state and the position's part of a reference are of the right sizes."""
    return len(q) == n and len(dq) == n and len(x) == 3 and len(dx) == 3 and len(ddx) == 3
