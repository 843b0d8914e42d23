"""Arms, disturbances, controllers and seeds, each with each: how far off the tool is.

A *cell* is one of each. Cells run in parallel processes; what came of one is a `Cell`, and a run
folder holds all of them in ``results.json``, written anew after every cell.
"""

import dataclasses
import itertools
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from arms import Arm

from ...contract import Robot, State
from ...errors import SimulationError
from ...paths import MinimumJerk
from ...robots.log import Log
from ...robots.loop import follow
from ...safety.sensors import SensorCheck
from ...support.files import interpreting, read_json
from ..job import RunFolder, versions
from ..reach.reach_settings import Adapt, ReachSettings
from ..rivals import gains
from ..scene import REACH_TIME, TARGETS, Scene, reaching_scene
from .bench_settings import BenchSettings
from .conditions import condition

FAR = 0.5  # tool error of an arm that has fallen [m]
SLACK = 0.01  # that a joint may be past its limit [rad]; PyBullet's stops give way a little
# Dry friction at rest is no function of the state: who knows it all the same is stuck, no bound.
UNKNOWABLE = (("coulomb", "exact"),)

Key = tuple[str, str, Adapt, int]
"""Arm, disturbance, controller, seed."""

Watch = Callable[[int, int, "Cell | None"], None]
"""Called before the first and after every cell: cells done, of how many, the one just done."""


@dataclass(frozen=True)
class Cell:
    """What came of one arm, disturbance, controller and seed.

    The errors are of the true tool, not of what the sensors say of it.
    """

    arm: str
    disturbance: str
    controller: Adapt
    seed: int
    rms_mm: list[float] = field(default_factory=list)  # of the tool error, by completed pass
    worst_mm: float | None = None
    fell: str | None = None  # why it ended early
    saturated: float = 0.0  # share of the cycles in which a motor was at its limit
    events: dict[str, int] = field(default_factory=dict)  # what was wrong with the sensors
    seconds: float = 0.0  # of wall clock

    @property
    def key(self) -> Key:
        """Which cell it is."""
        return self.arm, self.disturbance, self.controller, self.seed

    @property
    def later_mm(self) -> float | None:
        """Median RMS error from pass 2 on, or of the only pass; None for one that fell."""
        if self.fell or not self.rms_mm:
            return None
        return float(np.median(self.rms_mm[1:] or self.rms_mm))

    def as_data(self) -> dict[str, Any]:
        """Return it for JSON, with the median and the mean from pass 2 on."""
        later = None if self.later_mm is None else float(np.mean(self.rms_mm[1:] or self.rms_mm))
        return dataclasses.asdict(self) | {"median_mm": self.later_mm, "mean_mm": later}


@dataclass(frozen=True)
class Results:
    """A bench as read back from its folder."""

    folder: Path
    settings: dict[str, Any]
    data: dict[str, Any]  # all of results.json
    cells: tuple[Cell, ...]

    @property
    def passes(self) -> str:
        """Which passes the errors are of: see `Cell.later_mm`."""
        return "from pass 2 on" if self.settings["passes"] > 1 else "of pass 1"

    def at(self, arm: str, disturbance: str, controller: str) -> tuple[Cell, ...]:
        """Return the finished cells of all seeds."""
        which = (arm, disturbance, controller)
        return tuple(cell for cell in self.cells if cell.key[:3] == which)

    def median(self, arm: str, disturbance: str, controller: str) -> float | None:
        """Return the median over seeds of the RMS error [mm], see `Cell`; none if one fell."""
        cells = self.at(arm, disturbance, controller)
        errors = [cell.later_mm for cell in cells if cell.later_mm is not None]
        return float(np.median(errors)) if cells and len(errors) == len(cells) else None


