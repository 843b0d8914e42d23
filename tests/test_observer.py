import numpy as np
import pytest

from nengo_forcectl.adaptation import DisturbanceObserver
from nengo_forcectl.contract import Command, Reference, State
from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.estimation.observer import LowPass, MomentumObserver

DT = 1e-3
GAIN = 50.0
Q = np.array([0.1, 0.5, -0.1, -1.2, 0.2, 0.6, 0.3])
FRICTION = 0.9


def motion(model, real, friction, seconds, push):
    """The real arm under ``push(t)`` around the weight it knows, by Runge and Kutta's method.

    Yields, cycle by cycle, the state at its end, the torque held during it, and the mean in it of
    the torque that the model lacks, from the accelerations, which an observer does not have.
    """

    def rate(q, dq):
        return real.forward_dynamics(q, dq, tau - friction * dq)

    def lacks(q, dq):
        return model.inverse_dynamics(q, dq, rate(q, dq)) - tau

    q, dq = Q, np.zeros(7)
    for cycle in range(round(seconds / DT)):
        tau = model.gravity(Q) + push(cycle * DT)
        before = lacks(q, dq)
        a1 = rate(q, dq)
        v2 = dq + 0.5 * DT * a1
        a2 = rate(q + 0.5 * DT * dq, v2)
        v3 = dq + 0.5 * DT * a2
        a3 = rate(q + 0.5 * DT * v2, v3)
        v4 = dq + DT * a3
        a4 = rate(q + DT * v3, v4)
        q = q + DT / 6 * (dq + 2 * v2 + 2 * v3 + v4)
        dq = dq + DT / 6 * (a1 + 2 * a2 + 2 * a3 + a4)
        yield q, dq, tau, 0.5 * (before + lacks(q, dq))


def test_a_payload_at_rest_is_found_without_bias(iiwa):
    """Held still by its true weight, the arm's r goes to minus the payload's as 1 - exp(-K t)."""
    weight = iiwa.with_payload(2.0).gravity(Q) - iiwa.gravity(Q)
    terms, observer = iiwa.terms(Q, np.zeros(7)), MomentumObserver(7, GAIN, DT)
    sent = terms.g + weight
    for cycle in range(400):
        r = observer.update(terms, np.zeros(7), sent)
        expected = -weight * (1.0 - np.exp(-GAIN * cycle * DT))
        np.testing.assert_allclose(r, expected, atol=1e-12)
    assert np.abs(r).max() > 5.0


@pytest.mark.parametrize(("payload", "friction"), [(2.0, 0.0), (0.0, 0.9), (2.0, 0.9)])
def test_in_motion_r_is_the_unmodelled_torque_filtered(iiwa, payload, friction):
    """It stays within 2 mN m of the truth through the same filter, of up to 5 to 30 N m.

    The joints turn at more than 2 rad/s, where the term C^T dq alone passes 2 N m.
    """
    real = iiwa.with_payload(payload) if payload else iiwa
    weight = real.gravity(Q) - iiwa.gravity(Q)
    size = np.array([8.0, 10.0, 5.0, 6.0, 0.6, 0.6, 0.002])  # [N m]

    def push(time):
        return weight + size * np.sin(2 * np.pi * time + np.arange(7.0))

    observer, truth = MomentumObserver(7, GAIN, DT), LowPass(7, GAIN, DT)
    observer.update(iiwa.terms(Q, np.zeros(7)), np.zeros(7), np.zeros(7))
    fastest = coriolis = 0.0
    for q, dq, tau, lacks in motion(iiwa, real, friction, 0.6, push):
        terms = iiwa.terms(q, dq)
        r, expected = observer.update(terms, dq, tau), truth.update(lacks)
        np.testing.assert_allclose(r, expected, atol=2e-3)
        fastest = max(fastest, np.abs(dq).max())
        coriolis = max(coriolis, np.abs(terms.C.T @ dq).max())
    assert fastest > 2.0
    assert coriolis > 2.0


def test_features_sampled_at_the_cycles_stay_in_step_with_the_torque(iiwa):
    """Friction is the unmodelled torque: filtered dq times the coefficient is r, to 0.5 mN m."""
    size = np.array([8.0, 10.0, 5.0, 6.0, 0.6, 0.6, 0.002])
    observer, features = MomentumObserver(7, GAIN, DT), LowPass(7, GAIN, DT)
    observer.update(iiwa.terms(Q, np.zeros(7)), np.zeros(7), np.zeros(7))
    features.sample(np.zeros(7))
    for q, dq, tau, _ in motion(iiwa, iiwa, 0.9, 0.4, lambda time: size * np.sin(9 * time)):
        r = observer.update(iiwa.terms(q, dq), dq, tau)
        f = features.sample(dq)
        np.testing.assert_allclose(r, -0.9 * f, atol=5e-4)
    assert np.abs(r).max() > 0.5


