"""How a structured learner takes over new weights of its law."""

from arms.machine.numba_kernel import kernel, part

from .access import matrix, number, set_number, vector, whole, wholes
from .balance_columns import (
    armature_column,
    force_column,
    friction_column,
    gravity_column,
    link_column,
    tool_column,
)
from .fire_structure import renew_population
from .follow_presliding import solve_share
from .joint_activity import per_joint
from .joint_gains import doubt_inertia, set_gains
from .layout import regression_fields as regression_at, structured_fields as at
from .layout.body_fields import PARAMETERS
from .layout.network_fields import DIRECT, DRY, FRICTION


@part(2)
def renew(learner, law):
    """Take over new weights: what is learned, the fast part, the gains."""
    w, size = (
        vector(law, regression_at.REGRESSION_WEIGHTS),
        vector(law, regression_at.REGRESSION_SIZE),
    )
    payload = vector(learner, at.STRUCTURED_PAYLOAD)
    armature = vector(learner, at.STRUCTURED_ARMATURE)
    friction = matrix(learner, at.STRUCTURED_FRICTION, FRICTION)
    force = matrix(learner, at.STRUCTURED_FORCE, DIRECT)
    n, frozen = len(armature), wholes(law, regression_at.REGRESSION_FROZEN)
    presliding = whole(learner, at.STRUCTURED_PRESLIDING)
    waits = number(law, regression_at.REGRESSION_WAITS) != 0.0
    doubt_inertia(learner, law)
    shift_fast(learner, law, n)
    new_payload = vector(learner, at.STRUCTURED_NEW_PAYLOAD)
    new_armature = vector(learner, at.STRUCTURED_NEW_ARMATURE)
    for k in range(PARAMETERS):
        new_payload[k] += w[k] * size[k] - payload[k]
        payload[k] = w[k] * size[k]
    for i in range(n):
        k = armature_column(i)
        new_armature[i] += w[k] * size[k] - armature[i]
        armature[i] = w[k] * size[k]
        for each in range(FRICTION):
            k = friction_column(n, i, each)
            friction[i, each] = w[k] * size[k]
        if not waits and frozen[friction_column(n, i, DRY)] == 0:
            solve_share(presliding, i, number(law, regression_at.REGRESSION_NOISE))
    for a in range(3):
        for each in range(DIRECT):
            k = force_column(n, a, each)
            force[a, each] = w[k] * size[k]
    gravity, links = vector(learner, at.STRUCTURED_GRAVITY), vector(learner, at.STRUCTURED_LINKS)
    for axis in range(3):
        k = gravity_column(n, axis)
        gravity[axis] = w[k] * size[k]
    for each in range(len(links)):
        k = link_column(n, each)
        links[each] = w[k] * size[k]
    decoders = vector(learner, at.STRUCTURED_TOOL_DECODERS)
    for each in range(len(decoders)):
        k = tool_column(n, len(links), 0, 0, each)
        decoders[each] = w[k] * size[k]
    renew_decoders(whole(law, regression_at.REGRESSION_NEURONS))
    if whole(learner, at.STRUCTURED_POPULATION) != 0:
        renew_population(learner)
    set_number(learner, at.STRUCTURED_RENEWED, 1.0)
    set_gains(learner, law)


@kernel
def renew_decoders(neurons):
    """Take over the new decoders of the joints' neurons."""
    m, size = per_joint(neurons), vector(neurons, regression_at.JOINT_NEURONS_SIZE)
    weights = matrix(neurons, regression_at.JOINT_NEURONS_WEIGHTS, m)
    decoders = matrix(neurons, regression_at.JOINT_NEURONS_DECODERS, m)
    for i in range(len(size)):
        for a in range(m):
            decoders[i, a] = size[i] * weights[i, a]


@kernel
def shift_fast(learner, law, n):
    """Take out of m what the new weights explain of it; the learner's are still the old ones."""
    w, size = (
        vector(law, regression_at.REGRESSION_WEIGHTS),
        vector(law, regression_at.REGRESSION_SIZE),
    )
    phi, fast = (
        matrix(law, regression_at.REGRESSION_PHI, len(w)),
        vector(learner, at.STRUCTURED_FAST),
    )
    old, x = (
        vector(law, regression_at.REGRESSION_BEFORE),
        matrix(learner, at.STRUCTURED_X, FRICTION),
    )
    friction = matrix(learner, at.STRUCTURED_FRICTION, FRICTION)
    neurons = whole(law, regression_at.REGRESSION_NEURONS)
    m, own = per_joint(neurons), vector(neurons, regression_at.JOINT_NEURONS_SIZE)
    active = matrix(neurons, regression_at.JOINT_NEURONS_ACTIVE, m)
    weights = matrix(neurons, regression_at.JOINT_NEURONS_WEIGHTS, m)
    decoders = matrix(neurons, regression_at.JOINT_NEURONS_DECODERS, m)
    for i in range(n):
        for k in range(len(w)):
            if k < friction_column(n, 0, 0) or k >= force_column(n, 0, 0):
                fast[i] -= phi[i, k] * (w[k] - old[k])
        for each in range(FRICTION):
            k = friction_column(n, i, each)
            fast[i] -= x[i, each] * (w[k] * size[k] - friction[i, each])
        for a in range(m):
            fast[i] -= active[i, a] * (own[i] * weights[i, a] - decoders[i, a])
