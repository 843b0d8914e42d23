"""The layer that every torque passes."""

import math

import numba
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from machine_code import ALLOCATION, check_no_allocation

import arms
from arms.machine.intermediate import kernel_object
from nengo_forcectl.adaptation import NoAdaptation
from nengo_forcectl.contract import Reference, Result, State
from nengo_forcectl.control import HybridForce, OperationalSpace
from nengo_forcectl.cycle.blocks import Blocks
from nengo_forcectl.cycle.compiled import CompiledController
from nengo_forcectl.errors import ConfigurationError, SimulationError
from nengo_forcectl.jobs.reach.reach_scene import reaching_scene
from nengo_forcectl.jobs.reach.reach_settings import ReachSettings
from nengo_forcectl.jobs.rivals.opening import open_cycle
from nengo_forcectl.kernels import parts
from nengo_forcectl.kernels.bound_joints import allowed
from nengo_forcectl.networks.workspace import home_posture, task_axes
from nengo_forcectl.paths import MinimumJerk
from nengo_forcectl.robots.log import Log
from nengo_forcectl.robots.loop import follow
from nengo_forcectl.safety.guard import Safe
from nengo_forcectl.safety.limits import Limits
from nengo_forcectl.sim.bullet import Bullet
from nengo_forcectl.sim.masses import Payload
from nengo_forcectl.sim.sensing import Sensors

LOADS = {"planar2": 0.5, "ur5": 2.0, "kuka_iiwa": 2.0}  # [kg]
REFERENCE = Reference(np.zeros(3), np.zeros(3), np.zeros(3))


class Asks:
    """A cycle that asks for what a function of the state says."""

    def __init__(self, dof, torque):
        self.dof, self.torque, self.states = dof, torque, []

    def learn(self, on):
        pass

    def step(self, state, reference):
        self.states.append(state)
        return Result(np.asarray(self.torque(state), dtype=float), 0.0, np.zeros(3))


def adversaries(arm):
    """What tries to break an arm, by name."""
    n, most = arm.dof, arm.tau_max
    rng, signs = np.random.default_rng(1), np.random.default_rng(2).choice([-1.0, 1.0], arm.dof)
    quick, slow = np.linspace(0.7, 5.0, n), np.linspace(0.2, 0.6, n)  # [Hz]
    return {
        "up": lambda state: most,
        "down": lambda state: -most,
        "huge": lambda state: 1e9 * signs,
        "bang": lambda state: most * np.sign(np.sin(2 * np.pi * state.time * quick)),
        "swing": lambda state: most * np.sign(np.sin(2 * np.pi * state.time * slow)),
        "chatter": lambda state: most * signs * (-1.0) ** round(state.time / 1e-3),
        "random": lambda state: 3.0 * most * rng.uniform(-1, 1, n),
    }


def driven(arm, torque, load=0.0, cycles=1500, limits=None, sensors=None):
    """Let a torque drive the simulated arm through `Safe`; positions, speeds, the layer."""
    safe = Safe(Asks(arm.dof, torque), arm, limits)
    q, dq = np.empty((2, cycles, arm.dof))
    rng = np.random.default_rng(0)
    with Bullet(arm, home_posture(arm), [Payload(load)], sensors=sensors, rng=rng) as robot:
        for cycle in range(cycles):
            tau = safe.step(robot.read(), REFERENCE).tau
            assert np.isfinite(tau).all()
            assert (np.abs(tau) <= arm.tau_max).all()
            robot.apply(tau)
            q[cycle], dq[cycle] = robot.state()
    return q, dq, safe


@pytest.mark.parametrize("adversary", ["up", "down", "huge", "bang", "swing", "chatter", "random"])
@pytest.mark.parametrize("name", LOADS)
def test_an_arm_stays_within_its_limits_whatever_is_asked(name, adversary):
    """Positions keep the margin to 1 mrad, and speeds their limit to 2 %."""
    arm = arms.load(name)
    q, dq, safe = driven(arm, adversaries(arm)[adversary])
    margin = safe.limits.margin - 1e-3
    assert (q > arm.q_lower + margin).all()
    assert (q < arm.q_upper - margin).all()
    assert (np.abs(dq) < 1.02 * arm.dq_max).all()
    assert safe.stopped is None


@pytest.mark.parametrize("adversary", ["up", "down", "huge", "bang", "swing", "chatter", "random"])
@pytest.mark.parametrize("name", LOADS)
def test_a_payload_that_the_model_does_not_know_does_not_break_the_limits(name, adversary):
    """Positions stay within the limits themselves: that is what the margin is for.

    Speeds stay below 1.1 times the limit, also on the UR5, whose last joint has 20 times its
    inertia: the load is found from the first milliseconds of motion.
    """
    arm = arms.load(name)
    q, dq, _ = driven(arm, adversaries(arm)[adversary], LOADS[name])
    assert (np.abs(dq) < 1.1 * arm.dq_max).all()
    assert (q > arm.q_lower).all()
    assert (q < arm.q_upper).all()


