"""Landing on what nobody has measured."""

import numpy as np
import pytest
from test_contact import DT, GAINS, HOME, below

from nengo_forcectl.adaptation import NoAdaptation
from nengo_forcectl.contract import Cycle, Result, State
from nengo_forcectl.control import HybridForce
from nengo_forcectl.cycle.blocks import Blocks
from nengo_forcectl.cycle.landing import Descent, Landing
from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.paths import CurvePath, Line, MinimumJerkProfile
from nengo_forcectl.robots.log import Log
from nengo_forcectl.robots.loop import follow, run
from nengo_forcectl.safety.guard import Safe
from nengo_forcectl.sim.bullet import Bullet
from nengo_forcectl.sim.surfaces import Table
from nengo_forcectl.sim.wrist import Wrist


class Still(Cycle):
    """A cycle that does nothing, its tool at a given height."""

    dof, height = 7, 0.5

    def step(self, state, reference):
        return Result(np.zeros(7), 0.0, np.array([0.4, 0.0, self.height]))

    def learn(self, on):
        self.learning = on


def fall(task, start, seconds, force, height=None):
    """Feed a landing states with a force along z, until after some seconds; the references."""
    references = []
    for k in range(round(seconds / DT)):
        time = start + k * DT
        if height is not None:
            task.cycle.height = height
        references.append(task.at(time))
        wrench = np.array([0.0, 0.0, force, 0.0, 0.0, 0.0])
        task.step(State(time, np.zeros(7), np.zeros(7), wrench=wrench), references[-1])
    return references


def test_a_landing_comes_down_presses_and_lands_again_where_the_ground_is_lost():
    """Speed in the air, force from the touch on; after 0.2 s of nothing it comes down again."""
    line = CurvePath(Line([0.4, 0.0, 0.5], [0.6, 0.0, 0.5]), MinimumJerkProfile(2.0))
    task = Landing(Still(), line, Descent(20.0, hover=0.2, settle=0.5))
    air = fall(task, 0.0, 1.0, 0.0)
    assert not air[100].dx.any()
    np.testing.assert_allclose(air[-1].dx, [0.0, 0.0, -0.02])
    np.testing.assert_allclose(air[-1].x, [0.4, 0.0, 0.5 - 0.02 * (0.8 - DT - 0.05)], atol=1e-9)
    assert np.abs(air[-1].wrench).max() == 0.0
    assert task.landed is None

    ground = fall(task, 1.0, 2.0, 19.0, height=0.48)
    assert task.landed == pytest.approx(1.002)
    forces = -np.array([each.wrench[2] for each in ground[3:]])
    assert (np.diff(forces) >= -1e-9).all()
    assert (forces[0], forces[-1]) == pytest.approx((2.0, 20.0), abs=1e-3)
    assert {each.x[2] for each in ground[3:]} == {0.48}
    assert not any(each.dx[2] for each in ground[3:])
    assert ground[500].x[0] == 0.4 < ground[-1].x[0] < 0.6  # the path begins 0.5 s after landing

    lost = fall(task, 3.0, 0.5, 0.0, height=0.47)
    assert task.landed is None
    np.testing.assert_allclose(lost[-1].dx, [0.0, 0.0, -0.02])
    stood = lost[-1].x[0]
    again = fall(task, 3.5, 3.0, 20.0, height=0.46)
    assert again[400].x[0] == pytest.approx(stood)
    assert again[-1].x[0] == pytest.approx(0.6)
    assert again[-1].x[2] == 0.46


class Clocked:
    """A robot whose clock is ahead, and what it felt."""

    def __init__(self, robot, ahead):
        self.robot, self.ahead, self.force = robot, ahead, []

    def read(self):
        state = self.robot.read()
        return state._replace(time=state.time + self.ahead)

    def apply(self, tau):
        self.robot.apply(tau)
        self.force.append(self.robot.contact[2])


