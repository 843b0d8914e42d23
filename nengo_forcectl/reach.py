"""The main job: an arm with an unknown payload learns to reach."""

import dataclasses
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from arms import Arm

from .adaptation import Adaptation
from .control import Controller
from .exceptions import SimulationError
from .paths import Path
from .record import Log, Run, RunFolder, read_run, tool_error, versions
from .robot import Robot, checked_state, checked_torque, limited
from .scene import DT, REACH_TIME, TARGETS, Scene, reaching_scene
from .settings import ReachSettings
from .sim.disturbances import acceleration

Watch = Callable[[str, int, int, Log], None]
"""Called before the first and after every reach: controller, reaches done, of how many, record."""


def track(
    robot: Robot,
    arm: Arm,
    path: Path,
    controller: Controller,
    adaptation: Adaptation,
    clock: Iterable[int],
    log: Log,
) -> None:
    """Follow ``path`` for one control cycle a tick of ``clock``.

    Raises:
        SimulationError: a state or a torque that is not finite; it does not reach the robot.
    """
    for _ in clock:
        state = checked_state(robot.read(), arm.dof)  # q [rad], dq [rad/s]
        terms = arm.terms(state.q, state.dq)  # pose, J, dJ, M, C, g at the tool
        reference = path.at(state.time)  # x, dx, ddx in the base frame
        command = controller.torque(terms, state, reference)  # tau [N m], and the error it answers
        feedforward = adaptation.torque(terms, state, reference, command)  # [N m]; learns from it
        tau = limited(checked_torque(command.tau + feedforward, state.time), arm.tau_max)
        robot.apply(tau)
        log.append(state, reference, terms.pose[:3, 3], tau, feedforward)


def run(settings: ReachSettings, watch: Watch | None = None) -> Run:
    """Run every controller of ``settings.adapt`` through the same scene and write the run folder.

    A run that is interrupted leaves the record and the summary up to that moment.

    Raises:
        ArmError: the arm is unknown, or its file is broken.
        ConfigurationError: the arm has no workspace to reach in.
        RecordError: the run folder exists or cannot be written.
    """
    from .plots import reach_figure  # matplotlib is wanted at the end only

    scene = reaching_scene(settings)
    folder = RunFolder("reach", settings.out)
    outcomes = {name: Outcome(Log(scene.cycles)) for name in settings.adapt}
    try:
        for name, outcome in outcomes.items():
            _run_controller(scene, name, outcome, watch or (lambda *_: None))
    finally:
        outcomes = {name: outcome for name, outcome in outcomes.items() if outcome.log.cycles}
        for name, outcome in outcomes.items():
            record = outcome.log.arrays()
            folder.write_record(name, record | {"unmodelled": unmodelled_torque(scene, record)})
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


def _run_controller(scene: Scene, name: str, outcome: Outcome, watch: Watch) -> None:
    from .sim.bullet import Bullet

    clock = range(round(REACH_TIME / DT))
    reaches = TARGETS * scene.settings.passes
    with (
        scene.controller(name) as (model, controller, adaptation),
        Bullet(scene.arm, scene.home, scene.disturbances, DT) as robot,
    ):
        watch(name, 0, reaches, outcome.log)
        for done in range(1, reaches + 1):
            began = time.perf_counter()
            try:
                track(robot, model, scene.path, controller, adaptation, clock, outcome.log)
            except SimulationError as error:
                outcome.failure = str(error)
                return
            finally:
                outcome.seconds += time.perf_counter() - began
            watch(name, done, reaches, outcome.log)


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


def _summary(scene: Scene, outcomes: Mapping[str, Outcome]) -> dict[str, Any]:
    settings = dataclasses.asdict(scene.settings)
    settings["out"] = None if scene.settings.out is None else str(scene.settings.out)
    return {
        "settings": settings,
        "seed": scene.settings.seed,
        "gains": scene.gains,
        "versions": versions(),
        "dt": DT,
        "seconds_per_pass": TARGETS * REACH_TIME,
        "targets": scene.targets.tolist(),
        "home": scene.home.tolist(),
        "joints": list(scene.arm.joint_names),
        "complete": sum(outcome.log.cycles for outcome in outcomes.values())
        == len(scene.settings.adapt) * scene.cycles,
        "failures": {
            name: outcome.failure for name, outcome in outcomes.items() if outcome.failure
        },
        "rms_mm": {
            name: rms_by_pass(outcome.log.arrays(), scene.cycles_per_pass)
            for name, outcome in outcomes.items()
        },
        "steps_per_second": {
            name: outcome.log.cycles / outcome.seconds for name, outcome in outcomes.items()
        },
    }


def rms_by_pass(record: Mapping[str, np.ndarray], cycles_per_pass: int) -> list[float]:
    """Return the RMS tool error [mm] of every pass that was completed."""
    passes = len(record["time"]) // cycles_per_pass
    error = tool_error(record)[: passes * cycles_per_pass].reshape(passes, cycles_per_pass)
    return (1e3 * np.sqrt(np.mean(error**2, axis=1))).tolist()