@pytest.mark.parametrize("adversary", ["up", "down", "bang", "swing"])
@pytest.mark.parametrize("name", ["ur5", "kuka_iiwa"])
def test_a_joint_over_its_speed_is_braked_whatever_is_asked(name, adversary):
    """With 2 kg that the model does not know a wrist may be: then no torque speeds it up.

    By the model, the load that was found and what the observer saw; that is all that the layer
    knows: its factor of M, and its torque that holds the arm.
    """
    arm, over = arms.load(name), 0
    safe = Safe(Asks(arm.dof, adversaries(arm)[adversary]), arm)
    with Bullet(arm, home_posture(arm), [Payload(2.0)]) as robot:
        for _ in range(1000):
            state = robot.read()
            tau = safe.step(state, REFERENCE).tau
            robot.apply(tau)
            fast = np.abs(state.dq) > arm.dq_max
            if fast.any():
                over += 1
                L = np.tril(safe._guard["factor"])
                ddq = np.linalg.solve(L @ L.T, tau - safe._guard["hold"])
                assert (ddq * np.sign(state.dq) < 0)[fast].all()
    assert over > 0


def test_noisy_and_late_sensors_do_not_break_the_limits(iiwa):
    """With 1e-4 rad, 3e-3 rad/s and 2 ms positions stay within the limits."""
    sensors = Sensors(position_noise=1e-4, velocity_noise=3e-3, delay=2e-3)
    q, _, _ = driven(iiwa, lambda state: iiwa.tau_max, sensors=sensors)
    assert (q > iiwa.q_lower).all()
    assert (q < iiwa.q_upper).all()


def test_the_layer_is_what_keeps_the_limits(iiwa):
    """The same torques without it drive the arm to its stops."""
    with Bullet(iiwa, home_posture(iiwa)) as robot:
        for _ in range(1500):
            robot.apply(iiwa.tau_max)
        q, dq = robot.state()
    assert (q > iiwa.q_upper - 1e-3).any() or (np.abs(dq) > 2.0 * iiwa.dq_max).any()


def test_a_torque_within_limits_goes_out_to_the_last_bit(iiwa):
    """A reach with and without the layer: the same torques, and no event."""
    home = home_posture(iiwa)
    start = iiwa.pose(home)[:3, 3]
    path = MinimumJerk([start, start + np.array([0.1, 0.1, -0.1]), start], 0.6)
    sent = []
    for layered in (False, True):
        cycle = Blocks(iiwa, OperationalSpace(home, task_axes(iiwa)), NoAdaptation())
        safe = Safe(cycle, iiwa)
        with Bullet(iiwa, home, [Payload(2.0)]) as robot:
            taus = []
            for _ in range(1200):
                state = robot.read()
                reference = path.at(state.time)
                taus.append((safe if layered else cycle).step(state, reference).tau)
                robot.apply(taus[-1])
        sent.append(np.array(taus))
    np.testing.assert_array_equal(*sent)
    assert not any(safe.events.values())


ANYTHING = st.floats(allow_nan=True, allow_infinity=True)
VECTOR = st.lists(ANYTHING, min_size=2, max_size=2).map(np.array)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(ANYTHING, VECTOR, VECTOR, VECTOR), min_size=1, max_size=12))
def test_whatever_is_asked_and_sensed_the_torque_is_finite_and_within_limits(cycles):
    """NaN, infinity, 1e308, times that jump: every torque that leaves is one for the motors."""
    arm = PLANAR
    asked = iter([tau for _, _, _, tau in cycles])
    safe = Safe(Asks(2, lambda state: next(asked)), arm, PLANAR_LIMITS)
    for time, q, dq, _ in cycles:
        tau = safe.step(State(time, q, dq), REFERENCE).tau
        assert np.isfinite(tau).all()
        assert (np.abs(tau) <= arm.tau_max).all()


PLANAR = arms.load("planar2")
PLANAR_LIMITS = Limits.of(PLANAR)


def test_limits_do_not_throw_an_observer_that_is_near_its_edge():
    """5 ms late, at 100 1/s, it rings, and limits act; not told, it would be 190 mm off."""
    scene = reaching_scene(ReachSettings(passes=2))
    log = Log(scene.cycles)
    with (
        open_cycle(scene, "observer") as safe,
        Bullet(scene.arm, scene.home, scene.disturbances, sensors=Sensors(delay=5e-3)) as robot,
    ):
        follow(robot, safe, scene.path, range(scene.cycles), log)
    assert safe.events["velocity"] > 0
    assert np.sqrt(np.mean(log.error()[6000:] ** 2)) < 0.01  # [m]