def run(settings: BenchSettings, watch: Watch | None = None) -> Results:
    """Run all cells and write the run folder.

    A bench that is interrupted leaves the cells finished so far.

    Raises:
        ArmError: an arm is unknown, or its file is broken.
        ConfigurationError: an arm has no workspace to reach in.
        RecordError: the run folder exists or cannot be written.
    """
    from .bench_figures import bench_figure  # matplotlib is wanted at the end only

    for name, seed in itertools.product(settings.arms, settings.all_seeds):
        reaching_scene(_reach_settings(settings, name, "none", seed))  # what is wrong is said first
    folder = RunFolder("bench", settings.out)
    keys = [
        key
        for key in itertools.product(
            settings.arms, settings.disturbances, settings.adapt, settings.all_seeds
        )
        if key[1:3] not in UNKNOWABLE
    ]
    cells: list[Cell] = []
    watch = watch or (lambda *_: None)
    _write(folder, settings, cells, len(keys))
    watch(0, len(keys), None)
    try:
        for cell in _in_parallel(settings, keys):
            cells.append(cell)
            cells.sort(key=lambda each: keys.index(each.key))
            _write(folder, settings, cells, len(keys))
            watch(len(cells), len(keys), cell)
    finally:
        results = read_results(folder.path)
        folder.write("bench.png", bench_figure(results).savefig)
    return results


def _in_parallel(settings: BenchSettings, keys: list[Key]) -> Iterator[Cell]:
    import joblib

    jobs = min(settings.jobs or joblib.cpu_count(), len(keys))
    with joblib.parallel_config("loky", n_jobs=jobs, inner_max_num_threads=1):
        calls = (joblib.delayed(_run_alone)(settings, key, os.getpid()) for key in keys)
        parallel: Any = joblib.Parallel(return_as="generator_unordered")
        yield from parallel(calls)


def _run_alone(settings: BenchSettings, key: Key, parent: int) -> Cell:
    if os.getpid() != parent:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent answers it and ends this process
    return run_cell(settings, *key)


def run_cell(
    settings: BenchSettings, arm: str, disturbance: str, controller: Adapt, seed: int
) -> Cell:
    """Run one cell; whatever goes wrong in it is why it fell."""
    began, trial = time.perf_counter(), Trial()
    try:
        scene = reaching_scene(_reach_settings(settings, arm, controller, seed))
        made = condition(disturbance, scene.arm, seed)
        trial.run(dataclasses.replace(scene, **_fields(made)), controller)
    except SimulationError as error:
        trial.fell = str(error)
    except Exception as error:  # a bench of many hours outlives one bad cell
        trial.fell = f"{type(error).__name__}: {error}"
    return Cell(
        arm, disturbance, controller, seed, **trial.measures(), seconds=time.perf_counter() - began
    )


class Trial:
    """One controller on its way through a scene, and what it has come to."""

    def __init__(self) -> None:
        self.fell: str | None = None
        self._errors: list[float] = []  # of the true tool [m]
        self._per_pass = 0
        self._saturated = 0
        self._events: dict[str, int] = {}

    def run(self, scene: Scene, controller: str) -> None:
        """Reach until all is done or the arm falls.

        Raises:
            SimulationError: it fell.
        """
        from ...sim.bullet import Bullet

        self._per_pass = scene.cycles_per_pass
        check = SensorCheck(scene.arm.dof, scene.period)
        rng = np.random.default_rng([scene.settings.seed, 3])
        with (
            scene.cycle(controller) as cycle,
            Bullet(
                scene.arm, scene.home, scene.disturbances,
                period=scene.period, sensors=scene.sensors, rng=rng,
            ) as robot,
        ):  # fmt: skip
            witness = Witness(robot, robot.state, scene.arm, scene.path, self)
            try:
                clock = range(scene.cycles)
                follow(witness, cycle, scene.path, clock, Log(scene.cycles), check)
            finally:
                self._events = {name: count for name, count in check.events.items() if count}

    def note(self, error: float, saturated: bool) -> None:
        """Take in a control cycle: the tool error [m], whether a motor was at its limit."""
        self._errors.append(error)
        self._saturated += saturated

    def measures(self) -> dict[str, Any]:
        """Return what a `Cell` says of it."""
        if not self._errors:
            return {"fell": self.fell}
        passes = len(self._errors) // self._per_pass
        error = 1e3 * np.array(self._errors)
        by_pass = error[: passes * self._per_pass].reshape(passes, self._per_pass)
        return {
            "rms_mm": np.sqrt(np.mean(by_pass**2, axis=1)).tolist(),
            "worst_mm": float(error.max()),
            "fell": self.fell,
            "saturated": self._saturated / len(error),
            "events": self._events,
        }


