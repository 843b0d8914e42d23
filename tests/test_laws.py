"""What every learning law promises, with the robust terms, and what it refuses."""

import math
import re
from dataclasses import MISSING, fields
from pathlib import Path

import numpy as np
import pytest
from law_signals import DT, N_OUT, N, decoders

from nengo_forcectl import learning
from nengo_forcectl.errors import ConfigurationError, NetworkError
from nengo_forcectl.learning import (
    LAWS,
    Composite,
    GaussNewton,
    Gradient,
    Kalman,
    Law,
    Multilayer,
    RecursiveLeastSquares,
    Robust,
    Signal,
)


@pytest.mark.equation("Robust")
def test_robust_terms_around_the_gradient_law_are_its_own(weights, signal):
    """Gradient with the terms, and Robust around a plain Gradient: the same weights."""
    w, J_w = weights
    terms = {"sigma": 0.5, "e_mod": 0.3, "dead_zone": 0.2, "bound": 3.0}
    one, other = Gradient(2.0, **terms), Robust(Gradient(2.0), **terms)
    for name, value in one.step(w, J_w, signal, {}, DT).items():
        np.testing.assert_allclose(other.step(w, J_w, signal, {}, DT)[name], value, rtol=1e-12)


EXAMPLES = {
    "Gradient": Gradient(0.5, e_mod=0.1),
    "Multilayer": Multilayer(0.5, 0.01, e_mod=0.1),
    "GaussNewton": GaussNewton(1.0, 0.1),
    "Kalman": Kalman(1.0, 0.1, forgetting=0.5),
    "Kalman by row": Kalman(1.0, 0.1, blocks="row"),
    "Composite": Composite(0.5, 0.5),
    "Composite with forgetting": Composite(0.5, 0.5, 1.0, blocks="array"),
    "Robust": Robust(Kalman(1.0, 0.1), sigma=0.1, bound=10.0),
    "RecursiveLeastSquares": RecursiveLeastSquares(1.0, 0.1, forgetting=0.5),
}
SCHEDULED = {"Consolidation"}  # its weights change once a period: see test_consolidation
for name in sorted(set(LAWS) - set(EXAMPLES) - SCHEDULED):  # a new law: its required gains are 0.5
    needed = [each.name for each in fields(LAWS[name]) if each.default is MISSING]
    EXAMPLES[name] = LAWS[name](**dict.fromkeys(needed, 0.5))


def test_every_law_has_a_test_of_its_equation():
    """A law that is registered, and whose equation no test states anew, fails here."""
    tests = (file.read_text(encoding="utf-8") for file in Path(__file__).parent.glob("test_*.py"))
    mark = re.compile(r'^@pytest\.mark\.equation\("(\w+)"\)', re.MULTILINE)
    assert {name for text in tests for name in mark.findall(text)} == set(LAWS)


