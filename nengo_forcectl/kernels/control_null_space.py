"""The secondary tasks of `nengo_forcectl.control.secondary`, compiled."""

import math

from arms.machine.invoke import invoke_at

from ..control.secondary import DAMPING, LIMITS, NEAREST, OBSTACLE, POSTURE, SINGULAR
from .algebra import solve_rows
from .compile import kernel


def needs(n: int) -> int:
    """Return how many numbers a task wants room for, beside what its kernel writes."""
    return 6 * 6 + 6 * n


@kernel
def secondary(entries, numbers, q, dq, M, room, tau):
    """The sum of the tasks' torques, into ``tau``.

    Args:
        entries: (k, 5): kind, where its numbers start and end, address and size of its kernel.
        numbers: of all tasks, one after the other.
        room: of at least ``needs(n)`` and the size of any of the kernels.
    """
    n = len(q)
    for i in range(n):
        tau[i] = 0.0
    for k in range(len(entries)):
        kind, start = entries[k, 0], entries[k, 1]
        x = numbers[start : entries[k, 2]]
        if kind == POSTURE:
            for i in range(n):
                tau[i] += x[n + i] * (x[i] - q[i]) - 2.0 * math.sqrt(x[n + i] * M[i, i]) * dq[i]
        elif kind == DAMPING:
            for i in range(n):
                for j in range(n):
                    tau[i] -= x[0] * M[i, j] * dq[j]
        elif kind == LIMITS:
            margin, gain = x[2 * n], x[2 * n + 1]
            for i in range(n):
                tau[i] += push(q[i] - x[i], margin, gain) - push(x[n + i] - q[i], margin, gain)
        elif kind == OBSTACLE:
            avoid(entries[k, 3], entries[k, 4], x, q, dq, room, tau)
        else:
            climb(entries[k, 3], entries[k, 4], x, q, dq, room, tau)


@kernel
def push(distance, margin, gain):
    """How hard to push away, as `control.secondary.push`."""
    if distance >= margin:
        return 0.0
    return gain * margin * (margin - distance) / max(distance, NEAREST * margin)


@kernel
def avoid(kernel, size, x, q, dq, room, tau):
    """`ObstacleAvoidance` of one point: x is the point, margin, k, then the spheres."""
    n = len(q)
    terms, away = room[:size], room[size : size + 3]
    invoke_at(kernel, q, dq, x, terms)  # pyright: ignore[reportCallIssue]
    for first in range(5, len(x), 4):
        square = 0.0
        for axis in range(3):
            away[axis] = terms[4 * axis + 3] - x[first + axis]
            square += away[axis] * away[axis]
        length = math.sqrt(square)
        force = push(length - x[first + 3], x[3], x[4])
        if force > 0.0:
            for axis in range(3):
                along = force * away[axis] / max(length, 1e-9)
                for i in range(n):
                    tau[i] += terms[16 + axis * n + i] * along


@kernel
def climb(kernel, size, x, q, dq, room, tau):
    """`Manipulability`: x is k, then the rows."""
    n, m = len(q), len(x) - 1
    terms, A = room[:size], room[size : size + m * m].reshape(m, m)
    columns = room[size + m * m : size + m * m + n * m].reshape(n, m)
    invoke_at(kernel, q, dq, x, terms)  # pyright: ignore[reportCallIssue]
    J, slope = terms[: 6 * n].reshape(6, n), terms[6 * n :].reshape(6, n, n)
    for r in range(m):
        for c in range(r + 1):
            total = 0.0
            for i in range(n):
                total += J[int(x[1 + r]), i] * J[int(x[1 + c]), i]
            A[r, c] = total
    for r in range(m):
        for j in range(n):
            columns[j, r] = J[int(x[1 + r]), j]
    solve_rows(A, columns)  # of (J J^T)^-1 J
    w = 1.0
    for r in range(m):
        w *= A[r, r]
    if not w >= SINGULAR:
        return
    for r in range(m):
        along = slope[int(x[1 + r])]
        for j in range(n):
            share = x[0] * w * columns[j, r]
            for i in range(n):
                tau[i] += share * along[j, i]
