"""`StateEncoding`, and the sums and rates of a layer of neurons."""

import math

from arms.machine.memory import arguments, matrix_argument, whole_argument
from arms.machine.numba_kernel import kernel, part

from .access import number, vector, whole, wholes
from .layout.network_fields import (
    ENCODING_CENTRE,
    ENCODING_LIFT,
    ENCODING_LOWER,
    ENCODING_PARTS,
    ENCODING_PERIODIC,
    ENCODING_SCALE,
    ENCODING_UPPER,
)


@kernel
def encode(encoding, q, dq, ddq, x, u):
    """Compute (x, 1) and u of `StateEncoding.input`.

    Args:
        q, dq, ddq: (n,).
        x, u: (d + 1,), written.
    """
    select_numbers(encoding, q, dq, ddq, x)
    centre, scale = vector(encoding, ENCODING_CENTRE), vector(encoding, ENCODING_SCALE)
    lower, upper = vector(encoding, ENCODING_LOWER), vector(encoding, ENCODING_UPPER)
    d = len(centre)
    for j in range(d):
        x[j] = (min(max(x[j], lower[j]), upper[j]) - centre[j]) * scale[j]
        u[j] = x[j]
    x[d] = 1.0
    raise_to_sphere(u, number(encoding, ENCODING_LIFT))


@kernel
def raise_to_sphere(u, lift):
    """Replace d numbers by (x / sqrt(d), lift) at length 1.

    Args:
        u: (d + 1,), x and one place more.
        lift: of the last axis.
    """
    d = len(u) - 1
    square, root = lift * lift, 1.0 / math.sqrt(d)
    for j in range(d):
        u[j] *= root
        square += u[j] * u[j]
    u[d] = lift
    length = 1.0 / math.sqrt(square)
    for j in range(d + 1):
        u[j] *= length


@kernel
def select_numbers(encoding, q, dq, ddq, x):
    """Write the first d numbers of ``x``: the encoding's inputs before scaling."""
    parts, periodic = whole(encoding, ENCODING_PARTS), wholes(encoding, ENCODING_PERIODIC)
    n, positions = len(q), len(q) + len(periodic)
    for i in range(n):
        x[i] = q[i]
    for k in range(len(periodic)):
        x[periodic[k]] = math.sin(q[periodic[k]])
        x[n + k] = math.cos(q[periodic[k]])
    for i in range(n):
        if parts > 1:
            x[positions + i] = dq[i]
        if parts > 2:
            x[positions + n + i] = ddq[i]


@part(1)
def encode_rows(given):
    """Compute v of `StateEncoding.input`, (k, 2 d + 2), for inputs of shape (k, n).

    Args:
        given: address of the packed encoding, q, dq, ddq and v.
    """
    own = arguments(given, 5)
    encoding, q, dq = whole_argument(own, 0), matrix_argument(own, 1), matrix_argument(own, 2)
    ddq, v = matrix_argument(own, 3), matrix_argument(own, 4)
    half = v.shape[1] // 2
    for row in range(len(v)):
        encode(encoding, q[row], dq[row], ddq[row], v[row, :half], v[row, half:])


@kernel
def currents(ET, bias, u, J):
    """Compute J = E u + bias, with E transposed."""
    for i in range(len(J)):
        J[i] = bias[i]
    j = 0
    while j + 4 <= len(u):  # four at a time: ``J`` is accessed a quarter as often
        for i in range(len(J)):
            J[i] += (ET[j, i] * u[j] + ET[j + 1, i] * u[j + 1]) + (
                ET[j + 2, i] * u[j + 2] + ET[j + 3, i] * u[j + 3]
            )
        j += 4
    while j < len(u):
        for i in range(len(J)):
            J[i] += ET[j, i] * u[j]
        j += 1


@kernel
def rectified(ET, bias, u, a):
    """Compute a = relu(E u + bias), with E transposed."""
    currents(ET, bias, u, a)
    for i in range(len(a)):
        a[i] = max(a[i], 0.0)


@kernel
def product(W, phi, F):
    """Compute F = W phi."""
    for o in range(len(W)):
        total = 0.0
        for i in range(len(phi)):
            total += W[o, i] * phi[i]
        F[o] = total
