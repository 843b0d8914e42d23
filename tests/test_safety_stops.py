"""Controlled stops, and what a cycle may learn from around them."""

from contextlib import contextmanager

import numpy as np
import pytest
from test_safety import PLANAR, PLANAR_LIMITS, REFERENCE, Asks

import arms
from nengo_forcectl.adaptation import DisturbanceObserver, NoAdaptation
from nengo_forcectl.contract import Cycle, Reference, State, fused
from nengo_forcectl.control import Admittance, HybridForce, OperationalSpace
from nengo_forcectl.cycle.blocks import Blocks
from nengo_forcectl.cycle.compiled import CompiledController
from nengo_forcectl.cycle.consolidating_learner import consolidating_cycle
from nengo_forcectl.estimation.predictor import Predictor
from nengo_forcectl.networks.workspace import home_posture, task_axes
from nengo_forcectl.paths import MinimumJerk
from nengo_forcectl.safety.guard import Safe
from nengo_forcectl.safety.limits import Limits
from nengo_forcectl.sim.bullet import Bullet
from nengo_forcectl.sim.masses import Payload


def planar_gravity(state):
    return PLANAR.gravity(state.q)


@pytest.mark.parametrize("most", [np.inf, 30.0])
def test_a_wanted_wrench_of_another_size_stops_with_its_shape(most):
    """With and without a limit of force; no error leaves the loop without a torque."""
    home = home_posture(PLANAR)
    law = CompiledController(PLANAR, OperationalSpace(home, task_axes(PLANAR)))
    safe = Safe(law, PLANAR, Limits.of(PLANAR, force=(most, most)))
    reference = Reference(PLANAR.pose(home)[:3, 3], np.zeros(3), np.zeros(3), wrench=np.zeros(4))
    result = safe.step(State(0.0, home, np.zeros(2), wrench=np.zeros(6)), reference)
    assert np.isfinite(result.tau).all()
    assert "reference.wrench" in safe.stopped
    assert "of shape (4,)" in safe.stopped


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_torque_that_is_not_finite_stops_the_arm_until_reset(bad):
    """The arm comes to rest and is held, the reason is kept, and reset asks the cycle again."""
    arm, spoilt = PLANAR, [False]
    home = home_posture(arm)
    push = np.array([20.0, 0.0])

    def torque(state):
        return np.array([bad, 0.0]) if spoilt[0] else arm.gravity(state.q) + push

    safe = Safe(Asks(2, torque), arm, PLANAR_LIMITS)
    with Bullet(arm, home, [Payload(0.5)]) as robot:
        for cycle in range(900):
            spoilt[0] = cycle == 100
            robot.apply(safe.step(robot.read(), REFERENCE).tau)
            if cycle == 99:
                assert np.abs(robot.state()[1]).max() > 0.5
        assert "not finite" in safe.stopped
        assert safe.events["stop"] == 1
        assert np.abs(robot.state()[1]).max() < 1e-2
        safe.reset()
        for _ in range(50):
            robot.apply(safe.step(robot.read(), REFERENCE).tau)
        assert np.abs(robot.state()[1]).max() > 0.1


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize(
    "law",
    [
        lambda home: HybridForce(home, (0, 1, 2)),
        lambda home: Admittance(OperationalSpace(home), rows=(0, 1, 2)),
    ],
    ids=["hybrid", "admittance"],
)
def test_a_reset_begins_a_new_motion_without_the_last_one_s_force(fused, law):
    """After two seconds against nothing an integral is full; what is asked for is then as at the
    beginning."""
    arm = arms.load("kuka_iiwa")
    home = home_posture(arm)
    pose, nothing = arm.pose(home), np.zeros(6)
    law, rest = law(home), np.zeros(3)
    cycle = CompiledController(arm, law) if fused else Blocks(arm, law, NoAdaptation())
    safe = Safe(cycle, arm)
    reference = Reference(pose[:3, 3], rest, rest, wrench=np.array([0.0, 0.0, -20.0, 0, 0, 0]))

    def state(k):
        return State(1e-3 * k, home + 1e-9 * k, np.zeros(7), wrench=nothing)

    first = cycle.step(state(0), reference).tau
    for k in range(1, 2000):
        safe.step(state(k), reference)
    assert np.abs(cycle.step(state(0), reference).tau - first).max() > 5.0
    safe.reset()
    np.testing.assert_allclose(cycle.step(state(0), reference).tau, first, atol=1e-9)


