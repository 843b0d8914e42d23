"""`Consolidation`, with its work spread evenly over the cycles."""

import math

from arms.machine.memory import numbers_at
from arms.machine.numba_kernel import kernel, part

from .access import matrix, number, set_number, vector, whole
from .algebra import factor_columns, substitute
from .encode import product
from .layout import learner_fields as at
from .observe import low_pass

SQUARE, SURPRISE, SLOW, QUICK = range(4)  # places of the arguments of `forgetting`


@part(1)
def step_consolidation(law):
    """Run `Consolidation.step` on the fields "phi", "lacking", "square" and "weights"."""
    phi, supplied = vector(law, at.CONSOLIDATION_PHI), vector(law, at.CONSOLIDATION_SUPPLIED)
    product(matrix(law, at.CONSOLIDATION_WEIGHTS, len(phi)), phi, supplied)
    filter_features(law, number(law, at.CONSOLIDATION_BEGUN) > 0.0)
    set_number(law, at.CONSOLIDATION_BEGUN, 1.0)
    return consolidate(law)


@kernel
def filter_features(law, begun):
    """Filter phi to phi_f; ``begun``: whether the field "last" is from the last cycle."""
    filtered, last = vector(law, at.CONSOLIDATION_FILTERED), vector(law, at.CONSOLIDATION_LAST)
    phi, share = vector(law, at.CONSOLIDATION_PHI), number(law, at.CONSOLIDATION_SHARE)
    low_pass(filtered, last, phi, begun, share)


@kernel
def consolidate(law):
    """Run one cycle after `filter_features`; return whether there are new weights."""
    every, cycle = whole(law, at.CONSOLIDATION_EVERY), int(number(law, at.CONSOLIDATION_CYCLE))
    phase = cycle % every
    if phase == 0:
        take_sample(law)
    project_sample(law, phase, every)
    add_sample(law, phase, every)
    renewed = solve_further(law)
    if (cycle + 1) % whole(law, at.CONSOLIDATION_PERIOD) == 0:
        begin_solution(law)
    set_number(law, at.CONSOLIDATION_CYCLE, cycle + 1.0)
    return renewed


@kernel
def take_sample(law):
    """Start adding the projected sample, and start projecting the present one."""
    z, z_next = vector(law, at.CONSOLIDATION_Z), vector(law, at.CONSOLIDATION_Z_NEXT)
    for i in range(len(z)):
        z[i], z_next[i] = z_next[i], 0.0
    y_done, y_next = vector(law, at.CONSOLIDATION_Y_DONE), vector(law, at.CONSOLIDATION_Y_NEXT)
    y = vector(law, at.CONSOLIDATION_LACKING)
    for o in range(len(y)):
        y_done[o], y_next[o] = y_next[o], y[o]
    sampled, filtered = (
        vector(law, at.CONSOLIDATION_SAMPLED),
        vector(law, at.CONSOLIDATION_FILTERED),
    )
    for i in range(len(filtered)):
        sampled[i] = filtered[i]
    set_number(law, at.CONSOLIDATION_KEEP_DONE, number(law, at.CONSOLIDATION_KEEP_NEXT))
    keep = forgetting(
        number(law, at.CONSOLIDATION_SQUARE),
        number(law, at.CONSOLIDATION_SURPRISE),
        number(law, at.CONSOLIDATION_SLOW),
        number(law, at.CONSOLIDATION_QUICK),
    )
    set_number(law, at.CONSOLIDATION_KEEP_NEXT, keep)


@kernel
def forgetting(square, surprise, slow, quick):
    """Return lambda for a squared prediction error; ``slow`` and ``quick`` are rates."""
    u = min(square / (surprise * surprise), 1.0)
    return math.exp(-((1.0 - u) * slow + u * quick))


@part(1)
def replace_square(numbers):
    """Replace the first of the arguments of `forgetting`, four at an address, by lambda."""
    given = numbers_at(numbers, QUICK + 1)
    given[SQUARE] = forgetting(given[SQUARE], given[SURPRISE], given[SLOW], given[QUICK])


