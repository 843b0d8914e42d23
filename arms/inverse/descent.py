"""Damped least squares with joint limits.

Each step solves ``(J^T J + lambda 1) dq = J^T e`` (Wampler 1986; Nakamura and Hanafusa 1986) over
the joints that no limit blocks; lambda is proportional to the error and adapted as in the method of
Levenberg and Marquardt. With six such joints or more, ``dq = J^T (J J^T + lambda 1)^-1 e`` is the
same, and six equations are enough.
"""

from __future__ import annotations

from math import sqrt

from arms.inverse.places import (
    JACOBIAN,
    KNOWN,
    STEPS,
    UNKNOWN,
    VECTORS,
    error_at,
    view_size,
    views_at,
)
from arms.inverse.squares import (
    LEAST_DAMPING,
    column_times,
    columns_product,
    solve_columns,
    solve_rows,
)
from arms.inverse.view import is_close, measure
from arms.machine.buffers import Buffer, Kernel, at


def descend(
    kernel: Kernel,
    n: int,
    goal: Buffer,
    limits: Buffer,
    settings: Buffer,
    work: Buffer,
    x: Buffer,
) -> int:
    """Bring ``x`` to the nearest minimum of the error; return the steps.

    The first view of ``work`` is that of the last ``x``.
    """
    view, next_view = at(work, views_at(n)), at(work, views_at(n) + view_size(n))
    step, trial = at(work, VECTORS + n), at(work, VECTORS + 2 * n)
    move(n, limits, x, x, 0.0, x)
    size = measure(kernel, n, goal, settings, x, view)
    damping = 1e-3
    taken = 0
    while taken < settings[STEPS]:
        if is_close(at(view, error_at(n)), settings):
            break
        if find_free(n, limits, x, view, work) < 1e-14:
            break
        newton_step(n, damping * sqrt(size) + LEAST_DAMPING, view, work)
        largest = 0.0
        for i in range(n):
            largest = max(largest, abs(step[i]))
        move(n, limits, x, step, min(1.0, 1.0 / max(largest, 1e-300)), trial)
        taken += 1
        next_size = measure(kernel, n, goal, settings, trial, next_view)
        if next_size < size:
            size = next_size
            damping = max(damping / 4.0, 1e-9)
            for i in range(n):
                x[i] = trial[i]
            for i in range(view_size(n)):
                view[i] = next_view[i]
        else:
            damping *= 8.0
            if damping > 1e9:
                break
    return taken


def move(n: int, limits: Buffer, x: Buffer, step: Buffer, scale: float, out: Buffer) -> None:
    """``x + scale step``, within the limits."""
    for i in range(n):
        out[i] = min(max(x[i] + scale * step[i], limits[i]), limits[n + i])


def find_free(n: int, limits: Buffer, x: Buffer, view: Buffer, work: Buffer) -> float:
    """Mark the joints that no limit blocks; return their largest slope of the error.

    Theirs are J's columns in ``view``; the others' become zero.
    """
    J, e, step = at(view, JACOBIAN), at(view, error_at(n)), at(work, VECTORS + n)
    steepest = 0.0
    for i in range(n):
        slope = 0.0
        for k in range(6):
            slope += J[k * n + i] * e[k]
        blocked = (x[i] <= limits[i] and slope < 0.0) or (x[i] >= limits[n + i] and slope > 0.0)
        step[i] = slope
        if blocked:
            step[i] = 0.0
            for k in range(6):
                J[k * n + i] = 0.0
        steepest = max(steepest, abs(step[i]))
    return steepest


def newton_step(n: int, damping: float, view: Buffer, work: Buffer) -> None:
    """Replace the slopes in ``step`` by the damped Newton step of the joints with a column in J."""
    J, e, step = at(view, JACOBIAN), at(view, error_at(n)), at(work, VECTORS + n)
    free = 0
    for i in range(n):
        if columns_product(n, i, i, J) > 0.0:
            free += 1
    if free >= 6:
        for k in range(6):
            work[KNOWN + k] = e[k]
        solve_rows(n, damping, J, work)
        for i in range(n):
            step[i] = column_times(n, i, J, at(work, UNKNOWN))
    else:
        solve_columns(n, damping, J, work)
