"""Near a singularity: what a law of the tool asks for, held back to what the arm can give."""

import math

from arms.machine.numba_kernel import kernel

from .access import matrix, number, set_number, vector, whole, wholes
from .algebra import factor_columns, substitute
from .layout import law_fields as at
from .layout.arm_fields import (
    ARM_C,
    ARM_DJ,
    ARM_DOF,
    ARM_J,
    COMMAND_MOBILITY,
    COMMAND_OUT_OF_REACH,
    COMMAND_SINGULARITY,
    INPUT_DQ,
)
from .layout.null_space_fields import NULL_FACTOR, NULL_TAU_0

SWEEPS = 30  # sweeps of Jacobi rotations, which converge quadratically
LEAST = 1e-6  # lower bound on the eigenvalues of Lambda^-1 [1/kg], [1/(kg m^2)]
SLOW = 0.25  # share of inertia_max from which on the tool's momentum is bounded
SPARE = 0.08  # share of inertia_max from which on the joints' speeds are kept
FULLY = 0.11  # share from which on they are kept fully
SPEED = 0.06  # bound on the momentum, over inertia_max [m/s], [rad/s]
REST = 0.1  # bound on a joint's speed in the singularity, over its top speed
STEEP = 0.3  # slope of that bound over sqrt(s inertia_max)
RATE = 18.0  # of the approach to these bounds [1/s]
COST = 0.1  # weight of the tool's acceleration against the fastest joint's excess
BISECTIONS = 40  # a change is exact to 1e-10 of the largest


@kernel
def hold_back(law, arm, inputs, command):
    """Factor the law's ``inverse`` in place; hold back what the law asks for near a singularity.

    Along every eigenvector u of Lambda^-1 with an inertia above ``SLOW inertia_max``, the tool's
    momentum is bounded, and so are dx_r and the accelerations; see `bound_momentum`. Along the one
    with the largest inertia, the tool slows down for the joints; see `spare_joints`. Writes
    ``singularity`` and ``out_of_reach`` of the command.
    """
    m, inertia_max = len(vector(law, at.TASK_COLUMN)), number(law, at.TASK_INERTIA_MAX)
    inverse, trial = matrix(law, at.TASK_INVERSE, m), matrix(law, at.TASK_TRIAL, m)
    for i in range(m):
        for k in range(i + 1):
            trial[i, k] = inverse[i, k]
    factor_columns(trial, 0, m)
    set_number(command, COMMAND_SINGULARITY, 0.0)
    set_number(command, COMMAND_OUT_OF_REACH, 0.0)
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
            withheld = max(withheld, bound_momentum(law, arm, command, k))
    if D[weakest, weakest] * SPARE * inertia_max < 1.0:
        withheld = max(withheld, spare_joints(law, arm, inputs, command, weakest))
    factor_columns(inverse, 0, m)
    set_number(command, COMMAND_SINGULARITY, max(0.0, 1.0 - D[weakest, weakest] * inertia_max))
    set_number(command, COMMAND_OUT_OF_REACH, withheld)


