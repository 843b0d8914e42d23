"""`StructuredLeastSquares`: its solution, one job after the other, some of them in every cycle.

Jobs of p weights, those of the tool's neurons only if these are awake, and s delays: first those of
`solve_neurons`, if the joints' neurons are awake; p columns of the factor of
``A = Lambda / r^2 + D^-1``, p rows of its inverse, p rows of the covariance C; the weights of every
delay; one step of the evidence; then one weight after the other that is not physical is kept at the
nearest value that is, until all are. Stages of a solution without neurons are the factor, the
inverse, the covariance and all the rest.
"""

import math

from arms.machine.numba_kernel import kernel, part

from .access import cube, matrix, number, set_number, vector, whole, wholes
from .add_sample import SILENT, end_sample, is_tool_silent
from .algebra import factor_columns
from .find_delay import choose_delay, try_delay
from .keep_physical import keep_physical
from .layout import regression_fields as at
from .layout.body_fields import MASS, MOMENT, PARAMETERS
from .layout.learner_fields import NO_JOB
from .regress import count_repaired, is_announced, is_early, of_solution, solved_columns
from .solve_neurons import (
    DOUBT,
    begin_neurons,
    eliminate_neurons,
    give_up,
    is_lost,
    jobs_of_neurons,
    known_of_neurons,
    publish_neurons,
    tool_awake,
)

EQUAL = 3  # of them take as long as one of the neurons' jobs, or one after the covariance
FAINT = 4e-3  # variance of the tool's neurons that is not believed, and is taken off
SLIGHT = 1e-3  # the same of the links' changes, and their least variance
SETTLE = 3.0  # solutions until the first weights
OPEN = 0.4  # least variance of the payload soon after an announced change
KNOWN = 0.7  # share of its mass and first moment that the data must determine then


@part(1)
def solve_regression(law):
    """Begin a solution if it is due, do some jobs; return whether there are new weights.

    Soon after the start or a change one solution follows the other. The first two only settle the
    evidence. Later ones begin half-way between two samples: both take time. If the change was
    announced they still follow each other for some seconds, though slowly.
    """
    cycle, early = int(number(law, at.REGRESSION_CYCLE)), is_early(law)
    every = whole(law, at.REGRESSION_EVERY)
    due = cycle % (every if is_announced(law) else whole(law, at.REGRESSION_PERIOD)) == every // 2
    if number(law, at.REGRESSION_JOB) < 0.0 and (early or due):
        set_number(law, at.REGRESSION_JOB, 0.0)
    new = False
    for _ in range(whole(law, at.REGRESSION_STAGES) if early else 1):
        if early and number(law, at.REGRESSION_JOB) < 0.0:
            set_number(law, at.REGRESSION_JOB, 0.0)
        for _ in range(jobs_of_cycle(law, early)):
            if number(law, at.REGRESSION_JOB) >= 0.0 and do_job(law):
                rounds = number(law, at.REGRESSION_ROUNDS) + 1.0
                set_number(law, at.REGRESSION_ROUNDS, rounds)
                new = new or not early or rounds >= SETTLE
    return new


@kernel
def jobs_of_cycle(law, early):
    """Return how many jobs this cycle does; early they end the current stage.

    Stages are factor, inverse, covariance and the rest.
    """
    if not early:
        done = number(law, at.REGRESSION_JOB) - jobs_of_neurons(law)
        long = done < 0 or done >= 3 * solved_columns(law)
        jobs = whole(law, at.REGRESSION_JOBS)
        return jobs // EQUAL if long else jobs
    job, p = int(number(law, at.REGRESSION_JOB)), solved_columns(law)
    return p - job % p if job < 3 * p else 4 * p


