"""`StructuredLeastSquares`: weights that are not physical are kept at the nearest that are."""

import math

from arms.machine.numba_kernel import kernel

from .access import cube, matrix, number, vector, whole, wholes
from .add_sample import is_tool_silent
from .algebra import factor_columns
from .hold_back import diagonalise
from .layout import regression_fields as at
from .layout.body_fields import MASS, MOMENT, PARAMETERS, XX, XY, XZ, YY, YZ, ZZ
from .regress import count_repaired, of_solution

SLIGHT = 1e-9  # a weight above minus this, over its size, counts as 0
LEAST_INERTIA = 0.3  # least share of M that learned links leave
LIGHT = 1e-6  # mass below which there is no payload [kg]


@kernel
def keep_physical(law):
    """Fix a weight that stays, is silent or not physical; return whether any was."""
    w, positive = vector(law, at.REGRESSION_NEXT), wholes(law, at.REGRESSION_POSITIVE)
    fixed, worst, value = wholes(law, at.REGRESSION_FIXED), -1, -SLIGHT
    frozen, weights = wholes(law, at.REGRESSION_FROZEN), vector(law, at.REGRESSION_WEIGHTS)
    if number(law, at.REGRESSION_WAITS) != 0.0:
        for i in range(len(w)):
            w[i] = weights[i]
        return False
    silent = is_tool_silent(law)
    core = whole(law, at.REGRESSION_CORE)
    for i in range(len(w)):
        nothing = silent and i >= core
        stays = frozen[i] != 0 or nothing
        if stays and fixed[i] == 0:
            fix(law, i, 0.0 if nothing else weights[i])
            return True
    if finish_payload(law):
        return True
    for i in range(len(w)):
        if positive[i] != 0 and fixed[i] == 0 and w[i] < value:
            worst, value = i, w[i]
    if worst >= 0:
        fix(law, worst, 0.0)
        return True
    size = vector(law, at.REGRESSION_SIZE)
    if fixed[MASS] == 0:
        none = w[MASS] * size[MASS] < LIGHT
        if none or not is_consistent(law):
            fix(law, MASS, 0.0 if none else w[MASS])
            count_repaired(law)
            return True
    return keep_inertia(law)


@kernel
def keep_inertia(law):
    """Keep the links' parameters as they are if the new ones make M too small or singular."""
    w, weights = vector(law, at.REGRESSION_NEXT), vector(law, at.REGRESSION_WEIGHTS)
    n, fixed = len(vector(law, at.REGRESSION_Y)), wholes(law, at.REGRESSION_FIXED)
    home, M = matrix(law, at.REGRESSION_HOME, n), matrix(law, at.REGRESSION_CHANGED, n)
    changes = cube(law, at.REGRESSION_CHANGES, n, n)
    first = whole(law, at.REGRESSION_CORE) - len(changes)
    if len(changes) == 0 or fixed[first] != 0:
        return False
    for i in range(n):
        for j in range(n):
            M[i, j] = (1.0 - LEAST_INERTIA) * home[i, j]
            for k in range(len(changes)):
                M[i, j] += w[first + k] * changes[k, i, j]
    factor_columns(M, 0, n)
    if M[n - 1, n - 1] > 0.0:  # not if it is NaN
        return False
    for k in range(first, first + len(changes)):
        fix(law, k, weights[k])
    count_repaired(law)
    return True


@kernel
def finish_payload(law):
    """Once the mass is fixed, fix some more of the payload's; return whether any were left.

    It is that of the nearest body that `is_consistent` has found, or 0 if there is no mass.
    """
    w, size = vector(law, at.REGRESSION_NEXT), vector(law, at.REGRESSION_SIZE)
    first, fixed = vector(law, at.REGRESSION_FIRST), wholes(law, at.REGRESSION_FIXED)
    if fixed[MASS] == 0:
        return False
    none = w[MASS] * size[MASS] < LIGHT
    for i in range(3):
        if fixed[MOMENT + i] != 0:
            continue
        for j in range(-1, i + 1):
            k, value = MOMENT + i, first[i]
            if j >= 0:
                k = inertia_place(i, j)
                value = inertia_of(matrix(law, at.REGRESSION_MOMENTS, 3), i, j)
            fix(law, k, 0.0 if none else value / size[k])
        return True
    return False


