"""Time from a Franka's state to its torque, in the loop that drives one: the robot is franky-sim.

Both to the torque that is handed to Franka's binding, our part, and to that which is sent.

The simulator runs in a process of its own and in lock-step with the loop, so its own speed does not
count. Measure on an idle machine: what else runs pushes the loop's code out of the caches.

python scripts/bench_franka.py [seconds]     needs the extra franka, and franky-sim
"""

import subprocess
import sys
import time
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


class TimedRobot(FrankaRobot):
    """A robot that notes how long after its state each torque is ready."""

    def __init__(self, host: str) -> None:
        self.ready: list[float] = []  # [s]
        self._came_at = 0.0
        super().__init__(host, realtime=False)

    def pace(self) -> int:
        """Wait for the next state."""
        lost = super().pace()
        self._came_at = time.perf_counter()
        return lost

    def _send(self, *, last: bool = False) -> None:
        self.ready.append(time.perf_counter() - self._came_at)
        super()._send(last=last)


def timed(name: str, seconds: float) -> None:
    """Drive over targets, and print the percentiles."""
    command = [sys.executable, SERVER, HOST, *PAYLOAD]
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True) as server, ExitStack() as opened:
        assert server.stdout is not None
        server.stdout.readline()  # it is ready
        opened.callback(server.kill)
        robot = opened.enter_context(TimedRobot(HOST))
        arm, home = robot.arm, robot.look().q
        targets = targets_around(arm, home, 0.15, np.random.default_rng(0))
        path = MinimumJerk(np.vstack([arm.pose(home)[:3, 3], targets]), 0.8)
        if name == "none":
            cycle = Safe(CompiledController(arm, OperationalSpace(home)), arm, robot.limits)
        else:
            cycle = opened.enter_context(learning_cycle(arm, home, seed=0, limits=robot.limits))
        timing = run(robot, cycle, path, seconds=seconds)
        ready = dict(zip(("p50", "p99"), 1e6 * np.percentile(robot.ready, (50, 99)), strict=True))
        print(f"{name}, {timing.cycles} cycles, from the state on [us]:")
        for what, times in (("torque ready", ready), ("torque sent", timing.latency_us)):
            print(f"  {what:13}", ", ".join(f"{key} {value:.0f}" for key, value in times.items()))


if __name__ == "__main__":
    for each in NAMES:
        timed(each, float(sys.argv[1]) if len(sys.argv) > 1 else 8.0)
