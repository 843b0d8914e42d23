"""The motion on which exported controllers are tried."""

import numpy as np

from nengo_forcectl import MinimumJerk
from nengo_forcectl.networks.workspace import home_posture
from nengo_forcectl.sim.bullet import Bullet
from nengo_forcectl.sim.friction import ViscousFriction
from nengo_forcectl.sim.masses import Payload

DT = 1e-3
TRAINED = 1300  # cycles: new weights have come in, the next ones are being computed


def path_of(arm):
    tool = arm.pose(home_posture(arm))[:3, 3]
    corners = np.array([[0, 0, 0], [1, 1, 0], [-1, 1, 0], [1, -1, 0], [0, 1, 0], [0, 0, 0]])
    return MinimumJerk(tool + 0.05 * corners, 0.7)


def world(arm):
    return Bullet(arm, home_posture(arm), [Payload(1.0), ViscousFriction(0.5)], DT)


def drive(arm, robot, cycles, first, *others):
    """``first`` drives, the others see the same; the torques of all."""
    path, taus = path_of(arm), []
    for _ in range(cycles):
        state = robot.read()
        results = [each.step(state, path.at(state.time)).tau for each in (first, *others)]
        robot.apply(results[0])
        taus.append(results)
    return np.array(taus).transpose(1, 0, 2)
