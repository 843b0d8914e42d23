"""`Safe`, compiled: from the requested torque to the limited one."""

import math

from arms.machine.memory import call, clear
from arms.machine.numba_kernel import kernel, part

from .access import matrix, number, set_number, vector, whole
from .algebra import factor_columns
from .bound_force import bound_force, compare_wrench
from .bound_joints import bound_joints
from .bound_tool import bound_tool
from .compare_sensors import (
    accelerate,
    advance,
    begin_comparison,
    believe,
    compare_joints,
    correct,
    correct_unmodelled,
    refine,
)
from .find_load import forget_load, observe_unmodelled
from .judge import is_credible, is_frozen
from .keep_motors import keep_motors
from .layout import guard_fields as at
from .layout.arm_fields import ARM_C, ARM_G, ARM_J, ARM_M, ARM_POSE, INPUT_DQ, INPUT_Q, ORIGIN
from .layout.body_fields import LOAD_TIMELY
from .learned_body import anticipate_friction, compute_learned_terms

CHANGES = (
    at.MET_POSITION | at.MET_VELOCITY | at.MET_BOX | at.MET_FORCE | at.MET_CLEARANCE
)  # findings after which the torque is computed from the acceleration
WAKES = CHANGES | at.MET_TORQUE | at.MET_RATE  # findings after which a load is looked for
AWAKE = 1000.0  # cycles for which it is
FAST = 0.8  # share of a joint's top speed from which on it is
BEYOND = 0.01  # distance outside the box that causes a stop [m]


@part(2)
def credible(guard, inputs):
    """Return whether the state in ``inputs`` is credible: finite, near the limits, not too fast."""
    q, dq = vector(inputs, INPUT_Q), vector(inputs, INPUT_DQ)
    q_least, q_most = vector(guard, at.GUARD_Q_LEAST), vector(guard, at.GUARD_Q_MOST)
    return is_credible(q, dq, q_least, q_most, number(guard, at.GUARD_DQ_MOST))


@part(5, number=True)
def protect(guard, arm, inputs, mode, begun, elapsed):
    """Write the limited torque to the guard's ``sent``; return the findings.

    Args:
        guard: block of `GUARD`; its ``asked`` is the cycle's torque.
        arm: block of `ARM`, with its terms at the state.
        inputs: block of `INPUT`, with a credible state.
        mode: GO or STOP.
        begun: 0 in the first cycle, 2 if the last torque was sent ``elapsed`` [s] ago, else 1.
        elapsed: see ``begun``.
    """
    met = record_state(guard, inputs, begun, elapsed)
    if met & at.MET_LIE:
        mode = at.STOP
    if met & at.MET_LIE or is_stale(guard, met):
        take_believed(guard, arm, inputs, elapsed, True)
    limits = whole(guard, at.GUARD_LIMITS_CALL)
    return met | call(limits, guard, arm, inputs, mode, begun, met, elapsed)


@part(5, number=True)
def protect_alone(guard, arm, inputs, mode, begun, elapsed):
    """As `protect`, for an arm whose terms are not computed yet; also for stops by the model.

    In such a stop the believed state advances by the model; with BY_Q and BY_DQ it follows q or dq.
    It is written to ``inputs``. Before the first state the torque is 0.
    """
    limits = whole(guard, at.GUARD_LIMITS_CALL)
    if mode > at.STOP:
        if begun == 0:
            clear(vector(guard, at.GUARD_SENT))
            return 0
        begin_model(guard, arm, inputs)
        advance(guard, elapsed)
        correct(guard, inputs, mode, elapsed)
        take_believed(guard, arm, inputs, elapsed, mode != at.BY_DQ)
        correct_unmodelled(guard, arm)
        found, begun = (0, 2) if mode == at.BY_DQ else (at.MET_SUSPECT, 0)
        return call(limits, guard, arm, inputs, at.STOP, begun, found, elapsed)
    met = record_state(guard, inputs, begun, elapsed)
    if met & at.MET_LIE:
        mode = at.STOP
    if met & at.MET_LIE or is_stale(guard, met) or (mode == at.STOP and met & at.MET_FROZEN):
        take_believed(guard, arm, inputs, elapsed, True)
    else:
        compute_learned_terms(guard, arm, inputs)
    return met | call(limits, guard, arm, inputs, mode, begun, met, elapsed)


