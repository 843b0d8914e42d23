"""`StructuredLeastSquares`: the regression's columns, its sums, and how it forgets a load."""

from arms.machine.numba_kernel import kernel

from .access import cube, matrix, number, set_number, vector, whole
from .joint_activity import (
    add_activities,
    explained_by_neurons,
    filter_activities,
    part_from_neurons,
)
from .layout import regression_fields as at
from .layout.body_fields import PARAMETERS
from .layout.estimation_fields import LATEST
from .layout.learner_fields import NO_JOB

QUICK = 100  # cycles after a change in which samples are taken more often
EVERY = 3  # cycles of a sample then
WINDOW = 50.0  # samples over which the noise is a mean
NOISY = 0.5  # share of white noise in the misfit from which samples are paired
FIRST, LAST = 4, 160  # cycles after a change between which one solution follows the other


@kernel
def filter_columns(law):
    """Filter the cycle's columns and y, and what each delay would add to y."""
    raw, y, n = columns_of(law), vector(law, at.REGRESSION_Y), len(vector(law, at.REGRESSION_Y))
    p, share = len(vector(law, at.REGRESSION_VARIANCE)), number(law, at.REGRESSION_SHARE)
    phi, lacking = matrix(law, at.REGRESSION_PHI, p), vector(law, at.REGRESSION_LACKING)
    queue = matrix(law, at.REGRESSION_QUEUE, n)
    late = matrix(law, at.REGRESSION_LATE, len(queue))
    for i in range(n):
        lacking[i] += share * (y[i] - lacking[i])
        for k in range(p):
            phi[i, k] += share * (raw[i, k] - phi[i, k])
        for s in range(len(queue)):
            late[i, s] += share * (queue[s, i] - queue[LATEST, i] - late[i, s])
    filter_activities(law, share)


@kernel
def columns_of(law):
    """Return Phi of the cycle, times the sizes, (n, p)."""
    return matrix(law, at.REGRESSION_RAW, len(vector(law, at.REGRESSION_VARIANCE)))


@kernel
def queue_torque(law, sent):
    """Put the torque of the last cycle (n,) first in the queue."""
    queue = matrix(law, at.REGRESSION_QUEUE, len(sent))
    for s in range(len(queue) - 1, 0, -1):
        for i in range(len(sent)):
            queue[s, i] = queue[s - 1, i]
    for i in range(len(sent)):
        queue[LATEST, i] = sent[i]
    set_number(law, at.REGRESSION_FILLED, min(number(law, at.REGRESSION_FILLED) + 1.0, len(queue)))


@kernel
def is_filled(law):
    """Whether the queue holds the torques of all delays."""
    return number(law, at.REGRESSION_FILLED) >= len(vector(law, at.REGRESSION_SQUARE))


@kernel
def is_early(law):
    """Whether the start or a change is some cycles ago, and not yet many."""
    since = number(law, at.REGRESSION_SINCE)
    return since >= FIRST and since <= LAST


@kernel
def take_samples(law):
    """Add a sample to the sums if it is time to; count the cycle."""
    cycle, since = int(number(law, at.REGRESSION_CYCLE)) + 1, number(law, at.REGRESSION_SINCE) + 1.0
    set_number(law, at.REGRESSION_CYCLE, cycle)
    set_number(law, at.REGRESSION_SINCE, since)
    if cycle % whole(law, at.REGRESSION_EVERY) == 0 or (since < QUICK and cycle % EVERY == 0):
        add_to_sums(law)


