"""The call styles of other adaptive-control code."""

import numpy as np
import pytest

import arms
from nengo_forcectl.adaptation import NoAdaptation
from nengo_forcectl.contract import Reference, State
from nengo_forcectl.control import Admittance, Impedance, JointPD, OperationalSpace
from nengo_forcectl.cycle.blocks import Blocks
from nengo_forcectl.cycle.compiled import CompiledController
from nengo_forcectl.errors import ConfigurationError, NetworkError, SimulationError
from nengo_forcectl.robots.generate import GenerateAdaptation, GenerateControl
from nengo_forcectl.safety.guard import Safe

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


def test_a_law_of_the_joints_has_a_target_of_the_joints(iiwa):
    """One number a joint, without being told; other sizes are named, and no torque comes."""
    law = JointPD(kp=100.0, kv=20.0)
    control = GenerateControl(Blocks(iiwa, law, NoAdaptation()))
    tau = control.generate(Q, np.zeros(7), Q + 0.01)
    reference = Reference(Q + 0.01, np.zeros(7), np.zeros(7))
    plain = Blocks(iiwa, law, NoAdaptation()).step(State(0.0, Q, np.zeros(7)), reference)
    np.testing.assert_array_equal(tau, plain.tau)
    with pytest.raises(SimulationError, match=r"^target: has shape \(6,\), needs \(7,\)"):
        control.generate(Q, np.zeros(7), Q[:6])
    with pytest.raises(SimulationError, match=r"^target_velocity: has shape \(3,\), needs \(7,\)"):
        control.generate(Q, np.zeros(7), Q, np.zeros(3))


def test_a_target_of_the_tool_that_is_none_is_refused(iiwa):
    """The joints' seven numbers are no place of the tool."""
    control = GenerateControl(Blocks(iiwa, OperationalSpace(Q), NoAdaptation()))
    for wrong in (Q, Q[:2], 0.1, [Q[:3]]):
        with pytest.raises(SimulationError, match=r"^target: .* needs \(3,\) or \(6,\)"):
            control.generate(Q, np.zeros(7), wrong)
    with pytest.raises(ConfigurationError, match=r"size: is 7, OperationalSpace needs .* of 3"):
        GenerateControl(control.cycle, size=7)


def test_a_law_that_a_target_is_not_enough_for_is_refused(iiwa):
    """One that turns the tool, and one that feels; the message names the law and what it needs."""
    full = OperationalSpace(Q, rows=(0, 1, 2, 3, 4, 5))
    for law, needs in (
        (full, "OperationalSpace needs a reference with an orientation"),
        (Admittance(OperationalSpace(Q)), "Admittance needs a measured wrench"),
        (Impedance(Q, inertia=2.0), "Impedance needs a measured wrench"),
    ):
        with pytest.raises(ConfigurationError, match=needs):
            GenerateControl(Blocks(iiwa, law, NoAdaptation()))


def test_a_second_one_begins_anew(iiwa):
    """Its time starts at 0 again, and the cycle in its `Safe` is asked for torques, as ever."""
    safe = Safe(Blocks(iiwa, OperationalSpace(Q), NoAdaptation()), iiwa)
    target = iiwa.pose(Q)[:3, 3] + 0.01
    first, second = (
        [control.generate(Q, np.zeros(7), target) for _ in range(5)]
        for control in (GenerateControl(safe) for _ in range(2))
    )
    assert safe.stopped is None
    np.testing.assert_array_equal(first, second)


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


def test_calls_go_on_by_the_cycle_s_own_period():
    """Of 2 ms, if it is made for that; another one is refused."""
    arm = arms.load("planar2")
    safe = Safe(CompiledController(arm, JointPD(kp=20.0, kv=2.0)), arm, dt=2e-3)
    assert GenerateControl(safe).dt == 2e-3
    with pytest.raises(ConfigurationError, match=r"dt: is 0.001 s, needs its cycle's, 0.002 s"):
        GenerateControl(safe, dt=1e-3)
