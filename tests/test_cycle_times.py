"""Control cycles that start late, or do not take place."""

import numpy as np
import pytest

from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.sim import Bullet, IrregularCycles, MuJoCo

Q = np.array([0.1, 0.5, -0.1, -1.2, 0.2, 0.6, 0.3])
ENGINES = pytest.mark.parametrize("engine", [Bullet, MuJoCo])


def readings(engine, arm, irregular, seed=0, cycles=1000):
    """Times of the readings [s], and the last state."""
    rng = np.random.default_rng(seed)
    with engine(arm, Q, [irregular], 1e-4, period=1e-3, rng=rng) as robot:
        times = []
        for _ in range(cycles):
            times.append(robot.read().time)
            robot.apply(arm.gravity(Q))
        return np.array(times), robot.read()


@ENGINES
def test_a_jittering_cycle_starts_up_to_the_jitter_late(iiwa, engine):
    """Cycle k starts within [k T, k T + jitter], uniformly; being late does not add up."""
    times, _ = readings(engine, iiwa, IrregularCycles(jitter=3e-4))
    late = times[1:] - 1e-3 * np.arange(1, 1000)
    assert times[0] == 0.0
    assert late.min() > -1e-9
    assert late.max() < 3e-4 + 1e-9
    assert np.mean(late) == pytest.approx(1.5e-4, abs=1.5e-5)


def test_lost_cycles_are_their_share_and_the_torque_goes_on(iiwa):
    """A fifth of the cycles is missing; each gap is a whole number of periods."""
    times, _ = readings(Bullet, iiwa, IrregularCycles(lost=0.2))
    gaps = np.diff(times) / 1e-3
    np.testing.assert_allclose(gaps, np.round(gaps), atol=1e-9)
    assert 1.0 - 1.0 / np.mean(gaps) == pytest.approx(0.2, abs=0.03)
    assert np.max(gaps) > 1.5


def test_a_seed_gives_the_same_cycles(iiwa):
    """The same seed the same times and motion, another seed others."""
    irregular = IrregularCycles(3e-4, 0.1)
    one, same, other = (readings(Bullet, iiwa, irregular, seed, 50) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one[0], same[0])
    np.testing.assert_array_equal(one[1].q, same[1].q)
    assert np.any(one[0] != other[0])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda arm: IrregularCycles(-1e-4), r"IrregularCycles.jitter: is -0.0001 s, needs"),
        (lambda arm: IrregularCycles(lost=1.0), r"IrregularCycles.lost: is 1.0, needs a number"),
        (lambda arm: IrregularCycles(lost=np.nan), r"IrregularCycles.lost: is nan, needs"),
        (lambda arm: Bullet(arm, Q, [IrregularCycles(lost=0.1)]), r"IrregularCycles: needs rng"),
        (
            lambda arm: Bullet(arm, Q, [IrregularCycles(3e-4)], rng=np.random.default_rng(0)),
            r"IrregularCycles.jitter: is 0.0003 s, needs a time from one simulation step, 0.001 s",
        ),
    ],
)
def test_bad_values_are_named(iiwa, make, message):
    """A value that makes no sense is refused with its field, unit and range."""
    with pytest.raises(ConfigurationError, match=message):
        make(iiwa)
