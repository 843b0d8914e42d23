"""The runner at 1 kHz against PyBullet in another process, over the bridge; then a killed peer.

python scripts/bench_bridge.py [seconds]
"""

import multiprocessing
import os
import secrets
import signal
import sys

import numpy as np

import arms
from nengo_forcectl import Blocks, Bullet, MinimumJerk, OperationalSpace
from nengo_forcectl.adaptation import NoAdaptation
from nengo_forcectl.networks.workspace import home_posture
from nengo_forcectl.robots import BridgeRobot
from nengo_forcectl.robots.bridge import serve
from nengo_forcectl.robots.loop import run
from nengo_forcectl.safety.limits import Limits

KILL = 1000  # after which cycle the peer dies


def robot_process(token, pipe):
    """PyBullet, and what it counted."""
    arm = arms.load("kuka_iiwa")
    with Bullet(arm, home_posture(arm)) as robot:
        pipe.send(serve(robot, arm, 0, token, ready=pipe.send))


def started():
    """A robot process, its pipe, its token and its port."""
    token = secrets.randbits(64)
    here, there = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=robot_process, args=(token, there), daemon=True)
    process.start()
    return process, here, token, here.recv()


def main(seconds):
    """One run to its end, one with the peer killed after a second."""
    arm = arms.load("kuka_iiwa")
    home = home_posture(arm)
    start = arm.pose(home)[:3, 3]
    corners = start + np.array([[1, 1, 1], [1, -1, -1], [-1, -1, 1], [0, 0, 0]]) * 0.1  # [m]
    path = MinimumJerk([start, *list(corners) * int(seconds / 4.8 + 1)], 1.2)
    cycle = Blocks(arm, OperationalSpace(home), NoAdaptation())

    process, pipe, token, port = started()
    with BridgeRobot(arm.dof, port, token) as robot:
        # A machine that is busy with something else may look dead for 3 cycles: count, go on.
        patient = Limits.of(arm, watchdog=1000, patience=1000)
        print(run(robot, cycle, path, 1000, seconds=seconds, limits=patient))
    print("the robot's end:", pipe.recv())
    process.join()

    process, _, token, port = started()
    reasons = []

    def watch(number, reason):
        reasons.append(reason)
        if number == KILL:
            os.kill(process.pid, signal.SIGKILL)

    with BridgeRobot(arm.dof, port, token) as robot:
        timing = run(robot, cycle, path, 1000, seconds=10, watch=watch)
    process.kill()  # if it was not
    first = next((k for k, reason in enumerate(reasons, 1) if reason is not None), None)
    if first is None or first <= KILL:
        sys.exit(
            f"no answer: the peer was to be killed after cycle {KILL}, controlled stop in cycle "
            f"{first}: {timing.stopped}; try again where less else runs"
        )
    print(f"peer killed after cycle {KILL}; controlled stop in cycle {first}: {timing.stopped}")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0)
