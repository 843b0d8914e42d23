import numpy as np
import pytest

from nengo_forcectl.exceptions import SimulationError
from nengo_forcectl.robot import State, checked_state, checked_torque


@pytest.mark.parametrize(
    ("q", "dq", "message"),
    [
        ([0.0, np.nan], [0.0, 0.0], r"q\[1\] is nan"),
        ([0.0, 0.0], [np.inf, 0.0], r"dq\[0\] is inf"),
        ([np.inf, -np.inf], [0.0, 0.0], r"q\[0\] is inf"),
        ([0.0], [0.0, 0.0], r"q has shape \(1,\), needs \(2,\)"),
        ([0.0, 0.0], [0.0, 0.0, 0.0], r"dq has shape \(3,\), needs \(2,\)"),
    ],
)
def test_a_state_that_no_controller_can_act_on_is_refused(q, dq, message):
    """NaN, infinity or a wrong shape from the sensors is an error that says where."""
    with pytest.raises(SimulationError, match=message):
        checked_state(State(0.5, np.array(q), np.array(dq)), 2)


def test_a_good_state_passes():
    """A finite state of the right shape comes back as it is."""
    state = State(0.5, np.ones(2), np.zeros(2))
    assert checked_state(state, 2) is state


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_torque_that_is_not_finite_is_refused(bad):
    """The error names the joint and the value."""
    with pytest.raises(SimulationError, match=f"joint 1 is {bad}"):
        checked_torque(np.array([0.0, bad]), 0.1)