@kernel
def add_to_sums(law):
    """Add a sample to Lambda, b, the sum of y^2, and the neurons' sums, for every delay.

    It is paired with the one before, or with itself (see `is_alone`).
    """
    y = vector(law, at.REGRESSION_LACKING)
    n, p = len(y), len(vector(law, at.REGRESSION_VARIANCE))
    square, both = vector(law, at.REGRESSION_SQUARE), vector(law, at.REGRESSION_BOTH)
    phi, late = matrix(law, at.REGRESSION_PHI, p), matrix(law, at.REGRESSION_LATE, len(square))
    follow_noise(law)
    if is_alone(law):
        keep_sample(law)
    last, y_last = (
        matrix(law, at.REGRESSION_PHI_LAST, p),
        matrix(law, at.REGRESSION_Y_LAST, len(square)),
    )
    information = matrix(law, at.REGRESSION_INFORMATION, p)
    moment = matrix(law, at.REGRESSION_MOMENT, len(square))
    precision = vector(law, at.REGRESSION_PRECISION)
    for i in range(p):  # outside, so that a line of Lambda is at hand for all joints
        for j in range(n):
            value, earlier = 0.5 * precision[j] * phi[j, i], 0.5 * precision[j] * last[j, i]
            if value != 0.0 or earlier != 0.0:
                for k in range(i + 1):
                    information[i, k] += value * last[j, k] + earlier * phi[j, k]
                for s in range(len(square)):
                    moment[i, s] += value * y_last[j, s] + earlier * (y[j] + late[j, s])
    for j in range(n):
        for s in range(len(square)):
            value, earlier = precision[j] * (y[j] + late[j, s]), precision[j] * y_last[j, s]
            square[s] += value * y_last[j, s]
            if s + 1 < len(square):
                both[s] += 0.5 * (value * y_last[j, s + 1] + earlier * (y[j] + late[j, s + 1]))
    set_number(law, at.REGRESSION_SAMPLES, number(law, at.REGRESSION_SAMPLES) + n)
    add_activities(law)
    keep_sample(law)
    set_number(law, at.REGRESSION_ROW, number(law, at.REGRESSION_ROW) + 1.0)


@kernel
def is_alone(law):
    """Whether a sample is paired with itself: unless the misfit is noise, soon after a change,
    where there is none before, and after a solution whose sums were not positive."""
    since = number(law, at.REGRESSION_SINCE)
    begins = since < number(law, at.REGRESSION_ALONE) or number(law, at.REGRESSION_ROW) == 0.0
    smooth = number(law, at.REGRESSION_WHITE) < NOISY * number(law, at.REGRESSION_MISFIT)
    return begins or smooth or since < number(law, at.REGRESSION_ALONE_UNTIL)


@kernel
def follow_noise(law):
    """Let the white noise of y follow the square of the misfit's third difference over the samples.

    That of white noise is 20 times the noise; that of a motion is next to nothing. Soon after a
    change the weights are wrong, and both mean squares stay what they were.
    """
    y, w = vector(law, at.REGRESSION_LACKING), vector(law, at.REGRESSION_WEIGHTS)
    n, p, delays = len(y), len(w), len(vector(law, at.REGRESSION_SQUARE))
    phi, last = matrix(law, at.REGRESSION_PHI, p), matrix(law, at.REGRESSION_PHI_LAST, p)
    y_last, y_bends = (
        matrix(law, at.REGRESSION_Y_LAST, delays),
        matrix(law, at.REGRESSION_Y_BENDS, 2),
    )
    bends, square = cube(law, at.REGRESSION_PHI_BENDS, p, 2), 0.0
    precision, whole_square = vector(law, at.REGRESSION_PRECISION), 0.0
    neurons = whole(law, at.REGRESSION_NEURONS)
    for i in range(n):
        left = y[i] - explained_by_neurons(neurons, i)
        third = third_difference(y[i] - y_last[i, at.UNDELAYED], y_bends[i])
        for k in range(p):
            left -= w[k] * phi[i, k]
            third -= w[k] * third_difference(phi[i, k] - last[i, k], bends[i, k])
        whole_square += precision[i] * left * left
        square += precision[i] * third * third / 20.0
    if number(law, at.REGRESSION_SINCE) >= QUICK and number(law, at.REGRESSION_ROW) >= 3.0:
        follow(law, at.REGRESSION_WHITE, square / n)
        follow(law, at.REGRESSION_MISFIT, whole_square / n)


@kernel
def follow(law, field, value):
    """Let a mean follow a value."""
    mean = number(law, field)
    set_number(law, field, mean + (value - mean) / WINDOW)


@kernel
def third_difference(change, before):
    """Return that of a number, from its change and the first and second difference before."""
    bend = change - before[at.CHANGE]
    third = bend - before[at.BEND]
    before[at.CHANGE], before[at.BEND] = change, bend
    return third


