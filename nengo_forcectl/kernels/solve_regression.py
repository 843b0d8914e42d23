"""`StructuredLeastSquares`: its solution, one job after the other, some of them in every cycle.

Jobs of p weights and s delays: p columns of the factor of ``A = Lambda / r^2 + D^-1``, p rows of
its inverse, p rows of the covariance C; the weights of every delay; one step of the evidence; then
one weight after the other that is not physical is kept at the nearest value that is, until all are.
Stages are the factor, the inverse, the covariance and all the rest.
"""

import math

from .access import matrix, number, set_number, vector, whole, wholes
from .algebra import factor_columns
from .compile import kernel, part
from .find_delay import choose_delay, try_delay
from .keep_physical import keep_physical
from .layout import (
    NO_JOB,
    REGRESSION_BEFORE,
    REGRESSION_BOTH,
    REGRESSION_CHOSEN,
    REGRESSION_COVARIANCE,
    REGRESSION_DEVIATIONS,
    REGRESSION_FACTOR,
    REGRESSION_FITS,
    REGRESSION_FLOOR,
    REGRESSION_GROUP,
    REGRESSION_GROUP_KNOWN,
    REGRESSION_GROUP_SQUARE,
    REGRESSION_INFORMATION,
    REGRESSION_INVERSE,
    REGRESSION_JOB,
    REGRESSION_MOMENT,
    REGRESSION_NEXT,
    REGRESSION_NOISE,
    REGRESSION_PERIOD,
    REGRESSION_POSITIVE,
    REGRESSION_REPAIRED,
    REGRESSION_ROUNDS,
    REGRESSION_SAMPLES,
    REGRESSION_SINCE,
    REGRESSION_SPREAD,
    REGRESSION_SQUARE,
    REGRESSION_STAGES,
    REGRESSION_TARGET,
    REGRESSION_TARGET_BOTH,
    REGRESSION_TARGET_SAMPLES,
    REGRESSION_TARGET_SQUARE,
    REGRESSION_VARIANCE,
    REGRESSION_WEIGHTS,
)
from .regress import is_early

JOBS = 6  # of a cycle
SETTLE = 3.0  # solutions until the first weights
UNSURE = 60.0  # noise over the floor, if a solution has failed
DOUBT = 1e-4  # weight of a group's first variance, in numbers that are known


@part(1)
def solve_regression(law):
    """Begin a solution if it is due, do some jobs; return whether there are new weights.

    Soon after the start or a change one solution follows the other. The first two only settle the
    evidence.
    """
    since, early = int(number(law, REGRESSION_SINCE)), is_early(law)
    if number(law, REGRESSION_JOB) < 0.0 and (early or since % whole(law, REGRESSION_PERIOD) == 0):
        set_number(law, REGRESSION_JOB, 0.0)
    new = False
    for _ in range(whole(law, REGRESSION_STAGES) if early else 1):
        if early and number(law, REGRESSION_JOB) < 0.0:
            set_number(law, REGRESSION_JOB, 0.0)
        for _ in range(jobs_of_stage(law) if early else JOBS):
            if number(law, REGRESSION_JOB) >= 0.0 and do_job(law):
                rounds = number(law, REGRESSION_ROUNDS) + 1.0
                set_number(law, REGRESSION_ROUNDS, rounds)
                new = new or not early or rounds >= SETTLE
    return new


@kernel
def jobs_of_stage(law):
    """Return how many jobs end the current stage: factor, inverse, covariance or the rest."""
    job, p = int(number(law, REGRESSION_JOB)), len(vector(law, REGRESSION_NEXT))
    return p - job % p if job < 3 * p else 4 * p


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
        invert_row(factor, inverse, job - p)
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
    both, target_both = vector(law, REGRESSION_BOTH), vector(law, REGRESSION_TARGET_BOTH)
    for i in range(p):
        for k in range(p):
            A[i, k] = information[i, k] / noise
        A[i, i] += 1.0 / variance[i]
        for s in range(len(square)):
            target[i, s] = moment[i, s]
    for s in range(len(square)):
        target_square[s], target_both[s] = square[s], both[s]
    set_number(law, REGRESSION_TARGET_SAMPLES, number(law, REGRESSION_SAMPLES))


@kernel
def invert_row(L, X, i):
    """Compute row i of X = L^-1, lower triangular, from the rows before."""
    for j in range(len(L)):
        X[i, j] = 0.0
    for k in range(i):
        value = L[i, k]
        for j in range(k + 1):
            X[i, j] -= value * X[k, j]
    scale = 1.0 / L[i, i]
    for j in range(i):
        X[i, j] *= scale
    X[i, i] = scale


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
