"""A stop without sensors brakes with the load and the friction that the motion has shown."""

import numpy as np
import pytest
from test_safety import REFERENCE, Asks

import arms
from nengo_forcectl.networks.workspace import home_posture
from nengo_forcectl.safety.guard import Safe
from nengo_forcectl.sim.bullet import Bullet
from nengo_forcectl.sim.friction import ViscousFriction
from nengo_forcectl.sim.masses import Payload
from nengo_forcectl.sim.sensing import Sensors

LOST = 315  # cycle without sensors: 15 ms after the arm has 90 % of its top speeds


def lost(name, disturbances, sensors=None, seed=0, after=300):
    """Speed an arm up to 90 % of its limits, and lose all sensors; the guard, shares of a speed."""
    arm, rng = arms.load(name), np.random.default_rng(seed)
    top = 0.9 * arm.dq_max * rng.choice([-1.0, 1.0], arm.dof)
    q = home_posture(arm) + rng.uniform(-0.2, 0.2, arm.dof) - 0.15 * top

    def torque(state):
        terms, part = arm.terms(state.q, state.dq), min(state.time / 0.3, 1.0)
        dq, ddq = part * part * (3 - 2 * part) * top, 20.0 * part * (1 - part) * top
        return terms.M @ (40.0 * (dq - state.dq) + ddq) + terms.C @ state.dq + terms.g

    safe, speeds = Safe(Asks(arm.dof, torque), arm), []
    with Bullet(arm, q, disturbances, dt=2e-4, period=1e-3, sensors=sensors, rng=rng) as robot:
        for cycle in range(LOST + after):
            state = robot.read()
            if cycle >= LOST:
                state = state._replace(q=np.nan * state.q)
            robot.apply(safe.step(state, REFERENCE).tau)
            speeds.append(np.abs(robot.state()[1] / arm.dq_max).max())
    return safe, np.array(speeds)


@pytest.mark.parametrize("friction", [0.0, 0.9])
@pytest.mark.parametrize("name", ["kuka_iiwa", "ur10e", "panda"])
def test_an_arm_with_an_unknown_load_comes_to_rest_without_sensors(name, friction):
    """2 kg and friction that the model does not know: below 1.1 times the limits, then slow.

    Without what the motion has shown, the Panda's wrist went 9.9 times its limit.
    """
    safe, speeds = lost(name, [Payload(2.0), ViscousFriction(friction)])
    assert safe.stopped is not None
    assert speeds[LOST:].max() < 1.1
    assert speeds[-1] < (0.15 if name == "panda" else 0.04)
    assert safe._guard._keeps[-1]["theta"][0] == pytest.approx(2.0, rel=0.02)
    np.testing.assert_allclose(safe._guard["drag"], friction, atol=0.05)


@pytest.mark.parametrize("sensors", [None, Sensors(position_noise=1e-4, velocity_noise=3e-3)])
def test_a_bare_arm_recalls_no_load(sensors):
    """Nor friction, out of exact or noisy sensors: it comes to rest by its model."""
    safe, speeds = lost("panda", [], sensors)
    assert not safe._guard._keeps[-1]["theta"].any()
    assert not safe._guard["drag"].any()
    assert speeds[LOST:].max() < 1.0


def test_a_load_that_was_dropped_is_not_recalled():
    """0.1 s before the sensors are gone."""
    safe, speeds = lost("kuka_iiwa", [Payload(2.0, end=0.215)])
    assert speeds[LOST:].max() < 1.1
    assert abs(safe._guard._keeps[-1]["theta"][0]) < 0.1


def test_the_friction_of_a_light_joint_does_not_swing_in_the_prediction():
    """0.9 N m s/rad on 1e-4 kg m^2 stop a wrist in 0.1 ms: the prediction is implicit in it."""
    safe, speeds = lost("ur5e", [ViscousFriction(0.9)])
    assert speeds[LOST:].max() < 0.93
    assert speeds[-1] < 0.01
    assert np.abs(safe._guard["believed_dq"]).max() < 0.05
