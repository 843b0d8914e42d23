"""A load that the model lacks, found from the motion while limits act or joints are fast.

A guard's model turns a bound on an acceleration into a torque. A light wrist with a load has many
times its M, and r, which follows within some milliseconds, cannot make up for that. So the load's
ten parameters theta, those of `carried_body`, are found by least squares with forgetting, from the
difference of two filters: with F(.) the observer's and S(.) a slower one,

    -(F - S)(y) = (F - S)(Y) theta,   Y the columns of momentum over a cycle,  y their torque

F(y) is r. Friction and other torques that change slowly are in both filters and drop out, and so
does most of the noise. See `fit_load` and `choose_load`. Then M, C, g and r are those of the arm
with the load.
"""

from arms.machine.memory import clear
from arms.machine.numba_kernel import kernel, part

from .access import matrix, number, set_number, vector, whole
from .carried_body import add_body
from .choose_load import believe_load, choose_load, misfit_at
from .filter_load import (
    filter_columns,
    filter_share,
    filter_torques,
    keep_columns,
    locate,
    write_columns,
)
from .fit_load import FORGET, LATE, add_cycle, has_changed, whole_delay
from .layout import body_fields as at
from .layout.arm_fields import ARM_C, ARM_DOF, ARM_G, ARM_M, INPUT_DQ
from .layout.estimation_fields import LATEST
from .layout.guard_fields import (
    GUARD_BELIEVED_DQ,
    GUARD_BIAS,
    GUARD_LACK,
    GUARD_LADEN,
    GUARD_LATE,
    GUARD_LOAD,
    GUARD_MOMENTUM,
    GUARD_OBSERVER_GAIN,
    GUARD_RUBBED,
    GUARD_RUBS,
    GUARD_SENT,
    GUARD_UNMODELLED,
)
from .observe import follow, momentum_observer
from .sizes import DELAYS

SEEN = 10.0  # sum of squares from which on a delay shows
PLAINLY = 0.2  # share of it that a delay may leave
SLACK = 4.0  # sum of squares that noise may leave


@kernel
def observe_unmodelled(guard, arm, dq, begun, elapsed):
    """Update r by the torque sent ``elapsed`` [s] ago, if any and ``begun``; filter friction alike.

    That is the friction which the learner made up for in that cycle.
    """
    p, bias = vector(guard, GUARD_MOMENTUM), vector(guard, GUARD_BIAS)
    r, sent = vector(guard, GUARD_UNMODELLED), vector(guard, GUARD_SENT)
    share = filter_share(number(guard, GUARD_OBSERVER_GAIN), elapsed)
    momentum_observer(arm, dq, sent, begun, share, elapsed, p, bias, r)
    if begun:
        rubs, rubbed = vector(guard, GUARD_RUBS), vector(guard, GUARD_RUBBED)
        for i in range(len(r)):
            rubbed[i] = follow(rubbed[i], rubs[i], share)


@part(4, number=True)
def find_load(guard, arm, inputs, sure, elapsed):
    """Update r as `observe_unmodelled` does, and the load, by a cycle of ``elapsed`` [s].

    Args:
        guard: block of `GUARD`.
        arm: block of `ARM`, with the terms of the model without the load.
        inputs: block of `INPUT`.
        sure: whether the last torque was sent ``elapsed`` ago, and the state is believed.
        elapsed: see above.
    """
    load, dq = whole(guard, GUARD_LOAD), vector(inputs, INPUT_DQ)
    observe_unmodelled(guard, arm, dq, sure, elapsed)
    write_columns(load, arm, dq)
    if sure and number(load, at.LOAD_BEGUN) > 0.0:
        share = filter_share(number(guard, GUARD_OBSERVER_GAIN), elapsed)
        filter_columns(load, share, elapsed)
        filter_torques(guard, load, vector(guard, GUARD_SENT), share, elapsed)
        add_cycle(guard, load, matrix(arm, ARM_M, len(dq)), elapsed, FORGET)
        if has_changed(load, SLACK):
            forget_load(guard)  # the load has changed, or is gone
        else:
            choose_load(load, 1.0)
            believed = believe_load(load, vector(guard, GUARD_LACK))
            set_number(guard, GUARD_LADEN, 1.0 if believed else 0.0)
            allow_for_delay(load, vector(guard, GUARD_LATE))
    keep_columns(guard, load)


