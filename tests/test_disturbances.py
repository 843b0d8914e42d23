from dataclasses import dataclass

import numpy as np
import pytest

from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.sim.bullet import Bullet
from nengo_forcectl.sim.disturbances import Disturbance, acceleration, joint_torque, phases
from nengo_forcectl.sim.forces import LinkForces
from nengo_forcectl.sim.friction import CoulombFriction, ViscousFriction
from nengo_forcectl.sim.masses import Payload, WrongMasses

Q = np.array([0.1, 0.5, -0.1, -1.2, 0.2, 0.6, 0.3])


@dataclass(frozen=True)
class Bump(Disturbance):
    """A torque on the first joint from 5 ms until 8 ms."""

    size: float  # [N m]

    def torque(self, arm, time, q, dq):
        """Return it."""
        tau = np.zeros_like(dq)
        tau[..., 0] = self.size * ((np.asarray(time) > 4.5e-3) & (np.asarray(time) < 7.5e-3))
        return tau


def test_a_disturbance_of_ones_own_may_depend_on_time(iiwa):
    """A subclass with nothing but ``torque`` acts in the steps that it chooses."""
    with Bullet(iiwa, Q, [Bump(5.0)]) as bumped, Bullet(iiwa, Q) as free:
        for step in range(12):
            state = bumped.read()
            free.reset(state.q, state.dq)
            bumped.apply(np.zeros(7))
            free.apply(np.zeros(7))
            differs = np.abs(bumped.read().dq - free.read().dq).max() > 1e-6
            assert differs == (step in (5, 6, 7))


@pytest.mark.parametrize(
    ("arm", "wrong", "message"),
    [
        (None, Payload(1.0), r"Bullet.disturbances: has Payload\(.*, needs a list"),
        (None, [Payload], "Bullet.disturbances: has <class .*, needs a list of disturbances"),
        ("ur5", [], "Bullet.arm: is 'ur5', needs an Arm"),
    ],
)
def test_what_is_no_disturbance_is_refused(arm, wrong, message, iiwa):
    """One alone is no list; and a name is no arm."""
    with pytest.raises(ConfigurationError, match=message):
        Bullet(arm or iiwa, Q, wrong)


def test_disturbances_add_up(iiwa, rng):
    """The torque of several is the sum of each one's; of none, zero."""
    q, dq = rng.normal(size=(2, 3, 7))
    each = (ViscousFriction(0.9), LinkForces((0.0, 0.0, -1.0)), Payload(2.0))
    total = joint_torque(each, iiwa, 0.0, q, dq)
    parts = sum(joint_torque([one], iiwa, 0.0, q, dq) for one in each)
    np.testing.assert_allclose(total, parts, atol=1e-14)
    np.testing.assert_array_equal(joint_torque((), iiwa, 0.0, q, dq), 0.0)


def test_dry_friction_is_a_torque_where_joints_move(iiwa):
    """-F sign(dq) on a moving joint, nothing that the state could tell on one at rest."""
    dq = np.array([0.5, -0.5, 0.0, 1e-13, 1e-3, -1e-3, 0.1])
    tau = joint_torque([CoulombFriction(2.0)], iiwa, 0.0, Q, dq)
    np.testing.assert_allclose(tau, [-2, 2, 0, 0, -2, 2, -2], atol=1e-6)


def test_the_arms_body_has_phases(iiwa):
    """One a change: without the payload, with it, without it; the masses are wrong throughout."""
    disturbances = (WrongMasses(0.3), Payload(2.0, start=0.2, end=0.5))
    (start, free), (picked, heavy), (dropped, last) = phases(iiwa, disturbances)
    assert (start, picked, dropped) == (0.0, 0.2, 0.5)
    assert free.chain == last.chain == WrongMasses(0.3).real(iiwa).chain
    assert heavy.gravity(Q) == pytest.approx(
        free.gravity(Q) + iiwa.jacobian(Q)[:3].T @ [0, 0, 2.0 * 9.81]
    )


def test_the_acceleration_is_that_of_the_recorded_motion(iiwa):
    """Cycle by cycle, with a payload that comes and goes, it is what the velocities say."""
    disturbances = (Payload(2.0, start=0.007, end=0.029), ViscousFriction(0.9))
    tau = iiwa.gravity(Q) + 1.0
    with Bullet(iiwa, Q, disturbances) as robot:
        states = []
        for _ in range(41):
            states.append(robot.read())
            robot.apply(tau)
    time, q, dq = (np.array(column) for column in list(zip(*states, strict=True))[:3])
    q += 0.5e-3 * dq  # where a step accelerates the arm
    ddq = acceleration(disturbances, iiwa, time, q, dq, np.tile(tau, (41, 1)))
    np.testing.assert_allclose(ddq[:-1], np.diff(dq, axis=0) / 1e-3, rtol=1e-8, atol=1e-8)
