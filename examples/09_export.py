"""Train in the simulator, export, and go on elsewhere with what was learned."""

import sys
import tempfile
from pathlib import Path

import numpy as np

import arms
from nengo_forcectl import (
    Bullet,
    Log,
    MinimumJerk,
    Payload,
    export_controller,
    follow,
    learning_cycle,
    load_controller,
    load_network,
)

HOME = [0.0, 0.5, 0.0, -1.2, 0.0, 0.6, 0.0]  # [rad]
folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()) / "controller"

arm = arms.load("kuka_iiwa")
start = arm.pose(HOME)[:3, 3]
corners = [start + 0.1 * np.array(c) for c in ([0, 0, 0], [1, 1, -1], [1, -1, 0], [0, 0, 0])]
path = MinimumJerk([*corners, *corners[1:]], duration=1.2)  # of the tool [m], twice


def rms_mm(log, first, last):
    return 1e3 * float(np.sqrt(np.mean(log.error(first)[: last - first] ** 2)))


log = Log(capacity=7200)
with Bullet(arm, HOME, [Payload(2.0)]) as robot, learning_cycle(arm, HOME, seed=0) as cycle:
    follow(robot, cycle, path, range(7200), log)
    export_controller(cycle, folder)
print(f"trained: {rms_mm(log, 0, 3600):.3f} mm RMS at first, {rms_mm(log, 3600, 7200):.3f} mm")

controller = load_controller(folder)  # on the robot's computer: numpy and numba will do
log = Log(capacity=3600)
with Bullet(arm, HOME, [Payload(2.0)]) as robot:  # stands for a robot of your own
    follow(robot, controller, path, range(3600), log)
print(f"loaded: {rms_mm(log, 0, 3600):.3f} mm RMS from its first step on")

network = load_network(folder)  # in Nengo: q, dq and the reference's ddq in, torque out
print(f"a Nengo network of {network.n_neurons} neurons: {network.state} -> {network.torque}")