@kernel
def begin_model(guard, arm, inputs):
    """Believe the last state, if no cycle has computed the model since a checkpoint was resumed."""
    q, dq = vector(inputs, INPUT_Q), vector(inputs, INPUT_DQ)
    factor, size = matrix(guard, at.GUARD_FACTOR, len(q)), 0.0
    for i in range(len(q)):
        size += factor[i, i]
    if size > 0.0:
        return
    q_last, dq_last = vector(guard, at.GUARD_Q), vector(guard, at.GUARD_DQ)
    believe(guard, q_last, dq_last, 0, 0.0)
    for i in range(len(q)):
        q[i], dq[i] = q_last[i], dq_last[i]
    compute_learned_terms(guard, arm, inputs)
    prepare_rest(guard, arm, dq)


@kernel
def record_state(guard, inputs, begun, elapsed):
    """Record the state and what to believe of it; return MET_FROZEN, MET_SUSPECT or MET_LIE.

    MET_FROZEN: it repeats the last state although the joints move. See `compare_joints`.
    """
    q, dq = vector(inputs, INPUT_Q), vector(inputs, INPUT_DQ)
    q_last, dq_last = vector(guard, at.GUARD_Q), vector(guard, at.GUARD_DQ)
    found, compares = 0, 1.0
    if begun > 0 and is_frozen(q, dq, q_last, dq_last):
        found, compares = at.MET_FROZEN, 0.0
    elif begun == 2 and number(guard, at.GUARD_COMPARES) > 0.0:
        found = compare_joints(guard, q, dq, elapsed)
    else:
        begin_comparison(guard, dq)
    set_number(guard, at.GUARD_COMPARES, compares)
    if found == 0 and number(guard, at.GUARD_RECALLED) > 0.0:
        set_number(guard, at.GUARD_RECALLED, 0.0)
        clear(vector(guard, at.GUARD_DRAG))
        if number(guard, at.GUARD_LADEN) == 0.0:
            clear(vector(guard, at.GUARD_LACK))
    for i in range(len(q)):
        q_last[i], dq_last[i] = q[i], dq[i]
    believe(guard, q, dq, found, elapsed)
    return found


@kernel
def is_stale(guard, met):
    """Return whether the state is frozen, and not only read twice."""
    return met & at.MET_FROZEN != 0 and number(guard, at.GUARD_DOUBTED) > 1.0


@kernel
def take_believed(guard, arm, inputs, elapsed, refines):
    """Write the model's state to ``inputs`` and the terms there to the arm's block."""
    q, dq = vector(inputs, INPUT_Q), vector(inputs, INPUT_DQ)
    q_now, dq_now = vector(guard, at.GUARD_BELIEVED_Q), vector(guard, at.GUARD_BELIEVED_DQ)
    for i in range(len(q)):
        q[i], dq[i] = q_now[i], dq_now[i]
    compute_learned_terms(guard, arm, inputs)
    if refines:
        if number(guard, at.GUARD_RECALLED) == 0.0:
            set_number(guard, at.GUARD_RECALLED, 1.0)
            call(whole(guard, at.GUARD_RECALL_CALL), guard)
        awake = number(guard, at.GUARD_AWAKE) > 0.0
        if awake:
            call(whole(guard, at.GUARD_CARRY_CALL), guard, arm)
        prepare_rest(guard, arm, dq_now)
        refine(guard, elapsed)
        compute_learned_terms(guard, arm, inputs)  # without load and friction
    for i in range(len(q)):
        dq[i] = dq_now[i]


