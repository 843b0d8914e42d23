"""The body that explains a load's equations best, where their solution is that of no body.

Ten parameters are a body's if its pseudo-inertia has no negative eigenvalue (Wensing, Kim and
Slotine 2018, doi:10.1109/LRA.2017.2729659), with S the second moments, h the first and m the mass::

    P = [[S / l^2, h / l], [h^T / l, m]]

The least squares with this condition are solved by the alternating direction method of multipliers
(Boyd et al. 2011, doi:10.1561/2200000016), a few rounds a cycle, from where the last cycle ended::

    x = argmin misfit(x) + w |P(x) - P(z) + P(u)|^2,   z = body nearest to x + u,   u = u + x - z

What the motion does not show of the inertia, a body then has, and what it shows is left alone. The
body nearest to the solution itself may be wrong in all of it.
"""

from arms.machine.memory import clear
from arms.machine.numba_kernel import kernel

from .access import matrix, vector
from .algebra import factor_columns, substitute
from .hold_back import diagonalise
from .keep_physical import inertia_place
from .layout import body_fields as at
from .weigh_load import usual_information

LENGTH = 0.1  # l [m]
WEIGHT = 10.0  # w [1/kg^2]
ROUNDS = 5  # in a cycle


@kernel
def begin_approach(load):
    """Begin at the parameters of ``theta``, a body's."""
    theta, body = vector(load, at.LOAD_THETA), vector(load, at.LOAD_NEAR)
    for k in range(at.PARAMETERS):
        body[k] = theta[k]
    clear(vector(load, at.LOAD_PULL))


@kernel
def approach_body(load, prior):
    """Continue the search, and write the body to ``theta``; ``prior`` is that of the solution."""
    theta, body, pull = (
        vector(load, at.LOAD_THETA), vector(load, at.LOAD_NEAR), vector(load, at.LOAD_PULL)
    )  # fmt: skip
    L, x = matrix(load, at.LOAD_STIFF, at.PARAMETERS), vector(load, at.LOAD_SHIFTED)
    fitted = vector(load, at.LOAD_FITTED)
    factor_with_measure(load, prior)
    for _ in range(ROUNDS):
        for k in range(at.PARAMETERS):
            x[k] = body[k] - pull[k]
        measure(x)
        for k in range(at.PARAMETERS):
            x[k] += fitted[k]
        substitute(L, x)
        for k in range(at.PARAMETERS):
            x[k] += pull[k]
            body[k] = x[k]
        take_eigenvalues(load, body)
        for k in range(at.PARAMETERS):
            pull[k] = x[k] - body[k]
    for k in range(at.PARAMETERS):
        theta[k] = body[k]


@kernel
def factor_with_measure(load, prior):
    """Factor the information with that of the usual sizes and of ``w |P|^2``."""
    information, L = (
        matrix(load, at.LOAD_INFORMATION, at.PARAMETERS), matrix(load, at.LOAD_STIFF, at.PARAMETERS)
    )  # fmt: skip
    square = WEIGHT / LENGTH**4
    for k in range(at.PARAMETERS):
        for j in range(k + 1):
            L[k, j] = information[k, j]
        L[k, k] += usual_information(k, prior) + 2.0 * square
    L[at.MASS, at.MASS] += WEIGHT - 2.0 * square
    for i in range(3):
        L[at.MOMENT + i, at.MOMENT + i] += 2.0 * WEIGHT / LENGTH**2 - 2.0 * square
        for j in range(i + 1):
            same = -1.25 if i == j else -0.25
            L[inertia_place(i, i), inertia_place(j, j)] += same * square
    factor_columns(L, 0, at.PARAMETERS)


@kernel
def measure(x):
    """Replace parameters x by W x, with ``x^T W x = w |P(x)|^2``."""
    square = WEIGHT / LENGTH**4
    half = 0.25 * (x[at.XX] + x[at.YY] + x[at.ZZ])
    x[at.MASS] *= WEIGHT
    for i in range(3):
        x[at.MOMENT + i] *= 2.0 * WEIGHT / LENGTH**2
        for j in range(i):
            x[inertia_place(i, j)] *= 2.0 * square
        k = inertia_place(i, i)
        x[k] = square * (x[k] - half)


@kernel
def take_eigenvalues(load, body):
    """Replace parameters by those of the nearest pseudo-inertia without negative eigenvalues."""
    P, U = matrix(load, at.LOAD_PSEUDO, 4), matrix(load, at.LOAD_TURNS, 4)
    half = 0.5 * (body[at.XX] + body[at.YY] + body[at.ZZ])
    for i in range(3):
        for j in range(i + 1):
            second = half if i == j else 0.0
            P[i, j] = P[j, i] = (second - body[inertia_place(i, j)]) / LENGTH**2
        P[i, 3] = P[3, i] = body[at.MOMENT + i] / LENGTH
    P[3, 3] = body[at.MASS]
    for i in range(4):
        for j in range(4):
            U[i, j] = 1.0 if i == j else 0.0
    diagonalise(P, U)
    body[at.MASS] = entry_of(P, U, 3, 3)
    trace = entry_of(P, U, 0, 0) + entry_of(P, U, 1, 1) + entry_of(P, U, 2, 2)
    for i in range(3):
        body[at.MOMENT + i] = LENGTH * entry_of(P, U, i, 3)
        for j in range(i + 1):
            whole = trace if i == j else 0.0
            body[inertia_place(i, j)] = LENGTH**2 * (whole - entry_of(P, U, i, j))


@kernel
def entry_of(P, U, i, j):
    """Return entry (i, j) of the matrix of eigenvalues P, those below 0 left out, and axes U."""
    total = 0.0
    for k in range(4):
        total += max(P[k, k], 0.0) * U[i, k] * U[j, k]
    return total
