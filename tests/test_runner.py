"""The loop in real time, on robots whose clock is not the wall's."""

import gc
from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest

import arms
from nengo_forcectl.adaptation import NoAdaptation
from nengo_forcectl.contract import State
from nengo_forcectl.control import JointPD
from nengo_forcectl.cycle.blocks import Blocks
from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.paths import MinimumJerk
from nengo_forcectl.robots import clock as clocks
from nengo_forcectl.robots.loop import run
from nengo_forcectl.safety.guard import Safe
from nengo_forcectl.safety.limits import Limits
from nengo_forcectl.sim.bullet import Bullet

ARM = arms.load("planar2")
HOME = np.array([0.4, 0.8])
PATH = MinimumJerk([HOME, HOME + 0.5], 0.3)


def control():
    return Blocks(ARM, JointPD(kp=100.0, kv=20.0), NoAdaptation())


class Failing:
    """A robot that fails in one cycle, in a way of its own."""

    def __init__(self, robot, at, how):
        self.robot, self.at, self.how, self.cycle, self.sent = robot, at, how, 0, []

    def read(self):
        self.cycle += 1
        state = self.robot.read()
        return self.how(state) if self.cycle == self.at else state

    def apply(self, tau):
        self.sent.append(tau)
        self.robot.apply(tau)


def test_it_follows_the_path_and_counts_every_cycle():
    """0.8 s are 800 periods; the arm arrives, garbage is collected again, no stop."""
    with Bullet(ARM, HOME) as robot:
        timing = run(robot, control(), PATH, 1000.0, seconds=0.8)
        np.testing.assert_allclose(robot.state()[0], HOME + 0.5, atol=0.02)
    assert timing.cycles + timing.overruns >= 800
    assert list(timing.latency_us) == ["p50", "p99", "p99.9", "max"]
    assert list(timing.latency_us.values()) == sorted(timing.latency_us.values())
    assert timing.stopped is None
    assert gc.isenabled()
    assert f"{timing.cycles} cycles" in str(timing)


def interrupted(state):
    raise KeyboardInterrupt


def broken(state):
    raise RuntimeError("the driver is gone")


def test_ctrl_c_is_a_controlled_stop_and_an_ordinary_end():
    """In mid-motion: the arm comes to rest and is held, and the summary says why."""
    with Bullet(ARM, HOME) as robot:
        failing = Failing(robot, 150, interrupted)
        timing = run(failing, control(), PATH, 1000.0, seconds=5, stop_time=0.3)
        assert np.abs(robot.state()[1]).max() < 1e-2
        np.testing.assert_allclose(failing.sent[-1], ARM.gravity(robot.state()[0]), atol=0.2)
    assert timing.stopped == "interrupted"
    assert timing.cycles == 149 + 300


def test_an_exception_stops_the_arm_before_it_goes_on():
    """The arm is at rest, the exception is the driver's own, and garbage is collected again."""
    with Bullet(ARM, HOME) as robot:
        with pytest.raises(RuntimeError, match="the driver is gone"):
            run(Failing(robot, 150, broken), control(), PATH, seconds=5, stop_time=0.3)
        assert np.abs(robot.state()[1]).max() < 1e-2
    assert gc.isenabled()


def test_lost_sensors_are_a_controlled_stop():
    """NaN for ever: every torque is finite and within limits, and the reason is told."""

    class Lost(Failing):
        def read(self):
            state = super().read()
            return state._replace(q=state.q * np.nan) if self.cycle > 150 else state

    with Bullet(ARM, HOME) as robot:
        lost = Lost(robot, -1, None)
        timing = run(lost, control(), PATH, seconds=5, stop_time=0.1)
    assert "nan" in timing.stopped
    assert np.isfinite(lost.sent).all()
    assert (np.abs(lost.sent) <= ARM.tau_max).all()
    assert timing.events["not finite"] > 0


class Off(MinimumJerk):
    """A path that ends in an error."""

    def at(self, time):
        if time > 0.02:
            raise ValueError("past the end of the table")
        return super().at(time)


class Broken(Failing):
    """One that fails from a cycle on for good, and where it was before that."""

    def read(self):
        self.cycle += 1
        state = self.robot.read()
        if self.cycle >= self.at:
            return self.how(state)
        self.seen = state.q
        return state


def off(state):
    raise OSError("bus off")


def test_where_the_path_fails_the_arm_comes_to_rest():
    """A torque in every one of 200 cycles after the fault; at the end it stands, held."""
    with Bullet(ARM, HOME) as robot:
        failing = Broken(robot, 10**9, off)
        with pytest.raises(ValueError, match="past the end"):
            run(failing, control(), Off([HOME, HOME + 0.5], 0.3), 1000.0, seconds=5, stop_time=0.2)
        q, dq = robot.state()
    assert len(failing.sent) == 21 + 200
    assert np.abs(dq).max() < 1e-3
    np.testing.assert_allclose(failing.sent[-1], ARM.gravity(q), atol=1e-3)


@pytest.mark.parametrize("how", [off, lambda state: state._replace(q=state.q[:1])])
def test_where_the_sensors_fail_the_arm_comes_to_rest_by_the_model(how):
    """A bus that is off, a state of another shape: at rest 0.2 s later, held against gravity."""
    with Bullet(ARM, HOME) as robot:
        failing = Broken(robot, 60, how)
        with pytest.raises(OSError, match="bus off") if how is off else nullcontext():
            run(failing, control(), PATH, 1000.0, seconds=5.0, stop_time=0.2)
        q, dq = robot.state()
    assert len(failing.sent) == 59 + 200
    assert np.abs(dq).max() < 0.02
    np.testing.assert_allclose(failing.sent[-1], ARM.gravity(q), atol=0.05)


