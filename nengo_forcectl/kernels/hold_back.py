"""Near a singularity: what a law of the tool asks for, held back to what the arm can give."""

import math

from . import layout as at
from .access import matrix, number, set_number, vector
from .algebra import factor_columns
from .compile import kernel

SWEEPS = 30  # sweeps of Jacobi rotations, which converge quadratically
LEAST = 1e-6  # lower bound on the eigenvalues of Lambda^-1 [1/kg], [1/(kg m^2)]
SLOW = 0.25  # share of inertia_max from which on the tool's momentum is bounded
SPARE = 0.125  # share of inertia_max from which on the joints' speeds are kept
RAMP = 1.3  # from SPARE to RAMP times it that grows from none to all
SPEED = 0.04  # bound on the momentum, over inertia_max [m/s], [rad/s]
SHARE = 0.7  # share of a joint's top speed that is used
MOVED = 0.05  # share of the fastest joint's acceleration below which a joint does not count
RATE = 28.0  # of the approach to these bounds [1/s]


@kernel
def hold_back(law, inputs, command):
    """Factor the law's ``inverse`` in place; hold back what the law asks for near a singularity.

    Along every eigenvector u of Lambda^-1 with an inertia above ``SLOW inertia_max``, the tool's
    momentum is bounded, and so are dx_r and the accelerations; see `bound_momentum`. Along the one
    with the largest inertia, the tool slows down for joints near their top speed; see
    `spare_joints`. Writes ``singularity`` and ``out_of_reach`` of the command.
    """
    m, inertia_max = len(vector(law, at.TASK_COLUMN)), number(law, at.TASK_INERTIA_MAX)
    inverse, trial = matrix(law, at.TASK_INVERSE, m), matrix(law, at.TASK_TRIAL, m)
    for i in range(m):
        for k in range(i + 1):
            trial[i, k] = inverse[i, k]
    factor_columns(trial, 0, m)
    set_number(command, at.COMMAND_SINGULARITY, 0.0)
    set_number(command, at.COMMAND_OUT_OF_REACH, 0.0)
    if largest_inertia(trial, matrix(law, at.TASK_EIGENVECTORS, m)) <= SPARE * inertia_max:
        for i in range(m):
            for k in range(i + 1):
                inverse[i, k] = trial[i, k]
        return
    weakest = lift_eigenvalues(law)
    D = matrix(law, at.TASK_EIGENVALUES, m)
    withheld = 0.0
    for k in range(m):
        if D[k, k] * SLOW * inertia_max < 1.0:
            withheld = max(withheld, bound_momentum(law, k))
    if D[weakest, weakest] * SPARE * inertia_max < 1.0:
        withheld = max(withheld, spare_joints(law, inputs, command, weakest))
    factor_columns(inverse, 0, m)
    set_number(command, at.COMMAND_SINGULARITY, max(0.0, 1.0 - D[weakest, weakest] * inertia_max))
    set_number(command, at.COMMAND_OUT_OF_REACH, withheld)


@kernel
def bound_momentum(law, k):
    """Bound the tool's motion along eigenvector k; return the withheld share of its acceleration.

    With s the eigenvalue, the speed is to stay within ``v = p s / w``: the momentum within p, as w
    grows from 0 to 1 towards the singularity. So ``|dx_r| <= v``, and an acceleration stays within
    ``RATE (-v - dx)`` and ``RATE (v - dx)``.
    """
    m, inertia_max = len(vector(law, at.TASK_COLUMN)), number(law, at.TASK_INERTIA_MAX)
    U, D = matrix(law, at.TASK_EIGENVECTORS, m), matrix(law, at.TASK_EIGENVALUES, m)
    e = matrix(law, at.TASK_ERRORS, m)
    feedback, forward = vector(law, at.TASK_FEEDBACK), vector(law, at.TASK_FORWARD)
    velocity = vector(law, at.TASK_VELOCITY)
    wanted, now, asked, ahead = 0.0, 0.0, 0.0, 0.0
    for r in range(m):
        wanted += U[r, k] * velocity[r]
        now += U[r, k] * (velocity[r] - e[at.ERROR_DE, r])
        asked += U[r, k] * feedback[r]
        ahead += U[r, k] * forward[r]
    s = D[k, k]
    most = SPEED * inertia_max * s / (1.0 - s * SLOW * inertia_max)
    held_ahead = clip(ahead, -RATE * most, RATE * most)
    given = clip(asked + ahead, RATE * (-most - now), RATE * (most - now))
    slower = clip(wanted, -most, most) - wanted
    change = given - held_ahead - asked if given != asked + ahead or held_ahead != ahead else 0.0
    for r in range(m):
        velocity[r] += slower * U[r, k]
        forward[r] += (held_ahead - ahead) * U[r, k]
        feedback[r] += change * U[r, k]
    return withheld_share(asked + ahead, given)