@kernel
def project_sample(law, phase, every):
    """Compute this cycle's share of z = B^T phi_f."""
    sampled, z_next = vector(law, at.CONSOLIDATION_SAMPLED), vector(law, at.CONSOLIDATION_Z_NEXT)
    B, features = matrix(law, at.CONSOLIDATION_BASIS, len(z_next)), len(sampled)
    for i in range(phase * features // every, (phase + 1) * features // every):
        value = sampled[i]
        if value != 0.0:
            for k in range(len(z_next)):
                z_next[k] += value * B[i, k]


@kernel
def add_sample(law, phase, every):
    """Compute this cycle's share of Lambda <- lambda Lambda + z z^T and b <- lambda b + z y^T."""
    z, y, keep = (
        vector(law, at.CONSOLIDATION_Z),
        vector(law, at.CONSOLIDATION_Y_DONE),
        number(law, at.CONSOLIDATION_KEEP_DONE),
    )
    p, n = len(z), len(y)
    information = matrix(law, at.CONSOLIDATION_INFORMATION, p)
    moment = matrix(law, at.CONSOLIDATION_MOMENT, n)
    for i in range(phase * p // every, (phase + 1) * p // every):
        for k in range(p):
            information[i, k] = keep * information[i, k] + z[i] * z[k]
        for o in range(n):
            moment[i, o] = keep * moment[i, o] + z[i] * y[o]


@kernel
def begin_solution(law):
    """Copy Lambda + noise^2 I and b; the next cycles solve for them."""
    p, n = len(vector(law, at.CONSOLIDATION_Z)), len(vector(law, at.CONSOLIDATION_Y_DONE))
    information = matrix(law, at.CONSOLIDATION_INFORMATION, p)
    moment = matrix(law, at.CONSOLIDATION_MOMENT, n)
    A, X = matrix(law, at.CONSOLIDATION_FACTOR, p), matrix(law, at.CONSOLIDATION_SOLUTION, p)
    noise = number(law, at.CONSOLIDATION_NOISE)
    for i in range(p):
        for k in range(p):
            A[i, k] = information[i, k]
        A[i, i] += noise * noise
        for o in range(n):
            X[o, i] = moment[i, o]
    set_number(law, at.CONSOLIDATION_JOB, 0.0)


@kernel
def solve_further(law):
    """Do the next job, if any: some columns of the factor, a row of the solution, or some weights.

    Returns whether it was the last one, so that the new weights have replaced the old ones.
    """
    bump, job = vector(law, at.CONSOLIDATION_BUMP), int(number(law, at.CONSOLIDATION_JOB))
    n, p = len(bump), len(vector(law, at.CONSOLIDATION_Z))
    for o in range(n):
        bump[o] = 0.0
    if job < 0:
        return False
    features = len(vector(law, at.CONSOLIDATION_PHI))
    factored = -(-p // at.FACTOR_COLUMNS)
    solved = factored + n
    A, X = matrix(law, at.CONSOLIDATION_FACTOR, p), matrix(law, at.CONSOLIDATION_SOLUTION, p)
    if job < factored:
        factor_columns(A, job * at.FACTOR_COLUMNS, (job + 1) * at.FACTOR_COLUMNS)
    elif job < solved:
        substitute(A, X[job - factored])
    else:
        compute_weights(law, X, (job - solved) * at.WEIGHT_ROWS)
    last = job + 1 == solved - (-features // at.WEIGHT_ROWS)
    if last:
        replace_weights(law)
    set_number(law, at.CONSOLIDATION_JOB, at.NO_JOB if last else job + 1.0)
    return last


@kernel
def compute_weights(law, X, start):
    """Compute new weights X B^T of the features from ``start`` on."""
    p = X.shape[1]
    B = matrix(law, at.CONSOLIDATION_BASIS, p)
    W_next = matrix(law, at.CONSOLIDATION_WEIGHTS_NEXT, len(B))
    for i in range(start, min(start + at.WEIGHT_ROWS, len(B))):
        for o in range(len(X)):
            total = 0.0
            for k in range(p):
                total += X[o, k] * B[i, k]
            W_next[o, i] = total


@kernel
def replace_weights(law):
    """Replace the old weights by the new ones; bump is the resulting decrease of F."""
    phi, bump = vector(law, at.CONSOLIDATION_PHI), vector(law, at.CONSOLIDATION_BUMP)
    W = matrix(law, at.CONSOLIDATION_WEIGHTS, len(phi))
    W_next = matrix(law, at.CONSOLIDATION_WEIGHTS_NEXT, len(phi))
    supplied = vector(law, at.CONSOLIDATION_SUPPLIED)
    product(W_next, phi, bump)
    for o in range(len(bump)):
        bump[o] = supplied[o] - bump[o]
        for i in range(len(phi)):
            W[o, i] = W_next[o, i]