@kernel
def allow_for_delay(load, late):
    """Write how r changes if the sensors show the torques of ``LOAD_DELAY`` cycles before.

    Else every change of the torque looks like one of r, which drives late sensors into a swing. Up
    to LATE the limits are calm without, and with noise the tool keeps its box better. A delay must
    explain far more than none does: little motion of a load looks like one.
    """
    delay, givens = number(load, at.LOAD_DELAY), matrix(load, at.LOAD_GIVENS, len(late))
    without = misfit_at(load, 0.0)
    seen = number(load, at.LOAD_COUNT) > DELAYS * len(late)
    set_number(load, at.LOAD_TIMELY, 1.0 if seen and without < SLACK else 0.0)
    if without > SEEN:
        clearly = misfit_at(load, delay) < PLAINLY * without
        set_number(load, at.LOAD_LATE, delay if clearly else 0.0)
    delay = number(load, at.LOAD_LATE)
    s, f = whole_delay(delay), delay - whole_delay(delay)
    for i in range(len(late)):
        late[i] = 0.0
        if delay > LATE:
            late[i] = givens[LATEST, i] - (1.0 - f) * givens[s, i] - f * givens[s + 1, i]


@part(2)
def carry_load(guard, arm):
    """Add the load that was found to the arm's M, C and g, at the believed velocity."""
    load, n = whole(guard, GUARD_LOAD), whole(arm, ARM_DOF)
    locate(load, arm, vector(guard, GUARD_BELIEVED_DQ))
    M, C, g = matrix(arm, ARM_M, n), matrix(arm, ARM_C, n), vector(arm, ARM_G)
    add_body(whole(load, at.LOAD_BODY), vector(load, at.LOAD_THETA), M, C, g)


@kernel
def forget_load(guard):
    """Forget the load that was found."""
    load = whole(guard, GUARD_LOAD)
    set_number(guard, GUARD_LADEN, 0.0)
    clear(vector(guard, GUARD_LACK))
    clear(vector(guard, GUARD_LATE))
    clear_load(guard, load)


@kernel
def clear_load(guard, load):
    """Clear a load's sums, filters and parameters."""
    r = vector(guard, GUARD_UNMODELLED)
    motion, motion_slower = vector(load, at.LOAD_MOTION), vector(load, at.LOAD_MOTION_SLOWER)
    sent, last = vector(guard, GUARD_SENT), vector(load, at.LOAD_SENT_LAST)
    given, given_slower = vector(load, at.LOAD_GIVEN), vector(load, at.LOAD_GIVEN_SLOWER)
    givens = matrix(load, at.LOAD_GIVENS, len(r))
    set_number(load, at.LOAD_BEGUN, 0.0)
    set_number(load, at.LOAD_COUNT, 0.0)
    set_number(load, at.LOAD_LEFT, 0.0)
    set_number(load, at.LOAD_RECENT, 0.0)
    set_number(load, at.LOAD_MISFIT, 1.0)
    set_number(load, at.LOAD_TIMELY, 0.0)
    clear(vector(load, at.LOAD_SIZE))
    clear(vector(load, at.LOAD_BOTH))
    clear(vector(load, at.LOAD_INFORMATION))
    clear(vector(load, at.LOAD_MOMENT))
    clear(vector(load, at.LOAD_FILTERED))
    clear(vector(load, at.LOAD_SLOWER))
    clear(vector(load, at.LOAD_LACKS))
    clear(vector(load, at.LOAD_CHANGES))
    clear(vector(load, at.LOAD_THETA))
    clear(vector(load, at.LOAD_HELD))
    clear(vector(load, at.LOAD_NEAR))
    clear(vector(load, at.LOAD_PULL))
    for i in range(len(r)):
        motion[i] = motion_slower[i] = r[i] + sent[i]
        given[i] = given_slower[i] = last[i] = sent[i]
        for s in range(len(givens)):
            givens[s, i] = sent[i]
