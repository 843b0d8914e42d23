import numpy as np
import pytest

import arms
from nengo_forcectl.adaptation import SlotineLi
from nengo_forcectl.adaptation.slotine_li import typical_sizes
from nengo_forcectl.contract import Reference, State
from nengo_forcectl.control import OperationalSpace
from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.learning.gradient import Gradient

DT = 1e-3
KV = 28.0


def cycle(arm, rng, rows=(0, 1, 2)):
    """A control cycle at a random state, the tool off its reference in position and velocity."""
    q, dq = rng.uniform(-1, 1, arm.dof), rng.normal(size=arm.dof)
    terms = arm.terms(q, dq)
    off = np.zeros((3, 3))
    off[:, list(rows)] = rng.normal(size=(3, len(rows)))
    reference = Reference(terms.pose[:3, 3] + 0.01 * off[0], off[1], off[2])
    state = State(0.0, q, dq)
    return terms, state, reference, OperationalSpace(q, rows).torque(terms, state, reference)


def learner(arm, gamma=5.0, **law):
    return SlotineLi(arm, Gradient(gamma=gamma, **law), KV, DT)


def test_the_true_parameters_give_the_true_torque(iiwa, rng):
    """With the payload's parameters and the friction it adds what the real arm needs."""
    real = iiwa.with_payload(2.0, inertia=0.002 * np.eye(3))
    last, tool = iiwa.pose(np.zeros(7), frame=iiwa.frames[-2]), iiwa.pose(np.zeros(7))
    np.testing.assert_array_equal(last, tool)  # the payload's parameters are as of the last link
    adaptation = learner(iiwa)
    offset = np.zeros(77)
    offset[60:70] = real.inertial_parameters[70:]
    offset[70:] = 0.9
    adaptation.w = offset / adaptation.sizes
    np.testing.assert_allclose(adaptation.theta, offset)
    terms, state, reference, command = cycle(iiwa, rng)
    motion = state.q, state.dq, command.ddq_r
    needs = real.inverse_dynamics(*motion) + 0.9 * state.dq - iiwa.inverse_dynamics(*motion)
    tau = adaptation.torque(terms, state, reference, command)
    np.testing.assert_allclose(tau, needs, atol=1e-12)
    assert np.abs(tau).max() > 5.0


def test_one_step_is_the_law_of_slotine_and_li(iiwa, rng):
    """From zero, theta is dt gamma S^2 Y^T s, s = Jbar (de + kp / kv e), written out.

    Lambda is damped as that of the operational-space law is.
    """
    adaptation = learner(iiwa)
    terms, state, reference, command = cycle(iiwa, rng)
    assert np.abs(adaptation.torque(terms, state, reference, command)).max() == 0.0
    J, M = terms.J[:3], terms.M
    inverse = np.linalg.inv(M)
    Jbar = inverse @ J.T @ np.linalg.inv(J @ inverse @ J.T + 1e-6 * np.eye(3))
    e, de = reference.x - terms.pose[:3, 3], reference.dx - J @ state.dq
    s = Jbar @ (de + 196.0 / 28.0 * e)
    Y = np.hstack((iiwa.regressor(state.q, state.dq, command.ddq_r), np.diag(state.dq)))
    expected = DT * 5.0 * np.diag(typical_sizes(iiwa)) ** 2 @ Y.T @ s
    np.testing.assert_allclose(adaptation.theta, expected, rtol=1e-6, atol=1e-12)


def test_the_posture_does_not_teach(iiwa, rng):
    """A posture that pulls, the tool being where it should be, leaves the parameters alone."""
    terms, state, _, _ = cycle(iiwa, rng)
    still = Reference(terms.pose[:3, 3], terms.J[:3] @ state.dq, np.zeros(3))
    command = OperationalSpace(state.q + 0.5).torque(terms, state, still)
    assert np.abs(command.error).max() > 1.0
    adaptation = learner(iiwa)
    adaptation.torque(terms, state, still, command)
    np.testing.assert_allclose(adaptation.w, 0.0, atol=1e-12)


def test_frozen_it_gives_its_torque_and_does_not_learn(iiwa, rng):
    """With learning off the parameters stay to the bit."""
    adaptation = learner(iiwa)
    adaptation.torque(*cycle(iiwa, rng))
    before, adaptation.learning = adaptation.w.copy(), False
    assert np.abs(adaptation.torque(*cycle(iiwa, rng))).max() > 0
    np.testing.assert_array_equal(adaptation.w, before)


def test_the_parameters_stay_in_the_laws_ball(rng):
    """However large the error, |w| does not leave the bound."""
    arm = arms.load("planar2")
    adaptation = learner(arm, gamma=1e9, bound=2.0)
    adaptation.torque(*cycle(arm, rng, (0, 1)))
    assert np.linalg.norm(adaptation.w) == pytest.approx(2.0)


def test_a_parameters_size_has_its_unit():
    """Of mass m and inertia I, a first moment's is sqrt(m I); every link has the same."""
    arm = arms.load("planar3")
    sizes, theta = typical_sizes(arm), arm.inertial_parameters.reshape(-1, 10)
    links = sizes[: theta.size].reshape(-1, 10)
    np.testing.assert_array_equal(links, np.tile(links[0], (len(theta), 1)))
    mass, first, inertia = links[0, 0], links[0, 1], links[0, 4]
    assert mass == pytest.approx(theta[:, 0].mean())
    assert first**2 == pytest.approx(mass * inertia)
    np.testing.assert_array_equal(sizes[theta.size :], 1.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"damping": 0.0}, "SlotineLi.damping: is 0.0 1/s, needs a number above 0"),
        ({"damping": np.nan}, "SlotineLi.damping: is nan"),
        ({"dt": -1e-3}, "SlotineLi.dt: is -0.001 s, needs a number above 0"),
    ],
)
def test_bad_gains_are_named(iiwa, change, message):
    """A gain that makes no sense is refused with its value."""
    with pytest.raises(ConfigurationError, match=message):
        SlotineLi(iiwa, Gradient(gamma=1.0), **{"damping": KV, "dt": DT} | change)
