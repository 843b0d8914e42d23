"""The same reach in two engines that share no code."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from nengo_forcectl.errors import ConfigurationError, SimulationError, VersionError
from nengo_forcectl.jobs.reach.reach_settings import ReachSettings
from nengo_forcectl.jobs.scene import reaching_scene
from nengo_forcectl.robots.log import Log
from nengo_forcectl.robots.loop import follow
from nengo_forcectl.sim.bullet import Bullet
from nengo_forcectl.sim.masses import Payload
from nengo_forcectl.sim.mujoco import MuJoCo

CASES = [
    ("kuka_iiwa", "none", 2.0, 0.9),
    ("kuka_iiwa", "observer", 2.0, 0.9),
    ("kuka_iiwa", "exact", 2.0, 0.9),
    ("kuka_iiwa", "consolidation", 2.0, 0.9),
    ("planar3", "observer", 0.5, 0.2),
]


@pytest.mark.parametrize(("name", "controller", "payload", "friction"), CASES)
def test_the_same_reach_has_the_same_error_in_both(name, controller, payload, friction):
    """RMS tool errors of a pass are within 20 % of each other."""
    settings = ReachSettings(
        arm=name, payload=payload, friction=friction, passes=1, neurons=200, adapt=(controller,)
    )
    scene, rms = reaching_scene(settings), []
    for simulator in (Bullet, MuJoCo):
        log = Log(scene.cycles)
        with (
            scene.cycle(controller) as cycle,
            simulator(scene.arm, scene.home, scene.disturbances) as robot,
        ):
            follow(robot, cycle, scene.path, range(scene.cycles), log)
        rms.append(np.sqrt(np.mean(log.error() ** 2)))
    assert rms[0] == pytest.approx(rms[1], rel=0.2)


ROTORS = [("kuka_iiwa", 0.03), ("kuka_iiwa", 0.3), ("ur5e", 0.1), ("ur5e", 0.3), ("panda", 0.1)]


@pytest.mark.parametrize(("name", "armature"), ROTORS)
def test_exact_told_the_rotors_tracks_as_without_any(name, armature):
    """A pass of `reach` with MuJoCo's armature on each joint: 0.02 mm RMS; untold at least 0.5."""
    scene, rms = reaching_scene(ReachSettings(arm=name, passes=1, adapt=("exact",))), []
    real = scene.arm.with_armature(armature)
    for model in (real, scene.arm):
        told, log = replace(scene, arm=model, disturbances=()), Log(scene.cycles)
        with told.cycle("exact") as cycle, MuJoCo(real, scene.home) as robot:
            follow(robot, cycle, scene.path, range(scene.cycles), log)
        rms.append(1e3 * np.sqrt(np.mean(log.error() ** 2)))
    assert rms[0] < 0.02
    assert rms[1] > 0.5


def test_one_step_accelerates_as_the_model_says(iiwa, rng):
    """A step changes dq by dt M^-1 (tau - C dq - g), of the arm in its middle, to 1e-8."""
    robot = MuJoCo(iiwa, np.zeros(7))
    for _ in range(10):
        q, dq, tau = rng.uniform(-1, 1, 7), rng.uniform(-1, 1, 7), rng.uniform(-15, 15, 7)
        robot.reset(q, dq)
        robot.apply(tau)
        ddq = (robot.read().dq - dq) / robot.dt
        expected = iiwa.forward_dynamics(q + 0.5 * robot.dt * dq, dq, tau)
        np.testing.assert_allclose(ddq, expected, rtol=1e-8, atol=1e-8)


def test_one_step_has_the_arms_own_rotors_and_friction(iiwa, rng):
    """The same with armature to 1e-8, with viscous friction to its change within the step."""
    for k in range(10):
        arm = iiwa.with_armature(np.linspace(0.03, 0.3, 7)).with_friction(0.2 * (k % 2), 0.0)
        robot = MuJoCo(arm, np.zeros(7))
        q, dq, tau = rng.uniform(-1, 1, 7), rng.uniform(-1, 1, 7), rng.uniform(-15, 15, 7)
        robot.reset(q, dq)
        robot.apply(tau)
        ddq = (robot.read().dq - dq) / robot.dt
        found = arm.inverse_dynamics(q + 0.5 * robot.dt * dq, dq, ddq)
        change = arm.friction.viscous * np.abs(robot.read().dq - dq)
        assert (np.abs(found - tau) < change + 1e-7).all()


def test_a_bad_torque_is_refused(iiwa):
    """NaN and a wrong shape are errors; nothing moves."""
    robot = MuJoCo(iiwa, np.zeros(7))
    for tau, message in ((np.full(7, np.nan), "joint 0 is nan"), (np.zeros(6), "needs")):
        with pytest.raises(SimulationError, match=message):
            robot.apply(tau)
    assert robot.read().time == 0.0


def test_what_is_not_simulated_is_said(iiwa):
    """A payload that comes later is refused, and the message names what simulates it."""
    with pytest.raises(ConfigurationError, match="by Bullet only"):
        MuJoCo(iiwa, np.zeros(7), [Payload(1.0, start=0.5)])


def test_without_mujoco_the_error_says_how_to_get_it(iiwa, monkeypatch):
    """The message names the extra."""
    monkeypatch.setitem(sys.modules, "mujoco", None)
    with pytest.raises(VersionError, match=r"nengo-forcectl\[sim\]"):
        MuJoCo(iiwa, np.zeros(7))
