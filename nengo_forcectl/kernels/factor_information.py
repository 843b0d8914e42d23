"""Cholesky factor of an information matrix whose sums may have lost their positivity."""

import math

from .compile import kernel

ROUNDING = 1e-6  # of a pivot that is raised by rounding alone


@kernel
def factor_information(A, variance, start, stop):
    """Compute columns ``start`` to ``stop`` of L, A = L L^T, as `algebra.factor_columns` does.

    A is a sum of products plus 1 / variance (n,) of a prior. If the sum is positive semidefinite, a
    pivot d is at least 1 / variance, and no number c below it exceeds sqrt(d A_ii). Products of two
    samples can make a sum that is not. Then d is raised until both hold, as if more was known about
    that weight beforehand, and no entry of L exceeds the root of its diagonal (Gill and Murray
    1974, doi:10.1007/BF01585529, with a bound for each row).

    Returns:
        The number of pivots that were raised.
    """
    n, raised = len(A), 0
    for j in range(start, min(stop, n)):
        for i in range(j, n):
            total = A[i, j]
            for k in range(j):
                total -= A[i, k] * A[j, k]
            A[i, j] = total
        pivot = max(A[j, j], 1.0 / variance[j])
        for i in range(j + 1, n):
            pivot = max(pivot, A[i, j] * A[i, j] / max(A[i, i], 1.0 / variance[i]))
        if pivot > (1.0 + ROUNDING) * A[j, j]:
            raised += 1
        A[j, j] = pivot
        scale = 1.0 / math.sqrt(pivot)
        for i in range(j, n):
            A[i, j] *= scale
    return raised
