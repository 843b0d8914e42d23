"""`StructuredLeastSquares`: the regression's columns, its sums, and how it forgets a load."""

from .access import cube, matrix, number, set_number, vector, whole
from .compile import kernel
from .joint_activity import (
    add_activities,
    filter_activities,
    part_from_neurons,
)
from .layout import (
    JOINT_NEURONS_PHI,
    JOINT_NEURONS_PHI_LAST,
    NO_JOB,
    PARAMETERS,
    REGRESSION_BOTH,
    REGRESSION_CYCLE,
    REGRESSION_EVERY,
    REGRESSION_FILLED,
    REGRESSION_INFORMATION,
    REGRESSION_JOB,
    REGRESSION_LACKING,
    REGRESSION_LATE,
    REGRESSION_MOMENT,
    REGRESSION_NEURONS,
    REGRESSION_NOISE,
    REGRESSION_PHI,
    REGRESSION_PHI_BENDS,
    REGRESSION_PHI_LAST,
    REGRESSION_PRECISION,
    REGRESSION_QUEUE,
    REGRESSION_RAW,
    REGRESSION_ROUNDS,
    REGRESSION_ROW,
    REGRESSION_SAMPLES,
    REGRESSION_SHARE,
    REGRESSION_SINCE,
    REGRESSION_SQUARE,
    REGRESSION_VARIANCE,
    REGRESSION_WEIGHTS,
    REGRESSION_WHITE,
    REGRESSION_Y,
    REGRESSION_Y_BENDS,
    REGRESSION_Y_LAST,
)

QUICK = 100  # cycles after a change in which samples are taken more often
EVERY = 3  # cycles of a sample then
WINDOW = 50.0  # samples over which the noise is a mean
FIRST, LAST = 4, 160  # cycles after a change between which one solution follows the other


@kernel
def filter_columns(law):
    """Filter the cycle's columns and y, and what each delay would add to y."""
    raw, y, n = matrix_of(law), vector(law, REGRESSION_Y), len(vector(law, REGRESSION_Y))
    p, share = len(vector(law, REGRESSION_VARIANCE)), number(law, REGRESSION_SHARE)
    phi, lacking = matrix(law, REGRESSION_PHI, p), vector(law, REGRESSION_LACKING)
    queue = matrix(law, REGRESSION_QUEUE, n)
    late = matrix(law, REGRESSION_LATE, len(queue))
    for i in range(n):
        lacking[i] += share * (y[i] - lacking[i])
        for k in range(p):
            phi[i, k] += share * (raw[i, k] - phi[i, k])
        for s in range(len(queue)):
            late[i, s] += share * (queue[s, i] - queue[0, i] - late[i, s])
    filter_activities(law, share)


@kernel
def matrix_of(law):
    """Return the cycle's columns, (n, p)."""
    return matrix(law, REGRESSION_RAW, len(vector(law, REGRESSION_VARIANCE)))


@kernel
def queue_torque(law, sent):
    """Put the torque of the last cycle (n,) first in the queue."""
    queue = matrix(law, REGRESSION_QUEUE, len(sent))
    for s in range(len(queue) - 1, 0, -1):
        for i in range(len(sent)):
            queue[s, i] = queue[s - 1, i]
    for i in range(len(sent)):
        queue[0, i] = sent[i]
    set_number(law, REGRESSION_FILLED, min(number(law, REGRESSION_FILLED) + 1.0, len(queue)))


@kernel
def is_filled(law):
    """Whether the queue holds the torques of all delays."""
    return number(law, REGRESSION_FILLED) >= len(vector(law, REGRESSION_SQUARE))


@kernel
def is_early(law):
    """Whether the start or a change is some cycles ago, and not yet many."""
    since = number(law, REGRESSION_SINCE)
    return since >= FIRST and since <= LAST


@kernel
def take_samples(law):
    """Add a sample to the sums if it is time to; count the cycle."""
    cycle, since = int(number(law, REGRESSION_CYCLE)) + 1, number(law, REGRESSION_SINCE) + 1.0
    set_number(law, REGRESSION_CYCLE, cycle)
    set_number(law, REGRESSION_SINCE, since)
    if cycle % whole(law, REGRESSION_EVERY) == 0 or (since < QUICK and cycle % EVERY == 0):
        add_to_sums(law)


@kernel
def add_to_sums(law):
    """Add a sample to Lambda, b, the sum of y^2, and the neurons' sums, for every delay.

    It is paired with the one before; soon after a change and where there is none, with itself.
    """
    y = vector(law, REGRESSION_LACKING)
    n, p = len(y), len(vector(law, REGRESSION_VARIANCE))
    square, both = vector(law, REGRESSION_SQUARE), vector(law, REGRESSION_BOTH)
    phi, late = matrix(law, REGRESSION_PHI, p), matrix(law, REGRESSION_LATE, len(square))
    follow_noise(law)
    row = number(law, REGRESSION_ROW)
    if number(law, REGRESSION_SINCE) < QUICK or row == 0.0:
        keep_sample(law)
    last, y_last = matrix(law, REGRESSION_PHI_LAST, p), matrix(law, REGRESSION_Y_LAST, len(square))
    information = matrix(law, REGRESSION_INFORMATION, p)
    moment = matrix(law, REGRESSION_MOMENT, len(square))
    precision = vector(law, REGRESSION_PRECISION)
    for j in range(n):
        for i in range(p):
            value, earlier = 0.5 * precision[j] * phi[j, i], 0.5 * precision[j] * last[j, i]
            if value != 0.0 or earlier != 0.0:
                for k in range(p):
                    information[i, k] += value * last[j, k] + earlier * phi[j, k]
                for s in range(len(square)):
                    moment[i, s] += value * y_last[j, s] + earlier * (y[j] + late[j, s])
        for s in range(len(square)):
            value, earlier = precision[j] * (y[j] + late[j, s]), precision[j] * y_last[j, s]
            square[s] += value * y_last[j, s]
            if s + 1 < len(square):
                both[s] += 0.5 * (value * y_last[j, s + 1] + earlier * (y[j] + late[j, s + 1]))
    set_number(law, REGRESSION_SAMPLES, number(law, REGRESSION_SAMPLES) + n)
    add_activities(law)
    keep_sample(law)
    set_number(law, REGRESSION_ROW, row + 1.0)


