"""The clock of a real-time control loop: absolute deadlines and timing statistics."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..contract import Robot

SPIN = 2e-4  # time before a deadline in which the loop spins [s]
LATEST = 1 << 16  # number of cycles in the statistics
PERCENTILES = {"p50": 50.0, "p99": 99.0, "p99.9": 99.9, "max": 100.0}


@dataclass(frozen=True)
class Timing:
    """The result of a run in real time."""

    cycles: int
    overruns: int  # deadlines skipped because the last cycle took too long
    latency_us: dict[str, float]  # from the start of a cycle to its torque sent, by percentile
    late_us: dict[str, float]  # from the deadline of a cycle to its start, by percentile
    events: dict[str, int]  # sensor faults and active limits
    stopped: str | None  # reason for a controlled stop, if any

    def __str__(self) -> str:
        """Return the percentiles, one per line."""
        lines = [f"{self.cycles} cycles, {self.overruns} overruns"]
        for what, row in (("sense to torque", self.latency_us), ("start late by", self.late_us)):
            lines.append(f"{what} [us]: " + ", ".join(f"{k} {v:.0f}" for k, v in row.items()))
        happened = {name: count for name, count in self.events.items() if count}
        lines += [f"events: {happened}"] if happened else []
        return "\n".join(lines + ([f"controlled stop: {self.stopped}"] if self.stopped else []))


class Clock:
    """Deadlines one period apart; a cycle runs from `wait` to `record`.

    A cycle that begins a whole period after its deadline or later is an overrun: the missed
    deadlines are skipped.
    """

    def __init__(self, period: float) -> None:
        self.period = period
        self.cycles = self.overruns = 0
        self._deadline = self._began = math.nan
        self._late, self._latency = np.zeros(LATEST), np.zeros(LATEST)  # of the latest cycles [s]

    def start(self) -> None:
        """Set the next deadline to now."""
        self._deadline = time.perf_counter()

    def wait(self) -> None:
        """Wait for the next deadline: sleep until shortly before, then spin."""
        left = self._deadline - time.perf_counter()
        if left > SPIN:
            time.sleep(left - SPIN)
        while time.perf_counter() < self._deadline:
            pass
        self._began = time.perf_counter()
        late = self._began - self._deadline
        self._late[self.cycles % LATEST] = late
        if late > self.period:
            missed = int(late / self.period)
            self.overruns += missed
            self._deadline += missed * self.period

    def record(self) -> None:
        """Record that the cycle's torque has been sent."""
        self._latency[self.cycles % LATEST] = time.perf_counter() - self._began
        self._deadline += self.period
        self.cycles += 1

    def timing(self, events: Mapping[str, int], stopped: str | None) -> Timing:
        """Return the result of a run."""
        return Timing(
            self.cycles, self.overruns, self._percentiles(self._latency),
            self._percentiles(self._late), dict(events), stopped,
        )  # fmt: skip

    def _percentiles(self, times: np.ndarray) -> dict[str, float]:
        row = times[: min(self.cycles, LATEST)]
        if not len(row):
            return dict.fromkeys(PERCENTILES, math.nan)
        return {name: float(1e6 * np.percentile(row, q)) for name, q in PERCENTILES.items()}


class RobotClock(Clock):
    """The clock of a robot that paces the loop: a cycle begins when the robot's state comes.

    States that were lost are the overruns, and no cycle begins late.

    Args:
        robot: a robot that ``paces``.
        period: control period [s].
    """

    def __init__(self, robot: Robot, period: float) -> None:
        super().__init__(period)
        self._robot = robot

    def wait(self) -> None:
        """Wait for the robot's next state."""
        self.overruns += self._robot.pace()
        self._began = time.perf_counter()
