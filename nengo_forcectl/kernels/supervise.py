"""`Safe.step` around a compiled cycle without Python: for a controller as a C library.

It calls the kernels that `Safe` calls, and collects state and reference from a C program.
"""

import math

from arms.machine.memory import call, clear, copy_numbers, numbers_at, wholes_at
from arms.machine.numba_kernel import kernel

from .access import matrix, number, set_number, vector, whole, wholes
from .control_cycle import finish_learning, tell_learner
from .handed_over import (
    WORD,
    is_felt,
    is_sound,
    motion_of,
    positions,
    time_of,
    velocities,
    wanted_motion,
    wanted_rotation,
    wanted_turning,
    wanted_wrench,
    wrench_of,
)
from .layout import cycle_fields as at, watch_fields as watch_at
from .layout.arm_fields import (
    HUGE,
    INPUT_DOMEGA,
    INPUT_DQ,
    INPUT_OMEGA,
    INPUT_PRESS,
    INPUT_Q,
    INPUT_R,
    INPUT_WRENCH,
    INPUT_X,
    NOT_FINITE,
    NOTHING,
)
from .layout.estimation_fields import LATEST, PREDICTOR_Q, PREDICTOR_SENT
from .layout.guard_fields import GUARD_ASKED, GUARD_MEMORY, GUARD_MEMORY_LAST, GUARD_SENT
from .layout.law_fields import ADVANCES, OVERRULED, PAUSES
from .watch import (
    accept,
    begin_cycle,
    feel,
    look,
    protect_apart,
    reset as reset_watch,
    stop as stop_watch,
)


@kernel
def step_controller(own, state, reference, target):
    """Write the torque within the limits to ``target``; return the reason of a stop, or GOES.

    Args:
        own: block of `SUPERVISOR`.
        state, reference: addresses; see `handed_over`.
        target: address of n numbers.
    """
    n = len(vector(whole(own, at.SUPERVISOR_CYCLE), at.CYCLE_TAU))
    time, watch = time_of(state), whole(own, at.SUPERVISOR_WATCH)
    if number(own, at.SUPERVISOR_FIRST) > 0.0:
        begin(own, time)
    news = begin_cycle(watch, time)
    sound = number(watch, watch_at.WATCH_LEARNS) > 0.0 and is_sound(state, n)
    feel_wrench(own, wrench_of(state, n), is_felt(state, n), reference)
    goes = stopped(own) == watch_at.GOES and news & watch_at.NEW
    tau = numbers_at(target, n)
    fused = whole(own, at.SUPERVISOR_FUSED) != 0
    if not (fused and goes and step_fused(own, state, reference, tau, sound)):
        step_apart(own, state, reference, tau, sound)
    return stopped(own)


@kernel
def begin(own, time):
    """Begin a new motion unless the first state comes one period after the last one."""
    set_number(own, at.SUPERVISOR_FIRST, 0.0)
    watch = whole(own, at.SUPERVISOR_WATCH)
    passed, dt = time - number(watch, watch_at.WATCH_TIME), number(watch, watch_at.WATCH_DT)
    if 0.5 * dt < passed < 1.5 * dt:
        return
    reset(own)
    guard = whole(watch, watch_at.WATCH_GUARD)
    for place in range(GUARD_MEMORY, GUARD_MEMORY_LAST + 1):
        clear(vector(guard, place))
    for place in range(watch_at.WATCH_BEGUN, watch_at.WATCH_FROZEN + 1):
        set_number(watch, place, 0.0)
    set_number(watch, watch_at.WATCH_TIME, -math.inf)


@kernel
def reset(own):
    """End a controlled stop and begin a new motion: see `Safe.reset`."""
    finish_learning(whole(own, at.SUPERVISOR_CYCLE))
    reset_watch(whole(own, at.SUPERVISOR_WATCH))
    set_number(own, at.SUPERVISOR_OBEYED, 1.0)
    places, counts = wholes(own, at.SUPERVISOR_CLEARS), wholes(own, at.SUPERVISOR_CLEAR_COUNTS)
    for k in range(len(places)):
        clear(numbers_at(places[k], counts[k]))


@kernel
def stop(own, reason):
    """Come to a controlled stop, and stay in it until `reset`."""
    stop_watch(whole(own, at.SUPERVISOR_WATCH), reason)


@kernel
def learn(own, mode):
    """Set the mode of the learner, if there is one: LEARN, HOLD or FREEZE."""
    if whole(whole(own, at.SUPERVISOR_CYCLE), at.CYCLE_LEARNER_KIND) != at.FIXED:
        set_number(own, at.SUPERVISOR_MODE, mode)


