"""The main job as a library: an arm learns the payload nobody told it about, then shows it."""

import sys

import numpy as np

import arms
from nengo_forcectl import (
    Bullet,
    Log,
    MinimumJerk,
    Payload,
    ViscousFriction,
    follow,
    learning_cycle,
)

passes = int(sys.argv[1]) if len(sys.argv) > 1 else 3
arm = arms.load("kuka_iiwa")
home = [0.0, 0.5, 0.0, -1.2, 0.0, 0.6, 0.0]  # [rad]
start = arm.pose(home)[:3, 3]
corners = start + np.array([[1, 1, 1], [1, -1, -1], [-1, -1, 1], [0, 0, 0]]) * 0.1  # [m]
path = MinimumJerk([start, *list(corners) * (passes + 1)], duration=1.2)
cycles = round(path.end / 1e-3 / (passes + 1))  # control cycles a pass, at 1 kHz
log = Log((passes + 1) * cycles)

with (
    Bullet(arm, home, [Payload(2.0), ViscousFriction(0.9)]) as robot,  # which arm does not know
    learning_cycle(arm, home, seed=0) as cycle,
):
    for number in range(1, passes + 2):
        cycle.learn(number <= passes)
        follow(robot, cycle, path, range(cycles), log)
        error = log.error(start=(number - 1) * cycles)
        what = f"pass {number}" if number <= passes else "learning off"
        print(f"{what}: {1e3 * (error**2).mean() ** 0.5:.2f} mm RMS")