@kernel
def spare_joints(law, inputs, command, k):
    """Slow the tool down along eigenvector k for joints near their top speed.

    The acceleration along it is changed by the least amount for which every joint that it moves has
    ``-RATE (SHARE dq_max + dq) <= ddq <= RATE (SHARE dq_max - dq)``, by the task's accelerations
    alone. Returns the withheld share of its acceleration.
    """
    dq, dq_max = vector(inputs, at.INPUT_DQ), vector(law, at.TASK_DQ_MAX)
    m, n = len(vector(law, at.TASK_COLUMN)), len(dq)
    U, D = matrix(law, at.TASK_EIGENVECTORS, m), matrix(law, at.TASK_EIGENVALUES, m)
    mobility, force = matrix(command, at.COMMAND_MOBILITY, n), vector(law, at.TASK_COLUMN)
    feedback, forward = vector(law, at.TASK_FEEDBACK), vector(law, at.TASK_FORWARD)
    for r in range(m):
        force[r] = 0.0
    for c in range(m):
        along = 0.0
        for r in range(m):
            along += U[r, c] * (feedback[r] + forward[r])
        for r in range(m):
            force[r] += U[r, c] * along / D[c, c]
    least = 0.0
    for i in range(n):
        least = max(least, MOVED * abs(acceleration_of(mobility, U, k, i)))
    low, high, busy = -math.inf, math.inf, False
    for i in range(n):
        ddq, per, most = 0.0, acceleration_of(mobility, U, k, i), SHARE * dq_max[i]
        if abs(per) <= least or math.isinf(most):
            continue
        for r in range(m):
            ddq += mobility[r, i] * force[r]
        per /= D[k, k]
        up, down = RATE * (most - dq[i]) - ddq, RATE * (-most - dq[i]) - ddq
        busy = busy or up < 0.0 or down > 0.0
        low = max(low, min(up / per, down / per))
        high = min(high, max(up / per, down / per))
    if not busy:
        return 0.0
    change = clip(0.0, low, high) if low <= high else 0.5 * (low + high)
    near = 1.0 / (D[k, k] * SPARE * number(law, at.TASK_INERTIA_MAX))
    change *= min(1.0, (near - 1.0) / (RAMP - 1.0))
    asked = 0.0
    for r in range(m):
        asked += U[r, k] * (feedback[r] + forward[r])
        feedback[r] += change * U[r, k]
    return withheld_share(asked, asked + change)


@kernel
def acceleration_of(mobility, U, k, i):
    """Return joint i's acceleration by a unit force along eigenvector k."""
    total = 0.0
    for r in range(len(mobility)):
        total += mobility[r, i] * U[r, k]
    return total


@kernel
def clip(value, low, high):
    """Return the value within bounds."""
    return min(max(value, low), high)


@kernel
def withheld_share(asked, given):
    """Return the share of an acceleration that is not given, from 0 to 1."""
    return 0.0 if given == asked else min(1.0, abs(asked - given) / max(abs(asked), 1e-9))


@kernel
def largest_inertia(L, X):
    """Return an upper bound on the largest eigenvalue of ``Lambda = (L L^T)^-1``; X is work space.

    It is the Frobenius norm of Lambda.
    """
    m = len(L)
    for c in range(m):
        for i in range(c, m):
            total = 1.0 if i == c else 0.0
            for k in range(c, i):
                total -= L[i, k] * X[k, c]
            X[i, c] = total / L[i, i]  # of L^-1
    square = 0.0
    for i in range(m):
        for j in range(i + 1):
            total = 0.0
            for k in range(i, m):
                total += X[k, i] * X[k, j]
            square += total * total * (1.0 if i == j else 2.0)
    return math.sqrt(square)


@kernel
def lift_eigenvalues(law):
    """Diagonalise ``inverse`` and raise its eigenvalues to LEAST; return the lowest one's place."""
    m = len(vector(law, at.TASK_COLUMN))
    inverse = matrix(law, at.TASK_INVERSE, m)
    D, U = matrix(law, at.TASK_EIGENVALUES, m), matrix(law, at.TASK_EIGENVECTORS, m)
    for i in range(m):
        for k in range(m):
            D[i, k], U[i, k] = inverse[i, k], 1.0 if i == k else 0.0
    diagonalise(D, U)
    weakest = 0
    for k in range(m):
        lift = LEAST - D[k, k]
        if lift > 0.0:
            D[k, k] = LEAST
            for i in range(m):
                for j in range(m):
                    inverse[i, j] += lift * U[i, k] * U[j, k]
        if D[k, k] < D[weakest, weakest]:
            weakest = k
    return weakest


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