@kernel
def count_events(own, target):
    """Write the counts of events to the address of 9 int64."""
    events = vector(whole(own, at.SUPERVISOR_WATCH), watch_at.WATCH_EVENTS)
    counts = wholes_at(target, watch_at.EVENT_END)
    for k in range(len(events)):
        counts[k] = int(events[k])


@kernel
def feel_wrench(own, wrench, given, reference):
    """Give the guard the wrench, if there is a finite one; stop if a limit of force lacks it."""
    watch = whole(own, at.SUPERVISOR_WATCH)
    bounds = whole(watch, watch_at.WATCH_BOUNDS_FORCE) != 0
    if given or bounds or number(watch, watch_at.WATCH_FELT) > 0.0:
        k = len(vector(whole(whole(own, at.SUPERVISOR_CYCLE), at.CYCLE_INPUT), INPUT_X))
        copy_numbers(wrench, vector(watch, watch_at.WATCH_GIVEN))
        copy_numbers(wanted_wrench(reference, k), vector(watch, watch_at.WATCH_WANTED))
        feel(watch, int(given), 1)


@kernel
def step_fused(own, state, reference, tau, sound):
    """Run cycle and guard in one call; return whether there is a torque."""
    cycle, n, watch = whole(own, at.SUPERVISOR_CYCLE), len(tau), whole(own, at.SUPERVISOR_WATCH)
    met = collect(own, motion_of(state), wrench_of(state, n), is_felt(state, n), reference)
    if met == 0:
        begins, elapsed = (
            int(number(watch, watch_at.WATCH_BEGINS)),
            number(watch, watch_at.WATCH_ELAPSED),
        )
        met = run(own, whole(watch, watch_at.WATCH_GUARD), sound, begins, elapsed)
    if met == NOTHING:
        return False
    if met == NOT_FINITE:
        stop(own, watch_at.INFINITE)
        return False
    copy_numbers(vector(cycle, at.CYCLE_TAU), tau)
    accept(watch, met, time_of(state))
    if met != 0:
        overrule(own, tau)
    return True


@kernel
def overrule(own, tau):
    """Tell the cycle of the torque that was sent instead of its own."""
    set_number(own, at.SUPERVISOR_OBEYED, 0.0)
    cycle, predictor = whole(own, at.SUPERVISOR_CYCLE), whole(own, at.SUPERVISOR_PREDICTOR)
    tell_learner(cycle, tau)
    if predictor != 0:
        copy_numbers(tau, matrix(predictor, PREDICTOR_SENT, len(tau))[LATEST])


@kernel
def run(own, guard, sound, begun, elapsed):
    """Run the cycle's kernel; the law's memory advances if its last torque was sent."""
    memory = ADVANCES if sound else PAUSES
    if number(own, at.SUPERVISOR_OBEYED) == 0.0:
        memory = OVERRULED
    calls, cycle = wholes(own, at.SUPERVISOR_CALLS), whole(own, at.SUPERVISOR_CYCLE)
    mode = int(number(own, at.SUPERVISOR_MODE))
    met = call(
        calls[at.CALL_CYCLE], cycle, guard, sound, memory, mode, begun, elapsed
    )  # fmt: skip  # pyright: ignore[reportCallIssue]
    set_number(own, at.SUPERVISOR_OBEYED, 1.0 if met <= 0 else 0.0)
    return met


@kernel
def collect(own, motion, wrench, felt, reference):
    """Write state and reference to the cycle's input; return as `Inputs.try_to_collect`."""
    inputs = whole(whole(own, at.SUPERVISOR_CYCLE), at.CYCLE_INPUT)
    q, dq = vector(inputs, INPUT_Q), vector(inputs, INPUT_DQ)
    n, k = len(q), len(vector(inputs, INPUT_X))
    copy_numbers(positions(motion, n), q)
    copy_numbers(velocities(motion, n), dq)
    follows = whole(own, at.SUPERVISOR_FOLLOWS) != 0
    for j in range(3):
        part, wanted = vector(inputs, INPUT_X + j), wanted_motion(reference, k, j)
        for i in range(k):
            part[i] = wanted[i] if follows else 0.0
    if whole(own, at.SUPERVISOR_TURNS) != 0:
        copy_numbers(wanted_rotation(reference, k), vector(inputs, INPUT_R))
        copy_numbers(wanted_turning(reference, k, 0), vector(inputs, INPUT_OMEGA))
        copy_numbers(wanted_turning(reference, k, 1), vector(inputs, INPUT_DOMEGA))
    if whole(own, at.SUPERVISOR_FEELS) == 0:
        return 0
    if not felt and whole(own, at.SUPERVISOR_NEEDS_WRENCH) != 0:
        return NOTHING
    measured, press = vector(inputs, INPUT_WRENCH), vector(inputs, INPUT_PRESS)
    copy_numbers(wanted_wrench(reference, k), press)
    for i in range(6):
        measured[i] = wrench[i] if felt else 0.0
        if not (abs(measured[i]) < HUGE and abs(press[i]) < HUGE):
            return NOT_FINITE
    return 0


