"""A payload that is dropped by hand, in the air and in contact."""

import numpy as np
import pytest

import arms
from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.sim import Bullet, MuJoCo, Payload, Peg, Table, ViscousFriction


@pytest.mark.parametrize("engine", [Bullet, MuJoCo])
def test_a_payload_dropped_by_hand_is_one_dropped_by_the_clock(engine, planar):
    """The same motion, to the last bit; friction changes at once."""
    arm = arms.load("planar2")
    q = np.array([0.3, 0.5])
    scheduled = (Payload(1.0, end=0.02), ViscousFriction(0.5))
    by_hand = (Payload(1.0), ViscousFriction(0.5))
    with engine(arm, q, scheduled) as clock, engine(arm, q, by_hand) as hand:
        for cycle in range(40):
            if cycle == 20:
                hand.change(Payload(0.0), ViscousFriction(0.5))
            for robot in (clock, hand):
                robot.apply(np.zeros(2))
        assert np.array_equal(clock.state(), hand.state())
        before = hand.state()[1]
        hand.change(ViscousFriction(50.0))
        hand.apply(np.zeros(2))
        assert np.abs(hand.state()[1]).max() < np.abs(before).max()
        with pytest.raises(ConfigurationError, match="there are 1 Payload"):
            clock.change(Payload(1.0))  # it goes by itself
        with pytest.raises(ConfigurationError, match="there are 0 Peg"):
            hand.change(type("Peg", (ViscousFriction,), {})(1.0))


@pytest.mark.parametrize("surface", [Table, Peg])
def test_a_payload_dropped_in_contact_leaves_the_contact(surface):
    """The force goes on from where it was, and both engines agree."""
    arm, q = arms.load("planar2"), np.array([0.5, -1.2])
    x, y, z = arm.pose(q)[:3, 3].tolist()
    ground = surface((x, y - 0.006, z), 1e3, normal=(0.0, 1.0, 0.0))
    forces = []
    for engine in (Bullet, MuJoCo):
        disturbances = Payload(1.0), ViscousFriction(0.9)
        with engine(arm, q, disturbances, 2.5e-4, period=1e-3, surface=ground) as robot:
            force = []
            for cycle in range(210):
                if cycle == 200:
                    robot.change(Payload(0.0))
                state = robot.read()
                robot.apply(arm.gravity(state.q) - 5.0 * state.dq)
                force.append(robot.contact[1])
        assert force[199] > 5.0
        np.testing.assert_allclose(force[200], force[199], rtol=0.1)
        assert force[209] < 0.9 * force[199]
        forces.append(force[150:])
    np.testing.assert_allclose(forces[0], forces[1], rtol=0.05)
