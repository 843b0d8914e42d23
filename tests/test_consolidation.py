import numpy as np
import pytest
from plain_learner import PlainConsolidation

import arms
from nengo_forcectl.errors import ConfigurationError, NetworkError
from nengo_forcectl.learning.consolidation import Consolidation
from nengo_forcectl.learning.law import Signal
from nengo_forcectl.networks.encoding import encoding_of
from nengo_forcectl.networks.smooth_basis import smooth_basis
from nengo_forcectl.networks.workspace import home_posture, reach_states

DT, N, FEATURES, P = 1e-3, 2, 40, 12


def law(rng, **gains):
    options = {"gain": 100.0, "noise": 0.3, "surprise": 2.0, "period": 0.6} | gains
    return Consolidation(rng.normal(size=(FEATURES, P)), **options)


def step(law, w, memory, phi, y, e):
    J_w = {"w": np.einsum("ij,k->ijk", np.eye(N), phi)}
    return law.step(w, J_w, Signal(prediction=e, unmodelled=y), memory, DT)


def start(law):
    w = {"w": np.zeros((N, FEATURES))}
    return w, law.start(w)


@pytest.mark.equation("Consolidation")
def test_without_forgetting_it_is_batch_ridge_regression(rng):
    """After 600 cycles W is the ridge solution on features filtered and sampled by hand."""
    plain = law(rng, memory=1e15, reset=1e15)
    w, memory = start(plain)
    phis, ys = rng.normal(size=(700, FEATURES)), rng.normal(size=(700, N))
    filtered, rows, targets = np.zeros(FEATURES), [], []
    for k, (phi, y) in enumerate(zip(phis, ys, strict=True)):
        if k > 0:
            decay = np.exp(-plain.gain * DT)
            filtered = decay * filtered + (1 - decay) * (phis[k - 1] + phi) / 2
        if k % 10 == 0 and k <= 580:  # the sample of 590 is still being projected at 600
            rows.append(filtered @ plain.basis)
            targets.append(y)
        w = step(plain, w, memory, phi, y, np.zeros(N))
    Z, Y = np.array(rows), np.array(targets)
    solution = np.linalg.solve(Z.T @ Z + 0.3**2 * np.eye(P), Z.T @ Y)
    np.testing.assert_allclose(w["w"], solution.T @ plain.basis.T, rtol=1e-9, atol=1e-9)


def test_spread_over_cycles_it_is_the_equations(rng):
    """Over 2,000 cycles weights, bump and the cycles of their change agree to 1e-9."""
    spread = law(rng)
    plain = PlainConsolidation(spread, np.zeros((N, FEATURES)), DT)
    w, memory = start(spread)
    changes = 0
    for _ in range(2000):
        phi, y, e = rng.normal(size=FEATURES), rng.normal(size=N), rng.normal(size=N)
        w = step(spread, w, memory, phi, y, e)
        bump = plain.step(phi, y, e)
        np.testing.assert_allclose(w["w"], plain.W, rtol=0, atol=1e-9)
        np.testing.assert_allclose(memory["bump"], bump, rtol=0, atol=1e-9)
        changes += bool(bump.any())
    assert changes == 3


def test_nothing_winds_up_under_constant_excitation(rng):
    """In 100,000 cycles of one and the same features Lambda stays below its limit, W at rest."""
    plain = law(rng, memory=1.0)
    w, memory = start(plain)
    phi, y = rng.normal(size=FEATURES), np.array([1.0, -2.0])
    size = np.sum((phi @ plain.basis) ** 2)
    sizes, weights = [], []
    for k in range(100_000):
        w = step(plain, w, memory, phi, y, np.zeros(N))
        if k % 10_000 == 9_999:
            sizes.append(np.linalg.eigvalsh(memory["information"])[-1])
            weights.append(w["w"])
    assert max(sizes) <= size / (1 - plain.forgetting(0.0, 0.01)) * (1 + 1e-9)
    np.testing.assert_allclose(weights[-1], weights[1], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(weights[-1] @ phi, y, rtol=1e-3)


def test_it_forgets_between_its_two_rates(rng):
    """Over memory without an error, over reset from ``surprise`` on, faster the larger it is."""
    plain = law(rng)
    lambdas = [plain.forgetting(square, 0.01) for square in (0.0, 1.0, 2.0, 4.0, 100.0)]
    assert lambdas[0] == pytest.approx(np.exp(-0.01 / 60.0))
    assert lambdas[0] > lambdas[1] > lambdas[2] > lambdas[3]
    assert lambdas[3] == lambdas[4] == pytest.approx(np.exp(-0.01 / 0.3))


def test_the_basis_is_constant_slopes_and_components_that_are_not_linear(rng):
    """Components have no correlation with the state over the sample, each less than the last."""
    arm = arms.load("planar2")
    states = reach_states(arm, home_posture(arm), rng, reaches=5)
    encoding = encoding_of(arm, states)
    d = encoding.size
    x = encoding.input(*states)[:, : d + 1]
    activity = np.maximum(encoding.input(*states)[:, d + 1 :] @ rng.normal(size=(d + 1, 30)), 0)
    B = smooth_basis(encoding, np.hstack((x, activity)), 10.0, components=8)
    assert B.shape == (d + 31, d + 1 + 8)
    slopes = [1.0] * encoding.positions + [0.3] * (d - encoding.positions) + [10.0]
    np.testing.assert_allclose(B[:, : d + 1], np.eye(d + 31)[:, : d + 1] * slopes)
    parts = np.hstack((x, activity)) @ B[:, d + 1 :]
    np.testing.assert_allclose(x.T @ parts / len(x), 0.0, atol=1e-10)
    deviations = parts.std(axis=0)
    assert deviations[0] == pytest.approx(0.1)
    assert (np.diff(deviations) < 0).all()
    assert deviations[-1] > 0


@pytest.mark.parametrize(
    "name", ["gain", "noise", "surprise", "memory", "reset", "sampling", "period"]
)
@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf])
def test_a_gain_that_is_not_positive_is_named(rng, name, value):
    """The message has the gain and its value."""
    with pytest.raises(ConfigurationError, match=rf"Consolidation\.{name}: is {value}"):
        law(rng, **{name: value})


def test_what_does_not_fit_is_named(rng):
    """A period too short for its work, a basis of another size, or not a finite matrix."""
    with pytest.raises(ConfigurationError, match=r"period: is 0\.003 s"):
        law(rng, period=0.003, sampling=0.001).cycles(DT, N)
    with pytest.raises(NetworkError, match="basis: is for 40 features, the weights w have 39"):
        law(rng).start({"w": np.zeros((N, 39))})
    with pytest.raises(ConfigurationError, match=r"basis: has shape \(3,\)"):
        Consolidation(np.zeros(3), 1.0, 1.0, 1.0)
