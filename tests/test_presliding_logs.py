"""Presliding in logs: the friction that a joint holds, its share by identification and replay."""

import numpy as np
import pytest
from log_samples import motion, write_csv

import arms
from arms.model.dh import Row, from_dh
from nengo_forcectl.jobs.logs.percent_grid import drives_title, slides
from nengo_forcectl.learning import Presliding
from nengo_forcectl.learning.presliding import SHARE, SLOW
from nengo_forcectl.logs import identify, log_learner, predict_torque, read_log, replay, signals_of
from nengo_forcectl.logs.regression import columns_of, known_friction, model_torque
from nengo_forcectl.logs.signals import Signals, held_friction

ARM = arms.load("planar2")
VISCOUS, DRY = 0.8, 1.5  # [N m s/rad], [N m]
SHARES = np.array([0.0, 0.7])


def test_it_follows_the_way_of_a_log(rng):
    """Also with rows that are not equally far apart."""
    time, dq = np.cumsum(rng.uniform(1e-3, 2e-2, 200)), 0.02 * rng.normal(size=(200, 3))
    h = np.zeros((200, 3))
    for k in range(1, 200):
        dx = 0.5 * (dq[k] + dq[k - 1]) * (time[k] - time[k - 1])
        h[k] = np.sign(dx) + (h[k - 1] - np.sign(dx)) * np.exp(-np.abs(dx) / Presliding.distance)
    np.testing.assert_allclose(held_friction(time, dq), h, atol=1e-12)


def test_a_joint_that_stops_holds_its_friction():
    """It is 0 before the first motion, 1 in it and after it, and -1 a millimetre back."""
    time = 0.01 * np.arange(600)
    dq = np.repeat([0.0, 0.5, 0.0, -0.01], (100, 200, 200, 100))[:, None]
    found = held_friction(time, dq)[:, 0]
    assert (found[:100] == 0.0).all()
    np.testing.assert_allclose(found[150:500], 1.0, atol=1e-6)
    assert found[502] > 0.0
    np.testing.assert_allclose(found[-1], -1.0, atol=1e-6)


def test_a_model_holds_half_of_its_dry_friction(rng):
    """Its torque is its columns times its parameters, and its friction that of the motion."""
    arm = ARM.with_friction(VISCOUS, DRY).with_armature(0.1)
    time, (q, dq, ddq) = 0.01 * np.arange(50), rng.normal(size=(3, 50, 2))
    held = held_friction(time, dq)
    states = Signals(q, dq, ddq, np.zeros_like(q), np.tanh(dq / SLOW), held)
    values = np.concatenate((arm.inertial_parameters, arm.drive_parameters, np.zeros(2)))
    torque, half = model_torque(arm, states), np.full(2, SHARE)
    np.testing.assert_allclose(columns_of(arm, states, half) @ values, torque, atol=1e-9)
    friction = known_friction(arm, time, dq)
    direction = SHARE * held + (1.0 - SHARE) * np.tanh(dq / SLOW)
    np.testing.assert_allclose(friction, VISCOUS * dq + DRY * direction, atol=1e-9)
    bare = arm.with_friction(0.0, 0.0).inverse_dynamics(q, dq, ddq)
    np.testing.assert_allclose(torque, bare + friction, atol=1e-9)


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """Thirty seconds of an arm one joint of which holds a part of its friction."""
    rng = np.random.default_rng(0)
    time, q, dq, ddq = motion(ARM, 30.0, 100.0, rng)
    direction = SHARES * held_friction(time, dq) + (1.0 - SHARES) * np.tanh(dq / 0.01)
    tau = ARM.inverse_dynamics(q, dq, ddq) + VISCOUS * dq + DRY * direction
    tau += 0.02 * rng.normal(size=q.shape)
    return read_log(write_csv(tmp_path_factory.mktemp("log") / "a.csv", time, q, dq, tau), arm=ARM)


def test_the_share_that_is_held_is_found(log):
    """By identification. The learner of a replay, which begins with a half, comes near to it, and
    its prediction has it."""
    found = identify([log], ARM)
    np.testing.assert_allclose(found.presliding, SHARES, atol=0.1)
    np.testing.assert_allclose(found.arm.friction.dry, DRY, atol=0.1)
    result = replay(log, learner := log_learner(ARM, log))
    weights = result.weights[-1][1]
    assert weights["presliding"][0] < 0.4
    np.testing.assert_allclose(weights["presliding"][1], SHARES[1], atol=0.1)
    encoding, states = learner.learner.encoding, signals_of(log)
    rigid = predict_torque(ARM, encoding, {**weights, "presliding": np.zeros(2)}, states)
    left = np.linalg.norm(result.measured - rigid, axis=0)
    better = np.linalg.norm(result.measured - result.predictions["frozen"], axis=0)
    assert better[1] < 0.8 * left[1]


def test_tables_name_the_units_of_a_sliding_joint():
    """If the arm has one."""
    assert not slides(ARM)
    assert slides(arms.Arm(from_dh("rp", [Row(a=0.5), Row(kind="prismatic")])))
    title = drives_title("drives", {"sliding": True})
    assert title == "drives; of a sliding joint kg, N s/m and N"
    assert drives_title("drives", {"sliding": False}) == drives_title("drives", {}) == "drives"
