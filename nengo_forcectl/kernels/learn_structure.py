"""A cycle of a structured learner: it adds what the weights and the fast part give, then learns.

Learning takes longer than the torque, and may wait until that is sent.
"""

from arms.machine.memory import call
from arms.machine.numba_kernel import kernel, part

from .access import matrix, number, set_number, vector, whole, wholes
from .add_sample import QUICK, take_samples, used_columns
from .algebra import dot
from .balance_columns import (
    activate_neurons,
    activate_tool,
    encode_motion,
    model_columns,
    model_matrices,
    neurons_of,
)
from .feed_friction import spare_null_space
from .follow_ripple import feed_ripple, learn_ripple
from .joint_activity import decoded, explained_by_neurons
from .joint_gains import NO_DELAY, stiffen_posture, watch_joints
from .layout import regression_fields as regression_at, structured_fields as at
from .layout.arm_fields import (
    ARM_DOF,
    ARM_J,
    ARM_M,
    COMMAND_DQ_S,
    COMMAND_FRICTION,
    COMMAND_TAU,
    INPUT_DQ,
    INPUT_Q,
)
from .layout.law_fields import TASK_ALONG
from .layout.learner_fields import FREEZE, LEARN
from .layout.network_fields import DIRECT, DRY, FRICTION, OFFSET, PLACE, SPEED, VISCOUS
from .layout.presliding_fields import PRESLIDING_BUILT_FED
from .layout.ripple_fields import RIPPLE_FROZEN
from .learned_body import carry_body
from .observe import faded
from .observe_motion import SETTLED, delay_sent, observe_state
from .regress import forget_payload, is_filled, queue_torque

NULL_SHARE = 0.8  # of the learned friction's part in the null space that is supplied
STEADY = 0.1  # largest growth of a speed in a cycle by viscous friction that is not there
SEEN = 3.0  # speeds over the root mean square at which viscous friction is known
LONG = 20.0  # times of the recent misfit after a change until one is found in a log
GROWN = 5.0  # recent misfit over the usual one that is a change there
KEEP = 0.98  # of the usual misfit in a cycle soon after a change: it is learned anew


@part(6)
def supply_structured(learner, arm, inputs, command, sound, learning):
    """Write the torque of joints, tool and fast part to the field "feedforward"; follow the motion.

    `finish_structured` then learns from this cycle.

    Args:
        sound: whether the sensors can be learned from.
        learning: LEARN, HOLD or FREEZE; in FREEZE the fast part does not compensate either.
    """
    learns = learning != FREEZE and sound
    carry_body(learner, arm, inputs, command)
    feed_forward(learner, arm, inputs, command)
    delay_sent(learner)
    if learns:
        observe_state(learner, arm, inputs)
    else:  # the queue has no gap
        queue_torque(whole(learner, at.STRUCTURED_LAW), vector(learner, at.STRUCTURED_SENT))
    total_torque(learner, command, learning)
    set_number(learner, at.STRUCTURED_BEGUN, 1.0 if learns else 0.0)
    law = whole(learner, at.STRUCTURED_LAW)
    if not learns or learning != LEARN or not is_filled(law):
        set_number(law, regression_at.REGRESSION_ROW, 0.0)
    if not learns:
        return
    watch_joints(learner)
    stiffen_posture(learner)
    if learning == LEARN and is_filled(law):
        set_number(learner, at.STRUCTURED_WAITS, 1.0)


@part(1)
def finish_structured(learner):
    """Learn from the last cycle, if that waits: a sample, some of a solution, new weights."""
    if number(learner, at.STRUCTURED_WAITS) == 0.0:
        return
    set_number(learner, at.STRUCTURED_WAITS, 0.0)
    law = whole(learner, at.STRUCTURED_LAW)
    follow_ripple(learner, law)
    find_change(learner, law)
    take_samples(law)
    if call(whole(learner, at.STRUCTURED_SOLVE_CALL), law) != 0:
        call(whole(learner, at.STRUCTURED_RENEW_CALL), learner, law)


