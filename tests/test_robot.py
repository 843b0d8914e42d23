import numpy as np
import pytest

from nengo_forcectl.exceptions import SimulationError
from nengo_forcectl.robot import SensorCheck, State, checked_torque


def states(count, dt=1e-3):
    return [State(k * dt, np.full(2, 0.1 * k), np.full(2, 0.5 + k)) for k in range(count)]


@pytest.mark.parametrize(
    ("q", "dq", "message"),
    [
        ([0.0, np.nan], [0.0, 0.0], r"q\[1\] is nan"),
        ([0.0, 0.0], [np.inf, 0.0], r"dq\[0\] is inf"),
        ([np.inf, -np.inf], [0.0, 0.0], r"q\[0\] is inf"),
        ([0.0], [0.0, 0.0], r"shapes \(1,\) and \(2,\), need \(2,\)"),
        ([0.0, 0.0], [0.0, 0.0, 0.0], r"shapes \(2,\) and \(3,\), need \(2,\)"),
    ],
)
def test_a_first_state_that_no_controller_can_act_on_is_refused(q, dq, message):
    """NaN, infinity or a wrong shape from the sensors is an error that says where."""
    with pytest.raises(SimulationError, match=message):
        SensorCheck(2)(State(0.5, np.array(q), np.array(dq)))


def test_good_states_pass():
    """Finite states at even intervals come back as they are, and count as nothing."""
    check = SensorCheck(2, 1e-3)
    for state in states(5):
        assert check(state) is state
        assert check.event == 0
    assert not any(check.events.values())


def test_the_last_good_state_stands_in_for_a_bad_one_for_a_while():
    """Its q and dq, at the present time, not sound; after ``patience`` cycles an error."""
    check, (good, *later) = SensorCheck(2, 1e-3, patience=3), states(5)
    check(good)
    for state in later[:3]:
        got = check(state._replace(dq=np.array([0.0, np.nan])))
        np.testing.assert_array_equal(got.q, good.q)
        assert (got.time, got.sound, check.event) == (state.time, False, 1)
    with pytest.raises(SimulationError, match=r"dq\[1\] is nan, .* 4 such states"):
        check(later[3]._replace(dq=np.array([0.0, np.nan])))
    assert check.events["not finite"] == 4


def test_a_frozen_sensor_and_a_jump_in_time_are_not_sound():
    """They are handed on, are counted, and the next good state is sound again."""
    check, (one, two, three, *_) = SensorCheck(2), states(5)
    assert check(one).sound
    assert check(two).sound
    frozen = check(two._replace(time=three.time))
    assert (frozen.sound, check.event) == (False, 2)
    jumped = check(State(0.009, np.ones(2), np.ones(2)))
    assert (jumped.sound, check.event) == (False, 3)
    assert check(State(0.010, 2 * np.ones(2), np.ones(2))).sound
    assert check.events == {"not finite": 0, "frozen": 1, "time": 1}


def test_an_arm_at_rest_is_not_frozen():
    """The same position twice, without a velocity, is nothing unusual."""
    check, rest = SensorCheck(2, 1e-3), State(0.0, np.ones(2), np.zeros(2))
    check(rest)
    assert check(rest._replace(time=1e-3)).sound


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_torque_that_is_not_finite_is_refused(bad):
    """The error names the joint and the value."""
    with pytest.raises(SimulationError, match=f"joint 1 is {bad}"):
        checked_torque(np.array([0.0, bad]), 0.1)
