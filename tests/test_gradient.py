import math

import numpy as np
import pytest

from nengo_forcectl.exceptions import ConfigurationError
from nengo_forcectl.learning.gradient import Gradient


@pytest.fixture
def arrays():
    rng = np.random.default_rng(0)
    return rng.normal(size=(3, 20)), rng.normal(size=(3, 20))


def test_one_step_is_the_equation(arrays):
    """One step is explicit Euler of gamma J_w^T s - sigma w."""
    w, descent = arrays
    change = Gradient(gamma=2.0, sigma=0.5).rule()(w, descent, 0.01) - w
    np.testing.assert_allclose(change, 0.01 * (2.0 * descent - 0.5 * w), rtol=1e-12)


def norms(law, steps=20_000, dt=0.001):
    """Norm of w under a constant drive, which without sigma and projection grows for ever."""
    step = law.rule()
    w, drive = np.zeros(5), np.array([1.0, 0.0, -2.0, 0.0, 0.5])
    history = []
    for _ in range(steps):
        w = step(w, drive, dt)
        history.append(np.linalg.norm(w))
    return np.array(history), np.linalg.norm(drive)


def test_without_sigma_and_bound_the_weights_grow():
    """A constant drive makes the norm grow in proportion to time."""
    history, drive = norms(Gradient(gamma=1.0))
    assert history[-1] == pytest.approx(20 * drive)


def test_sigma_bounds_the_weights():
    """With a leak the norm converges to gamma |drive| / sigma."""
    history, drive = norms(Gradient(gamma=1.0, sigma=0.5))
    assert history.max() <= drive / 0.5
    assert history[-1] == pytest.approx(drive / 0.5, rel=1e-3)


def test_the_projection_bounds_the_weights():
    """The norm never leaves the ball, and reaches its surface."""
    history, _ = norms(Gradient(gamma=1.0, bound=3.0))
    assert history.max() <= 3.0 * (1 + 1e-12)
    assert history[-1] == pytest.approx(3.0)


def test_inside_the_ball_the_projection_changes_nothing(arrays):
    """A bound that is not reached gives bit for bit the unbounded step."""
    w, descent = arrays
    free, bounded = Gradient(gamma=1.0), Gradient(gamma=1.0, bound=1e6)
    np.testing.assert_array_equal(free.rule()(w, descent, 0.1), bounded.rule()(w, descent, 0.1))


def test_numba_and_tensorflow_compute_what_numpy_does(arrays):
    """The one rule serves numpy, numba and TensorFlow: the same numbers to rounding."""
    import numba

    from nengo_forcectl.nengodl import tf

    w, descent = arrays
    law = Gradient(gamma=2.0, sigma=0.5, bound=4.0)
    expected = law.rule()(w, descent, 0.01)
    assert np.linalg.norm(expected) == pytest.approx(4.0)
    np.testing.assert_allclose(numba.njit(law.rule())(w, descent, 0.01), expected, rtol=1e-13)
    traced = law.rule(tf.experimental.numpy)(tf.constant(w), tf.constant(descent), 0.01)
    np.testing.assert_allclose(traced.numpy(), expected, rtol=1e-13)


@pytest.mark.parametrize(
    ("gains", "name"),
    [
        ({"gamma": 0.0}, "gamma"),
        ({"gamma": math.nan}, "gamma"),
        ({"gamma": 1.0, "sigma": -0.1}, "sigma"),
        ({"gamma": 1.0, "sigma": math.inf}, "sigma"),
        ({"gamma": 1.0, "bound": 0.0}, "bound"),
    ],
)
def test_gains_that_make_no_sense_are_named(gains, name):
    """The error names the gain and its value."""
    with pytest.raises(ConfigurationError, match=rf"Gradient\.{name} is {gains[name]}"):
        Gradient(**gains)
