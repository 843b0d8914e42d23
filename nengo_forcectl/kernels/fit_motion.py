"""The load and the friction that explain a remembered motion, with a physically consistent prior.

With A, b and s the sums of `sum_motion`, J the load's pseudo-inertia, J0 that of a ball of its mass
and centre, d the friction and q its noise over that assumed, squared, the unknowns x minimise

    s - 2 b^T x + x^T A x + q sum (d_i / usual_i)^2 + 2 q LIKE (trace(J0^-1 J) - log det J)

The last term is the Bregman divergence of -log det, by which loads that no body can have are
infinitely far (Lee, Wensing and Park 2020, doi:10.1109/TRO.2019.2926491). It is self-concordant, so
that Newton's steps, shortened where they are long, stay among possible bodies. J holds the second
moments S, the first moment h and the mass m: ``J = [[S, h], [h^T, m]]``.
"""

import math

from arms.machine.memory import clear
from arms.machine.numba_kernel import kernel

from .access import matrix, number, set_number, vector
from .algebra import copy_matrix, factor_columns, substitute
from .keep_physical import inertia_place
from .layout import memory_fields as at
from .layout.body_fields import MASS, MOMENT, PARAMETERS, XX, XY, XZ, YY, YZ, ZZ
from .layout.guard_fields import GUARD_DQ_MAX, GUARD_TAU_MAX
from .sum_motion import sum_motion

STEPS = 12  # of Newton's method in a round, at most
LIKE = 10.0  # weight of the ball, in equations
DENSE = 2700.0  # density of the ball [kg/m^3]
FIRST_MASS, FIRST_RADIUS = 1.0, 0.15  # of the ball to begin with [kg], [m]
LIGHTEST = 0.05  # mass of the ball [kg]
RUBS = 0.1  # usual viscous friction, over tau_max / dq_max
LEAST_NOISE = 0.1  # of the equations, over that assumed, squared
SMALL = 1e-6  # decrement that ends Newton's method, over the weight of the ball


@kernel
def begin_fit(memory):
    """Write the load to begin with, and the noise."""
    unknowns = vector(memory, at.MEMORY_UNKNOWNS)
    clear(unknowns)
    write_ball(unknowns, FIRST_MASS, FIRST_RADIUS)
    write_usual(matrix(memory, at.MEMORY_USUAL, 4), FIRST_MASS, FIRST_RADIUS)
    write_theta(unknowns, vector(memory, at.MEMORY_THETA))
    set_number(memory, at.MEMORY_NOISE, 1.0)


@kernel
def fit_motion(guard, memory, used, rounds):
    """Write the unknowns that explain the last ``used`` intervals, and the noise.

    It begins with the present ones, and weighs the equations anew in each of the ``rounds``.
    """
    unknowns, noise = vector(memory, at.MEMORY_UNKNOWNS), number(memory, at.MEMORY_NOISE)
    for _ in range(rounds):
        sum_motion(guard, memory, used)
        for _ in range(STEPS):
            fell = take_step(guard, memory, noise)
            write_usual_of(unknowns, matrix(memory, at.MEMORY_USUAL, 4))
            if fell < SMALL * noise * LIKE:
                break
        write_theta(unknowns, vector(memory, at.MEMORY_THETA))
        noise = noise_of_rest(memory, left_of(memory), used)
    set_number(memory, at.MEMORY_NOISE, noise)
    set_number(memory, at.MEMORY_USED, float(used))


@kernel
def noise_of_rest(memory, left, used):
    """Return the noise of the equations, over that assumed, squared, if they leave ``left``."""
    free = len(vector(memory, at.MEMORY_RIGHT_SIDE)) * used - len(
        vector(memory, at.MEMORY_UNKNOWNS)
    )
    return max(left / max(float(free), 1.0), LEAST_NOISE)


@kernel
def left_of(memory):
    """Return the sum of squares that the unknowns leave."""
    x, moment = vector(memory, at.MEMORY_UNKNOWNS), vector(memory, at.MEMORY_MOMENT)
    A = matrix(memory, at.MEMORY_INFORMATION, len(x))
    left = number(memory, at.MEMORY_SQUARE)
    for a in range(len(x)):
        left -= 2.0 * x[a] * moment[a]
        for b in range(a + 1):
            left += (1.0 if a == b else 2.0) * x[a] * A[a, b] * x[b]
    return max(left, 0.0)


@kernel
def usual_friction(guard, i):
    """Return the usual viscous friction of joint i [N m s/rad]."""
    most, fastest = vector(guard, GUARD_TAU_MAX)[i], vector(guard, GUARD_DQ_MAX)[i]
    return RUBS * most / fastest if math.isfinite(fastest) else RUBS * most


@kernel
def write_ball(unknowns, mass, radius):
    """Write a ball around the tool frame's origin to the unknowns."""
    unknowns[MASS] = mass
    unknowns[XX] = unknowns[YY] = unknowns[ZZ] = 0.2 * mass * radius * radius