def test_a_state_of_the_wrong_shape_is_refused(iiwa):
    """The error names what it is, its shape and the one that is needed."""
    safe = Safe(Asks(7, lambda state: np.zeros(7)), iiwa)
    with pytest.raises(SimulationError, match=r"q has shape \(6,\), needs \(7,\)"):
        safe.step(State(0.0, np.zeros(6), np.zeros(7)), REFERENCE)


@pytest.mark.parametrize("d", [-0.1, 0.0, 0.003, 0.0039, 0.0041, 0.1, 2.0])
def test_the_allowed_speed_has_the_slope_that_it_says(d):
    """Central differences; and from far away a constant deceleration of at most a suffices."""
    a, k, step = 10.0, 50.0, 1e-7
    v, slope = allowed(d, a, k)
    numeric = (allowed(d + step, a, k)[0] - allowed(d - step, a, k)[0]) / (2 * step)
    assert slope == pytest.approx(numeric, rel=1e-5)
    assert slope * v <= a * (1 + 1e-12)


def test_the_motors_can_brake_as_the_limits_say(iiwa, rng):
    """In any direction of every joint, at random states, without a motor at its limit."""
    limits = Limits.of(iiwa)
    for _ in range(300):
        q = rng.uniform(iiwa.q_lower, iiwa.q_upper)
        dq = rng.uniform(-1, 1, 7) * iiwa.dq_max
        ddq = rng.choice([-1.0, 1.0], 7) * limits.braking
        assert (np.abs(iiwa.inverse_dynamics(q, dq, ddq)) < iiwa.tau_max).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dq_max": np.zeros(2)}, "Limits.dq_max.*needs numbers above 0"),
        ({"tau_max": np.ones(3)}, "Limits.tau_max"),
        ({"margin": -1.0}, "Limits.margin: is -1.0"),
        ({"margin": 4.0}, "leaves no room"),
        ({"rate": math.nan}, "Limits.rate: is nan"),
        ({"lower": (1.0, 0.0, 0.0), "upper": (0.0, 1.0, 1.0)}, "Limits.lower"),
    ],
)
def test_limits_that_make_no_sense_are_refused(changes, message):
    """The error names the field and its value."""
    with pytest.raises(ConfigurationError, match=message):
        Limits.of(PLANAR, **changes)


def test_a_law_of_another_period_is_refused(iiwa):
    """A force law integrates over its own dt, which has to be the cycle's."""
    cycle = CompiledController(iiwa, HybridForce(np.zeros(7), dt=2e-3))
    with pytest.raises(ConfigurationError, match="its cycle's HybridForce"):
        Safe(cycle, iiwa)
    assert Safe(cycle, iiwa, dt=2e-3).dof == 7


def test_the_guard_s_kernels_allocate_nothing():
    """So that a C library can hold them: their machine code calls no allocator and no reshape."""

    @numba.njit
    def allocating(n):
        return np.ones((n, 2)).T.copy().reshape(2 * n)[n] > 0.5

    seen, _ = kernel_object(allocating, (numba.int64,), "entry")
    assert all(word in seen for word in ALLOCATION)  # so would they be in a kernel's
    check_no_allocation(
        parts.protect_alone, parts.keep_limits, parts.credible, parts.find_load, parts.carry_load,
        parts.remember_load, parts.recall_load,
        parts.predict, parts.judge_state,
    )  # fmt: skip


@pytest.mark.parametrize("late", [3, 4])
@pytest.mark.parametrize("name", ["kuka_iiwa", "panda"])
def test_sensors_some_cycles_late_do_not_throw_a_bare_arm(name, late):
    """Undeclared, and driven into its limits: 57 times a speed limit if nothing allows for it."""
    arm, sensors = arms.load(name), Sensors(delay=1e-3 * late)
    _, dq, safe = driven(arm, adversaries(arm)["swing"], cycles=800, sensors=sensors)
    assert (np.abs(dq) < 1.5 * arm.dq_max).all()
    load, lacks = safe._guard._keeps[-1], safe._guard["late"]
    assert load["late"] == pytest.approx(late, abs=0.5)
    s, f = int(load["late"]), load["late"] % 1.0  # r by the torques of that many cycles before
    given = load["givens"]
    np.testing.assert_allclose(lacks, given[0] - (1 - f) * given[s] - f * given[s + 1], atol=1e-12)
    assert np.abs(lacks).max() > 0.0
