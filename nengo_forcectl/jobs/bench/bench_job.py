"""The tool's error for every combination of arm, disturbance, controller and seed.

A *cell* is one combination. Cells run in parallel processes; the result of each is a `Cell`. The
run folder holds all of them in ``results.json``, rewritten after every cell.
"""

import dataclasses
import itertools
import json
import os
import signal
import time
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from ...contract import State
from ...errors import SimulationError
from ...sim.disturbances import real_arm
from ...sim.geometry import WrongLengths
from ..job import (
    Drive,
    Outcome,
    Watch,
    describe_fall,
    rms_by_pass,
    summary_of_settings,
    unwatched,
)
from ..reach.reach_settings import ReachSettings
from ..report.notices import Notices
from ..report.reporting import Reporting
from ..run_folder import RunFolder
from ..scene import REACH_TIME, TARGETS, ReachScene, gains, reaching_scene
from .bench_report import BENCH_REPORT
from .bench_settings import BenchSettings
from .conditions import condition
from .results import Cell, Key, Results, read_results

# Dry friction at rest is not a function of the state: a controller that knows the friction still
# sticks, and is no bound.
UNKNOWABLE = (("coulomb", "exact"), ("stribeck", "exact"))


def run_bench(settings: BenchSettings, watch: Watch = unwatched) -> Results:
    """Run all cells and write the run folder.

    An interrupted bench leaves the cells finished so far.

    Args:
        settings: settings of the command.
        watch: called before the first and after every cell.

    Raises:
        ArmError: an arm is unknown, or its file is broken.
        ConfigurationError: an arm has no workspace for reaching.
        RecordError: the run folder exists or cannot be written.
    """
    with Notices() as notices:
        return _run_all(settings, notices, watch)


def _run_all(settings: BenchSettings, notices: Notices, watch: Watch) -> Results:
    scenes = [
        reaching_scene(_reach_settings(settings, name, "none", seed))
        for name, seed in itertools.product(settings.arms, settings.all_seeds)
    ]  # raise errors early
    folder = RunFolder("bench", settings)
    for scene in scenes:
        for remark in scene.remarks:
            notices.remark(f"{remark} (seed {scene.settings.seed})")
    keys = [
        key
        for key in itertools.product(
            settings.arms, settings.disturbances, settings.adapt, settings.all_seeds
        )
        if key[1:3] not in UNKNOWABLE
    ]
    cells: list[Cell] = []
    _write(folder, settings, cells, len(keys), notices)
    watch("bench", 0, len(keys), "")
    for scene in {scene.arm.name: scene for scene in scenes}.values():
        with scene.cycle("none"):
            pass  # compile here, where it is announced; the other processes load it from the cache
    asked = summary_of_settings("bench", settings, gains())
    with Reporting(folder.path, read_results, BENCH_REPORT, asked) as report:
        for cell in _in_parallel(settings, keys):
            cells.append(cell)
            cells.sort(key=lambda each: keys.index(each.key))
            _write(folder, settings, cells, len(keys), notices)
            watch("bench", len(cells), len(keys), str(cell))
    return report.run


def _in_parallel(settings: BenchSettings, keys: list[Key]) -> Iterator[Cell]:
    import joblib  # takes 0.1 s, not needed by other commands

    jobs = min(settings.jobs or joblib.cpu_count(), len(keys))
    with joblib.parallel_config("loky", n_jobs=jobs, inner_max_num_threads=1):
        calls = (joblib.delayed(_run_alone)(settings, key, os.getpid()) for key in keys)
        parallel: Any = joblib.Parallel(return_as="generator_unordered")
        yield from parallel(calls)


def _run_alone(settings: BenchSettings, key: Key, parent: int) -> Cell:
    if os.getpid() != parent:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles it and ends this process
    return run_cell(settings, *key)


def run_cell(
    settings: BenchSettings, arm: str, disturbance: str, controller: str, seed: int
) -> Cell:
    """Run one cell; record any error in it as the reason for its fall."""
    began, outcome = time.perf_counter(), Outcome()
    scene = None
    with warnings.catch_warnings(), Notices() as notices:
        warnings.showwarning = notices.record_warning  # the report shows them, with their cell
        try:
            scene = reaching_scene(_reach_settings(settings, arm, controller, seed))
            made = condition(disturbance, scene.arm, seed, scene.reach_time)
            scene = dataclasses.replace(scene, **_fields(made))
            try_out(scene, controller, outcome)
        except SimulationError as error:
            outcome.failure = str(error)
        except Exception as error:  # one bad cell must not end a bench of many hours
            outcome.failure = f"{type(error).__name__}: {error}"
    return Cell(
        arm,
        disturbance,
        controller,
        seed,
        **({} if scene is None else measured(scene, outcome)),
        fell=outcome.failure,
        seconds=time.perf_counter() - began,
        warnings=notices.lines,
    )


def try_out(scene: ReachScene, controller: str, outcome: Outcome) -> None:
    """Reach with one controller until the end or until the arm falls."""
    rng = np.random.default_rng([scene.settings.seed, 3])
    with (
        scene.cycle(controller) as cycle,
        scene.settings.simulator()(
            scene.arm, scene.home, scene.disturbances, scene.dt,
            period=scene.period, sensors=scene.sensors, rng=rng,
        ) as robot,
    ):  # fmt: skip
        wrong = any(isinstance(each, WrongLengths) for each in scene.disturbances)
        shown = real_arm(scene.arm, scene.disturbances) if wrong else scene.arm

        def truth(state: State) -> dict[str, np.ndarray]:
            q, _ = robot.state()
            off = shown.pose(q)[:3, 3] - scene.path.at(state.time).x
            error = np.sqrt(off @ off)
            fall = describe_fall(scene.arm, q, float(error), state.time)
            if fall is not None:
                raise SimulationError(fall)
            return {"true_error": error}

        drive = Drive(scene.path, scene.cycles, scene.cycles, scene.period, truth=truth)
        drive.run(robot, cycle, outcome)


def measured(scene: ReachScene, outcome: Outcome) -> dict[str, Any]:
    """Return the `Cell` data of an outcome."""
    if not outcome.cycles:
        return {}
    record = outcome.record
    saturated = np.any(np.abs(record["tau"]) >= scene.arm.tau_max, axis=1)
    return {
        "rms_mm": rms_by_pass(record["true_error"], scene.cycles_per_pass),
        "worst_mm": float(1e3 * record["true_error"].max()),
        "saturated": float(np.mean(saturated)),
        "overruled": outcome.overruled,
        "events": {name: count for name, count in outcome.events.items() if count},
        "cycles": outcome.cycles,
        "limits": {name: count for name, count in outcome.limits.items() if count},
    }


def _reach_settings(settings: BenchSettings, arm: str, controller: str, seed: int) -> ReachSettings:
    return ReachSettings(
        arm=arm,
        engine=settings.engine,
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


def _write(
    folder: RunFolder,
    settings: BenchSettings,
    cells: list[Cell],
    total: int,
    notices: Notices,
) -> None:
    data = {
        **summary_of_settings("bench", settings, gains()),
        "warnings": list(notices.lines),
        "seconds_per_pass": TARGETS * REACH_TIME,
        "complete": len(cells) == total,
        "cells": [cell.as_data() for cell in cells],
    }
    text = json.dumps(data, indent=1, allow_nan=False) + "\n"
    folder.write("results.json", lambda stream: stream.write(text.encode()))
