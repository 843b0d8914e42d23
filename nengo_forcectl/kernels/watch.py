"""What a guard does around the torques of its cycle: time, sensors, stops, and what it counts.

`Safe` calls these functions from Python, a C library from `supervise`. ``watch`` is the address of
a block of `WATCH`. A stop lasts until `reset`.
"""

import math

from arms.machine.memory import call, clear
from arms.machine.numba_kernel import kernel, part

from .access import number, set_number, vector, whole
from .layout import guard_fields as guard_at, watch_fields as at
from .layout.arm_fields import ANGULAR, HUGE
from .layout.body_fields import LOAD_DELAY, LOAD_LATE, LOAD_TIMELY


@part(1, number=True)
def begin_cycle(watch, time):
    """Begin a cycle with a state of ``time`` [s]; return GAP and NEW, or'ed.

    Writes ``begins`` and ``elapsed`` for `protect`, and ``learns``: the cycle may learn if its last
    torque was sent and held for one period, and in the first cycle.
    """
    if number(watch, at.WATCH_ANEW) > 0.0:
        set_number(watch, at.WATCH_ANEW, 0.0)
        if not number(watch, at.WATCH_TIME) < time:  # also if the robot's clock restarted
            set_number(watch, at.WATCH_TIME, -math.inf)
    met, frozen = int(number(watch, at.WATCH_MET)), number(watch, at.WATCH_FROZEN)
    spoils = guard_at.MET_NOT_FINITE if whole(watch, at.WATCH_OBSERVES) != 0 else -1
    learns = not (met & spoils != 0 or frozen > 0.0)
    dt, elapsed = number(watch, at.WATCH_DT), time - number(watch, at.WATCH_TIME)
    begun, news, passed = number(watch, at.WATCH_BEGUN) > 0.0, 0, dt
    begins = 1 if begun else 0
    if 0.5 * dt < elapsed < 1.5 * dt:
        begins, passed = 2 * begins, elapsed
    elif begun:
        learns = False
        if elapsed > 0.0:
            news = at.GAP
            vector(watch, at.WATCH_EVENTS)[at.EVENT_GAP] += 1.0
    set_number(watch, at.WATCH_BEGINS, begins)
    set_number(watch, at.WATCH_ELAPSED, passed)
    set_number(watch, at.WATCH_LEARNS, 1.0 if learns else 0.0)
    forget_oldest(watch)
    return news | at.NEW if elapsed > 0.0 and time < math.inf else news


@kernel
def forget_oldest(watch):
    """Forget which limits changed the torque RECENT cycles ago."""
    slot = number(watch, at.WATCH_SLOT) + 1.0
    slot = 0.0 if slot >= at.RECENT else slot
    set_number(watch, at.WATCH_SLOT, slot)
    set_number(watch, at.WATCH_SINCE, number(watch, at.WATCH_SINCE) + 1.0)
    changed, changes = vector(watch, at.WATCH_CHANGED), vector(watch, at.WATCH_CHANGES)
    old = int(changed[int(slot)])
    if old != 0:
        changes[at.ANY] -= 1.0
        for k in range(len(at.LIMITING)):
            if old & at.LIMITING[k]:
                changes[k] -= 1.0
        changed[int(slot)] = 0.0


@part(2)
def stop(watch, reason):
    """Come to a controlled stop, and stay in it until `reset`."""
    if number(watch, at.WATCH_STOPPED) == at.GOES:
        set_number(watch, at.WATCH_STOPPED, reason)
        vector(watch, at.WATCH_EVENTS)[at.EVENT_STOP] += 1.0


