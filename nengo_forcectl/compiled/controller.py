"""A control law and its arm in one call."""

import math

import numba
import numpy as np

from arms.invoke import invoke

from ..fused import NOT_FINITE, NOTHING
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
        sound: no matter, nothing is remembered.
        law, numbers: of `joint_space`.
        begun, elapsed, layer, memory: of `leave`.
    """
    n = len(tau_max)
    if len(q) != n or len(dq) != n or len(q_r) != n or len(dq_r) != n or len(ddq_r) != n:
        return NOTHING
    if not credible(q, dq, layer):
        return NOTHING
    terms, reference = np.empty(size), np.empty((3, n))
    for i in range(n):
        reference[0, i], reference[1, i], reference[2, i] = q_r[i], dq_r[i], ddq_r[i]
    invoke(kernel, q, dq, terms)  # pyright: ignore[reportCallIssue]
    _, _, _, M, C, g = parts(terms, n)
    out[n + 3] = 0.0
    joint_space(M, C, g, q, dq, reference, law, numbers, out[:n])
    return leave(terms, q, dq, tau_max, begun, elapsed, layer, memory, out[:n], out[n:])


@numba.njit(cache=True, fastmath=FAST)
def task_cycle(
    kernel, size, q, dq, measured, x, dx, ddx, R, omega, domega, wrench, sound, which, constants,
    z, moved, n, begun, elapsed, layer, memory, out,
):  # fmt: skip
    """Write tau, the tool's position and the singularity into ``out``; as `joint_cycle`.

    Where a force is not finite nothing is done, so that no integral takes it in.

    Args:
        measured: the sensor's wrench; x to wrench: the reference.
        sound, z: of `task_space`.
        which: how many rows and how many numbers of `Admittance`; the rows; entries of `secondary`.
        constants: numbers of `task_space`, tau_max, its law, `Admittance`, numbers of `secondary`.
        moved: (2, 6): offset and velocity of `Admittance`.
        n: joints of the arm.
    """
    if len(q) != n or len(dq) != n or len(measured) != 6 or len(wrench) != 6 or R.shape != (3, 3):
        return NOTHING
    for vector in (x, dx, ddx, omega, domega):
        if len(vector) != 3:
            return NOTHING
    if not credible(q, dq, layer):
        return NOTHING
    m = which[0]
    rows, entries = which[2 : 2 + m], which[2 + m :].reshape(-1, 5)
    start, end = NUMBERS + n, NUMBERS + n + 12 * m * m
    numbers, tau_max = constants[:NUMBERS], constants[NUMBERS:start]
    law, yields = constants[start:end].reshape(12, m, m), constants[end : end + which[1]]
    of_entries = constants[end + which[1] :]
    reference = np.empty(30)
    for i in range(3):
        reference[i], reference[3 + i], reference[6 + i] = x[i], dx[i], ddx[i]
        reference[18 + i], reference[21 + i] = omega[i], domega[i]
        for k in range(3):
            reference[9 + 3 * i + k] = R[i, k]
    for i in range(6):
        reference[24 + i] = wrench[i]
        if not math.isfinite(measured[i] + wrench[i]):
            return NOT_FINITE
    terms, room = np.empty(size), np.empty((4, n))
    invoke(kernel, q, dq, terms)  # pyright: ignore[reportCallIssue]
    pose, J, dJ, M, C, g = parts(terms, n)
    if len(yields):
        move(reference, measured, yields.reshape(3, 6, 6), moved[0], moved[1], numbers[2])
    secondary(entries, of_entries, q, dq, M, room[0])
    out[n + 3] = task_space(
        pose, J, dJ, M, C, g, q, dq, reference, measured, sound, rows, law, numbers, room[0], z,
        out[:n], room[1], room[2], room[3],
    )  # fmt: skip
    return leave(terms, q, dq, tau_max, begun, elapsed, layer, memory, out[:n], out[n:])


@numba.njit(cache=True, fastmath=FAST)
def tool_position(
    pose, J, dJ, M, C, g, q, dq, x_r, dx_r, ddx_r, rows, law, numbers, entries, of_entries,
    tau, error, dq_r, ddq_r,
):  # fmt: skip
    """`task_space` of positions, without a force, with its secondary tasks; the singularity."""
    reference, nothing, tau_0 = np.zeros(30), np.zeros(6), np.empty(len(q))
    for i in range(3):
        reference[i], reference[3 + i], reference[6 + i] = x_r[i], dx_r[i], ddx_r[i]
    secondary(entries, of_entries, q, dq, M, tau_0)
    return task_space(
        pose, J, dJ, M, C, g, q, dq, reference, nothing, False, rows, law, numbers, tau_0,
        nothing[: len(rows)], tau, error, dq_r, ddq_r,
    )  # fmt: skip


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