def test_an_overrun_is_counted_and_not_made_up_for():
    """A cycle that takes 5 periods leaves out four deadlines; the run takes as long as it says."""
    import time

    def slow(state):
        time.sleep(0.1)
        return state

    with Bullet(ARM, HOME) as robot:
        timing = run(Failing(robot, 3, slow), control(), PATH, 50.0, seconds=0.2)
    assert timing.overruns >= 3
    assert timing.cycles + timing.overruns >= 10


def test_after_an_overrun_cycles_begin_at_whole_periods_again(monkeypatch):
    """Of 10 ms; the third takes five and a half. The clock goes on as it is looked at."""
    now, begun = [0.0], []

    def looked():
        now[0] += 1e-6
        return now[0]

    def slept(seconds):
        now[0] += seconds

    def read():
        begun.append(now[0])
        now[0] += 0.055 if len(begun) == 3 else 0.001
        return State(now[0], HOME, np.zeros(2))

    monkeypatch.setattr(clocks, "time", SimpleNamespace(perf_counter=looked, sleep=slept))
    robot = SimpleNamespace(read=read, apply=lambda tau: None)
    cycle = Blocks(ARM, JointPD(kp=100.0, kv=20.0), NoAdaptation())
    timing = run(robot, Safe(cycle, ARM, dt=0.01), PATH, 100.0, seconds=0.1)
    assert timing.overruns == 4
    np.testing.assert_allclose(begun, [0.0, 0.01, 0.02, 0.075, 0.08, 0.09], atol=1e-4)


@pytest.mark.parametrize("options", [{"rate": 0.0}, {"rate": np.inf}, {"seconds": np.nan}])
def test_times_that_make_no_sense_are_refused(options):
    """The message names the setting."""
    with pytest.raises(ConfigurationError, match=next(iter(options))):
        run(None, control(), PATH, **options)


def test_a_cycle_without_an_arm_needs_one():
    """There are no limits without it."""

    class Bare:
        dof = 2

        def step(self, state, reference):
            raise NotImplementedError

        def learn(self, on):
            raise NotImplementedError

    with pytest.raises(ConfigurationError, match="needs arm="):
        run(None, Bare(), PATH)


def test_what_is_no_cycle_is_refused():
    """By the method that it lacks."""
    with pytest.raises(ConfigurationError, match=r"Cycle: is 7, which has no 'dof'; needs dof, st"):
        run(None, 7, PATH)


def test_a_reading_that_is_no_state_is_named():
    """After a stop."""

    class Raw:
        def read(self):
            return 0.0, np.zeros(2), np.zeros(2)

        def apply(self, tau):
            pass

    with pytest.raises(ConfigurationError, match=r"Raw.read: returns \(0.0, .* needs a State"):
        run(Raw(), control(), PATH, seconds=0.01, stop_time=0.002)


def test_state_is_what_the_robot_says():
    """Time starts where the robot's does: a robot that has been on for an hour begins the path."""

    class Late:
        def __init__(self):
            self.taus = []

        def read(self):
            return State(3600.0 + 1e-3 * len(self.taus), HOME, np.zeros(2))

        def apply(self, tau):
            self.taus.append(tau)

    robot = Late()
    run(robot, control(), PATH, seconds=0.005)
    np.testing.assert_allclose(robot.taus[0], ARM.gravity(HOME), atol=1e-9)


def test_a_cycle_that_has_limits_is_not_given_others():
    """Nor driven at another rate than it was made for: neither may be ignored."""
    safe = Safe(control(), ARM)
    with Bullet(ARM, HOME) as robot:
        with pytest.raises(ConfigurationError, match="in limits of its own"):
            run(robot, safe, PATH, seconds=0.1, limits=Limits.of(ARM))
        with pytest.raises(ConfigurationError, match="rate is 500 Hz, needs 1000 Hz"):
            run(robot, safe, PATH, 500.0, seconds=0.1)
        assert robot.steps == 0


def test_a_new_episode_begins_with_a_reset(unhurried):
    """The robot's clock starts again; without it the cycle says that time went back."""
    safe = Safe(control(), ARM)
    with Bullet(ARM, HOME) as robot:
        run(robot, safe, PATH, seconds=0.05)
        robot.reset(HOME)
        timing = run(robot, safe, PATH, seconds=0.05, stop_time=0.01)
        assert "time went back to 0.002 s; `reset` begins anew" in str(timing.stopped)
        robot.reset(HOME)
        safe.reset()
        timing = run(robot, safe, PATH, seconds=0.05)
        assert (timing.cycles, timing.stopped) == (50, None)


def test_a_driver_may_give_lists():
    """q and dq are made arrays of."""

    class Lists(Failing):
        def read(self):
            state = self.robot.read()
            return state._replace(q=state.q.tolist(), dq=state.dq.tolist())

    with Bullet(ARM, HOME) as robot:
        assert run(Lists(robot, 0, broken), control(), PATH, seconds=0.05).stopped is None


def test_a_stop_says_what_nobody_can_believe():
    """The joint, its value and what would be credible."""
    with Bullet(ARM, HOME) as robot:
        fast = Failing(robot, 5, lambda state: state._replace(dq=np.array([0.0, 1e4])))
        timing = run(fast, control(), PATH, seconds=0.05, stop_time=0.01)
    assert "dq[1] is 1e+04, credible up to" in str(timing.stopped)
