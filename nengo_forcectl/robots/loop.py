"""The control loop: read, check, compute, apply. `follow` steps it, `run` runs it in real time."""

import gc
import math
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from arms import Arm

from ..contract import Adaptation, Controller, Cycle, Path, Reference, Result, Robot, State
from ..cycle.blocks import Blocks
from ..errors import ConfigurationError, SimulationError
from ..safety.guard import NOWHERE, Safe
from ..safety.limits import Limits
from ..safety.sensors import SensorCheck
from .clock import Clock, RobotClock, Timing
from .log import Log
from .real_time import RealTime, real_time

if TYPE_CHECKING:
    from typing_extensions import Unpack  # of typing, from Python 3.11 on

PERIOD = 1e-3  # for a robot without a fixed period [s]
Watch = Callable[[int, str | None], None]


class RunOptions(RealTime, total=False):
    """What `run` records, and what it asks of Linux; by default nothing."""

    log: Log | None


class ControlLoop:
    """A robot driven along a path by a cycle; `act` is one control cycle, `step` also logs it.

    Args:
        robot: the robot to drive.
        cycle: the control cycle.
        path: the path to follow.
        check: check of the sensors.
        start: the robot's time at which the path's is 0 [s]; None: the first state's.
        log: log of the cycles, if any, in the path's time.
        whole: whether a full log is an error; if not, the loop goes on without it.
    """

    def __init__(
        self,
        robot: Robot,
        cycle: Cycle,
        path: Path,
        check: SensorCheck,
        *,
        start: float | None = 0.0,
        log: Log | None = None,
        whole: bool = True,
    ) -> None:
        self.robot, self.cycle = Robot.of(robot), Cycle.of(cycle)
        self.path, self.check, self.start, self.log = path, check, start, log
        self.whole = whole
        self.left_out = 0  # cycles that found the log full
        self.last: State | None = None  # last reading
        self.reference: Reference | None = None  # of the last cycle that was not stopped
        self._done: tuple[State, Result] | None = None  # of a cycle that is not in the log

    def step(self) -> None:
        """Run one control cycle, and log it."""
        self.act()
        self.record()

    def act(self) -> None:
        """Run one control cycle; `record` logs it."""
        state = self.robot.read()
        if not isinstance(state, State):
            raise ConfigurationError(
                f"{type(self.robot).__name__}.read: returns {state!r:.80}, needs a State"
            )
        self.last = state = self.check(state)  # q [rad], dq [rad/s], and whether to learn from them
        if self.start is None:
            self.start = state.time
        reference = self.path.at(state.time - self.start)  # x, dx, ddx in the base frame
        self._act(state, reference)

    def settle(self) -> None:
        """Run one control cycle of a `Safe` that has stopped, for any sensor readings."""
        self._act(self._last_readable(), NOWHERE)

    def _act(self, state: State, reference: Reference) -> None:
        result = self.cycle.step(state, reference)  # tau [N m]; learns
        self.robot.apply(result.tau)
        if (sent := self.robot.overruled) is not None:
            self.cycle.overruled(sent)
            result = result._replace(tau=sent)
        if self.cycle.stopped is None:
            self.reference = reference
        self._done = state, result

    def record(self) -> None:
        """Append the last cycle to the log; in a stop, with the last reference of the path."""
        log, reference, done = self.log, self.reference, self._done
        if log is None or reference is None or done is None:
            return
        (state, result), self._done = done, None
        if not self.whole and log.cycles == log.capacity:
            self.left_out += 1
            return
        if self.start:
            state = state._replace(time=state.time - self.start)
        log.append(state, reference, result, self.check.event)

    def _last_readable(self) -> State:
        """Read the robot; return the last state if a `Safe` cannot take the new one."""
        try:
            state = self.robot.read()
            state.joints(self.cycle.dof)
        except Exception:
            if self.last is None:
                raise
            return self.last
        return state


