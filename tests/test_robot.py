import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from test_safety import PLANAR, PLANAR_LIMITS

import arms
from nengo_forcectl.contract import Cycle, Result, State
from nengo_forcectl.errors import SimulationError
from nengo_forcectl.kernels.layout.arm_fields import NOT_FINITE
from nengo_forcectl.kernels.parts import share_torque
from nengo_forcectl.safety.guard import NOWHERE, Safe
from nengo_forcectl.safety.sensors import SensorCheck
from nengo_forcectl.support.torques import checked_torque


class Resting(Cycle):
    """A cycle that asks for no torque."""

    dof = 2

    def step(self, state, reference):
        return Result(np.zeros(2), 0.0, np.zeros(3))


@pytest.mark.parametrize(
    ("q", "dq", "message"),
    [
        ([0.0, np.nan], [0.0, 0.0], r"q\[1\] is nan"),
        ([0.0, 0.0], [np.inf, 0.0], r"dq\[0\] is inf"),
        ([np.inf, -np.inf], [0.0, 0.0], r"q\[0\] is inf"),
        ([0.0], [0.0, 0.0], r"q and dq have shapes \(1,\) and \(2,\), need \(2,\)"),
        ([0.0, 0.0], [0.0, 0.0, 0.0], r"q and dq have shapes \(2,\) and \(3,\), need \(2,\)"),
    ],
)
def test_a_state_that_no_controller_can_act_on_is_refused(q, dq, message):
    """NaN or infinity with no good state before it, or a wrong shape: the error says where."""
    with pytest.raises(SimulationError, match=message):
        SensorCheck(2)(State(0.5, np.array(q), np.array(dq)))


def test_a_good_state_passes():
    """A finite state of the right shape comes back as it is."""
    state = State(0.5, np.ones(2), np.zeros(2))
    check = SensorCheck(2)
    assert check(state) is state
    assert check.event == 0


def test_a_state_that_is_not_finite_is_replaced_for_as_long_as_patience_lasts():
    """The last good one stands in, at the present time, and is not sound; then it is an error."""
    check = SensorCheck(2, 1e-3, patience=3)
    good = check(State(0.0, np.array([0.1, 0.2]), np.array([0.3, 0.4])))
    for k in range(1, 4):
        state = check(State(1e-3 * k, np.array([0.1, np.nan]), good.dq))
        np.testing.assert_array_equal(state.q, good.q)
        assert state.time == 1e-3 * k
        assert not state.sound
        assert check.EVENTS[check.event] == "not finite"
    with pytest.raises(SimulationError, match=r"q\[1\] is nan.*4 such states in sequence"):
        check(State(4e-3, np.array([0.1, np.nan]), good.dq))
    assert check.events == {"not finite": 4, "frozen": 0, "time": 0, "tool": 0}


def test_patience_begins_anew_after_a_good_state():
    """Ten gaps of two cycles are ridden out with a patience of two."""
    check = SensorCheck(1, 1e-3, patience=2)
    for k in range(30):
        q = 0.1 * k if k % 3 == 0 else np.inf
        state = check(State(1e-3 * k, np.array([q]), np.ones(1)))
        assert state.q[0] == 0.1 * (k - k % 3)
        assert state.sound == (k % 3 == 0)


def test_a_frozen_sensor_is_not_learned_from_unless_the_arm_stands_still():
    """The same bits again are frozen while a velocity says that the arm moves."""
    for speed, event in ((1.0, "frozen"), (0.0, "sound")):
        check = SensorCheck(1, 1e-3)
        check(State(0.0, np.ones(1), np.full(1, speed)))
        state = check(State(1e-3, np.ones(1), np.full(1, speed)))
        assert check.EVENTS[check.event] == event
        assert state.sound == (event == "sound")


@pytest.mark.parametrize("dt", [1e-3, None])
def test_a_jump_in_time_is_not_learned_from(dt):
    """Two periods at once, or time that goes back, is an event; the cycle after it is sound."""
    check = SensorCheck(1, dt)
    events = []
    for k, time in enumerate([0.0, 1e-3, 2e-3, 4e-3, 5e-3, 4e-3, 5e-3]):
        state = check(State(time, np.full(1, 0.1 * k), np.ones(1)))
        events.append(check.event)
        assert state.sound == (check.event == 0)
    assert events == [0, 0, 0, 3, 0, 3, 0]
    assert check.events["time"] == 2


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_tool_that_is_not_seen_leaves_the_joints_sound(bad):
    """A position that is not finite becomes none, an event; the joints are learned from."""
    check, q = SensorCheck(2), np.zeros(2)
    state = check(State(0.0, q, q, tool=np.array([0.0, bad, 0.0])))
    assert state.tool is None
    assert state.sound
    assert check.EVENTS[check.event] == "tool"
    assert check.events["tool"] == 1
    seen = check(State(1e-3, q, q, tool=np.zeros(3)))
    assert seen.tool is not None
    assert check.event == 0
    broken = check(State(2e-3, np.full(2, np.nan), q, tool=np.ones(3)))
    np.testing.assert_array_equal(broken.tool, 1.0)  # the camera's word, not the last state's
    with pytest.raises(SimulationError, match=r"tool has shape \(2,\), needs \(3,\)"):
        check(State(3e-3, q, q, tool=np.zeros(2)))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_torque_that_is_not_finite_is_refused(bad):
    """The error names the joint and the value."""
    with pytest.raises(SimulationError, match=f"joint 1 is {bad}"):
        checked_torque(np.array([0.0, bad]), 0.1)


