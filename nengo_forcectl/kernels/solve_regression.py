"""`StructuredLeastSquares`: its solution, one job after the other, some of them in every cycle.

Jobs of p weights and s delays: p columns of the factor of ``A = Lambda / r^2 + D^-1``, p columns of
its inverse, p rows of the covariance C; the weights of every delay; one step of the evidence; then
one weight after the other that is not physical is kept at the nearest value that is, until all are.
"""

import math

from .access import cube, matrix, number, set_number, vector, whole, wholes
from .algebra import factor_columns
from .compile import kernel
from .hold_back import diagonalise
from .layout import (
    MASS,
    MOMENT,
    NO_JOB,
    PARAMETERS,
    REGRESSION_AXES,
    REGRESSION_BEFORE,
    REGRESSION_CHANGED,
    REGRESSION_CHANGES,
    REGRESSION_CHOSEN,
    REGRESSION_COVARIANCE,
    REGRESSION_DELAY,
    REGRESSION_DELAYED,
    REGRESSION_DEVIATIONS,
    REGRESSION_FACTOR,
    REGRESSION_FIRST,
    REGRESSION_FITS,
    REGRESSION_FIXED,
    REGRESSION_FLOOR,
    REGRESSION_GROUP,
    REGRESSION_GROUP_KNOWN,
    REGRESSION_GROUP_SQUARE,
    REGRESSION_HOME,
    REGRESSION_INFORMATION,
    REGRESSION_INVERSE,
    REGRESSION_JOB,
    REGRESSION_MOMENT,
    REGRESSION_MOMENTS,
    REGRESSION_NEXT,
    REGRESSION_NOISE,
    REGRESSION_PERIOD,
    REGRESSION_POSITIVE,
    REGRESSION_REACH,
    REGRESSION_REPAIRED,
    REGRESSION_SAMPLES,
    REGRESSION_SINCE,
    REGRESSION_SIZE,
    REGRESSION_SPREAD,
    REGRESSION_SQUARE,
    REGRESSION_TARGET,
    REGRESSION_TARGET_SAMPLES,
    REGRESSION_TARGET_SQUARE,
    REGRESSION_TRIALS,
    REGRESSION_VARIANCE,
    REGRESSION_WEIGHTS,
    REGRESSION_Y,
    XX,
    XY,
    XZ,
    YY,
    YZ,
    ZZ,
)

JOBS = 6  # of a cycle
EARLY_ROUNDS = 3  # solutions one after the other, so that the evidence settles
UNSURE = 60.0  # noise over the floor, if a solution has failed
SLIGHT = 1e-9  # negative weights, over their sizes, that are 0
LEAST_INERTIA = 0.3  # of the model's that learned links leave
LIGHT = 1e-6  # mass below which there is no payload [kg]
DOUBT = 1e-4  # weight of a group's first variance, in numbers that are known


@kernel
def solve_regression(law):
    """Begin a solution if it is due, do some jobs; return whether there are new weights.

    Soon after the start or a change, a solution is due more often, and computed at once, thrice.
    """
    since = int(number(law, REGRESSION_SINCE))
    if is_early(since):
        for _ in range(EARLY_ROUNDS):
            set_number(law, REGRESSION_JOB, 0.0)
            while number(law, REGRESSION_JOB) >= 0.0:
                do_job(law)
        return True
    if since % whole(law, REGRESSION_PERIOD) == 0 and number(law, REGRESSION_JOB) < 0.0:
        set_number(law, REGRESSION_JOB, 0.0)
    for _ in range(JOBS):
        if number(law, REGRESSION_JOB) >= 0.0 and do_job(law):
            return True
    return False


@kernel
def is_early(since):
    """Whether a solution is due this many cycles after a change."""
    return (
        since == 6 or since == 12 or since == 18 or since == 27 or since == 40
        or since == 60 or since == 80 or since == 100 or since == 130 or since == 160
    )  # fmt: skip


@kernel
def do_job(law):
    """Do the next job; return whether it was the last one, so that the weights are new."""
    job = int(number(law, REGRESSION_JOB))
    p, delays = len(vector(law, REGRESSION_NEXT)), len(vector(law, REGRESSION_FITS))
    set_number(law, REGRESSION_JOB, job + 1.0)
    factor, inverse = matrix(law, REGRESSION_FACTOR, p), matrix(law, REGRESSION_INVERSE, p)
    if job < p:
        if job == 0:
            begin_solution(law)
        factor_columns(factor, job, job + 1)
    elif job < 2 * p:
        invert_column(factor, inverse, job - p)
    elif job < 3 * p:
        covariance_row(inverse, matrix(law, REGRESSION_COVARIANCE, p), job - 2 * p)
    elif job < 3 * p + delays:
        try_delay(law, job - 3 * p)
    elif job == 3 * p + delays:
        choose_delay(law)
        weigh_evidence(law)
    elif not keep_physical(law):
        publish(law)
        set_number(law, REGRESSION_JOB, NO_JOB)
        return True
    return False


