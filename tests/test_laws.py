"""Every law against its equation written out another way, and what each one promises."""

import math

import numpy as np
import pytest

from nengo_forcectl.exceptions import ConfigurationError, NetworkError
from nengo_forcectl.learning.composite import Composite
from nengo_forcectl.learning.gauss_newton import GaussNewton
from nengo_forcectl.learning.gradient import Gradient
from nengo_forcectl.learning.kalman import Kalman
from nengo_forcectl.learning.law import Signal
from nengo_forcectl.learning.least_squares import RecursiveLeastSquares
from nengo_forcectl.learning.multilayer import Multilayer
from nengo_forcectl.learning.robust import Robust

N_OUT, N, DT = 3, 8, 0.01
SHAPES = {"e.encoders": (N, 2), "e.bias": (N,), "e -> F": (N_OUT, N)}


@pytest.fixture
def weights(rng):
    """Weights of three arrays and a Jacobian of each."""
    w = {name: rng.normal(size=shape) for name, shape in SHAPES.items()}
    J_w = {name: rng.normal(size=(N_OUT, *shape)) for name, shape in SHAPES.items()}
    return w, J_w


@pytest.fixture
def signal(rng):
    """All that a cycle offers, for a task of two dimensions."""
    return Signal(*(rng.normal(size=shape) for shape in (3, 3, (2, 3), 2)))


def flat(arrays):
    """All weights in one row, of a Jacobian in one row per output, in the order of SHAPES."""
    rows = [np.reshape(arrays[name], (-1, math.prod(SHAPES[name]))) for name in arrays]
    return np.concatenate(rows, axis=1)


def decoders(a):
    """The Jacobian of D at the activity a: F_k depends on row k of D only."""
    J = np.zeros((N_OUT, N_OUT, len(a)))
    for k in range(N_OUT):
        J[k, k] = a
    return J


# Multilayer


def test_multilayer_is_the_equation(weights, signal):
    """Inner arrays by their own rate; all leak to where they started, in the second step too."""
    (w, J_w), s = weights, signal.error
    law = Multilayer(gamma=2.0, gamma_inner=0.1, e_mod=0.4)
    memory = law.start(w)
    first = law.step(w, J_w, signal, memory, DT)
    second = law.step(first, J_w, signal, memory, DT)
    for name, rate in (("e.encoders", 0.1), ("e.bias", 0.1), ("e -> F", 2.0)):
        drive = sum(rate * J_w[name][k] * s[k] for k in range(N_OUT))
        leak = 0.4 * math.hypot(*s)
        np.testing.assert_allclose(first[name], w[name] + DT * drive, rtol=1e-12)
        expected = first[name] + DT * (drive - leak * (first[name] - w[name]))
        np.testing.assert_allclose(second[name], expected, rtol=1e-12)


def test_multilayer_on_decoders_alone_is_the_gradient_law(rng, signal):
    """From zero, with the same terms: bit for bit over 20 steps."""
    terms = {"e_mod": 0.4, "bound": 0.5, "dead_zone": 0.1}
    laws = Multilayer(2.0, 0.1, **terms), Gradient(2.0, **terms)
    w = [{"e -> F": np.zeros((N_OUT, N))}] * 2
    memories = [law.start(w[0]) for law in laws]
    for _ in range(20):
        J_w = {"e -> F": rng.normal(size=(N_OUT, N_OUT, N))}
        w = [
            law.step(v, J_w, signal, memory, DT)
            for law, v, memory in zip(laws, w, memories, strict=True)
        ]
    np.testing.assert_array_equal(w[0]["e -> F"], w[1]["e -> F"])
    assert np.linalg.norm(w[0]["e -> F"]) > 0.1


def test_the_correction_term_would_stop_rectified_linear_decoders(rng):
    """f(z) - f'(z) z is zero with the bias in z: why `Multilayer` leaves the term out."""
    E, b, x = rng.normal(size=(N, 2)), rng.normal(size=N), rng.normal(size=2)
    z = E @ x + b
    np.testing.assert_array_equal(np.maximum(z, 0) - (z > 0) * z, 0)


