"""The Kalman law and recursive least squares against their equations, and what they promise."""

import math

import numpy as np
import pytest
from law_signals import DT, N_OUT, SHAPES, N, decoders, flat

from nengo_forcectl.errors import ConfigurationError, NetworkError
from nengo_forcectl.learning.kalman import Kalman
from nengo_forcectl.learning.law import Signal
from nengo_forcectl.learning.least_squares import RecursiveLeastSquares


def test_kalman_is_ridge_regression(rng):
    """Without forgetting, the weights after 50 samples are those of one batch regression."""
    law, P = Kalman(noise=0.04, prior=2.0), sum(map(math.prod, SHAPES.values()))
    w = {name: rng.normal(size=shape) for name, shape in SHAPES.items()}
    start, memory = flat(w)[0], law.start(w)
    J = rng.normal(size=(50, N_OUT, P))
    y = J @ rng.normal(size=P) + 0.2 * rng.normal(size=(50, N_OUT))
    splits = np.cumsum([math.prod(shape) for shape in SHAPES.values()])[:-1]
    for J_k, y_k in zip(J, y, strict=True):
        parts = np.split(J_k, splits, axis=1)
        J_w = {
            name: part.reshape(N_OUT, *SHAPES[name]) for name, part in zip(w, parts, strict=True)
        }
        w = law.step(w, J_w, Signal(prediction=y_k - J_k @ flat(w)[0]), memory, DT)
    rows, targets = J.reshape(-1, P), y.ravel()
    information = rows.T @ rows / 0.04 + np.eye(P) / 2.0
    ridge = start + np.linalg.solve(information, rows.T @ (targets - rows @ start) / 0.04)
    np.testing.assert_allclose(flat(w)[0], ridge, atol=1e-8)
    np.testing.assert_allclose(memory["covariance"][0], np.linalg.inv(information), atol=1e-10)


@pytest.mark.equation("Kalman")
@pytest.mark.parametrize("blocks", ["all", "array", "row"])
def test_kalman_with_blocks_is_the_equation(blocks, weights, signal):
    """Two steps with forgetting equal the textbook's, all other covariances set to zero."""
    (w, J_w), law = weights, Kalman(0.5, 2.0, forgetting=3.0, blocks=blocks)
    label = {
        "all": lambda name, row: 0,
        "array": lambda name, row: name,
        "row": lambda name, row: (name, row),
    }[blocks]
    labels = [
        label(name, index[0]) for name, shape in SHAPES.items() for index in np.ndindex(shape)
    ]
    kept = np.array([[one == other for other in labels] for one in labels])
    P, H = 2.0 * np.eye(len(labels)), flat(J_w)
    value, share, memory = flat(w)[0], 1 - math.exp(-3.0 * DT), law.start(w)
    for _ in range(2):
        K = P @ H.T @ np.linalg.inv(H @ P @ H.T + 0.5 * np.eye(N_OUT))
        value = value + K @ signal.prediction
        P = np.where(kept, P - K @ H @ P, 0)
        P = P + share * (2.0 * np.eye(len(P)) - P)
        w = law.step(w, J_w, signal, memory, DT)
        np.testing.assert_allclose(flat(w)[0], value, atol=1e-12)
    parts = [block for blocks in memory.values() for block in blocks]
    assert sum(block.size for block in parts) == kept.sum()
    np.testing.assert_allclose(parts[-1], P[-len(parts[-1]) :, -len(parts[-1]) :], atol=1e-12)


def test_the_covariance_stays_symmetric_and_below_the_prior(rng):
    """10,000 steps that excite one plane of 16, with forgetting: no wind-up, no asymmetry."""
    law = Kalman(noise=1e-4, prior=3.0, forgetting=5.0)
    w = {"D": np.zeros((2, N))}
    memory, plane = law.start(w), rng.normal(size=(2, 2, N))
    for _ in range(10_000):
        J_w = {"D": rng.normal(size=(2, 2)) @ plane.reshape(2, -1)}
        J_w["D"] = J_w["D"].reshape(2, 2, N)
        w = law.step(w, J_w, Signal(prediction=rng.normal(size=2)), memory, DT)
    P = memory["covariance"][0]
    np.testing.assert_array_equal(P, P.T)
    eigenvalues = np.linalg.eigvalsh(P)
    assert eigenvalues[0] > 0
    assert eigenvalues[-1] <= 3.0 * (1 + 1e-12)
    assert np.sum(eigenvalues < 0.5) == 2  # it still is certain of what it measures