def test_a_first_state_that_is_not_finite_leaves_no_trace():
    """The torque is 0, since nothing is known. At good states the arm is then held, and after a
    reset the limits act; a checkpoint has no NaN."""
    arm, q, dq = PLANAR, np.array([0.4, 0.8]), np.zeros(2)
    safe = Safe(Asks(2, lambda state: np.full(2, 1e3)), arm, PLANAR_LIMITS)
    assert not safe.step(State(0.0, np.full(2, np.nan), dq), REFERENCE).tau.any()
    held = safe.step(State(0.001, q, dq), REFERENCE).tau
    np.testing.assert_allclose(held, arm.gravity(q), atol=1e-9)
    safe.reset()
    for k in range(2, 200):
        tau = safe.step(State(1e-3 * k, q, dq), REFERENCE).tau
        dq = dq + 1e-3 * arm.forward_dynamics(q, dq, tau)
        q = q + 1e-3 * dq
        assert (np.abs(dq) < 1.05 * PLANAR_LIMITS.dq_max).all()
    assert safe.events["velocity"]
    for name, value in safe.checkpoint().items():
        assert not np.isnan(value).any(), name


def test_a_checkpoint_is_resumed_with_a_clock_that_begins_anew():
    """As that of a new process, or of a robot that was switched off: it is no clock that sticks."""
    first, second = (Safe(Asks(2, planar_gravity), PLANAR, PLANAR_LIMITS) for _ in range(2))
    q, dq = np.array([0.4, 0.8]), np.zeros(2)
    for k in range(20):
        first.step(State(5.0 + 1e-3 * k, q, dq), REFERENCE)
    second.resume(first.checkpoint())
    for k in range(20):
        second.step(State(1e-3 * k, q, dq), REFERENCE)
        assert second.stopped is None, k


def test_a_stop_by_the_model_begins_from_a_checkpoint():
    """A guard that resumes and then gets no state brakes as the one that saved."""
    first, second = (Safe(Asks(2, planar_gravity), PLANAR, PLANAR_LIMITS) for _ in range(2))
    dq = np.array([0.5, -0.5])
    for k in range(20):
        first.step(State(1e-3 * k, np.array([0.4, 0.8]) + 1e-3 * k * dq, dq), REFERENCE)
    second.resume(first.checkpoint())
    for k in range(20, 60):
        blind = State(1e-3 * k, np.full(2, np.nan), dq)
        torques = [safe.step(blind, REFERENCE).tau for safe in (first, second)]
        np.testing.assert_allclose(*torques, atol=1e-9)


def test_no_new_state_is_a_stop_within_the_watchdog():
    """The same State for three cycles after its own: it says so, and brakes by the model.

    At rest it is held against gravity where the model says that it is.
    """
    arm, state = PLANAR, State(0.5, np.array([0.4, 0.8]), np.array([0.1, 0.0]))
    safe = Safe(Asks(2, lambda state: np.zeros(2)), arm, PLANAR_LIMITS)
    for cycle in range(4):
        assert safe.stopped is None, cycle
        tau = safe.step(state, REFERENCE).tau
    assert "no new state for 3 cycles" in safe.stopped
    assert tau[0] < arm.gravity(state.q)[0] - 1.0
    for _ in range(1000):
        tau = safe.step(state, REFERENCE).tau
    np.testing.assert_allclose(tau, arm.gravity(state.q + np.array([0.0026, 0.0])), atol=0.01)


def test_a_frozen_sensor_is_a_stop_when_patience_ends():
    """The same bits with a velocity, at new times, for more than ``patience`` cycles."""
    arm, q, dq = PLANAR, np.array([0.4, 0.8]), np.array([0.1, 0.0])
    safe = Safe(Asks(2, lambda state: arm.gravity(q)), arm, PLANAR_LIMITS)
    for cycle in range(1, 40):
        safe.step(State(1e-3 * cycle, q, dq), REFERENCE)
        assert (safe.stopped is not None) == (cycle > safe.limits.patience + 1)
    assert "same state for 21 cycles" in safe.stopped


@contextmanager
def stopped_cycles(arm, home):
    """Observers and learners that a stop leaves without knowing what was sent."""
    with consolidating_cycle(arm, home, seed=0, neurons=50) as learner:
        yield (
            learner,
            Safe(Blocks(arm, learner.cycle.controller, DisturbanceObserver(arm, 100.0, 1e-3)), arm),
        )


