"""What limits say: warnings, stops after a share, forces, ground that is not there, freezing."""

import math

import numpy as np
import pytest
from law_equations import HOME
from test_cycle_laws import INERTIA, World, compiled
from test_safety import PLANAR, REFERENCE, Asks

from nengo_forcectl.adaptation import DisturbanceObserver, NoAdaptation
from nengo_forcectl.contract import Cycle, Reference, State
from nengo_forcectl.control import HybridForce, JointPD, ParallelForce
from nengo_forcectl.cycle.blocks import Blocks
from nengo_forcectl.cycle.landing import Descent, Landing
from nengo_forcectl.errors import ConfigurationError, SimulationError
from nengo_forcectl.paths import CurvePath, Line, MinimumJerkProfile
from nengo_forcectl.robots.log import Log
from nengo_forcectl.robots.loop import follow, run
from nengo_forcectl.safety.guard import Safe
from nengo_forcectl.safety.limits import Limits
from nengo_forcectl.sim.bullet import Bullet
from nengo_forcectl.sim.masses import Payload
from nengo_forcectl.sim.surfaces import Table
from nengo_forcectl.sim.wrist import Wrist


def chatter(share):
    """A torque whose rate is beyond the limit in a share of the cycles."""

    def torque(state):
        k = round(1e3 * state.time)
        jumps = k * share % 1.0 < share
        return PLANAR.gravity(state.q) + (8.0 if jumps else 0.0)

    return torque


def stand(safe, cycles, start=0):
    """Steps at a posture at rest."""
    for k in range(start, start + cycles):
        safe.step(State(1e-3 * k, np.array([0.4, 0.8]) + 1e-9 * k, np.zeros(2)), REFERENCE)


@pytest.mark.filterwarnings("error:the limit of")
def test_a_limit_that_acts_in_more_than_a_percent_of_the_cycles_is_said_once():
    """Each cause once; a limit that acts in less is an event alone."""
    limits = Limits.of(PLANAR, rate=100.0)
    with pytest.warns(RuntimeWarning, match="limit of rate changed the torque in more than 1%"):
        stand(Safe(Asks(2, chatter(0.02)), PLANAR, limits), 1000)
    quiet = Safe(Asks(2, chatter(0.002)), PLANAR, limits)
    stand(quiet, 2000)
    assert 0 < quiet.events["rate"] < 10


def test_a_share_of_changed_torques_is_a_stop():
    """After 100 of the last 1,000 cycles, and the cause is named."""
    safe = Safe(Asks(2, chatter(0.5)), PLANAR, Limits.of(PLANAR, rate=100.0, overruled=0.1))
    stand(safe, 90)
    assert safe.stopped is None
    stand(safe, 300, start=90)
    assert "more than 0.1 of the last 1000 cycles, most often that of rate" in str(safe.stopped)
    assert safe.events["rate"] <= 102


@pytest.mark.parametrize("force", [30.0, 60.0])
def test_the_force_at_the_tool_keeps_its_limit(iiwa, force):
    """A law that asks for ever more presses with the limit, to 10 %, and does not stop."""
    x = iiwa.pose(HOME)[:3, 3]
    table = Table(tuple(x - [0.0, 0.0, 0.01]), 1e4, 40.0)

    def torque(state):
        push = min(40.0 * state.time, 120.0)
        J = iiwa.jacobian(state.q)
        return iiwa.gravity(state.q) - J[2] * push - 5.0 * state.dq

    safe = Safe(Asks(7, torque), iiwa, Limits.of(iiwa, force=(force, math.inf)))
    forces = []
    with Bullet(iiwa, HOME, dt=2.5e-4, period=1e-3, surface=table, wrist=Wrist()) as robot:
        for _ in range(3000):
            robot.apply(safe.step(robot.read(), REFERENCE).tau)
            forces.append(robot.contact[2])
    assert safe.stopped is None
    assert safe.events["force"] > 100
    assert max(forces) < 1.15 * force
    assert forces[-1] > 0.7 * force


