"""A control loop in real time: a fixed rate, kept by absolute deadlines."""

import gc
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from arms import Arm

from ..contract import Adaptation, Controller, Cycle, Path, Robot, State
from ..cycle.blocks import Blocks
from ..errors import ConfigurationError, SimulationError
from ..safety.guard import NOWHERE, Safe
from ..safety.limits import Limits
from ..safety.sensors import SensorCheck, vectors
from .log import Log

SPIN = 2e-4  # before a deadline, in which the loop does not sleep [s]
PERCENTILES = {"p50": 50.0, "p99": 99.0, "p99.9": 99.9, "max": 100.0}


@dataclass(frozen=True)
class Timing:
    """What came of a run in real time."""

    cycles: int
    overruns: int  # cycles that began after their deadline and a period: they were left out
    latency_us: dict[str, float]  # from the start of a cycle to its torque sent, by percentile
    late_us: dict[str, float]  # from the deadline of a cycle to its start, by percentile
    events: dict[str, int]  # what was wrong with the sensors, and limits that were kept
    stopped: str | None  # why it ended in a controlled stop, if it did

    def __str__(self) -> str:
        """The percentiles, one line each."""
        lines = [f"{self.cycles} cycles, {self.overruns} overruns"]
        for what, row in (("sense to torque", self.latency_us), ("start late by", self.late_us)):
            lines.append(f"{what} [us]: " + ", ".join(f"{k} {v:.0f}" for k, v in row.items()))
        happened = {name: count for name, count in self.events.items() if count}
        lines += [f"events: {happened}"] if happened else []
        return "\n".join(lines + ([f"controlled stop: {self.stopped}"] if self.stopped else []))


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
    watch: Callable[[int, str | None], None] | None = None,
) -> Timing:
    """Drive a robot along a path at ``rate`` [Hz], within the arm's limits, for some ``seconds``.

    Every cycle starts at its own deadline, a multiple of the period after the first: the loop
    sleeps until shortly before and spins the rest. One that is a whole period late is an overrun:
    its deadline is left out, nothing is made up for. Garbage is collected before, not during.

    Ctrl-C (KeyboardInterrupt), any exception, or a fault (see `Safe`) lead to a controlled stop:
    for ``stop_time`` [s] the arm is brought to rest and held, whatever the sensors say, by `Safe`.
    Then an exception goes on to the caller, after a last torque that compensates gravity; Ctrl-C
    and a fault are an ordinary end, told in ``Timing.stopped``.

    Args:
        robot: what reads and applies; the time that passes is its own affair.
        cycle: the control cycle; put into a `Safe` if it is not one.
        path: where to go; its time is the robot's, from the first state on.
        rate: control cycles a second [Hz].
        seconds: how long; without it, until Ctrl-C or a fault.
        arm: the model, for a cycle that has none of its own.
        limits: without them, the arm's; not for a ``cycle`` in a `Safe`, which has its own.
        stop_time: of the controlled stop [s].
        watch: called after every cycle with its number and why it is stopping, if it is.

    Raises:
        ConfigurationError: a rate or time that makes no sense, or that is not the cycle's; no arm;
            limits beside those that the cycle is in.
    """
    for name, value in (("rate", rate), ("seconds", seconds), ("stop_time", stop_time)):
        if not value > 0 or (name != "seconds" and math.isinf(value)):
            raise ConfigurationError(f"run: {name} is {value}, needs a number above 0")
    safe = _safe(cycle, arm, limits, 1.0 / rate)
    loop = _Loop(robot, safe, path, 1.0 / rate, watch)
    failure: BaseException | None = None
    collecting = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        try:
            loop.go(seconds)
        except KeyboardInterrupt:
            safe.stop("interrupted")
        except Exception as error:
            failure = error
            safe.stop(f"{type(error).__name__}: {error}")
        if safe.stopped is not None:
            loop.settle(stop_time)
    finally:
        if collecting:
            gc.enable()
    if failure is not None and not isinstance(failure, SimulationError):
        raise failure
    return loop.timing()


def _safe(cycle: Cycle, arm: Arm | None, limits: Limits | None, dt: float) -> Safe:
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
    arm = getattr(cycle, "arm", None) if arm is None else arm
    if arm is None:
        raise ConfigurationError(f"run: {type(cycle).__name__} has no arm, needs arm=")
    return Safe(cycle, arm, limits, dt)