@kernel
def feed_forward(learner, arm, inputs, command):
    """Compute F: of joints at dq_s, of the tool half a cycle ahead, of gravity and links.

    In the null space a share of the friction is supplied; the neurons' torque counts as dry. The
    fast part adds the rest of the dry friction, not of the viscous: with all of it, a light joint
    whose speed comes late is unstable.
    """
    n, J = whole(arm, ARM_DOF), matrix(arm, ARM_J, whole(arm, ARM_DOF))
    dq_s = vector(command, COMMAND_DQ_S)
    encode_motion(learner, arm, vector(inputs, INPUT_Q), dq_s, PRESLIDING_BUILT_FED)
    x, y = matrix(learner, at.STRUCTURED_X, FRICTION), vector(learner, at.STRUCTURED_Y)
    friction = matrix(learner, at.STRUCTURED_FRICTION, FRICTION)
    force = matrix(learner, at.STRUCTURED_FORCE, DIRECT)
    supplied, rubs = vector(learner, at.STRUCTURED_SUPPLIED), vector(learner, at.STRUCTURED_RUBS)
    viscous, dry = vector(learner, at.STRUCTURED_VISCOUS), vector(learner, at.STRUCTURED_DRY)
    ahead = number(learner, at.STRUCTURED_DT)
    for k in range(3):
        y[PLACE + k] += 0.5 * ahead * y[SPEED + k]
    if whole(learner, at.STRUCTURED_POPULATION) != 0:
        call(whole(learner, at.STRUCTURED_FIRE_CALL), learner, arm, inputs, command)
    else:
        decode_neurons(learner)
    by_neurons = vector(learner, at.STRUCTURED_NEURON_TORQUE)
    for i in range(n):
        viscous[i] = friction[i, VISCOUS] * x[i, VISCOUS]
        dry[i] = friction[i, DRY] * x[i, DRY]
        dry[i] += by_neurons[i]
        supplied[i] = friction[i, OFFSET] * x[i, OFFSET]
        rubs[i] = viscous[i] + supplied[i]
    law = whole(learner, at.STRUCTURED_TASK)
    if law != 0:
        spare_null_space(law, arm, command, dry, NULL_SHARE)
        spare_fast_joints(learner, law, dq_s)
        spare_null_space(law, arm, command, viscous, NULL_SHARE)
        spare_light_joints(learner, law, arm, command)
    for i in range(n):
        rubs[i] += dry[i]
        supplied[i] += viscous[i] + dry[i]
    pulls = vector(learner, at.STRUCTURED_NEURON_FORCE)
    for a in range(3):
        pull = pulls[a]
        for k in range(DIRECT):
            pull += force[a, k] * y[k]
        for i in range(n):
            supplied[i] += J[a, i] * pull
    feed_ripple(
        whole(learner, at.STRUCTURED_RIPPLE), vector(inputs, INPUT_Q), vector(inputs, INPUT_DQ),
        0.5 * ahead, supplied,
    )  # fmt: skip
    add_model_changes(learner, inputs, supplied)


@kernel
def spare_fast_joints(learner, law, dq_s):
    """Let the null space's part of the dry friction supplied fade towards the joints' top speeds.

    Were there no such friction, it would drive them there.
    """
    dry, along = vector(learner, at.STRUCTURED_DRY), vector(law, TASK_ALONG)
    dq_max = vector(learner, at.STRUCTURED_DQ_MAX)
    for i in range(len(dry)):
        share = min(max(2.0 * (1.0 - abs(dq_s[i]) / dq_max[i]), 0.0), 1.0)
        dry[i] = along[i] + share * (dry[i] - along[i])


@kernel
def spare_light_joints(learner, law, arm, command):
    """Bound the null space's part of the viscous friction supplied, at speeds not seen so far.

    If there is no such friction, a joint of inertia I at the speed dq gains ``tau dt / I`` in a
    cycle: at most `STEADY` dq, beyond the torque of `SEEN` root mean square speeds of the work. The
    task's part stays.
    """
    n, dt = whole(arm, ARM_DOF), number(learner, at.STRUCTURED_DT)
    M, dq_s = matrix(arm, ARM_M, n), vector(command, COMMAND_DQ_S)
    friction = matrix(learner, at.STRUCTURED_FRICTION, FRICTION)
    viscous, along = vector(learner, at.STRUCTURED_VISCOUS), vector(law, TASK_ALONG)
    for i in range(n):
        most = max(STEADY * M[i, i] / dt * abs(dq_s[i]), SEEN * friction[i, VISCOUS])
        viscous[i] = along[i] + min(max(viscous[i] - along[i], -most), most)


@kernel
def decode_neurons(learner):
    """Write what the neurons that learn supply for the inputs of `encode_motion`."""
    torque = vector(learner, at.STRUCTURED_NEURON_TORQUE)
    force = vector(learner, at.STRUCTURED_NEURON_FORCE)
    activate_neurons(learner, regression_at.JOINT_NEURONS_FED)
    for i in range(len(torque)):
        torque[i] = decoded(neurons_of(learner), i, regression_at.JOINT_NEURONS_FED)
    activate_tool(learner)
    active = vector(learner, at.STRUCTURED_TOOL_ACTIVE)
    decoders = matrix(learner, at.STRUCTURED_TOOL_DECODERS, len(active))
    for a in range(3):
        force[a] = dot(decoders[a], active)


@kernel
def add_model_changes(learner, inputs, supplied):
    """Add the torque of the changes of gravity and links at the acceleration that the law asks."""
    q, dq = vector(inputs, INPUT_Q), vector(inputs, INPUT_DQ)
    model_columns(learner, q, dq, vector(learner, at.STRUCTURED_DDQ))
    gravity, links = vector(learner, at.STRUCTURED_GRAVITY), vector(learner, at.STRUCTURED_LINKS)
    chosen = wholes(learner, at.STRUCTURED_CHOSEN)
    dg, Y = model_matrices(learner)
    for i in range(len(supplied)):
        for axis in range(3):
            supplied[i] += dg[i, axis] * gravity[axis]
        for k in range(len(links)):
            supplied[i] += Y[i, chosen[k]] * links[k]


