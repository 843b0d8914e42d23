"""A control law and its arm in one call.

What several cycles share is inlined before it is compiled: a call with that many arrays costs 0.1
us and more, and compiling it for itself as well costs seconds.
"""

import math

import numba
import numpy as np

from arms.invoke import invoke

from ..fused import HUGE, NOT_FINITE, NOTHING
from .algebra import FAST
from .joint import joint_space
from .safety import credible, leave
from .secondary import secondary
from .task import task_space
from .terms import parts

NUMBERS = 5  # of `task_space`


@numba.njit(cache=True, fastmath=FAST)
def joint_cycle(
    kernel, size, q, dq, q_r, dq_r, ddq_r, sound, law, numbers, tau_max,
    begun, elapsed, layer, memory, out,
):  # fmt: skip
    """Write tau and the tool's position and 0 into ``out``; returns what `leave` does.

    Where an array has another size, or the state is not credible, nothing is done.

    Args:
        kernel, size: address of the arm's kernel of all `Terms`, and what it writes.
        sound: no matter, nothing is remembered.
        law, numbers: of `joint_space`.
        begun, elapsed, layer, memory: of `leave`.
    """
    n = len(tau_max)
    if not joints_fit(q, dq, q_r, dq_r, ddq_r, n, layer):
        return NOTHING
    terms = np.empty(size)
    invoke(kernel, q, dq, terms)  # pyright: ignore[reportCallIssue]
    _, _, _, M, C, g = parts(terms, n)
    joint_space(M, C, g, q, dq, q_r, dq_r, ddq_r, law, numbers, out[:n])
    out[n + 3] = 0.0
    return leave(terms, q, dq, tau_max, begun, elapsed, layer, memory, out[:n], out[n:])


@numba.njit(cache=True, fastmath=FAST, inline="always")
def joints_fit(q, dq, q_r, dq_r, ddq_r, n, layer):
    """Whether a state and a reference are for ``n`` joints, and the state is credible."""
    if len(q) != n or len(dq) != n or len(q_r) != n or len(dq_r) != n or len(ddq_r) != n:
        return False
    return credible(q, dq, layer)


@numba.njit(cache=True, fastmath=FAST)
def task_cycle(
    kernel, size, q, dq, measured, x, dx, ddx, R, omega, domega, wrench, sound, which, constants,
    z, moved, n, begun, elapsed, layer, memory, out,
):  # fmt: skip
    """Write tau, the tool's position and the singularity into ``out``; as `joint_cycle`.

    Args:
        measured to wrench, sound to n: of `task_law`.
    """
    terms, room = np.empty(size), np.empty((4, n))
    met = task_law(
        kernel, q, dq, measured, x, dx, ddx, R, omega, domega, wrench, sound, which, constants, z,
        moved, n, layer, terms, room, out,
    )  # fmt: skip
    if met != 0:
        return met
    tau_max = constants[NUMBERS : NUMBERS + n]
    return leave(terms, q, dq, tau_max, begun, elapsed, layer, memory, out[:n], out[n:])


@numba.njit(cache=True, fastmath=FAST, inline="always")
def gather(q, dq, measured, x, dx, ddx, R, omega, domega, wrench, n, layer, reference):
    """Put a reference into one array; returns 0, or why nothing is to be done.

    Where a force is not below `HUGE` nothing is, so that no integral takes it in.

    Args:
        measured: the sensor's wrench.
        x to wrench: the reference.
        layer: of `leave`.
        reference: 30 numbers, of `task_space`.
    """
    if len(q) != n or len(dq) != n or len(measured) != 6 or len(wrench) != 6 or R.shape != (3, 3):
        return NOTHING
    for vector in (x, dx, ddx, omega, domega):
        if len(vector) != 3:
            return NOTHING
    if not credible(q, dq, layer):
        return NOTHING
    for i in range(3):
        reference[i], reference[3 + i], reference[6 + i] = x[i], dx[i], ddx[i]
        reference[18 + i], reference[21 + i] = omega[i], domega[i]
        for k in range(3):
            reference[9 + 3 * i + k] = R[i, k]
    for i in range(6):
        reference[24 + i] = wrench[i]
        if not (abs(measured[i]) < HUGE and abs(wrench[i]) < HUGE):
            return NOT_FINITE
    return 0


