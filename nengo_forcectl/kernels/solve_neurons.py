"""The neurons' part in a solution of `StructuredLeastSquares`.

With A and a the sums of the weights w, B and b of the neurons' decoders v, over R^2 and with their
priors, and X those of both::

    [A  X] [w]   [a]
    [X' B] [v] = [b]

B has one block for each joint. So the decoders are eliminated first, ``A - X B^-1 X'`` and
``a - X B^-1 b``, and follow from the weights at last. Jobs: the inverse factor L^-1 of each joint's
block, then for each weight its line of ``X L^-T`` and its row of the difference.
"""

import math

from arms.machine.numba_kernel import kernel

from .access import cube, matrix, number, set_number, vector, whole
from .add_sample import is_tool_silent
from .algebra import dot, factor_columns, invert_lower, multiply_upper, take_dots
from .joint_activity import per_joint
from .layout import regression_fields as at
from .layout.learner_fields import NO_JOB
from .regress import count_repaired, of_solution, solved_columns

ROUNDING = 1e-3  # of a pivot over 1 / variance
DOUBT = 1e-4  # weight of a group's first variance, in numbers that are known


@kernel
def tool_awake(law):
    """Whether the tool's neurons learn: not once silent, nor while those of joints are frozen."""
    frozen = number(whole(law, at.REGRESSION_NEURONS), at.JOINT_NEURONS_FROZEN) != 0.0
    late = number(law, at.REGRESSION_SINCE) > number(law, at.REGRESSION_WAKE)
    return late and not frozen and not is_tool_silent(law)


@kernel
def begin_neurons(law):
    """Copy the neurons' sums, if they are awake; else take out of the target what they explain."""
    neurons = whole(law, at.REGRESSION_NEURONS)
    awake = number(law, at.REGRESSION_SINCE) > number(neurons, at.JOINT_NEURONS_WAKE)
    awake = awake and number(neurons, at.JOINT_NEURONS_FROZEN) == 0.0
    set_number(neurons, at.JOINT_NEURONS_AWAKE, 1.0 if awake else 0.0)
    if not awake:
        take_out(law)
        return
    noise, m = number(law, at.REGRESSION_REPEATED), per_joint(neurons)
    cross, lines = vector(neurons, at.JOINT_NEURONS_CROSS), vector(neurons, at.JOINT_NEURONS_LINES)
    own, factor = (
        cube(neurons, at.JOINT_NEURONS_OWN, m, m),
        cube(neurons, at.JOINT_NEURONS_FACTOR, m, m),
    )
    variance, scale = vector(neurons, at.JOINT_NEURONS_VARIANCE), 1.0 / noise
    for k in range(solved_columns(law) * len(variance) * m):
        lines[k] = cross[k] * scale
    delays = len(vector(law, at.REGRESSION_TARGET_SQUARE))
    moment, solved = (
        cube(neurons, at.JOINT_NEURONS_MOMENT, m, delays),
        cube(neurons, at.JOINT_NEURONS_SOLVED, len(own), m),
    )
    for i in range(len(own)):
        for a in range(m):
            for s in range(delays):
                solved[s, i, a] = moment[i, a, s] * scale
            for b in range(a + 1):
                factor[i, a, b] = own[i, a, b] * scale
            factor[i, a, a] += 1.0 / variance[i]


@kernel
def take_out(law):
    """Take the torque of the present decoders out of the target: they stay as they are."""
    neurons = whole(law, at.REGRESSION_NEURONS)
    m, n = per_joint(neurons), len(vector(neurons, at.JOINT_NEURONS_SIZE))
    v, own = matrix(neurons, at.JOINT_NEURONS_WEIGHTS, m), cube(neurons, at.JOINT_NEURONS_OWN, m, m)
    square, both = vector(law, at.REGRESSION_TARGET_SQUARE), vector(law, at.REGRESSION_TARGET_BOTH)
    delays, cross = len(square), cube(neurons, at.JOINT_NEURONS_CROSS, n, m)
    target = matrix(law, at.REGRESSION_TARGET, delays)
    moment = cube(neurons, at.JOINT_NEURONS_MOMENT, m, delays)
    for i in range(n):
        for a in range(m):
            value = v[i, a]
            if value == 0.0:
                continue
            for k in range(len(target)):
                taken = value * cross[k, i, a]
                for s in range(delays):
                    target[k, s] -= taken
            taken = 0.0
            for b in range(m):
                taken += value * own[i, a, b] * v[i, b]
            for s in range(delays):
                square[s] += taken - 2.0 * value * moment[i, a, s]
                if s + 1 < delays:
                    both[s] += taken - value * (moment[i, a, s] + moment[i, a, s + 1])


@kernel
def jobs_of_neurons(law):
    """Return the number of jobs by which the decoders are eliminated."""
    neurons = whole(law, at.REGRESSION_NEURONS)
    if number(neurons, at.JOINT_NEURONS_AWAKE) == 0.0:
        return 0
    return len(vector(neurons, at.JOINT_NEURONS_SIZE)) + solved_columns(law)


@kernel
def eliminate_neurons(law, job):
    """Do one of these jobs."""
    n = len(vector(whole(law, at.REGRESSION_NEURONS), at.JOINT_NEURONS_SIZE))
    if job < n:
        factor_joint(law, job)
    else:
        reduce_row(law, job - n)


