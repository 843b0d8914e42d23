"""`Consolidation`, with its work spread evenly over the cycles."""

import math

from .access import matrix, number, set_number, vector, whole
from .algebra import factor_columns, substitute
from .compile import kernel
from .encode import product
from .layout import (
    CONSOLIDATION_BASIS,
    CONSOLIDATION_BEGUN,
    CONSOLIDATION_BUMP,
    CONSOLIDATION_CYCLE,
    CONSOLIDATION_EVERY,
    CONSOLIDATION_FACTOR,
    CONSOLIDATION_FILTERED,
    CONSOLIDATION_INFORMATION,
    CONSOLIDATION_JOB,
    CONSOLIDATION_KEEP_DONE,
    CONSOLIDATION_KEEP_NEXT,
    CONSOLIDATION_LACKING,
    CONSOLIDATION_LAST,
    CONSOLIDATION_MOMENT,
    CONSOLIDATION_NOISE,
    CONSOLIDATION_PERIOD,
    CONSOLIDATION_PHI,
    CONSOLIDATION_QUICK,
    CONSOLIDATION_SAMPLED,
    CONSOLIDATION_SHARE,
    CONSOLIDATION_SLOW,
    CONSOLIDATION_SOLUTION,
    CONSOLIDATION_SQUARE,
    CONSOLIDATION_SUPPLIED,
    CONSOLIDATION_SURPRISE,
    CONSOLIDATION_WEIGHTS,
    CONSOLIDATION_WEIGHTS_NEXT,
    CONSOLIDATION_Y_DONE,
    CONSOLIDATION_Y_NEXT,
    CONSOLIDATION_Z,
    CONSOLIDATION_Z_NEXT,
    FACTOR_COLUMNS,
    NO_JOB,
    WEIGHT_ROWS,
)
from .observe import low_pass


@kernel
def step_consolidation(law):
    """Run `Consolidation.step` on the fields "phi", "lacking", "square" and "weights"."""
    phi, supplied = vector(law, CONSOLIDATION_PHI), vector(law, CONSOLIDATION_SUPPLIED)
    product(matrix(law, CONSOLIDATION_WEIGHTS, len(phi)), phi, supplied)
    filter_features(law, number(law, CONSOLIDATION_BEGUN) > 0.0)
    set_number(law, CONSOLIDATION_BEGUN, 1.0)
    return consolidate(law)


@kernel
def filter_features(law, begun):
    """Filter phi to phi_f; ``begun``: whether the field "last" is from the last cycle."""
    filtered, last = vector(law, CONSOLIDATION_FILTERED), vector(law, CONSOLIDATION_LAST)
    phi, share = vector(law, CONSOLIDATION_PHI), number(law, CONSOLIDATION_SHARE)
    low_pass(filtered, last, phi, begun, share)


@kernel
def consolidate(law):
    """Run one cycle after `filter_features`; return whether there are new weights."""
    every, cycle = whole(law, CONSOLIDATION_EVERY), int(number(law, CONSOLIDATION_CYCLE))
    phase = cycle % every
    if phase == 0:
        take_sample(law)
    project_sample(law, phase, every)
    add_sample(law, phase, every)
    renewed = solve_further(law)
    if (cycle + 1) % whole(law, CONSOLIDATION_PERIOD) == 0:
        begin_solution(law)
    set_number(law, CONSOLIDATION_CYCLE, cycle + 1.0)
    return renewed


@kernel
def take_sample(law):
    """Start adding the projected sample, and start projecting the present one."""
    z, z_next = vector(law, CONSOLIDATION_Z), vector(law, CONSOLIDATION_Z_NEXT)
    for i in range(len(z)):
        z[i], z_next[i] = z_next[i], 0.0
    y_done, y_next = vector(law, CONSOLIDATION_Y_DONE), vector(law, CONSOLIDATION_Y_NEXT)
    y = vector(law, CONSOLIDATION_LACKING)
    for o in range(len(y)):
        y_done[o], y_next[o] = y_next[o], y[o]
    sampled, filtered = vector(law, CONSOLIDATION_SAMPLED), vector(law, CONSOLIDATION_FILTERED)
    for i in range(len(filtered)):
        sampled[i] = filtered[i]
    set_number(law, CONSOLIDATION_KEEP_DONE, number(law, CONSOLIDATION_KEEP_NEXT))
    keep = forgetting(
        number(law, CONSOLIDATION_SQUARE),
        number(law, CONSOLIDATION_SURPRISE),
        number(law, CONSOLIDATION_SLOW),
        number(law, CONSOLIDATION_QUICK),
    )
    set_number(law, CONSOLIDATION_KEEP_NEXT, keep)


