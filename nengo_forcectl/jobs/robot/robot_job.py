"""The job of `nengo-forcectl run`: a real robot learns to reach."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from ...cycle.learner_start import LearnerStart
from ...robots.franka import FrankaRobot
from ...robots.log import Log, tool_error
from ...robots.loop import run
from ...robots.real_time import real_time
from ...robots.recording import Recording
from ...sim.masses import Payload
from ...view.live import View
from ..job import (
    STOPPED,
    Outcome,
    Watch,
    rms_by_pass,
    start_of,
    summary_of_outcomes,
    summary_of_settings,
    unwatched,
    write_start,
)
from ..reach.reach_job import numbers_of
from ..report.notices import Notices
from ..report.reporting import Reporting
from ..rivals.opening import gains, open_cycle
from ..run_folder import Run, RunFolder, read_run
from ..scene import TARGETS
from ..viewing import shown_robot, view_of
from .robot_report import ROBOT_REPORT
from .robot_scene import RobotScene, targets_around
from .robot_settings import RunSettings

SLACK = 0.1  # of the tool's box beyond the ball of the targets [m]
TOP_SPEED = 1.0  # of a joint [rad/s]: a stop from there needs torques that Franka's rate allows
PATIENCE = 1.2  # room in the record, over the cycles planned: a stop takes more


class FirstTorques(NamedTuple):
    """What a controller would send first, at the robot's present state."""

    joints: tuple[str, ...]
    q: Float[np.ndarray, "n"]  # [rad]
    gravity: Float[np.ndarray, "n"]  # that the robot compensates itself [N m]
    tau: dict[str, Float[np.ndarray, "n"]]  # by controller, gravity included [N m]
    sent: dict[str, Float[np.ndarray, "n"]]  # what would be sent of it [N m]


def run_robot(settings: RunSettings, watch: Watch = unwatched) -> Run | FirstTorques:
    """Drive a robot with every controller of the settings, and write the run folder.

    Ctrl-C, a fault of the robot, or a lost connection end the run: the arm is brought to rest, and
    no further controller begins. A dry run returns the first torques, sends none, and writes
    nothing.

    Args:
        settings: settings of the command.
        watch: called before the first and after every reach.

    Raises:
        VersionError: the robot's binding is not installed.
        ConfigurationError: Linux does not permit what is asked of it, the robot's model is another,
            or it does not reach the targets in time.
        SimulationError: no robot answers, or it is not ready for control.
        RecordError: the run folder exists or cannot be written.
    """
    with real_time(**settings.linux):  # refused before the robot is asked
        pass
    with Notices() as notices, ExitStack() as connection:
        robot = connection.enter_context(_robot(settings))
        scene = _scene(settings, robot)
        scene.check_speed()
        if settings.dry_run:
            return _first_torques(scene, robot)
        folder = RunFolder("run", settings)
        outcomes: dict[str, Outcome] = {}
        begin = _summary(scene, outcomes, notices)
        folder.write_summary(begin)
        with (
            Reporting(folder.path, read_run, ROBOT_REPORT, begin) as report,
            connection.pop_all(),  # the report comes after the robot's release
            view_of(settings, lambda: shown_robot(scene, robot.look().q)) as view,
        ):
            try:
                _drive_all(scene, robot, outcomes, folder, watch, view)
            finally:
                records = {name: each.record for name, each in outcomes.items() if each.cycles}
                folder.write_end(records, _summary(scene, outcomes, notices))
                write_start(folder.path, outcomes)
    return report.run


@contextmanager
def _robot(settings: RunSettings) -> Iterator[FrankaRobot]:
    load = None
    if settings.load is not None:
        mass, *com = settings.load
        load = Payload(mass, com=(com[0], com[1], com[2]))
    with FrankaRobot(
        settings.host, load=load, realtime=settings.realtime, recover=settings.recover
    ) as robot:
        yield robot


