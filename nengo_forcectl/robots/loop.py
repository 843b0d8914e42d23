"""The control loop: read, judge, ask, apply. `follow` ticks it, `run` keeps it in real time."""

import gc
import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from arms import Arm

from ..contract import Adaptation, Controller, Cycle, Path, Reference, Robot, State
from ..cycle.blocks import Blocks
from ..errors import ConfigurationError, SimulationError
from ..safety.guard import NOWHERE, Safe
from ..safety.limits import Limits
from ..safety.sensors import SensorCheck
from .clock import Clock, Timing
from .log import Log

PERIOD = 1e-3  # of a robot that fixes none [s]
Watch = Callable[[int, str | None], None]


class ControlLoop:
    """A robot driven by a cycle along a path, one control cycle a call of `step`.

    Args:
        robot: what reads and applies.
        cycle: from a state and a reference to a torque.
        path: where to go.
        check: the judge of the sensors.
        start: the robot's time at which the path's is 0 [s]; None: of the first state.
        log: where to record each cycle, if anywhere.
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
    ) -> None:
        self.robot, self.cycle = Robot.of(robot), Cycle.of(cycle)
        self.path, self.check, self.start, self.log = path, check, start, log
        self.last: State | None = None  # that was read

    def step(self) -> None:
        """One control cycle."""
        state = self.check(self.robot.read())  # q [rad], dq [rad/s], and whether to learn from them
        self.last = state
        if self.start is None:
            self.start = state.time
        reference = self.path.at(state.time - self.start)  # x, dx, ddx in the base frame
        self._act(state, reference)

    def settle(self) -> None:
        """One control cycle of a `Safe` that has stopped, whatever the sensors say."""
        self._act(self._last_readable(), NOWHERE)

    def _act(self, state: State, reference: Reference) -> None:
        result = self.cycle.step(state, reference)  # tau [N m]; learns
        self.robot.apply(result.tau)
        if self.log is not None:
            self.log.append(state, reference, result, self.check.event)

    def _last_readable(self) -> State:
        """Read the robot; return the last state where it has none that a `Safe` can take."""
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
    """Follow ``path`` with a controller and an adaptation, one control cycle a tick of ``clock``.

    The torques keep the arm's limits (`Safe`). Where they cannot, this raises; to hold a real arm
    all the same, use `nengo_forcectl.run`.

    Raises:
        SimulationError: a torque that is not finite, which does not reach the robot; or sensors
            that give nothing to act on (see `SensorCheck`).
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
    """Follow ``path`` for one control cycle a tick of ``clock``; see `track`.

    A ``cycle`` of your own keeps the arm's limits in a `Safe`; that of `learning_cycle` is in one.
    The path's time is the robot's; begin a new motion of the same cycle with its `Safe.reset`.

    Raises:
        ConfigurationError: the cycle is made for another period than the robot's.
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
    watch: Watch | None = None,
) -> Timing:
    """Drive a robot along a path at ``rate`` [Hz], within the arm's limits, for some ``seconds``.

    Every cycle starts at its own deadline, a multiple of the period after the first: the loop
    sleeps until shortly before and spins the rest. One that is a whole period late is an overrun:
    its deadline is left out, nothing is made up for. Garbage is collected before, not during.

    Ctrl-C (KeyboardInterrupt), any exception, or a fault (see `Safe`) lead to a controlled stop:
    for ``stop_time`` [s] `Safe` brings the arm to rest and holds it, whatever the sensors say.
    After a last torque that compensates gravity an exception goes on to the caller; Ctrl-C and a
    fault end the run as usual, and ``Timing.stopped`` says why.

    Args:
        robot: what reads and applies; the time that passes is its own affair.
        cycle: the control cycle; put into a `Safe` if it is not one.
        path: where to go; its time is the robot's, from the first state on.
        rate: control cycles a second [Hz].
        seconds: duration [s]; without it, until Ctrl-C or a fault.
        arm: the model, for a cycle that has none of its own.
        limits: by default the arm's; not for a ``cycle`` in a `Safe`, which has its own.
        stop_time: of the controlled stop [s].
        watch: called after every cycle with its number and why it is stopping, if it is.

    Raises:
        ConfigurationError: the rate or a time is not positive, or the rate not the cycle's; there
            is no arm; or limits beside those of the `Safe` that the cycle is in.
    """
    for name, value in (("rate", rate), ("seconds", seconds), ("stop_time", stop_time)):
        if not value > 0 or (name != "seconds" and math.isinf(value)):
            raise ConfigurationError(f"run: {name} is {value}, needs a number above 0")
    safe, clock = _within_limits(cycle, arm, limits, 1.0 / rate), Clock(1.0 / rate)
    loop = ControlLoop(robot, safe, path, SensorCheck(safe.dof, clock.period), start=None)
    failure: Exception | None = None
    with _uncollected():
        try:
            _go(loop, safe, clock, seconds, watch)
        except KeyboardInterrupt:
            safe.stop("interrupted")
        except Exception as error:
            failure = error
            safe.stop(f"{type(error).__name__}: {error}")
        if safe.stopped is not None:
            _settle(loop, safe, clock, stop_time, watch)
    if failure is not None and not isinstance(failure, SimulationError):
        raise failure
    events = {**loop.check.events, **safe.events, **loop.robot.events}
    return clock.timing(events, safe.stopped)


def _within_limits(cycle: Cycle, arm: Arm | None, limits: Limits | None, dt: float) -> Safe:
    """Return the cycle in a `Safe`, for a period [s]."""
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
    """Run until the time is over or the cycle stops."""
    end = round(seconds / clock.period) if math.isfinite(seconds) else math.inf
    clock.start()
    while clock.cycles < end and safe.stopped is None:
        _tick(loop.step, safe, clock, watch)


def _settle(
    loop: ControlLoop, safe: Safe, clock: Clock, seconds: float, watch: Watch | None
) -> None:
    """Bring the arm to rest, whatever happens, and leave it held against gravity."""
    for _ in range(max(1, round(seconds / clock.period))):
        try:
            _tick(loop.settle, safe, clock, watch)
        except (Exception, KeyboardInterrupt):  # there is nothing better to do than to go on
            clock.start()


def _tick(step: Callable[[], None], safe: Safe, clock: Clock, watch: Watch | None) -> None:
    """One control cycle, begun at its deadline."""
    clock.wait()
    step()
    clock.record()
    if watch is not None:
        watch(clock.cycles, safe.stopped)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Collect garbage before, not during; afterwards as it was."""
    collecting = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
