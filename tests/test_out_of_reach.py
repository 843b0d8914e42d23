"""Targets that the arm cannot reach: the tool stays calm at the border of its workspace."""

import numpy as np
import pytest

import arms
from nengo_forcectl.control import OperationalSpace
from nengo_forcectl.control.task_space import BoundTaskLaw
from nengo_forcectl.cycle.compiled import CompiledController
from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.networks.workspace import home_posture
from nengo_forcectl.paths import MinimumJerk, bring_into_reach
from nengo_forcectl.robots.log import Log
from nengo_forcectl.robots.loop import follow
from nengo_forcectl.safety.guard import Safe
from nengo_forcectl.sim.bullet import Bullet

REACH = 2.5  # [s]


def nearest(arm, home, target):
    """The reachable point nearest to a target, by Levenberg and Marquardt."""
    q, e, damping = home.copy(), target - arm.pose(home)[:3, 3], 1e-2
    for _ in range(300):
        J = arm.jacobian(q)[:3]
        step = np.linalg.solve(J.T @ J + damping * np.eye(arm.dof), J.T @ e)
        new = np.clip(q + step, arm.q_lower, arm.q_upper)
        left = target - arm.pose(new)[:3, 3]
        if left @ left < e @ e:
            q, e, damping = new, left, max(0.5 * damping, 1e-4)
        else:
            damping *= 3.0
    return target - e


def driven(name, beyond, seconds, seed=0, reach=REACH, brought_back=False, soft=False):
    """Reach for a point ``beyond`` the border [m]; the record, and the nearest reachable point."""
    arm = arms.load(name)
    home = home_posture(arm)
    start = arm.pose(home)[:3, 3]
    direction = start / np.linalg.norm(start)
    direction = direction + 0.3 * np.random.default_rng(seed).standard_normal(3)
    direction /= np.linalg.norm(direction)
    target = nearest(arm, home, start + 50.0 * direction) + beyond * direction
    goal, law = target, OperationalSpace(home)
    if brought_back:
        with pytest.warns(RuntimeWarning, match=r"1 of 1 points are out of reach"):
            (goal,) = bring_into_reach(arm, home, target)
    cycle, cycles = CompiledController(arm, law), round(1e3 * seconds)
    if soft:
        assert isinstance(cycle.controller, BoundTaskLaw)
        k = cycle.controller.null_space.tasks[0].block["k"]
        k[...] = np.minimum(k, 100.0 * arm.mass_matrix(home).diagonal())
    log = Log(cycles)
    with Bullet(arm, home) as robot:
        path = MinimumJerk(np.stack((start, goal)), reach)
        follow(robot, Safe(cycle, arm), path, range(cycles), log)
    return log.arrays(), nearest(arm, home, target)


@pytest.mark.parametrize("beyond", [0.02, 0.2])
@pytest.mark.parametrize("name", ["kuka_iiwa", "ur5e", "panda"])
def test_out_of_reach_the_tool_rests_at_the_border(name, beyond):
    """It comes within 5 mm of the nearest reachable point, and its torque is as calm as in reach.

    The record says that the target is out of reach.
    """
    record, best = driven(name, beyond, REACH + 1.5)
    after = slice(round(1e3 * (REACH + 0.5)), None)
    assert np.linalg.norm(record["tool"][after] - best, axis=1).max() < 5e-3
    reachable, _ = driven(name, -0.1, REACH)
    usual = np.abs(np.diff(reachable["tau"], axis=0)).max()
    assert np.abs(np.diff(record["tau"][after], axis=0)).max() < 2.0 * usual
    assert np.abs(np.diff(record["tau"], axis=0)).max() < 0.6  # also on the way; was up to 2.3
    assert not reachable["out_of_reach"].any()
    assert record["out_of_reach"][after].min() > 0.5
    assert record["singularity"][after].min() > 0.9


@pytest.mark.parametrize("name", ["kuka_iiwa", "ur5e", "panda"])
def test_a_fast_reach_for_a_point_far_out_of_reach_does_not_throw_the_arm(name):
    """200 mm beyond the border in 1.2 s, joints near their top speed: the tool stops there."""
    record, best = driven(name, 0.2, 2.2, reach=1.2)
    assert np.linalg.norm(record["tool"][2000:] - best, axis=1).max() < 5e-3
    assert np.abs(np.diff(record["tau"], axis=0)).max() < 3.0  # was up to 3.5, or the motors' limit
    assert record["out_of_reach"][-1] > 0.5


@pytest.mark.parametrize(
    ("name", "reach", "late"), [("panda", 1.0, 1.0), ("xarm6", 1.25, 1.0), ("jaco2", 1.5, 5.0)]
)
def test_a_reach_faster_than_the_joints_comes_late_and_stops(name, reach, late):
    """200 mm beyond the border, with joints at top speed on the way: the tool comes and stays.

    The limits keep the speeds, and no limit throws the arm: it was 0.5 m away, in full motion, and
    the jaco2 swung up to 1.4 m off for as long as it ran.
    """
    record, best = driven(name, 0.2, reach + late, reach=reach)
    fastest = np.abs(record["dq"]).max(axis=0) / arms.load(name).dq_max
    assert 0.99 < fastest.max() < 1.01
    assert np.linalg.norm(record["tool"][-200:] - best, axis=1).max() < 5e-3


@pytest.mark.parametrize(("name", "beyond", "seed"), [("fr3", 0.02, 1), ("lite6", 0.2, 1)])
def test_wrists_with_soft_springs_come_to_rest_at_the_border(name, beyond, seed):
    """Springs of light joints alone are soft, 10/s, as a learner's are if sensors are late.

    The FR3 swung up to 16 mm off, torques changing by 9 N m a cycle; those of the Lite 6 by 0.2.
    """
    record, best = driven(name, beyond, 3.5, seed, reach=1.5, soft=True)
    assert np.linalg.norm(record["tool"][2000:] - best, axis=1).max() < 5e-3
    assert np.abs(np.diff(record["tau"][3000:], axis=0)).max() < 0.01


@pytest.mark.parametrize("name", ["kuka_iiwa", "ur5e", "panda"])
def test_a_target_brought_back_into_reach_is_reached_smoothly(name):
    """From 200 mm beyond: within 5 mm of the border, on all the way as smoothly as 5 mm in reach.

    To the target itself the arm brakes at the border, with steps of 0.3 to 0.5 N m.
    """
    record, best = driven(name, 0.2, REACH + 0.5, brought_back=True)
    reachable, _ = driven(name, -5e-3, REACH)
    usual = np.abs(np.diff(reachable["tau"], axis=0)).max()
    assert np.linalg.norm(record["tool"][-1] - best) < 5e-3
    assert np.abs(np.diff(record["tau"], axis=0)).max() < min(2.0 * usual, 0.03)
    assert np.linalg.norm(record["tool"] - record["reference"], axis=1).max() < 1e-4


def test_points_within_reach_stay(iiwa):
    """To the last bit; what makes no sense is refused."""
    home = home_posture(iiwa)
    points = iiwa.pose(home)[:3, 3] + np.array([[0.0, 0.0, 0.0], [0.05, 0.1, -0.1]])
    np.testing.assert_array_equal(bring_into_reach(iiwa, home, points), points)
    with pytest.raises(ConfigurationError, match=r"needs \(7,\) and finite \(k, 3\)"):
        bring_into_reach(iiwa, home[:6], points)
    with pytest.raises(ConfigurationError, match=r"inside: is -0\.1, needs at least 0 m"):
        bring_into_reach(iiwa, home, points, inside=-0.1)
