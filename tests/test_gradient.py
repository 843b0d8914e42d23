import math

import numpy as np
import pytest

from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.learning.gradient import Gradient
from nengo_forcectl.learning.law import Signal

TERMS = [
    {},
    {"sigma": 0.5, "bound": 4.0},
    {"e_mod": 0.3},
    {"dead_zone": 0.5},
    {"dead_zone": 50.0, "sigma": 0.1},
    {"normalise": 0.7},
    {"sigma": 0.5, "e_mod": 0.3, "dead_zone": 0.5, "normalise": 0.7, "bound": 4.0},
]


@pytest.fixture
def arrays():
    rng = np.random.default_rng(0)
    return rng.normal(size=(3, 20)), rng.normal(size=(3, 20)), rng.normal(size=3)


def test_one_step_is_the_equation(arrays):
    """One step is explicit Euler of gamma J_w^T s - sigma w."""
    w, descent, error = arrays
    change = Gradient(gamma=2.0, sigma=0.5).rule()(w, descent, error, 0.01) - w
    np.testing.assert_allclose(change, 0.01 * (2.0 * descent - 0.5 * w), rtol=1e-12)


@pytest.mark.equation("Gradient")
@pytest.mark.parametrize("terms", TERMS, ids=lambda terms: "+".join(terms) or "plain")
def test_a_step_with_every_term_is_the_equation(terms, rng):
    """Entry by entry: dead zone, normalisation, both leaks, projection, and J_w^T s by loops."""
    w, J, s = rng.normal(size=(4, 5)), rng.normal(size=(3, 4, 5)), rng.normal(size=3)
    law = Gradient(2.0, **terms)
    moved = law.step({"w": w}, {"w": J}, Signal(s), {}, 0.01)["w"]
    size = math.sqrt(sum(value**2 for value in s))
    descent = {(i, j): sum(J[k, i, j] * s[k] for k in range(3)) for i in range(4) for j in range(5)}
    m2 = 1 + law.normalise * sum(value**2 for value in descent.values()) / size**2
    left = max(0.0, size - law.dead_zone)
    expected = np.empty((4, 5))
    for (i, j), value in descent.items():
        drive = law.gamma * value * left / size / m2
        expected[i, j] = w[i, j] + 0.01 * (drive - (law.sigma + law.e_mod * left) * w[i, j])
    norm = math.sqrt(sum(value**2 for value in expected.flat))
    expected *= min(1.0, law.bound / norm)
    np.testing.assert_allclose(moved, expected, rtol=1e-12)


def test_for_decoders_normalisation_is_that_of_normalised_lms(rng):
    """gamma = mu / eps and normalise = 1 / eps: the step is mu s a^T / (eps + |a|^2)."""
    s, a, mu, eps = rng.normal(size=3), rng.normal(size=20), 0.7, 1e-3
    J = np.multiply.outer(np.eye(3), a)
    law = Gradient(mu / eps, normalise=1 / eps)
    moved = law.step({"D": np.zeros((3, 20))}, {"D": J}, Signal(s), {}, 1.0)["D"]
    np.testing.assert_allclose(moved, mu * np.outer(s, a) / (eps + a @ a), rtol=1e-12)


def test_the_dead_zone_is_continuous():
    """The step shrinks to nothing as the error comes down to the width, and stays nothing."""
    law, J = Gradient(1.0, dead_zone=0.5), {"w": np.eye(2)}
    steps = {
        size: law.step({"w": np.zeros(2)}, J, Signal(np.array([size, 0.0])), {}, 1.0)["w"][0]
        for size in (0.0, 0.4, 0.5, 0.5 + 1e-9, 1.5)
    }
    assert steps[0.0] == steps[0.4] == steps[0.5] == 0.0
    assert steps[0.5 + 1e-9] == pytest.approx(1e-9)
    assert steps[1.5] == pytest.approx(1.0)


def test_e_mod_bounds_the_weights():
    """With e_mod the norm converges to gamma |J_w^T s| / (e_mod |s|)."""
    history, _ = norms(Gradient(gamma=1.0, e_mod=0.5))
    assert history.max() <= 1.0 / 0.5
    assert history[-1] == pytest.approx(1.0 / 0.5, rel=1e-3)


