"""One control cycle in one call: arm terms, control law, network, observer, learning."""

import math

import numba
import numpy as np

from arms.invoke import invoke

from ..fused import NOT_FINITE, NOTHING
from ..observer import FADED
from .algebra import FAST
from .consolidation import consolidate, low_pass
from .controller import NUMBERS, joints_fit, task_law
from .gradient import gradient_step
from .joint import joint_space
from .layer import encode, product, rectified
from .memory import part
from .observer import momentum_observer
from .safety import leave
from .terms import parts

ARRAYS = (
    "weights", "torque", "torque_last", "filtered", "last", "sampled", "z_next", "z", "y_next",
    "y_done", "keep", "information", "moment", "factor", "solution", "weights_next", "bump",
    "offset", "sent", "momentum", "bias", "unmodelled", "count",
    "phi",
)  # fmt: skip
"""Names of the memory's arrays, in the order in which the code below takes them."""


@numba.njit(cache=True, fastmath=FAST)
def consolidating_task_cycle(
    kernel, size, q, dq, measured, x, dx, ddx, R, omega, domega, wrench, sound, learning,
    which, constants, z, moved, n, whole, real, ET, neuron_bias, B, buffer,
    begun, elapsed, layer, memory, out,
):  # fmt: skip
    """`task_cycle` with what `supply` adds: tau, the tool, the singularity, what was added.

    Args:
        kernel to sound, which to n: of `task_cycle`.
        learning, whole to buffer: of `supply`.
        begun, elapsed, layer, memory: of `leave`.
    """
    terms, room = np.empty(size), np.empty((4, n))
    met = task_law(
        kernel, q, dq, measured, x, dx, ddx, R, omega, domega, wrench, sound, which, constants, z,
        moved, n, layer, terms, room, out,
    )  # fmt: skip
    if met != 0:
        return met
    tau, tau_max = out[:n], constants[NUMBERS : NUMBERS + n]
    if not finite(tau):
        return NOT_FINITE  # before anything is learned from it
    supply(
        terms, q, dq, room[2], room[3], measured, sound, learning, tau_max, whole, real, ET,
        neuron_bias, B, buffer, tau, out[n + 4 :],
    )  # fmt: skip
    return leave(terms, q, dq, tau_max, begun, elapsed, layer, memory, tau, out[n : n + 3])


@numba.njit(cache=True, fastmath=FAST)
def consolidating_joint_cycle(
    kernel, size, q, dq, measured, q_r, dq_r, ddq_r, sound, learning, law, numbers, tau_max,
    whole, real, ET, neuron_bias, B, buffer, begun, elapsed, layer, memory, out,
):  # fmt: skip
    """As `consolidating_task_cycle`, with a law of the joints.

    Args:
        kernel to dq, q_r to tau_max: of `joint_cycle`.
        measured: the sensor's wrench, of which the observer is to know.
        learning, whole to buffer: of `supply`.
        begun, elapsed, layer, memory: of `leave`.
    """
    n = len(tau_max)
    if len(measured) != 6 or not joints_fit(q, dq, q_r, dq_r, ddq_r, n, layer):
        return NOTHING
    terms, tau = np.empty(size), out[:n]
    invoke(kernel, q, dq, terms)  # pyright: ignore[reportCallIssue]
    _, _, _, M, C, g = parts(terms, n)
    joint_space(M, C, g, q, dq, q_r, dq_r, ddq_r, law, numbers, tau)
    out[n + 3] = 0.0
    if not (finite(tau) and finite(measured)):
        return NOT_FINITE
    supply(
        terms, q, dq, dq_r, ddq_r, measured, sound, learning, tau_max, whole, real, ET,
        neuron_bias, B, buffer, tau, out[n + 4 :],
    )  # fmt: skip
    return leave(terms, q, dq, tau_max, begun, elapsed, layer, memory, tau, out[n : n + 3])


