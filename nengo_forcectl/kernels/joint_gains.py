"""Gains of a structured learner: as high as what is known of the joints allows."""

from . import layout as at
from .access import matrix, number, set_number, vector, whole
from .balance_columns import armature_column
from .carried_body import column_product, weigh
from .compile import kernel

WATCH = 0.03  # share of a cycle in the mean square of m's change
QUIETEN = 0.6  # of the gain at which a joint was loud is the new most
RECOVER = 0.5  # of the new most that the gain begins with
LEAST_GAIN = 5.0  # [1/s]
KNOWN = 3.0  # inertia that a joint may have over the model's up to which its gain may grow
MANY = 0.7  # share of the joints whose inertia must be known for a firm posture
DEVIATIONS = 3.0  # of the armature in that bound
SOFT = 0.25  # bandwidth of the posture over K while inertia or delay is uncertain
EASE = 0.2  # of the way to their new values that gains go in a solution
DELAY_GAIN = 0.12  # most K times the delay found
STIFFEN = 10.0  # rate at which the posture's stiffness grows [1/s]
DELAY_POSTURE = 0.03  # most bandwidth of the posture times the delay found
UNTRIED = 160  # cycles after a change in which gains do not grow
NO_DELAY = 0.7  # delay that counts as none [cycles]


@kernel
def watch_joints(learner):
    """Back off the gain of a joint whose fast part shakes."""
    fast, last = vector(learner, at.STRUCTURED_FAST), vector(learner, at.STRUCTURED_FAST_LAST)
    shake, loud = vector(learner, at.STRUCTURED_SHAKE), vector(learner, at.STRUCTURED_LOUD)
    gain, most = vector(learner, at.STRUCTURED_GAIN), vector(learner, at.STRUCTURED_GAIN_MOST)
    count = number(learner, at.STRUCTURED_BACKED_OFF)
    for i in range(len(fast)):
        change = fast[i] - last[i]
        shake[i] += WATCH * (change * change - shake[i])
        last[i] = fast[i]
        if shake[i] > loud[i]:
            most[i] = max(QUIETEN * gain[i], LEAST_GAIN)
            gain[i], shake[i] = RECOVER * most[i], 0.0
            count += 1.0
    if count > number(learner, at.STRUCTURED_BACKED_OFF):
        set_number(learner, at.STRUCTURED_BACKED_OFF, count)
        soften_posture(learner)


@kernel
def set_gains(learner, law):
    """Set gains and posture by the inertia that each joint may have, and by the delay."""
    deviations, size = vector(law, at.REGRESSION_DEVIATIONS), vector(law, at.REGRESSION_SIZE)
    gain, most = vector(learner, at.STRUCTURED_GAIN), vector(learner, at.STRUCTURED_GAIN_MOST)
    start, dt = number(learner, at.STRUCTURED_GAIN_START), number(learner, at.STRUCTURED_DT)
    inertia, delay = vector(learner, at.STRUCTURED_INERTIA), number(law, at.REGRESSION_DELAY)
    find_inertia(learner)
    known, ease = 0, EASE if number(law, at.REGRESSION_SINCE) > UNTRIED else 0.0
    for i in range(len(gain)):
        k = armature_column(i)
        most_inertia = inertia[i] + DEVIATIONS * deviations[k] * size[k]
        sure = most_inertia < KNOWN * inertia[i]
        known += sure
        wanted = most[i] if sure else min(most[i], start)
        wanted = min(wanted, DELAY_GAIN / max(delay * dt, 1e-9))
        gain[i] = min(gain[i] + ease * (wanted - gain[i]), wanted)
    softness = number(learner, at.STRUCTURED_SOFTNESS)
    firm = delay < NO_DELAY and known > MANY * len(gain)
    softness += ease * ((1.0 if firm else SOFT) - softness)
    set_number(learner, at.STRUCTURED_SOFTNESS, softness)
    soften_posture(learner)


@kernel
def find_inertia(learner):
    """Compute the diagonal of M at the posture, with what was learned of the body."""
    inertia, own = vector(learner, at.STRUCTURED_INERTIA), vector(learner, at.STRUCTURED_HOME_M)
    armature = vector(learner, at.STRUCTURED_ARMATURE)
    V = matrix(learner, at.STRUCTURED_HOME_V, len(own))
    weighed = matrix(learner, at.STRUCTURED_HOME_WEIGHED, len(own))
    weigh(vector(learner, at.STRUCTURED_PAYLOAD), V, weighed)
    for i in range(len(own)):
        inertia[i] = own[i] + armature[i] + column_product(V, i, weighed, i)


@kernel
def soften_posture(learner):
    """Bound the stiffness of the law's posture, if it has one, by each joint's K and inertia."""
    posture = whole(learner, at.STRUCTURED_POSTURE)
    if posture == 0:
        return
    law, dt = whole(learner, at.STRUCTURED_LAW), number(learner, at.STRUCTURED_DT)
    k, most = vector(posture, at.POSTURE_K), vector(learner, at.STRUCTURED_K_NULL)
    wanted = vector(learner, at.STRUCTURED_K_WANTED)
    inertia, gain = vector(learner, at.STRUCTURED_INERTIA), vector(learner, at.STRUCTURED_GAIN)
    delay, softness = number(law, at.REGRESSION_DELAY), number(learner, at.STRUCTURED_SOFTNESS)
    for i in range(len(k)):
        bandwidth = softness * gain[i]
        if delay > NO_DELAY:
            bandwidth = min(bandwidth, DELAY_POSTURE / (delay * dt))
        wanted[i] = min(most[i], inertia[i] * bandwidth * bandwidth)
        k[i] = min(k[i], wanted[i])


@kernel
def stiffen_posture(learner):
    """Let the posture's stiffness grow towards what it may be, slowly: so the torque is smooth."""
    posture = whole(learner, at.STRUCTURED_POSTURE)
    if posture == 0:
        return
    k, wanted = vector(posture, at.POSTURE_K), vector(learner, at.STRUCTURED_K_WANTED)
    share = STIFFEN * number(learner, at.STRUCTURED_DT)
    for i in range(len(k)):
        k[i] += share * (wanted[i] - k[i])