@kernel
def factor_joint(law, i):
    """Invert the factor of joint i's block; take what its neurons explain out of sums of y^2."""
    neurons, noise = whole(law, at.REGRESSION_NEURONS), number(law, at.REGRESSION_REPEATED)
    m, square = per_joint(neurons), vector(law, at.REGRESSION_TARGET_SQUARE)
    delays, both = len(square), vector(law, at.REGRESSION_TARGET_BOTH)
    L = cube(neurons, at.JOINT_NEURONS_FACTOR, m, m)[i]
    n, x = len(vector(neurons, at.JOINT_NEURONS_SIZE)), vector(neurons, at.JOINT_NEURONS_COLUMN)
    solved = cube(neurons, at.JOINT_NEURONS_SOLVED, n, m)
    factor_columns(L, 0, m)
    for a in range(m):
        if is_lost(L[a, a], vector(neurons, at.JOINT_NEURONS_VARIANCE)[i]):
            give_up(law)
            return
    invert_lower(L, x)
    for s in range(delays):
        multiply_upper_in_place(L, solved[s, i], x)
        square[s] -= noise * dot(solved[s, i], solved[s, i])
        if s > 0:
            both[s - 1] -= noise * dot(solved[s - 1, i], solved[s, i])
    count_known(neurons, L, i)


@kernel
def multiply_upper_in_place(U, x, space):
    """Compute x = U^T x for U upper triangular."""
    for a in range(len(x)):
        space[a] = x[a]
    multiply_upper(U, space, x)


@kernel
def is_lost(root, variance):
    """Whether a pivot's root shows that the sums are not positive: with them, no pivot is below
    1 / variance."""
    return not root * root * variance > 1.0 - ROUNDING  # nor is NaN


@kernel
def give_up(law):
    """End a solution whose sums are not positive, which pairs of samples can make.

    The weights stay. Samples are paired with themselves until as many have been taken again: what
    these add is positive.
    """
    set_number(law, at.REGRESSION_JOB, NO_JOB)
    set_number(law, at.REGRESSION_ALONE_UNTIL, 2.0 * number(law, at.REGRESSION_SINCE))
    count_repaired(law)


@kernel
def count_known(neurons, U, i):
    """Compute how many of joint i's decoders the data determine: m - tr(B^-1) / variance."""
    m, total = len(U), 0.0
    for a in range(m):
        for b in range(a, m):
            total += U[a, b] * U[a, b]
    known = m - total / vector(neurons, at.JOINT_NEURONS_VARIANCE)[i]
    vector(neurons, at.JOINT_NEURONS_KNOWN)[i] = max(known, 0.0)


@kernel
def reduce_row(law, k):
    """Compute weight k's line; reduce its row of A and its target."""
    neurons, noise = whole(law, at.REGRESSION_NEURONS), number(law, at.REGRESSION_REPEATED)
    m, n = per_joint(neurons), len(vector(neurons, at.JOINT_NEURONS_SIZE))
    delays = len(vector(law, at.REGRESSION_TARGET_SQUARE))
    lines, line = (
        cube(neurons, at.JOINT_NEURONS_LINES, n, m),
        matrix(neurons, at.JOINT_NEURONS_LINES, n * m),
    )
    factor, x = (
        cube(neurons, at.JOINT_NEURONS_FACTOR, m, m), vector(neurons, at.JOINT_NEURONS_COLUMN)
    )  # fmt: skip
    solved = matrix(neurons, at.JOINT_NEURONS_SOLVED, n * m)
    A, target = of_solution(law, at.REGRESSION_FACTOR), matrix(law, at.REGRESSION_TARGET, delays)
    for i in range(n):
        multiply_upper_in_place(factor[i], lines[k, i], x)
    take_dots(line[k], line, A[k, : k + 1])
    for s in range(delays):
        target[k, s] /= noise
    take_dots(line[k], solved, target[k])
    for s in range(delays):
        target[k, s] *= noise


@kernel
def publish_neurons(law):
    """Compute the decoders from the weights of the solution, and re-estimate their variances."""
    neurons = whole(law, at.REGRESSION_NEURONS)
    if number(neurons, at.JOINT_NEURONS_AWAKE) == 0.0:
        return
    m, n = per_joint(neurons), len(vector(neurons, at.JOINT_NEURONS_SIZE))
    w, chosen = vector(law, at.REGRESSION_NEXT), int(number(law, at.REGRESSION_CHOSEN))
    lines, factor = (
        cube(neurons, at.JOINT_NEURONS_LINES, n, m),
        cube(neurons, at.JOINT_NEURONS_FACTOR, m, m),
    )
    solved = cube(neurons, at.JOINT_NEURONS_SOLVED, n, m)
    weights, v = (
        matrix(neurons, at.JOINT_NEURONS_WEIGHTS, m),
        vector(neurons, at.JOINT_NEURONS_COLUMN),
    )
    variance, known = (
        vector(neurons, at.JOINT_NEURONS_VARIANCE),
        vector(neurons, at.JOINT_NEURONS_KNOWN),
    )
    for i in range(n):
        for a in range(m):
            v[a] = solved[chosen, i, a]
        for k in range(solved_columns(law)):
            for a in range(m):
                v[a] -= w[k] * lines[k, i, a]
        square = 0.0
        for a in range(m):
            v[a] = dot(factor[i, a, a:], v[a:])
            square += v[a] * v[a]
        good = math.isfinite(square)
        for a in range(m):
            weights[i, a] = v[a] if good else 0.0
        variance[i] = min((square + DOUBT) / (known[i] + DOUBT), 1.0) if good else 1.0


@kernel
def known_of_neurons(law):
    """Return how many decoders of this solution the data determine."""
    neurons, total = whole(law, at.REGRESSION_NEURONS), 0.0
    if number(neurons, at.JOINT_NEURONS_AWAKE) > 0.0:
        known = vector(neurons, at.JOINT_NEURONS_KNOWN)
        for i in range(len(known)):
            total += known[i]
    return total
