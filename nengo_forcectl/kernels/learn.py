"""A learner of two time scales: an observer compensates at once, a network takes over."""

from arms.machine.memory import numbers_at
from arms.machine.numba_kernel import kernel, part

from .access import matrix, number, set_number, vector, whole
from .consolidate import consolidate, filter_features
from .encode import encode, product, rectified
from .fire import run_neurons
from .layout import learner_fields as at
from .layout.arm_fields import COMMAND_DDQ_R, COMMAND_DQ_R, COMMAND_FRICTION, INPUT_DQ, INPUT_Q
from .layout.estimation_fields import OBSERVER_SENT, OBSERVER_SHARE, OBSERVER_UNMODELLED
from .layout.network_fields import (
    NETWORK_BIAS,
    NETWORK_ENCODERS,
    NETWORK_ENCODING,
    NETWORK_MEASURED,
    NETWORK_NEURONS,
    NETWORK_U,
)
from .observe import add_push, faded, low_pass, observe


@part(6)
def supply_consolidated(learner, arm, inputs, command, sound, learning):
    """Write the torque of network and observer to the field "feedforward", then learn.

    Args:
        sound: whether the sensors can be learned from.
        learning: LEARN, HOLD or FREEZE; in FREEZE the observer does not compensate either.
    """
    evaluate_network(learner, inputs, command)
    if learning != at.FREEZE and sound:
        add_push(whole(learner, at.LEARNER_OBSERVER), arm, inputs)
    return supply_scales(learner, arm, inputs, sound, learning)


@kernel
def record_sent(learner, command, tau):
    """Record the torque sent, (n,), limits included, for the balance of this cycle.

    Without the friction that the law feeds forward: the model knows what takes it up.
    """
    sent = vector(whole(learner, at.LEARNER_OBSERVER), OBSERVER_SENT)
    friction = vector(command, COMMAND_FRICTION)
    for i in range(len(tau)):
        sent[i] = tau[i] - friction[i]


@kernel
def evaluate_network(learner, inputs, command):
    """Compute phi and F = W phi in the law's block."""
    law, network = whole(learner, at.LEARNER_LAW), whole(learner, at.LEARNER_NETWORK)
    phi, u = vector(law, at.CONSOLIDATION_PHI), vector(network, NETWORK_U)
    measured = whole(network, NETWORK_MEASURED) != 0
    velocity = vector(inputs, INPUT_DQ) if measured else vector(command, COMMAND_DQ_R)
    q, ddq_r, encoding = (
        vector(inputs, INPUT_Q),
        vector(command, COMMAND_DDQ_R),
        whole(network, NETWORK_ENCODING),
    )
    encode(encoding, q, velocity, ddq_r, phi[: len(u)], u)
    activities(network, u, phi[len(u) :])
    supplied = vector(law, at.CONSOLIDATION_SUPPLIED)
    product(matrix(law, at.CONSOLIDATION_WEIGHTS, len(phi)), phi, supplied)


@kernel
def activities(network, u, a):
    """Compute the neurons' activities a for their input u; neurons with a state advance it."""
    bias, neurons = vector(network, NETWORK_BIAS), whole(network, NETWORK_NEURONS)
    ET = matrix(network, NETWORK_ENCODERS, len(bias))
    if neurons == 0:
        rectified(ET, bias, u, a)
    else:
        run_neurons(neurons, ET, bias, u, a)


@part(2)
def activate(network, a):
    """Run `activities` for the input in the field "u"; a is the address of its numbers."""
    neurons = len(vector(network, NETWORK_BIAS))
    activities(network, vector(network, NETWORK_U), numbers_at(a, neurons))


@part(5)
def supply_scales(learner, arm, inputs, sound, learning):
    """As `supply_consolidated`, with phi and F in the law's block; return whether W has changed.

    Memory advances only here, with sound sensors, and not in FREEZE; neurons with a state run in
    every cycle. The observer's block holds the torque sent in the last cycle.
    """
    law, observer = whole(learner, at.LEARNER_LAW), whole(learner, at.LEARNER_OBSERVER)
    begun, learns = number(law, at.CONSOLIDATION_BEGUN) > 0.0, learning != at.FREEZE and sound
    if learns:
        observe(observer, arm, inputs, begun)
        filter_torque(learner, law, observer, begun)
        filter_features(law, begun)
    combine_scales(learner, law, observer, learning)
    set_number(law, at.CONSOLIDATION_BEGUN, 1.0 if learns else 0.0)
    if not learns or learning == at.HOLD:
        return False
    renewed = consolidate(law)
    offset, bump = vector(learner, at.LEARNER_OFFSET), vector(law, at.CONSOLIDATION_BUMP)
    share = number(observer, OBSERVER_SHARE)
    for i in range(len(offset)):
        offset[i] += (1.0 - 0.5 * share) * bump[i]  # F_f filters the mean of old and new
    return renewed


@kernel
def filter_torque(learner, law, observer, begun):
    """Filter F to F_f, as r filters the torque that the model lacks."""
    filtered, last = vector(learner, at.LEARNER_TORQUE), vector(learner, at.LEARNER_TORQUE_LAST)
    F, share = vector(law, at.CONSOLIDATION_SUPPLIED), number(observer, OBSERVER_SHARE)
    low_pass(filtered, last, F, begun, share)


@kernel
def combine_scales(learner, law, observer, learning):
    """Compute feedforward = F + fast, fast = -r - F_f + offset, and the law's inputs."""
    F, lacking = vector(law, at.CONSOLIDATION_SUPPLIED), vector(law, at.CONSOLIDATION_LACKING)
    r, filtered = vector(observer, OBSERVER_UNMODELLED), vector(learner, at.LEARNER_TORQUE)
    offset, decay = vector(learner, at.LEARNER_OFFSET), number(learner, at.LEARNER_DECAY)
    feedforward, square = vector(learner, at.LEARNER_FEEDFORWARD), 0.0
    for i in range(len(F)):
        lacking[i] = -r[i]
        missing = lacking[i] - filtered[i]
        square += missing * missing
        feedforward[i] = F[i]
        if learning != at.FREEZE:
            feedforward[i] += missing + offset[i]
            offset[i] = decay * faded(offset[i])
    set_number(law, at.CONSOLIDATION_SQUARE, square)
