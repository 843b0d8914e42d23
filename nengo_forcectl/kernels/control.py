"""A control law and its arm in one call.

What several cycles share is inlined before it is compiled: a call with that many arrays costs 0.1
us and more, and compiling it for itself as well costs seconds. So does copying an array as a whole,
for the message of an error that cannot happen: elements are copied one by one.
"""

import math

from arms.machine.invoke import invoke

from .arm_terms import parts
from .compile import kernel
from .control_joints import joint_space
from .control_null_space import secondary
from .control_task import task_space
from .layout import (
    ENTRIES,
    HUGE,
    LAW,
    MOVED,
    NOT_FINITE,
    NOTHING,
    NUMBERS,
    ROOM,
    TAU_MAX,
    WHOLE,
    YIELDS,
    Z,
)
from .memory import floats, lent, wholes
from .leave import credible_arrays, leave


@kernel
def joint_cycle(q, dq, q_r, dq_r, ddq_r, sound, own, begun, elapsed, layer, out):
    """Write tau and the tool's position and 0 into ``out``; returns what `leave` does.

    Where an array has another size, or the state is not credible, nothing is done.

    Args:
        sound: no matter, nothing is remembered.
        own: where the arrays of `calls` are.
        begun, elapsed, layer: of `leave`.
    """
    out = lent(out)
    n = wholes(own, WHOLE)[0]
    terms = floats(own, ROOM)
    met = joint_law(q, dq, q_r, dq_r, ddq_r, own, layer, out)
    if met != 0:
        return met
    return leave(terms, q, dq, floats(own, TAU_MAX), begun, elapsed, layer, out[:n], out[n:])


@kernel(inline="always")
def joint_law(q, dq, q_r, dq_r, ddq_r, own, layer, out):
    """`joint_space`, into ``out``, with a singularity of 0; returns 0, or why nothing was done.

    The arm's terms are at the beginning of its room then.
    """
    whole, room = wholes(own, WHOLE), floats(own, ROOM)
    n, kernel, size = whole[0], whole[1], whole[2]
    if len(q) != n or len(dq) != n or len(q_r) != n or len(dq_r) != n or len(ddq_r) != n:
        return NOTHING
    if not credible_arrays(q, dq, layer):
        return NOTHING
    invoke(kernel, q, dq, room)  # pyright: ignore[reportCallIssue]
    _, _, _, M, C, g = parts(room, n)
    law = floats(own, LAW).reshape(n, 6, n)
    joint_space(
        M, C, g, q, dq, q_r, dq_r, ddq_r, law, floats(own, NUMBERS), room[size:], out[:n]
    )  # fmt: skip
    out[n + 3] = 0.0
    return 0


@kernel
def task_cycle(
    q, dq, measured, x, dx, ddx, R, omega, domega, wrench, sound, own, begun, elapsed, layer, out
):
    """Write tau, the tool's position and the singularity into ``out``; as `joint_cycle`.

    Args:
        measured to own: of `task_law`.
    """
    out = lent(out)
    n = wholes(own, WHOLE)[0]
    met = task_law(q, dq, measured, x, dx, ddx, R, omega, domega, wrench, sound, own, layer, out)
    if met != 0:
        return met
    terms = floats(own, ROOM)
    return leave(terms, q, dq, floats(own, TAU_MAX), begun, elapsed, layer, out[:n], out[n:])


@kernel(inline="always")
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
    if len(x) != 3 or len(dx) != 3 or len(ddx) != 3 or len(omega) != 3 or len(domega) != 3:
        return NOTHING
    if not credible_arrays(q, dq, layer):
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


@kernel(inline="always")
def task_law(q, dq, measured, x, dx, ddx, R, omega, domega, wrench, sound, own, layer, out):
    """`Admittance`, if there is one, the secondary tasks, `task_space`: tau and the singularity.

    Writes these into ``out``; returns 0, or as `gather` why nothing was done. At the beginning of
    its room are then the arm's terms, and error, dq_r and ddq_r of `task_space`.

    Args:
        measured: the sensor's wrench.
        x to wrench: the reference.
        sound: of `task_space`.
        own: where the arrays of `calls` are.
        layer: of `leave`.
    """
    whole, room = wholes(own, WHOLE), floats(own, ROOM)
    n, kernel, size, m = whole[0], whole[1], whole[2], whole[3]
    reference, rest = room[size + 4 * n : size + 4 * n + 30], room[size + 4 * n + 30 :]
    met = gather(q, dq, measured, x, dx, ddx, R, omega, domega, wrench, n, layer, reference)
    if met != 0:
        return met
    invoke(kernel, q, dq, room)  # pyright: ignore[reportCallIssue]
    rows, entries = whole[4 : 4 + m], whole[4 + m :].reshape(-1, 5)
    numbers, yields = floats(own, NUMBERS), floats(own, YIELDS)
    if len(yields):
        move(reference, measured, yields.reshape(3, 6, 6), floats(own, MOVED), numbers[2], rest[:6])
    more = room[size : size + 4 * n].reshape(4, n)
    secondary(entries, floats(own, ENTRIES), q, dq, parts(room, n)[3], rest, more[3])
    out[n + 3] = task_space(
        room, dq, reference, measured, sound, rows, floats(own, LAW).reshape(m, 12, m), numbers,
        more[3], floats(own, Z), rest, out[:n], more[0], more[1], more[2],
    )  # fmt: skip
    return 0


@kernel
def move(reference, measured, yields, moved, dt, before):
    """One step of `Admittance`: its offset goes on, and the reference moves by it.

    Args:
        yields: (3, 6, 6): `Admittance.steps`.
        moved: offset and velocity, which change.
        before: room for 6 numbers.
    """
    offset, velocity = moved[:6], moved[6:]
    for i in range(6):
        before[i] = velocity[i]
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


@kernel
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