def test_after_a_stop_no_observer_takes_it_for_one_cycle():
    """Stopped in full motion and reset after a second at rest, it asks for what gravity does."""
    arm = arms.load("planar2")
    home = home_posture(arm)
    here = arm.pose(home)[:3, 3]
    with stopped_cycles(arm, home) as cycles:
        for safe in cycles:
            path = MinimumJerk([here, here + np.array([0.0, 0.3, 0.0])], 0.4)
            with Bullet(arm, home) as robot:
                for k in range(1300):
                    state = robot.read()
                    if k == 200:
                        assert np.abs(state.dq).max() > 0.5
                        safe.stop("told to")
                    robot.apply(safe.step(state, path.at(state.time)).tau)
                safe.reset()
                for _ in range(20):
                    state = robot.read()
                    still = Reference(arm.pose(state.q)[:3, 3], np.zeros(3), np.zeros(3))
                    tau = safe.step(state, still).tau
                    np.testing.assert_allclose(tau, arm.gravity(state.q), atol=2.0)
                    robot.apply(tau)


def test_nothing_is_learned_from_a_torque_that_was_changed():
    """The state after a cycle that met a limit is not sound for the cycle inside."""
    asks = Asks(2, lambda state: np.full(2, 1e3) if len(asks.states) == 2 else np.zeros(2))
    safe = Safe(asks, PLANAR, PLANAR_LIMITS)
    for cycle in range(4):
        safe.step(State(1e-3 * cycle, np.array([0.4, 0.8]), np.zeros(2)), REFERENCE)
    assert [state.sound for state in asks.states] == [True, True, False, True]
    assert safe.events == dict.fromkeys(safe.events, 0) | {"rate": 1}


def test_a_cycle_is_told_of_the_torque_that_was_sent_in_place_of_its_own():
    """Asked for all that the motors have, allowed half: predictor and observer know the half."""
    home, limits = home_posture(PLANAR), Limits.of(PLANAR, torque_margin=0.5)
    control = OperationalSpace(home, task_axes(PLANAR), kp=1e5)
    predictor = Predictor(PLANAR, 2e-3)
    observer = DisturbanceObserver(PLANAR, 100.0, 1e-3)
    safe = Safe(Blocks(PLANAR, control, observer, predictor), PLANAR, limits)
    still = Reference(PLANAR.pose(home)[:3, 3] + 1.0, np.zeros(3), np.zeros(3))
    sent = [safe.step(State(1e-3 * k, home, np.zeros(2)), still).tau for k in range(3)]
    assert safe.events["torque"] == 3
    np.testing.assert_array_equal(predictor.memory["predictor.sent"], sent[::-1])
    np.testing.assert_array_equal(observer._sent.value, sent[-1])


def test_nothing_is_learned_from_what_is_not_finite():
    """A reference or a wrench with NaN in it stops the arm; nothing of it stays after a reset."""
    arm = arms.load("planar2")
    home = home_posture(arm)
    here, zero = arm.pose(home)[:3, 3], np.zeros(3)
    good, bad = Reference(here, zero, zero), np.full(3, np.nan)
    with consolidating_cycle(arm, home, seed=0, neurons=50) as safe, Bullet(arm, home) as robot:
        for k in range(200):
            state, wanted = robot.read(), good
            if k in (50, 100):
                wanted = good._replace(x=bad) if k == 50 else good._replace(ddx=bad)
            if k == 150:
                state = state._replace(wrench=np.full(6, np.nan))
            tau = safe.step(state, wanted).tau
            assert (safe.stopped is not None) == (k in (50, 100, 150)), (k, safe.stopped)
            safe.reset()
            robot.apply(tau)
        assert all(np.isfinite(value).all() for value in safe.cycle.checkpoint().values())


def test_what_was_not_sent_or_not_held_is_not_learned_from():
    """After a stop and reset, a gap in time, a state that is the last one although it moves."""
    arm = arms.load("planar2")
    cycle = Asks(arm.dof, lambda state: arm.gravity(state.q))
    safe = Safe(cycle, arm)
    q, dq = np.array([0.4, 0.8]), np.array([0.1, 0.0])

    def learns(*times, moved=1e-4):
        for time in times:
            safe.step(State(time, q + moved * time, dq), REFERENCE)
        return cycle.states[-1].sound

    assert learns(0.0, 0.001)
    safe.stop("by hand")
    safe.reset()
    assert not learns(0.002)
    assert learns(0.003)
    assert not learns(0.05)
    assert learns(0.051)
    assert not learns(0.052, 0.053, 0.054, moved=0.0)  # a cycle after it is seen


