"""A robot in a process of its own, driven over the bridge at 1 kHz, in real time."""

import multiprocessing
import secrets
import sys

import numpy as np

import arms
from nengo_forcectl import Blocks, Bullet, MinimumJerk, OperationalSpace, Payload, run
from nengo_forcectl.adaptation import DisturbanceObserver
from nengo_forcectl.robots import BridgeRobot, serve

HOME = [0.0, 0.5, 0.0, -1.2, 0.0, 0.6, 0.0]  # [rad]


def robot_process(token, pipe):
    """Stands for your robot's own program, in any language."""
    arm = arms.load("kuka_iiwa")
    with Bullet(arm, HOME, [Payload(2.0)]) as robot:
        serve(robot, arm, 0, token, ready=pipe.send)


if __name__ == "__main__":
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    arm, token = arms.load("kuka_iiwa"), secrets.randbits(64)
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=robot_process, args=(token, there)
    )
    process.start()
    there.close()  # if the process ends, recv says so

    start = arm.pose(HOME)[:3, 3]
    path = MinimumJerk([start, start + np.array([0.1, 0.1, -0.1]), start], duration=1.2)
    controller = Blocks(arm, OperationalSpace(HOME), DisturbanceObserver(arm, 100.0, 1e-3))
    with BridgeRobot(arm.dof, port=here.recv(), token=token) as robot:
        print(run(robot, controller, path, rate=1000, seconds=seconds))  # Ctrl-C stops the arm
    process.join()
