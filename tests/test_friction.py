import numpy as np
import pytest

import arms
from arms import Arm
from arms.catalog.planar import planar
from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.sim.bullet import Bullet
from nengo_forcectl.sim.friction import CoulombFriction, UnevenFriction, ViscousFriction
from nengo_forcectl.sim.masses import Payload

Q = np.array([0.1, 0.5, -0.1, -1.2, 0.2, 0.6, 0.3])


@pytest.mark.parametrize("name", ["kuka_iiwa", "planar3", "ur5"])
def test_dry_friction_obeys_coulombs_law_in_every_step(name, rng):
    """|tau| <= F on every joint, and tau = -F sign(dq') on every one that moves after the step.

    tau is what the motion says: M (dq' - dq) / dt + C dq + g less the motors' torque.
    """
    arm = arms.load(name)
    n = arm.dof
    friction = CoulombFriction(2.0, stiction=3.0, stribeck=0.05)
    held = slid = 0
    with Bullet(arm, np.zeros(n), [friction]) as robot:
        for _ in range(40):
            q = rng.uniform(-1, 1, n)
            dq = rng.uniform(-0.05, 0.05, n) * (rng.random(n) < 0.5)
            tau = arm.gravity(q) + rng.uniform(-4, 4, n)
            tau = np.clip(tau, -arm.tau_max, arm.tau_max)
            robot.reset(q, dq)
            robot.apply(tau)
            after = robot.read().dq
            middle = q + 0.5 * robot.dt * dq
            braking = arm.inverse_dynamics(middle, dq, (after - dq) / robot.dt) - tau
            limit = 2.0 + 1.0 * np.exp(-((dq / 0.05) ** 2))
            assert np.all(np.abs(braking) <= limit + 1e-8)
            moves = np.abs(after) > 1e-9
            np.testing.assert_allclose(braking[moves], -(limit * np.sign(after))[moves], atol=1e-8)
            held, slid = held + np.sum(~moves), slid + np.sum(moves)
    assert held > 20
    assert slid > 20


def test_a_joint_pushed_by_less_than_the_stiction_stays(iiwa, rng):
    """In a second, every joint pushed by 0.95 of the stiction creeps less than 1e-9 rad."""
    with Bullet(iiwa, Q, [CoulombFriction(1.0, stiction=2.0)]) as robot:
        tau = iiwa.gravity(Q) + 1.9 * rng.choice([-1.0, 1.0], 7)
        for _ in range(1000):
            robot.apply(tau)
        np.testing.assert_allclose(robot.read().q, Q, rtol=0, atol=1e-9)


def test_a_joint_breaks_away_above_the_stiction_and_then_slides_on_less(iiwa):
    """2.1 N m move a joint of 2 N m stiction; then 1.5 N m, over the level, go on moving it."""
    push = np.array([1.0, 0, 0, 0, 0, 0, 0])  # about the vertical
    with Bullet(iiwa, Q, [CoulombFriction(1.0, stiction=2.0)]) as robot:

        def speed_after(torque, steps=300):
            for _ in range(steps):
                robot.apply(iiwa.gravity(robot.read().q) + torque * push)
            return robot.read().dq[0]

        assert abs(speed_after(1.5)) < 1e-12
        moving = speed_after(2.1)
        assert moving > 0.01
        assert speed_after(1.5) > moving
        assert abs(speed_after(0.0, 2000)) < 1e-12


def test_a_sliding_joint_stops_when_its_momentum_is_used_up():
    """One joint, no gravity: it stops after I dq / level, and half of that times dq further on."""
    arm = Arm(planar(1)).with_gravity((0.0, 0.0, 0.0))
    inertia = float(arm.mass_matrix([0.0])[0, 0])  # kg m^2
    level, speed = 0.5, 0.4
    steps = inertia * speed / level * 1e3
    with Bullet(arm, np.zeros(1), [CoulombFriction(level)]) as robot:
        robot.reset(np.zeros(1), np.array([speed]))
        speeds = []
        for _ in range(int(steps) + 500):
            robot.apply(np.zeros(1))
            speeds.append(robot.read().dq[0])
        speeds = np.array(speeds)
        assert speeds.min() > -1e-15  # it never turns back
        assert np.sum(speeds > 1e-12) == int(steps)
        np.testing.assert_allclose(robot.read().q, speed * steps * 1e-3 / 2, atol=speed * 1e-3)


