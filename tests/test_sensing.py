from dataclasses import replace

import numpy as np
import pytest

from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.sim.bullet import Bullet
from nengo_forcectl.sim.friction import ViscousFriction
from nengo_forcectl.sim.sensing import Sensing, Sensors

Q = np.array([0.1, 0.5, -0.1, -1.2, 0.2, 0.6, 0.3])


def readings(arm, cycles, rng=None, **options):
    """Time, q and dq of every cycle of a fall from Q."""
    with Bullet(arm, Q, [ViscousFriction(0.9)], rng=rng, **options) as robot:
        states = []
        for _ in range(cycles):
            states.append(robot.read())
            robot.apply(np.zeros(7))
    return [np.array(column) for column in zip(*states, strict=True)][:3]


def test_perfect_sensors_say_what_is(iiwa):
    """With nothing wrong the readings are the true states to the last bit."""
    for told, true in zip(readings(iiwa, 20, sensors=Sensors()), readings(iiwa, 20), strict=True):
        np.testing.assert_array_equal(told, true)


@pytest.mark.parametrize("period", [1e-3, 2e-3])
def test_a_delayed_reading_is_of_the_state_before(iiwa, period):
    """3 ms late, at 1 kHz and at 500 Hz; its time is the time of the reading.

    Until there is such a state, the one at the start.
    """
    _, q, dq = readings(iiwa, 40)
    every = round(period / 1e-3)
    late = readings(iiwa, 40 // every, period=period, sensors=Sensors(delay=3e-3))
    steps = np.arange(0, 40, every)
    np.testing.assert_allclose(late[0], 1e-3 * steps, atol=1e-12)
    np.testing.assert_array_equal(late[1], q[np.maximum(steps - 3, 0)])
    np.testing.assert_array_equal(late[2], dq[np.maximum(steps - 3, 0)])


def test_a_new_start_has_no_past(iiwa):
    """After a reset a late reading is of the new start, not of what was before it."""
    with Bullet(iiwa, Q, sensors=Sensors(delay=5e-3)) as robot:
        for _ in range(10):
            robot.apply(np.zeros(7))
        robot.reset(Q + 0.1)
        for _ in range(5):
            np.testing.assert_array_equal(robot.read().q, Q + 0.1)
            robot.apply(np.zeros(7))
        np.testing.assert_array_equal(robot.read().q, Q + 0.1)
        robot.apply(np.zeros(7))
        assert np.abs(robot.read().q - Q - 0.1).max() > 1e-7


def test_noise_has_its_standard_deviation_and_no_mean(rng):
    """Over 4,000 readings of 7 joints, position and velocity each have their own."""
    sensing = Sensing(Sensors(1e-4, 2e-3), 1e-3, rng)
    sensing.restart(Q, np.zeros(7))
    q, dq = (np.array(part) for part in zip(*(sensing.read() for _ in range(4000)), strict=True))
    for noise, sigma in ((q - Q, 1e-4), (dq, 2e-3)):
        assert np.std(noise) == pytest.approx(sigma, rel=0.02)
        assert abs(np.mean(noise)) < 4 * sigma / np.sqrt(noise.size)
    assert abs(np.corrcoef((q - Q).ravel(), dq.ravel())[0, 1]) < 0.03


def test_noise_does_not_reach_the_motion(iiwa):
    """Only the sensors are noisy: the friction acts on the true velocity."""
    noisy = Sensors(position_noise=0.1, velocity_noise=0.5)
    with (
        Bullet(iiwa, Q, [ViscousFriction(0.9)]) as quiet,
        Bullet(
            iiwa, Q, [ViscousFriction(0.9)], sensors=noisy, rng=np.random.default_rng(0)
        ) as loud,
    ):
        for _ in range(20):
            quiet.apply(np.zeros(7))
            loud.apply(np.zeros(7))
        true = quiet.read()
        told = np.array([loud._sensing.read()[0] for _ in range(10_000)])
        np.testing.assert_allclose(told.mean(axis=0), true.q, atol=5e-3)


def test_positions_are_quantised_and_velocities_are_not(iiwa):
    """Every position is a multiple of the quantum, at most half a quantum off."""
    quantum = 1e-3
    _, q, dq = readings(iiwa, 50)
    _, told, speed = readings(iiwa, 50, sensors=Sensors(position_quantum=quantum))
    counts = told / quantum
    np.testing.assert_allclose(counts, np.round(counts), atol=1e-9)
    assert 0.3 * quantum < np.abs(told - q).max() <= 0.5 * quantum + 1e-12
    np.testing.assert_array_equal(speed, dq)


def test_an_encoder_of_some_bits_has_so_many_steps_a_turn(iiwa):
    """19 bits: a turn is 2^19 quanta, and every position read is a multiple of one."""
    sensors = Sensors(encoder_bits=19)
    assert sensors.position_quantum == pytest.approx(2 * np.pi / 2**19)
    _, told, _ = readings(iiwa, 20, sensors=sensors)
    counts = told * 2**19 / (2 * np.pi)
    np.testing.assert_allclose(counts, np.round(counts), atol=1e-6)
    assert replace(sensors, delay=1e-3).position_quantum == sensors.position_quantum


@pytest.mark.parametrize("period", [1e-3, 2e-3])
def test_velocities_from_positions_are_filtered_differences(iiwa, period):
    """Each is the last one and a share 1 - exp(-T / time) of the way to the difference over T."""
    time = 3e-3
    sensors = Sensors(encoder_bits=16, velocity_filter=time)
    _, q, dq = readings(iiwa, 30, sensors=sensors, period=period)
    raw = np.diff(q, axis=0) / period
    expected = [np.zeros(7)]
    for difference in raw:
        share = -np.expm1(-period / time)
        expected.append(expected[-1] + share * (difference - expected[-1]))
    np.testing.assert_allclose(dq, expected, atol=1e-9)
    _, q, dq = readings(iiwa, 30, sensors=Sensors(velocity_filter=0.0))
    np.testing.assert_allclose(dq[1:], np.diff(q, axis=0) / 1e-3, atol=1e-9)


def test_a_filtered_ramp_is_late_by_the_filters_time(iiwa):
    """Under constant acceleration the velocity is that of T / 2 + time ago, once it has settled."""
    sensing = Sensing(Sensors(velocity_filter=4e-3), 1e-3, None)
    sensing.restart(np.zeros(7), np.zeros(7))
    for step in range(1, 200):
        t = 1e-3 * step
        sensing.tell(np.full(7, 0.5 * t**2), np.full(7, t))
        _, dq = sensing.read()
    assert t - dq[0] == pytest.approx(0.5e-3 + 1e-3 / np.expm1(0.25), rel=1e-6)  # 4 ms, in steps


def test_a_seed_gives_the_same_readings(iiwa):
    """The same seed to the last bit; another seed, others."""
    sensors = Sensors(1e-4, 1e-3, 1e-5, 2e-3)
    one, same, other = (
        readings(iiwa, 20, np.random.default_rng(seed), sensors=sensors) for seed in (0, 0, 1)
    )
    for column in range(3):
        np.testing.assert_array_equal(one[column], same[column])
    assert np.abs(one[1] - other[1]).max() > 0


def test_a_cycle_has_one_reading(iiwa):
    """Reading twice in a cycle draws no second noise."""
    with Bullet(iiwa, Q, sensors=Sensors(1e-3), rng=np.random.default_rng(0)) as robot:
        first, second = robot.read().q, robot.read().q
        np.testing.assert_array_equal(first, second)
        robot.apply(np.zeros(7))
        assert np.all(robot.read().q != first)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda arm: Sensors(-1e-4), r"Sensors.position_noise: is -0.0001 rad, needs a number"),
        (lambda arm: Sensors(0, np.nan), r"Sensors.velocity_noise: is nan rad/s"),
        (lambda arm: Sensors(position_quantum=-1.0), r"Sensors.position_quantum: is -1.0 rad"),
        (lambda arm: Sensors(delay=-1e-3), r"Sensors.delay: is -0.001 s"),
        (lambda arm: Sensors(encoder_bits=0), r"Sensors.encoder_bits: is 0, needs a whole number"),
        (
            lambda arm: Sensors(position_quantum=0.1, encoder_bits=8),
            r"position_quantum: is 0.1 rad",
        ),
        (lambda arm: Sensors(velocity_filter=-1.0), r"Sensors.velocity_filter: is -1.0 s, needs"),
        (
            lambda arm: Sensors(0, 0.1, velocity_filter=0.0),
            r"velocity_noise: is 0.1 rad/s, needs 0",
        ),
        (
            lambda arm: Bullet(arm, Q, sensors=Sensors(delay=1.5e-3)),
            r"Sensors.delay: is 0.0015 s, needs a whole number of simulation steps of 0.001 s",
        ),
        (lambda arm: Bullet(arm, Q, sensors=Sensors(1e-4)), r"Sensors: have noise, needs rng"),
    ],
)
def test_bad_values_are_named(iiwa, make, message):
    """A value that makes no sense is refused with its field, unit and range."""
    with pytest.raises(ConfigurationError, match=message):
        make(iiwa)
