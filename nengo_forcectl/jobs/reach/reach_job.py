"""The main job: an arm with an unknown payload learns to reach."""

import dataclasses
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float

from ...errors import SimulationError
from ...export.controller import export_controller, trained
from ...networks.workspace import task_axes
from ...robots.log import Log, tool_error
from ...robots.loop import follow
from ...safety.sensors import SensorCheck
from ...sim.disturbances import acceleration
from ..job import Run, RunFolder, read_run, versions
from ..rivals import DT, gains
from ..scene import REACH_TIME, TARGETS, Scene, reaching_scene
from .reach_settings import ReachSettings

Watch = Callable[[str, int, int, Log], None]
"""Called before the first and after every reach: controller, reaches done, of how many, record."""


def run(settings: ReachSettings, watch: Watch | None = None) -> Run:
    """Run every controller of the settings through the same scene and write the run folder.

    A run that is interrupted leaves the record and the summary up to that moment. One that is
    finished leaves what was trained and can be exported, in a folder of its name.

    Raises:
        ArmError: the arm is unknown, or its file is broken.
        ConfigurationError: the arm has no workspace to reach in.
        RecordError: the run folder exists or cannot be written.
    """
    from .reach_figures import reach_figure  # matplotlib is wanted at the end only

    scene = reaching_scene(settings)
    folder = RunFolder("reach", settings.out)
    outcomes = {name: Outcome(Log(scene.cycles)) for name in settings.controllers}
    try:
        for name, outcome in outcomes.items():
            _run_controller(scene, name, outcome, watch or (lambda *_: None), folder)
    finally:
        outcomes = {name: outcome for name, outcome in outcomes.items() if outcome.log.cycles}
        for name, outcome in outcomes.items():
            record = outcome.log.arrays()
            record["unmodelled"] = unmodelled_torque(scene, record)
            if "J" in record:
                record["jacobian_error"] = jacobian_error(scene, record)
            folder.write_record(name, record)
        folder.write_summary(_summary(scene, outcomes))
    result = read_run(folder.path)
    folder.write("reach.png", reach_figure(result).savefig)
    return result


@dataclass
class Outcome:
    """What came of one controller."""

    log: Log
    seconds: float = 0.0  # of wall clock, in the loop
    failure: str | None = None  # why it ended early
    events: dict[str, int] = field(default_factory=dict)  # what was wrong with the sensors
    limits: dict[str, int] = field(default_factory=dict)  # cycles in which a limit was kept


def _run_controller(
    scene: Scene, name: str, outcome: Outcome, watch: Watch, folder: RunFolder
) -> None:
    from ...sim.bullet import Bullet

    clock = range(round(REACH_TIME / scene.period))
    reaches = TARGETS * scene.settings.all_passes
    freeze = scene.settings.freeze_after
    check = SensorCheck(scene.arm.dof, scene.period)
    with (
        scene.cycle(name) as cycle,
        Bullet(
            scene.arm,
            scene.home,
            scene.disturbances,
            DT,
            period=scene.period,
            sensors=scene.sensors,
            rng=np.random.default_rng([scene.settings.seed, 3]),
        ) as robot,
    ):
        watch(name, 0, reaches, outcome.log)
        for done in range(1, reaches + 1):
            cycle.learn(freeze is None or done <= TARGETS * freeze)
            began = time.perf_counter()
            try:
                follow(robot, cycle, scene.path, clock, outcome.log, check)
            except SimulationError as error:
                outcome.failure = str(error)
                return
            finally:
                outcome.seconds += time.perf_counter() - began
                outcome.events, outcome.limits = check.events, cycle.events
            watch(name, done, reaches, outcome.log)
        if trained(cycle):
            export_controller(cycle, folder.path / name)


def unmodelled_torque(
    scene: Scene, record: Mapping[str, np.ndarray]
) -> Float[np.ndarray, "cycles n"]:
    """Return the torque [N m] that the model lacked in every cycle.

    What the motors gave less what the model needs for the motion that came of it:
    ``tau - (M ddq + C dq + g)``, with ddq from the real arm.
    """
    time, q, dq, tau = (record[column] for column in ("time", "q", "dq", "tau"))
    ddq = acceleration(scene.disturbances, scene.arm, time, q, dq, tau)
    return tau - scene.arm.inverse_dynamics(q, dq, ddq)


def jacobian_error(scene: Scene, record: Mapping[str, np.ndarray]) -> Float[np.ndarray, "cycles"]:
    """Return ``|J_hat - J| / |J|`` of every cycle, J of the tip, in the Frobenius norm."""
    axes = list(task_axes(scene.fitted))
    J = scene.fitted.jacobian(record["q"])[:, axes]
    return np.linalg.norm(record["J"][:, axes] - J, axis=(1, 2)) / np.linalg.norm(J, axis=(1, 2))


def _summary(scene: Scene, outcomes: Mapping[str, Outcome]) -> dict[str, Any]:
    settings = dataclasses.asdict(scene.settings)
    settings["out"] = None if scene.settings.out is None else str(scene.settings.out)
    return {
        "settings": settings,
        "seed": scene.settings.seed,
        "gains": gains(),
        "versions": versions(),
        "dt": scene.period,
        "seconds_per_pass": TARGETS * REACH_TIME,
        "targets": scene.targets.tolist(),
        "unseen_targets": scene.unseen.tolist(),
        "home": scene.home.tolist(),
        "tool": None if scene.tool is None else list(scene.tool.tip),
        "joints": list(scene.arm.joint_names),
        "complete": sum(outcome.log.cycles for outcome in outcomes.values())
        == len(scene.settings.controllers) * scene.cycles,
        "failures": {
            name: outcome.failure for name, outcome in outcomes.items() if outcome.failure
        },
        "rms_mm": {
            name: rms_by_pass(outcome.log.arrays(), scene.cycles_per_pass)
            for name, outcome in outcomes.items()
        },
        "final_mm": {
            name: final_by_reach(outcome.log.arrays(), scene) for name, outcome in outcomes.items()
        },
        "events": {name: outcome.events for name, outcome in outcomes.items()},
        "limits": {name: outcome.limits for name, outcome in outcomes.items()},
        "steps_per_second": {
            name: outcome.log.cycles / outcome.seconds for name, outcome in outcomes.items()
        },
    }


def final_by_reach(record: Mapping[str, np.ndarray], scene: Scene) -> list[float]:
    """Return the distance [mm] from tool to target at the end of every reach, at arrival."""
    cycles = round(REACH_TIME / scene.period)
    return (1e3 * tool_error(record)[cycles - 1 :: cycles]).tolist() if record else []


def rms_by_pass(record: Mapping[str, np.ndarray], cycles_per_pass: int) -> list[float]:
    """Return the RMS tool error [mm] of every pass that was completed."""
    passes = len(record["time"]) // cycles_per_pass
    error = tool_error(record)[: passes * cycles_per_pass].reshape(passes, cycles_per_pass)
    return (1e3 * np.sqrt(np.mean(error**2, axis=1))).tolist()