@kernel
def inertia_place(i, j):
    """Return the place of the inertia's entry (i, j), j <= i, among the ten parameters."""
    return XX + i * (i + 1) // 2 + j


@kernel
def inertia_of(moments, i, j):
    """Return entry (i, j) of the inertia of a body with the given second moments (3, 3)."""
    if i != j:
        return -moments[i, j]
    return moments[0, 0] + moments[1, 1] + moments[2, 2] - moments[i, i]


@kernel
def fix(law, i, value):
    """Keep weight i at a value: condition the solution on it."""
    w, fixed = vector(law, at.REGRESSION_NEXT), wholes(law, at.REGRESSION_FIXED)
    C = of_solution(law, at.REGRESSION_COVARIANCE)
    p = len(C)
    variance, change = C[i, i], w[i] - value
    for k in range(p):
        slope = C[k, i] / variance
        if k == i or fixed[k] != 0 or slope == 0.0:
            continue
        w[k] -= slope * change
        for j in range(p):
            if j != i:
                C[k, j] -= slope * C[i, j]
    for k in range(p):
        C[i, k] = C[k, i] = 0.0
    w[i], fixed[i] = value, 1


@kernel
def is_consistent(law):
    """Whether the payload's parameters are those of a body near the tool: see `nearest_body`."""
    w, size = vector(law, at.REGRESSION_NEXT), vector(law, at.REGRESSION_SIZE)
    body = vector(law, at.REGRESSION_BODY)
    for k in range(PARAMETERS):
        body[k] = w[k] * size[k]
    moments, axes = matrix(law, at.REGRESSION_MOMENTS, 3), matrix(law, at.REGRESSION_AXES, 3)
    reach, first = number(law, at.REGRESSION_REACH), vector(law, at.REGRESSION_FIRST)
    return nearest_body(body, reach, first, moments, axes)


@kernel
def nearest_body(body, reach, first, moments, axes):
    """Whether ten parameters are those of a body near the tool; compute the nearest that are.

    They are, if its centre is within reach, and the second moments of the mass about the centre are
    neither negative along any axis (Wensing, Kim and Slotine 2018, doi:10.1109/LRA.2017.2729659)
    nor above those of a bar as long as the reach. For this mass, ``first`` (3,) and ``moments``
    (3, 3) become the nearest first and second moments, about the tool frame's origin.

    Args:
        body: (10,), see `carried_body`; its mass is above 0.
        reach: largest distance of the centre [m].
        first, moments: see above.
        axes: (3, 3), work space.
    """
    m = body[MASS]
    away = 0.0
    for i in range(3):
        first[i] = body[MOMENT + i]
        away += first[i] * first[i]
    most = reach * m
    consistent = away <= most * most
    for i in range(3):
        first[i] *= 1.0 if consistent else most / math.sqrt(away)
    xx, yy, zz = body[XX], body[YY], body[ZZ]
    half = 0.5 * (xx + yy + zz)
    moments[0, 0], moments[1, 1], moments[2, 2] = half - xx, half - yy, half - zz
    moments[0, 1] = moments[1, 0] = -body[XY]
    moments[0, 2] = moments[2, 0] = -body[XZ]
    moments[1, 2] = moments[2, 1] = -body[YZ]
    for i in range(3):
        for j in range(3):
            moments[i, j] -= first[i] * first[j] / m
            axes[i, j] = 1.0 if i == j else 0.0
    diagonalise(moments, axes)
    a, b, c = moments[0, 0], moments[1, 1], moments[2, 2]
    longest = m * reach * reach / 12.0
    consistent = consistent and min(a, min(b, c)) > -SLIGHT and max(a, max(b, c)) <= longest
    a = min(max(a, 0.0), longest)
    b = min(max(b, 0.0), longest)
    c = min(max(c, 0.0), longest)
    for i in range(3):
        for j in range(3):
            moments[i, j] = first[i] * first[j] / m
            moments[i, j] += a * axes[i, 0] * axes[j, 0] + b * axes[i, 1] * axes[j, 1]
            moments[i, j] += c * axes[i, 2] * axes[j, 2]
    return consistent
