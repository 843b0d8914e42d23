"""Time from a Franka's state to its torque, in the loop that drives one: the robot is franky-sim.

The simulator runs in a process of its own and in lock-step with the loop, so its own speed does not
count. Measure on an idle machine: what else runs pushes the loop's code out of the caches.

python scripts/bench_franka.py [seconds]     needs the extra franka, and franky-sim
"""

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from nengo_forcectl import (
    CompiledController,
    MinimumJerk,
    OperationalSpace,
    Safe,
    learning_cycle,
    run,
)
from nengo_forcectl.jobs.robot.robot_scene import targets_around
from nengo_forcectl.robots import FrankaRobot

SERVER = Path(__file__).parents[1] / "tests" / "franka_server.py"
HOST, PAYLOAD = "127.86.0.1", ("1.5", "0", "0", "0.1")  # [kg], [m]
NAMES = "none", "structured"


def timed(name: str, seconds: float) -> None:
    """Drive over targets, and print the percentiles."""
    command = [sys.executable, SERVER, HOST, *PAYLOAD]
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True) as server, ExitStack() as opened:
        assert server.stdout is not None
        server.stdout.readline()  # it is ready
        opened.callback(server.kill)
        robot = opened.enter_context(FrankaRobot(HOST, realtime=False))
        arm, home = robot.arm, robot.look().q
        targets = targets_around(arm, home, 0.15, np.random.default_rng(0))
        path = MinimumJerk(np.vstack([arm.pose(home)[:3, 3], targets]), 0.8)
        if name == "none":
            cycle = Safe(CompiledController(arm, OperationalSpace(home)), arm, robot.limits)
        else:
            cycle = opened.enter_context(learning_cycle(arm, home, seed=0, limits=robot.limits))
        timing = run(robot, cycle, path, seconds=seconds)
        times = ", ".join(f"{key} {value:.0f}" for key, value in timing.latency_us.items())
        print(f"{name:12} state to torque [us]: {times}; {timing.cycles} cycles")


if __name__ == "__main__":
    for each in NAMES:
        timed(each, float(sys.argv[1]) if len(sys.argv) > 1 else 8.0)
