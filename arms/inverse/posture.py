"""Of all postures at a goal, the nearest one to a wanted posture.

Each step is the shortest to the point nearest the wanted posture that leaves the frame in place, to
first order; then `descend` takes the frame back to the goal.
"""

from __future__ import annotations

from arms.inverse.descent import descend, move
from arms.inverse.places import (
    JACOBIAN,
    KNOWN,
    POSTURE,
    STEPS,
    UNKNOWN,
    VECTORS,
    error_at,
    views_at,
)
from arms.inverse.squares import column_times, solve_rows
from arms.inverse.view import is_close, measure
from arms.machine.buffers import Buffer, Kernel, at


def approach(
    kernel: Kernel,
    n: int,
    goal: Buffer,
    limits: Buffer,
    settings: Buffer,
    work: Buffer,
    q: Buffer,
) -> int:
    """Bring ``q``, which is at the goal, nearer to the posture in ``settings``; return the steps.

    Each step is the shortest to the point nearest the posture that leaves the frame in place, to
    first order; then `descend` takes the frame back to the goal.
    """
    x, view, direction = at(work, VECTORS), at(work, views_at(n)), at(work, VECTORS + 3 * n)
    scale = 1.0
    taken = 0
    while taken < settings[STEPS] and scale > 1e-3:
        measure(kernel, n, goal, settings, q, view)
        largest = find_direction(n, limits, settings, q, work)
        if largest < 1e-7:
            break
        move(n, limits, q, direction, min(scale, 0.5 / largest), x)
        taken += 1 + descend(kernel, n, goal, limits, settings, work, x)
        before, after = distance_to_posture(n, settings, q), distance_to_posture(n, settings, x)
        if is_close(at(view, error_at(n)), settings) and after < before:
            scale = min(1.0, 2.0 * scale)
            for i in range(n):
                q[i] = x[i]
        else:
            scale /= 4.0
    return taken


def find_direction(n: int, limits: Buffer, settings: Buffer, q: Buffer, work: Buffer) -> float:
    """Write ``direction``, from ``q`` to the posture along the postures at the goal.

    Return its largest entry. It is ``d + J^T (J J^T)^-1 (e - J d)``, d from q to the posture, over
    the joints that no limit blocks. J is the first view's; the blocked joints' columns become zero.
    """
    view, wanted, direction = (
        at(work, views_at(n)),
        at(work, VECTORS + n),
        at(work, VECTORS + 3 * n),
    )
    J, e = at(view, JACOBIAN), at(view, error_at(n))
    for i in range(n):
        wanted[i] = settings[POSTURE + i] - q[i]
    blocked, largest = 1, 0.0
    while blocked > 0:
        for k in range(6):
            total = e[k]
            for i in range(n):
                total -= J[k * n + i] * wanted[i]
            work[KNOWN + k] = total
        solve_rows(n, 1e-12, J, work)
        blocked, largest = 0, 0.0
        for i in range(n):
            step = wanted[i] + column_times(n, i, J, at(work, UNKNOWN))
            direction[i] = step
            largest = max(largest, abs(step))
            if (q[i] <= limits[i] and step < 0.0) or (q[i] >= limits[n + i] and step > 0.0):
                blocked += 1
                wanted[i] = 0.0
                for k in range(6):
                    J[k * n + i] = 0.0
    return largest


def distance_to_posture(n: int, settings: Buffer, x: Buffer) -> float:
    """The square of the distance from ``x`` to the posture in ``settings``."""
    total = 0.0
    for i in range(n):
        total += (settings[POSTURE + i] - x[i]) * (settings[POSTURE + i] - x[i])
    return total
