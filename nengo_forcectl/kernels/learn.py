"""One control cycle in one call: arm terms, control law, network, observer, learning."""

import math

import numpy as np

from ..estimation.observer import FADED
from .arm_terms import parts
from .compile import kernel
from .consolidate import consolidate, low_pass
from .control import joint_law, task_law
from .descend import gradient_step
from .encode import encode, product, rectified
from .layout import NOT_FINITE, NOTHING, ROOM, TAU_MAX, WHOLE
from .leave import leave
from .memory import floats, lent, part, wholes
from .observe import momentum_observer

ARRAYS = (
    "weights", "torque", "torque_last", "filtered", "last", "sampled", "z_next", "z", "y_next",
    "y_done", "keep", "information", "moment", "factor", "solution", "weights_next", "bump",
    "offset", "sent", "momentum", "bias", "unmodelled", "count",
    "phi",
)  # fmt: skip
"""Names of the memory's arrays, in the order in which the code below takes them."""


@kernel
def consolidating_task_cycle(
    q, dq, measured, x, dx, ddx, R, omega, domega, wrench, sound, learning, own, begun, elapsed,
    layer, out,
):  # fmt: skip
    """`task_cycle` with what `supply` adds: tau, the tool, the singularity, what was added.

    Args:
        q to sound, own: of `task_cycle`.
        learning: of `supply`.
        begun, elapsed, layer: of `leave`.
    """
    out = lent(out)
    met = task_law(q, dq, measured, x, dx, ddx, R, omega, domega, wrench, sound, own, layer, out)
    if met != 0:
        return met
    n, size = wholes(own, WHOLE)[0], wholes(own, WHOLE)[2]
    terms, tau, tau_max = floats(own, ROOM), out[:n], floats(own, TAU_MAX)
    if not finite(tau):
        return NOT_FINITE  # before anything is learned from it
    dq_r, ddq_r = terms[size + n : size + 2 * n], terms[size + 2 * n : size + 3 * n]
    supply(q, dq, dq_r, ddq_r, measured, sound, learning, own, tau, out[n + 4 :])
    met = leave(terms, q, dq, tau_max, begun, elapsed, layer, tau, out[n:])
    note(own, tau)
    return met


@kernel
def consolidating_joint_cycle(
    q, dq, measured, q_r, dq_r, ddq_r, sound, learning, own, begun, elapsed, layer, out
):
    """As `consolidating_task_cycle`, with a law of the joints.

    Args:
        q, dq, q_r to sound, own: of `joint_cycle`.
        measured: the sensor's wrench, of which the observer is to know.
        learning: of `supply`.
        begun, elapsed, layer: of `leave`.
    """
    out = lent(out)
    if len(measured) != 6:
        return NOTHING
    met = joint_law(q, dq, q_r, dq_r, ddq_r, own, layer, out)
    if met != 0:
        return met
    n = wholes(own, WHOLE)[0]
    terms, tau, tau_max = floats(own, ROOM), out[:n], floats(own, TAU_MAX)
    if not (finite(tau) and finite(measured)):
        return NOT_FINITE
    supply(q, dq, dq_r, ddq_r, measured, sound, learning, own, tau, out[n + 4 :])
    met = leave(terms, q, dq, tau_max, begun, elapsed, layer, tau, out[n:])
    note(own, tau)
    return met


@kernel
def note(own, tau):
    """Note the torque that is sent, for the balance of this cycle; limits may have changed it."""
    whole, buffer = wholes(own, len(own) - 6), floats(own, len(own) - 1)
    sent = part(buffer, whole[5 + whole[4] :], 18)
    for i in range(len(tau)):
        sent[i] = tau[i]


@kernel
def supply(q, dq, dq_r, ddq_r, measured, sound, learning, own, tau, feedforward):
    """Add to tau what the network and the observer supply, write it into ``feedforward``; learn.

    Args:
        dq_r, ddq_r: what the reference asks of the joints.
        measured: the wrench of the sensor, zero without one; J^T of it is no part of what lacks.
        sound: whether the sensors can be learned from.
        learning: whether the network learns; if not, neither does the observer compensate.
        own: where the arrays of `calls` are, with the arm's terms at q and dq, and after these

            - every, period, parts of the encoding, whether the network sees the measured velocity
              and not the reference's, how many joints are periodic; these; where the arrays of the
              buffer begin;
            - dt, observer's share, decay of the offset, noise, surprise, slow, quick, lift; centre,
              scale, lower, upper;
            - (d + 1, neurons): the encoders, transposed;
            - the neurons' biases;
            - B: (features, p), the basis;
            - the buffer: `ARRAYS`, which change.
    """
    terms, tau_max, first = floats(own, ROOM), floats(own, TAU_MAX), len(own) - 6
    whole, real, neuron_bias = wholes(own, first), floats(own, first + 1), floats(own, first + 3)
    ET = floats(own, first + 2).reshape(-1, len(neuron_bias))
    n, d = len(q), len(ET) - 1
    features = d + 1 + len(neuron_bias)
    B, buffer = floats(own, first + 4).reshape(features, -1), floats(own, first + 5)
    p = B.shape[1]
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


@kernel
def gradient_cycle(
    q, dq, measured, x, dx, ddx, R, omega, domega, wrench, sound, learning, own, begun, elapsed,
    layer, out,
):  # fmt: skip
    """As `consolidating_task_cycle`, for `Gradient` and a network that sees (q, dq).

    After the arrays of `calls` come its centre and scale of (q, dq), (2, 2n); ET, bias, D, a and
    back of `gradient_step`; what learns, three of 0 or 1; gains, and dt.
    """
    out = lent(out)
    met = task_law(q, dq, measured, x, dx, ddx, R, omega, domega, wrench, sound, own, layer, out)
    if met != 0:
        return met
    n, size = wholes(own, WHOLE)[0], wholes(own, WHOLE)[2]
    terms, tau, tau_max = floats(own, ROOM), out[:n], floats(own, TAU_MAX)
    if not finite(tau):
        return NOT_FINITE  # before anything is learned from it
    first, seen = len(own) - 8, np.empty(2 * n)
    limits, bias, gains = (
        floats(own, first).reshape(2, -1),
        floats(own, first + 2),
        floats(own, first + 7),
    )
    ET, D = floats(own, first + 1).reshape(2 * n, -1), floats(own, first + 3).reshape(n, -1)
    for i in range(n):
        seen[i] = (q[i] - limits[0, i]) * limits[1, i]
        seen[n + i] = (dq[i] - limits[0, n + i]) * limits[1, n + i]
    learned, learns = wholes(own, first + 6), learning and sound
    learn = learns and learned[0] != 0, learns and learned[1] != 0, learns and learned[2] != 0
    F = gradient_step(
        ET, bias, D, seen, terms[size : size + n], floats(own, first + 4), floats(own, first + 5),
        learn, gains, gains[-1],
    )  # fmt: skip
    for i in range(n):
        out[n + 4 + i] = F[i]
        tau[i] = min(max(tau[i] + F[i], -tau_max[i]), tau_max[i])
    return leave(terms, q, dq, tau_max, begun, elapsed, layer, tau, out[n:])


@kernel(inline="always")
def finite(values):
    """Whether all of them are."""
    every = True
    for i in range(len(values)):
        every = every and math.isfinite(values[i])
    return every