@part(1)
def reset(watch):
    """End a controlled stop, or begin a new motion at any time of the robot's clock."""
    guard = whole(watch, at.WATCH_GUARD)
    set_number(watch, at.WATCH_STOPPED, at.GOES)
    set_number(watch, at.WATCH_SILENT, 0.0)
    set_number(watch, at.WATCH_FROZEN, 0.0)
    set_number(watch, at.WATCH_STOP_MODE, guard_at.STOP)
    set_number(guard, guard_at.GUARD_COMPARES, 0.0)
    set_number(guard, guard_at.GUARD_FEELS, guard_at.NOT_FELT)
    load = whole(guard, guard_at.GUARD_LOAD)  # a load is looked for anew, and a delay
    set_number(guard, guard_at.GUARD_AWAKE, 0.0)
    set_number(guard, guard_at.GUARD_LADEN, 0.0)
    clear(vector(guard, guard_at.GUARD_LACK))
    clear(vector(guard, guard_at.GUARD_LATE))
    set_number(load, LOAD_DELAY, 0.0)
    set_number(load, LOAD_LATE, 0.0)
    set_number(load, LOAD_TIMELY, 0.0)
    set_number(watch, at.WATCH_FELT, 0.0)
    set_number(watch, at.WATCH_ANEW, 1.0)
    set_number(watch, at.WATCH_MET, int(number(watch, at.WATCH_MET)) | guard_at.MET_NOT_FINITE)


@part(3)
def feel(watch, given, wants):
    """Give the guard the wrench in ``given``, if it is finite; stop if a limit of force lacks it.

    Args:
        given: whether the state has a wrench.
        wants: whether the reference has one, in ``wanted``.
    """
    guard, wrench, size = whole(watch, at.WATCH_GUARD), vector(watch, at.WATCH_GIVEN), 0.0
    for i in range(6):
        size += abs(wrench[i])
    feels = given != 0 and size < HUGE
    if feels:
        measured = vector(guard, guard_at.GUARD_WRENCH)
        for i in range(6):
            measured[i] = wrench[i]
    if feels != (number(watch, at.WATCH_FELT) > 0.0):
        set_number(watch, at.WATCH_FELT, 1.0 if feels else 0.0)
        first = guard_at.FELT_FIRST if feels else guard_at.NOT_FELT
        set_number(guard, guard_at.GUARD_FEELS, first)
    if whole(watch, at.WATCH_BOUNDS_FORCE) == 0:
        return
    if not feels:
        stop(watch, at.UNFELT)
    elif wants != 0:
        wanted, most = vector(watch, at.WATCH_WANTED), vector(watch, at.WATCH_FORCE_MAX)
        for k in range(2):
            first = ANGULAR * k
            x, y, z = wanted[first], wanted[first + 1], wanted[first + 2]
            if math.sqrt(x * x + y * y + z * z) > most[k]:
                stop(watch, at.WANTS_FORCE)


@part(2, number=True)
def accept(watch, met, time):
    """Record a cycle that ran within its guard, with a credible state of ``time`` [s]."""
    set_number(watch, at.WATCH_SILENT, 0.0)
    set_number(watch, at.WATCH_TIME, time)
    set_number(watch, at.WATCH_BEGUN, 1.0)
    if met == 0:
        set_number(watch, at.WATCH_MET, 0.0)
        set_number(watch, at.WATCH_FROZEN, 0.0)
    else:
        record(watch, met)


@part(2, number=True)
def look(watch, credible, time):
    """Stop if the state is not credible, or if no new state comes for too long."""
    elapsed = time - number(watch, at.WATCH_TIME)
    if credible == 0:
        stop(watch, at.DOUBTS)
    elif not math.isfinite(time):
        stop(watch, at.TIMELESS)
    elif elapsed > 0.0:
        set_number(watch, at.WATCH_SILENT, 0.0)
        set_number(watch, at.WATCH_TIME, time)
    elif number(watch, at.WATCH_BEGUN) > 0.0:
        silent = number(watch, at.WATCH_SILENT) + 1.0
        set_number(watch, at.WATCH_SILENT, silent)
        if silent >= number(watch, at.WATCH_WATCHDOG):
            stop(watch, at.SILENT)


