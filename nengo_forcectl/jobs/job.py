"""The common part of all jobs: driving a robot, recording, and the summary."""

import dataclasses
import platform
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..contract import Cycle, Path, Robot, State
from ..cycle.learner_start import START_FILE, LearnerStart
from ..cycle.structured_cycle import StructuredCycle
from ..errors import SimulationError
from ..networks.neurons import Activity
from ..robots.log import Log
from ..robots.loop import follow
from ..robots.recording import Recording
from ..safety.guard import Safe
from ..safety.sensors import SensorCheck
from ..safety.tally import LIMITS
from ..support.versions import version_of
from ..view.live import View
from .job_settings import JobSettings
from .report.command_line import command_line
from .settings_file import plain_value

PACKAGES = (
    "nengo-forcectl",
    "nengo",
    "nengo-dl",
    "tensorflow",
    "tf-keras",
    "numpy",
    "numba",
    "pybullet",
    "mujoco",
)

FAR = 0.5  # tool error of an arm that fell or was thrown [m]
SLACK = 0.01  # tolerance on joint limits [rad], because PyBullet's stops are compliant
OVERRULED = 0.5  # share of overruled cycles from which on a run has failed
STOPPED = "controlled stop: "  # how the reason for a stop begins; see `follow`

Watch = Callable[[str, int, int, str], None]
"""Progress callback: name of the work, amount done, total amount, short text on the last step."""


def unwatched(*_: object) -> None:
    """Ignore the progress."""


@dataclass
class Outcome:
    """The result of one controller, and how it ended."""

    record: dict[str, np.ndarray] = field(default_factory=dict)  # columns of `Log` and `Witness`
    seconds: float = 0.0  # wall-clock time in the loop
    failure: str | None = None  # reason for an early end: a fall, a stop, an error
    events: dict[str, int] = field(default_factory=dict)  # sensor faults
    limits: dict[str, int] = field(default_factory=dict)  # cycles in which a limit changed a torque
    learned: dict[str, Any] = field(default_factory=dict)  # what a structured learner has found
    activity: Activity | None = None  # what neurons that spike have fired
    latency_us: dict[str, float] = field(default_factory=dict)  # of a robot: state to torque
    start: LearnerStart | None = None  # what a structured learner knew at the end

    @property
    def cycles(self) -> int:
        """Control cycles so far."""
        return len(self.record.get("time", ()))

    @property
    def overruled(self) -> float:
        """Share of the cycles in which one limit, that which acted most often, changed a torque."""
        return max((self.limits.get(name, 0) for name in LIMITS), default=0) / max(self.cycles, 1)

    @property
    def ending(self) -> str | None:
        """How it ended, if not well: ``fell: ...``, ``stopped: ...`` or ``overruled: ...``."""
        return ending(self.failure, self.overruled)

    def find_fall(self, arm: Arm) -> None:
        """Make a fall the failure, if the record shows one before any other failure."""
        record = self.record
        if not self.cycles or record["reference"].shape != record["tool"].shape:
            return
        q, error = record["q"], np.linalg.norm(record["tool"] - record["reference"], axis=1)
        past = np.maximum(arm.q_lower - q, q - arm.q_upper).max(axis=1)
        fallen = np.flatnonzero(~((past <= SLACK) & (error <= FAR)))
        if fallen.size:
            k = int(fallen[0])
            self.failure = describe_fall(arm, q[k], float(error[k]), float(record["time"][k]))


def start_of(cycle: Safe) -> LearnerStart | None:
    """Return what a structured learner knows; None for any other cycle."""
    inner = cycle.cycle
    return LearnerStart.of(inner.learner) if isinstance(inner, StructuredCycle) else None


def write_start(folder: FilePath, outcomes: Mapping[str, Outcome]) -> None:
    """Write what the structured learner knew at the end, if one ran to it, as ``start.npz``."""
    for outcome in outcomes.values():
        if outcome.start is not None and outcome.failure is None:
            outcome.start.write(folder / START_FILE)


def ending(failure: str | None, overruled: float) -> str | None:
    """Return how a run with a failure, or a share of overruled cycles, ended; None: well."""
    if failure is not None and failure.startswith(STOPPED):
        return f"stopped: {failure.removeprefix(STOPPED)}"
    if failure is not None:
        return f"fell: {failure}"
    if overruled > OVERRULED:
        return f"overruled: limits changed the torque in {100.0 * overruled:.0f} % of the cycles"
    return None


def describe_fall(arm: Arm, q: Float[np.ndarray, "n"], error: float, now: float) -> str | None:
    """Return what shows that an arm fell or was thrown; None if nothing does.

    Args:
        arm: the arm.
        q: its true positions [rad].
        error: distance of the tool from its reference [m].
        now: time [s].
    """
    past = np.maximum(arm.q_lower - q, q - arm.q_upper)
    if not past.max() <= SLACK:
        return f"joint {int(np.argmax(past)) + 1} at its limit at {now:.1f} s"
    return None if error <= FAR else f"tool {error:.2f} m off at {now:.1f} s"