class Witness(Robot):
    """A robot whose true state is watched, cycle by cycle."""

    def __init__(
        self,
        robot: Robot,
        truth: Callable[[], tuple[np.ndarray, np.ndarray]],
        arm: Arm,
        path: MinimumJerk,
        trial: Trial,
    ) -> None:
        self._robot, self._truth, self._arm = robot, truth, arm
        self._path, self._trial = path, trial
        self._error = 0.0

    def read(self) -> State:
        """Return what the sensors say.

        Raises:
            SimulationError: the arm has fallen: a joint at its limit, or the tool far off.
        """
        state = self._robot.read()
        q, _ = self._truth()
        off = self._arm.pose(q)[:3, 3] - self._path.at(state.time).x
        self._error = float(np.sqrt(off @ off))
        _check_limits(self._arm, q, state.time)
        if not self._error <= FAR:
            raise SimulationError(f"tool {self._error:.2f} m off at {state.time:.1f} s")
        return state

    def apply(self, tau: Float[np.ndarray, "n"]) -> None:
        """Pass the torque [N m] on."""
        self._trial.note(self._error, bool(np.any(np.abs(tau) >= self._arm.tau_max)))
        self._robot.apply(tau)


def _check_limits(arm: Arm, q: Float[np.ndarray, "n"], now: float) -> None:
    past = np.maximum(arm.q_lower - q, q - arm.q_upper)
    if not past.max() <= SLACK:
        joint = int(np.argmax(past)) + 1
        raise SimulationError(f"joint {joint} at its limit at {now:.1f} s")


def _reach_settings(
    settings: BenchSettings, arm: str, controller: Adapt, seed: int
) -> ReachSettings:
    return ReachSettings(
        arm=arm,
        payload=0.0,
        friction=0.0,
        passes=settings.passes,
        inputs=settings.inputs,
        neurons=settings.neurons,
        seed=seed,
        adapt=(controller,),
    )


def _fields(made: Any) -> dict[str, Any]:
    return {each.name: getattr(made, each.name) for each in dataclasses.fields(made)}


def _write(folder: RunFolder, settings: BenchSettings, cells: list[Cell], total: int) -> None:
    out = None if settings.out is None else str(settings.out)
    data = {
        "settings": dataclasses.asdict(settings) | {"out": out},
        "versions": versions(),
        "gains": gains(),
        "seconds_per_pass": TARGETS * REACH_TIME,
        "complete": len(cells) == total,
        "cells": [cell.as_data() for cell in cells],
    }
    text = json.dumps(data, indent=1, allow_nan=False) + "\n"
    folder.write("results.json", lambda stream: stream.write(text.encode()))


def read_results(folder: Path | str) -> Results:
    """Read the folder of a bench.

    Raises:
        RecordError: the folder holds no readable results.
    """
    folder = Path(folder)
    names = {each.name for each in dataclasses.fields(Cell)}
    problem = f"run folder '{folder}': holds no results that can be read"
    data = read_json(folder / "results.json", problem)
    with interpreting(problem):
        cells = tuple(
            Cell(**{name: value for name, value in dict(cell).items() if name in names})
            for cell in data["cells"]
        )
        return Results(folder, data["settings"], data, cells)