def _scene(settings: RunSettings, robot: FrankaRobot) -> RobotScene:
    arm, home, limits = robot.arm, robot.look().q, robot.limits
    start = None if settings.start is None else LearnerStart.read(settings.start, arm)
    centre, room = arm.pose(home)[:3, 3], settings.radius + SLACK
    lower, upper = (tuple((centre + side * room).tolist()) for side in (-1.0, 1.0))
    return RobotScene(
        settings=settings,
        arm=arm,
        home=home,
        disturbances=(Payload(settings.payload),),
        targets=targets_around(arm, home, settings.radius, np.random.default_rng(settings.seed)),
        bounds=replace(
            limits, dq_max=np.minimum(limits.dq_max, TOP_SPEED), lower=lower, upper=upper
        ),
        known=start,
    )


def _first_torques(scene: RobotScene, robot: FrankaRobot) -> FirstTorques:
    state, tau, sent = robot.look(), {}, {}
    for name in scene.settings.adapt:
        with open_cycle(scene, name) as cycle:
            tau[name] = cycle.step(state, scene.path(state.q).at(0.0)).tau
        sent[name] = robot.share(tau[name], state.q)
    gravity = scene.arm.gravity(state.q)
    return FirstTorques(scene.arm.joint_names, state.q, gravity, tau, sent)


def _drive_all(
    scene: RobotScene,
    robot: FrankaRobot,
    outcomes: dict[str, Outcome],
    folder: RunFolder,
    watch: Watch,
    view: View | None,
) -> None:
    """Drive the robot with one controller after the other, until one fails."""
    for name in scene.settings.adapt:
        outcome = outcomes[name] = Outcome()
        _drive(scene, robot, name, outcome, folder.rows(name), watch, view)
        if outcome.failure is not None:
            return


def _drive(
    scene: RobotScene,
    robot: FrankaRobot,
    name: str,
    outcome: Outcome,
    file: FilePath,
    watch: Watch,
    view: View | None,
) -> None:
    """Drive the robot with one controller; the outcome holds everything up to its end.

    The file takes the record while the robot moves.
    """
    path = scene.path(robot.look().q)
    cycles, reach = round(path.end / scene.period), scene.cycles_per_pass // TARGETS
    log = Log(round(PATIENCE * cycles) + 1000)
    with open_cycle(scene, name) as cycle, Recording(file, log):
        watch(name, 0, cycles // reach, "")

        if view is not None:
            view.begin(name)

        def report(done: int, stopped: str | None) -> None:
            if view is not None:
                view.watch(log.cycles, log.slice)
            if done % reach == 0 and done < cycles and stopped is None:
                watch(name, done // reach, cycles // reach, "")

        try:
            linux = scene.settings.linux
            timing = run(robot, cycle, path, seconds=path.end, watch=report, log=log, **linux)
        finally:
            outcome.record = log.arrays()
        outcome.limits = dict(cycle.events)
        outcome.events = {**timing.events, "overruns": timing.overruns}
        outcome.seconds = cycles * scene.period
        outcome.learned, outcome.start = numbers_of(getattr(cycle, "learned", ())), start_of(cycle)
        if timing.stopped is None:
            watch(name, cycles // reach, cycles // reach, "")  # lost states count as cycles
        else:
            outcome.failure = STOPPED + timing.stopped
        outcome.latency_us = timing.latency_us


def _summary(
    scene: RobotScene, outcomes: Mapping[str, Outcome], notices: Notices
) -> dict[str, Any]:
    done = {name: each for name, each in outcomes.items() if each.cycles}
    planned = round(scene.path(scene.home).end / scene.period)
    errors = {name: tool_error(each.record) for name, each in done.items()}
    return {
        **summary_of_settings("run", scene.settings, gains()),
        "warnings": list(notices.lines),
        "dt": scene.period,
        "seconds_per_pass": TARGETS * scene.settings.reach_time,
        "targets": scene.targets.tolist(),
        "home": scene.home.tolist(),
        "joints": list(scene.arm.joint_names),
        **summary_of_outcomes(outcomes, len(scene.settings.adapt) * planned),
        "latency_us": {name: each.latency_us for name, each in done.items()},
        "learned": {name: each.learned for name, each in done.items() if each.learned},
        "rms_mm": {
            name: rms_by_pass(
                error[: scene.settings.passes * scene.cycles_per_pass], scene.cycles_per_pass
            )
            for name, error in errors.items()
        },
    }
