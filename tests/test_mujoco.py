"""The same reach in two engines that share no code."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from missing import MISSING

from nengo_forcectl.errors import ConfigurationError, SimulationError, VersionError
from nengo_forcectl.jobs.bench.bench_settings import BenchSettings
from nengo_forcectl.jobs.contact.contact_settings import LIMITS, PressSettings, WipeSettings
from nengo_forcectl.jobs.contact.press import run_press
from nengo_forcectl.jobs.contact.wipe import run_wipe
from nengo_forcectl.jobs.jacobian.jacobian_settings import JacobianSettings
from nengo_forcectl.jobs.reach.reach_scene import reaching_scene
from nengo_forcectl.jobs.reach.reach_settings import ReachSettings
from nengo_forcectl.jobs.rivals.opening import open_cycle
from nengo_forcectl.robots.log import Log
from nengo_forcectl.robots.loop import follow
from nengo_forcectl.sim.bullet import Bullet
from nengo_forcectl.sim.masses import Payload
from nengo_forcectl.sim.mujoco import MuJoCo
from nengo_forcectl.sim.surfaces import TIP, Table
from nengo_forcectl.sim.wrist import Wrist

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
            open_cycle(scene, controller) as cycle,
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
        with open_cycle(told, "exact") as cycle, MuJoCo(real, scene.home) as robot:
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


def test_a_payload_that_comes_and_goes_moves_the_arm_as_in_bullet(iiwa):
    """Positions of both engines through picking up and dropping 2 kg, to 1e-9 rad."""
    q, ends = np.array([0.1, 0.5, -0.1, -1.2, 0.2, 0.6, 0.3]), []
    for simulator in (Bullet, MuJoCo):
        with simulator(iiwa, q, [Payload(2.0, start=0.029, end=0.0575)]) as robot:
            for _ in range(90):
                robot.apply(iiwa.gravity(robot.read().q))
            ends.append(robot.read().q)
    assert np.abs(ends[0] - q).max() > 1e-4
    np.testing.assert_allclose(ends[0], ends[1], atol=1e-9)


def test_it_presses_a_table_as_bullet_does(iiwa):
    """2 kg in the hand, landing and sliding to a stop: peak to 1 %, force at rest to 0.01 N."""
    home, found = np.array([0.1, 0.5, -0.1, -1.2, 0.2, 0.6, 0.3]), []
    x, y, z = iiwa.pose(home)[:3, 3]
    table = Table((x, y, z - TIP - 0.001), 1e5, 63.0)
    real, push = iiwa.with_payload(2.0), np.array([0.0, 0.0, -20.0])
    for simulator in (Bullet, MuJoCo):
        forces = []
        with simulator(
            iiwa, home, [Payload(2.0)], 2.5e-4, period=1e-3, surface=table, wrist=Wrist()
        ) as robot:
            for _ in range(600):
                state = robot.read()
                terms = real.terms(state.q, state.dq)
                robot.apply(terms.g + terms.J[:3].T @ push - 10.0 * terms.M @ state.dq)
                forces.append(robot.contact[2])
            found.append((max(forces), forces[-1], robot.read().wrench[2]))
    assert found[0][0] > 25.0
    assert found[1][0] == pytest.approx(found[0][0], rel=0.01)
    np.testing.assert_allclose(found[1][1:], found[0][1:], atol=0.01)


@pytest.mark.usefixtures("without_figures")
def test_press_and_wipe_hold_their_bounds_in_mujoco(tmp_path):
    """With an observer: overshoot, steady force and bounces within the limits of `LIMITS`."""
    options = {"engine": "mujoco", "adapt": ("observer",), "stiffness": (1e4,), "speed": 0.05}
    pressed = run_press(PressSettings(**options, hold=1.0, out=tmp_path / "press"))
    wiped = run_wipe(WipeSettings(**options, laps=1, out=tmp_path / "wipe"))
    for run in (pressed, wiped):
        figures = run.summary["runs"]["observer-10000"]
        assert run.summary["settings"]["engine"] == "mujoco"
        for name, most in LIMITS.items():
            assert figures[name] <= most, (run.summary["verb"], figures)


def test_every_command_that_simulates_takes_an_engine():
    """By one field; an unknown engine is refused, and the message has the valid ones."""
    default = MuJoCo if "pybullet" in MISSING else Bullet
    assert ReachSettings("ur5").arm == "ur5"  # places of the other fields stay
    for settings in (ReachSettings, PressSettings, WipeSettings, BenchSettings, JacobianSettings):
        assert settings().simulator() is default
        assert settings(engine="mujoco").simulator() is MuJoCo
        with pytest.raises(
            ConfigurationError, match="engine: is 'ode', needs one of bullet, mujoco"
        ):
            settings(engine="ode")


def test_without_mujoco_the_error_says_how_to_get_it(iiwa, monkeypatch):
    """The message names the extra."""
    monkeypatch.setitem(sys.modules, "mujoco", None)
    with pytest.raises(VersionError, match=r"nengo-forcectl\[sim\]"):
        MuJoCo(iiwa, np.zeros(7))
