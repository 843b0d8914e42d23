"""Postures for a batch of goals, each from one start after the other.

All functions from here down are plain Python, and machine code by ``arms.machine.translate``.
"""

from __future__ import annotations

from math import sqrt

from arms.inverse.descent import descend
from arms.inverse.places import (
    ANGLE,
    CONVERGED,
    DISTANCE,
    FOUND,
    RESTARTS,
    RESTARTS_TAKEN,
    STEPS_TAKEN,
    TO_POSTURE,
    VECTORS,
    error_at,
    views_at,
)
from arms.inverse.posture import approach
from arms.inverse.view import is_close, measure, squared
from arms.machine.buffers import Buffer, Kernel, at


def search(
    kernel: Kernel,
    n: int,
    count: int,
    goals: Buffer,
    others: Buffer,
    limits: Buffer,
    settings: Buffer,
    work: Buffer,
    q: Buffer,
    found: Buffer,
) -> None:
    """Bring each posture in ``q`` (count, n) to its goal; ``others`` are the next starts."""
    for k in range(count):
        x, result = at(q, n * k), at(found, FOUND * k)
        reach(kernel, n, at(goals, 16 * k), others, limits, settings, work, x, result)


def reach(
    kernel: Kernel,
    n: int,
    goal: Buffer,
    others: Buffer,
    limits: Buffer,
    settings: Buffer,
    work: Buffer,
    q: Buffer,
    found: Buffer,
) -> None:
    """Descend from ``q``, then from ``others``, until one reaches the goal; ``q`` is the best."""
    x, view = at(work, VECTORS), at(work, views_at(n))
    least = 1e300
    restart, steps = 0, 0
    while True:
        source = q
        if restart > 0:
            source = at(others, n * (restart - 1))
        for i in range(n):
            x[i] = source[i]
        steps += descend(kernel, n, goal, limits, settings, work, x)
        size = squared(at(view, error_at(n)))
        if size < least:
            least = size
            record(n, settings, x, view, q, found)
        if found[CONVERGED] > 0.0 or restart >= settings[RESTARTS]:
            break
        restart += 1
    if found[CONVERGED] > 0.0 and settings[TO_POSTURE] > 0.0:
        steps += approach(kernel, n, goal, limits, settings, work, q)
        measure(kernel, n, goal, settings, q, view)
        record(n, settings, q, view, q, found)
    found[STEPS_TAKEN] = steps
    found[RESTARTS_TAKEN] = restart


def record(n: int, settings: Buffer, x: Buffer, view: Buffer, q: Buffer, found: Buffer) -> None:
    """Write a posture and how far it is off."""
    for i in range(n):
        q[i] = x[i]
    e = at(view, error_at(n))
    distance, angle = 0.0, 0.0
    for k in range(3):
        distance += e[k] * e[k]
        angle += e[k + 3] * e[k + 3]
    found[DISTANCE], found[ANGLE] = sqrt(distance), sqrt(angle)
    found[CONVERGED] = 0.0
    if is_close(e, settings):
        found[CONVERGED] = 1.0
