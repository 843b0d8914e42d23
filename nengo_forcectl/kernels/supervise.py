"""`Safe.step` around a compiled cycle without Python: for a controller as a C library.

It calls the kernels that `Safe` calls, by their addresses, so they are the same machine code; what
`Safe` does in Python between them is stated here a second time, and the tests compare both. The
blocks' `SUPERVISOR` remembers what `Safe` has in its attributes.
"""

import math

from . import layout as at
from .access import matrix, number, set_number, vector, whole, wholes
from .compile import kernel
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
from .memory import call, clear, numbers_at, put, wholes_at
from .supervise_findings import overrule, record, stop


@kernel
def step_controller(own, state, reference, target):
    """Write the torque within the limits to ``target``; return the reason of a stop, or GOES.

    Args:
        own: block of `SUPERVISOR`.
        state, reference: addresses; see `handed_over`.
        target: address of n numbers.
    """
    n = len(vector(whole(own, at.SUPERVISOR_CYCLE), at.CYCLE_TAU))
    time = time_of(state)
    if number(own, at.SUPERVISOR_FIRST) > 0.0:
        begin(own, time)
    if number(own, at.SUPERVISOR_ANEW) > 0.0:
        set_number(own, at.SUPERVISOR_ANEW, 0.0)
        if not number(own, at.SUPERVISOR_TIME) < time:  # also if the robot's clock restarted
            set_number(own, at.SUPERVISOR_TIME, -math.inf)
    begun, elapsed, learns = pass_time(own, time)
    sound = learns and is_sound(state, n)
    begin_cycle(own)
    feel(own, wrench_of(state, n), is_felt(state, n), reference)
    goes = number(own, at.SUPERVISOR_STOPPED) == at.GOES
    goes = goes and number(own, at.SUPERVISOR_TIME) < time < math.inf
    tau = numbers_at(target, n)
    fused = whole(own, at.SUPERVISOR_FUSED) != 0
    if not (fused and goes and step_fused(own, state, reference, tau, sound, begun, elapsed)):
        step_apart(own, state, reference, tau, sound, begun, elapsed)
    return int(number(own, at.SUPERVISOR_STOPPED))


@kernel
def begin(own, time):
    """Begin a new motion unless the first state comes one period after the last one."""
    set_number(own, at.SUPERVISOR_FIRST, 0.0)
    passed, dt = time - number(own, at.SUPERVISOR_TIME), number(own, at.SUPERVISOR_DT)
    if 0.5 * dt < passed < 1.5 * dt:
        return
    reset(own)
    guard = whole(own, at.SUPERVISOR_GUARD)
    for place in range(at.GUARD_MOMENTUM, at.GUARD_DQ + 1):
        clear(vector(guard, place))
    for place in (
        at.SUPERVISOR_BEGUN, at.SUPERVISOR_MET, at.SUPERVISOR_SILENT, at.SUPERVISOR_FROZEN,
    ):  # fmt: skip
        set_number(own, place, 0.0)
    set_number(own, at.SUPERVISOR_TIME, -math.inf)


@kernel
def reset(own):
    """End a controlled stop and begin a new motion: see `Safe.reset`."""
    guard = whole(own, at.SUPERVISOR_GUARD)
    set_number(own, at.SUPERVISOR_STOPPED, at.GOES)
    set_number(own, at.SUPERVISOR_SILENT, 0.0)
    set_number(own, at.SUPERVISOR_FROZEN, 0.0)
    set_number(own, at.SUPERVISOR_STOP_MODE, at.STOP)
    set_number(guard, at.GUARD_COMPARES, 0.0)
    set_number(guard, at.GUARD_FEELS, 0.0)
    set_number(own, at.SUPERVISOR_FELT, 0.0)
    set_number(own, at.SUPERVISOR_ANEW, 1.0)
    met = int(number(own, at.SUPERVISOR_MET)) | at.MET_NOT_FINITE
    set_number(own, at.SUPERVISOR_MET, met)
    set_number(own, at.SUPERVISOR_OBEYED, 1.0)
    places, counts = wholes(own, at.SUPERVISOR_CLEARS), wholes(own, at.SUPERVISOR_CLEAR_COUNTS)
    for k in range(len(places)):
        clear(numbers_at(places[k], counts[k]))


