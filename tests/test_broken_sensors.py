"""A loop whose sensors fail in some of its cycles."""

import numpy as np
import pytest

import arms
from nengo_forcectl.adaptation import NoAdaptation
from nengo_forcectl.contract import State
from nengo_forcectl.control import OperationalSpace
from nengo_forcectl.errors import SimulationError
from nengo_forcectl.paths import MinimumJerk
from nengo_forcectl.robots.log import Log
from nengo_forcectl.robots.loop import track


class Broken:
    """A robot whose sensor fails in some of its cycles."""

    def __init__(self, value, bad):
        self.value, self.bad, self.cycle, self.applied = value, bad, 0, []

    def read(self):
        q = np.array([0.3, 0.5 + 1e-6 * self.cycle])
        if self.cycle in self.bad:
            q[1] = self.value
        return State(1e-3 * self.cycle, q, np.zeros(2))

    def apply(self, tau):
        self.cycle += 1
        self.applied.append(tau)


def follow_broken(robot):
    """Let a planar2 reach for 40 cycles with that robot; return the record."""
    arm, log = arms.load("planar2"), Log(40)
    path = MinimumJerk(np.array([[0.1, 0.2, 0.0], [0.2, 0.2, 0.0]]), 1.0)
    law = OperationalSpace(np.array([0.3, 0.5]), rows=(0, 1))
    track(robot, arm, path, law, NoAdaptation(), range(40), log)
    return log.arrays()


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize(
    ("bad", "end", "sent"), [(range(1), "0.000", 0), (range(3, 40), "0.023", 23)]
)
def test_a_broken_sensor_never_reaches_a_motor(value, bad, end, sent):
    """Without a good state, or after 20 bad ones, the loop ends with an error; no torque is NaN."""
    robot = Broken(value, bad)
    with pytest.raises(SimulationError, match=rf"state at {end} s: q\[1\] is {value}"):
        follow_broken(robot)
    assert len(robot.applied) == sent
    assert all(np.isfinite(tau).all() for tau in robot.applied)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_short_gap_in_the_sensors_is_ridden_out(value):
    """Twenty states that are not finite are replaced; the torques are finite, and events logged."""
    robot = Broken(value, range(3, 23))
    record = follow_broken(robot)
    assert np.isfinite(robot.applied).all()
    np.testing.assert_array_equal(np.flatnonzero(record["event"]), range(3, 23))
    np.testing.assert_array_equal(record["q"][3:23], np.tile(record["q"][2], (20, 1)))
