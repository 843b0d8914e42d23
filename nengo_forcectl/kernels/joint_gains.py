"""Gains of a structured learner: as high as what is known of the joints allows."""

import math

from arms.machine.numba_kernel import kernel

from .access import matrix, number, set_number, vector, whole, wholes
from .balance_columns import armature_column
from .carried_body import column_product, weigh
from .layout import structured_fields as at
from .layout.body_fields import MASS, MOMENT, PARAMETERS, XX
from .layout.null_space_fields import POSTURE_K, POSTURE_SHARE
from .layout.regression_fields import (
    REGRESSION_DELAY,
    REGRESSION_DEVIATIONS,
    REGRESSION_FLOOR,
    REGRESSION_FROZEN,
    REGRESSION_NOISE,
    REGRESSION_SINCE,
    REGRESSION_SIZE,
    REGRESSION_WEIGHTS,
)

WATCH = 0.03  # share of a cycle in the mean square of m's change
AUDIBLE = 0.1  # shaking over what is loud from which on a gain goes down
EBB = 0.5  # time constant with which it does [s]
FOREVER = 1e6  # longest time constant of the return [s]
WEARY = 0.1  # time of shaking after which its return takes e times as long [s]
QUIETEN = 0.6  # of the gain at which a joint was loud is the new most
RECOVER = 0.5  # of the new most that the gain begins with
LEAST_GAIN = 5.0  # [1/s]
KNOWN = 3.0  # inertia that a joint may have over the model's up to which its gain may grow
MANY = 0.7  # share of the joints whose inertia must be known for a firm posture
DEVIATIONS = 3.0  # of the armature in that bound
SOFT = 0.25  # of the firm posture's bandwidth while inertia or delay is uncertain
EASE = 0.2  # of the way to their new values that gains go in a solution
DELAY_GAIN = 0.12  # most K times the delay found
STIFFEN = 10.0  # rate at which the posture's stiffness grows [1/s]
DELAY_POSTURE = 0.03  # most bandwidth of the posture times the delay found
UNTRIED = 160  # cycles after the start or a change in which gains do not grow
UNKNOWN = 6.0  # standard deviations of an inertia that may not be there
LEAST_DOUBT = 0.25  # share of these deviations that is taken however well the model fits
MISFIT = 10.0  # noise over its floor from which on the model is not trusted
GROWTH = 1.5  # most factor by which an armature grows in a solution
SLIGHT = 1.5  # of a joint's own inertia: what may be added even so
LIGHT = 0.1  # mass of a light payload, over its scale
TINY = 1e-9  # least deviation of a mass [kg]
NO_DELAY = 0.7  # delay that counts as none [cycles]


@kernel
def watch_joints(learner):
    """Lower the gain of a joint whose fast part begins to shake; back it off where that is loud.

    It may grow again: what shook may have been friction that was not known yet. The longer the
    joint has shaken, the more slowly.
    """
    fast, last = vector(learner, at.STRUCTURED_FAST), vector(learner, at.STRUCTURED_FAST_LAST)
    shake, loud = vector(learner, at.STRUCTURED_SHAKE), vector(learner, at.STRUCTURED_LOUD)
    gain, most = vector(learner, at.STRUCTURED_GAIN), vector(learner, at.STRUCTURED_GAIN_MOST)
    top, patience = number(learner, at.STRUCTURED_GAIN_TOP), vector(learner, at.STRUCTURED_PATIENCE)
    dt, count = number(learner, at.STRUCTURED_DT), number(learner, at.STRUCTURED_BACKED_OFF)
    for i in range(len(fast)):
        change, quiet = fast[i] - last[i], shake[i] <= AUDIBLE * loud[i]
        shake[i] += WATCH * (change * change - shake[i])
        last[i] = fast[i]
        if shake[i] > AUDIBLE * loud[i]:
            most[i] = max((1.0 - dt / EBB) * min(most[i], gain[i]), LEAST_GAIN)
            patience[i] = min((1.0 + dt / WEARY) * patience[i], FOREVER)
            count += 1.0 if quiet else 0.0
        else:
            most[i] += dt / patience[i] * (top - most[i])
        if shake[i] > loud[i]:
            most[i] = max(QUIETEN * gain[i], LEAST_GAIN)
            gain[i], shake[i] = RECOVER * most[i], 0.0
            soften_posture(learner)
    set_number(learner, at.STRUCTURED_BACKED_OFF, count)