@kernel
def learn(own, mode):
    """Set the mode of the learner, if there is one: LEARN, HOLD or FREEZE."""
    if whole(whole(own, at.SUPERVISOR_CYCLE), at.CYCLE_LEARNER_KIND) != at.FIXED:
        set_number(own, at.SUPERVISOR_MODE, mode)


@kernel
def count_events(own, target):
    """Write the counts of events to the address of 8 int64."""
    events, counts = vector(own, at.SUPERVISOR_EVENTS), wholes_at(target, 8)
    for k in range(len(events)):
        counts[k] = int(events[k])


@kernel
def pass_time(own, time):
    """Return ``begun`` and ``elapsed`` of `protect`, and whether the cycle may learn."""
    met, frozen = int(number(own, at.SUPERVISOR_MET)), number(own, at.SUPERVISOR_FROZEN)
    spoils = at.MET_NOT_FINITE if whole(own, at.SUPERVISOR_OBSERVES) != 0 else -1
    learns = not (met & spoils != 0 or frozen > 0.0)
    dt, elapsed = number(own, at.SUPERVISOR_DT), time - number(own, at.SUPERVISOR_TIME)
    begun = number(own, at.SUPERVISOR_BEGUN) > 0.0
    if 0.5 * dt < elapsed < 1.5 * dt:
        return 2 if begun else 0, elapsed, learns
    if not begun:
        return 0, dt, learns
    if elapsed > 0.0:
        vector(own, at.SUPERVISOR_EVENTS)[at.EVENT_GAP] += 1.0
    return 1, dt, False


@kernel
def begin_cycle(own):
    """Forget whether a limit changed the torque RECENT cycles ago."""
    slot = number(own, at.SUPERVISOR_SLOT) + 1.0
    slot = 0.0 if slot >= at.RECENT else slot
    set_number(own, at.SUPERVISOR_SLOT, slot)
    changed = vector(own, at.SUPERVISOR_CHANGED)
    changes = number(own, at.SUPERVISOR_CHANGES) - changed[int(slot)]
    set_number(own, at.SUPERVISOR_CHANGES, changes)
    changed[int(slot)] = 0.0


@kernel
def feel(own, wrench, given, reference):
    """Give the guard the wrench, if there is a finite one; stop if a limit of force lacks it."""
    bounds = whole(own, at.SUPERVISOR_BOUNDS_FORCE) != 0
    if not (given or bounds or number(own, at.SUPERVISOR_FELT) > 0.0):
        return
    guard, size = whole(own, at.SUPERVISOR_GUARD), 0.0
    for i in range(6):
        size += abs(wrench[i])
    feels = given and size < at.HUGE
    if feels:
        put(wrench, vector(guard, at.GUARD_WRENCH))
    if feels != (number(own, at.SUPERVISOR_FELT) > 0.0):
        set_number(own, at.SUPERVISOR_FELT, 1.0 if feels else 0.0)
        set_number(guard, at.GUARD_FEELS, 1.0 if feels else 0.0)
    if not bounds or number(own, at.SUPERVISOR_STOPPED) != at.GOES:
        return
    if not feels:
        stop(own, at.UNFELT)
        return
    k = len(vector(whole(whole(own, at.SUPERVISOR_CYCLE), at.CYCLE_INPUT), at.INPUT_X))
    wanted = wanted_wrench(reference, k)
    most = vector(own, at.SUPERVISOR_FORCE_MAX)
    for part in range(2):
        x, y, z = wanted[3 * part], wanted[3 * part + 1], wanted[3 * part + 2]
        if math.sqrt(x * x + y * y + z * z) > most[part]:
            stop(own, at.WANTS_FORCE)