@pytest.mark.parametrize("size", [1.5e308, 1e150])
def test_a_force_that_no_sum_can_hold_is_no_torque(iiwa, size):
    """Finite, yet too large to be one: the arm is stopped and held, and the force is named."""
    home = np.array([0.0, 0.5, 0.0, -1.2, 0.0, 0.6, 0.0])
    safe = Safe(CompiledController(iiwa, HybridForce(home)), iiwa)
    pose, still = iiwa.pose(home), np.zeros(3)
    reference = Reference(pose[:3, 3], still, still, pose[:3, :3], wrench=np.full(6, size))
    result = safe.step(State(0.0, home, np.zeros(7), wrench=np.full(6, size)), reference)
    assert str(safe.stopped).startswith("state.wrench at 0.000 s: is [")
    np.testing.assert_allclose(result.tau, iiwa.gravity(home), atol=1e-9)


def test_states_at_another_period_are_counted_and_said(recwarn):
    """Every 1.6 ms for a cycle of 1 ms, or a clock in ms: nothing can be learned, and once it is
    said; a single gap is an event alone."""
    for period, events in ((1.6e-3, 149), (1.0, 149), (1e-3, 0)):
        cycle = Asks(2, lambda state: PLANAR.gravity(state.q))
        safe = Safe(cycle, PLANAR, PLANAR_LIMITS)
        for k in range(150):
            safe.step(State(period * k, np.array([0.4, 0.8]) + 1e-9 * k, np.zeros(2)), REFERENCE)
        assert safe.events["gap"] == events
        assert sum(state.sound for state in cycle.states[1:]) == 149 - events
        said = [str(warning.message) for warning in recwarn.list]
        assert len(said) == (events > 0)
        assert not said or f"came {1e3 * period:.4g} ms after the last" in said[0]
        recwarn.clear()


def test_a_joint_far_beyond_its_limits_is_not_believed():
    """Degrees for radians: the first state is a stop, with the joint, and no torque of a limit."""
    safe = Safe(CompiledController(PLANAR, OperationalSpace([0.4, 0.8])), PLANAR)
    low, high = safe.limits.q_lower[1] - 0.5, safe.limits.q_upper[1] + 0.5
    tau = safe.step(State(0.0, np.degrees([0.01, 0.8]), np.zeros(2)), REFERENCE).tau
    assert f"q[1] is 45.84, credible from {low:.4g} to {high:.4g}" in str(safe.stopped)
    assert np.abs(tau).max() <= np.abs(PLANAR.gravity([0.0, 0.0])).max() + 1e-9


@pytest.mark.parametrize("fused", [True, False])
def test_a_law_in_a_new_cycle_begins_anew(fused):
    """What an admittance gave way to in one cycle is not in the next."""
    arm = arms.load("planar2")
    law = Admittance(OperationalSpace(home_posture(arm), (0, 1)), rows=(0, 1))

    def cycle():
        return CompiledController(arm, law) if fused else Blocks(arm, law, NoAdaptation())

    first = cycle()
    first.controller.memory["Admittance.moving"][:] = 0.1
    assert not any(memory.any() for memory in cycle().controller.memory.values())


@fused
class Declines(Asks, Cycle):
    """A cycle that says that it can be guarded in one call, and then cannot."""


def test_a_cycle_that_declines_the_one_call_counts_a_gap_once():
    """The cycle and the guard are called one after the other; it is one state all the same."""
    cycle = Declines(2, lambda state: PLANAR.gravity(state.q))
    cycle.arm = PLANAR
    safe = Safe(cycle, PLANAR, PLANAR_LIMITS)
    for time in (0.0, 1e-3, 5e-3, 6e-3):
        safe.step(State(time, np.array([0.4, 0.8]) + 1e-9 * time, np.zeros(2)), REFERENCE)
    assert safe.events["gap"] == 1
    assert [state.sound for state in cycle.states] == [True, True, False, True]


def test_a_stop_inside_is_a_stop_outside_until_reset():
    """Limits within limits: the outer ones take over, name the reason, and reset both."""
    inner = Safe(Asks(2, lambda state: PLANAR.gravity(state.q)), PLANAR, PLANAR_LIMITS)
    outer = Safe(inner, PLANAR, PLANAR_LIMITS)
    q, dq = np.array([0.4, 0.8]), np.zeros(2)
    outer.step(State(0.0, q, dq), REFERENCE)
    inner.stop("told to")
    tau = outer.step(State(1e-3, q, dq), REFERENCE).tau
    assert (outer.stopped, inner.stopped) == ("told to", "told to")
    np.testing.assert_allclose(tau, PLANAR.gravity(q), atol=1e-9)
    outer.reset()
    assert (outer.stopped, inner.stopped) == (None, None)
    outer.step(State(2e-3, q, dq), REFERENCE)
    assert outer.stopped is None