@kernel
def follow_noise(law):
    """Let the noise of y follow the square of the misfit's third difference over the samples.

    That of white noise is 20 times the noise; that of a motion is next to nothing. Soon after a
    change the weights are wrong, and the noise stays what it was.
    """
    y, w = vector(law, REGRESSION_LACKING), vector(law, REGRESSION_WEIGHTS)
    n, p, delays = len(y), len(w), len(vector(law, REGRESSION_SQUARE))
    phi, last = matrix(law, REGRESSION_PHI, p), matrix(law, REGRESSION_PHI_LAST, p)
    y_last, y_bends = matrix(law, REGRESSION_Y_LAST, delays), matrix(law, REGRESSION_Y_BENDS, 2)
    bends, square = cube(law, REGRESSION_PHI_BENDS, p, 2), 0.0
    precision = vector(law, REGRESSION_PRECISION)
    for i in range(n):
        left = third_difference(y[i] - y_last[i, 0], y_bends[i])
        for k in range(p):
            left -= w[k] * third_difference(phi[i, k] - last[i, k], bends[i, k])
        square += precision[i] * left * left / 20.0
    if number(law, REGRESSION_SINCE) >= QUICK and number(law, REGRESSION_ROW) >= 3.0:
        white = number(law, REGRESSION_WHITE)
        set_number(law, REGRESSION_WHITE, white + (square / n - white) / WINDOW)


@kernel
def third_difference(change, before):
    """Return that of a number, from its change and the first and second difference before."""
    bend = change - before[0]
    third = bend - before[1]
    before[0], before[1] = change, bend
    return third


@kernel
def keep_sample(law):
    """Keep columns and y for the next sample."""
    y, phi = vector(law, REGRESSION_LACKING), vector(law, REGRESSION_PHI)
    last, delays = vector(law, REGRESSION_PHI_LAST), len(vector(law, REGRESSION_SQUARE))
    late, y_last = matrix(law, REGRESSION_LATE, delays), matrix(law, REGRESSION_Y_LAST, delays)
    for k in range(len(phi)):
        last[k] = phi[k]
    for i in range(len(y)):
        for s in range(delays):
            y_last[i, s] = y[i] + late[i, s]
    neurons = whole(law, REGRESSION_NEURONS)
    active, active_last = (
        vector(neurons, JOINT_NEURONS_PHI),
        vector(neurons, JOINT_NEURONS_PHI_LAST),
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
    p = len(vector(law, REGRESSION_VARIANCE))
    square, variance = vector(law, REGRESSION_SQUARE), vector(law, REGRESSION_VARIANCE)
    information = matrix(law, REGRESSION_INFORMATION, p)
    moment = matrix(law, REGRESSION_MOMENT, len(square))
    both, noise = vector(law, REGRESSION_BOTH), number(law, REGRESSION_NOISE)
    for a in range(PARAMETERS):
        whole_part = information[a, a] + noise / variance[a]
        for s in range(len(square)):
            square[s] -= moment[a, s] * moment[a, s] / whole_part
            if s + 1 < len(square):
                both[s] -= moment[a, s] * moment[a, s + 1] / whole_part
        for i in range(p):
            part = information[i, a] / whole_part
            if i == a or part == 0.0:
                continue
            for k in range(p):
                if k != a:
                    information[i, k] -= part * information[a, k]
            for s in range(len(square)):
                moment[i, s] -= part * moment[a, s]
        for i in range(p):
            information[i, a] = information[a, i] = 0.0
        for s in range(len(square)):
            moment[a, s] = 0.0
        variance[a] = 1.0
    samples = number(law, REGRESSION_SAMPLES) - PARAMETERS
    set_number(law, REGRESSION_SAMPLES, max(samples, 0.0))
    set_number(law, REGRESSION_SINCE, 0.0)
    set_number(law, REGRESSION_JOB, NO_JOB)
    set_number(law, REGRESSION_ROUNDS, 0.0)
    clear_filters(law)


@kernel
def clear_filters(law):
    """Begin a new motion: the sums stay."""
    lacking = vector(law, REGRESSION_LACKING)
    p, n = len(vector(law, REGRESSION_VARIANCE)), len(lacking)
    phi = matrix(law, REGRESSION_PHI, p)
    late = matrix(law, REGRESSION_LATE, len(vector(law, REGRESSION_SQUARE)))
    for i in range(n):
        lacking[i] = 0.0
        for k in range(p):
            phi[i, k] = 0.0
        for s in range(late.shape[1]):
            late[i, s] = 0.0
    active = vector(whole(law, REGRESSION_NEURONS), JOINT_NEURONS_PHI)
    for k in range(len(active)):
        active[k] = 0.0
    set_number(law, REGRESSION_ROW, 0.0)