def test_multilayer_stays_near_its_start(rng):
    """Under a drive that never ends every array stays within ``bound``, or the leak's radius."""
    for terms, radius in (({"bound": 0.3}, 0.3), ({"e_mod": 4.0}, 0.5 * math.sqrt(N) / 4.0)):
        law = Multilayer(0.5, 0.5, **terms)
        w = {"e.bias": rng.normal(size=N)}
        start, memory = w["e.bias"], law.start(w)
        J_w = {"e.bias": np.ones((1, N))}
        for _ in range(2000):
            w = law.step(w, J_w, Signal(np.ones(1)), memory, DT)
            assert np.linalg.norm(w["e.bias"] - start) <= radius * (1 + 1e-12)
        assert np.linalg.norm(w["e.bias"] - start) > 0.99 * radius


# Gauss-Newton


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
    with pytest.raises(NetworkError, match=r"GaussNewton\.damping is 0\.0, must be positive"):
        GaussNewton(1.0, 0.0).step(w, J_w, signal, {}, DT)
    moved = GaussNewton(1.0, 1e-3).step(w, J_w, signal, {}, DT)
    np.testing.assert_array_equal(moved["e.bias"], w["e.bias"])
    with pytest.raises(ConfigurationError, match=r"GaussNewton\.eta is 300\.0, must be below 200"):
        GaussNewton(300.0, 1.0).step(w, J_w, signal, {}, DT)


# Kalman and recursive least squares


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
        with pytest.raises(NetworkError, match=f"'{name}' is no D: use Kalman"):
            law.step(one, {name: J_w[name]}, signal, law.start(one), DT)


def test_too_many_weights_for_one_covariance_are_refused():
    """30,000 weights need 7 GB: the error says which blocks would do."""
    w = {"D": np.zeros((6, 5000))}
    with pytest.raises(ConfigurationError, match=r"Kalman\.blocks is 'all', must be finer.*7 GB"):
        Kalman(1.0).start(w)


# Composite


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


def test_robust_terms_around_the_gradient_law_are_its_own(weights, signal):
    """Gradient with the terms, and Robust around a plain Gradient: the same weights."""
    w, J_w = weights
    terms = {"sigma": 0.5, "e_mod": 0.3, "dead_zone": 0.2, "bound": 3.0}
    one, other = Gradient(2.0, **terms), Robust(Gradient(2.0), **terms)
    for name, value in one.step(w, J_w, signal, {}, DT).items():
        np.testing.assert_allclose(other.step(w, J_w, signal, {}, DT)[name], value, rtol=1e-12)


LAWS = {
    "gradient": Gradient(0.5, e_mod=0.1),
    "multilayer": Multilayer(0.5, 0.01, e_mod=0.1),
    "gauss_newton": GaussNewton(1.0, 0.1),
    "kalman": Kalman(1.0, 0.1, forgetting=0.5),
    "kalman by row": Kalman(1.0, 0.1, blocks="row"),
    "composite": Composite(0.5, 0.5),
    "composite with forgetting": Composite(0.5, 0.5, 1.0, blocks="array"),
    "robust": Robust(Kalman(1.0, 0.1), sigma=0.1, bound=10.0),
    "least squares": RecursiveLeastSquares(1.0, 0.1, forgetting=0.5),
}


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize("terms", [{"bound": 2.0}, {"sigma": 20.0}, {"e_mod": 20.0}])
def test_robust_terms_bound_the_weights_of_any_law(name, terms, signal):
    """Under errors that never end the norm comes to rest, and with a bound below it."""
    law = Robust(LAWS[name], **terms)
    w, J_w, norms = {"D": np.zeros((N_OUT, N))}, {"D": decoders(np.ones(N))}, []
    memory = law.start(w)
    signal = signal._replace(task_error=10 * signal.task_error, prediction=10 * signal.prediction)
    for _ in range(3000):
        w = law.step(w, J_w, signal, memory, DT)
        norms.append(np.linalg.norm(w["D"]))
    assert norms[-1] > 0
    assert norms[-1] <= norms[-1000] * (1 + 1e-3)
    assert max(norms) <= terms.get("bound", math.inf) * (1 + 1e-12)