@kernel
def step_fused(own, state, reference, tau, sound, begun, elapsed):
    """Run cycle and guard in one call; return whether there is a torque."""
    cycle, n = whole(own, at.SUPERVISOR_CYCLE), len(tau)
    met = collect(own, motion_of(state), wrench_of(state, n), is_felt(state, n), reference)
    if met == 0:
        met = run(own, whole(own, at.SUPERVISOR_GUARD), sound, begun, elapsed)
    if met == at.NOTHING:
        return False
    if met == at.NOT_FINITE:
        stop(own, at.INFINITE)
        return False
    put(vector(cycle, at.CYCLE_TAU), tau)
    set_number(own, at.SUPERVISOR_SILENT, 0.0)
    set_number(own, at.SUPERVISOR_TIME, time_of(state))
    set_number(own, at.SUPERVISOR_BEGUN, 1.0)
    record(own, met, tau)
    return True


@kernel
def run(own, guard, sound, begun, elapsed):
    """Run the cycle's kernel; the law's memory advances if its last torque was sent."""
    integrate = sound and number(own, at.SUPERVISOR_OBEYED) > 0.0
    calls, cycle = wholes(own, at.SUPERVISOR_CALLS), whole(own, at.SUPERVISOR_CYCLE)
    mode = int(number(own, at.SUPERVISOR_MODE))
    met = call(
        calls[at.CALL_CYCLE], cycle, guard, sound, integrate, mode, begun, elapsed
    )  # fmt: skip  # pyright: ignore[reportCallIssue]
    set_number(own, at.SUPERVISOR_OBEYED, 1.0 if met <= 0 else 0.0)
    return met


@kernel
def collect(own, motion, wrench, felt, reference):
    """Write state and reference to the cycle's input; return as `Inputs.try_to_collect`."""
    inputs = whole(whole(own, at.SUPERVISOR_CYCLE), at.CYCLE_INPUT)
    q, dq = vector(inputs, at.INPUT_Q), vector(inputs, at.INPUT_DQ)
    n, k = len(q), len(vector(inputs, at.INPUT_X))
    put(positions(motion, n), q)
    put(velocities(motion, n), dq)
    follows = whole(own, at.SUPERVISOR_FOLLOWS) != 0
    for j in range(3):
        part, wanted = vector(inputs, at.INPUT_X + j), wanted_motion(reference, k, j)
        for i in range(k):
            part[i] = wanted[i] if follows else 0.0
    if whole(own, at.SUPERVISOR_TURNS) != 0:
        put(wanted_rotation(reference, k), vector(inputs, at.INPUT_R))
        put(wanted_turning(reference, k, 0), vector(inputs, at.INPUT_OMEGA))
        put(wanted_turning(reference, k, 1), vector(inputs, at.INPUT_DOMEGA))
    if whole(own, at.SUPERVISOR_FEELS) == 0:
        return 0
    if not felt and whole(own, at.SUPERVISOR_NEEDS_WRENCH) != 0:
        return at.NOTHING
    measured, press = vector(inputs, at.INPUT_WRENCH), vector(inputs, at.INPUT_PRESS)
    put(wanted_wrench(reference, k), press)
    for i in range(6):
        measured[i] = wrench[i] if felt else 0.0
        if not (abs(measured[i]) < at.HUGE and abs(press[i]) < at.HUGE):
            return at.NOT_FINITE
    return 0