def track(
    robot: Robot,
    arm: Arm,
    path: Path,
    controller: Controller,
    adaptation: Adaptation,
    clock: Iterable[int],
    log: Log,
    check: SensorCheck | None = None,
) -> None:
    """Follow ``path`` with a controller and an adaptation, one control cycle per tick of ``clock``.

    The torques keep the arm's limits (`Safe`). If they cannot, it raises an error; to
    hold a real arm in that case, use `nengo_forcectl.run`.

    Raises:
        SimulationError: a torque is not finite (it is not sent), or the sensors give no usable
            state (see `SensorCheck`).
    """
    period = Robot.of(robot).period
    blocks = Blocks(arm, controller, adaptation)
    safe = Safe(blocks, arm, dt=PERIOD if period is None else period)
    follow(robot, safe, path, clock, log, check)


def follow(
    robot: Robot,
    cycle: Cycle,
    path: Path,
    clock: Iterable[int],
    log: Log,
    check: SensorCheck | None = None,
) -> None:
    """Follow ``path``, one control cycle per tick of ``clock``; see `track`.

    Wrap your own ``cycle`` in a `Safe` to keep the arm's limits; that of `learning_cycle` is
    wrapped already. The path's time is the robot's. To begin a new motion of the same cycle, call
    its `Safe.reset`.

    Raises:
        ConfigurationError: the cycle's period differs from the robot's.
        SimulationError: as `track`.
    """
    robot, cycle = Robot.of(robot), Cycle.of(cycle)
    period, dt = robot.period, cycle.dt
    if period is not None and dt is not None and abs(period - dt) > 1e-6 * period:
        raise ConfigurationError(
            f"follow: the robot's period is {period} s, needs {dt} s, for which the cycle was made"
        )
    check = SensorCheck(cycle.dof) if check is None else check
    loop = ControlLoop(robot, cycle, path, check, log=log)
    for _ in clock:
        loop.step()
        if cycle.stopped is not None:
            raise SimulationError(f"controlled stop: {cycle.stopped}")


def run(
    robot: Robot,
    cycle: Cycle,
    path: Path,
    rate: float = 1000.0,
    *,
    seconds: float = math.inf,
    arm: Arm | None = None,
    limits: Limits | None = None,
    stop_time: float = 0.5,
    hold: bool = True,
    watch: Watch | None = None,
    **options: "Unpack[RunOptions]",
) -> Timing:
    """Drive a robot along a path at ``rate`` [Hz], within the arm's limits, for ``seconds``.

    Every cycle starts at its own deadline, a multiple of the period after the first: the loop
    sleeps until shortly before and spins the rest. A cycle that is a whole period late is an
    overrun: its deadline is skipped and not made up for. Garbage is collected before the run, not
    during it. A robot that ``paces``, such as a `FrankaRobot`, replaces this clock by its own.

    Ctrl-C (KeyboardInterrupt), any exception, or a fault (see `Safe`) triggers a controlled stop:
    for ``stop_time`` [s] `Safe` brings the arm to rest and holds it. It uses the q and dq that
    still come; without any it brakes by the model, from the last good state, and then holds the arm
    where the model says that it is. The last torque compensates gravity. Then an exception
    propagates to the caller; Ctrl-C and a fault end the run normally, and ``Timing.stopped`` gives
    the reason.

    Args:
        robot: the robot to drive; it keeps its own time.
        cycle: the control cycle; wrapped in a `Safe` unless it is one.
        path: the path to follow; its time is the robot's, from the first state on.
        rate: control rate [Hz].
        seconds: duration [s], overruns included; by default until Ctrl-C or a fault.
        arm: the model, for a cycle without one.
        limits: by default the arm's; not for a `Safe`, which has its own.
        stop_time: duration of the controlled stop [s].
        hold: whether a cycle that does not learn keeps its observer; see `Cycle.learn`.
        watch: called after every cycle with its number and the reason for a stop, if any.
        options: ``log``, which takes the cycles, in the path's time, until it is full; inside a
            `Recording` they are on disk as well, whatever happens. What the loop asks of Linux, see
            `real_time`: ``priority`` (1 to 99, of SCHED_FIFO), ``cpus`` (numbers of processors),
            ``lock_memory`` (keep all memory in RAM).

    Raises:
        ConfigurationError: the rate or a time is not positive, the rate is not the cycle's, no arm
            is given, limits are given for a `Safe`, ``log`` is not a `Log`, or Linux does not
            permit what is asked of it. Nothing has been sent then.
    """
    for name, value in (("rate", rate), ("seconds", seconds), ("stop_time", stop_time)):
        if not value > 0 or (name != "seconds" and math.isinf(value)):
            raise ConfigurationError(f"run: {name} is {value}, needs a number above 0")
    safe, clock = _within_limits(cycle, arm, limits, 1.0 / rate), _clock_of(robot, 1.0 / rate)
    log = options.pop("log", None)
    if not (log is None or isinstance(log, Log)):
        raise ConfigurationError(f"run: log is {log!r}, needs a Log")
    check = SensorCheck(safe.dof, clock.period)
    loop = ControlLoop(robot, safe, path, check, start=None, log=log, whole=False)
    failure: Exception | None = None
    with real_time(**cast(RealTime, options)), _uncollected():
        if hold and safe.frozen:
            safe.learn("hold")
        safe.defer(True)
        try:
            _go(loop, safe, clock, seconds, watch)
        except KeyboardInterrupt:
            safe.stop("interrupted")
        except Exception as error:
            failure = error
            safe.stop(f"{type(error).__name__}: {error}")
        if safe.stopped is not None:
            _settle(loop, clock, stop_time, watch)
        safe.defer(False)
        loop.robot.hand_back()
    if failure is not None and not isinstance(failure, SimulationError):
        raise failure
    if loop.left_out:
        warnings.warn(f"log: is full, the last {loop.left_out} cycles are not in it", stacklevel=2)
    events = {**loop.check.events, **safe.events, **loop.robot.events}
    return clock.timing(events, safe.stopped)


