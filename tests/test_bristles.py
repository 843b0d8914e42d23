"""Friction before and while sliding, against closed forms and MuJoCo's frictionloss."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from arms import Arm
from arms.catalog.planar import planar
from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.sim import (
    Bullet,
    CoulombFriction,
    Disturbance,
    ElasticJoints,
    LuGreFriction,
    MuJoCo,
    RotorInertia,
    ViscousFriction,
    resolved_step,
)

Q = np.array([0.1, 0.5, -0.1, -1.2, 0.2, 0.6, 0.3])
ENGINES = pytest.mark.parametrize("engine", [Bullet, MuJoCo])
DT = 2.5e-4  # [s]
STILL = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Pull(Disturbance):
    """A spring whose end moves at a constant speed."""

    stiffness: float  # [N m/rad]
    speed: float  # [rad/s]

    def torque(self, arm, time, q, dq):
        """Return ``stiffness (speed t - q)``, with the position in the middle of the step."""
        return self.stiffness * (self.speed * (time + 0.5 * DT) - (q + 0.5 * DT * dq))


FRICTIONS = {
    "coulomb": CoulombFriction(1.0, 2.0, 1e-3),
    "lugre": LuGreFriction(1.0, 2.0, 8e-3, stiffness=1e5, damping=90.0),
}


@ENGINES
@pytest.mark.parametrize("friction", FRICTIONS.values(), ids=FRICTIONS)
def test_a_joint_sticks_and_slips_as_the_closed_form_says(engine, friction):
    """Pulled by a spring k at speed v: the limit cycle's period and amplitude to 1 %.

    It sticks until the spring has the stiction F_s, then swings about the level F_c with w =
    sqrt(k / I) until it rests: with a = (F_s - F_c) / k, for (2 pi - 2 atan(a w / v)) / w. The
    spring then is as much below the level as it was above, and takes 2 a / v to the next slip.
    """
    arm = Arm(planar(1)).with_gravity(STILL)
    inertia = float(arm.mass_matrix([0.0])[0, 0])
    k, speed = 20.0, 0.05
    w, a = np.sqrt(k / inertia), (2.0 - 1.0) / k
    slip = (2 * np.pi - 2 * np.arctan(a * w / speed)) / w
    period = slip + 2 * a / speed
    travel = speed * period  # in one slip
    disturbances = [friction, Pull(k, speed)]
    with engine(arm, np.zeros(1), disturbances, DT) as robot:
        starts, rests = [], []
        moving = False
        for _ in range(int((2.5 * period + 2.0 / k / speed) / DT)):
            robot.apply(np.zeros(1))
            _, q, dq, *_ = robot.read()
            if moving != (abs(dq[0]) > 0.02):
                moving = not moving
                (starts if moving else rests).append((robot.steps * DT, q[0]))
    starts, rests = np.array(starts), np.array(rests)
    assert len(starts) >= 3
    assert np.mean(np.diff(starts[1:, 0])) == pytest.approx(period, rel=0.01)
    assert np.mean(np.diff(rests[:, 1])) == pytest.approx(travel, rel=0.01)


def test_bristles_move_as_a_fine_runge_kutta_says():
    """Stick-slip with a wide Stribeck curve: within 1 % of the travel of steps of 40 us."""
    arm = Arm(planar(1)).with_gravity(STILL)
    inertia = float(arm.mass_matrix([0.0])[0, 0])
    k, speed = 20.0, 0.05
    level, stiction, stribeck, s, damping, viscous = 1.0, 2.0, 0.02, 2e4, 20.0, 0.1

    def rates(t, q, dq, z):
        limit = level + (stiction - level) * math.exp(-((dq / stribeck) ** 2))
        dz = dq - s * abs(dq) / limit * z
        torque = k * (speed * t - q) - s * z - damping * dz - viscous * dq
        return dq, torque / inertia, dz

    def advance(t, state, h):
        state = np.array(state)
        total, slope = np.zeros(3), np.zeros(3)
        for share, weight in ((0.0, 1), (0.5, 2), (0.5, 2), (1.0, 1)):
            slope = np.array(rates(t + share * h, *(state + share * h * slope).tolist()))
            total += weight * slope
        return tuple((state + h / 6.0 * total).tolist())

    friction = LuGreFriction(level, stiction, stribeck, s, damping, viscous)
    state, h, cycle = (0.0, 0.0, 0.0), 4e-5, 0.01
    ours, true = [], []
    with Bullet(arm, np.zeros(1), [friction, Pull(k, speed)], DT, period=cycle) as robot:
        for number in range(500):
            ours.append(robot.read().q[0])
            true.append(state[0])
            robot.apply(np.zeros(1))
            for part in range(round(cycle / h)):
                state = advance(number * cycle + part * h, state, h)
    assert true[-1] > 0.1
    assert np.abs(np.array(ours) - true).max() < 0.01 * true[-1]


def test_a_joint_below_the_stiction_is_a_spring():
    """Closed form of the swing: stiffness s and inertia I, w = sqrt(s / I), amplitude tau / s."""
    arm = Arm(planar(1)).with_gravity(STILL)
    inertia = float(arm.mass_matrix([0.0])[0, 0])
    s, tau = 500.0, 1e-3  # far below the stiction of 2 N m: nothing slides
    friction = LuGreFriction(2.0, stiffness=s)
    dt = 0.99 * resolved_step(arm, np.zeros(1), [friction])
    with Bullet(arm, np.zeros(1), [friction], dt) as robot:
        q = []
        for _ in range(300):
            robot.apply(np.array([tau]))
            q.append(robot.read().q[0])
    t = dt * np.arange(1, 301)
    w = np.sqrt(s / inertia)
    crossings = np.count_nonzero(np.diff(np.sign(np.array(q) - tau / s)))
    assert crossings == pytest.approx(w * t[-1] / np.pi, abs=1)
    assert np.max(q) == pytest.approx(2 * tau / s, rel=0.01)


def test_a_sliding_joint_is_braked_along_the_stribeck_curve():
    """At a constant speed v: level + (stiction - level) exp(-(v / v_s)^2) + viscous v."""
    friction = LuGreFriction(1.0, 1.5, 0.02, stiffness=1000.0, damping=1.0, viscous=0.5)
    for speed in (-0.3, 0.005, 0.02, 0.04, 1.0):
        acting = friction.friction(1, 1e-3)
        for _ in range(10_000):
            tau = acting(np.array([speed]))
        expected = 1.0 + 0.5 * np.exp(-((speed / 0.02) ** 2))
        np.testing.assert_allclose(tau, -np.sign(speed) * expected - 0.5 * speed, rtol=1e-6)


def test_the_bristles_are_exact_for_any_step():
    """z of a constant speed is F / s (1 - exp(-s v t / F)), in one step or in a thousand."""
    friction = LuGreFriction(1.0, stiffness=1000.0)
    v, t = 0.05, 0.02
    expected = 1.0 - np.exp(-1000.0 * v * t)
    for steps in (1, 1000):
        acting = friction.friction(1, t / steps)
        for _ in range(steps):
            tau = acting(np.array([v]))
        np.testing.assert_allclose(-tau, expected, rtol=1e-9)


FREE = {
    "coulomb": CoulombFriction(0.5),
    "lugre": LuGreFriction(0.5, stiffness=2e4, damping=20.0),
}


@pytest.mark.parametrize("friction", FREE.values(), ids=FREE)
def test_dry_friction_is_mujocos_frictionloss(friction):
    """A pendulum swings with it as in MuJoCo with its own, to 1 % of the first amplitude."""
    mujoco: Any = pytest.importorskip("mujoco")
    arm = Arm(planar(1))
    start = np.array([-np.pi / 2 + 0.6])  # planar arms lie along x, and gravity along -y
    model = mujoco.MjModel.from_xml_string(arm.to_urdf())
    model.opt.timestep = 1e-3
    model.opt.gravity[:] = arm.gravity_vector
    model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_CONTACT
    model.dof_frictionloss[:] = 0.5
    model.dof_solref[:] = (2e-3, 1.0)
    data = mujoco.MjData(model)
    data.qpos[:] = start
    own, ours = [], []
    with Bullet(arm, start, [friction], DT, period=1e-3) as robot:
        for _ in range(4000):
            mujoco.mj_step(model, data)
            own.append(data.qpos[0] - 0.5e-3 * data.qvel[0])
            robot.apply(np.zeros(1))
            ours.append(robot.read().q[0] + (0.5 * DT - 0.5e-3) * robot.read().dq[0])
    own, ours = np.array(own), np.array(ours)
    assert np.ptp(ours) > 0.8
    assert np.abs(ours - own).max() < 0.01 * 0.6


@ENGINES
def test_a_whole_arm_below_the_stiction_stays(engine, iiwa, rng):
    """Pushed by 0.9 of the level for a second, no joint moves by 1.5 mrad.

    The push grows slowly, because the arm would overshoot a sudden one.
    """
    friction = LuGreFriction(1.0, 1.5, stiffness=1500.0, damping=[20.0] * 4 + [0.3] * 3)
    with engine(iiwa, Q, [friction], 2e-4, period=1e-3) as robot:
        push = 0.9 * rng.choice([-1.0, 1.0], 7)
        for cycle in range(1000):
            robot.apply(iiwa.gravity(Q) + min(cycle / 500, 1.0) * push)
        assert np.abs(robot.read().q - Q).max() < 1.5e-3
        assert np.abs(robot.read().dq).max() < 1e-3


def test_bristles_of_elastic_joints_bend_with_the_rotors():
    """A rotor within its friction goes no further than the bristles bend."""
    arm = Arm(planar(1)).with_gravity(STILL)
    parts = [RotorInertia(0.1), ElasticJoints(1e3), LuGreFriction(1.0, stiffness=1e3, damping=15.0)]
    with Bullet(arm, np.zeros(1), parts) as robot:
        for _ in range(500):
            robot.apply(np.array([0.5]))
        assert 0.4e-3 < robot.read().q[0] < 1.5e-3
        assert abs(robot.read().dq[0]) < 2e-4


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda arm: LuGreFriction(-1.0),
            r"LuGreFriction.level: is -1.0 N m, needs a number above",
        ),
        (
            lambda arm: LuGreFriction(1.0, 0.5),
            r"stiction: is 0.5 N m, needs the level, 1.0 N m, or",
        ),
        (lambda arm: LuGreFriction([1, 1], [2, 2, 2]), r"stiction: is \(2.0, 2.0, 2.0\) N m"),
        (lambda arm: LuGreFriction(1.0, stribeck=0.0), r"LuGreFriction.stribeck: is 0.0 rad/s"),
        (lambda arm: LuGreFriction(1.0, stiffness=np.nan), r"stiffness: is nan N m/rad"),
        (lambda arm: LuGreFriction(1.0, damping=-1.0), r"damping: is -1.0 N m s/rad, needs"),
        (lambda arm: LuGreFriction(1.0, viscous=np.inf), r"viscous: is inf N m s/rad, needs"),
        (
            lambda arm: Bullet(arm, Q, [LuGreFriction(1.0, stiffness=1e5)]),
            r"LuGreFriction.stiffness: is 100000.0 N m/rad \(joint 7 .* step of \S+ s or less",
        ),
        (
            lambda arm: ViscousFriction([0.1, np.nan]),
            r"ViscousFriction.coefficient: is \[0.1, nan\]",
        ),
    ],
)
def test_bad_values_are_named(iiwa, make, message):
    """A value that makes no sense is refused with its field, unit and range."""
    with pytest.raises(ConfigurationError, match=message):
        make(iiwa)