def test_the_filter_is_exact_for_a_constant_and_starts_at_zero():
    """After t seconds of a constant v it is v (1 - exp(-K t)), at any cycle time."""
    for dt in (1e-3, 0.02, 0.5):
        f = LowPass((2, 3), 20.0, dt)
        np.testing.assert_array_equal(f.value, np.zeros((2, 3)))
        for _ in range(5):
            f.update(np.full((2, 3), 3.0))
        np.testing.assert_allclose(f.value, 3.0 * (1.0 - np.exp(-20.0 * 5 * dt)))


def test_a_first_sample_begins_a_cycle_and_is_not_kept_by_reference():
    """v sampled at the ends of a cycle counts with its mean; the caller may reuse the array."""
    f, v = LowPass(1, 10.0, 0.1), np.array([1.0])
    np.testing.assert_array_equal(f.sample(v), [0.0])
    v[:] = 3.0
    np.testing.assert_allclose(f.sample(v), [2.0 * (1.0 - np.exp(-1.0))])


@pytest.mark.parametrize(
    ("gain", "dt", "message"),
    [
        (0.0, DT, "LowPass.gain: is 0.0 1/s, needs a number above 0"),
        (np.nan, DT, "LowPass.gain: is nan"),
        (np.inf, DT, "LowPass.gain: is inf"),
        (50.0, 0.0, "LowPass.dt: is 0.0 s, needs a number above 0"),
    ],
)
def test_a_filter_needs_a_positive_gain_and_cycle(gain, dt, message):
    """A gain or a cycle time that is not a positive number is refused, by the observer as well."""
    with pytest.raises(ConfigurationError, match=message):
        LowPass(1, gain, dt)
    with pytest.raises(ConfigurationError, match=message):
        MomentumObserver(1, gain, dt)


def cycle(arm, dq, tau):
    """A control cycle of the iiwa at Q whose controller commands ``tau``."""
    nothing = Reference(np.zeros(3), np.zeros(3), np.zeros(3))
    command = Command(tau, *np.zeros((4, 7)), np.zeros((3, 7)), np.zeros(3))
    return arm.terms(Q, dq), State(0.0, Q, dq), nothing, command


def test_the_disturbance_observer_adds_minus_r(iiwa, rng):
    """Cycle by cycle it is -r of an observer that is told command plus feed-forward as sent."""
    adaptation, observer = DisturbanceObserver(iiwa, GAIN, DT), MomentumObserver(7, GAIN, DT)
    sent = np.zeros(7)
    for _ in range(20):
        dq, tau = rng.normal(size=7) * 0.01, rng.normal(size=7)
        terms, state, reference, command = cycle(iiwa, dq, tau)
        added = adaptation.torque(terms, state, reference, command)
        np.testing.assert_array_equal(added, -observer.update(terms, dq, sent))
        sent = tau + added
        assert (np.abs(sent) < iiwa.tau_max).all()
    assert np.abs(added).max() > 0


def test_over_a_gap_in_time_r_stays_as_it_is(iiwa):
    """What the joints did in it is laid to no torque; in the cycle after it r goes on."""
    adaptation = DisturbanceObserver(iiwa, GAIN, DT)
    still, fast = np.zeros(7), np.full(7, 0.1)
    added = []
    for time, dq in ((0.0, still), (DT, still), (0.2, fast), (0.2 + DT, fast)):
        terms, state, reference, command = cycle(iiwa, dq, still)
        added.append(adaptation.torque(terms, state._replace(time=time), reference, command))
    assert np.abs(added[1]).max() > 0.1  # it falls by no weight that is held: r begins
    np.testing.assert_array_equal(added[2], added[1])
    assert np.abs(added[3] - added[2]).max() > 0.1


def test_a_saturated_motor_does_not_wind_the_observer_up(iiwa):
    """Told ten times its limit and held still, the arm counts the torque that could be sent."""
    adaptation = DisturbanceObserver(iiwa, GAIN, DT)
    for _ in range(2000):
        added = adaptation.torque(*cycle(iiwa, np.zeros(7), 10.0 * iiwa.tau_max))
    np.testing.assert_allclose(added, iiwa.tau_max - iiwa.gravity(Q), rtol=1e-6)


def test_the_disturbance_observer_needs_a_positive_gain(iiwa):
    """A gain that would do nothing or run away is refused."""
    with pytest.raises(ConfigurationError, match="gain: is -1 1/s, needs a number above 0"):
        DisturbanceObserver(iiwa, -1, DT)