def test_dry_friction_only_takes_energy(iiwa, rng):
    """A free arm's kinetic energy falls in every step until it rests, and then it rests."""
    arm = iiwa.with_gravity((0.0, 0.0, 0.0))
    dq = rng.uniform(-0.5, 0.5, 7)
    with Bullet(arm, Q, [CoulombFriction(0.5, stiction=1.0)]) as robot:
        robot.reset(Q, dq)
        energy = []
        for _ in range(2000):
            _, q, dq, *_ = robot.read()
            energy.append(0.5 * dq @ arm.mass_matrix(q) @ dq)
            robot.apply(np.zeros(7))
        assert energy[0] > 0.05
        assert np.diff(energy).max() < 1e-15
        np.testing.assert_allclose(robot.read().dq, 0.0, atol=1e-12)


def test_viscous_friction_takes_the_power_that_it_should(iiwa, rng):
    """tau . dq = -coefficient |dq|^2."""
    dq = rng.normal(size=(5, 7))
    tau = ViscousFriction(0.9).torque(iiwa, 0.0, dq, dq)
    np.testing.assert_allclose(np.sum(tau * dq, axis=1), -0.9 * np.sum(dq**2, axis=1))


def test_uneven_friction_varies_with_the_angle(iiwa, rng):
    """It dissipates, from 0.2 to 1.8 times the coefficient for one of 1."""
    q, dq = rng.uniform(-3.0, 3.0, (2, 500, 7))
    ratio = -UnevenFriction(1.0).torque(iiwa, 0.0, q, dq) / dq
    np.testing.assert_allclose(ratio, 1.0 + 0.8 * np.sin(3.0 * q), rtol=1e-12)
    assert ratio.min() > 0.19
    assert ratio.max() < 1.81


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: UnevenFriction(1.0, 1.5), r"UnevenFriction.share: is 1.5, needs a number in"),
        (lambda: UnevenFriction(1.0, waves="x"), r"UnevenFriction.waves: is 'x', needs a number"),
        (lambda: ViscousFriction(-0.1), r"ViscousFriction.coefficient: is -0.1 N m s/rad"),
        (lambda: CoulombFriction(-1.0), r"CoulombFriction.level: is -1.0 N m, needs a number"),
        (lambda: CoulombFriction(1.0, 0.5), r"stiction: is 0.5 N m, needs the level, 1.0 N m"),
        (lambda: CoulombFriction(1.0, np.inf), r"CoulombFriction.stiction: is inf N m"),
        (lambda: CoulombFriction(1.0, 2.0, 0.0), r"stribeck: is 0.0 rad/s, needs a number above 0"),
    ],
)
def test_bad_values_are_named(make, message):
    """A value that makes no sense is refused with its field, unit and range."""
    with pytest.raises(ConfigurationError, match=message):
        make()


@pytest.mark.parametrize(
    ("payload", "friction", "good"), [(0.0, 0.1, True), (0.0, 0.9, False), (1.0, 0.9, True)]
)
def test_viscous_friction_that_would_swing_up_is_refused(payload, friction, good):
    """On the last joint of a bare UR5, in steps of 1 ms: the simulation alone would throw the arm.
    The step that the message names will do."""
    arm, home = arms.load("ur5"), np.array([0.0, -1.2, 1.6, -0.4, 1.2, 0.0])
    real = [Payload(payload), ViscousFriction(friction)]
    if good:
        Bullet(arm, home, real).close()
        return
    with pytest.raises(ConfigurationError, match=r"stops joint 6 at .* needs a simulation .* less"):
        Bullet(arm, home, real)
    with pytest.raises(ConfigurationError, match=r"needs a simulation step of 1.[0-9]e-04 s"):
        Bullet(arm.with_friction(friction, 0.0), home)
    with Bullet(arm, home, real, 1e-4, period=1e-3) as robot:
        robot.reset(home, np.full(6, 0.2))
        for _ in range(20):
            robot.apply(arm.gravity(robot.read().q))
        assert np.abs(robot.state()[1]).max() < 0.25
