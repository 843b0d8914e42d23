"""A whole control cycle in one call: arm, law, learner and guard."""

import math

from arms.machine.memory import call
from arms.machine.numba_kernel import kernel, part

from .access import matrix, number, set_number, vector, whole
from .arm_terms import compute_terms
from .layout import cycle_fields as at
from .layout.arm_fields import (
    ARM_POSE,
    ARM_TAU_MAX,
    COMMAND_OUT_OF_REACH,
    COMMAND_SINGULARITY,
    COMMAND_TAU,
    NOT_FINITE,
    NOTHING,
    ORIGIN,
)
from .layout.guard_fields import GO, GUARD_ASKED, GUARD_SENT, MET_TORQUE
from .layout.learner_fields import DESCENT_FEEDFORWARD, LEARNER_FEEDFORWARD
from .layout.structured_fields import (
    STRUCTURED_CARRIED,
    STRUCTURED_FEEDFORWARD,
    STRUCTURED_FINISH_CALL,
)
from .learn import record_sent
from .learn_structure import record_structured
from .protect import credible


@part(6, number=True)
def run_cycle(cycle, guard, sound, memory, learning, begun, elapsed):
    """Write the limited torque, the tool's position, the singularity and the learned torque.

    Returns the bits of the guard's findings; without a guard MET_TORQUE, if a motor's limit changes
    the torque; NOTHING if the state is not credible, or NOT_FINITE if the torque is not finite.
    Nothing is learned in the last two cases.

    Args:
        guard: address of a `Safe`'s block, or 0.
        sound: whether the sensors can be learned from.
        memory: of the law: PAUSES, ADVANCES or OVERRULED.
        learning: LEARN, HOLD or FREEZE.
        begun, elapsed: as in `protect`.
    """
    arm, inputs = whole(cycle, at.CYCLE_ARM), whole(cycle, at.CYCLE_INPUT)
    command, law = whole(cycle, at.CYCLE_COMMAND), whole(cycle, at.CYCLE_LAW)
    if guard != 0 and not credible(guard, inputs):
        return NOTHING
    finish_learning(cycle)
    compute_terms(arm, inputs)
    learner = whole(cycle, at.CYCLE_LEARNER)
    if whole(cycle, at.CYCLE_MODEL_CALL) != 0:
        call(whole(cycle, at.CYCLE_MODEL_CALL), learner, arm, inputs, guard)
    call(whole(cycle, at.CYCLE_LAW_CALL), law, arm, inputs, command, memory)
    tau = vector(cycle, at.CYCLE_TAU)
    if not copy_finite(vector(command, COMMAND_TAU), tau):
        return NOT_FINITE
    add_learned(cycle, sound, learning)
    if not all_finite(tau):
        return NOT_FINITE
    met = MET_TORQUE if saturate(tau, vector(arm, ARM_TAU_MAX)) else 0
    pose, tool = matrix(arm, ARM_POSE, 4), vector(cycle, at.CYCLE_TOOL)
    for axis in range(3):
        tool[axis] = pose[axis, ORIGIN]
    set_number(cycle, at.CYCLE_SINGULARITY, number(command, COMMAND_SINGULARITY))
    set_number(cycle, at.CYCLE_OUT_OF_REACH, number(command, COMMAND_OUT_OF_REACH))
    if guard != 0:
        met = guard_torque(cycle, guard, begun, elapsed)
    tell_learner(cycle, tau)
    if number(cycle, at.CYCLE_DEFERS) == 0.0:
        finish_learning(cycle)
    return met


@kernel
def finish_learning(cycle):
    """Let a structured learner learn from the last cycle, if that waits."""
    if whole(cycle, at.CYCLE_LEARNER_KIND) == at.STRUCTURES:
        learner = whole(cycle, at.CYCLE_LEARNER)
        call(whole(learner, STRUCTURED_FINISH_CALL), learner)


@kernel
def tell_learner(cycle, tau):
    """Record the torque (n,) that was sent, for a learner with an observer."""
    learner, command = whole(cycle, at.CYCLE_LEARNER), whole(cycle, at.CYCLE_COMMAND)
    if whole(cycle, at.CYCLE_LEARNER_KIND) == at.CONSOLIDATES:
        record_sent(learner, command, tau)
    elif whole(cycle, at.CYCLE_LEARNER_KIND) == at.STRUCTURES:
        record_structured(learner, command, tau)


@kernel
def guard_torque(cycle, guard, begun, elapsed):
    """Limit tau by a guard; return the guard's findings."""
    arm, inputs = whole(cycle, at.CYCLE_ARM), whole(cycle, at.CYCLE_INPUT)
    tau = vector(cycle, at.CYCLE_TAU)
    asked, sent = vector(guard, GUARD_ASKED), vector(guard, GUARD_SENT)
    for i in range(len(tau)):
        asked[i] = tau[i]
    met = call(whole(cycle, at.CYCLE_GUARD_CALL), guard, arm, inputs, GO, begun, elapsed)
    for i in range(len(tau)):
        tau[i] = sent[i]
    return met


@kernel
def add_learned(cycle, sound, learning):
    """Add the torque of the learner, if any, to tau; train it if allowed."""
    learner, kind = whole(cycle, at.CYCLE_LEARNER), whole(cycle, at.CYCLE_LEARNER_KIND)
    arm, inputs = whole(cycle, at.CYCLE_ARM), whole(cycle, at.CYCLE_INPUT)
    command, added = whole(cycle, at.CYCLE_COMMAND), vector(cycle, at.CYCLE_FEEDFORWARD)
    if kind == at.FIXED:
        return
    supply = whole(cycle, at.CYCLE_SUPPLY_CALL)
    call(supply, learner, arm, inputs, command, sound, learning)
    if kind == at.CONSOLIDATES:
        copy_finite(vector(learner, LEARNER_FEEDFORWARD), added)
    elif kind == at.DESCENDS:
        copy_finite(vector(learner, DESCENT_FEEDFORWARD), added)
    elif kind == at.STRUCTURES:
        copy_finite(vector(learner, STRUCTURED_FEEDFORWARD), added)
    tau = vector(cycle, at.CYCLE_TAU)
    for i in range(len(tau)):
        tau[i] += added[i]
    if kind == at.STRUCTURES:  # the law has already spent this
        carried = vector(learner, STRUCTURED_CARRIED)
        for i in range(len(tau)):
            added[i] += carried[i]


@kernel
def all_finite(values):
    """Whether all numbers are finite."""
    finite = True
    for i in range(len(values)):
        finite = finite and math.isfinite(values[i])
    return finite


@kernel
def copy_finite(values, target):
    """Copy values; return whether all are finite."""
    for i in range(len(target)):
        target[i] = values[i]
    return all_finite(target)


@kernel
def saturate(tau, tau_max):
    """Clip a torque to the motors' limits; return whether that changes it."""
    changes = False
    for i in range(len(tau)):
        changes = changes or abs(tau[i]) > tau_max[i]
        tau[i] = min(max(tau[i], -tau_max[i]), tau_max[i])
    return changes