@kernel
def begin_solution(law):
    """Copy A, b, the sum of y^2 and its count: they go on while the solution is computed."""
    p, noise = len(vector(law, REGRESSION_NEXT)), number(law, REGRESSION_NOISE)
    information, A = matrix(law, REGRESSION_INFORMATION, p), matrix(law, REGRESSION_FACTOR, p)
    variance, square = vector(law, REGRESSION_VARIANCE), vector(law, REGRESSION_SQUARE)
    moment = matrix(law, REGRESSION_MOMENT, len(square))
    target = matrix(law, REGRESSION_TARGET, len(square))
    target_square = vector(law, REGRESSION_TARGET_SQUARE)
    for i in range(p):
        for k in range(p):
            A[i, k] = information[i, k] / noise
        A[i, i] += 1.0 / variance[i]
        for s in range(len(square)):
            target[i, s] = moment[i, s]
    for s in range(len(square)):
        target_square[s] = square[s]
    set_number(law, REGRESSION_TARGET_SAMPLES, number(law, REGRESSION_SAMPLES))


@kernel
def invert_column(L, X, j):
    """Compute column j of X = L^-1, lower triangular."""
    p = len(L)
    for i in range(j):
        X[i, j] = 0.0
    X[j, j] = 1.0 / L[j, j]
    for i in range(j + 1, p):
        total = 0.0
        for k in range(j, i):
            total -= L[i, k] * X[k, j]
        X[i, j] = total / L[i, i]


@kernel
def covariance_row(X, C, i):
    """Compute row and column i of C = X^T X up to the diagonal."""
    p = len(X)
    for j in range(i + 1):
        C[i, j] = 0.0
    for k in range(i, p):
        value = X[k, i]
        for j in range(i + 1):
            C[i, j] += value * X[k, j]
    for j in range(i):
        C[j, i] = C[i, j]


@kernel
def try_delay(law, s):
    """Compute the weights and the misfit, sum of (y - Phi w)^2, for a delay of s cycles."""
    p, delays = len(vector(law, REGRESSION_NEXT)), len(vector(law, REGRESSION_FITS))
    C, w = matrix(law, REGRESSION_COVARIANCE, p), matrix(law, REGRESSION_TRIALS, p)[s]
    variance, noise = vector(law, REGRESSION_VARIANCE), number(law, REGRESSION_NOISE)
    target, misfit = matrix(law, REGRESSION_TARGET, delays), 0.0
    for i in range(p):
        total = 0.0
        for k in range(p):
            total += C[i, k] * target[k, s]
        w[i] = total / noise
        misfit -= w[i] * (target[i, s] + noise * w[i] / variance[i])  # Lambda w = b - r^2 D^-1 w
    misfit += vector(law, REGRESSION_TARGET_SQUARE)[s]
    vector(law, REGRESSION_FITS)[s] = max(misfit, 0.0)


@kernel
def choose_delay(law):
    """Choose the delay with the least misfit, if it is much better than none; begin its weights."""
    fits, w = vector(law, REGRESSION_FITS), vector(law, REGRESSION_NEXT)
    best = 0
    for s in range(1, len(fits)):
        if fits[s] < fits[best]:
            best = s
    if fits[best] > number(law, REGRESSION_DELAYED) * fits[0]:
        best = 0
    set_number(law, REGRESSION_CHOSEN, best)
    delay = float(best)
    if 0 < best < len(fits) - 1:
        before, here, after = fits[best - 1], fits[best], fits[best + 1]
        curvature = before - 2.0 * here + after
        if curvature > 0.0:
            delay += 0.5 * (before - after) / curvature
    set_number(law, REGRESSION_DELAY, delay)
    trial, fixed = matrix(law, REGRESSION_TRIALS, len(w))[best], wholes(law, REGRESSION_FIXED)
    for i in range(len(w)):
        w[i], fixed[i] = trial[i], 0