def test_a_large_covariance_is_that_of_the_equation(rng):
    """600 weights in two blocks, one of which no measurement sees, stay symmetric to the bit."""
    law = Kalman(0.5, 2.0, forgetting=3.0, blocks="row")
    w, memory = {"D": np.zeros((2, 300))}, law.start({"D": np.zeros((2, 300))})
    expected, share = [2.0 * np.eye(300) for _ in range(2)], 1 - math.exp(-3.0 * DT)
    for _ in range(3):
        a, e = rng.random(300), rng.normal(size=2)
        J = np.zeros((2, 2, 300))
        J[0, 0], J[1, 1] = a, 0
        w = law.step(w, {"D": J}, Signal(prediction=e), memory, DT)
        for P, activity in zip(expected, (a, 0 * a), strict=True):
            P -= np.outer(P @ activity, P @ activity) / (activity @ P @ activity + 0.5)
            P += share * (2.0 * np.eye(300) - P)
    np.testing.assert_allclose(memory["covariance of D"], expected, atol=1e-12)
    np.testing.assert_array_equal(memory["covariance of D"][0], memory["covariance of D"][0].T)


@pytest.mark.equation("RecursiveLeastSquares")
@pytest.mark.parametrize("forgetting", [0.0, 2.0])
def test_least_squares_of_decoders_is_the_kalman_law(forgetting, rng):
    """Two ensembles on one output, 30 steps: the dense filter's decoders and block covariance."""
    sizes = {"a -> F": 5, "b -> F": N}
    gains = {"noise": 0.1, "prior": 2.0, "forgetting": forgetting}
    laws = [RecursiveLeastSquares(**gains), Kalman(**gains)]
    w = [{name: rng.normal(size=(N_OUT, size)) for name, size in sizes.items()}] * 2
    memories = [law.start(w[0]) for law in laws]
    assert memories[0]["covariance"].shape == (5 + N, 5 + N)
    for _ in range(30):
        J_w = {name: decoders(rng.random(size)) for name, size in sizes.items()}
        e = Signal(prediction=rng.normal(size=N_OUT))
        w = [
            law.step(v, J_w, e, memory, DT)
            for law, v, memory in zip(laws, w, memories, strict=True)
        ]
    for name in sizes:
        np.testing.assert_allclose(w[0][name], w[1][name], atol=1e-10)
    own = np.arange(N_OUT * (5 + N))
    first = np.concatenate((own[:5], own[5 * N_OUT : 5 * N_OUT + N]))  # the weights of output 0
    dense = memories[1]["covariance"][0]
    np.testing.assert_allclose(memories[0]["covariance"], dense[np.ix_(first, first)], atol=1e-10)


def test_rows_lose_nothing_for_decoders(rng):
    """For decoders alone Kalman with blocks="row" is the dense filter."""
    laws = [Kalman(0.1, blocks="row"), Kalman(0.1)]
    w = [{"D": np.zeros((N_OUT, N))}] * 2
    memories = [law.start(w[0]) for law in laws]
    for _ in range(30):
        J_w, e = {"D": decoders(rng.random(N))}, Signal(prediction=rng.normal(size=N_OUT))
        w = [
            law.step(v, J_w, e, memory, DT)
            for law, v, memory in zip(laws, w, memories, strict=True)
        ]
    np.testing.assert_allclose(w[0]["D"], w[1]["D"], atol=1e-12)


def test_least_squares_refuses_what_is_no_decoder(weights, signal):
    """Encoders, or decoders with something behind them, are named."""
    (w, J_w), law = weights, RecursiveLeastSquares(0.1)
    for name in ("e.encoders", "e -> F"):
        one = {name: w[name]}
        with pytest.raises(NetworkError, match=f"not '{name}'; use Kalman"):
            law.step(one, {name: J_w[name]}, signal, law.start(one), DT)


def test_too_many_weights_for_one_covariance_are_refused():
    """30,000 weights need 7 GB: the error says which blocks would do."""
    w = {"D": np.zeros((6, 5000))}
    with pytest.raises(ConfigurationError, match=r"Kalman\.blocks: is 'all', needs finer.*7 GB"):
        Kalman(1.0).start(w)


# Composite
