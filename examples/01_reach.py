"""The main job as a library: an arm learns the payload nobody told it about."""

import sys

import numpy as np

import arms
from nengo_forcectl import (
    Bullet,
    Gradient,
    Log,
    MinimumJerk,
    NetworkAdaptation,
    OnlineNetwork,
    OperationalSpace,
    Payload,
    ViscousFriction,
    adaptive_network,
    simulator,
    track,
)

passes = int(sys.argv[1]) if len(sys.argv) > 1 else 3
arm = arms.load("kuka_iiwa")
home = [0.0, 0.5, 0.0, -1.2, 0.0, 0.6, 0.0]  # [rad]
start = arm.pose(home)[:3, 3]
corners = start + np.array([[1, 1, 1], [1, -1, -1], [-1, -1, 1], [0, 0, 0]]) * 0.1  # [m]
path = MinimumJerk([start, *list(corners) * passes], duration=1.2)
cycles = round(path.end / 1e-3 / passes)  # control cycles a pass, at 1 kHz

network = adaptive_network(2 * arm.dof, arm.dof, n_neurons=1000, seed=0, radius=0.3)
law = Gradient(gamma=0.19, sigma=0.02, bound=1e3)
with (
    Bullet(arm, home, [Payload(2.0), ViscousFriction(0.9)]) as robot,  # which arm does not know
    simulator(network) as sim,
):
    learner = NetworkAdaptation(arm, OnlineNetwork(sim, network.probe, law))
    log = Log(passes * cycles)
    for number in range(passes):
        track(robot, arm, path, OperationalSpace(home), learner, range(cycles), log)
        error = log.error(start=number * cycles)
        print(f"pass {number + 1}: {1e3 * (error**2).mean() ** 0.5:.2f} mm RMS")
