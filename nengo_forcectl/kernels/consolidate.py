"""`Consolidation`, compiled: a little in every cycle."""

import math

from ..estimation.observer import FADED
from ..learning.consolidation import COLUMNS, ROWS
from .algebra import factor_columns, substitute
from .compile import kernel


@kernel
def low_pass(filtered, last, value, begun, share):
    """filtered follows value, taken as the mean of its last two samples."""
    if begun:
        for i in range(len(value)):
            now = filtered[i] + share * (0.5 * (last[i] + value[i]) - filtered[i])
            filtered[i] = 0.0 if abs(now) < FADED else now
    for i in range(len(value)):
        last[i] = value[i]


@kernel
def consolidate(
    W, phi, y, square, cycle, job, every, period, B, noise, surprise, slow, quick,
    sampled, z_next, z, y_next, y_done, keep, information, moment, A, X, W_next, filtered, bump,
):  # fmt: skip
    """One cycle of the law on W; returns the next job.

    Args:
        square: |e|^2 of the prediction error [(N m)^2].
        cycle: since the start.
        job: of those that make new weights; -1 while there is none.
        slow, quick: seconds of a sample over ``memory`` and over ``reset``.
        keep: lambda of the sample that is being projected and of the one that is being added.
        X: (n, p), the solution before it is turned into weights.
    """
    features, p = B.shape
    n = len(W)
    phase = cycle % every
    if phase == 0:
        for i in range(p):
            z[i], z_next[i] = z_next[i], 0.0
        for o in range(n):
            y_done[o], y_next[o] = y_next[o], y[o]
        for i in range(features):
            sampled[i] = filtered[i]
        u = min(square / (surprise * surprise), 1.0)
        keep[1] = keep[0]
        keep[0] = math.exp(-((1.0 - u) * slow + u * quick))
    for i in range(phase * features // every, (phase + 1) * features // every):
        value = sampled[i]
        if value != 0.0:
            for k in range(p):
                z_next[k] += value * B[i, k]
    for i in range(phase * p // every, (phase + 1) * p // every):
        for k in range(p):
            information[i, k] = keep[1] * information[i, k] + z[i] * z[k]
        for o in range(n):
            moment[i, o] = keep[1] * moment[i, o] + z[i] * y_done[o]

    for o in range(n):
        bump[o] = 0.0
    factoring = -(-p // COLUMNS)
    if job >= 0:
        if job < factoring:
            factor_columns(A, job * COLUMNS, (job + 1) * COLUMNS)
        elif job < factoring + n:
            substitute(A, X[job - factoring])
        else:
            start = (job - factoring - n) * ROWS
            for i in range(start, min(start + ROWS, features)):
                for o in range(n):
                    total = 0.0
                    for k in range(p):
                        total += X[o, k] * B[i, k]
                    W_next[o, i] = total
        job += 1
        if job == factoring + n + -(-features // ROWS):
            for o in range(n):
                total = 0.0
                for i in range(features):
                    total += (W[o, i] - W_next[o, i]) * phi[i]
                    W[o, i] = W_next[o, i]
                bump[o] = total
            job = -1
    if (cycle + 1) % period == 0:
        for i in range(p):
            for k in range(p):
                A[i, k] = information[i, k]
            A[i, i] += noise * noise
            for o in range(n):
                X[o, i] = moment[i, o]
        job = 0
    return job