@kernel
def set_gains(learner, law):
    """Set gains and posture by the inertia that each joint may have, and by the delay."""
    deviations, size = vector(law, REGRESSION_DEVIATIONS), vector(law, REGRESSION_SIZE)
    gain, most = vector(learner, at.STRUCTURED_GAIN), vector(learner, at.STRUCTURED_GAIN_MOST)
    start, dt = number(learner, at.STRUCTURED_GAIN_START), number(learner, at.STRUCTURED_DT)
    inertia, delay = vector(learner, at.STRUCTURED_INERTIA), number(law, REGRESSION_DELAY)
    find_inertia(learner)
    known, ease = 0, EASE if number(law, REGRESSION_SINCE) > UNTRIED else 0.0
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
def doubt_inertia(learner, law):
    """Take back of the law's new weights the inertia that is not known to be there.

    The control law's gains grow with M: an inertia that is too large throws a light joint. So a
    joint's inertia grows by `SLIGHT` of its own at most, or by what exceeds some standard
    deviations; a payload of unknown mass has no known inertia. The deviations trust the model: if
    it explains all down to the floor `LEAST_DOUBT` of `UNKNOWN` are taken, and all from `MISFIT`
    times that on. And an armature grows by a factor of `GROWTH` at most in a solution: friction
    that nothing explains looks like a rotor for a moment, and is gone before it counts. Where
    states are known to be late, even a little throws a light joint: for `UNTRIED` cycles a `LIGHT`
    payload has none. In a replay nothing can be thrown: all is believed.

    A payload shrinks towards the tool frame for that, with the same mass, which keeps it physical;
    it grows again slowly. Frozen weights stay as they are.
    """
    w, size = vector(law, REGRESSION_WEIGHTS), vector(law, REGRESSION_SIZE)
    deviations, own = vector(law, REGRESSION_DEVIATIONS), vector(learner, at.STRUCTURED_HOME_M)
    added, variance = vector(learner, at.STRUCTURED_ADDED), vector(learner, at.STRUCTURED_DOUBT)
    armature = vector(learner, at.STRUCTURED_ARMATURE)
    frozen = wholes(law, REGRESSION_FROZEN)
    inertia_of_payload(learner, law)
    misfit = math.sqrt(number(law, REGRESSION_NOISE)) / number(law, REGRESSION_FLOOR)
    loop = number(learner, at.STRUCTURED_LOOP)
    unexplained = loop * min(max((misfit - 1.0) / (MISFIT - 1.0), LEAST_DOUBT), 1.0)
    doubt, many, share = deviations[MASS] * size[MASS], UNKNOWN * unexplained, 1.0
    unknown = 1.0 - min(max(w[MASS] * size[MASS] - doubt, 0.0) / max(doubt, TINY), 1.0)
    for i in range(len(own)):
        doubt = many * math.sqrt(variance[i]) + unexplained * unknown * added[i]
        share = min(share, believed(added[i], doubt, own[i]))
        k = armature_column(i)
        if frozen[k] != 0:
            continue
        w[k] *= believed(w[k] * size[k], many * deviations[k] * size[k], own[i])
        if loop > 0.0:
            w[k] = min(w[k], max(GROWTH * armature[i], SLIGHT * own[i]) / size[k])
    before = number(learner, at.STRUCTURED_BELIEVED)
    share = min(share, before + EASE * (share - before))
    late, since = len(vector(learner, at.STRUCTURED_ON_WAY)) > 0, number(law, REGRESSION_SINCE)
    if late and since <= UNTRIED and w[MASS] < LIGHT:
        share = 0.0
    if frozen[MASS] != 0:
        return
    set_number(learner, at.STRUCTURED_BELIEVED, share)
    for k in range(MOMENT, MOMENT + 3):
        w[k] *= math.sqrt(share)
    for k in range(XX, PARAMETERS):
        w[k] *= share