# What is refused


BAD = [
    (Multilayer, {"gamma": 0.0, "gamma_inner": 1.0}, "gamma is 0.0, must be positive"),
    (Multilayer, {"gamma": 1.0, "gamma_inner": -1.0}, "gamma_inner is -1.0, must be positive"),
    (Multilayer, {"gamma": 1.0, "gamma_inner": 1.0, "e_mod": -1.0}, "e_mod is -1.0, must be zero"),
    (Multilayer, {"gamma": 1.0, "gamma_inner": 1.0, "bound": 0}, "bound is 0, must be positive"),
    (GaussNewton, {"eta": math.inf, "damping": 0.0}, "eta is inf, must be positive"),
    (GaussNewton, {"eta": 1.0, "damping": -0.1}, "damping is -0.1, must be zero or more"),
    (Kalman, {"noise": 0.0}, "noise is 0.0, must be positive"),
    (Kalman, {"noise": 1.0, "prior": math.nan}, "prior is nan, must be positive"),
    (Kalman, {"noise": 1.0, "forgetting": -1.0}, "forgetting is -1.0, must be zero or more"),
    (Kalman, {"noise": 1.0, "blocks": "column"}, "blocks is 'column', must be 'all', 'array' or"),
    (RecursiveLeastSquares, {"noise": -1.0}, "noise is -1.0, must be positive"),
    (RecursiveLeastSquares, {"noise": 1.0, "prior": 0.0}, "prior is 0.0, must be positive"),
    (Composite, {"gamma": 1.0, "rho": 0.0}, "rho is 0.0, must be positive"),
    (Composite, {"gamma": -2.0, "rho": 1.0}, "gamma is -2.0, must be positive"),
    (Composite, {"gamma": 1.0, "rho": 1.0, "forgetting": -1}, "forgetting is -1, must be zero"),
    (Composite, {"gamma": 1.0, "rho": 1.0, "blocks": 3}, "blocks is 3, must be 'all', 'array' or"),
    (Robust, {"law": "sgd"}, "law is 'sgd', must be a law"),
    (Robust, {"law": Gradient(1.0), "sigma": -1.0}, "sigma is -1.0, must be zero or more"),
    (Robust, {"law": Gradient(1.0), "bound": -1.0}, "bound is -1.0, must be positive"),
]


@pytest.mark.parametrize(("law", "gains", "message"), BAD)
def test_gains_that_make_no_sense_are_named(law, gains, message):
    """The error names the law, the gain, its value and what would do."""
    with pytest.raises(ConfigurationError, match=rf"^{law.__name__}\.{message}"):
        law(**gains)


@pytest.mark.parametrize("name", LAWS)
def test_signals_that_do_not_fit_are_refused(name, signal):
    """Missing, NaN, or of the wrong size: named, and the memory stays as it was."""
    law = LAWS[name]
    w, J_w = {"D": np.zeros((N_OUT, N))}, {"D": decoders(np.ones(N))}
    memory = law.start(w)
    before = {key: value.copy() for key, value in memory.items()}
    inner = getattr(law, "law", law)
    used = {"Gradient": "error", "Multilayer": "error", "GaussNewton": "task_error"}.get(
        type(inner).__name__, "prediction"
    )
    for value, message in (
        (None, f"learns from Signal.{used}, which is not given; given: "),
        (np.full(len(getattr(signal, used)), np.nan), f"Signal.{used} is not finite"),
        (np.zeros((2, 9)), rf"Signal.{used} has shape \(2, 9\), needs "),
    ):
        with pytest.raises(NetworkError, match=message):
            law.step(w, J_w, signal._replace(**{used: value}), memory, DT)
    with pytest.raises(NetworkError, match="infinite"), np.errstate(all="ignore"):
        law.step({"D": w["D"] + np.inf}, J_w, signal, memory, DT)
    for key, value in before.items():
        np.testing.assert_array_equal(memory[key], value)
