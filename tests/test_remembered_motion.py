"""The equations of a remembered motion, and of the load and friction found in it, in NumPy."""

import numpy as np
import pytest
from test_safety import REFERENCE, Asks

import arms
from nengo_forcectl.contract import State
from nengo_forcectl.kernels import parts
from nengo_forcectl.networks.workspace import home_posture
from nengo_forcectl.safety.guard import Safe

EVERY, CYCLES, DT = 16, 16 * 14, 1e-3
MASS, COM = 0.8, np.array([0.03, -0.02, 0.08])
FRICTION = np.array([0.9, 0.0, 0.4])
PLACES = ((3, 3), (3, 0), (3, 1), (3, 2), (0, 0), (1, 0), (1, 1), (2, 0), (2, 1), (2, 2))


def slope(k):
    """The pseudo-inertia of unit unknown k."""
    E = np.zeros((4, 4))
    i, j = PLACES[k]
    E[i, j] = E[j, i] = 1.0
    return E


SLOPES = np.array([slope(k) for k in range(10)])


def theta_of(x):
    """Mass, first moment and inertia of the unknowns, which have second moments."""
    xx, xy, yy, xz, yz, zz = x[4:10]
    return np.array([*x[:4], yy + zz, -xy, xx + zz, -xz, -yz, xx + yy])


def unknowns_of(theta):
    """The inverse of `theta_of`."""
    xx, xy, yy, xz, yz, zz = theta[4:10]
    half = 0.5 * (xx + yy + zz)
    return np.array([*theta[:4], half - xx, -xy, half - yy, -xz, -yz, half - zz])


def arm_of(arm):
    """The arm with the load."""
    return arm.with_payload(MASS, COM, 3e-3 * np.eye(3))


@pytest.fixture(scope="module")
def remembered():
    """An arm, its guard after a motion with a load and friction, and the motion itself."""
    arm = arms.load("planar3")
    loaded = arm_of(arm)
    rng, home = np.random.default_rng(0), home_posture(arm)
    rate, turn = np.array([5.0, 8.0, 11.0]), np.array([0.1, 1.0, 2.0])
    kept, safe = [], Safe(Asks(3, lambda state: kept[-1][2]), arm)
    for cycle in range(CYCLES):
        angle, middle = rate * DT * cycle + turn, rate * DT * (cycle + 0.5) + turn
        q, dq = home + 0.1 * np.sin(angle), 0.1 * rate * np.cos(angle)
        noisy = dq + 1e-3 * rng.normal(size=3)
        q_m, dq_m = home + 0.1 * np.sin(middle), 0.1 * rate * np.cos(middle)
        tau = loaded.inverse_dynamics(q_m, dq_m, -0.1 * rate**2 * np.sin(middle)) + FRICTION * dq_m
        kept.append((q, noisy, tau))
        safe.step(State(DT * cycle, q, noisy), REFERENCE)
        kept[-1] = (q, noisy, safe._guard["sent"].copy())
    parts.recall_load.call(safe._guard.address)
    return arm, safe, safe._guard._keeps[-2], kept


def test_an_interval_is_stored_by_means_over_its_cycles(remembered):
    """Momentum by means over cycles, torques by means over all times between two of them."""
    arm, _, memory, kept = remembered
    assert memory["stored"] == CYCLES // EVERY - 1
    ends = [CYCLES - 1 - j for j in range(EVERY)]
    terms = [arm.terms(q, dq) for q, dq, _ in kept]
    p = np.array([each.M @ dq for each, (_, dq, _) in zip(terms, kept, strict=True)])
    b = np.array([each.C.T @ dq - each.g for each, (_, dq, _) in zip(terms, kept, strict=True)])
    tau, dq = np.array([each[2] for each in kept]), np.array([each[1] for each in kept])

    def mean(values):  # of values that change in straight lines between cycles
        return np.mean([(values[k - EVERY : k] + values[k - EVERY + 1 : k + 1]) / 2 for k in ends])

    last = int(memory["slot"]) - 1
    for i in range(3):
        gain = np.mean([p[k, i] - p[k - EVERY, i] for k in ends]) / (EVERY * DT)
        sent = np.mean([tau[k - EVERY : k, i] for k in ends])
        assert memory["torques"][last, i] == pytest.approx(gain - mean(b[:, i]) - sent, abs=1e-9)
        assert memory["speeds"][last, i] == pytest.approx(-mean(dq[:, i]), abs=1e-12)
    carried = [arm_of(arm).terms(q, dq) for q, dq, _ in kept]
    pairs = list(zip(carried, terms, kept, strict=True))
    p = np.array([(each.M - own.M) @ dq for each, own, (_, dq, _) in pairs])
    b = np.array([(each.C - own.C).T @ dq - each.g + own.g for each, own, (_, dq, _) in pairs])
    for i in range(3):
        gain = np.mean([p[k, i] - p[k - EVERY, i] for k in ends]) / (EVERY * DT)
        lacks = memory["columns"][last, i] @ unknowns_of(arm_of(arm).inertial_parameters[-10:])
        assert lacks == pytest.approx(mean(b[:, i]) - gain, abs=1e-9)