def test_a_force_beyond_its_limit_is_a_stop(iiwa):
    """The wrench is named, and so is a wrench that is missing or a reference beyond the limit."""
    limits, still = Limits.of(iiwa, force=(30.0, 5.0)), np.zeros(7)
    cases = (
        (np.array([0.0, 0.0, 50.0, 0, 0, 0]), None, "is 50 N, 0 N m, beyond Limits.force"),
        (np.array([0.0, 0.0, 5.0, 0, 8.0, 0]), None, "is 5 N, 8 N m, beyond Limits.force"),
        (None, None, "state.wrench at 0.000 s: is None, needs 6 finite numbers"),
        (np.zeros(6), np.array([0, 0, -40.0, 0, 0, 0]), "needs at most Limits.force"),
    )
    for wrench, asked, says in cases:
        safe = Safe(Asks(7, lambda state: iiwa.gravity(state.q)), iiwa, limits)
        reference = REFERENCE._replace(wrench=asked)
        safe.step(State(0.0, HOME, still, wrench=wrench), reference)
        assert says in str(safe.stopped)


@pytest.mark.parametrize(("lie", "factor"), [("flipped", -1.0), ("stuck", None), ("absurd", 90.0)])
def test_a_wrist_sensor_that_lies_stops_the_arm(iiwa, lie, factor):
    """While it presses with 20 N: below 60 N, with 2 kg that nobody told, and it says so."""
    x, held, forces = iiwa.pose(HOME)[:3, 3], None, []
    table = Table(tuple(x - [0.0, 0.0, 0.005]), 1e4, 20.0)
    line = CurvePath(Line(x, x), MinimumJerkProfile(1.0))
    law = HybridForce(HOME, (0, 1, 2), axes=(2,), kf=0.5, ki=2.0, kd=120.0)
    landing = Landing(
        Blocks(iiwa, law, DisturbanceObserver(iiwa, 100.0, 1e-3)), line, Descent(20.0, settle=0.5)
    )
    safe, load = Safe(landing, iiwa), [Payload(2.0)]
    with Bullet(iiwa, HOME, load, dt=2.5e-4, period=1e-3, surface=table, wrist=Wrist()) as robot:
        for k in range(2800):
            state = robot.read()
            if k == 2000:
                assert safe.stopped is None
                assert state.wrench[2] == pytest.approx(20.0, abs=3.0)
                held = 0.9 * state.wrench
            if k >= 2000:
                lying = held if factor is None else factor * state.wrench
                state = state._replace(wrench=lying)
            robot.apply(safe.step(state, landing.at(state.time)).tau)
            forces.append(robot.contact[2])
    assert "by the torques it is" in str(safe.stopped)
    assert max(forces) < 60.0


def test_a_landing_without_ground_stops(iiwa):
    """``depth`` below its path: a `Safe` around it or inside it holds the arm, `follow` ends."""
    x = iiwa.pose(HOME)[:3, 3]
    line = CurvePath(Line(x, x), MinimumJerkProfile(1.0))
    descent = Descent(20.0, hover=0.0, speed=0.1, depth=0.05)
    for inside in (False, True):
        blocks = Blocks(iiwa, HybridForce(HOME, (0, 1, 2), axes=(2,)), NoAdaptation())
        landing = Landing(Safe(blocks, iiwa) if inside else blocks, line, descent)
        cycle = landing if inside else Safe(landing, iiwa)
        with Bullet(iiwa, HOME, wrist=Wrist()) as robot:
            with pytest.raises(SimulationError, match=r"no ground at 0\.\d+ s, 0.05 m below"):
                follow(robot, cycle, landing, range(2000), Log(2000))
            tool = iiwa.pose(robot.state()[0])[:3, 3]
        assert 0.045 < x[2] - tool[2] < 0.06
        assert cycle.stopped is not None


def test_a_landing_shows_the_stop_of_the_limits_inside_it(iiwa):
    """`follow` ends with their reason."""
    x = iiwa.pose(HOME)[:3, 3]
    line = CurvePath(Line(x, x), MinimumJerkProfile(1.0))
    safe = Safe(Blocks(iiwa, HybridForce(HOME, (0, 1, 2)), NoAdaptation()), iiwa)
    landing = Landing(safe, line, Descent(20.0))
    with Bullet(iiwa, HOME, wrist=Wrist()) as robot:
        follow(robot, landing, landing, range(10), Log(10))
        safe.stop("told to")
        with pytest.raises(SimulationError, match="told to"):
            follow(robot, landing, landing, range(5000), Log(5000))