@kernel
def follow_ripple(learner, law):
    """Let the ripple learn from what all others leave, unless a delay was found.

    Its angle must be that of the torque: at 300 periods a turn, 1 rad/s and 4 ms it has turned by a
    fifth of a period. A delay that is known does not matter: torques are those of their time.
    """
    ripple = whole(learner, at.STRUCTURED_RIPPLE)
    found = number(law, regression_at.REGRESSION_DELAY) >= NO_DELAY
    if number(ripple, RIPPLE_FROZEN) == 0.0 and not found:
        q, dq = vector(learner, at.STRUCTURED_Q_HALF), vector(learner, at.STRUCTURED_DQ_HALF)
        learn_ripple(ripple, q, dq, number(learner, at.STRUCTURED_DT))


@kernel
def total_torque(learner, command, learning):
    """Sum F, m and the bump, which makes up for a change by new weights or by learning again."""
    supplied, fast = vector(learner, at.STRUCTURED_SUPPLIED), vector(learner, at.STRUCTURED_FAST)
    bump, total = vector(learner, at.STRUCTURED_BUMP), vector(learner, at.STRUCTURED_TOTAL)
    added, tau = vector(learner, at.STRUCTURED_FEEDFORWARD), vector(command, COMMAND_TAU)
    renewed = number(learner, at.STRUCTURED_RENEWED) + number(learner, at.STRUCTURED_FROZEN) > 0.0
    keep = number(learner, at.STRUCTURED_BUMP_KEEP)
    for i in range(len(added)):
        added[i] = supplied[i]
        if learning != FREEZE:
            if renewed:
                bump[i] = total[i] - tau[i] - supplied[i] - fast[i]
            bump[i] = faded(keep * bump[i])
            added[i] += fast[i] + bump[i]
        total[i] = tau[i] + added[i]
    set_number(learner, at.STRUCTURED_RENEWED, 0.0)
    set_number(learner, at.STRUCTURED_FROZEN, 1.0 if learning == FREEZE else 0.0)


@kernel
def find_change(learner, law):
    """Forget the payload if the misfit is suddenly many times what it was."""
    lacking, w = (
        vector(law, regression_at.REGRESSION_LACKING),
        vector(law, regression_at.REGRESSION_WEIGHTS),
    )
    phi, square = matrix(law, regression_at.REGRESSION_PHI, len(w)), 0.0
    in_log = number(learner, at.STRUCTURED_LOOP) == 0.0
    since, slow = number(law, regression_at.REGRESSION_SINCE), number(learner, at.STRUCTURED_SLOW)
    for i in range(len(lacking)):
        misfit = lacking[i]
        for k in range(used_columns(law)):
            misfit -= phi[i, k] * w[k]
        misfit -= explained_by_neurons(whole(law, regression_at.REGRESSION_NEURONS), i)
        square += misfit * misfit
    quiet, dt = number(learner, at.STRUCTURED_QUIET), number(learner, at.STRUCTURED_DT)
    changed = since > SETTLED and square > number(learner, at.STRUCTURED_JUMP) * max(slow, quiet)
    if in_log:
        changed = has_grown(learner, square, since)
    if changed:
        forget_payload(law)
        set_number(learner, at.STRUCTURED_CHANGES, number(learner, at.STRUCTURED_CHANGES) + 1.0)
    if since > SETTLED:
        slow += min(dt, 1.0) * (square - slow)
    elif since < QUICK:
        slow = max(square, KEEP * slow)
    else:
        slow += (1.0 - KEEP) * (square - slow)
    set_number(learner, at.STRUCTURED_SLOW, slow)


@kernel
def has_grown(learner, square, since):
    """Whether the misfit of a log has become many times what it was, for about a second.

    A load that comes while the arm rests shows little by little, and a stop at the end of a motion
    for a moment. In a loop the learner would have taken a part of the load by then.
    """
    share, recent = (
        number(learner, at.STRUCTURED_RECENT_SHARE),
        number(learner, at.STRUCTURED_RECENT),
    )
    slow, usual = number(learner, at.STRUCTURED_USUAL_SHARE), number(learner, at.STRUCTURED_USUAL)
    recent += max(share, 1.0 / (since + 1.0)) * (square - recent)
    usual += max(slow, 1.0 / (since + 1.0)) * (square - usual)
    set_number(learner, at.STRUCTURED_RECENT, recent)
    set_number(learner, at.STRUCTURED_USUAL, usual)
    return since * share > LONG and recent > GROWN * max(
        usual, number(learner, at.STRUCTURED_QUIET)
    )


@kernel
def record_structured(learner, command, tau):
    """Record the torque sent, (n,), limits included, without the friction the model knows."""
    sent, friction = vector(learner, at.STRUCTURED_SENT), vector(command, COMMAND_FRICTION)
    for i in range(len(tau)):
        sent[i] = tau[i] - friction[i]