def sums(arm, memory, used, theta, n):
    """The normal equations of the last ``used`` intervals, weighed with a load."""
    size, less = 10 + n, 1 - np.exp(-10.0 * EVERY * DT)
    A, b, square, slow = np.zeros((size, size)), np.zeros(size), 0.0, None
    inertia = np.array([[theta[4], theta[5], theta[7]], [theta[5], theta[6], theta[8]],
                  [theta[7], theta[8], theta[9]]])  # fmt: skip
    h = np.cross(np.eye(3), theta[1:4])  # h w = mc x w
    spatial = np.block([[theta[0] * np.eye(3), -h], [h, inertia]])
    for slot in range(int(memory["stored"]) - used, int(memory["stored"])):
        full = np.hstack([
            memory["columns"][slot], np.diag(memory["speeds"][slot]),
            memory["torques"][slot][:, None],
        ])  # fmt: skip
        slow = full.copy() if slow is None else slow + less * (full - slow)
        V = memory["twists"][slot]
        M = memory["inertias"][slot] + V.T @ spatial @ V
        W = np.linalg.inv(0.07**2 * M @ M.T + np.diag((5e-5 * arm.tau_max) ** 2))
        X, y = (full - slow)[:, :-1], (full - slow)[:, -1]
        A, b, square = A + X.T @ W @ X, b + X.T @ W @ y, square + y @ W @ y
    return A, b, square


def ball(m, c, radius):
    """The pseudo-inertia of a ball."""
    S = 0.2 * m * radius**2 * np.eye(3) + m * np.outer(c, c)
    return np.block([[S, m * c[:, None]], [m * c[None], np.array([[m]])]])


def newton(x, A, b, noise, usual):
    """A shortened step of Newton's method on the sum of `fit_motion`."""
    J = np.einsum("k,kij", x[:10], SLOPES)
    K, P = np.linalg.inv(J), np.linalg.inv(usual)
    gradient, H, barrier = A @ x - b, A.copy(), np.zeros((10, 10))
    for k in range(10):
        gradient[k] += 10 * noise * np.trace((P - K) @ SLOPES[k])
        for j in range(10):
            barrier[k, j] = np.trace(K @ SLOPES[k] @ K @ SLOPES[j])
    H[:10, :10] += 10 * noise * barrier
    return gradient, H, barrier


def fit(arm, memory, x, noise, usual, used, rounds):
    """`fit_motion`, again."""
    n = arm.dof
    friction = 0.1 * arm.tau_max / arm.dq_max
    H = np.empty((0, 0))
    for _ in range(rounds):
        A, b, square = sums(arm, memory, used, theta_of(x), n)
        for _ in range(12):
            gradient, H, barrier = newton(x, A, b, noise, usual)
            gradient[10:] += noise * x[10:] / friction**2
            H[10:, 10:] += noise * np.diag(1 / friction**2)
            step = -np.linalg.solve(H, gradient)
            far = np.sqrt(step[:10] @ barrier @ step[:10])
            x = x + step * (1.0 if far < 0.3 else 1 / (1 + far))
            m = max(x[0], 0.05)
            usual = ball(m, x[1:4] / m, (0.75 * m / (np.pi * 2700.0)) ** (1 / 3))
            if -gradient @ step < 1e-6 * noise * 10:
                break
        left = square - 2 * b @ x + x @ A @ x
        noise = max(left / max(n * used - len(x), 1), 0.1)
    return x, noise, usual, H


def test_the_load_is_that_of_the_equation(remembered):
    """The ladder of intervals, the weights, the prior of a ball and the steps, to 1e-6."""
    arm, safe, memory, _ = remembered
    x = np.zeros(13)
    x[0], x[[4, 6, 9]] = 1.0, 0.2 * 0.15**2
    noise, usual, used, stored = 1.0, ball(1.0, np.zeros(3), 0.15), 6, int(memory["stored"])
    usual[:3, :3] = 0.2 * 0.15**2 * np.eye(3)
    x, noise, usual, H = fit(arm, memory, x, noise, usual, used, 3)
    while used < stored:
        used = min(2 * used, stored)
        rounds = 3 if used == stored else 1
        x, noise, usual, H = fit(arm, memory, x, noise, usual, used, rounds)
    assert int(memory["used"]) == stored
    assert memory["noise"] == pytest.approx(noise, rel=1e-6)
    np.testing.assert_allclose(memory["unknowns"], x, rtol=1e-5, atol=1e-7)
    theta = safe._guard._keeps[-1]["theta"]
    np.testing.assert_allclose(theta, theta_of(x), rtol=1e-5, atol=1e-7)
    assert theta[0] == pytest.approx(MASS, rel=0.02)
    assert safe._guard["drag"][2] == pytest.approx(FRICTION[2], abs=0.02)
    sigma = np.sqrt(noise * np.diag(np.linalg.inv(H))[10:])  # those of the others are not clear
    np.testing.assert_allclose(
        safe._guard["drag"], np.where(x[10:] > 3 * sigma, x[10:], 0.0), atol=1e-6
    )
