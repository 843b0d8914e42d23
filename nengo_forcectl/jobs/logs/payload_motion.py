"""A robot with a payload moves for some seconds, and is recorded."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

import arms

from ...adaptation import DisturbanceObserver
from ...control import ComputedTorque
from ...cycle.blocks import Blocks
from ...errors import SimulationError
from ...logs.excitation import excite
from ...paths.recorded import RecordedPath
from ...robots.franka import PERIOD, FrankaRobot
from ...robots.log import Log
from ...robots.loop import run
from ...robots.recording import Recording
from ...safety.guard import Safe
from ...safety.limits import Limits
from .payload_settings import PayloadSettings

TOP_SPEED = 1.0  # of a joint [rad/s]: a stop from there needs torques that Franka's rate allows
SHARE = 0.7  # of that speed, in the motion
OBSERVER = 20.0  # gain of the observer that holds what the model lacks [1/s]
DRIVES = "fr3"  # arm of the catalogue whose rotors the robot has
STOP = 2000  # room for the cycles of a stop


@contextmanager
def robot_of(settings: PayloadSettings) -> Iterator[FrankaRobot]:
    """Open the robot of some settings.

    Raises:
        VersionError: its binding is not installed.
        ConfigurationError: its model is another.
        SimulationError: no robot answers, or it is not ready for control.
    """
    own = None if settings.arm == PayloadSettings.arm else arms.load(settings.arm, tip=settings.tip)
    host = settings.host or ""
    with FrankaRobot(host, own, realtime=settings.realtime, recover=settings.recover) as robot:
        yield robot


def motion_of(robot: FrankaRobot, seconds: float, swing: float) -> RecordedPath:
    """Return a motion of all joints around where they are, from rest to rest.

    It is the one that shows most of the links, see `nengo_forcectl.logs.excite`, slowed down to a
    share of `TOP_SPEED` by smaller angles.

    Raises:
        ConfigurationError: a joint is at its limit.
    """
    home = robot.look().q
    found = excite(robot.arm, seconds=seconds, rate=1.0 / PERIOD, around=home, swing=swing)
    share = min(1.0, SHARE * TOP_SPEED / float(np.abs(found.dq).max()))
    q = home + share * (found.q - home)
    return RecordedPath(found.time, q, share * found.dq, share * found.ddq)


def move(robot: FrankaRobot, path: RecordedPath, file: Path) -> dict[str, np.ndarray]:
    """Let a robot follow a motion of its joints, within limits; return the record.

    The file takes the record while the robot moves.

    Raises:
        SimulationError: the robot was stopped.
    """
    arm, log = robot.arm, Log(round(path.end / PERIOD) + STOP)
    limits: Limits = robot.limits
    limits = replace(limits, dq_max=np.minimum(limits.dq_max, TOP_SPEED))
    heavy = arm.with_armature(arms.drives(DRIVES).armature)  # else a light wrist hardly obeys
    observer = DisturbanceObserver(heavy, OBSERVER, PERIOD)
    cycle = Safe(Blocks(heavy, ComputedTorque(), observer), arm, limits)
    with Recording(file, log):
        timing = run(robot, cycle, path, seconds=path.end, log=log)
    if timing.stopped is not None:
        raise SimulationError(f"controlled stop: {timing.stopped}; the record is in '{file}'")
    return log.arrays()
