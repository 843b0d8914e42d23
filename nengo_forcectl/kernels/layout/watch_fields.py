"""What a guard remembers from cycle to cycle, and why it has stopped. See `watch`."""

from ..block import Layout
from .guard_fields import (
    MET_BOX,
    MET_CLEARANCE,
    MET_FORCE,
    MET_POSITION,
    MET_RATE,
    MET_TORQUE,
    MET_VELOCITY,
)

RECENT = 1000  # last cycles in which changed torques are counted
LIMITING = MET_POSITION, MET_VELOCITY, MET_TORQUE, MET_RATE, MET_BOX, MET_FORCE, MET_CLEARANCE
"""The limits whose changes of the torque are counted, in the order of their counts."""
ANY = len(LIMITING)  # place of the count of cycles in which any of them did
EVENT_STOP, EVENT_GAP, EVENT_END = 7, 8, 9  # places of two more counts
GAP, NEW = 1, 2  # of a state: it is not one period after the last one; it is later than that one
GOES, DOUBTS, TIMELESS, SILENT, UNFELT, WANTS_FORCE, INFINITE, OVERRULED = range(8)
STRAYS, CONTRADICTS, MISFEELS, PRESSES, REPEATS, ASKED, TOUCHES = range(8, 15)
"""Reasons for a controlled stop: none; the state is not credible; its time is no number; no new
state comes; there is no wrench; the reference's wrench is too large; a torque or an input is not
finite; limits act too often; the tool is out of its box; q and dq contradict each other; wrench and
torques do; the force is too large; the same state comes for too long; `stop` was called; links are
in touch."""
WATCH = Layout("watch")
WATCH_GUARD = WATCH.add("guard", whole=True)  # address of a block, as the next ones
WATCH_ARM = WATCH.add("arm", whole=True)
WATCH_INPUT = WATCH.add("input", whole=True)
WATCH_PROTECT_CALL = WATCH.add("protect_call", whole=True)  # address of `protect_alone`
WATCH_OBSERVES = WATCH.add("observes", whole=True)  # 1: the cycle learns from the torque sent
WATCH_BOUNDS_FORCE = WATCH.add("bounds_force", whole=True)  # 1: a limit needs a wrench
WATCH_DT = WATCH.add("dt")  # [s]
WATCH_WATCHDOG = WATCH.add("watchdog")  # cycles
WATCH_PATIENCE = WATCH.add("patience")  # cycles
WATCH_OVERRULED = WATCH.add("overruled")  # share of RECENT
WATCH_FORCE_MAX = WATCH.add("force_max", "2")  # [N], [N m]
WATCH_BEGUN = WATCH.add("begun")  # 1: there was a credible state
WATCH_MET = WATCH.add("met")  # findings of the last cycle
WATCH_TIME = WATCH.add("time")  # of the last state [s]
WATCH_SILENT = WATCH.add("silent")  # cycles without a new state
WATCH_FROZEN = WATCH.add("frozen")  # cycles with the same one
WATCH_ANEW = WATCH.add("anew")  # 1: the robot's clock may begin anew
WATCH_STOPPED = WATCH.add("stopped")  # reason for a controlled stop, or GOES
WATCH_STOP_MODE = WATCH.add("stop_mode")  # of the guard in it
WATCH_FELT = WATCH.add("felt")  # 1: the last state had a wrench
WATCH_BEGINS = WATCH.add("begins")  # of this cycle: ``begun`` of `protect`
WATCH_ELAPSED = WATCH.add("elapsed")  # of this cycle: ``elapsed`` of `protect` [s]
WATCH_LEARNS = WATCH.add("learns")  # 1: this cycle may learn
WATCH_GIVEN = WATCH.add("given", "6")  # wrench of this state [N], [N m]
WATCH_WANTED = WATCH.add("wanted", "6")  # wrench of this reference [N], [N m]
WATCH_SLOT = WATCH.add("slot")  # of this cycle in ``changed``
WATCH_CHANGED = WATCH.add("changed", "1000")  # the limits that changed the torque, or'ed
WATCH_CHANGES = WATCH.add("changes", "8")  # number of such cycles, for each limit and for any
WATCH_SINCE = WATCH.add("since")  # cycles since the last one
WATCH_EVENTS = WATCH.add("events", "9")  # counts, by limit, then stops and gaps