@kernel
def weigh_evidence(law):
    """Re-estimate each group's variance and the noise; store the weights' deviations."""
    p = len(vector(law, REGRESSION_NEXT))
    w, variance = vector(law, REGRESSION_NEXT), vector(law, REGRESSION_VARIANCE)
    C, group = matrix(law, REGRESSION_COVARIANCE, p), wholes(law, REGRESSION_GROUP)
    square, known = vector(law, REGRESSION_GROUP_SQUARE), vector(law, REGRESSION_GROUP_KNOWN)
    deviations = vector(law, REGRESSION_DEVIATIONS)
    for g in range(len(square)):
        square[g], known[g] = 0.0, 0.0
    total = 0.0
    for i in range(p):
        sure = 1.0 - C[i, i] / variance[i]
        square[group[i]] += w[i] * w[i]
        known[group[i]] += sure
        total += sure
        deviations[i] = math.sqrt(max(C[i, i], 0.0))
    for i in range(p):
        g = group[i]
        variance[i] = min((square[g] + DOUBT) / (max(known[g], 0.0) + DOUBT), 1.0)
    samples = max(number(law, REGRESSION_TARGET_SAMPLES) - total, 10.0)
    residual = vector(law, REGRESSION_FITS)[int(number(law, REGRESSION_CHOSEN))] / samples
    floor = number(law, REGRESSION_FLOOR)
    noise = max(number(law, REGRESSION_SPREAD) * residual, floor * floor)
    set_number(law, REGRESSION_NOISE, noise)


@kernel
def keep_physical(law):
    """Fix the weights that are not physical, or one of them; return whether there was any."""
    w, positive = vector(law, REGRESSION_NEXT), wholes(law, REGRESSION_POSITIVE)
    fixed, worst, value = wholes(law, REGRESSION_FIXED), -1, -SLIGHT
    for i in range(len(w)):
        if positive[i] != 0 and fixed[i] == 0 and w[i] < value:
            worst, value = i, w[i]
    if worst >= 0:
        fix(law, worst, 0.0)
        return True
    size = vector(law, REGRESSION_SIZE)
    if fixed[MASS] == 0 and w[MASS] * size[MASS] < LIGHT:
        for k in range(PARAMETERS):
            if fixed[k] == 0:
                fix(law, k, 0.0)
        set_number(law, REGRESSION_REPAIRED, number(law, REGRESSION_REPAIRED) + 1.0)
        return True
    if fixed[MASS] == 0 and not is_consistent(law):
        fix_payload(law)
        set_number(law, REGRESSION_REPAIRED, number(law, REGRESSION_REPAIRED) + 1.0)
        return True
    return keep_inertia(law)


@kernel
def keep_inertia(law):
    """Keep the links' parameters as they are if the new ones make M too small or singular."""
    w, weights = vector(law, REGRESSION_NEXT), vector(law, REGRESSION_WEIGHTS)
    n, fixed = len(vector(law, REGRESSION_Y)), wholes(law, REGRESSION_FIXED)
    home, M = matrix(law, REGRESSION_HOME, n), matrix(law, REGRESSION_CHANGED, n)
    changes = cube(law, REGRESSION_CHANGES, n, n)
    first = len(w) - len(changes)
    if first == len(w) or fixed[first] != 0:
        return False
    for i in range(n):
        for j in range(n):
            M[i, j] = (1.0 - LEAST_INERTIA) * home[i, j]
            for k in range(len(changes)):
                M[i, j] += w[first + k] * changes[k, i, j]
    factor_columns(M, 0, n)
    if M[n - 1, n - 1] > 0.0:  # not if it is NaN
        return False
    for k in range(first, len(w)):
        fix(law, k, weights[k])
    set_number(law, REGRESSION_REPAIRED, number(law, REGRESSION_REPAIRED) + 1.0)
    return True


@kernel
def fix_payload(law):
    """Keep the payload at the nearest one that `is_consistent` has found."""
    w, size = vector(law, REGRESSION_NEXT), vector(law, REGRESSION_SIZE)
    first = vector(law, REGRESSION_FIRST)
    fix(law, MASS, w[MASS])
    for i in range(3):
        fix(law, MOMENT + i, first[i] / size[MOMENT + i])
        for j in range(i + 1):
            k = inertia_place(i, j)
            fix(law, k, nearest_inertia(law, i, j) / size[k])


@kernel
def inertia_place(i, j):
    """Return the place of the inertia's entry (i, j), j <= i, among the ten parameters."""
    return XX + i * (i + 1) // 2 + j


