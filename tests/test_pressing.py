"""A surface's force as it is solved for in MuJoCo, on a mass point, against closed forms."""

import numpy as np
import pytest

from nengo_forcectl.sim.pressing import Pressing
from nengo_forcectl.sim.surfaces import HEAD, TIP, Peg, Table

DT, MASS, G = 1e-3, 2.0, np.array([0.0, 0.0, -9.81])
TABLE = Table((0.0, 0.0, 0.0), 1e4, 100.0, 0.3)


class Point:
    """A mass point that falls on a surface, with a sideways force; it does not turn."""

    def __init__(self, surface, height=0.0, speed=(0.0, 0.0, 0.0), gravity=G):
        self.pressing, self.gravity = Pressing(surface, gravity, DT), gravity
        self.x, self.dx = np.array([0.0, 0.0, TIP + height]), np.array(speed)
        self.J = np.vstack((np.eye(3), np.zeros((3, 3))))

    def step(self, force=(0.0, 0.0, 0.0), limit=0.0):
        self.dx = self.dx + DT * (self.gravity + np.array(force) / MASS)
        mobility, limits = np.eye(3) / MASS, np.full(3, DT * limit)
        self.dx = self.dx + mobility @ self.pressing.push(self.x, self.J, mobility, self.dx, limits)
        self.x = self.x + DT * self.dx
        return self.pressing.wrench(self.x)[:3]


def test_at_rest_a_spring_carries_the_weight():
    """The depth is m g over the stiffness, without jitter."""
    point = Point(TABLE, height=0.002)
    for _ in range(2000):
        force = point.step()
    assert force[2] == pytest.approx(MASS * 9.81, rel=1e-9)
    assert TIP - point.x[2] == pytest.approx(MASS * 9.81 / 1e4, rel=1e-9)
    assert np.abs(point.dx).max() < 1e-12


def test_a_bounce_is_that_of_a_spring_and_damper():
    """Largest force of an impact, by many small steps of the same law, to 3 %; it never pulls."""
    point, forces = Point(TABLE, 0.001, (0.0, 0.0, -0.1)), []
    for _ in range(100):
        forces.append(point.step()[2])
    z, dz, fine = 0.001, -0.1, []
    for _ in range(100_000):
        f = max(0.0, -1e4 * z - 100.0 * dz) if z < 0 else 0.0
        dz += 1e-6 * (f / MASS - 9.81)
        z += 1e-6 * dz
        fine.append(f)
    assert max(forces) == pytest.approx(max(fine), rel=0.03)
    assert min(forces) == 0.0


@pytest.mark.parametrize("push", [(5.0, 0.0, 0.0), (3.0, -4.0, 0.0)])
def test_it_sticks_below_the_cone_and_slides_on_it(push):
    """5 N are held by 0.3 m g = 5.9 N; twice that is not, and the friction is mu f_n against it."""
    point = Point(TABLE)
    for _ in range(1500):
        force = point.step(push)
    assert np.abs(point.dx).max() < 1e-10
    np.testing.assert_allclose(force[:2], -np.array(push[:2]), rtol=1e-9, atol=1e-9)
    for _ in range(200):
        force = point.step(2.0 * np.array(push))
    direction = point.dx[:2] / np.linalg.norm(point.dx[:2])
    np.testing.assert_allclose(direction, np.array(push[:2]) / 5.0, atol=1e-6)
    np.testing.assert_allclose(force[:2], -0.3 * force[2] * direction, rtol=1e-6)


def test_dry_friction_of_the_joints_is_solved_for_together():
    """With 4 N in the joint and 5.9 N on the table 9 N hold, and 11 N do not."""
    point = Point(TABLE)
    for _ in range(1000):
        point.step((9.0, 0.0, 0.0), limit=4.0)
    rest = point.x[0]
    for _ in range(100):
        point.step((9.0, 0.0, 0.0), limit=4.0)
    assert point.x[0] - rest < 1e-9
    for _ in range(100):
        point.step((11.0, 0.0, 0.0), limit=4.0)
    assert point.x[0] - rest > 1e-3


def test_a_peg_gives_way_by_its_spring_and_stops():
    """At rest m g and its weight are preload + stiffness depth; more meets the stop."""
    peg = Peg((0.0, 0.0, 0.0), 1000.0, 5.0, damping=60.0)
    point = Point(peg)
    for _ in range(2000):
        force = point.step()
    depth = (MASS * 9.81 + 0.1 * 9.81 - 5.0) / 1000.0
    assert force[2] == pytest.approx(MASS * 9.81, rel=1e-6)
    assert point.x[2] == pytest.approx(TIP - depth - MASS * 9.81 / HEAD[0], abs=1e-7)
    for _ in range(1000):
        force = point.step((0.0, 0.0, -80.0))
    assert force[2] == pytest.approx(MASS * 9.81 + 80.0, rel=1e-6)
    assert point.x[2] == pytest.approx(TIP - 0.05 - (MASS * 9.81 + 80.0) / HEAD[0], abs=1e-6)
    light = Point(peg, gravity=0.1 * G)
    for _ in range(500):
        light.step()
    assert light.x[2] > TIP - 1e-4  # less than its preload leaves it out


def test_beside_a_peg_there_is_nothing():
    """Its head has a radius."""
    point = Point(Peg((0.05, 0.0, 0.0)))
    for _ in range(100):
        assert not point.step().any()
    assert point.x[2] < 0.0


def test_a_wrench_is_about_the_given_point():
    """The force acts at the lowest point of the ball."""
    point = Point(TABLE)
    for _ in range(500):
        point.step((5.0, 0.0, 0.0))
    wrench = point.pressing.wrench(point.x)
    arm = np.array([0.0, 0.0, -TIP])
    np.testing.assert_allclose(wrench[3:], np.cross(arm, wrench[:3]), atol=1e-6)
