"""A tilted base, wrong lengths, and loads off the centre line."""

import numpy as np
import pytest

from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.sim import Bullet, MuJoCo, Payload, TiltedBase, Wrist, WrongLengths
from nengo_forcectl.sim.disturbances import real_arm

Q = np.array([0.1, 0.5, -0.1, -1.2, 0.2, 0.6, 0.3])
ENGINES = pytest.mark.parametrize("engine", [Bullet, MuJoCo])
REAL = {
    "tilted": TiltedBase(0.1, -0.05),
    "lengths": WrongLengths(0.01, 3),
    "off-centre": Payload(2.0, com=(0.1, 0.05, 0.1), moments=(0.01, 0.02, 0.02)),
}


@ENGINES
@pytest.mark.parametrize("disturbance", REAL.values(), ids=REAL)
def test_one_step_accelerates_as_the_real_arm_says(iiwa, engine, disturbance, rng):
    """It changes dq by dt ddq of the real arm, to 1e-7; and the model says something else."""
    real = disturbance.real(iiwa)
    with engine(iiwa, Q, [disturbance]) as robot:
        for _ in range(3):
            q, dq, tau = rng.uniform(-1, 1, 7), rng.uniform(-1, 1, 7), rng.uniform(-15, 15, 7)
            robot.reset(q, dq)
            robot.apply(tau)
            ddq = (robot.read().dq - dq) / 1e-3
            middle = q + 0.5e-3 * dq
            np.testing.assert_allclose(
                ddq, real.forward_dynamics(middle, dq, tau), rtol=1e-7, atol=1e-7
            )
            assert np.abs(ddq - iiwa.forward_dynamics(middle, dq, tau)).max() > 0.1


def test_a_tilted_base_turns_gravity_and_nothing_else(iiwa):
    """It is the arm on a base turned in the world: the same torque holds it."""
    roll, pitch = 0.1, -0.05
    x = np.array([[1, 0, 0], [0, np.cos(roll), -np.sin(roll)], [0, np.sin(roll), np.cos(roll)]])
    y = np.array([[np.cos(pitch), 0, np.sin(pitch)], [0, 1, 0], [-np.sin(pitch), 0, np.cos(pitch)]])
    base = np.eye(4)
    base[:3, :3] = y @ x
    tilted = TiltedBase(roll, pitch).real(iiwa)
    np.testing.assert_allclose(tilted.gravity(Q), iiwa.with_base(base).gravity(Q), atol=1e-12)
    np.testing.assert_array_equal(tilted.pose(Q), iiwa.pose(Q))
    assert TiltedBase().real(iiwa).gravity(Q) == pytest.approx(iiwa.gravity(Q), abs=1e-12)


def test_wrong_lengths_move_the_tool_by_about_their_spread(iiwa):
    """One per cent of an arm of a metre: some millimetres; the seed draws them."""
    off = [
        np.linalg.norm(WrongLengths(0.01, seed).real(iiwa).pose(Q)[:3, 3] - iiwa.pose(Q)[:3, 3])
        for seed in range(5)
    ]
    assert 1e-4 < min(off) < max(off) < 0.015
    assert len(set(off)) == 5
    same = WrongLengths(0.01, 3)
    np.testing.assert_array_equal(same.real(iiwa).pose(Q), same.real(iiwa).pose(Q))
    np.testing.assert_array_equal(WrongLengths(0.0).real(iiwa).pose(Q), iiwa.pose(Q))


def test_a_load_off_the_centre_line_hangs_on_its_own_lever(iiwa):
    """Its gravity is J^T m g at its centre of mass, and its moments are in M."""
    load = REAL["off-centre"]
    real = load.real(iiwa)
    J = iiwa.jacobian(Q, point=load.com)
    weight = J[:3].T @ [0.0, 0.0, 2.0 * 9.81]
    np.testing.assert_allclose(real.gravity(Q) - iiwa.gravity(Q), weight, atol=1e-9)
    R = iiwa.pose(Q)[:3, :3]
    M = 2.0 * J[:3].T @ J[:3] + J[3:].T @ R @ load.inertia @ R.T @ J[3:]
    np.testing.assert_allclose(real.mass_matrix(Q) - iiwa.mass_matrix(Q), M, atol=1e-9)


def test_a_wrist_feels_the_lever_of_a_load(iiwa, rng):
    """Without contact a reading is what moves the load less its tared weight, by Newton and Euler.

    So the motors' torque without the load is the model's plus J^T of the untared reading.
    """
    load = REAL["off-centre"]
    with Bullet(iiwa, Q, [load], 1e-4, wrist=Wrist()) as robot:
        np.testing.assert_allclose(robot.read().wrench, 0.0, atol=1e-12)
        R = iiwa.pose(Q)[:3, :3]
        tare = np.concatenate(
            (2.0 * iiwa.gravity_vector, np.cross(R @ load.com, 2.0 * iiwa.gravity_vector))
        )
        tau = iiwa.gravity(Q) + 3.0
        for _ in range(300):
            before = robot.read()
            robot.apply(tau)
        state = robot.read()
        q, dq, wrench = state.q, state.dq, state.wrench
        ddq = (dq - before.dq) / 1e-4
        now = iiwa.pose(q)[:3, :3]
        turned = np.concatenate((now @ R.T @ tare[:3], now @ R.T @ tare[3:]))
        acted = iiwa.inverse_dynamics(q, dq, ddq) - iiwa.jacobian(q).T @ (wrench + turned)
        np.testing.assert_allclose(acted, tau, atol=0.02)
        assert np.abs(wrench[3:]).max() > 0.1


def test_the_simulated_tool_is_the_real_arms(iiwa):
    """With wrong lengths the real arm's pose says where the tool is; it needs no camera."""
    wrong = WrongLengths(0.01, 3)
    with Bullet(iiwa, Q, [wrong]) as robot:
        assert robot.read().tool is None
    real = real_arm(iiwa, [wrong])
    assert np.linalg.norm(real.pose(Q)[:3, 3] - iiwa.pose(Q)[:3, 3]) > 1e-4


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda arm: TiltedBase(2.0), r"TiltedBase.roll: is 2.0 rad, needs a number from -1.57"),
        (lambda arm: TiltedBase(0.0, np.nan), r"TiltedBase.pitch: is nan rad"),
        (lambda arm: WrongLengths(-0.1), r"WrongLengths.spread: is -0.1, needs a number from 0"),
        (lambda arm: WrongLengths(0.1, -1), r"WrongLengths.seed: is -1, needs a whole number"),
        (
            lambda arm: Payload(1.0, com=(0, np.nan, 0)),
            r"Payload.com: .*, needs three finite numbers",
        ),
        (lambda arm: Payload(1.0, moments=(1, 1, 3)), r"Payload.moments: is \(1.0, 1.0, 3.0\)"),
        (lambda arm: Payload(1.0, moments=(-1, 1, 1)), r"Payload.moments: .* of a rigid body"),
        (lambda arm: Payload(0.0, moments=(1, 1, 1)), r"Payload.moments: .* with this mass"),
        (lambda arm: Bullet(arm, Q, [WrongLengths()], wrist=Wrist()), r"Bullet.surface, wrist"),
    ],
)
def test_bad_values_are_named(iiwa, make, message):
    """A value that makes no sense is refused with its field, unit and range."""
    with pytest.raises(ConfigurationError, match=message):
        make(iiwa)