def test_a_wrench_that_is_not_finite_is_not_acted_on():
    """The last good state stands in for it; without one, or of a wrong shape, it is an error."""
    q, dq, wrench = np.ones(2), np.zeros(2), np.arange(6.0)
    bad = np.where(np.arange(6) == 4, np.nan, wrench)
    with pytest.raises(SimulationError, match=r"wrench\[4\] is nan"):
        SensorCheck(2)(State(0.5, q, dq, wrench=bad))
    with pytest.raises(SimulationError, match=r"wrench has shape \(3,\), needs \(6,\)"):
        SensorCheck(2)(State(0.5, q, dq, wrench=wrench[:3]))
    check = SensorCheck(2)
    assert check(State(0.0, q, dq, wrench=wrench)).sound
    state = check(State(1e-3, q, dq, wrench=bad))
    np.testing.assert_array_equal(state.wrench, wrench)
    assert not state.sound


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_a_number_too_large_to_be_squared_is_named():
    """It is finite, and no state to act on."""
    with pytest.raises(SimulationError, match=r"q\[1\] is 1e\+200, needs a number"):
        SensorCheck(2)(State(0.0, np.array([0.1, 1e200]), np.zeros(2)))


def test_a_time_that_is_no_number_is_not_sound():
    """Acted on, as after a jump, and not learned from."""
    check = SensorCheck(2, 1e-3)
    check(State(0.0, np.zeros(2), np.zeros(2)))
    assert not check(State(np.nan, np.full(2, 0.1), np.zeros(2))).sound
    assert check.events["time"] == 1


def test_a_state_that_swings_to_the_other_side_is_not_frozen():
    """-a and +a have one sum of squares; a frozen state has the same numbers."""
    check = SensorCheck(2, 1e-3)
    q, dq = np.array([0.3, -0.2]), np.array([1.0, -2.0])
    check(State(0.0, -q, dq))
    assert check(State(1e-3, q, -dq)).sound
    check(State(2e-3, q, -dq))
    assert check.EVENTS[check.event] == "frozen"


ODD = st.sampled_from([0.0, -0.0, 1e-7, 0.4, -0.4, 3.0, np.nan, np.inf, -np.inf, 1e99, 1e200])
VECTOR = st.lists(ODD, min_size=2, max_size=2).map(np.array)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(VECTOR, VECTOR, st.booleans()), min_size=2, max_size=8))
def test_the_check_and_the_guard_judge_states_by_one_rule(states):
    """What the guard believes the check does; of both the same states are frozen."""
    check, safe = SensorCheck(2, 1e-3, patience=100), Safe(Resting(), PLANAR, PLANAR_LIMITS)
    seen = [(np.array([0.4, 0.8]), np.zeros(2))]
    for q, dq, again in states:
        seen.append(seen[-1] if again else (q, dq))
    for k, (q, dq) in enumerate(seen):
        state = State(1e-3 * k, q, dq)
        check(state)
        safe.step(state, NOWHERE)
        believed = safe.stopped is None or not safe.stopped.startswith("state at")
        verdict = check.EVENTS[check.event]
        if believed:
            assert (verdict == "frozen") == (safe.remembered[1][-1] > 0)
            assert verdict != "not finite"
        elif verdict == "not finite":
            assert not (np.abs([q, dq]) < 1e100).all()
        if not believed:
            return


def test_the_share_of_a_torque_is_without_gravity_and_follows_a_step_in_time():
    """Each joint's share moves towards tau - g by 1 N m at most; with g added it is what acts."""
    arm, rng = arms.load("fr3"), np.random.default_rng(0)
    gravity, sent, whole = arm.kernel("g"), np.zeros(7), np.zeros(7)
    for k in range(50):
        q, tau, before = rng.normal(size=7), 20.0 * rng.normal(size=7), sent.copy()
        if k == 0:
            tau = arm.gravity(q)
        limited = share_torque.call(gravity.address, 7, q, tau, sent, whole, 1.0)
        wanted = tau - arm.gravity(q)
        np.testing.assert_array_equal(sent, np.clip(wanted, before - 1.0, before + 1.0))
        np.testing.assert_array_equal(whole, tau + (sent - wanted))
        assert bool(limited) == (k > 0)
    for bad in (np.nan, np.inf):
        for q, tau in ((np.zeros(7), np.full(7, bad)), (np.full(7, np.nan), np.zeros(7))):
            before = sent.copy()
            found = share_torque.call(gravity.address, 7, q, tau, sent, whole, 1.0)
            assert found == NOT_FINITE
            np.testing.assert_array_equal(sent, before)
