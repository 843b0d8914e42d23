"""The composite law against its equation written out another way, and what it promises."""

import math

import numpy as np
import pytest
from law_signals import DT, N_OUT, N, decoders, flat

from nengo_forcectl.learning.composite import Composite
from nengo_forcectl.learning.gradient import Gradient
from nengo_forcectl.learning.law import Signal


@pytest.mark.equation("Composite")
def test_composite_with_constant_gain_is_the_equation(weights, signal):
    """dw/dt = gamma J_w^T (s + rho e), entry by entry."""
    w, J_w = weights
    moved = Composite(2.0, 0.3).step(w, J_w, signal, {}, DT)
    drive = [s + 0.3 * e for s, e in zip(signal.error, signal.prediction, strict=True)]
    for name in w:
        expected = w[name] + DT * 2.0 * sum(J_w[name][k] * drive[k] for k in range(N_OUT))
        np.testing.assert_allclose(moved[name], expected, rtol=1e-12)


def test_composite_with_forgetting_is_its_differential_equation(weights, signal):
    """Steps of 1e-4 s agree with dP/dt, dw/dt by Runge-Kutta, to first order in the step."""
    (w, J_w), law = weights, Composite(0.5, 0.3, forgetting=2.0)
    H, size = flat(J_w), flat(w).size

    def derivative(P):
        return 2.0 * (0.5 * np.eye(size) - P) - 0.3 * P @ H.T @ H @ P

    value, P, h = flat(w)[0], 0.5 * np.eye(size), 1e-3
    drive = H.T @ (signal.error + 0.3 * signal.prediction)
    for _ in range(20):
        stages = [P]
        for part in (0.5, 0.5, 1.0):
            stages.append(P + part * h * derivative(stages[-1]))
        combined = zip((1, 2, 2, 1), stages, strict=True)
        value = value + h / 6 * sum(factor * stage @ drive for factor, stage in combined)
        combined = zip((1, 2, 2, 1), stages, strict=True)
        P = P + h / 6 * sum(factor * derivative(stage) for factor, stage in combined)
    memory, change = law.start(w), value - flat(w)[0]
    before = flat(w)[0]
    for _ in range(200):
        w = law.step(w, J_w, signal, memory, 1e-4)
    np.testing.assert_allclose(flat(w)[0] - before, change, atol=3e-3 * np.abs(change).max())
    np.testing.assert_allclose(memory["covariance"][0], P, atol=3e-3 * 0.5)


@pytest.mark.parametrize(("gamma", "forgetting"), [(2.0, None), (20.0, 0.0), (20.0, 1.0)])
def test_composite_converges_on_a_linear_plant(gamma, forgetting, rng):
    """M ds/dt = -K s + J_w (w* - w): V falls all the way, and s, e and w - w* become small.

    The neurons' activity is orthogonal over time, so that it excites all weights alike.
    """
    truth, dt = rng.normal(size=(N_OUT, N)), 1e-3
    law = Composite(gamma, 2.0, forgetting, blocks="row")
    w, s = {"D": np.zeros((N_OUT, N))}, rng.normal(size=N_OUT)
    memory, sizes, lyapunov = law.start(w), [], []
    for step in range(20_000):
        a = np.cos(2 * step * dt * np.arange(1, N + 1) + np.arange(N))
        e = (truth - w["D"]) @ a
        missing = truth - w["D"]
        if step % 100 == 0:
            P = memory["covariance of D"] if memory else [gamma * np.eye(N)] * N_OUT
            terms = [d @ np.linalg.solve(P_k, d) for d, P_k in zip(missing, P, strict=True)]
            lyapunov.append(s @ s + sum(terms))
        sizes.append([np.linalg.norm(s), np.linalg.norm(e), np.linalg.norm(missing)])
        w = law.step(w, {"D": decoders(a)}, Signal(s, e), memory, dt)
        s = s + dt * (-5.0 * s + e)
    assert (np.diff(lyapunov) < 0).all()
    assert (np.array(sizes[-1]) < 0.01 * np.array(sizes[0])).all()


def test_the_prediction_error_damps_the_weights():
    """The tracking error alone leaves s and w oscillating where composite has settled."""
    left, a, dt = {}, np.ones(1), 1e-4
    for law in (Gradient(200.0), Composite(200.0, 0.1)):
        w, s = {"D": np.zeros((1, 1))}, np.zeros(1)
        for _ in range(10_000):
            e = 1.0 - w["D"] @ a
            w = law.step(w, {"D": a.reshape(1, 1, 1)}, Signal(s, e), {}, dt)
            s = s + dt * (-1.0 * s + e)
        left[type(law)] = math.sqrt(200 * s.item() ** 2 + (1 - w["D"].item()) ** 2)
    assert left[Composite] < 1e-3
    assert left[Gradient] > 0.5


# Robust terms around any law
