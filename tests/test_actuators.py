"""Motors that are late, slow, wrong or rippled, against closed forms."""

import numpy as np
import pytest

from arms import Arm
from arms.catalog.planar import planar
from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.sim import (
    ActuatorDelay,
    ActuatorLag,
    Bullet,
    ElasticJoints,
    MuJoCo,
    RotorInertia,
    TorqueError,
    TorqueRipple,
)

Q = np.array([0.1, 0.5, -0.1, -1.2, 0.2, 0.6, 0.3])
ENGINES = pytest.mark.parametrize("engine", [Bullet, MuJoCo])


def speeds(engine, disturbances, torques, dt=1e-3):
    """Speeds [rad/s] of one free joint after each torque, and its inertia [kg m^2]."""
    arm = Arm(planar(1)).with_gravity((0.0, 0.0, 0.0))
    with engine(arm, np.zeros(1), disturbances, dt, period=1e-3) as robot:
        found = []
        for tau in torques:
            robot.apply(np.array([tau]))
            found.append(robot.read().dq[0])
    return np.array(found), float(arm.mass_matrix([0.0])[0, 0])


@ENGINES
@pytest.mark.parametrize("time", [3e-4, 2e-3, 20e-3])
def test_a_lag_is_exact_for_any_step(engine, time):
    """After a step of torque tau: dq = tau / I (t - T (1 - exp(-t / T))), to rounding."""
    found, inertia = speeds(engine, [ActuatorLag(time)], np.full(60, 2.0))
    t = 1e-3 * np.arange(1, 61)
    expected = 2.0 / inertia * (t + time * np.expm1(-t / time))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_a_lag_weakens_and_delays_a_sine_as_the_closed_form_says():
    """At w T = 1 the torque has 1 / sqrt(2) of its amplitude and is 45 degrees late: to 1 %."""
    w, time, dt = 100.0, 0.01, 1e-3
    t = dt * np.arange(2000)
    found, inertia = speeds(Bullet, [ActuatorLag(time)], np.sin(w * (t + 0.5 * dt)))
    torque = inertia * np.diff(found) / dt  # mean over the steps that begin at t[1:]
    basis = np.exp(1j * w * (t[1:] + 0.5 * dt))[1000:]
    response = 2.0 * np.mean(torque[1000:] * np.conj(basis)) * 1j
    assert abs(response) == pytest.approx(np.sqrt(0.5), rel=0.01)
    assert np.angle(response) == pytest.approx(-np.pi / 4, rel=0.01)


@ENGINES
def test_a_delay_shifts_the_torque(engine, rng):
    """4 ms late is 4 cycles of 1 ms with nothing, then the same motion; also in shorter steps."""
    torques = rng.uniform(-5, 5, 30)
    prompt, _ = speeds(engine, [], torques)
    for dt in (1e-3, 2.5e-4):
        late, _ = speeds(engine, [ActuatorDelay(4e-3)], torques, dt)
        np.testing.assert_array_equal(late[:4], 0.0)
        np.testing.assert_allclose(late[4:], prompt[:-4], atol=1e-12)


@ENGINES
def test_a_torque_error_has_gain_offset_and_steps(engine):
    """The torque is gain quantum round(commanded / quantum) + offset."""
    torques = np.linspace(-1, 1, 21)
    found, inertia = speeds(engine, [TorqueError(1.05, 0.3, 0.25)], torques)
    acted = inertia * np.diff(found, prepend=0.0) / 1e-3
    np.testing.assert_allclose(acted, 1.05 * 0.25 * np.round(torques / 0.25) + 0.3, atol=1e-9)


def test_faults_of_the_motors_act_in_the_order_of_the_list():
    """An offset after a lag is there at once, before it, it lags; each joint has its own."""
    after, inertia = speeds(Bullet, [ActuatorLag(0.01), TorqueError(offset=(0.5,))], [0.0])
    before, _ = speeds(Bullet, [TorqueError(offset=(0.5,)), ActuatorLag(0.01)], [0.0])
    assert after[0] == pytest.approx(0.5e-3 / inertia)
    assert before[0] == pytest.approx(0.5 / inertia * (1e-3 + 0.01 * np.expm1(-0.1)))


def test_the_motors_are_limited_before_their_faults(iiwa):
    """A torque beyond the limits is the limits, times the gain."""
    with Bullet(iiwa, Q, [TorqueError(1.1)]) as robot:
        robot.apply(np.full(7, 1e4))
        expected = iiwa.forward_dynamics(Q, np.zeros(7), 1.1 * iiwa.tau_max)
        np.testing.assert_allclose(robot.read().dq / 1e-3, expected, rtol=1e-8)


def test_ripple_is_a_sine_of_the_position(iiwa, rng):
    """size sin(per_turn q), on a batch as well."""
    q = rng.uniform(-3, 3, (4, 7))
    size = np.linspace(0.1, 0.7, 7)
    tau = TorqueRipple(size, 40.0).torque(iiwa, 0.0, q, np.zeros_like(q))
    np.testing.assert_allclose(tau, size * np.sin(40.0 * q))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda arm: ActuatorDelay(-1e-3), r"ActuatorDelay.delay: is -0.001 s, needs a number"),
        (lambda arm: ActuatorDelay(np.nan), r"ActuatorDelay.delay: is nan s"),
        (
            lambda arm: Bullet(arm, Q, [ActuatorDelay(1.5e-3)]),
            r"ActuatorDelay.delay: is 0.0015 s, needs a whole number of simulation steps",
        ),
        (lambda arm: ActuatorLag(-1e-3), r"ActuatorLag.time: is -0.001 s, needs a number from 0"),
        (lambda arm: TorqueError(-1.0), r"TorqueError.gain: is -1.0, needs a number from 0 up, or"),
        (lambda arm: TorqueError(offset=np.inf), r"TorqueError.offset: is inf N m, needs a number"),
        (lambda arm: TorqueError(quantum=[0.1, -1]), r"TorqueError.quantum: is \[0.1, -1\] N m"),
        (lambda arm: TorqueRipple("much"), r"TorqueRipple.size: is 'much' N m, needs a number"),  # pyright: ignore
        (lambda arm: TorqueRipple(True), r"TorqueRipple.size: is True N m"),
        (
            lambda arm: Bullet(
                arm, Q, [RotorInertia(0.1), ElasticJoints(10), TorqueRipple([1, 2])]
            ),
            r"TorqueRipple.size: has 2 values, needs one number or 7",
        ),
    ],
)
def test_bad_values_are_named(iiwa, make, message):
    """A value that makes no sense is refused with its field, unit and range."""
    with pytest.raises(ConfigurationError, match=message):
        make(iiwa)