def test_the_normal_is_the_law_s_axis_of_force(iiwa):
    """Its frame turns it; another one is refused, its negative is another side."""
    line = CurvePath(Line([0.4, 0.0, 0.5], [0.6, 0.0, 0.5]), MinimumJerkProfile(1.0))
    frame = np.array([[1.0, 0, 0], [0, 0.6, -0.8], [0, 0.8, 0.6]])
    law = HybridForce(HOME, (0, 1, 2), axes=(2,), frame=frame)

    def landing(law, **descent):
        return Landing(Blocks(iiwa, law, NoAdaptation()), line, Descent(20.0, **descent))

    np.testing.assert_allclose(landing(law)._normal, [0.0, -0.8, 0.6])
    np.testing.assert_allclose(landing(law, normal=(0.0, 0.8, -0.6))._normal, [0.0, 0.8, -0.6])
    with pytest.raises(ConfigurationError, match="needs the axis of force of the cycle's Hybrid"):
        landing(law, normal=(0.0, 0.0, 1.0))
    with pytest.raises(ConfigurationError, match="are not one axis of force"):
        landing(ParallelForce(HOME, (0, 1, 2), axes=(1, 2)))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: Descent(20.0, depth=-0.1), "Descent.depth: is -0.1 m, needs a number above 0"),
        (lambda: Descent(20.0, depth=math.nan), "Descent.depth: is nan m"),
        (lambda: Limits.of(PLANAR, force=(-1.0, 1.0)), "Limits.force: is .-1.0, 1.0. N, N m"),
        (lambda: Limits.of(PLANAR, force=(math.nan, 1.0)), "Limits.force: is .nan"),
        (lambda: Limits.of(PLANAR, overruled=0.0), "Limits.overruled: is 0.0, needs"),
    ],
)
def test_limits_of_force_and_depth_that_make_no_sense_are_refused(wrong, says):
    """The message names the field, its value and what is valid."""
    with pytest.raises(ConfigurationError, match=says):
        wrong()


def test_a_limit_below_the_wanted_force_is_refused(iiwa):
    """With the limits around the landing or inside it."""
    line = CurvePath(Line([0.4, 0.0, 0.5], [0.6, 0.0, 0.5]), MinimumJerkProfile(1.0))
    blocks = Blocks(iiwa, HybridForce(HOME, (0, 1, 2)), NoAdaptation())
    limits, says = Limits.of(iiwa, force=(15.0, 5.0)), r"Limits.force: is 15.0 N, needs at least"
    with pytest.raises(ConfigurationError, match=says):
        Safe(Landing(blocks, line, Descent(20.0)), iiwa, limits)
    with pytest.raises(ConfigurationError, match=says):
        Landing(Safe(blocks, iiwa, limits), line, Descent(20.0))


def test_freezing_that_holds_keeps_the_observer(iiwa):
    """The weights stay and the arm stays where it was; without it, it falls."""
    away = {}
    for mode in ("hold", False):
        cycle, world = compiled(iiwa, JointPD(kp=200 * INERTIA, kv=28 * INERTIA)), World(iiwa)
        rest = Reference(HOME, np.zeros(7), np.zeros(7))
        for _ in range(95):
            world.apply(cycle.step(world.read(feels=False), rest).tau)
        before, q = cycle.read(), world.q.copy()
        cycle.learn(mode)
        assert cycle.frozen == (mode is False)
        for _ in range(400):
            world.apply(cycle.step(world.read(feels=False), rest).tau)
        for name, value in cycle.read().items():
            np.testing.assert_array_equal(value, before[name])
        away[mode] = np.abs(world.q - q).max()
    assert away["hold"] < 0.2 * away[False]
    with pytest.raises(ConfigurationError, match="needs True, False or 'hold'"):
        cycle.learn("holds")


def test_a_real_robot_s_frozen_learner_holds():
    """`run` keeps its observer, unless told otherwise."""

    class Frozen(Asks):
        frozen, learning, dt = True, False, 1e-3

        def learn(self, on):
            self.told = on

    class Part(Frozen, Cycle):
        pass

    line = CurvePath(Line([0.4, 0.0, 0.5], [0.6, 0.0, 0.5]), MinimumJerkProfile(1.0))
    for hold, told in ((True, "hold"), (False, None)):
        cycle = Part(2, lambda state: PLANAR.gravity(state.q))
        cycle.told = None
        with Bullet(PLANAR, np.array([0.4, 0.8])) as robot:
            run(robot, cycle, line, seconds=0.005, arm=PLANAR, hold=hold)
        assert cycle.told == told


def test_freezing_while_limits_act_is_said():
    """What is learned then may not hold the arm."""

    class Learns(Asks):
        learning = True

    safe = Safe(Learns(2, chatter(0.5)), PLANAR, Limits.of(PLANAR, rate=100.0))
    safe.learn(False)
    safe.learn(True)
    stand(safe, 20)
    with pytest.warns(RuntimeWarning, match="learning ends while limits act"):
        safe.learn("hold")
