"""A job for learners in the loop: reaches over seen targets, twice, then over unseen ones."""

from typing import NamedTuple

import numpy as np

import arms
from nengo_forcectl.networks import home_posture
from nengo_forcectl.networks.workspace import random_targets
from nengo_forcectl.paths import MinimumJerk
from nengo_forcectl.sim.friction import ViscousFriction
from nengo_forcectl.sim.masses import Payload

DT, REACH = 1e-3, 1.0
MASS, FRICTION = 2.0, 0.9
MAIN = (Payload(MASS), ViscousFriction(FRICTION))


class Job(NamedTuple):
    """An arm, its posture, and a path from there over seen targets, twice, then unseen ones."""

    arm: arms.Arm
    home: np.ndarray
    path: MinimumJerk
    cycles: int  # of a pass


def job_of(name, reaches=3, dt=DT):
    arm = arms.load(name)
    home, rng = home_posture(arm), np.random.default_rng(3)
    start, points = arm.pose(home)[:3, 3], random_targets(arm, home, 2 * reaches, rng)
    seen, unseen = points[:reaches], points[reaches:]
    path = MinimumJerk(np.vstack((start, seen, seen, unseen)), REACH)
    return Job(arm, home, path, round(reaches * REACH / dt))


def run(robot, cycle, path, count, watch=None):
    """Drive so many cycles; return the tool's errors [m] and the torques [N m]."""
    errors, torques = [], []
    for _ in range(count):
        state = robot.read()
        wanted = path.at(state.time)
        result = cycle.step(state, wanted)
        robot.apply(result.tau)
        errors.append(np.linalg.norm(result.tool - wanted.x))
        torques.append(result.tau)
        if watch is not None:
            watch(cycle.cycle.learner, state)
    return np.array(errors), np.array(torques)


def rms(errors):
    return float(np.sqrt((errors**2).mean()))


def spatial(theta):
    """The (6, 6) inertia of ten parameters, linear above angular."""
    m, (x, y, z), (xx, xy, yy, xz, yz, zz) = theta[0], theta[1:4], theta[4:]
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    inertia = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    return np.block([[m * np.eye(3), -cross], [cross, inertia]])