@kernel
def write_usual(usual, mass, radius):
    """Write the inverse of the pseudo-inertia of a ball around the tool frame's origin."""
    for i in range(4):
        for j in range(4):
            usual[i, j] = 0.0
        usual[i, i] = 1.0 / (0.2 * mass * radius * radius)
    usual[3, 3] = 1.0 / mass


@kernel
def write_usual_of(unknowns, usual):
    """Write the inverse of the pseudo-inertia of a ball with the mass and centre of the load."""
    m = max(unknowns[MASS], LIGHTEST)
    radius = (0.75 * m / (math.pi * DENSE)) ** (1.0 / 3.0)
    write_usual(usual, m, radius)
    for i in range(3):
        c = unknowns[MOMENT + i] / m
        usual[i, 3] = usual[3, i] = -usual[i, i] * c
        usual[3, 3] += usual[i, i] * c * c


@kernel
def write_theta(unknowns, theta):
    """Write the load's parameters by its inertia: ``trace(S) 1 - S``."""
    for k in range(XX):
        theta[k] = unknowns[k]
    xx, yy, zz = unknowns[XX], unknowns[YY], unknowns[ZZ]
    theta[XX], theta[YY], theta[ZZ] = yy + zz, xx + zz, xx + yy
    theta[XY], theta[XZ], theta[YZ] = -unknowns[XY], -unknowns[XZ], -unknowns[YZ]


@kernel
def row_of(k):
    """Return the larger of the two places of unknown k in the pseudo-inertia."""
    if k < XX:
        return 3
    return 0 if k < XY else 1 if k < XZ else 2


@kernel
def column_of(k):
    """Return the smaller of the two places of unknown k in the pseudo-inertia."""
    if k < XX:
        return 3 if k == MASS else k - MOMENT
    row = row_of(k)
    return k - inertia_place(row, 0)


@kernel
def invert_pseudo(memory):
    """Write the pseudo-inertia's inverse."""
    x, J = vector(memory, at.MEMORY_UNKNOWNS), matrix(memory, at.MEMORY_PSEUDO, 4)
    K, column = matrix(memory, at.MEMORY_INVERSE, 4), vector(memory, at.MEMORY_COLUMN)
    for k in range(PARAMETERS):
        J[row_of(k), column_of(k)] = x[k]
    factor_columns(J, 0, 4)
    for j in range(4):
        for i in range(4):
            column[i] = 1.0 if i == j else 0.0
        substitute(J, column)
        for i in range(4):
            K[i, j] = column[i]


@kernel
def pair_of(K, a, b):
    """Return ``trace(K E_a K E_b)``, with E_a the slope of the pseudo-inertia over unknown a."""
    i, j, k, m = row_of(a), column_of(a), row_of(b), column_of(b)
    both = K[i, k] * K[j, m] + K[i, m] * K[j, k]
    return 0.5 * both * (1.0 if i == j else 2.0) * (1.0 if k == m else 2.0)


@kernel
def take_step(guard, memory, noise):
    """Take a step of Newton's method; return how much the sum would fall by its model, halved.

    It is shortened so that it stays within the ball of Dikin of -log det.
    """
    x, change = vector(memory, at.MEMORY_UNKNOWNS), vector(memory, at.MEMORY_CHANGE)
    u, weight = len(x), noise * LIKE
    A, H = matrix(memory, at.MEMORY_INFORMATION, u), matrix(memory, at.MEMORY_FACTOR, u)
    K, usual = matrix(memory, at.MEMORY_INVERSE, 4), matrix(memory, at.MEMORY_USUAL, 4)
    invert_pseudo(memory)
    copy_matrix(A, H)
    moment = vector(memory, at.MEMORY_MOMENT)
    for a in range(u):
        change[a] = moment[a]
        for b in range(u):
            change[a] -= (A[a, b] if b <= a else A[b, a]) * x[b]
    for a in range(PARAMETERS):
        i, j = row_of(a), column_of(a)
        change[a] += weight * (K[i, j] - usual[i, j]) * (1.0 if i == j else 2.0)
        for b in range(a + 1):
            H[a, b] += weight * pair_of(K, a, b)
    for a in range(PARAMETERS, u):
        usual_size = usual_friction(guard, a - PARAMETERS)
        information = noise / (usual_size * usual_size)
        change[a] -= information * x[a]
        H[a, a] += information
    factor_columns(H, 0, u)
    whole_step = 0.0
    for a in range(u):  # the decrement is |L^-1 gradient|^2
        total = change[a]
        for b in range(a):
            total -= H[a, b] * change[b]
        change[a] = total / H[a, a]
        whole_step += change[a] * change[a]
    for a in range(u - 1, -1, -1):
        change[a] /= H[a, a]
        for b in range(a):
            change[b] -= H[a, b] * change[a]
    far = 0.0
    for a in range(PARAMETERS):
        for b in range(PARAMETERS):
            far += change[a] * pair_of(K, a, b) * change[b]
    far = math.sqrt(max(far, 0.0))
    share = 1.0 if far < 0.3 else 1.0 / (1.0 + far)
    for a in range(u):
        x[a] += share * change[a]
    return whole_step
