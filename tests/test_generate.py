"""The call styles of other adaptive-control code."""

import numpy as np
import pytest

from nengo_forcectl.adaptation import NoAdaptation
from nengo_forcectl.control import OperationalSpace
from nengo_forcectl.control.safety import Safe
from nengo_forcectl.cycle import Blocks
from nengo_forcectl.exceptions import NetworkError
from nengo_forcectl.generate import GenerateAdaptation, GenerateControl
from nengo_forcectl.paths import Reference
from nengo_forcectl.robot import State

Q = np.array([0.1, 0.5, -0.1, -1.2, 0.2, 0.6, 0.3])


def test_generate_is_a_step_of_the_cycle(iiwa):
    """The torque for a pose of six numbers is that of its position; time goes on by dt."""
    cycle = Safe(Blocks(iiwa, OperationalSpace(Q), NoAdaptation()), iiwa)
    x = iiwa.pose(Q)[:3, 3] + 0.01
    control = GenerateControl(cycle)
    for call in range(3):
        tau = control.generate(q=list(Q), dq=[0.0] * 7, target=[*x, 0.0, 0.0, 0.0])
        state = State(1e-3 * call, Q, np.zeros(7))
        plain = Blocks(iiwa, OperationalSpace(Q), NoAdaptation())
        reference = Reference(x, np.zeros(3), np.zeros(3))
        np.testing.assert_array_equal(tau, plain.step(state, reference).tau)
    assert cycle.stopped is None


class Learner:
    def __init__(self):
        self.w = np.zeros((2, 3))

    def forward(self, x):
        return self.w @ x

    def step(self, x, signal):
        F = self.forward(x)
        self.w = self.w + 0.1 * np.outer(signal.error, x)
        return F


def test_adaptation_learns_along_the_training_signal():
    """The output moves in its direction, and the caller's lists stay as they are."""
    adaptation, x, error = GenerateAdaptation(Learner()), [0.5, -0.2, 0.1], [1.0, -2.0]
    outputs = [adaptation.generate(input_signal=x, training_signal=error) for _ in range(3)]
    np.testing.assert_array_equal(outputs[0], 0.0)
    assert (np.diff(outputs, axis=0) * error > 0).all()
    assert (x, error) == ([0.5, -0.2, 0.1], [1.0, -2.0])


def test_nothing_is_learned_from_nan():
    """The error names the signal."""
    adaptation = GenerateAdaptation(Learner())
    with pytest.raises(NetworkError, match="training_signal"):
        adaptation.generate([0.0] * 3, [np.nan, 0.0])
    np.testing.assert_array_equal(adaptation.network.w, 0.0)
