"""The multilayer law against its equation written out another way, and what it promises."""

import math

import numpy as np
import pytest
from law_signals import DT, N_OUT, N

from nengo_forcectl.learning.gradient import Gradient
from nengo_forcectl.learning.law import Signal
from nengo_forcectl.learning.multilayer import Multilayer


@pytest.mark.equation("Multilayer")
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