@part(2)
def protect_apart(watch, credible):
    """Limit the guard's ``asked``, or brake; return the findings, 0 if ``asked`` is sent as it is.

    In a stop that finds nothing it returns 0 too.
    """
    guard, arm, inputs = (
        whole(watch, at.WATCH_GUARD), whole(watch, at.WATCH_ARM), whole(watch, at.WATCH_INPUT)
    )  # fmt: skip
    begins, elapsed = int(number(watch, at.WATCH_BEGINS)), number(watch, at.WATCH_ELAPSED)
    mode = guard_at.GO
    if number(watch, at.WATCH_STOPPED) != at.GOES:
        mode = int(number(watch, at.WATCH_STOP_MODE)) if credible != 0 else guard_at.BLIND
        if number(watch, at.WATCH_SILENT) > 0.0:  # the clock is stuck, the loop is not
            begins, elapsed = 2, number(watch, at.WATCH_DT)
    protect = whole(watch, at.WATCH_PROTECT_CALL)
    met = call(protect, guard, arm, inputs, mode, begins, elapsed)
    if credible != 0:
        set_number(watch, at.WATCH_BEGUN, 1.0)
    if met == 0 and mode == guard_at.GO:
        set_number(watch, at.WATCH_MET, 0.0)
        set_number(watch, at.WATCH_FROZEN, 0.0)
    else:
        record(watch, met)
    return met


@kernel
def record(watch, met):
    """Record the findings of a cycle: count them, and stop if necessary."""
    count(watch, met)
    if met & guard_at.MET_NOT_FINITE:
        stop(watch, at.INFINITE)
    if met & guard_at.MET_OUTSIDE:
        stop(watch, at.STRAYS)
    if met & guard_at.MET_TOUCHED:
        stop(watch, at.TOUCHES)
    if met & guard_at.MET_LIE:
        stop(watch, at.CONTRADICTS)
        fallback = number(whole(watch, at.WATCH_GUARD), guard_at.GUARD_FALLBACK)
        set_number(watch, at.WATCH_STOP_MODE, fallback)
    if met & guard_at.MET_LIE_WRENCH:
        stop(watch, at.MISFEELS)
    if met & guard_at.MET_PRESSED:
        stop(watch, at.PRESSES)
    frozen = number(watch, at.WATCH_FROZEN) + 1.0 if met & guard_at.MET_FROZEN else 0.0
    set_number(watch, at.WATCH_FROZEN, frozen)
    if frozen > number(watch, at.WATCH_PATIENCE):
        stop(watch, at.REPEATS)
    met &= ~(guard_at.MET_FROZEN | guard_at.MET_SUSPECT)
    if number(watch, at.WATCH_STOPPED) != at.GOES:  # the cycle does not know the torques
        met |= guard_at.MET_NOT_FINITE
    set_number(watch, at.WATCH_MET, met)


@kernel
def count(watch, met):
    """Count the limits that changed the torque; stop if they act too often."""
    events, limits = vector(watch, at.WATCH_EVENTS), 0
    for k in range(len(at.LIMITING)):
        if met & at.LIMITING[k]:
            events[k] += 1.0
            limits |= at.LIMITING[k]
    if limits == 0 or number(watch, at.WATCH_STOPPED) != at.GOES:
        return
    changes = vector(watch, at.WATCH_CHANGES)
    vector(watch, at.WATCH_CHANGED)[int(number(watch, at.WATCH_SLOT))] = limits
    set_number(watch, at.WATCH_SINCE, 0.0)
    changes[at.ANY] += 1.0
    for k in range(len(at.LIMITING)):
        if limits & at.LIMITING[k]:
            changes[k] += 1.0
    share = number(watch, at.WATCH_OVERRULED)
    if share < 1.0 and changes[at.ANY] > share * at.RECENT:
        stop(watch, at.OVERRULED)
