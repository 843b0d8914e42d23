"""`StructuredLeastSquares`: what it finds is a body, and weights of the right sign."""

import numpy as np
import pytest
from regression_samples import LINKS, PLACES, TRUTH, N, data, feed, posterior, regression, solve

from nengo_forcectl.kernels import regress
from nengo_forcectl.kernels.parts import forget_load


def test_negative_weights_are_conditioned_on_zero(rng):
    """The posterior's mean given that they are 0: the others make up for them."""
    block, made, _ = regression(rng, noise=0.1)
    truth = TRUTH.copy()
    truth[LINKS : LINKS + 2] = -0.01
    feed(block, *data(rng, made, truth, noise=0.001, count=200))
    C, (free, *_) = posterior(block)
    solve(block)
    w, fixed = block["weights"], block["fixed"] != 0
    assert np.flatnonzero(fixed).tolist() == [LINKS, LINKS + 1]
    assert (w[LINKS : LINKS + N] >= 0).all()
    gain = np.linalg.solve(C[np.ix_(fixed, fixed)], free[fixed])
    np.testing.assert_allclose(w, free - C[:, fixed] @ gain, rtol=0, atol=1e-9)


def test_a_negative_mass_is_no_payload(rng):
    """All ten parameters are then 0, given which the others are re-estimated."""
    block, made, _ = regression(rng)
    truth = TRUTH.copy()
    truth[:LINKS] *= -1.0
    feed(block, *data(rng, made, truth, noise=0.5))
    C, (free, *_) = posterior(block)
    solve(block)
    w, fixed = block["weights"], block["fixed"] != 0
    assert fixed[:LINKS].all()
    assert (w[:LINKS] == 0).all()
    gain = np.linalg.solve(C[np.ix_(fixed, fixed)], free[fixed])
    np.testing.assert_allclose(w, free - C[:, fixed] @ gain, rtol=0, atol=1e-9)
    assert block["repaired"] == 1


def second_moments(theta):
    """Those of a body's mass about its centre, (3, 3)."""
    inertia = np.empty((3, 3))
    for value, (i, j) in zip(theta[4:], PLACES, strict=True):
        inertia[i, j] = inertia[j, i] = value
    about = 0.5 * np.trace(inertia) * np.eye(3) - inertia
    return about - np.outer(theta[1:4], theta[1:4]) / theta[0]


@pytest.mark.parametrize("seed", range(5))
def test_the_inertia_is_that_of_a_body(seed):
    """An inertia that no body has becomes one with second moments of at least 0 and at most those
    of a bar as long as the reach, the others cut off; mass and first moment stay. One that a body
    has stays."""
    rng = np.random.default_rng(seed)
    block, made, _ = regression(rng)
    truth = TRUTH.copy()
    truth[4:LINKS] = rng.normal(size=6)
    feed(block, *data(rng, made, truth))
    solve(block)
    solve(block)
    theta = block["weights"][:LINKS] * made.size[:LINKS]
    values, axes = np.linalg.eigh(second_moments(block["trials"][0, :LINKS] * made.size[:LINKS]))
    nearest = axes @ np.diag(np.clip(values, 0, theta[0] * made.reach**2 / 12)) @ axes.T
    np.testing.assert_allclose(second_moments(theta), nearest, rtol=0, atol=1e-7)
    np.testing.assert_allclose(theta[:4], truth[:4], rtol=0, atol=1e-3)


def test_forgetting_the_payload_marginalises_it(rng):
    """Mean and covariance of the other weights stay, to 1e-9; nothing is known of the payload."""
    block, made, _ = regression(rng)
    phi, y = data(rng, made, noise=0.5)
    late = 0.3 * rng.normal(size=(*y.shape, 9))
    feed(block, phi, y, late)
    solve(block)
    C, w = posterior(block)
    least = block["square"] - np.einsum("ps,ps->s", block["moment"], w.T)
    samples = float(block["samples"])
    block["job"][...] = 5
    regress.forget_payload(block.address)
    C_after, w_after = posterior(block)
    np.testing.assert_allclose(C_after[LINKS:, LINKS:], C[LINKS:, LINKS:], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(w_after[:, LINKS:], w[:, LINKS:], rtol=0, atol=1e-9)
    np.testing.assert_allclose(C_after[:LINKS, :LINKS], np.eye(LINKS), atol=1e-12)
    assert not C_after[:LINKS, LINKS:].any()
    assert not w_after[:, :LINKS].any()
    after = block["square"] - np.einsum("ps,ps->s", block["moment"], w_after.T)
    np.testing.assert_allclose(after, least, rtol=1e-9)
    assert block["samples"] == samples - LINKS
    assert block["job"] == -1
    assert block["since"] == 0
    assert not block["phi"].any()
    assert not block["lacking"].any()


def test_an_announced_payload_replaces_the_old_one_once_it_is_known(rng):
    """Until then all weights stay, to the last bit, and the prior is open."""
    block, made, _ = regression(rng)
    feed(block, *data(rng, made))
    solve(block)
    known = block["weights"].copy()
    old = known[:LINKS]
    forget_load.call(block.address)
    for _ in range(2):
        solve(block)
        np.testing.assert_array_equal(block["weights"], known)
        assert (block["variance"][:LINKS] >= 0.4).all()
    truth = TRUTH.copy()
    truth[:LINKS] *= 2.0
    feed(block, *data(rng, made, truth))
    solve(block)
    solve(block)
    np.testing.assert_allclose(block["weights"][:LINKS], 2.0 * old, rtol=0, atol=5e-3)
