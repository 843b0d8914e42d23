import numpy as np
import pytest

import arms
from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.sim.bullet import Bullet
from nengo_forcectl.sim.disturbances import real_arm
from nengo_forcectl.sim.masses import Payload, WrongMasses

Q = np.array([0.1, 0.5, -0.1, -1.2, 0.2, 0.6, 0.3])


def test_a_payload_is_picked_up_and_dropped_in_mid_motion(iiwa):
    """From start until end, and only then, every step is that of the arm with the payload.

    To 1e-9, by the analytic forward dynamics; the state goes on from where it was.
    """
    heavy = iiwa.with_payload(2.0, inertia=0.4 * 2.0 * 0.05**2 * np.eye(3))
    tau = iiwa.gravity(Q) + np.array([3.0, 3.0, 3.0, 3.0, 0.1, 0.1, 0.01])
    with Bullet(iiwa, Q, [Payload(2.0, start=0.029, end=0.0575)]) as robot:
        for step in range(80):
            _, q, dq, *_ = robot.read()
            robot.apply(tau)
            real = heavy if 29 <= step < 58 else iiwa
            ddq = (robot.read().dq - dq) / robot.dt
            expected = real.forward_dynamics(q + 0.5 * robot.dt * dq, dq, tau)
            np.testing.assert_allclose(ddq, expected, rtol=1e-9, atol=1e-9)
            moved, mean = robot.read().q - q, 0.5 * (dq + robot.read().dq)
            np.testing.assert_allclose(moved, robot.dt * mean, rtol=0, atol=1e-15)


def test_a_reset_takes_the_payload_away_again(iiwa):
    """After a reset the run repeats to the last bit, payload and all."""

    def run(robot):
        robot.reset(Q)
        states = []
        for _ in range(10):
            robot.apply(np.zeros(7))
            states.append(robot.read().dq)
        return np.array(states)

    with Bullet(iiwa, Q, [Payload(2.0, start=0.005)]) as robot:
        np.testing.assert_array_equal(run(robot), run(robot))


def test_two_payloads_come_and_go_by_themselves(iiwa):
    """Overlapping payloads add up while they overlap."""
    both = (Payload(1.0, end=0.5), Payload(2.0, start=0.2, end=0.8))
    added = [
        sum(link.inertia.mass for link in real_arm(iiwa, both, time).chain.links)
        - sum(link.inertia.mass for link in iiwa.chain.links)
        for time in (0.0, 0.3, 0.6, 0.9)
    ]
    np.testing.assert_allclose(added, [1.0, 3.0, 2.0, 0.0], atol=1e-12)


@pytest.mark.parametrize("name", ["kuka_iiwa", "planar3"])
def test_wrong_masses_are_within_the_spread_and_independent(name):
    """All ten numbers of a link have one factor, within 1 +- 0.3; no two links have the same."""
    arm = arms.load(name)
    real = WrongMasses(0.3, seed=4).real(arm)
    model, truth = arm.inertial_parameters.reshape(-1, 10), real.inertial_parameters.reshape(-1, 10)
    factors = truth[:, 0] / model[:, 0]
    assert 0.7 <= factors.min() < factors.max() <= 1.3
    assert len(np.unique(factors)) == len(factors)
    np.testing.assert_allclose(truth, factors[:, None] * model, rtol=1e-12, atol=1e-15)


def test_wrong_masses_are_masses_that_there_can_be(iiwa, rng):
    """M stays positive definite, and PyBullet accelerates the arm as the other masses say."""
    disturbances = [WrongMasses(0.3, seed=1), Payload(2.0)]
    real = real_arm(iiwa, disturbances)
    with Bullet(iiwa, Q, disturbances) as robot:
        for _ in range(5):
            q, dq, tau = rng.uniform(-1, 1, 7), rng.uniform(-1, 1, 7), rng.uniform(-20, 20, 7)
            assert np.linalg.eigvalsh(real.mass_matrix(q)).min() > 0
            robot.reset(q, dq)
            robot.apply(tau)
            ddq = (robot.read().dq - dq) / robot.dt
            expected = real.forward_dynamics(q + 0.5 * robot.dt * dq, dq, tau)
            np.testing.assert_allclose(ddq, expected, rtol=1e-9, atol=1e-9)


def test_a_seed_gives_the_same_masses(iiwa):
    """The same seed to the last bit; another seed, others; no spread, the model's own."""
    theta = [WrongMasses(0.3, seed).real(iiwa).inertial_parameters for seed in (0, 0, 1)]
    np.testing.assert_array_equal(theta[0], theta[1])
    assert np.abs(theta[0] - theta[2]).max() > 0.01
    same = WrongMasses(0.0).real(iiwa).inertial_parameters
    np.testing.assert_array_equal(same, iiwa.inertial_parameters)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Payload(-1.0), r"Payload.mass: is -1.0 kg, needs a number from 0 up"),
        (lambda: Payload(np.nan), r"Payload.mass: is nan kg"),
        (lambda: Payload("2"), r"Payload.mass: is '2' kg, needs a number"),
        (lambda: Payload(1.0, radius=-0.1), r"Payload.radius: is -0.1 m"),
        (lambda: Payload(1.0, start=-1.0), r"Payload.start: is -1.0 s, needs a number from 0 up"),
        (lambda: Payload(1.0, start=2.0, end=2.0), r"Payload.end: is 2.0 s, needs more than start"),
        (lambda: Payload(1.0, end=np.nan), r"Payload.end: is nan s"),
        (lambda: WrongMasses(1.0), r"WrongMasses.spread: is 1.0, needs a number .* less than 1"),
        (lambda: WrongMasses(np.nan), r"WrongMasses.spread: is nan"),
        (
            lambda: WrongMasses(0.3, -1),
            r"WrongMasses.seed: is -1, needs a whole number from 0 to 4294967295",
        ),
    ],
)
def test_bad_values_are_named(make, message):
    """A value that makes no sense is refused with its field, unit and range."""
    with pytest.raises(ConfigurationError, match=message):
        make()
