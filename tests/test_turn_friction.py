"""The direction of a joint's dry friction in a log: it follows the way since the joint turned."""

import numpy as np

import arms
from arms.model.dh import Row, from_dh
from nengo_forcectl.jobs.logs.percent_grid import drives_title, slides
from nengo_forcectl.kernels.turn_friction import ELASTIC, SLOW, WAY
from nengo_forcectl.logs.regression import columns_of, known_friction, model_torque
from nengo_forcectl.logs.signals import Signals, friction_direction


def direction(time, dq):
    """`turn_friction`'s equation, in NumPy."""
    h, found = np.zeros(dq.shape[1]), []
    for k, now in enumerate(dq):
        if k > 0:
            dx = 0.5 * (now + dq[k - 1]) * (time[k] - time[k - 1])
            h = np.sign(dx) + (h - np.sign(dx)) * np.exp(-np.abs(dx) / WAY)
        found.append(ELASTIC * h + (1.0 - ELASTIC) * np.tanh(now / SLOW))
    return np.array(found)


def test_it_follows_its_equation(rng):
    """Also with rows that are not equally far apart."""
    time, dq = np.cumsum(rng.uniform(1e-3, 2e-2, 200)), 0.02 * rng.normal(size=(200, 3))
    np.testing.assert_allclose(friction_direction(time, dq), direction(time, dq), atol=1e-12)


def test_a_joint_that_stops_holds_a_part_of_its_friction():
    """0 before it moves, 1 in motion, then half of it; after half a millimetre back, the other
    way."""
    time = 0.01 * np.arange(600)
    dq = np.repeat([0.0, 0.5, 0.0, -0.005], (100, 200, 200, 100))[:, None]
    found = friction_direction(time, dq)[:, 0]
    assert (found[:100] == 0.0).all()
    np.testing.assert_allclose(found[150:300], 1.0, atol=1e-6)
    np.testing.assert_allclose(found[320:500], ELASTIC, atol=1e-6)
    np.testing.assert_allclose(found[-1], -ELASTIC - (1 - ELASTIC) * np.tanh(0.5), atol=0.01)
    assert found[505] > 0.0


def test_a_model_has_its_dry_friction_in_that_direction(rng):
    """Its torque is its columns times its parameters, and its friction that of the motion."""
    arm = arms.load("planar2").with_friction(0.8, 0.5).with_armature(0.1)
    time, (q, dq, ddq) = 0.01 * np.arange(50), rng.normal(size=(3, 50, 2))
    rub = friction_direction(time, dq)
    states = Signals(q, dq, ddq, np.zeros_like(q), rub)
    values = np.concatenate((arm.inertial_parameters, arm.drive_parameters, np.zeros(2)))
    torque = model_torque(arm, states)
    np.testing.assert_allclose(columns_of(arm, states) @ values, torque, atol=1e-9)
    friction = known_friction(arm, time, dq)
    np.testing.assert_allclose(friction, 0.8 * dq + 0.5 * rub, atol=1e-12)
    bare = arm.with_friction(0.0, 0.0).inverse_dynamics(q, dq, ddq)
    np.testing.assert_allclose(torque, bare + friction, atol=1e-9)


def test_tables_name_the_units_of_a_sliding_joint():
    """If the arm has one."""
    assert not slides(arms.load("planar2"))
    assert slides(arms.Arm(from_dh("rp", [Row(a=0.5), Row(kind="prismatic")])))
    title = drives_title("drives", {"sliding": True})
    assert title == "drives; of a sliding joint kg, N s/m and N"
    assert drives_title("drives", {"sliding": False}) == drives_title("drives", {}) == "drives"