@kernel
def forgetting(square, surprise, slow, quick):
    """Return lambda for a squared prediction error; ``slow`` and ``quick`` are rates."""
    u = min(square / (surprise * surprise), 1.0)
    return math.exp(-((1.0 - u) * slow + u * quick))


@kernel
def project_sample(law, phase, every):
    """Compute this cycle's share of z = B^T phi_f."""
    sampled, z_next = vector(law, CONSOLIDATION_SAMPLED), vector(law, CONSOLIDATION_Z_NEXT)
    B, features = matrix(law, CONSOLIDATION_BASIS, len(z_next)), len(sampled)
    for i in range(phase * features // every, (phase + 1) * features // every):
        value = sampled[i]
        if value != 0.0:
            for k in range(len(z_next)):
                z_next[k] += value * B[i, k]


@kernel
def add_sample(law, phase, every):
    """Compute this cycle's share of Lambda <- lambda Lambda + z z^T and b <- lambda b + z y^T."""
    z, y, keep = (
        vector(law, CONSOLIDATION_Z),
        vector(law, CONSOLIDATION_Y_DONE),
        number(law, CONSOLIDATION_KEEP_DONE),
    )
    p, n = len(z), len(y)
    information = matrix(law, CONSOLIDATION_INFORMATION, p)
    moment = matrix(law, CONSOLIDATION_MOMENT, n)
    for i in range(phase * p // every, (phase + 1) * p // every):
        for k in range(p):
            information[i, k] = keep * information[i, k] + z[i] * z[k]
        for o in range(n):
            moment[i, o] = keep * moment[i, o] + z[i] * y[o]


@kernel
def begin_solution(law):
    """Copy Lambda + noise^2 I and b; the next cycles solve for them."""
    p, n = len(vector(law, CONSOLIDATION_Z)), len(vector(law, CONSOLIDATION_Y_DONE))
    information = matrix(law, CONSOLIDATION_INFORMATION, p)
    moment = matrix(law, CONSOLIDATION_MOMENT, n)
    A, X = matrix(law, CONSOLIDATION_FACTOR, p), matrix(law, CONSOLIDATION_SOLUTION, p)
    noise = number(law, CONSOLIDATION_NOISE)
    for i in range(p):
        for k in range(p):
            A[i, k] = information[i, k]
        A[i, i] += noise * noise
        for o in range(n):
            X[o, i] = moment[i, o]
    set_number(law, CONSOLIDATION_JOB, 0.0)


@kernel
def solve_further(law):
    """Do the next job, if any: some columns of the factor, a row of the solution, or some weights.

    Returns whether it was the last one, so that the new weights have replaced the old ones.
    """
    bump, job = vector(law, CONSOLIDATION_BUMP), int(number(law, CONSOLIDATION_JOB))
    n, p = len(bump), len(vector(law, CONSOLIDATION_Z))
    for o in range(n):
        bump[o] = 0.0
    if job < 0:
        return False
    features = len(vector(law, CONSOLIDATION_PHI))
    factored = -(-p // FACTOR_COLUMNS)
    solved = factored + n
    A, X = matrix(law, CONSOLIDATION_FACTOR, p), matrix(law, CONSOLIDATION_SOLUTION, p)
    if job < factored:
        factor_columns(A, job * FACTOR_COLUMNS, (job + 1) * FACTOR_COLUMNS)
    elif job < solved:
        substitute(A, X[job - factored])
    else:
        compute_weights(law, X, (job - solved) * WEIGHT_ROWS)
    last = job + 1 == solved - (-features // WEIGHT_ROWS)
    if last:
        replace_weights(law)
    set_number(law, CONSOLIDATION_JOB, NO_JOB if last else job + 1.0)
    return last


@kernel
def compute_weights(law, X, start):
    """Compute new weights X B^T of the features from ``start`` on."""
    p = X.shape[1]
    B = matrix(law, CONSOLIDATION_BASIS, p)
    W_next = matrix(law, CONSOLIDATION_WEIGHTS_NEXT, len(B))
    for i in range(start, min(start + WEIGHT_ROWS, len(B))):
        for o in range(len(X)):
            total = 0.0
            for k in range(p):
                total += X[o, k] * B[i, k]
            W_next[o, i] = total


@kernel
def replace_weights(law):
    """Replace the old weights by the new ones; bump is the resulting decrease of F."""
    phi, bump = vector(law, CONSOLIDATION_PHI), vector(law, CONSOLIDATION_BUMP)
    W = matrix(law, CONSOLIDATION_WEIGHTS, len(phi))
    W_next = matrix(law, CONSOLIDATION_WEIGHTS_NEXT, len(phi))
    supplied = vector(law, CONSOLIDATION_SUPPLIED)
    product(W_next, phi, bump)
    for o in range(len(bump)):
        bump[o] = supplied[o] - bump[o]
        for i in range(len(phi)):
            W[o, i] = W_next[o, i]