@part(1)
def do_job(law):
    """Do the next job; return whether it was the last one, so that the weights are new."""
    job = int(number(law, at.REGRESSION_JOB))
    set_number(law, at.REGRESSION_JOB, job + 1.0)
    if job == 0:
        begin_solution(law)
    p, delays = solved_columns(law), len(vector(law, at.REGRESSION_FITS))
    factor, inverse = (
        of_solution(law, at.REGRESSION_FACTOR),
        of_solution(law, at.REGRESSION_INVERSE),
    )
    first = jobs_of_neurons(law)
    if job < first:
        eliminate_neurons(law, job)
        return False
    job -= first
    if job < p:
        factor_columns(factor, job, job + 1)
        if is_lost(factor[job, job], vector(law, at.REGRESSION_VARIANCE)[job]):
            give_up(law)
    elif job < 2 * p:
        invert_row(factor, inverse, job - p)
    elif job < 3 * p:
        covariance_row(inverse, of_solution(law, at.REGRESSION_COVARIANCE), job - 2 * p)
    elif job < 3 * p + delays:
        try_delay(law, job - 3 * p)
    elif job == 3 * p + delays:
        choose_delay(law)
        weigh_evidence(law)
    elif not keep_physical(law):
        publish_neurons(law)
        publish(law)
        set_number(law, at.REGRESSION_JOB, NO_JOB)
        return True
    return False


@part(1)
def begin_solution(law):
    """Copy A, b, the sum of y^2 and its count: they go on while the solution is computed.

    Unless the tool's neurons are awake, the torque of their decoders is taken out of b and y^2.
    """
    end_sample(law)
    p, noise = len(vector(law, at.REGRESSION_NEXT)), number(law, at.REGRESSION_REPEATED)
    set_number(law, at.REGRESSION_SOLVED, p if tool_awake(law) else whole(law, at.REGRESSION_CORE))
    information, A = (
        matrix(law, at.REGRESSION_INFORMATION, p),
        of_solution(law, at.REGRESSION_FACTOR),
    )
    variance, square = vector(law, at.REGRESSION_VARIANCE), vector(law, at.REGRESSION_SQUARE)
    moment = matrix(law, at.REGRESSION_MOMENT, len(square))
    target = matrix(law, at.REGRESSION_TARGET, len(square))
    target_square = vector(law, at.REGRESSION_TARGET_SQUARE)
    both, target_both = vector(law, at.REGRESSION_BOTH), vector(law, at.REGRESSION_TARGET_BOTH)
    scale = 1.0 / noise
    for i in range(len(A)):
        for k in range(i + 1):
            A[i, k] = scale * information[i, k]
        A[i, i] += 1.0 / variance[i]
    for i in range(p):
        for s in range(len(square)):
            target[i, s] = moment[i, s]
    for s in range(len(square)):
        target_square[s], target_both[s] = square[s], both[s]
    set_number(law, at.REGRESSION_TARGET_SAMPLES, number(law, at.REGRESSION_SAMPLES))
    begin_neurons(law)
    take_out_tool(law)