def norms(law, steps=20_000, dt=0.001):
    """Norm of w under a constant drive, which without sigma and projection grows for ever."""
    step = law.rule()
    w, drive = np.zeros(5), np.array([1.0, 0.0, -2.0, 0.0, 0.5])
    history = []
    for _ in range(steps):
        w = step(w, drive, drive, dt)
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
    w, descent, error = arrays
    free, bounded = Gradient(gamma=1.0), Gradient(gamma=1.0, bound=1e6)
    inside = bounded.rule()(w, descent, error, 0.1)
    np.testing.assert_array_equal(free.rule()(w, descent, error, 0.1), inside)


@pytest.mark.parametrize("terms", TERMS, ids=lambda terms: "+".join(terms) or "plain")
def test_tensorflow_computes_what_numpy_does(arrays, terms):
    """The same rule serves both: the same numbers to rounding."""
    from nengo_forcectl.nengodl.compatibility import tf

    w, descent, error = arrays
    law = Gradient(2.0, **terms)
    tensors = map(tf.constant, (w, descent, error))
    traced = law.rule(tf.experimental.numpy)(*tensors, 0.01)
    np.testing.assert_allclose(traced.numpy(), law.rule()(w, descent, error, 0.01), rtol=1e-12)


@pytest.mark.parametrize("terms", TERMS, ids=lambda terms: "+".join(terms) or "plain")
def test_compiled_for_a_layer_it_is_the_rule(rng, terms):
    """All of a layer's weights move by the rule along their J_w^T s, to rounding."""
    from nengo_forcectl.kernels.block import Block
    from nengo_forcectl.kernels.descend import descend, evaluate
    from nengo_forcectl.kernels.layout.learner_fields import DESCENT

    law, x, s = Gradient(2.0, **terms), rng.normal(size=4), rng.normal(size=3)
    E, bias, D = rng.normal(size=(20, 4)), rng.normal(size=20), rng.normal(size=(3, 20))
    gains = ("gamma", "sigma", "bound", "e_mod", "dead_zone", "normalise")
    values = {name: getattr(law, name) for name in gains}
    values |= {f"learn_{name}": 1 for name in ("encoders", "bias", "decoders")}
    values |= {"encoders": E.T, "bias": bias, "decoders": D, "x": x, "error": s, "one": 1.0}
    block = Block(DESCENT, {"n": 3, "inputs": 4, "neurons": 20}, values | {"dt": 0.01})
    evaluate(block.address)
    descend(block.address)
    a = np.maximum(E @ x + bias, 0.0)
    np.testing.assert_allclose(block["feedforward"], D @ a, rtol=1e-12)
    back = (D.T @ s) * (a > 0)
    rule = law.rule()
    for name, w, descent in (
        ("encoders", E.T, np.outer(x, back)),
        ("bias", bias, back),
        ("decoders", D, np.outer(s, a)),
    ):
        np.testing.assert_allclose(block[name], rule(w, descent, s, 0.01), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    ("gains", "name"),
    [
        ({"gamma": 0.0}, "gamma"),
        ({"gamma": math.nan}, "gamma"),
        ({"gamma": 1.0, "sigma": -0.1}, "sigma"),
        ({"gamma": 1.0, "sigma": math.inf}, "sigma"),
        ({"gamma": 1.0, "bound": 0.0}, "bound"),
        ({"gamma": 1.0, "e_mod": -1.0}, "e_mod"),
        ({"gamma": 1.0, "dead_zone": math.nan}, "dead_zone"),
        ({"gamma": 1.0, "normalise": math.inf}, "normalise"),
        ({"gamma": "high"}, "gamma"),
    ],
)
def test_gains_that_make_no_sense_are_named(gains, name):
    """The error names the gain and its value."""
    with pytest.raises(ConfigurationError, match=rf"Gradient\.{name}: is {gains[name]!r}"):
        Gradient(**gains)