@kernel
def keep_sample(law):
    """Keep columns and y for the next sample."""
    y, phi = vector(law, at.REGRESSION_LACKING), vector(law, at.REGRESSION_PHI)
    last, delays = vector(law, at.REGRESSION_PHI_LAST), len(vector(law, at.REGRESSION_SQUARE))
    late, y_last = (
        matrix(law, at.REGRESSION_LATE, delays),
        matrix(law, at.REGRESSION_Y_LAST, delays),
    )
    for k in range(len(phi)):
        last[k] = phi[k]
    for i in range(len(y)):
        for s in range(delays):
            y_last[i, s] = y[i] + late[i, s]
    neurons = whole(law, at.REGRESSION_NEURONS)
    active, active_last = (
        vector(neurons, at.JOINT_NEURONS_PHI),
        vector(neurons, at.JOINT_NEURONS_PHI_LAST),
    )
    for k in range(len(active)):
        active_last[k] = active[k]


@kernel
def forget_payload(law):
    """Forget what is known about the payload alone: it has changed.

    Marginalises the sums over its ten parameters, one after the other, so that what is known about
    the others stays. The filters begin anew, because they hold torques of the old payload.
    """
    part_from_neurons(law)
    p = len(vector(law, at.REGRESSION_VARIANCE))
    square, variance = vector(law, at.REGRESSION_SQUARE), vector(law, at.REGRESSION_VARIANCE)
    information = matrix(law, at.REGRESSION_INFORMATION, p)
    moment = matrix(law, at.REGRESSION_MOMENT, len(square))
    both, noise = vector(law, at.REGRESSION_BOTH), number(law, at.REGRESSION_REPEATED)
    line = vector(law, at.REGRESSION_NEXT)
    for a in range(PARAMETERS):
        whole_part = information[a, a] + noise / variance[a]
        for s in range(len(square)):
            square[s] -= moment[a, s] * moment[a, s] / whole_part
            if s + 1 < len(square):
                both[s] -= moment[a, s] * moment[a, s + 1] / whole_part
        for i in range(p):
            line[i] = information[max(i, a), min(i, a)]
            information[max(i, a), min(i, a)] = 0.0
        line[a] = 0.0
        for i in range(p):
            part = line[i] / whole_part
            if part == 0.0:
                continue
            for k in range(i + 1):
                information[i, k] -= part * line[k]
            for s in range(len(square)):
                moment[i, s] -= part * moment[a, s]
        for s in range(len(square)):
            moment[a, s] = 0.0
        variance[a] = 1.0
    samples = number(law, at.REGRESSION_SAMPLES) - PARAMETERS
    set_number(law, at.REGRESSION_SAMPLES, max(samples, 0.0))
    set_number(law, at.REGRESSION_CHANGED_AT, max(samples, 0.0))
    set_number(law, at.REGRESSION_SINCE, 0.0)
    set_number(law, at.REGRESSION_ALONE_UNTIL, 0.0)
    set_number(law, at.REGRESSION_JOB, NO_JOB)
    set_number(law, at.REGRESSION_ROUNDS, 0.0)
    clear_filters(law)


@kernel
def clear_filters(law):
    """Begin a new motion: the sums stay."""
    lacking = vector(law, at.REGRESSION_LACKING)
    p, n = len(vector(law, at.REGRESSION_VARIANCE)), len(lacking)
    phi = matrix(law, at.REGRESSION_PHI, p)
    late = matrix(law, at.REGRESSION_LATE, len(vector(law, at.REGRESSION_SQUARE)))
    for i in range(n):
        lacking[i] = 0.0
        for k in range(p):
            phi[i, k] = 0.0
        for s in range(late.shape[1]):
            late[i, s] = 0.0
    active = vector(whole(law, at.REGRESSION_NEURONS), at.JOINT_NEURONS_PHI)
    for k in range(len(active)):
        active[k] = 0.0
    set_number(law, at.REGRESSION_ROW, 0.0)


@kernel
def solved_columns(law):
    """Return the number of columns of the solution: all, or those before the tool's neurons."""
    return int(number(law, at.REGRESSION_SOLVED))


@kernel
def of_solution(law, field):
    """Return a square matrix of the solution, with a row for each of its columns."""
    p = solved_columns(law)
    return matrix(law, field, p)[:p]


@kernel
def count_repaired(law):
    """Count a solution, or a part of one, that could not be used."""
    set_number(law, at.REGRESSION_REPAIRED, number(law, at.REGRESSION_REPAIRED) + 1.0)
