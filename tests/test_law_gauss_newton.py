"""Gauss-Newton in task space against its equation written out another way, and what it promises."""

import math

import numpy as np
import pytest
from law_signals import DT, N_OUT, N, decoders, flat

from nengo_forcectl.errors import ConfigurationError, NetworkError
from nengo_forcectl.learning.gauss_newton import GaussNewton
from nengo_forcectl.learning.law import Signal


@pytest.mark.equation("GaussNewton")
def test_gauss_newton_is_damped_least_squares(weights, signal):
    """The change solves min |G dw - a_err|^2 + damping |dw|^2, by a QR of the stacked system."""
    w, J_w = weights
    law = GaussNewton(eta=3.0, damping=0.2)
    change = flat(law.step(w, J_w, signal, law.start(w), DT))[0] - flat(w)[0]
    G = signal.mobility @ flat(J_w)
    stacked = np.vstack((G, math.sqrt(0.2) * np.eye(G.shape[1])))
    wanted = np.concatenate((signal.task_error, np.zeros(G.shape[1])))
    solution = np.linalg.lstsq(stacked, wanted, rcond=None)[0]
    np.testing.assert_allclose(change, DT * 3.0 * solution, atol=1e-12)


def test_gauss_newton_removes_the_task_error_of_a_linear_plant_in_one_step(rng):
    """With eta = 1 / dt and no damping the acceleration is the wanted one after one step."""
    M, J_arm, a, wanted = np.diag([3.0, 2.0, 1.0]), rng.normal(size=(2, 3)), rng.random(N), [1, -2]
    mobility, w = J_arm @ np.linalg.inv(M), {"D": rng.normal(size=(N_OUT, N))}
    a_err = wanted - mobility @ (w["D"] @ a)
    law = GaussNewton(eta=1 / DT, damping=0.0)
    signal = Signal(mobility=mobility, task_error=a_err)
    w = law.step(w, {"D": decoders(a)}, signal, {}, DT)
    np.testing.assert_allclose(mobility @ (w["D"] @ a), wanted, atol=1e-12)


def test_gauss_newton_says_when_it_needs_damping(weights, signal):
    """Weights without effect on the task: refused without damping, unmoved with it."""
    w, J_w = weights
    J_w = {name: 0 * value for name, value in J_w.items()}
    with pytest.raises(
        NetworkError, match=r"GaussNewton\.damping: is 0\.0, needs a number above 0"
    ):
        GaussNewton(1.0, 0.0).step(w, J_w, signal, {}, DT)
    moved = GaussNewton(1.0, 1e-3).step(w, J_w, signal, {}, DT)
    np.testing.assert_array_equal(moved["e.bias"], w["e.bias"])
    with pytest.raises(
        ConfigurationError, match=r"GaussNewton\.eta: is 300\.0 1/s, needs at most 200"
    ):
        GaussNewton(300.0, 1.0).step(w, J_w, signal, {}, DT)


# Kalman and recursive least squares
