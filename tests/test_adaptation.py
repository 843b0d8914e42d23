import numpy as np
import pytest

from nengo_forcectl.adaptation import IntegralAction, KnownTorque, NetworkAdaptation, NoAdaptation
from nengo_forcectl.contract import Reference, State
from nengo_forcectl.control import OperationalSpace
from nengo_forcectl.control.task_space import task_inertia
from nengo_forcectl.errors import ConfigurationError

Q = np.array([0.1, 0.5, -0.1, -1.2, 0.2, 0.6, 0.3])
ERROR = np.arange(7.0)


def cycle(iiwa, dq=(0.0,) * 7, off=(0.0, 0.0, 0.0)):
    dq = np.asarray(dq)
    terms = iiwa.terms(Q, dq)
    reference = Reference(terms.pose[:3, 3] + off, np.zeros(3), np.zeros(3))
    command = OperationalSpace(Q).torque(terms, State(0.0, Q, dq), reference)._replace(error=ERROR)
    return terms, State(0.0, Q, dq), reference, command


def test_no_adaptation_adds_nothing(iiwa):
    """Without adaptation the controller's torque stays as it is."""
    assert NoAdaptation().torque(*cycle(iiwa)) == 0.0


def test_integral_action_is_the_integral_of_the_tools_error(iiwa):
    """After k cycles of a constant error e the torque is J^T Lambda ki k dt e."""
    off = np.array([0.01, -0.02, 0.005])
    integral = IntegralAction((0, 1, 2), ki=300.0, dt=1e-3)
    np.testing.assert_array_equal(integral.torque(*cycle(iiwa, off=off)), 0)
    for _ in range(9):
        integral.torque(*cycle(iiwa, off=off))
    terms = iiwa.terms(Q, np.zeros(7))
    J = terms.J[:3]
    expected = J.T @ task_inertia(J, terms.M) @ (300.0 * 10 * 1e-3 * off)
    np.testing.assert_allclose(integral.torque(*cycle(iiwa, off=off)), expected)


def test_integral_action_needs_a_gain_from_zero_up():
    """A negative gain, which would run away, is refused."""
    with pytest.raises(ConfigurationError, match=r"IntegralAction.ki: is -1 1/s\^3"):
        IntegralAction((0, 1, 2), ki=-1, dt=1e-3)


def test_a_known_torque_is_a_function_of_the_state(iiwa, rng):
    """What is known of the disturbance is added as it is."""
    dq = rng.normal(size=7)
    known = KnownTorque(lambda time, q, dq: 0.9 * dq)
    np.testing.assert_array_equal(known.torque(*cycle(iiwa, dq)), 0.9 * dq)


def test_the_network_sees_the_state_over_the_arms_limits(iiwa):
    """At the upper limits of position and speed the network's input is 1 in every component."""

    class Spy:
        def forward(self, x):
            return -x[:7]

        def step(self, x, signal):
            self.x, self.signal = x, signal
            return 2.0 * signal.error

    spy = Spy()
    adaptation = NetworkAdaptation(iiwa, spy)
    terms, _, reference, command = cycle(iiwa, off=(0.1, 0.2, 0.3))
    state = State(0.0, iiwa.q_upper, iiwa.dq_max)
    np.testing.assert_array_equal(adaptation.torque(terms, state, reference, command), 2 * ERROR)
    np.testing.assert_allclose(spy.x, 1.0)
    np.testing.assert_array_equal(spy.signal.error, ERROR)
    np.testing.assert_array_equal(spy.signal.mobility, command.mobility)
    np.testing.assert_array_equal(spy.signal.task_error, command.task_error)
    adaptation.torque(terms, State(0.0, iiwa.q_lower, -iiwa.dq_max), reference, command)
    np.testing.assert_allclose(spy.x, -1.0)
    adaptation.learning = False
    frozen = adaptation.torque(terms, state, reference, command)
    np.testing.assert_allclose(frozen, -1.0)
