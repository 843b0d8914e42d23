"""`StateEncoding` and a one-layer network, compiled."""

import math

from .compile import kernel


@kernel
def encode(q, dq, ddq, parts, periodic, centre, scale, lower, upper, lift, x, u):
    """x and the 1, and u, of `StateEncoding.input`; parts counts q, dq, ddq."""
    n, d, k = len(q), len(centre), 0
    for i in range(n):
        x[i] = q[i]
    for joint in periodic:
        x[joint] = math.sin(q[joint])
        x[n + k] = math.cos(q[joint])
        k += 1
    for i in range(n):
        if parts > 1:
            x[n + k + i] = dq[i]
        if parts > 2:
            x[2 * n + k + i] = ddq[i]
    square = lift * lift
    root = 1.0 / math.sqrt(d)
    for j in range(d):
        x[j] = (min(max(x[j], lower[j]), upper[j]) - centre[j]) * scale[j]
        u[j] = x[j] * root
        square += u[j] * u[j]
    x[d], u[d] = 1.0, lift
    length = 1.0 / math.sqrt(square)
    for j in range(d + 1):
        u[j] *= length


@kernel
def rectified(ET, bias, u, a):
    """a = relu(E u + bias), with E transposed."""
    for i in range(len(a)):
        a[i] = bias[i]
    j = 0
    while j + 4 <= len(u):  # four at a time: a is read and written a quarter as often
        for i in range(len(a)):
            a[i] += (ET[j, i] * u[j] + ET[j + 1, i] * u[j + 1]) + (
                ET[j + 2, i] * u[j + 2] + ET[j + 3, i] * u[j + 3]
            )
        j += 4
    while j < len(u):
        for i in range(len(a)):
            a[i] += ET[j, i] * u[j]
        j += 1
    for i in range(len(a)):
        a[i] = max(a[i], 0.0)


@kernel
def product(W, phi, F):
    """F = W phi."""
    for o in range(len(W)):
        total = 0.0
        for i in range(len(phi)):
            total += W[o, i] * phi[i]
        F[o] = total