class _Loop:
    def __init__(
        self,
        robot: Robot,
        safe: Safe,
        path: Path,
        period: float,
        watch: Callable[[int, str | None], None] | None,
    ) -> None:
        self.robot, self.safe, self.path, self.period = robot, safe, path, period
        self.check = SensorCheck(safe.dof, period)
        self.watch = watch
        self.cycles = self.overruns = 0
        self.latency = np.zeros(1 << 16)  # the latest ones [s]
        self.late = np.zeros(1 << 16)
        self.deadline = math.nan
        self.start: float | None = None  # the robot's time in the first cycle [s]
        self.last: State | None = None  # that was read

    def go(self, seconds: float) -> None:
        """Run until the time is over or the layer stops."""
        end = round(seconds / self.period) if math.isfinite(seconds) else math.inf
        self.deadline = time.perf_counter()
        while self.cycles < end and self.safe.stopped is None:
            self.once()

    def settle(self, seconds: float) -> None:
        """Bring the arm to rest, whatever happens, and leave it held against gravity."""
        for _ in range(max(1, round(seconds / self.period))):
            try:
                self.once(settling=True)
            except (Exception, KeyboardInterrupt):  # there is nothing better to do than to go on
                self.deadline = time.perf_counter()

    def once(self, settling: bool = False) -> None:
        """One cycle, begun at its deadline."""
        _until(self.deadline)
        began = time.perf_counter()
        late = began - self.deadline
        if late > self.period:
            missed = int(late / self.period)
            self.overruns += missed
            self.deadline += missed * self.period
        if settling:
            result = self.safe.step(self.seen(), NOWHERE)
        else:
            self.last = state = self.check(self.robot.read())
            if self.start is None:
                self.start = state.time
            result = self.safe.step(state, self.path.at(state.time - self.start))
        self.robot.apply(result.tau)
        slot = self.cycles % len(self.late)
        self.late[slot], self.latency[slot] = late, time.perf_counter() - began
        self.deadline += self.period
        self.cycles += 1
        if self.watch is not None:
            self.watch(self.cycles, self.safe.stopped)

    def seen(self) -> State:
        """Read the robot; without a state that a `Safe` can take, return the last one."""
        try:
            state = self.robot.read()
            vectors(state, None, self.safe.dof)
        except Exception:
            if self.last is None:
                raise
            return self.last
        return state

    def timing(self) -> Timing:
        latency, late = (
            {name: float(1e6 * np.percentile(row, q)) for name, q in PERCENTILES.items()}
            if len(row := times[: min(self.cycles, len(times))])
            else dict.fromkeys(PERCENTILES, math.nan)
            for times in (self.latency, self.late)
        )
        events = self.check.events | self.safe.events | getattr(self.robot, "events", {})
        return Timing(self.cycles, self.overruns, latency, late, events, self.safe.stopped)


def _until(deadline: float) -> None:
    left = deadline - time.perf_counter()
    if left > SPIN:
        time.sleep(left - SPIN)
    while time.perf_counter() < deadline:
        pass


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
    safe = Safe(Blocks(arm, controller, adaptation), arm, dt=getattr(robot, "period", 1e-3))
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
        ConfigurationError: a cycle made for another period than the robot has, if it tells.
        SimulationError: as `track`.
    """
    made_for = getattr(cycle, "dt", math.nan)
    period = getattr(robot, "period", made_for)
    if abs(period - made_for) > 1e-6 * period:
        raise ConfigurationError(
            f"follow: the robot's period is {period} s, needs {made_for} s, for which the cycle "
            "was made"
        )
    check = SensorCheck(cycle.dof) if check is None else check
    for _ in clock:
        state = check(robot.read())  # q [rad], dq [rad/s], and whether to learn from them
        reference = path.at(state.time)  # x, dx, ddx in the base frame
        result = cycle.step(state, reference)  # tau [N m]; learns
        robot.apply(result.tau)
        log.append(state, reference, result, check.event)
        if isinstance(cycle, Safe) and cycle.stopped is not None:
            raise SimulationError(f"controlled stop: {cycle.stopped}")