@kernel
def take_out_tool(law):
    """Take the torque of the tool's neurons out of the target, unless they are solved for.

    The joints' neurons, which wake later, are out of it already.
    """
    w, delays = vector(law, at.REGRESSION_WEIGHTS), len(vector(law, at.REGRESSION_TARGET_SQUARE))
    information = matrix(law, at.REGRESSION_INFORMATION, len(w))
    target = matrix(law, at.REGRESSION_TARGET, delays)
    square, both = vector(law, at.REGRESSION_TARGET_SQUARE), vector(law, at.REGRESSION_TARGET_BOTH)
    first = solved_columns(law)
    if is_tool_silent(law):
        return
    for c in range(first, len(w)):
        if w[c] == 0.0:
            continue
        own = 0.0
        for d in range(first, len(w)):
            own += information[max(c, d), min(c, d)] * w[d]
        for s in range(delays):
            square[s] += w[c] * (own - 2.0 * target[c, s])
            if s + 1 < delays:
                both[s] += w[c] * (own - target[c, s] - target[c, s + 1])
        for i in range(first):
            taken = information[c, i] * w[c]
            for s in range(delays):
                target[i, s] -= taken


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
    """Re-estimate each group's variance and both noises; store the weights' deviations.

    Changes of links and forces that vary with the place are many numbers, which explain a little of
    any misfit. So SLIGHT and FAINT are taken off their variances. Links keep SLIGHT, from which
    they grow if they explain much; the tool's neurons stay silent.

    Soon after a change that was announced, and that nothing has shown, little is known of the
    payload, and of its parts not all at once. So its variance is at least OPEN: parts that are
    known first do not hold the others back. All weights stay as they were until its mass and first
    moment are known: else they take its part, or each other's.
    """
    p, core = solved_columns(law), whole(law, at.REGRESSION_CORE)
    w, variance = vector(law, at.REGRESSION_NEXT), vector(law, at.REGRESSION_VARIANCE)
    C, group = of_solution(law, at.REGRESSION_COVARIANCE), wholes(law, at.REGRESSION_GROUP)
    most = vector(law, at.REGRESSION_MOST)
    square, known = vector(law, at.REGRESSION_GROUP_SQUARE), vector(law, at.REGRESSION_GROUP_KNOWN)
    for g in range(len(square)):
        square[g], known[g] = 0.0, 0.0
    total = known_of_neurons(law)
    for i in range(p):
        sure = max(1.0 - C[i, i] / variance[i], 0.0)
        square[group[i]] += w[i] * w[i]
        known[group[i]] += sure
        total += sure
    keep_deviations(law)
    first = core - links_of(law)
    new = is_announced(law)
    waits = 0.0
    for i in range(MASS, MOMENT + 3):
        if new and C[i, i] > (1.0 - KNOWN) * variance[i]:
            waits = 1.0
    set_number(law, at.REGRESSION_WAITS, waits)
    for i in range(p):
        found = (square[group[i]] + DOUBT) / (known[group[i]] + DOUBT)
        if i >= core:
            found = max(square[group[i]] / (known[group[i]] + DOUBT) - FAINT, SILENT)
        elif i >= first:
            found = max(found - SLIGHT, SLIGHT)
        elif i < PARAMETERS and new:
            found = max(found, OPEN)
        variance[i] = min(found, most[i])
    weigh_misfit(law, total)


@kernel
def links_of(law):
    """Return how many parameters of links are learned."""
    n = len(vector(law, at.REGRESSION_Y))
    return len(cube(law, at.REGRESSION_CHANGES, n, n))


@kernel
def keep_deviations(law):
    """Store the deviations that the weights would have if no error repeated: gains follow them."""
    C, variance = of_solution(law, at.REGRESSION_COVARIANCE), vector(law, at.REGRESSION_VARIANCE)
    deviations = vector(law, at.REGRESSION_DEVIATIONS)
    repeats = number(law, at.REGRESSION_REPEATED) / number(law, at.REGRESSION_NOISE)
    for i in range(len(C)):
        seen = max(1.0 / C[i, i] - 1.0 / variance[i], 0.0)
        deviations[i] = 1.0 / math.sqrt(repeats * seen + 1.0 / variance[i])


@kernel
def weigh_misfit(law, known):
    """Re-estimate r^2, and R^2 of errors that repeat; ``known`` weights are determined."""
    samples = number(law, at.REGRESSION_TARGET_SAMPLES)
    counted, spread = max(samples - known, 10.0), number(law, at.REGRESSION_SPREAD)
    residual = vector(law, at.REGRESSION_FITS)[int(number(law, at.REGRESSION_CHOSEN))] / counted
    white, floor = number(law, at.REGRESSION_WHITE), number(law, at.REGRESSION_FLOOR)
    lasts, unchanged = max(residual - white, 0.0), samples - number(law, at.REGRESSION_CHANGED_AT)
    again = max(unchanged, 0.0) / number(law, at.REGRESSION_DISTINCT)
    set_number(law, at.REGRESSION_NOISE, max(spread * residual, floor * floor))
    repeated = spread * (residual + again * lasts)
    set_number(law, at.REGRESSION_REPEATED, max(repeated, floor * floor))


@kernel
def publish(law):
    """Replace the weights, unless one is not finite."""
    w, weights = vector(law, at.REGRESSION_NEXT), vector(law, at.REGRESSION_WEIGHTS)
    before = vector(law, at.REGRESSION_BEFORE)
    positive = wholes(law, at.REGRESSION_POSITIVE)
    finite = True
    for i in range(len(w)):
        before[i] = weights[i]
        finite = finite and math.isfinite(w[i])
    if not finite:
        count_repaired(law)
        return
    for i in range(len(w)):
        weights[i] = max(w[i], 0.0) if positive[i] != 0 else w[i]
