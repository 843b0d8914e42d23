import numpy as np
import pytest

import arms
from arms import Arm
from arms.catalog.planar import planar
from nengo_forcectl.errors import ArmError, ConfigurationError, SimulationError
from nengo_forcectl.sim.bullet import Bullet
from nengo_forcectl.sim.disturbances import joint_torque, real_arm
from nengo_forcectl.sim.friction import CoulombFriction, ViscousFriction
from nengo_forcectl.sim.masses import Payload

DISTURBANCES = {
    "nothing": (),
    "payload": (Payload(2.0),),
    "both": (Payload(1.3, radius=0.1), ViscousFriction(0.9)),
}


@pytest.mark.parametrize("disturbances", DISTURBANCES.values(), ids=DISTURBANCES)
@pytest.mark.parametrize("name", ["kuka_iiwa", "planar2", "planar3"])
def test_one_step_accelerates_as_the_model_says(name, disturbances, rng):
    """It changes dq by dt M^-1 (tau - C dq - g), of the real arm in the step's middle, to 1e-9."""
    arm = arms.load(name)
    real = real_arm(arm, disturbances)
    n = arm.dof
    with Bullet(arm, np.zeros(n), disturbances) as robot:
        for _ in range(10):
            q, dq, tau = rng.uniform(-1, 1, n), rng.uniform(-1, 1, n), rng.uniform(-15, 15, n)
            robot.reset(q, dq)
            robot.apply(tau)
            ddq = (robot.read().dq - dq) / robot.dt
            drive = tau + joint_torque(disturbances, arm, 0.0, q, dq)
            q = q + 0.5 * robot.dt * dq
            expected = np.linalg.solve(
                real.mass_matrix(q), drive - real.coriolis(q, dq) @ dq - real.gravity(q)
            )
            np.testing.assert_allclose(ddq, expected, rtol=1e-9, atol=1e-9)


def test_what_it_reads_is_of_second_order(rng):
    """Half the step, a quarter of the error: a torque acts from one reading to the next.

    But for Coriolis forces, which PyBullet takes from the beginning of a step: a single joint.
    """
    arm = Arm(planar(1))
    taus = rng.uniform(-5, 5, 30)

    def swing(dt):
        with Bullet(arm, np.zeros(1), dt=dt, period=0.01) as robot:
            robot.reset(np.array([0.3]), np.array([1.0]))
            for tau in taus:
                robot.apply(np.array([tau]))
            return np.concatenate(robot.read()[1:3])

    true = swing(1e-5)
    coarse, fine = (np.abs(swing(dt) - true) for dt in (2e-3, 1e-3))
    np.testing.assert_allclose(coarse / fine, 4.0, rtol=0.01)


def test_a_payload_is_hidden_from_the_model(iiwa):
    """The robot's arm is the model that was given, although what falls is heavier."""
    with Bullet(iiwa, np.zeros(7), [Payload(2.0)]) as robot:
        assert robot.arm is iiwa
    q = np.array([0.0, 0.8, 0.0, -0.8, 0.0, 0.4, 0.0])
    extra = real_arm(iiwa, [Payload(2.0)]).gravity(q) - iiwa.gravity(q)
    weight = iiwa.jacobian(q)[:3].T @ [0, 0, 2.0 * 9.81]
    np.testing.assert_allclose(extra, weight, atol=1e-9)


def test_time_and_state_go_step_by_step(iiwa):
    """Time advances by dt a step, a reset starts again at the posture asked for."""
    q = np.linspace(-0.3, 0.3, 7)
    with Bullet(iiwa, q) as robot:
        robot.apply(iiwa.gravity(q))
        assert robot.read().time == pytest.approx(1e-3)
        robot.reset(q)
        state = robot.read()
        assert state.time == 0.0
        np.testing.assert_array_equal(state.q, q)
        np.testing.assert_array_equal(state.dq, 0.0)


