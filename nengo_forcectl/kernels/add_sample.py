"""`StructuredLeastSquares`: its sums. A sample is taken at once, and added over some cycles.

A sample is the filtered columns and y of one cycle. Each cycle after it adds some rows of Lambda,
because all of them would take longer than the rest of a cycle.
"""

import math

from arms.machine.numba_kernel import kernel, part

from .access import cube, matrix, number, set_number, vector, whole
from .joint_activity import add_own, explained_by_neurons, per_joint
from .layout import regression_fields as at

QUICK = 100  # cycles after a change in which samples are taken more often
EVERY = 3  # cycles of a sample then
WINDOW = 50.0  # samples over which the noise is a mean
EVEN = 1.0 / 3.0  # work of a row that is the same in all, over that of the longest row's numbers
NOISY = 0.5  # share of white noise in the misfit from which samples are paired
LONG = 0.998  # of sums of the misfit's square, kept from one sample to the next
RARE = 0.01  # least part of a sample that counts as motion
SILENT = 1e-6  # variance of the tool's neurons, and less, that is not believed


@part(1)
def take_samples(law):
    """Count the cycle; take a sample if it is time to, else add rows of the last one.

    A solution begins half-way between two samples, so all rows are added by then.
    """
    cycle, since = int(number(law, at.REGRESSION_CYCLE)) + 1, number(law, at.REGRESSION_SINCE) + 1.0
    every = whole(law, at.REGRESSION_EVERY)
    set_number(law, at.REGRESSION_CYCLE, cycle)
    set_number(law, at.REGRESSION_SINCE, since)
    if cycle % every == 0 or (since < QUICK and cycle % EVERY == 0):
        take_sample(law)
    elif whole_left(law) > 0:
        add_rows(law, rows_until(law, max(every // 2 - 1, 1)))


@kernel
def whole_left(law):
    """Return the number of rows that the last sample has not been added to."""
    return int(number(law, at.REGRESSION_LEFT))


@kernel
def first_left(law):
    """Return the first of these rows."""
    return len(vector(law, at.REGRESSION_VARIANCE)) - whole_left(law)


@kernel
def is_tool_silent(law):
    """Whether the tool's neurons were not believed: from then on they supply nothing."""
    variance = vector(law, at.REGRESSION_VARIANCE)
    last = len(variance) - 1
    return whole(law, at.REGRESSION_CORE) <= last and variance[last] <= SILENT


@kernel
def used_columns(law):
    """Return the number of columns that have samples: all, or those before the silent neurons."""
    silent = is_tool_silent(law)
    return whole(law, at.REGRESSION_CORE) if silent else len(vector(law, at.REGRESSION_VARIANCE))


@kernel
def rows_until(law, cycles):
    """Return the row up to which this cycle adds, if all ``cycles`` take the same time.

    Row i takes as long as i + p / 3 numbers, so u p rows are (u + 1/3)^2 - 1/9 of the work.
    """
    p = used_columns(law)
    done = first_left(law) / p + EVEN
    return int(p * (math.sqrt(done * done + (1.0 + 2.0 * EVEN) / cycles) - EVEN)) + 1


@part(1)
def take_sample(law):
    """Take a sample; add it to all sums but Lambda, b and those of the neurons.

    It is paired with the one before, or with itself (see `is_alone`).
    """
    end_sample(law)
    follow_noise(law)
    copy_sample(law)
    set_number(law, at.REGRESSION_ITSELF, 1.0 if is_alone(law) else 0.0)
    if number(law, at.REGRESSION_ITSELF) != 0.0:
        keep_sample(law)
    square, both = vector(law, at.REGRESSION_SQUARE), vector(law, at.REGRESSION_BOTH)
    delays, weight, numbers = len(square), vector(law, at.REGRESSION_WEIGHT), weigh_pair(law)
    y, y_last = (
        matrix(law, at.REGRESSION_Y_TAKEN, delays),
        matrix(law, at.REGRESSION_Y_LAST, delays),
    )
    for j in range(len(y)):
        for s in range(delays):
            value, earlier = weight[j] * y[j, s], weight[j] * y_last[j, s]
            square[s] += value * y_last[j, s]
            if s + 1 < delays:
                both[s] += 0.5 * (value * y_last[j, s + 1] + earlier * y[j, s + 1])
    set_number(law, at.REGRESSION_SAMPLES, number(law, at.REGRESSION_SAMPLES) + numbers)
    set_number(law, at.REGRESSION_ROW, number(law, at.REGRESSION_ROW) + 1.0)
    set_number(law, at.REGRESSION_LEFT, len(vector(law, at.REGRESSION_VARIANCE)))


@kernel
def weigh_pair(law):
    """Weigh the pair of samples; return how many numbers it counts as."""
    precision, weight = vector(law, at.REGRESSION_PRECISION), vector(law, at.REGRESSION_WEIGHT)
    trust, before = vector(law, at.REGRESSION_TRUST), vector(law, at.REGRESSION_TRUST_LAST)
    total = 0.0
    for j in range(len(weight)):
        weight[j] = precision[j] * trust[j] * before[j]
        total += trust[j] * before[j]
    return total


@kernel
def copy_sample(law):
    """Copy the filtered columns and y, for every delay: they go on while rows are added."""
    lacking, phi = vector(law, at.REGRESSION_LACKING), vector(law, at.REGRESSION_PHI)
    delays = len(vector(law, at.REGRESSION_SQUARE))
    late, taken = (
        matrix(law, at.REGRESSION_LATE, delays),
        matrix(law, at.REGRESSION_Y_TAKEN, delays),
    )
    for j in range(len(lacking)):
        for s in range(delays):
            taken[j, s] = lacking[j] + late[j, s]
    copy(phi, vector(law, at.REGRESSION_PHI_TAKEN))
    neurons = whole(law, at.REGRESSION_NEURONS)
    copy(vector(neurons, at.JOINT_NEURONS_PHI), vector(neurons, at.JOINT_NEURONS_PHI_TAKEN))


@kernel
def keep_sample(law):
    """Keep the sample: it is the one before, from now on."""
    copy(vector(law, at.REGRESSION_PHI_TAKEN), vector(law, at.REGRESSION_PHI_LAST))
    copy(vector(law, at.REGRESSION_Y_TAKEN), vector(law, at.REGRESSION_Y_LAST))
    copy(vector(law, at.REGRESSION_TRUST), vector(law, at.REGRESSION_TRUST_LAST))
    neurons = whole(law, at.REGRESSION_NEURONS)
    copy(vector(neurons, at.JOINT_NEURONS_PHI_TAKEN), vector(neurons, at.JOINT_NEURONS_PHI_LAST))


@kernel
def copy(numbers, into):
    """Copy numbers."""
    for k in range(len(numbers)):
        into[k] = numbers[k]


@kernel
def end_sample(law):
    """Add the rows of the last sample that are left."""
    if whole_left(law) > 0:
        add_rows(law, len(vector(law, at.REGRESSION_VARIANCE)))


@kernel
def add_rows(law, until):
    """Add the last sample to rows of Lambda and b up to ``until``, and to those of the neurons."""
    p, delays = len(vector(law, at.REGRESSION_VARIANCE)), len(vector(law, at.REGRESSION_SQUARE))
    phi, last = (
        matrix(law, at.REGRESSION_PHI_TAKEN, p),
        matrix(law, at.REGRESSION_PHI_LAST, p),
    )
    y, y_last = (
        matrix(law, at.REGRESSION_Y_TAKEN, delays),
        matrix(law, at.REGRESSION_Y_LAST, delays),
    )
    information = matrix(law, at.REGRESSION_INFORMATION, p)
    moment, weight = matrix(law, at.REGRESSION_MOMENT, delays), vector(law, at.REGRESSION_WEIGHT)
    neurons, n = whole(law, at.REGRESSION_NEURONS), len(phi)
    m, first, used = per_joint(neurons), first_left(law), used_columns(law)
    itself = number(law, at.REGRESSION_ITSELF) != 0.0
    cross = cube(neurons, at.JOINT_NEURONS_CROSS, n, m)
    active, before = (
        matrix(neurons, at.JOINT_NEURONS_PHI_TAKEN, m),
        matrix(neurons, at.JOINT_NEURONS_PHI_LAST, m),
    )
    for i in range(first, min(until, used)):  # outside, so that a line is at hand for all joints
        for j in range(n):
            value, earlier = 0.5 * weight[j] * phi[j, i], 0.5 * weight[j] * last[j, i]
            if value == 0.0 and earlier == 0.0:
                continue
            if itself:
                add_multiple(2.0 * value, phi[j], information[i, : i + 1])
                add_multiple(2.0 * value, y[j], moment[i])
                add_multiple(2.0 * value, active[j], cross[i, j])
            else:
                add_products(value, last[j], earlier, phi[j], information[i, : i + 1])
                add_products(value, y_last[j], earlier, y[j], moment[i])
                add_products(value, before[j], earlier, active[j], cross[i, j])
    if first == 0:
        add_own(law)
    set_number(law, at.REGRESSION_LEFT, 0.0 if until >= used else p - until)
    if until >= used:
        keep_sample(law)


@kernel
def add_multiple(value, numbers, sums):
    """Add ``value numbers`` to the sums."""
    for k in range(len(sums)):
        sums[k] += value * numbers[k]


@kernel
def add_products(value, before, earlier, now, sums):
    """Add ``value before + earlier now`` to the sums."""
    for k in range(len(sums)):
        sums[k] += value * before[k] + earlier * now[k]


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
    neurons, numbers = whole(law, at.REGRESSION_NEURONS), 0.0
    for i in range(n):
        left = y[i] - explained_by_neurons(neurons, i)
        third = third_difference(y[i] - y_last[i, at.UNDELAYED], y_bends[i])
        for k in range(used_columns(law)):
            left -= w[k] * phi[i, k]
            third -= w[k] * third_difference(phi[i, k] - last[i, k], bends[i, k])
        trust = trust_joint(law, i, left * left)
        numbers += trust
        whole_square += trust * precision[i] * left * left
        square += trust * precision[i] * third * third / 20.0
    if number(law, at.REGRESSION_SINCE) >= QUICK and number(law, at.REGRESSION_ROW) >= 3.0:
        follow(law, at.REGRESSION_WHITE, square / numbers)
        follow(law, at.REGRESSION_MISFIT, whole_square / numbers)


@kernel
def trust_joint(law, i, square):
    """Return the weight of joint i's number in the sample, from the misfit's square at rest and in
    motion.

    A joint that sticks holds any torque up to its stiction, so what the model lacks says little.
    """
    rest = vector(law, at.REGRESSION_REST)[i]
    stuck, stuck_share = vector(law, at.REGRESSION_STUCK), vector(law, at.REGRESSION_STUCK_SHARE)
    sliding, share = vector(law, at.REGRESSION_SLIDING), vector(law, at.REGRESSION_SLIDING_SHARE)
    if number(law, at.REGRESSION_SINCE) >= QUICK:
        moves = max(1.0 - rest, RARE)
        stuck[i] = LONG * stuck[i] + rest * square
        stuck_share[i] = LONG * stuck_share[i] + rest
        sliding[i] = LONG * sliding[i] + moves * square
        share[i] = LONG * share[i] + moves
    weight = 1.0
    if stuck_share[i] > 0.0 and share[i] > 0.0:
        moving, standing = sliding[i] / share[i], stuck[i] / stuck_share[i]
        if standing > moving:
            weight = moving / (moving + rest * (standing - moving))
    vector(law, at.REGRESSION_TRUST)[i] = math.sqrt(weight)
    return weight


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