@kernel
def believed(inertia, doubt, own):
    """Return the share of an added inertia that a joint is known to have."""
    if inertia <= SLIGHT * own:
        return 1.0
    return max(inertia - doubt, SLIGHT * own) / inertia


@kernel
def inertia_of_payload(learner, law):
    """Compute what the law's payload adds to the diagonal of M at the posture, and its variance."""
    w, size = vector(law, REGRESSION_WEIGHTS), vector(law, REGRESSION_SIZE)
    deviations, n = vector(law, REGRESSION_DEVIATIONS), len(vector(learner, at.STRUCTURED_ADDED))
    added, variance = vector(learner, at.STRUCTURED_ADDED), vector(learner, at.STRUCTURED_DOUBT)
    V = matrix(learner, at.STRUCTURED_HOME_V, n)
    weighed = matrix(learner, at.STRUCTURED_HOME_WEIGHED, n)
    one = vector(learner, at.STRUCTURED_ONE)
    for i in range(n):
        added[i], variance[i] = 0.0, 0.0
    for k in range(PARAMETERS):
        for each in range(PARAMETERS):
            one[each] = size[k] if each == k else 0.0
        weigh(one, V, weighed)
        for i in range(n):
            unit = column_product(V, i, weighed, i)
            added[i] += unit * w[k]
            variance[i] += (unit * deviations[k]) ** 2


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
    """Bound the stiffness of the law's posture, if it has one, by each joint's K and inertia.

    The softness scales the springs of all joints alike. If it bounded those of light joints alone,
    the springs of heavy joints would leave most of the motion to them.
    """
    posture = whole(learner, at.STRUCTURED_POSTURE)
    if posture == 0:
        return
    law, dt = whole(learner, at.STRUCTURED_LAW), number(learner, at.STRUCTURED_DT)
    k, most = vector(posture, POSTURE_K), vector(learner, at.STRUCTURED_K_NULL)
    wanted = vector(learner, at.STRUCTURED_K_WANTED)
    inertia, gain = vector(learner, at.STRUCTURED_INERTIA), vector(learner, at.STRUCTURED_GAIN)
    delay, softness = number(law, REGRESSION_DELAY), number(learner, at.STRUCTURED_SOFTNESS)
    for i in range(len(k)):
        wanted[i] = min(most[i], inertia[i] * gain[i] * gain[i])
        if delay > NO_DELAY:
            wanted[i] = min(wanted[i], inertia[i] * (DELAY_POSTURE / (delay * dt)) ** 2)
        k[i] = min(k[i], wanted[i])
    set_number(posture, POSTURE_SHARE, min(number(posture, POSTURE_SHARE), softness * softness))


@kernel
def stiffen_posture(learner):
    """Let the posture's stiffness grow towards what it may be, slowly: so the torque is smooth."""
    posture = whole(learner, at.STRUCTURED_POSTURE)
    if posture == 0:
        return
    k, wanted = vector(posture, POSTURE_K), vector(learner, at.STRUCTURED_K_WANTED)
    share = STIFFEN * number(learner, at.STRUCTURED_DT)
    for i in range(len(k)):
        k[i] += share * (wanted[i] - k[i])
    softness, pulls = number(learner, at.STRUCTURED_SOFTNESS), number(posture, POSTURE_SHARE)
    set_number(posture, POSTURE_SHARE, pulls + share * (softness * softness - pulls))