@part(6, number=True)
def keep_limits(guard, arm, inputs, mode, begun, found, elapsed):
    """Write the limited torque to the guard's ``sent``; return the limits that it met.

    The arguments are those of `protect`, and the findings so far.
    """
    q, dq = vector(guard, at.GUARD_BELIEVED_Q), vector(guard, at.GUARD_BELIEVED_DQ)
    since = number(guard, at.GUARD_SINCE)
    if found & at.MET_FROZEN:
        set_number(guard, at.GUARD_SINCE, since + elapsed)
    elif begun > 0 or not found:
        sure = begun == 2 and not found and since < 1.5 * elapsed
        if number(guard, at.GUARD_AWAKE) > 0.0:
            call(whole(guard, at.GUARD_FIND_CALL), guard, arm, inputs, sure, since + elapsed)
        else:
            observe_unmodelled(guard, arm, vector(inputs, INPUT_DQ), sure, since + elapsed)
        if whole(guard, at.GUARD_LEARNER) == 0:
            call(whole(guard, at.GUARD_REMEMBER_CALL), guard, arm, inputs, sure, since + elapsed)
        set_number(guard, at.GUARD_SINCE, 0.0)
    if mode == at.GO:
        anticipate_friction(guard)
    felt = 0
    feels = mode == at.GO and number(guard, at.GUARD_FEELS) != at.NOT_FELT
    if feels and not found:
        share = -math.expm1(-number(guard, at.GUARD_OBSERVER_GAIN) * elapsed)
        felt = compare_wrench(guard, arm, len(q), share, elapsed)
    if number(guard, at.GUARD_AWAKE) > 0.0:
        call(whole(guard, at.GUARD_CARRY_CALL), guard, arm)
    prepare_rest(guard, arm, dq)
    M = matrix(arm, ARM_M, len(q))
    ahead = whole(guard, at.GUARD_POSE_KERNEL) != 0 or whole(guard, at.GUARD_PAIRS) != 0
    near = whole(guard, at.GUARD_POSE_KERNEL) != 0 or number(guard, at.GUARD_CROSSED) > 0.0
    set_number(guard, at.GUARD_NEAREST, 1.0 if is_model_trusted(guard) and not near else 0.0)
    met = take_asked(guard, begun) if mode == at.GO else 0
    if feels:
        felt |= bound_force(guard, arm, at.FORCE_HALF)
        felt |= bound_force(guard, arm, at.MOMENT_HALF)
    stops = mode != at.GO or met & at.MET_NOT_FINITE or felt & (at.MET_LIE_WRENCH | at.MET_PRESSED)
    met |= felt
    if stops:
        take_stop(guard, dq)
        set_number(guard, at.GUARD_NEAREST, 0.0)
    if outside_box(guard, arm):
        met |= at.MET_OUTSIDE
    share = 1.0
    if mode == at.GO and ahead:
        bounded, share = bound_tool(guard, q, dq, matrix(arm, ARM_J, len(q)), M)
        met |= bounded
    else:
        met |= bound_joints(guard, q, dq, M)
    if stops or met & CHANGES:
        leave_rest(guard, arm, share)
    send(guard, stops)
    if mode == at.GO:
        stay_awake(guard, dq, met)
    return met


@kernel
def stay_awake(guard, dq, met):
    """Look for a load for AWAKE cycles after a limit has acted or a joint was fast."""
    awake, dq_max = number(guard, at.GUARD_AWAKE), vector(guard, at.GUARD_DQ_MAX)
    wakes = met & WAKES != 0
    for i in range(len(dq)):
        wakes = wakes or abs(dq[i]) > FAST * dq_max[i]
    if wakes and awake == 0.0:
        forget_load(guard)
    set_number(guard, at.GUARD_AWAKE, AWAKE if wakes else max(awake - 1.0, 0.0))
    if awake == 1.0 and not wakes:
        forget_load(guard)


@kernel
def prepare_rest(guard, arm, dq):
    """Write the acceleration that brings the arm to rest, the holding torque, and M's factor."""
    n, k = len(dq), number(guard, at.GUARD_POSITION_GAIN)
    M, C, g = matrix(arm, ARM_M, n), matrix(arm, ARM_C, n), vector(arm, ARM_G)
    tau_max, braking = vector(guard, at.GUARD_TAU_MAX), vector(guard, at.GUARD_BRAKING)
    r, hold = vector(guard, at.GUARD_UNMODELLED), vector(guard, at.GUARD_HOLD)
    rest, factor = vector(guard, at.GUARD_REST), matrix(guard, at.GUARD_FACTOR, n)
    lack, rubs = vector(guard, at.GUARD_LACK), vector(guard, at.GUARD_RUBS)
    rubbed, drag = vector(guard, at.GUARD_RUBBED), vector(guard, at.GUARD_DRAG)
    late = vector(guard, at.GUARD_LATE)
    for i in range(n):
        M[i, i] += drag[i] * number(guard, at.GUARD_DT)  # implicit: a wrist may stop in a cycle
        change = lack[i] + late[i] + rubbed[i] - rubs[i]
        left = min(max(r[i] + change, -tau_max[i]), tau_max[i])
        r[i] = left - change
        hold[i] = g[i] - left
        for j in range(n):
            hold[i] += C[i, j] * dq[j]
            factor[i, j] = M[i, j]
        rest[i] = min(max(-k * dq[i], -braking[i]), braking[i])
    factor_columns(factor, 0, n)