class Witness(Robot):
    """A robot whose true state is recorded at every reading, besides the measured one.

    Args:
        robot: the robot to read and drive.
        truth: function that returns the columns of a cycle; a SimulationError from it ends the run.
    """

    def __init__(self, robot: Robot, truth: Callable[[State], Mapping[str, np.ndarray]]) -> None:
        self.period, self.apply = robot.period, robot.apply
        self._robot, self._truth = robot, truth
        self._columns: dict[str, list[np.ndarray]] = {}

    def read(self) -> State:
        """Return the sensors' reading."""
        state = self._robot.read()
        for name, value in self._truth(state).items():
            self._columns.setdefault(name, []).append(value)
        return state

    def record(self, start: int, stop: int) -> dict[str, np.ndarray]:
        """Return the columns of the cycles from ``start`` to ``stop``."""
        return {name: np.array(values[start:stop]) for name, values in self._columns.items()}


@dataclass(frozen=True)
class Drive:
    """The drive of a controller along a path, in stretches of some control cycles."""

    path: Path
    cycles: int
    stretch: int
    period: float  # control period [s]
    truth: Callable[[State], Mapping[str, np.ndarray]] | None = None  # see `Witness`
    begin: Callable[[int], None] = unwatched  # called before each stretch, with its number
    watch: Callable[[int, Log], None] = unwatched  # called after each, with the number done
    file: FilePath | None = None  # new file for the cycles, written during the drive
    view: View | None = None  # page that shows it

    def run(self, robot: Robot, cycle: Cycle, outcome: Outcome) -> None:
        """Drive until the end or a failure; the outcome holds everything up to then."""
        log, check = Log(self.cycles), SensorCheck(cycle.dof, self.period)
        waited = 0.0 if self.view is None else self.view.waited
        witness = None if self.truth is None else Witness(robot, self.truth)
        try:
            with self._recorded(log, witness):
                self.watch(0, log)
                for number in range(-(-self.cycles // self.stretch)):
                    self.begin(number)
                    clock = self._clock(robot, cycle, log)
                    began = time.perf_counter()
                    try:
                        follow(witness or robot, cycle, self.path, clock, log, check)
                    finally:
                        outcome.seconds += time.perf_counter() - began
                    self.watch(number + 1, log)
        except SimulationError as error:
            outcome.failure = str(error)
        finally:
            outcome.seconds -= 0.0 if self.view is None else self.view.waited - waited
            outcome.record = log.arrays()
            if witness is not None:
                outcome.record |= witness.record(0, log.cycles)
            outcome.events, outcome.limits = dict(check.events), dict(cycle.events)
            if cycle.arm is not None:
                outcome.find_fall(cycle.arm)

    def _clock(self, robot: Robot, cycle: Cycle, log: Log) -> Iterable[int]:
        """Return the ticks of a stretch; a view's page is served between them."""
        clock = range(min(self.stretch, self.cycles - log.cycles))
        if self.view is None:
            return clock
        return self.view.ticks(clock, log.slice, log.cycles, robot, cycle)

    def _recorded(self, log: Log, witness: Witness | None) -> AbstractContextManager[object]:
        """Return a context in which the log, with the truth, is written to the file, if any."""
        if self.file is None:
            return nullcontext()
        if witness is None:
            return Recording(self.file, log)
        return Recording(self.file, log, witness.record)


def summary_of_settings(
    verb: str, settings: JobSettings, gains: Mapping[str, float]
) -> dict[str, Any]:
    """Return a summary's description of the run: command, settings, seed, versions and gains."""
    fields = {name: plain_value(value) for name, value in dataclasses.asdict(settings).items()}
    seed = {"seed": fields["seed"]} if "seed" in fields else {}
    return {
        "verb": verb,
        "command": command_line(verb, settings),
        "settings": fields,
        **seed,
        "versions": versions(),
        "gains": dict(gains),
    }


def summary_of_outcomes(outcomes: Mapping[str, Outcome], cycles: int) -> dict[str, Any]:
    """Return a summary's results, out of ``cycles`` planned cycles."""
    return {
        "complete": sum(each.cycles for each in outcomes.values()) == cycles,
        "failures": {name: each.failure for name, each in outcomes.items() if each.failure},
        "endings": {name: each.ending for name, each in outcomes.items() if each.ending},
        "events": {name: each.events for name, each in outcomes.items()},
        "limits": {name: each.limits for name, each in outcomes.items()},
        "cycles": {name: each.cycles for name, each in outcomes.items()},
        "steps_per_second": {
            name: each.cycles / each.seconds for name, each in outcomes.items() if each.seconds
        },
    }


def rms_by_pass(error: Float[np.ndarray, "cycles"], cycles_per_pass: int) -> list[float]:
    """Return the RMS [mm] of an error [m] over every completed pass."""
    passes = len(error) // cycles_per_pass
    by_pass = error[: passes * cycles_per_pass].reshape(passes, cycles_per_pass)
    return (1e3 * np.sqrt(np.mean(by_pass**2, axis=1))).tolist()


def versions() -> dict[str, str]:
    """Return the versions of Python and of the installed packages that affect a result."""
    found = {package: version_of(package) for package in PACKAGES}
    python = {"python": platform.python_version()}
    return python | {package: version for package, version in found.items() if version}