@kernel
def step_apart(own, state, reference, tau, sound):
    """Run the cycle, then the guard."""
    finish_learning(whole(own, at.SUPERVISOR_CYCLE))
    watch, calls = whole(own, at.SUPERVISOR_WATCH), wholes(own, at.SUPERVISOR_CALLS)
    guard, inputs = whole(watch, watch_at.WATCH_GUARD), whole(watch, watch_at.WATCH_INPUT)
    n, motion = len(tau), motion_of(state)
    copy_numbers(positions(motion, n), vector(inputs, INPUT_Q))
    copy_numbers(velocities(motion, n), vector(inputs, INPUT_DQ))
    credible = call(calls[at.CALL_CREDIBLE], guard, inputs)  # pyright: ignore[reportCallIssue]
    look(watch, credible, time_of(state))
    asked = vector(guard, GUARD_ASKED)
    clear(asked)
    asks = stopped(own) == watch_at.GOES and ask(own, state, reference, sound)
    if asks:
        copy_numbers(vector(whole(own, at.SUPERVISOR_CYCLE), at.CYCLE_TAU), asked)
    met = protect_apart(watch, credible)
    if met == 0 and asks:
        copy_numbers(asked, tau)
    else:
        copy_numbers(vector(guard, GUARD_SENT), tau)
        overrule(own, tau)


@kernel
def ask(own, state, reference, sound):
    """Run the cycle alone, on the predicted state if there is a predictor; stop if it fails."""
    cycle, predictor = whole(own, at.SUPERVISOR_CYCLE), whole(own, at.SUPERVISOR_PREDICTOR)
    n = len(vector(cycle, at.CYCLE_TAU))
    motion = motion_of(state)
    if predictor != 0:
        predict_present(own, time_of(state), motion, sound)
        places = wholes_at(predictor, PREDICTOR_Q + 1)
        motion = predictor + WORD * places[PREDICTOR_Q]  # and dq stands behind q
    met = collect(own, motion, wrench_of(state, n), is_felt(state, n), reference)
    if met == NOTHING:
        stop(own, watch_at.UNFELT)
        return False
    if met != 0 or run(own, 0, sound, 0, 0.0) == NOT_FINITE:
        stop(own, watch_at.INFINITE)
        return False
    if predictor != 0:
        sent = matrix(predictor, PREDICTOR_SENT, n)
        shift(sent, 1)
        copy_numbers(vector(cycle, at.CYCLE_TAU), sent[LATEST])
    return True


@kernel
def predict_present(own, time, motion, sound):
    """Write the present state to the predictor's block; see `Predictor.now`."""
    predictor = whole(own, at.SUPERVISOR_PREDICTOR)
    dt = number(whole(own, at.SUPERVISOR_WATCH), watch_at.WATCH_DT)
    arm = whole(own, at.SUPERVISOR_PREDICTOR_ARM)
    inputs = whole(own, at.SUPERVISOR_PREDICTOR_INPUT)
    q, dq = vector(inputs, INPUT_Q), vector(inputs, INPUT_DQ)
    passed = time - number(own, at.SUPERVISOR_PREDICTED)
    if 1.5 * dt < passed < math.inf:  # cycles were missed, and the last torque held
        sent = matrix(predictor, PREDICTOR_SENT, len(q))
        shift(sent, int(min(math.floor(passed / dt + 0.5) - 1.0, len(sent) - 1.0)))
    set_number(own, at.SUPERVISOR_PREDICTED, time)
    copy_numbers(positions(motion, len(q)), q)
    copy_numbers(velocities(motion, len(q)), dq)
    calls = wholes(own, at.SUPERVISOR_CALLS)
    call(calls[at.CALL_PREDICT], predictor, arm, inputs, sound)  # pyright: ignore[reportCallIssue]


@kernel
def shift(rows, count):
    """Move rows down by ``count``; the first one is repeated."""
    for k in range(len(rows) - 1, 0, -1):
        for i in range(rows.shape[1]):
            rows[k, i] = rows[max(k - count, 0), i]


@kernel
def stopped(own):
    """Return the reason of a controlled stop, or GOES."""
    return int(number(whole(own, at.SUPERVISOR_WATCH), watch_at.WATCH_STOPPED))