@kernel
def nearest_inertia(law, i, j):
    """Return entry (i, j) of the inertia with the second moments that `is_consistent` found."""
    moments = matrix(law, REGRESSION_MOMENTS, 3)
    if i != j:
        return -moments[i, j]
    return moments[0, 0] + moments[1, 1] + moments[2, 2] - moments[i, i]


@kernel
def fix(law, i, value):
    """Keep weight i at a value: condition the solution on it."""
    w, fixed = vector(law, REGRESSION_NEXT), wholes(law, REGRESSION_FIXED)
    p = len(w)
    C = matrix(law, REGRESSION_COVARIANCE, p)
    whole_part, change = C[i, i], w[i] - value
    for k in range(p):
        part = C[k, i] / whole_part
        if k == i or fixed[k] != 0 or part == 0.0:
            continue
        w[k] -= part * change
        for j in range(p):
            if j != i:
                C[k, j] -= part * C[i, j]
    for k in range(p):
        C[i, k] = C[k, i] = 0.0
    w[i], fixed[i] = value, 1


@kernel
def is_consistent(law):
    """Whether the payload's parameters are those of a body near the tool.

    They are, if its centre is within reach, and the second moments of the mass about the centre are
    not negative along any axis (Wensing, Kim and Slotine 2018, doi:10.1109/LRA.2017.2729659). The
    fields "first" and "moments" become the nearest moments for this mass, about the tool frame's
    origin.
    """
    w, size = vector(law, REGRESSION_NEXT), vector(law, REGRESSION_SIZE)
    moments, axes = matrix(law, REGRESSION_MOMENTS, 3), matrix(law, REGRESSION_AXES, 3)
    first, m = vector(law, REGRESSION_FIRST), w[MASS] * size[MASS]
    away = 0.0
    for i in range(3):
        first[i] = w[MOMENT + i] * size[MOMENT + i]
        away += first[i] * first[i]
    most = number(law, REGRESSION_REACH) * m
    consistent = away <= most * most
    for i in range(3):
        first[i] *= 1.0 if consistent else most / math.sqrt(away)
    xx, yy, zz = w[XX] * size[XX], w[YY] * size[YY], w[ZZ] * size[ZZ]
    half = 0.5 * (xx + yy + zz)
    moments[0, 0], moments[1, 1], moments[2, 2] = half - xx, half - yy, half - zz
    moments[0, 1] = moments[1, 0] = -w[XY] * size[XY]
    moments[0, 2] = moments[2, 0] = -w[XZ] * size[XZ]
    moments[1, 2] = moments[2, 1] = -w[YZ] * size[YZ]
    for i in range(3):
        for j in range(3):
            moments[i, j] -= first[i] * first[j] / m
            axes[i, j] = 1.0 if i == j else 0.0
    diagonalise(moments, axes)
    a, b, c = moments[0, 0], moments[1, 1], moments[2, 2]
    consistent = consistent and min(a, min(b, c)) > -SLIGHT
    a, b, c = max(a, 0.0), max(b, 0.0), max(c, 0.0)
    for i in range(3):
        for j in range(3):
            moments[i, j] = first[i] * first[j] / m
            moments[i, j] += a * axes[i, 0] * axes[j, 0] + b * axes[i, 1] * axes[j, 1]
            moments[i, j] += c * axes[i, 2] * axes[j, 2]
    return consistent


@kernel
def publish(law):
    """Replace the weights, unless one is not finite."""
    w, weights = vector(law, REGRESSION_NEXT), vector(law, REGRESSION_WEIGHTS)
    before = vector(law, REGRESSION_BEFORE)
    positive = wholes(law, REGRESSION_POSITIVE)
    finite = True
    for i in range(len(w)):
        before[i] = weights[i]
        finite = finite and math.isfinite(w[i])
    if not finite:
        begin_anew(law)
        return
    for i in range(len(w)):
        weights[i] = max(w[i], 0.0) if positive[i] != 0 else w[i]


@kernel
def begin_anew(law):
    """Return to the first variances and a large noise: the covariance was not positive."""
    variance, floor = vector(law, REGRESSION_VARIANCE), number(law, REGRESSION_FLOOR)
    for i in range(len(variance)):
        variance[i] = 1.0
    set_number(law, REGRESSION_NOISE, (UNSURE * floor) ** 2)
    set_number(law, REGRESSION_REPAIRED, number(law, REGRESSION_REPAIRED) + 1.0)