@kernel
def step_apart(own, state, reference, tau, sound, begun, elapsed):
    """Run the cycle, then the guard."""
    guard, arm = whole(own, at.SUPERVISOR_GUARD), whole(own, at.SUPERVISOR_GUARD_ARM)
    inputs, calls = whole(own, at.SUPERVISOR_GUARD_INPUT), wholes(own, at.SUPERVISOR_CALLS)
    n, time, motion = len(tau), time_of(state), motion_of(state)
    put(positions(motion, n), vector(inputs, at.INPUT_Q))
    put(velocities(motion, n), vector(inputs, at.INPUT_DQ))
    good = call(calls[at.CALL_CREDIBLE], guard, inputs) != 0  # pyright: ignore[reportCallIssue]
    watch(own, time, good)
    asked = vector(guard, at.GUARD_ASKED)
    clear(asked)
    asks = number(own, at.SUPERVISOR_STOPPED) == at.GOES
    if asks and ask(own, state, reference, sound):
        put(vector(whole(own, at.SUPERVISOR_CYCLE), at.CYCLE_TAU), asked)
    mode = at.GO
    if number(own, at.SUPERVISOR_STOPPED) != at.GOES:
        mode = int(number(own, at.SUPERVISOR_STOP_MODE)) if good else at.BLIND
        if number(own, at.SUPERVISOR_SILENT) > 0.0:  # the clock is stuck, the loop is not
            begun, elapsed = 2, number(own, at.SUPERVISOR_DT)
    met = call(calls[at.CALL_PROTECT], guard, arm, inputs, mode, begun, elapsed)  # pyright: ignore[reportCallIssue]
    if good:
        set_number(own, at.SUPERVISOR_BEGUN, 1.0)
    if met == 0 and mode == at.GO:
        set_number(own, at.SUPERVISOR_MET, 0.0)
        set_number(own, at.SUPERVISOR_FROZEN, 0.0)
        put(asked, tau)
        return
    put(vector(guard, at.GUARD_SENT), tau)
    overrule(own, met, tau)


@kernel
def watch(own, time, good):
    """Stop if the state is not credible, or if no new state comes for too long."""
    elapsed = time - number(own, at.SUPERVISOR_TIME)
    if not good:
        stop(own, at.DOUBTS)
    elif not math.isfinite(time):
        stop(own, at.TIMELESS)
    elif elapsed > 0.0:
        set_number(own, at.SUPERVISOR_SILENT, 0.0)
        set_number(own, at.SUPERVISOR_TIME, time)
    elif number(own, at.SUPERVISOR_BEGUN) > 0.0:
        silent = number(own, at.SUPERVISOR_SILENT) + 1.0
        set_number(own, at.SUPERVISOR_SILENT, silent)
        if silent >= number(own, at.SUPERVISOR_WATCHDOG):
            stop(own, at.SILENT)


@kernel
def ask(own, state, reference, sound):
    """Run the cycle alone, on the predicted state if there is a predictor; stop if it fails."""
    cycle, predictor = whole(own, at.SUPERVISOR_CYCLE), whole(own, at.SUPERVISOR_PREDICTOR)
    n = len(vector(cycle, at.CYCLE_TAU))
    motion = motion_of(state)
    if predictor != 0:
        predict_present(own, time_of(state), motion, sound)
        places = wholes_at(predictor, at.PREDICTOR_Q + 1)
        motion = predictor + WORD * places[at.PREDICTOR_Q]  # and dq stands behind q
    met = collect(own, motion, wrench_of(state, n), is_felt(state, n), reference)
    if met == at.NOTHING:
        stop(own, at.UNFELT)
        return False
    if met != 0 or run(own, 0, sound, 0, 0.0) == at.NOT_FINITE:
        stop(own, at.INFINITE)
        return False
    if predictor != 0:
        sent = matrix(predictor, at.PREDICTOR_SENT, n)
        shift(sent, 1)
        put(vector(cycle, at.CYCLE_TAU), sent[0])
    return True


@kernel
def predict_present(own, time, motion, sound):
    """Write the present state to the predictor's block; see `Predictor.now`."""
    predictor, dt = whole(own, at.SUPERVISOR_PREDICTOR), number(own, at.SUPERVISOR_DT)
    arm = whole(own, at.SUPERVISOR_PREDICTOR_ARM)
    inputs = whole(own, at.SUPERVISOR_PREDICTOR_INPUT)
    q, dq = vector(inputs, at.INPUT_Q), vector(inputs, at.INPUT_DQ)
    passed = time - number(own, at.SUPERVISOR_PREDICTED)
    if 1.5 * dt < passed < math.inf:  # cycles were missed, and the last torque held
        sent = matrix(predictor, at.PREDICTOR_SENT, len(q))
        shift(sent, int(min(math.floor(passed / dt + 0.5) - 1.0, len(sent) - 1.0)))
    set_number(own, at.SUPERVISOR_PREDICTED, time)
    put(positions(motion, len(q)), q)
    put(velocities(motion, len(q)), dq)
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
    return int(number(own, at.SUPERVISOR_STOPPED))
