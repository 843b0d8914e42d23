"""What the loop makes of a robot whose sensors and clock fail."""

import dataclasses

import numpy as np
import pytest

from nengo_forcectl.adaptation import NoAdaptation
from nengo_forcectl.control import OperationalSpace
from nengo_forcectl.errors import SimulationError
from nengo_forcectl.jobs.reach.reach_scene import reaching_scene
from nengo_forcectl.jobs.reach.reach_settings import ReachSettings
from nengo_forcectl.jobs.rivals.opening import open_cycle
from nengo_forcectl.paths import MinimumJerk
from nengo_forcectl.robots import loop
from nengo_forcectl.robots.log import Log
from nengo_forcectl.robots.loop import track
from nengo_forcectl.safety.sensors import SensorCheck
from nengo_forcectl.sim.bullet import Bullet

Q = np.array([0.1, 0.5, -0.1, -1.2, 0.2, 0.6, 0.3])
CYCLES = 800


class Faulty:
    """A robot with failures in some of its cycles.

    ``lost``: a velocity is NaN. ``frozen``: the last good state is read again, at the new time.
    ``missed``: the torque is held for a second period.
    """

    def __init__(self, robot, lost=(), frozen=(), missed=()):
        self.robot, self.lost, self.frozen, self.missed = robot, lost, frozen, missed
        self.cycle, self.last, self.applied = 0, None, []

    def read(self):
        state = self.robot.read()
        if self.cycle in self.frozen:
            return self.last._replace(time=state.time)
        if self.cycle in self.lost:
            return state._replace(dq=np.where(np.arange(7) == 2, np.nan, state.dq))
        self.last = state
        return state

    def apply(self, tau):
        self.applied.append(tau)
        for _ in range(2 if self.cycle in self.missed else 1):
            self.robot.apply(tau)
        self.cycle += 1


def follow(iiwa, **faults):
    """Move the tool by 5 cm in 0.3 s, then hold it; return the faulty robot with the record."""
    start = iiwa.pose(Q)[:3, 3]
    path = MinimumJerk(start + np.array([[0.0, 0.0, 0.0], [0.03, 0.04, 0.0]]), 0.3)
    log = Log(CYCLES)
    with Bullet(iiwa, Q) as robot:
        faulty = Faulty(robot, **faults)
        try:
            track(faulty, iiwa, path, OperationalSpace(Q), NoAdaptation(), range(CYCLES), log)
        finally:
            faulty.log = log.arrays() | {"error": log.error()} if log.cycles else {}
    return faulty


@pytest.mark.parametrize(("lost", "end"), [(range(1), "0.000"), (range(20, 60), "0.040")])
def test_a_velocity_that_stays_lost_ends_the_loop(iiwa, lost, end):
    """NaN before any good state, or for over 20 cycles: the error names joint and time."""
    with pytest.raises(SimulationError, match=rf"state at {end} s: dq\[2\] is nan"):
        follow(iiwa, lost=lost)


def test_a_velocity_that_is_lost_for_a_moment_is_ridden_out(iiwa):
    """In 10 ms of NaN in mid-motion the torques are finite, and the arm still arrives."""
    faulty = follow(iiwa, lost=range(100, 110))
    assert np.isfinite(faulty.applied).all()
    np.testing.assert_array_equal(np.flatnonzero(faulty.log["event"]), range(100, 110))
    assert faulty.log["error"].max() < 5e-3
    assert faulty.log["error"][-1] < 1e-3


def test_a_missed_cycle_shows_in_the_time_and_is_made_good(iiwa):
    """Time jumps by two periods, and the arm still arrives."""
    record = follow(iiwa, missed=(50, 120, 121)).log
    steps = np.diff(record["time"])
    np.testing.assert_allclose(steps[[50, 120, 121]], 2e-3)
    np.testing.assert_allclose(np.delete(steps, [50, 120, 121]), 1e-3)
    assert record["error"].max() < 1e-3
    assert record["error"][-1] < 2e-4


def test_sensors_that_freeze_for_a_while_do_not_throw_the_arm(iiwa):
    """After 10 ms of one and the same state in mid-motion the arm still arrives."""
    faulty = follow(iiwa, frozen=range(100, 110))
    assert np.isfinite(faulty.applied).all()
    np.testing.assert_array_equal(np.diff(faulty.log["q"][99:110], axis=0), 0.0)
    assert faulty.log["error"].max() < 5e-3
    assert faulty.log["error"][-1] < 1e-3


@pytest.fixture(scope="module")
def planar():
    """A planar arm, where its reaches start, and what disturbs it."""
    scene = reaching_scene(ReachSettings(arm="planar3", payload=0.5, friction=0.2, neurons=100))
    return dataclasses.replace(scene, settings=dataclasses.replace(scene.settings, passes=4))


class Spoiled:
    """A robot that hands its states through a function of (cycle, state)."""

    def __init__(self, robot, spoil):
        self.robot, self.spoil, self.cycle, self.applied = robot, spoil, 0, []

    def read(self):
        return self.spoil(self.cycle, self.robot.read())

    def apply(self, tau):
        self.applied.append(tau)
        self.robot.apply(tau)
        self.cycle += 1


def learned_through(scene, spoil, path=None):
    """Four passes of the learning cycle with spoiled sensors: torques, error by pass, events."""
    cycles = scene.cycles
    log, check = Log(cycles), SensorCheck(scene.arm.dof, 1e-3)
    with (
        open_cycle(scene, "consolidation") as cycle,
        Bullet(scene.arm, scene.home, scene.disturbances) as robot,
    ):
        spoiled = Spoiled(robot, spoil)
        loop.follow(spoiled, cycle, path or scene.path, range(cycles), log, check)
    error = log.error().reshape(4, -1)
    rms = 1e3 * np.sqrt(np.mean(error**2, axis=1))
    torques = np.array(spoiled.applied)
    assert np.isfinite(torques).all()
    assert (np.abs(torques) <= scene.arm.tau_max).all()
    return rms, check.events


def _lost(cycle, state):
    return state._replace(q=state.q * np.nan) if 7000 <= cycle < 7015 else state


class _Frozen:
    held = None

    def __call__(self, cycle, state):
        if not 7000 <= cycle < 7020:
            self.held = state
            return state
        return self.held._replace(time=state.time)


def _jumped(cycle, state):
    return state._replace(time=state.time + 0.005) if cycle >= 7000 else state


@pytest.mark.parametrize(
    ("spoil", "event", "count"),
    [(_lost, "not finite", 15), (_Frozen(), "frozen", 20), (_jumped, "time", 1)],
    ids=["lost", "frozen", "jumped"],
)
def test_learning_holds_through_a_fault_and_resumes(planar, spoil, event, count):
    """Torques stay finite and within limits, the event is counted, the last pass is good again."""
    rms, events = learned_through(planar, spoil)
    assert events[event] >= count
    assert rms[3] < 1.2 * rms[0]
    assert rms[3] < 1.0


class Beyond:
    """A path whose third second is out of the arm's reach."""

    def __init__(self, path):
        self.path = path

    def at(self, time):
        reference = self.path.at(time)
        far = np.array([9.0, 9.0, 0.0]) if 2.0 <= time < 3.0 else 0.0
        return reference._replace(x=reference.x + far)


def test_a_reference_out_of_reach_is_survived(planar):
    """The arm stretches towards it, through its singularity, and comes back to its path."""
    rms, _ = learned_through(planar, lambda _, state: state, Beyond(planar.path))
    assert rms[0] > 1000.0
    assert rms[3] < 1.0