def _clock_of(robot: Robot, period: float) -> Clock:
    """Return the clock of the loop: the robot's, if it paces, or that of this machine."""
    robot = Robot.of(robot)
    if not robot.paces:
        return Clock(period)
    if robot.period is not None and not math.isclose(robot.period, period, rel_tol=1e-6):
        raise ConfigurationError(
            f"run: rate is {1.0 / period:g} Hz, needs the robot's, {1.0 / robot.period:g} Hz"
        )
    return RobotClock(robot, period)


def _within_limits(cycle: Cycle, arm: Arm | None, limits: Limits | None, dt: float) -> Safe:
    """Return the cycle wrapped in a `Safe` with a period [s]."""
    if isinstance(cycle, Safe):
        if limits is not None:
            raise ConfigurationError(
                "run: limits are given, but the cycle is in limits of its own; give them to what "
                "made it, learning_cycle(..., limits=...) or Safe(cycle, arm, limits)"
            )
        if not math.isclose(cycle.dt, dt, rel_tol=1e-6):
            raise ConfigurationError(
                f"run: rate is {1.0 / dt:g} Hz, needs {1.0 / cycle.dt:g} Hz, for which the cycle "
                "was made"
            )
        return cycle
    arm = Cycle.of(cycle).arm if arm is None else arm
    if arm is None:
        raise ConfigurationError(f"run: {type(cycle).__name__} has no arm, needs arm=")
    return Safe(cycle, arm, limits, dt)


def _go(loop: ControlLoop, safe: Safe, clock: Clock, seconds: float, watch: Watch | None) -> None:
    """Run until the time is up or the cycle stops."""
    end = round(seconds / clock.period) if math.isfinite(seconds) else math.inf
    clock.start()
    while clock.cycles + clock.overruns < end and safe.stopped is None:
        _tick(loop.act, loop, clock, watch)


def _settle(loop: ControlLoop, clock: Clock, seconds: float, watch: Watch | None) -> None:
    """Bring the arm to rest despite any error, and leave it held against gravity."""
    for _ in range(max(1, round(seconds / clock.period))):
        try:
            _tick(loop.settle, loop, clock, watch)
        except (Exception, KeyboardInterrupt):  # the stop must go on
            clock.start()


def _tick(act: Callable[[], None], loop: ControlLoop, clock: Clock, watch: Watch | None) -> None:
    """Run one control cycle at its deadline; log it and learn from it when its torque is sent."""
    clock.wait()
    act()
    clock.record()
    loop.cycle.finish()
    loop.record()
    if watch is not None:
        watch(clock.cycles, loop.cycle.stopped)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Collect garbage before the block, not during it; then restore the setting."""
    collecting = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