@kernel
def bound_momentum(law, arm, command, k):
    """Bound the tool's motion along eigenvector k; return the withheld share of its acceleration.

    With s the eigenvalue, the speed is to stay within ``v = p s / w``: the momentum within p, as w
    grows from 0 to 1 towards the singularity. So ``|dx_r| <= v``, and an acceleration stays within
    ``RATE (-v - dx) - p ds/dt`` and ``RATE (v - dx) + p ds/dt``: v falls while the tool moves
    towards the singularity, and without ds/dt the tool would be thrown across it.
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
    room = RATE * most + SPEED * inertia_max * eigenvalue_rate(law, arm, command, k)
    room = max(room, 0.0)
    given = clip(asked + ahead, -room - RATE * now, room - RATE * now)
    slower = clip(wanted, -most, most) - wanted
    change = given - held_ahead - asked if given != asked + ahead or held_ahead != ahead else 0.0
    for r in range(m):
        velocity[r] += slower * U[r, k]
        forward[r] += (held_ahead - ahead) * U[r, k]
        feedback[r] += change * U[r, k]
    return withheld_share(asked + ahead, given)


@kernel
def eigenvalue_rate(law, arm, command, k):
    """Return ds/dt of the eigenvalue s along eigenvector k [1/(kg s)].

    ``u^T d(J M^-1 J^T)/dt u = 2 w^T (dJ^T u - C w)`` with ``w = M^-1 J^T u`` and dM/dt = C + C^T.
    """
    n, rows = whole(arm, ARM_DOF), wholes(law, at.TASK_ROWS)
    U = matrix(law, at.TASK_EIGENVECTORS, len(rows))
    mobility = matrix(command, COMMAND_MOBILITY, n)
    dJ, C = matrix(arm, ARM_DJ, n), matrix(arm, ARM_C, n)
    total = 0.0
    for i in range(n):
        change = 0.0
        for r in range(len(rows)):
            change += dJ[rows[r], i] * U[r, k]
        for j in range(n):
            change -= C[i, j] * acceleration_of(mobility, U, k, j)
        total += 2.0 * acceleration_of(mobility, U, k, i) * change
    return total


@kernel
def spare_joints(law, arm, inputs, command, k):
    """Slow the tool down along eigenvector k; return the withheld share of its acceleration.

    A joint's speed is to stay within ``v = dq_max (REST + STEEP sqrt(s inertia_max))``, with s
    the eigenvalue: the joints come to rest in the singularity. So ``|dq|`` is to grow by at
    most ``RATE (v - |dq|) max(1, v / |dq|) + dv/dt``; a joint at rest may be pushed with any force.
    See `least_excess`.
    """
    m, n = len(vector(law, at.TASK_COLUMN)), len(vector(inputs, INPUT_DQ))
    U, D = matrix(law, at.TASK_EIGENVECTORS, m), matrix(law, at.TASK_EIGENVALUES, m)
    mobility, gain = matrix(command, COMMAND_MOBILITY, n), vector(law, at.TASK_GAIN)
    weight, rows = vector(law, at.TASK_WEIGHT), wholes(law, at.TASK_ROWS)
    J, dq_max = matrix(arm, ARM_J, n), vector(law, at.TASK_DQ_MAX)
    feedback, forward = vector(law, at.TASK_FEEDBACK), vector(law, at.TASK_FORWARD)
    s, inertia_max = D[k, k], number(law, at.TASK_INERTIA_MAX)
    near = math.sqrt(s * inertia_max)
    share = REST + STEEP * near
    growth = 0.5 * STEEP * near / s * eigenvalue_rate(law, arm, command, k)
    sum_accelerations(law, command)
    for i in range(n):
        gain[i], square = acceleration_of(mobility, U, k, i) / s, 0.0
        for r in range(m):
            square += (J[rows[r], i] * gain[i]) ** 2
        weight[i] = min(math.sqrt(square), 1.0) * (gain[i] / dq_max[i]) ** 2
    change, asked = least_excess(law, inputs, share, growth), 0.0
    change *= min(1.0, (1.0 / (s * inertia_max) - SPARE) / (FULLY - SPARE))
    for r in range(m):
        asked += U[r, k] * (feedback[r] + forward[r])
        feedback[r] += change * U[r, k]
    return withheld_share(asked, asked + change)


@kernel
def least_excess(law, inputs, share, growth):
    """Return the change a of the tool's acceleration for the least excess of the joints'.

    With ``g_i = gain_i / dq_max_i`` and ``W_i = min(|J_i gain_i|, 1) g_i^2`` it minimises ``(COST
    a)^2 max_i(W_i g_i^2) + sum_i W_i (excess_i / dq_max_i)^2``. An excess weighs as much as the
    tool moves its joint: a small one of a joint that it hardly moves would else take a large
    change. And it weighs less where the joint hardly moves the tool: a light wrist whose axis meets
    the tool is only carried along, and a tool that slowed down for it would swing. The change is
    continuous.

    Args:
        share: v, over dq_max.
        growth: dv/dt, over dq_max [1/s].
    """
    dq_max, gain = vector(law, at.TASK_DQ_MAX), vector(law, at.TASK_GAIN)
    weight, largest = vector(law, at.TASK_WEIGHT), 0.0
    excess = weigh_excess(law, inputs, share, growth, 0.0)
    if excess == 0.0:
        return 0.0
    for i in range(len(gain)):
        largest = max(largest, weight[i] * (gain[i] / dq_max[i]) ** 2)
    cost = COST * COST * largest
    low, high = min(0.0, -excess / cost), max(0.0, -excess / cost)
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        if cost * middle + weigh_excess(law, inputs, share, growth, middle) > 0.0:
            high = middle
        else:
            low = middle
    return 0.5 * (low + high)


@kernel
def weigh_excess(law, inputs, share, growth, change):
    """Return the sum of ``W g excess / dq_max`` after a change of the tool's acceleration."""
    dq, dq_max = vector(inputs, INPUT_DQ), vector(law, at.TASK_DQ_MAX)
    ddq, gain, weight = (
        vector(law, at.TASK_DDQ),
        vector(law, at.TASK_GAIN),
        vector(law, at.TASK_WEIGHT),
    )
    total = 0.0
    for i in range(len(dq)):
        if dq[i] == 0.0 or math.isinf(dq_max[i]):
            continue
        speed, forward = abs(dq[i]) / dq_max[i], math.copysign(1.0 / dq_max[i], dq[i])
        most = RATE * (share - speed) * max(1.0, share / speed) + growth
        faster = forward * (ddq[i] + gain[i] * change)
        total += weight[i] * forward * gain[i] * max(0.0, faster - max(most, -RATE * speed))
    return total


@kernel
def sum_accelerations(law, command):
    """Write the joints' accelerations by the task and by the secondary tasks to ``ddq``."""
    tasks, drift = whole(law, at.TASK_NULL_SPACE), vector(law, at.TASK_DRIFT)
    tau_0 = vector(tasks, NULL_TAU_0)
    ddq, force = vector(law, at.TASK_DDQ), vector(law, at.TASK_COLUMN)
    n, m = len(ddq), len(force)
    U, D = matrix(law, at.TASK_EIGENVECTORS, m), matrix(law, at.TASK_EIGENVALUES, m)
    feedback, forward = vector(law, at.TASK_FEEDBACK), vector(law, at.TASK_FORWARD)
    mobility = matrix(command, COMMAND_MOBILITY, n)
    for r in range(m):
        force[r] = 0.0
    for c in range(m):
        along = 0.0
        for r in range(m):
            along += U[r, c] * (feedback[r] + forward[r] - drift[r])
        for r in range(m):
            force[r] += U[r, c] * along / D[c, c]
    for i in range(n):
        ddq[i] = tau_0[i]
    substitute(matrix(tasks, NULL_FACTOR, n), ddq)
    for i in range(n):
        for r in range(m):
            ddq[i] += mobility[r, i] * force[r]


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