def test_every_law_is_public_and_keeps_the_contract():
    """Each law is in ``__all__``, immutable, and has the methods of `Law`."""
    assert set(LAWS) <= set(learning.__all__)
    for name, law in LAWS.items():
        assert getattr(learning, name) is law
        assert issubclass(law, Law)
        assert law.__dataclass_params__.frozen


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("terms", [{"bound": 2.0}, {"sigma": 20.0}, {"e_mod": 20.0}])
def test_robust_terms_bound_the_weights_of_any_law(name, terms, signal):
    """Under errors that never end the norm comes to rest, and with a bound below it."""
    law = Robust(EXAMPLES[name], **terms)
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
    (Multilayer, {"gamma": 0.0, "gamma_inner": 1.0}, "gamma: is 0.0, needs a number above 0"),
    (
        Multilayer,
        {"gamma": 1.0, "gamma_inner": -1.0},
        "gamma_inner: is -1.0, needs a number above 0",
    ),
    (
        Multilayer,
        {"gamma": 1.0, "gamma_inner": 1.0, "e_mod": -1.0},
        r"e_mod: is -1.0 1/\(N m s\), needs a number from",
    ),
    (
        Multilayer,
        {"gamma": 1.0, "gamma_inner": 1.0, "bound": 0},
        "bound: is 0, needs a number above 0",
    ),
    (GaussNewton, {"eta": math.inf, "damping": 0.0}, r"eta: is inf 1/s, needs a number above 0"),
    (GaussNewton, {"eta": 1.0, "damping": -0.1}, "damping: is -0.1, needs a number from 0 up"),
    (Kalman, {"noise": 0.0}, r"noise: is 0.0 \(N m\)\^2, needs a number above 0"),
    (Kalman, {"noise": 1.0, "prior": math.nan}, "prior: is nan, needs a number above 0"),
    (
        Kalman,
        {"noise": 1.0, "forgetting": -1.0},
        r"forgetting: is -1.0 1/s, needs a number from 0 up",
    ),
    (
        Kalman,
        {"noise": 1.0, "blocks": "column"},
        "blocks: is 'column', needs one of all, array, row",
    ),
    (RecursiveLeastSquares, {"noise": -1.0}, r"noise: is -1.0 \(N m\)\^2, needs a number above 0"),
    (RecursiveLeastSquares, {"noise": 1.0, "prior": 0.0}, "prior: is 0.0, needs a number above 0"),
    (Composite, {"gamma": 1.0, "rho": 0.0}, "rho: is 0.0, needs a number above 0"),
    (Composite, {"gamma": -2.0, "rho": 1.0}, "gamma: is -2.0, needs a number above 0"),
    (
        Composite,
        {"gamma": 1.0, "rho": 1.0, "forgetting": -1},
        r"forgetting: is -1 1/s, needs a number from",
    ),
    (
        Composite,
        {"gamma": 1.0, "rho": 1.0, "blocks": 3},
        "blocks: is 3, needs one of all, array, row",
    ),
    (Robust, {"law": "sgd"}, "law: is 'sgd', needs a law"),
    (
        Robust,
        {"law": Gradient(1.0), "sigma": -1.0},
        r"sigma: is -1.0 1/s, needs a number from 0 up",
    ),
    (Robust, {"law": Gradient(1.0), "bound": -1.0}, "bound: is -1.0, needs a number above 0"),
]


@pytest.mark.parametrize(("law", "gains", "message"), BAD)
def test_gains_that_make_no_sense_are_named(law, gains, message):
    """The error names the law, the gain, its value and what would do."""
    with pytest.raises(ConfigurationError, match=rf"^{law.__name__}\.{message}"):
        law(**gains)


@pytest.mark.parametrize("name", EXAMPLES)
def test_signals_that_do_not_fit_are_refused(name, signal):
    """Missing, NaN, or of the wrong size: named, and the memory stays as it was."""
    law = EXAMPLES[name]
    w, J_w = {"D": np.zeros((N_OUT, N))}, {"D": decoders(np.ones(N))}
    memory = law.start(w)
    before = {key: value.copy() for key, value in memory.items()}
    with pytest.raises(NetworkError, match="which is not given; given: nothing") as refused:
        law.step(w, J_w, Signal(), memory, DT)
    used = re.findall(r"Signal\.(\w+)", str(refused.value))[0]
    for value, message in (
        (None, f"learns from Signal.{used}, which is not given; given: [a-z]"),
        (
            np.full(len(getattr(signal, used)), np.nan),
            f"Signal.{used}: is .*nan.*, needs finite numbers",
        ),
        (np.zeros((2, 9)), rf"Signal.{used}: has shape \(2, 9\), needs "),
    ):
        with pytest.raises(NetworkError, match=message):
            law.step(w, J_w, signal._replace(**{used: value}), memory, DT)
    with pytest.raises(NetworkError, match="infinite"), np.errstate(all="ignore"):
        law.step({"D": w["D"] + np.inf}, J_w, signal, memory, DT)
    for key, value in before.items():
        np.testing.assert_array_equal(memory[key], value)