@kernel
def take_asked(guard, begun):
    """Write the requested torque, within rate and motor limits, and its acceleration.

    The rate counts from the last request, not from what limits made of it: else a joint's torque
    that they changed would be cut to it, change the others' and be changed again, ever further.
    Without ``nearest`` it counts from the torque sent: it calms late sensors, and keeps requests
    near enough for the bounds of box and clearance.

    Returns the limits that it met; with MET_NOT_FINITE nothing is written.
    """
    asked, sent = vector(guard, at.GUARD_ASKED), vector(guard, at.GUARD_SENT)
    most, step = vector(guard, at.GUARD_TAU_MAX), vector(guard, at.GUARD_TAU_STEP)
    tau, withheld, met = vector(guard, at.GUARD_TAU), vector(guard, at.GUARD_WITHHELD), 0
    for i in range(len(asked)):
        if not math.isfinite(asked[i]):
            return at.MET_NOT_FINITE
    share = number(guard, at.GUARD_NEAREST)
    for i in range(len(asked)):
        tau[i], last = asked[i], sent[i] + share * withheld[i]
        if begun > 0 and abs(tau[i] - last) > step[i]:
            met |= at.MET_RATE
            tau[i] = min(max(tau[i], last - step[i]), last + step[i])
        if abs(tau[i]) >= most[i]:  # equal: a cycle has limited it already
            met |= at.MET_TORQUE
            tau[i] = min(max(tau[i], -most[i]), most[i])
        withheld[i] = tau[i]  # less what is sent; see `send`
    accelerate(guard, tau, vector(guard, at.GUARD_DDQ))
    return met


@kernel
def is_model_trusted(guard):
    """Return whether the motion shows that sensors are not late, and that no load is missing.

    See `find_load`. A load that was found can be dropped at any moment.
    """
    timely = number(whole(guard, at.GUARD_LOAD), LOAD_TIMELY) > 0.0
    return timely and number(guard, at.GUARD_LADEN) == 0.0


@kernel
def take_stop(guard, dq):
    """Write the acceleration of a stop; `leave_rest` takes what the motors can give of it."""
    k, most = number(guard, at.GUARD_POSITION_GAIN), vector(guard, at.GUARD_STOPPING)
    ddq = vector(guard, at.GUARD_DDQ)
    for i in range(len(dq)):
        ddq[i] = min(max(-k * dq[i], -most[i]), most[i])


@kernel
def outside_box(guard, arm):
    """Return whether the tool is outside its box by more than BEYOND."""
    box, pose = matrix(guard, at.GUARD_BOX, 3), matrix(arm, ARM_POSE, 4)
    for axis in range(3):
        x = pose[axis, ORIGIN]
        if max(box[at.BOX_LOWER, axis] - x, x - box[at.BOX_UPPER, axis]) > BEYOND:
            return True
    return False


@kernel
def leave_rest(guard, arm, share):
    """Write the torque on the line from ``rest`` to ``ddq``, as far as ``share`` and motors allow.

    All accelerations between the two are within bounds. If motors cannot even give ``rest``, it is
    the torque that comes nearest.
    """
    rest, ddq = vector(guard, at.GUARD_REST), vector(guard, at.GUARD_DDQ)
    hold, most = vector(guard, at.GUARD_HOLD), vector(guard, at.GUARD_TAU_MAX)
    tau, rest_tau = vector(guard, at.GUARD_TAU), vector(guard, at.GUARD_REST_TAU)
    n = len(rest)
    M = matrix(arm, ARM_M, n)
    for i in range(n):
        tau[i], rest_tau[i] = hold[i], hold[i]
        for j in range(n):
            tau[i] += M[i, j] * ddq[j]
            rest_tau[i] += M[i, j] * rest[j]
        if tau[i] > most[i] and tau[i] > rest_tau[i]:
            share = min(share, max(most[i] - rest_tau[i], 0.0) / (tau[i] - rest_tau[i]))
        elif tau[i] < -most[i] and tau[i] < rest_tau[i]:
            share = min(share, max(rest_tau[i] + most[i], 0.0) / (rest_tau[i] - tau[i]))
    for i in range(n):
        tau[i] = rest_tau[i] + share * (tau[i] - rest_tau[i])
        ddq[i] = rest[i] + share * (ddq[i] - rest[i])
    keep_motors(guard, M)


@kernel
def send(guard, stops):
    """Write the torque within the motors' limits to ``sent``; 0 for values that are not finite.

    In a stop nothing is requested that could be ``withheld``.
    """
    tau, sent = vector(guard, at.GUARD_TAU), vector(guard, at.GUARD_SENT)
    most, withheld = vector(guard, at.GUARD_TAU_MAX), vector(guard, at.GUARD_WITHHELD)
    for i in range(len(tau)):
        sent[i] = min(max(tau[i], -most[i]), most[i])
        if not math.isfinite(sent[i]):
            sent[i] = 0.0
        withheld[i] = 0.0 if stops else withheld[i] - sent[i]
