"""`StructuredLeastSquares`: the delay whose torques leave the least misfit."""

from arms.machine.numba_kernel import kernel

from .access import matrix, number, set_number, vector, wholes
from .add_sample import is_tool_silent
from .layout import regression_fields as at
from .regress import of_solution, solved_columns


@kernel
def try_delay(law, s):
    """Compute the weights and the misfit, sum of (y - Phi w)^2, for a delay of s cycles."""
    p, delays = solved_columns(law), len(vector(law, at.REGRESSION_FITS))
    C, w = of_solution(law, at.REGRESSION_COVARIANCE), trials_of(law)[s]
    variance, noise = vector(law, at.REGRESSION_VARIANCE), number(law, at.REGRESSION_REPEATED)
    target, b, misfit = (
        matrix(law, at.REGRESSION_TARGET, delays),
        vector(law, at.REGRESSION_NEXT),
        0.0,
    )
    for i in range(p):
        b[i] = target[i, s]
    for i in range(p):
        total = 0.0
        for k in range(p):
            total += C[i, k] * b[k]
        w[i] = total / noise
        misfit -= w[i] * (b[i] + noise * w[i] / variance[i])  # Lambda w = b - r^2 D^-1 w
    misfit += vector(law, at.REGRESSION_TARGET_SQUARE)[s]
    white = number(law, at.REGRESSION_WHITE) * number(law, at.REGRESSION_TARGET_SAMPLES)
    vector(law, at.REGRESSION_FITS)[s] = max(misfit, 0.0) + white


@kernel
def choose_delay(law):
    """Choose the delay with the least misfit, if it is much better than none; begin its weights."""
    fits, w = vector(law, at.REGRESSION_FITS), vector(law, at.REGRESSION_NEXT)
    best = at.UNDELAYED
    for s in range(1, len(fits)):
        if fits[s] < fits[best]:
            best = s
    if fits[best] > number(law, at.REGRESSION_DELAYED) * fits[at.UNDELAYED]:
        best = at.UNDELAYED
    set_number(law, at.REGRESSION_CHOSEN, best)
    set_number(law, at.REGRESSION_DELAY, interpolate_delay(law, best) if best > 0 else 0.0)
    trial, fixed = trials_of(law)[best], wholes(law, at.REGRESSION_FIXED)
    weights, solved_for = vector(law, at.REGRESSION_WEIGHTS), solved_columns(law)
    silent = is_tool_silent(law)
    for i in range(len(w)):
        asleep = i >= solved_for
        kept = 0.0 if silent else weights[i]
        w[i], fixed[i] = kept if asleep else trial[i], 1 if asleep else 0


@kernel
def trials_of(law):
    """Return the weights of every delay, (s, p)."""
    return matrix(law, at.REGRESSION_TRIALS, len(vector(law, at.REGRESSION_NEXT)))


@kernel
def interpolate_delay(law, best):
    """Return the delay in cycles, fractions included.

    A torque that is late by s + f cycles has the mean ``(1 - f) u_s + f u_(s+1)`` over a cycle. So
    the misfit's vector is on the line between those of both delays, r_s and r_(s+1), and least at
    ``f = r_s^T (r_s - r_(s+1)) / |r_s - r_(s+1)|^2``.
    """
    fits = vector(law, at.REGRESSION_FITS)
    delay, gained = float(best), 0.0
    for side in (-1, 1):
        s = best + side
        if s < len(fits):
            common = common_misfit(law, min(s, best))
            away, square = fits[best] - common, fits[best] + fits[s] - 2.0 * common
            if away > 0.0 and away * away > gained * square:
                delay, gained = best + side * away / square, away * away / square
    return delay


@kernel
def common_misfit(law, s):
    """Compute the sum of the product of both misfits, for delays of s and s + 1 cycles."""
    trials, delays = trials_of(law), len(vector(law, at.REGRESSION_FITS))
    target = matrix(law, at.REGRESSION_TARGET, delays)
    variance, noise = vector(law, at.REGRESSION_VARIANCE), number(law, at.REGRESSION_REPEATED)
    total = number(law, at.REGRESSION_WHITE) * number(law, at.REGRESSION_TARGET_SAMPLES)
    total += vector(law, at.REGRESSION_TARGET_BOTH)[s]
    for i in range(solved_columns(law)):
        total -= trials[s + 1, i] * (target[i, s] + noise * trials[s, i] / variance[i])
    return total
