"""The neurons of each joint: their activities, their torque, and their sums in the regression."""

from arms.machine.numba_kernel import kernel

from .access import cube, matrix, number, vector, whole
from .algebra import dot
from .encode import rectified
from .layout import regression_fields as at
from .layout.network_fields import PACE, SEEN


@kernel
def per_joint(neurons):
    """Return the number of pairs of each joint."""
    return len(vector(neurons, at.JOINT_NEURONS_BIAS)) // len(
        vector(neurons, at.JOINT_NEURONS_SIZE)
    )


@kernel
def activate(neurons, u, field):
    """Write the activities of all pairs, (n, m), for the inputs u of `JointEncoding`.

    A pair is a neuron less its mirror image, which sees the opposite speed. So it is silent at
    rest, where the friction of a joint is any.
    """
    m = per_joint(neurons)
    encoders = cube(neurons, at.JOINT_NEURONS_ENCODERS, SEEN + 1, m)
    bias, active = matrix(neurons, at.JOINT_NEURONS_BIAS, m), matrix(neurons, field, m)
    image = vector(neurons, at.JOINT_NEURONS_COLUMN)
    for i in range(len(active)):
        rectified(encoders[i], bias[i], u[i], active[i])
        u[i, PACE] = -u[i, PACE]
        rectified(encoders[i], bias[i], u[i], image)
        u[i, PACE] = -u[i, PACE]
        for a in range(m):
            active[i, a] -= image[a]


@kernel
def decoded(neurons, i, field):
    """Return the torque of joint i's neurons for some activities [N m]."""
    m = per_joint(neurons)
    decoders, active = matrix(neurons, at.JOINT_NEURONS_DECODERS, m), matrix(neurons, field, m)
    return dot(decoders[i], active[i])


@kernel
def explained_by_neurons(neurons, i):
    """Return what joint i's neurons explain of the filtered torque, by the law's weights."""
    m = per_joint(neurons)
    phi, weights = (
        matrix(neurons, at.JOINT_NEURONS_PHI, m),
        matrix(neurons, at.JOINT_NEURONS_WEIGHTS, m),
    )
    return dot(phi[i], weights[i])


@kernel
def filter_activities(law, share):
    """Filter the neurons' columns of the cycle: their mean activities times the decoders' size."""
    neurons = whole(law, at.REGRESSION_NEURONS)
    m, size = per_joint(neurons), vector(neurons, at.JOINT_NEURONS_SIZE)
    phi, active = (
        matrix(neurons, at.JOINT_NEURONS_PHI, m),
        matrix(neurons, at.JOINT_NEURONS_ACTIVE, m),
    )
    last = matrix(neurons, at.JOINT_NEURONS_ACTIVE_LAST, m)
    for i in range(len(size)):
        for a in range(m):
            column = 0.5 * size[i] * (active[i, a] + last[i, a])
            phi[i, a] += share * (column - phi[i, a])


@kernel
def keep_activities(neurons):
    """Keep this cycle's activities for the next one."""
    active, last = (
        vector(neurons, at.JOINT_NEURONS_ACTIVE),
        vector(neurons, at.JOINT_NEURONS_ACTIVE_LAST),
    )
    for k in range(len(active)):
        last[k] = active[k]


@kernel
def add_own(law):
    """Add the last sample to the sums of the neurons' columns with each other and with y."""
    neurons, delays = whole(law, at.REGRESSION_NEURONS), len(vector(law, at.REGRESSION_SQUARE))
    m, weight = per_joint(neurons), vector(law, at.REGRESSION_WEIGHT)
    y, y_last = (
        matrix(law, at.REGRESSION_Y_TAKEN, delays),
        matrix(law, at.REGRESSION_Y_LAST, delays),
    )
    active, before = (
        matrix(neurons, at.JOINT_NEURONS_PHI_TAKEN, m),
        matrix(neurons, at.JOINT_NEURONS_PHI_LAST, m),
    )
    own, moment = (
        cube(neurons, at.JOINT_NEURONS_OWN, m, m),
        cube(neurons, at.JOINT_NEURONS_MOMENT, m, delays),
    )
    for i in range(len(weight)):
        half = 0.5 * weight[i]
        for a in range(m):
            value, earlier = half * active[i, a], half * before[i, a]
            if value != 0.0 or earlier != 0.0:
                for b in range(m):
                    own[i, a, b] += value * before[i, b] + earlier * active[i, b]
                for s in range(delays):
                    moment[i, a, s] += value * y_last[i, s] + earlier * y[i, s]


@kernel
def part_from_neurons(law):
    """Take what neurons and weights explain out of each other's sums: they are no longer related.

    What is known of both stays, as if each had been learned with the other one given. So the
    weights can be marginalised alone. That holds near the weights of the chosen delay alone: other
    delays keep their misfit beyond its own, and no weights that fit them.
    """
    neurons = whole(law, at.REGRESSION_NEURONS)
    m, n = per_joint(neurons), len(vector(neurons, at.JOINT_NEURONS_SIZE))
    w, v = vector(law, at.REGRESSION_WEIGHTS), matrix(neurons, at.JOINT_NEURONS_WEIGHTS, m)
    square, both = vector(law, at.REGRESSION_SQUARE), vector(law, at.REGRESSION_BOTH)
    delays = len(square)
    cross = cube(neurons, at.JOINT_NEURONS_CROSS, n, m)
    b = matrix(law, at.REGRESSION_MOMENT, delays)
    moment, shared = cube(neurons, at.JOINT_NEURONS_MOMENT, m, delays), 0.0
    for k in range(len(w)):
        total = 0.0
        for i in range(n):
            for a in range(m):
                total += cross[k, i, a] * v[i, a]
                for s in range(delays):
                    moment[i, a, s] -= cross[k, i, a] * w[k]
                cross[k, i, a] = 0.0
        for s in range(delays):
            b[k, s] -= total
        shared += w[k] * total
    for s in range(delays):
        square[s] -= 2.0 * shared
        if s + 1 < delays:
            both[s] -= 2.0 * shared
    if shared != 0.0:
        keep_misfits(law)


@kernel
def keep_misfits(law):
    """Let all delays have the sums of the chosen one, but for what the misfit of each is more."""
    neurons, fits = whole(law, at.REGRESSION_NEURONS), vector(law, at.REGRESSION_FITS)
    square, both = vector(law, at.REGRESSION_SQUARE), vector(law, at.REGRESSION_BOTH)
    delays, chosen = len(square), int(number(law, at.REGRESSION_CHOSEN))
    b = matrix(law, at.REGRESSION_MOMENT, delays)
    moment = matrix(neurons, at.JOINT_NEURONS_MOMENT, delays)
    for k in range(len(b)):
        for s in range(delays):
            b[k, s] = b[k, chosen]
    for k in range(len(moment)):
        for s in range(delays):
            moment[k, s] = moment[k, chosen]
    own = square[chosen]
    for s in range(delays):
        square[s] = own + max(fits[s] - fits[chosen], 0.0)
    for s in range(delays):
        both[s] = min(square[s], square[min(s + 1, delays - 1)])
