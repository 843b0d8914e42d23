"""What `Safe` does with the findings of its guard, for a controller as a C library."""

from . import layout as at
from .access import matrix, number, set_number, vector, whole
from .compile import kernel
from .learn import record_sent
from .learn_structure import record_structured
from .memory import put


@kernel
def stop(own, reason):
    """Come to a controlled stop, and stay in it until `reset`."""
    if number(own, at.SUPERVISOR_STOPPED) == at.GOES:
        set_number(own, at.SUPERVISOR_STOPPED, reason)
        vector(own, at.SUPERVISOR_EVENTS)[at.EVENT_STOP] += 1.0


@kernel
def record(own, met, tau):
    """Record the findings of a cycle whose torque is ``tau``."""
    if met == 0:
        set_number(own, at.SUPERVISOR_MET, 0.0)
        set_number(own, at.SUPERVISOR_FROZEN, 0.0)
    else:
        overrule(own, met, tau)


@kernel
def overrule(own, met, tau):
    """Count the findings, stop if necessary, and report the sent torque to the cycle."""
    count_findings(own, met)
    judge(own, met)
    frozen = number(own, at.SUPERVISOR_FROZEN) + 1.0 if met & at.MET_FROZEN else 0.0
    set_number(own, at.SUPERVISOR_FROZEN, frozen)
    if frozen > number(own, at.SUPERVISOR_PATIENCE):
        stop(own, at.REPEATS)
    met &= ~(at.MET_FROZEN | at.MET_SUSPECT)
    if number(own, at.SUPERVISOR_STOPPED) != at.GOES:  # the cycle does not know the torques
        met |= at.MET_NOT_FINITE
    set_number(own, at.SUPERVISOR_MET, met)
    set_number(own, at.SUPERVISOR_OBEYED, 0.0)
    cycle, predictor = whole(own, at.SUPERVISOR_CYCLE), whole(own, at.SUPERVISOR_PREDICTOR)
    learner, command = whole(cycle, at.CYCLE_LEARNER), whole(cycle, at.CYCLE_COMMAND)
    if whole(cycle, at.CYCLE_LEARNER_KIND) == at.CONSOLIDATES:
        record_sent(learner, command, tau)
    elif whole(cycle, at.CYCLE_LEARNER_KIND) == at.STRUCTURES:
        record_structured(learner, command, tau)
    if predictor != 0:
        put(tau, matrix(predictor, at.PREDICTOR_SENT, len(tau))[0])


@kernel
def count_findings(own, met):
    """Count limits that changed the torque; stop if they act too often."""
    events, acts = vector(own, at.SUPERVISOR_EVENTS), False
    for k in range(at.BOUNDS):
        if met >> k & 1:
            events[k] += 1.0
            acts = True
    if not acts or number(own, at.SUPERVISOR_STOPPED) != at.GOES:
        return
    vector(own, at.SUPERVISOR_CHANGED)[int(number(own, at.SUPERVISOR_SLOT))] = 1.0
    changes, share = number(own, at.SUPERVISOR_CHANGES) + 1.0, number(own, at.SUPERVISOR_OVERRULED)
    set_number(own, at.SUPERVISOR_CHANGES, changes)
    if share < 1.0 and changes > share * at.RECENT:
        stop(own, at.OVERRULED)


@kernel
def judge(own, met):
    """Stop for what a guard has found, in the order of `Safe`."""
    if met & at.MET_NOT_FINITE:
        stop(own, at.INFINITE)
    if met & at.MET_OUTSIDE:
        stop(own, at.STRAYS)
    if met & at.MET_LIE:
        stop(own, at.CONTRADICTS)
        fallback = number(whole(own, at.SUPERVISOR_GUARD), at.GUARD_FALLBACK)
        set_number(own, at.SUPERVISOR_STOP_MODE, fallback)
    if met & at.MET_LIE_WRENCH:
        stop(own, at.MISFEELS)
    if met & at.MET_PRESSED:
        stop(own, at.PRESSES)