@numba.njit(cache=True, fastmath=FAST)
def supply(
    terms, q, dq, dq_r, ddq_r, measured, sound, learning, tau_max, whole, real, ET, neuron_bias, B,
    buffer, tau, feedforward,
):  # fmt: skip
    """Add to tau what the network and the observer supply, write it into ``feedforward``; learn.

    Args:
        terms: of the arm, at q and dq.
        dq_r, ddq_r: what the reference asks of the joints.
        measured: the wrench of the sensor, zero without one; J^T of it is no part of what lacks.
        sound: whether the sensors can be learned from.
        learning: whether the network learns; if not, neither does the observer compensate.
        whole: every, period, parts of the encoding, whether the network sees the measured velocity
            and not the reference's, how many joints are periodic; these; where the arrays of
            ``buffer`` begin.
        real: dt, observer's share, decay of the offset, noise, surprise, slow, quick, lift; centre,
            scale, lower, upper.
        ET: (d + 1, neurons): the encoders, transposed.
        B: (features, p), the basis.
        buffer: `ARRAYS`, which change.
    """
    n, features, p = len(q), len(B), B.shape[1]
    d = len(ET) - 1
    periodic, starts = whole[5 : 5 + whole[4]], whole[5 + whole[4] :]
    W = part(buffer, starts, 0).reshape(n, features)
    F, F_last = part(buffer, starts, 1), part(buffer, starts, 2)
    offset, sent = part(buffer, starts, 17), part(buffer, starts, 18)
    r, count = part(buffer, starts, 21), part(buffer, starts, 22)

    phi, u = part(buffer, starts, 23), np.empty(d + 1)
    ranges = real[8:].reshape(4, d)
    velocity = dq if whole[3] else dq_r
    encode(
        q, velocity, ddq_r, whole[2], periodic, ranges[0], ranges[1], ranges[2], ranges[3],
        real[7], phi[: d + 1], u,
    )  # fmt: skip
    rectified(ET, neuron_bias, u, phi[d + 1 :])
    product(W, phi, feedforward)

    dt, share = real[0], real[1]
    goes_on = count[2] > 0.0 and sound
    if learning and sound:
        _, J, _, M, C, g = parts(terms, n)
        for i in range(n):
            for k in range(6):
                sent[i] += J[k, i] * measured[k]
        momentum_observer(
            M, C, g, dq, sent, goes_on, share, dt,
            part(buffer, starts, 19), part(buffer, starts, 20), r,
        )  # fmt: skip
        low_pass(F, F_last, feedforward, goes_on, share)
    square = 0.0
    for i in range(n):
        fast = -r[i] - F[i]
        square += fast * fast
        if learning:
            feedforward[i] += fast + offset[i]
            offset[i] = 0.0 if abs(offset[i]) < FADED else offset[i] * real[2]
        tau[i] = min(max(tau[i] + feedforward[i], -tau_max[i]), tau_max[i])
        sent[i] = tau[i]
    if learning and sound:
        filtered, last = part(buffer, starts, 3), part(buffer, starts, 4)
        low_pass(filtered, last, phi, goes_on, share)
        bump = part(buffer, starts, 16)
        count[1] = consolidate(
            W, phi, -r, square, int(count[0]), int(count[1]), whole[0], whole[1], B,
            real[3], real[4], real[5], real[6], part(buffer, starts, 5), part(buffer, starts, 6),
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


@numba.njit(cache=True, fastmath=FAST)
def gradient_cycle(
    kernel, size, q, dq, measured, x, dx, ddx, R, omega, domega, wrench, sound, learning,
    which, constants, z, moved, n, limits, ET, neuron_bias, D, activity, back, learned,
    learning_law, dt, begun, elapsed, layer, memory, out,
):  # fmt: skip
    """As `consolidating_task_cycle`, for `Gradient` and a network that sees (q, dq).

    Args:
        limits: (2, 2n): centre and scale of (q, dq).
        ET, neuron_bias, D, activity, back, learned, learning_law, dt: those of `gradient_step`.
    """
    terms, room, seen = np.empty(size), np.empty((4, n)), np.empty(2 * n)
    met = task_law(
        kernel, q, dq, measured, x, dx, ddx, R, omega, domega, wrench, sound, which, constants, z,
        moved, n, layer, terms, room, out,
    )  # fmt: skip
    if met != 0:
        return met
    tau, tau_max = out[:n], constants[NUMBERS : NUMBERS + n]
    if not finite(tau):
        return NOT_FINITE  # before anything is learned from it
    for i in range(n):
        seen[i] = (q[i] - limits[0, i]) * limits[1, i]
        seen[n + i] = (dq[i] - limits[0, n + i]) * limits[1, n + i]
    learn = learned if learning and sound else (False, False, False)
    F = gradient_step(ET, neuron_bias, D, seen, room[1], activity, back, learn, learning_law, dt)
    for i in range(n):
        out[n + 4 + i] = F[i]
        tau[i] = min(max(tau[i] + F[i], -tau_max[i]), tau_max[i])
    return leave(terms, q, dq, tau_max, begun, elapsed, layer, memory, tau, out[n : n + 3])


@numba.njit(cache=True, fastmath=FAST, inline="always")
def finite(values):
    """Whether all of them are."""
    every = True
    for i in range(len(values)):
        every = every and math.isfinite(values[i])
    return every