def test_two_robots_do_not_disturb_each_other(iiwa):
    """Each robot has a physics server of its own."""
    q = np.full(7, 0.2)
    with Bullet(iiwa, q) as one, Bullet(iiwa, q, [Payload(2.0)]) as other:
        for robot in (one, other, one):
            robot.apply(np.zeros(7))
        alone = one.read().q
    with Bullet(iiwa, q) as one:
        one.apply(np.zeros(7))
        one.apply(np.zeros(7))
        np.testing.assert_array_equal(one.read().q, alone)


def test_a_torque_that_is_not_finite_does_not_reach_the_motors(iiwa):
    """NaN in a torque is an error that names the joint, and the arm does not move."""
    with Bullet(iiwa, np.zeros(7)) as robot:
        tau = np.zeros(7)
        tau[3] = np.nan
        with pytest.raises(SimulationError, match="joint 3 is nan"):
            robot.apply(tau)
        assert robot.steps == 0


def test_a_posture_that_does_not_fit_is_refused(iiwa):
    """A q of the wrong length, which PyBullet accepts in silence, is an error here."""
    with pytest.raises(ArmError, match="7 joints"):
        Bullet(iiwa, np.zeros(6))


def test_the_motors_saturate(iiwa):
    """A torque beyond the motors' limits is their limits; what disturbs the arm has none."""
    huge = np.array([1e4, -1e4, 1e4, -1e4, 0.0, 0.0, 0.0])
    q, dq = np.full(7, 0.2), np.array([1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0])
    with Bullet(iiwa, q, [ViscousFriction([50.0, 50.0, 50.0, 50.0, 0.0, 0.0, 0.0])]) as robot:
        robot.reset(q, dq)
        robot.apply(huge)
        ddq = (robot.read().dq - dq) / robot.dt
    drive = np.sign(huge) * iiwa.tau_max - 50.0 * dq
    q = q + 0.5 * robot.dt * dq
    np.testing.assert_allclose(ddq, iiwa.forward_dynamics(q, dq, drive), rtol=1e-9)


def test_at_500_hz_the_torque_is_held_and_the_disturbances_go_on(iiwa):
    """One cycle of 2 ms is two of 1 ms with the same torque, to the last bit."""
    q = np.full(7, 0.2)
    disturbances = [Payload(2.0, start=3e-3), ViscousFriction(0.9), CoulombFriction(0.5)]
    tau = iiwa.gravity(q) + 5.0
    with Bullet(iiwa, q, disturbances, period=2e-3) as slow, Bullet(iiwa, q, disturbances) as fast:
        for cycle in range(1, 6):
            slow.apply(tau)
            fast.apply(tau)
            fast.apply(tau)
            for one, other in zip(slow.read(), fast.read(), strict=True):
                np.testing.assert_array_equal(one, other)
            assert slow.read().time == pytest.approx(2e-3 * cycle)


def test_a_torque_of_the_wrong_shape_is_refused(iiwa):
    """One number for all joints is not a torque."""
    with (
        Bullet(iiwa, np.zeros(7)) as robot,
        pytest.raises(SimulationError, match=r"shape \(1,\), needs \(7,\)"),
    ):
        robot.apply(np.ones(1))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"period": 1.5e-3}, r"Bullet.period: is 0.0015 s, needs a whole number of .* 0.001 s"),
        ({"period": 0.0}, r"Bullet.period: is 0.0 s, needs a number above 0"),
        ({"period": 1e-4}, r"Bullet.period: is 0.0001 s, needs a whole number"),
        ({"dt": -1e-3}, r"Bullet.dt: is -0.001 s, needs a number above 0"),
    ],
)
def test_bad_times_are_named(iiwa, options, message):
    """A step or period that makes no sense is refused with its value and what would work."""
    with pytest.raises(ConfigurationError, match=message):
        Bullet(iiwa, np.zeros(7), **options)
