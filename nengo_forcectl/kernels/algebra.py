"""Products of vectors, and Cholesky factors of small matrices, also some columns at a time."""

import math

from arms.machine.numba_kernel import kernel


@kernel
def factor_columns(A, start, stop):
    """Compute columns ``start`` to ``stop`` of the factor L of A = L L^T, in A's lower triangle.

    Earlier columns must be complete. Rows are scaled by the pivot's root. Unless A is positive
    definite, L contains values that are not finite.
    """
    n = len(A)
    for j in range(start, min(stop, n)):
        for i in range(j, n):
            total = A[i, j]
            for k in range(j):
                total -= A[i, k] * A[j, k]
            A[i, j] = total
        scale = 1.0 / math.sqrt(A[j, j])
        for i in range(j, n):
            A[i, j] *= scale


@kernel
def substitute(L, x):
    """Compute x = (L L^T)^-1 x in place."""
    n = len(L)
    for i in range(n):
        total = x[i]
        for k in range(i):
            total -= L[i, k] * x[k]
        x[i] = total * (1.0 / L[i, i])  # 1 / L does not wait for the sum
    for i in range(n - 1, -1, -1):
        x[i] *= 1.0 / L[i, i]
        for k in range(i):
            x[k] -= L[i, k] * x[i]


@kernel
def solve_rows(L, X):
    """Replace every row x of X by (L L^T)^-1 x."""
    n, m = len(L), len(X)
    for i in range(n):
        scale = 1.0 / L[i, i]
        for r in range(m):
            total = X[r, i]
            for k in range(i):
                total -= L[i, k] * X[r, k]
            X[r, i] = total * scale
    for i in range(n - 1, -1, -1):
        scale = 1.0 / L[i, i]
        for r in range(m):
            X[r, i] *= scale
            for k in range(i):
                X[r, k] -= L[i, k] * X[r, i]


@kernel
def copy_matrix(A, B):
    """Copy A to B."""
    for i in range(A.shape[0]):
        for j in range(A.shape[1]):
            B[i, j] = A[i, j]


@kernel
def dot(x, y):
    """Return x^T y, as four sums that do not wait for each other."""
    a, b, c, d, k = 0.0, 0.0, 0.0, 0.0, 0
    while k + 4 <= len(x):
        a += x[k] * y[k]
        b += x[k + 1] * y[k + 1]
        c += x[k + 2] * y[k + 2]
        d += x[k + 3] * y[k + 3]
        k += 4
    while k < len(x):
        a += x[k] * y[k]
        k += 1
    return (a + b) + (c + d)


@kernel
def invert_lower(L, row):
    """Replace L, lower triangular, by L^-T; ``row`` (n,) is work space."""
    for i in range(len(L)):
        for j in range(i):
            row[j] = L[i, j]
            L[i, j] = 0.0
        scale = 1.0 / L[i, i]
        L[i, i] = scale
        for k in range(i):
            value = scale * row[k]
            for j in range(k + 1):
                L[i, j] -= value * L[k, j]
    for i in range(len(L)):
        for j in range(i):
            L[j, i] = L[i, j]
            L[i, j] = 0.0


@kernel
def multiply_upper(U, x, y):
    """Compute y = U^T x for U upper triangular, with zeros below: whole rows are quicker."""
    for k in range(len(y)):
        y[k] = 0.0
    for k in range(len(x)):
        value = x[k]
        if value != 0.0:
            for j in range(len(y)):
                y[j] += value * U[k, j]


@kernel
def take_dots(x, Y, sums):
    """Take ``x^T y`` of a row y of Y off each sum; of four rows at once, which do not wait."""
    j, n = 0, len(sums)
    while j + 4 <= n:
        a, b, c, d = 0.0, 0.0, 0.0, 0.0
        for k in range(len(x)):
            a += x[k] * Y[j, k]
            b += x[k] * Y[j + 1, k]
            c += x[k] * Y[j + 2, k]
            d += x[k] * Y[j + 3, k]
        sums[j] -= a
        sums[j + 1] -= b
        sums[j + 2] -= c
        sums[j + 3] -= d
        j += 4
    while j < n:
        sums[j] -= dot(x, Y[j])
        j += 1


@kernel
def inverse_diagonal(L, k, column):
    """Return entry k of the diagonal of (L L^T)^-1; ``column`` (n,) is work space."""
    column[k] = 1.0 / L[k, k]
    total = column[k] * column[k]
    for a in range(k + 1, len(L)):
        value = 0.0
        for b in range(k, a):
            value -= L[a, b] * column[b]
        column[a] = value / L[a, a]
        total += column[a] * column[a]
    return total