@pytest.mark.parametrize("drive", ["run", "follow"])
def test_a_landing_does_not_mind_what_the_robots_clock_says(iiwa, drive, unhurried):
    """The same forces, and the same way on the ground, from 0 s and 100 s, forwards and back."""
    x = iiwa.pose(HOME)[:3, 3]
    line = CurvePath(Line(x, x + np.array([0.02, 0.0, 0.0])), MinimumJerkProfile(0.4))

    def fresh():
        blocks = Blocks(iiwa, HybridForce(HOME, axes=(2,), **GAINS), NoAdaptation())
        return Landing(blocks, line, Descent(20.0, hover=0.1, settle=0.4))

    def press(task, ahead):
        with Bullet(iiwa, HOME, surface=Table(below(iiwa, 0.003), 1e4, 40.0), wrist=Wrist()) as arm:
            robot, safe = Clocked(arm, ahead), Safe(task, iiwa)
            if drive == "run":
                run(robot, safe, task, 1000, seconds=1.3)
            else:
                follow(robot, safe, task, range(1300), Log(1300))
            return np.array(robot.force), task.landed - ahead, iiwa.pose(arm.read().q)[:3, 3] - x

    wanted, landed, way = press(fresh(), 0.0)
    assert wanted[-1] == pytest.approx(20.0, rel=0.05)
    assert 0.2 < landed < 0.5
    assert way[0] > 0.015
    again = fresh()
    for task, ahead in ((fresh(), 100.0), (again, 1e5), (again, 100.0)):
        task.controller.forget_motion()  # the integral: it is the law's, not the landing's
        force, at, there = press(task, ahead)
        np.testing.assert_allclose(force, wanted, atol=1e-3)
        assert at == pytest.approx(landed, abs=1e-6)
        np.testing.assert_allclose(there, way, atol=1e-6)


def test_a_landing_goes_on_where_it_is_asked_again_later():
    """Reach by reach by the same clock it stays landed; what is asked beforehand does not count."""
    line = CurvePath(Line([0.4, 0.0, 0.5], [0.6, 0.0, 0.5]), MinimumJerkProfile(2.0))
    task = Landing(Still(), line, Descent(20.0, hover=0.0, settle=0.0))
    assert task.at(0.0).x[2] == task.at(7.0).x[2] == 0.5
    fall(task, 50.0, 0.5, 0.0)
    fall(task, 50.5, 1.0, 20.0, height=0.49)
    assert task.landed == pytest.approx(50.502)
    assert fall(task, 51.5, 0.2, 20.0, height=0.49)[-1].x[0] > 0.41
    assert fall(task, 50.0, 0.1, 0.0)[-1].x[0] == 0.4
    assert task.landed is None


def test_a_landing_on_a_wall_leaves_the_other_axes_to_the_path():
    """With a tilted normal the reference is the path's across it, and unmoved along it."""
    normal = np.array([0.6, 0.0, 0.8])
    line = CurvePath(Line([0.4, 0.0, 0.5], [0.4, 0.3, 0.7]), MinimumJerkProfile(1.0))
    task = Landing(Still(), line, Descent(20.0, tuple(normal), hover=0.0, settle=0.0))
    fall(task, 0.0, 0.2, 0.0)
    for k in range(700):
        time = 0.2 + k * DT
        reference = task.at(time)
        task.step(
            State(time, np.zeros(7), np.zeros(7), wrench=np.r_[20.0 * normal, np.zeros(3)]),
            reference,
        )
    across = np.eye(3) - np.outer(normal, normal)
    wanted = line.at(time - task.landed)
    np.testing.assert_allclose(across @ reference.x, across @ wanted.x, atol=1e-9)
    np.testing.assert_allclose(across @ reference.dx, across @ wanted.dx, atol=1e-9)
    assert abs(normal @ reference.dx) < 1e-12
    np.testing.assert_allclose(reference.wrench[:3], -20.0 * normal, atol=1e-9)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: Descent(0.0), "Descent.force: is 0.0 N, needs a number above 0"),
        (lambda: Descent(1.0), "Descent.touch: is 2.0 N, needs less than the force, 1.0 N"),
        (lambda: Descent(20.0, (0, 0, 2)), r"Descent.normal: is \(0, 0, 2\), needs three"),
        (lambda: Descent(20.0, hover=-1.0), "Descent.hover: is -1.0 s, needs a number from 0 up"),
    ],
)
def test_a_descent_that_makes_no_sense_is_refused(wrong, says):
    """The message names the field, its value and what is valid."""
    with pytest.raises(ConfigurationError, match=says):
        wrong()
