"""Factor of a task's Lambda^-1, with a lower bound on its eigenvalues."""

import math

from . import layout as at
from .access import matrix, number, vector
from .algebra import factor_columns
from .compile import kernel

SWEEPS = 30  # sweeps of Jacobi rotations, which converge quadratically


@kernel
def limit_inertia(law):
    """Factor the law's ``inverse`` in place, with eigenvalues of at least ``1 / inertia_max``.

    Returns how far the lowest was below the bound: 0 for none, up to 1 for an eigenvalue of zero.
    """
    column = vector(law, at.TASK_COLUMN)
    m = len(column)
    inverse, trial = matrix(law, at.TASK_INVERSE, m), matrix(law, at.TASK_TRIAL, m)
    least = 1.0 / number(law, at.TASK_INERTIA_MAX)
    for i in range(m):
        for k in range(i + 1):
            trial[i, k] = inverse[i, k]
    factor_columns(trial, 0, m)
    # The trace of Lambda, |L^-1|^2, is at least its largest eigenvalue.
    if trace_of_inverse(trial, column) * least <= 1.0:
        for i in range(m):
            for k in range(i + 1):
                inverse[i, k] = trial[i, k]
        return 0.0
    lowest = lift_eigenvalues(law, least)
    factor_columns(inverse, 0, m)
    return min(1.0, max(0.0, 1.0 - lowest / least))


@kernel
def trace_of_inverse(L, column):
    """Return the trace of ``(L L^T)^-1``; ``column`` is work space."""
    trace = 0.0
    for c in range(len(L)):
        for i in range(c, len(L)):
            total = 1.0 if i == c else 0.0
            for k in range(c, i):
                total -= L[i, k] * column[k]
            column[i] = total * (1.0 / L[i, i])
            trace += column[i] * column[i]
    return trace


@kernel
def lift_eigenvalues(law, least):
    """Raise the eigenvalues of ``inverse`` to ``least``; return the lowest one before."""
    m = len(vector(law, at.TASK_COLUMN))
    inverse = matrix(law, at.TASK_INVERSE, m)
    D, U = matrix(law, at.TASK_EIGENVALUES, m), matrix(law, at.TASK_EIGENVECTORS, m)
    for i in range(m):
        for k in range(m):
            D[i, k], U[i, k] = inverse[i, k], 1.0 if i == k else 0.0
    diagonalise(D, U)
    lowest = D[0, 0]
    for k in range(m):
        lowest = min(lowest, D[k, k])
        lift = least - D[k, k]
        if lift > 0.0:
            for i in range(m):
                for j in range(m):
                    inverse[i, j] += lift * U[i, k] * U[j, k]
    return lowest


@kernel
def diagonalise(D, U):
    """Diagonalise a symmetric D by Jacobi rotations, which U accumulates in its columns."""
    m = len(D)
    size = 0.0
    for i in range(m):
        size += D[i, i] * D[i, i]
    for _ in range(SWEEPS):
        off = 0.0
        for i in range(m):
            for j in range(i):
                off += D[i, j] * D[i, j]
        if not off > 1e-30 * size:
            return
        for p in range(m - 1):
            for q in range(p + 1, m):
                if D[p, q] != 0.0:
                    rotate(D, U, p, q)


@kernel
def rotate(D, U, p, q):
    """Rotate D and U about axes p and q so that ``D[p, q]`` vanishes."""
    theta = (D[q, q] - D[p, p]) / (2.0 * D[p, q])
    t = 1.0 / (abs(theta) + math.sqrt(theta * theta + 1.0))
    t = t if theta >= 0.0 else -t
    c = 1.0 / math.sqrt(t * t + 1.0)
    s = t * c
    for k in range(len(D)):
        a, b = D[k, p], D[k, q]
        D[k, p], D[k, q] = c * a - s * b, s * a + c * b
        a, b = U[k, p], U[k, q]
        U[k, p], U[k, q] = c * a - s * b, s * a + c * b
    for k in range(len(D)):
        a, b = D[p, k], D[q, k]
        D[p, k], D[q, k] = c * a - s * b, s * a + c * b