@numba.njit(cache=True, fastmath=FAST, inline="always")
def task_law(
    kernel, q, dq, measured, x, dx, ddx, R, omega, domega, wrench, sound, which, constants, z,
    moved, n, layer, terms, room, out,
):  # fmt: skip
    """`Admittance`, if there is one, the secondary tasks, `task_space`: tau and the singularity.

    Writes these into ``out``; returns 0, or as `gather` why nothing was done.

    Args:
        kernel: address of the arm's kernel of all `Terms`, which it writes into ``terms``.
        measured: the sensor's wrench.
        x to wrench: the reference.
        sound, z: of `task_space`.
        which: how many rows and how many numbers of `Admittance`; the rows; entries of `secondary`.
        constants: numbers of `task_space`, tau_max, its law, `Admittance`, numbers of `secondary`.
        moved: (2, 6): offset and velocity of `Admittance`.
        n: joints of the arm.
        layer: of `leave`.
        room: (4, n): takes the secondary tasks' torque; error, dq_r and ddq_r of `task_space`.
    """
    reference = np.empty(30)
    met = gather(q, dq, measured, x, dx, ddx, R, omega, domega, wrench, n, layer, reference)
    if met != 0:
        return met
    invoke(kernel, q, dq, terms)  # pyright: ignore[reportCallIssue]
    m = which[0]
    rows, entries = which[2 : 2 + m], which[2 + m :].reshape(-1, 5)
    start, end = NUMBERS + n, NUMBERS + n + 12 * m * m
    numbers, law = constants[:NUMBERS], constants[start:end].reshape(12, m, m)
    yields, of_entries = constants[end : end + which[1]], constants[end + which[1] :]
    if len(yields):
        move(reference, measured, yields.reshape(3, 6, 6), moved[0], moved[1], numbers[2])
    pose, J, dJ, M, C, g = parts(terms, n)
    secondary(entries, of_entries, q, dq, M, room[0])
    out[n + 3] = task_space(
        pose, J, dJ, M, C, g, q, dq, reference, measured, sound, rows, law, numbers, room[0], z,
        out[:n], room[1], room[2], room[3],
    )  # fmt: skip
    return 0


@numba.njit(cache=True, fastmath=FAST)
def move(reference, measured, yields, offset, velocity, dt):
    """One step of `Admittance`: the offset goes on, and the reference moves by it."""
    before = velocity.copy()
    for i in range(6):
        total = 0.0
        for k in range(6):
            total += yields[0, i, k] * before[k] - yields[2, i, k] * offset[k]
            total += yields[1, i, k] * (reference[24 + k] + measured[k])
        velocity[i] = total
    for i in range(6):
        offset[i] += dt * velocity[i]
        reference[24 + i] = 0.0
    for i in range(3):
        reference[i] += offset[i]
        reference[3 + i] += velocity[i]
        reference[6 + i] += (velocity[i] - before[i]) / dt
        reference[18 + i] += velocity[3 + i]
        reference[21 + i] += (velocity[3 + i] - before[3 + i]) / dt
    turn(offset[3:], reference[9:18].reshape(3, 3))


@numba.njit(cache=True)
def turn(c, R):
    """R becomes exp(c) R."""
    angle = math.sqrt(c[0] * c[0] + c[1] * c[1] + c[2] * c[2])
    half = 0.5 * angle
    a = math.sin(angle) / angle if angle > 1e-12 else 1.0
    b = math.sin(half) / half if angle > 1e-12 else 1.0
    b = 0.5 * b * b
    for column in range(3):
        x, y, z = R[0, column], R[1, column], R[2, column]
        u, v, w = c[1] * z - c[2] * y, c[2] * x - c[0] * z, c[0] * y - c[1] * x
        R[0, column] += a * u + b * (c[1] * w - c[2] * v)
        R[1, column] += a * v + b * (c[2] * u - c[0] * w)
        R[2, column] += a * w + b * (c[0] * v - c[1] * u)
