"""The tool's error for every combination of arm, disturbance, controller and seed.

A *cell* is one combination. Cells run in parallel; the result of each is a `Cell`. The run folder
holds each in a file of its own when it is done, and at the end all of them in ``results.json``.
"""

import dataclasses
import itertools
import json
import time
import warnings
from typing import Any

import numpy as np

from ...contract import State
from ...errors import SimulationError
from ...sim.disturbances import real_arm
from ...sim.geometry import WrongLengths
from ..cells.cell_folder import CellFolder
from ..cells.cell_plan import asked, planned_folder
from ..cells.cell_runner import Cells, run_cells
from ..cells.cell_task import Produced
from ..cells.identity import absolute, files_of, identity
from ..cells.worker_pools import worker_pool
from ..job import (
    Drive,
    Outcome,
    Watch,
    describe_fall,
    rms_by_pass,
    summary_of_settings,
    unwatched,
)
from ..reach.reach_scene import ReachScene, reaching_scene
from ..reach.reach_settings import ReachSettings
from ..report.notices import Notices
from ..report.reporting import Reporting
from ..rivals.opening import gains, open_cycle
from ..run_folder import RunFolder
from ..scene import REACH_TIME, TARGETS
from .bench_report import BENCH_REPORT
from .bench_settings import BenchSettings
from .conditions import condition
from .results import KEY, Cell, Key, Results, cell_of, read_results

# Dry friction at rest is not a function of the state: a controller that knows the friction still
# sticks, and is no bound.
UNKNOWABLE = (("coulomb", "exact"), ("stribeck", "exact"))


def run_bench(settings: BenchSettings, watch: Watch = unwatched) -> Results:
    """Run all cells and write the run folder.

    A bench that was interrupted or killed leaves the cells finished so far. With its folder as
    ``out`` and the same settings, it goes on with the others.

    Args:
        settings: settings of the command.
        watch: called before the first and after every cell.

    Raises:
        ArmError: an arm is unknown, or its file is broken.
        ConfigurationError: an arm has no workspace for reaching.
        RecordError: the run folder is of something else or other settings, or cannot be written.
        ClusterError: a cluster does not answer, has no workers, or unlike ones.
    """
    with Notices() as notices:
        return _run_all(settings, notices, watch)


def _run_all(settings: BenchSettings, notices: Notices, watch: Watch) -> Results:
    scenes = [
        reaching_scene(_reach_settings(settings, name, "none", seed))
        for name, seed in itertools.product(settings.arms, settings.all_seeds)
    ]  # raise errors early
    places = {arm: absolute(arm) for arm in settings.arms}  # a worker may be in another folder
    own = identity(files_of(places.values()))
    keys = _keys(settings)
    with (
        worker_pool(settings, len(keys), own) as pool,
        planned_folder("bench", settings, asked(settings), own) as folder,
    ):
        for scene in scenes:
            for remark in scene.remarks:
                notices.remark(f"{remark} (seed {scene.settings.seed})")
        if settings.dask is None:
            _compile(scenes)
        cells = Cells(
            "bench", _produce, [dict(zip(KEY, key, strict=True)) for key in keys],
            lambda number: (settings, places[keys[number][0]], keys[number]),
            lambda cell: str(cell_of(cell["data"])),
        )  # fmt: skip
        where, lost = CellFolder(folder.path), {}
        _write(folder, settings, len(keys), [], lost, notices)
        begin = summary_of_settings("bench", settings, gains())
        with Reporting(folder.path, read_results, BENCH_REPORT, begin) as report:
            try:
                lost = run_cells(cells, where, pool, own, watch)
            finally:
                done = [cell["data"] for cell in where.read_all()]
                _write(folder, settings, len(keys), done, lost, notices)
    return report.run


def _keys(settings: BenchSettings) -> list[Key]:
    combinations = itertools.product(
        settings.arms, settings.disturbances, settings.adapt, settings.all_seeds
    )
    return [key for key in combinations if key[1:3] not in UNKNOWABLE]


def _compile(scenes: list[ReachScene]) -> None:
    """Compile here, where it is announced; other processes load it from the cache."""
    for scene in {scene.arm.name: scene for scene in scenes}.values():
        with open_cycle(scene, "none"):
            pass


def _produce(item: tuple[BenchSettings, str, Key]) -> Produced:
    settings, arm, key = item
    cell = run_cell(settings, arm, *key[1:])
    return Produced(dataclasses.replace(cell, arm=key[0]).as_data(), {})


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
        except (OSError, MemoryError):  # of the machine, not of the cell
            raise
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
        open_cycle(scene, controller) as cycle,
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
        tip=settings.tip,
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
    total: int,
    cells: list[dict[str, Any]],
    lost: dict[int, str],
    notices: Notices,
) -> None:
    data = {
        **summary_of_settings("bench", settings, gains()),
        "warnings": list(notices.lines),
        "seconds_per_pass": TARGETS * REACH_TIME,
        "complete": len(cells) == total,
        "lost": list(lost.values()),
        "cells": cells,
    }
    text = json.dumps(data, indent=1, allow_nan=False) + "\n"
    folder.write("results.json", lambda stream: stream.write(text.encode()))
