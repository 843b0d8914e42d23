"""Six equations or fewer: damped least squares of a Jacobian's columns.

A column of zeros stands for a joint that a limit blocks.
"""

from __future__ import annotations

from math import sqrt

from arms.inverse.places import EQUATIONS, KNOWN, UNKNOWN, VECTORS
from arms.machine.buffers import Buffer, at

LEAST_DAMPING = 1e-15


def solve_rows(n: int, damping: float, J: Buffer, work: Buffer) -> None:
    """Solve ``(J J^T + damping 1) y = known``."""
    A = at(work, EQUATIONS)
    for k in range(6):
        for m in range(k + 1):
            total = 0.0
            for i in range(n):
                total += J[k * n + i] * J[m * n + i]
            A[6 * k + m] = total
        A[7 * k] += damping
    solve(6, work)


def solve_columns(n: int, damping: float, J: Buffer, work: Buffer) -> None:
    """Solve ``(J^T J + damping 1) step = slope`` for fewer than six joints with a column in J."""
    A, step = at(work, EQUATIONS), at(work, VECTORS + n)
    row = 0
    for i in range(n):
        if columns_product(n, i, i, J) > 0.0:
            column = 0
            for j in range(i + 1):
                product = columns_product(n, i, j, J)
                if columns_product(n, j, j, J) > 0.0:
                    A[6 * row + column] = product
                    column += 1
            A[7 * row] += damping
            work[KNOWN + row] = step[i]
            row += 1
    solve(row, work)
    row = 0
    for i in range(n):
        if columns_product(n, i, i, J) > 0.0:
            step[i] = work[UNKNOWN + row]
            row += 1


def columns_product(n: int, i: int, j: int, J: Buffer) -> float:
    """The inner product of columns i and j."""
    total = 0.0
    for k in range(6):
        total += J[k * n + i] * J[k * n + j]
    return total


def column_times(n: int, i: int, J: Buffer, y: Buffer) -> float:
    """Entry i of ``J^T y``."""
    total = 0.0
    for k in range(6):
        total += J[k * n + i] * y[k]
    return total


def solve(m: int, work: Buffer) -> None:
    """Solve m of the equations, symmetric and positive definite, by Cholesky's method."""
    A, known, y = at(work, EQUATIONS), at(work, KNOWN), at(work, UNKNOWN)
    for i in range(m):
        for j in range(i + 1):
            total = A[6 * i + j]
            for k in range(j):
                total -= A[6 * i + k] * A[6 * j + k]
            if i == j:
                A[6 * i + j] = sqrt(max(total, LEAST_DAMPING))
            else:
                A[6 * i + j] = total / A[7 * j]
    for i in range(m):
        total = known[i]
        for k in range(i):
            total -= A[6 * i + k] * y[k]
        y[i] = total / A[7 * i]
    for back in range(m):
        i = m - 1 - back
        total = y[i]
        for k in range(i + 1, m):
            total -= A[6 * k + i] * y[k]
        y[i] = total / A[7 * i]
