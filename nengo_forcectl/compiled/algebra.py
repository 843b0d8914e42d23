"""Cholesky's factorisation of small matrices, whole or some columns at a time."""

import math

import numba

FAST = {"reassoc", "contract"}


@numba.njit(cache=True, fastmath=FAST, error_model="numpy")
def factor_columns(A, start, stop):
    """Columns ``start`` to ``stop`` of the factor L of A = L L^T, in A's lower triangle.

    Those before must be there. Rows are scaled by a pivot's root; A must be positive definite;
    or else there is something in L that is not finite.
    """
    n = len(A)
    for j in range(start, min(stop, n)):
        for i in range(j, n):
            total = A[i, j]
            for k in range(j):
                total -= A[i, k] * A[j, k]
            A[i, j] = total
        root = math.sqrt(A[j, j])
        for i in range(j, n):
            A[i, j] /= root


@numba.njit(cache=True, fastmath=FAST)
def substitute(L, x):
    """x = (L L^T)^-1 x, in place."""
    n = len(L)
    for i in range(n):
        total = x[i]
        for k in range(i):
            total -= L[i, k] * x[k]
        x[i] = total / L[i, i]
    for i in range(n - 1, -1, -1):
        x[i] /= L[i, i]
        for k in range(i):
            x[k] -= L[i, k] * x[i]


@numba.njit(cache=True, fastmath=FAST)
def solve_rows(A, X):
    """Every row x of X becomes A^-1 x; A becomes its factor."""
    factor_columns(A, 0, len(A))
    for row in range(len(X)):
        substitute(A, X[row])
