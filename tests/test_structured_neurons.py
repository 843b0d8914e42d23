"""The neurons of each joint in `StructuredLeastSquares`."""

import numpy as np
from regression_samples import (
    BEGIN_SOLUTION,
    N,
    P,
    add,
    call,
    data,
    information,
    law_neurons,
    regression,
    solve,
)

from nengo_forcectl.kernels import joint_activity


def test_neurons_of_each_joint_are_solved_with_the_weights(rng):
    """Weights and decoders are those of one least squares over both, to 1e-9, as are the misfit
    and the target that a sleeping network leaves; errors that repeat count for both."""
    block, made, _ = regression(rng, noise=1.0)
    block["repeated"][...] = 3.0
    neurons = law_neurons(block)
    m, (phi, y) = neurons["phi"].shape[1], data(rng, made, noise=0.3)
    active, v = rng.uniform(size=(len(y), N, m)), rng.normal(size=(N, m))
    y = y + np.einsum("kna,na->kn", active, v)
    for k in range(len(y)):
        block["phi"][:], block["lacking"][:], neurons["phi"][:] = phi[k], y[k], active[k]
        block["late"][:] = 0.0
        add(block)
    neurons["variance"][:] = [0.5, 1.0, 0.2]
    block["positive"][...] = 0  # the sums alone
    block["since"][...] = neurons["wake"] + 1
    solve(block)
    root = np.sqrt(made.precision)[:, None]
    Phi, Y = (root * phi).reshape(-1, P), (root[:, 0] * y).ravel()
    own = np.einsum("kna,nj->knja", root * active, np.eye(N)).reshape(-1, N * m)
    shares = np.linalg.solve(
        own.T @ own + np.diag(3.0 * np.repeat([2.0, 1.0, 5.0], m)),
        np.column_stack((own.T @ Phi, own.T)),
    )  # decoders of each weight, and of each number of y
    left = np.eye(len(Y)) - own @ shares[:, P:]
    expected = np.linalg.solve(Phi.T @ left @ Phi + 3.0 * np.eye(P), Phi.T @ left @ Y)
    np.testing.assert_allclose(block["trials"][0], expected, rtol=0, atol=1e-9)
    rest = Y - Phi @ expected
    np.testing.assert_allclose(block["fits"][0], rest @ left @ rest, rtol=1e-9)
    rest = Y - Phi @ block["weights"]  # they are physical, and the decoders follow from them
    decoders = shares[:, P:] @ rest
    np.testing.assert_allclose(neurons["weights"].ravel(), decoders, rtol=0, atol=1e-9)
    block["since"][...] = 0  # from now on the neurons sleep
    call(BEGIN_SOLUTION, block)
    left = Y - own @ decoders
    np.testing.assert_allclose(block["target"][:, 0], Phi.T @ left, rtol=0, atol=1e-9)
    np.testing.assert_allclose(block["target_square"], left @ left, rtol=1e-9)


def test_a_forgotten_payload_leaves_weights_and_neurons_as_they_are(rng):
    """Sums with neurons are parted so that the same weights and decoders solve both."""
    block, made, _ = regression(rng, noise=1.0)
    neurons = law_neurons(block)
    m, (phi, y) = neurons["phi"].shape[1], data(rng, made, noise=0.3)
    active = rng.uniform(size=(len(y), N, m))
    for k in range(len(y)):
        block["phi"][:], block["lacking"][:], neurons["phi"][:] = phi[k], y[k], active[k]
        add(block)
    w, v = rng.normal(size=P), rng.normal(size=(N, m))
    block["weights"][:], neurons["weights"][:] = w, v
    root = np.sqrt(made.precision)
    left = root * (y - phi @ w - np.einsum("kna,na->kn", active, v))
    block["fits"][:] = 7.0 + np.arange(len(block["fits"]))
    joint_activity.part_from_neurons(block.address)
    more = block["square"] - block["square"][0]  # of the others' misfit, not of their weights
    np.testing.assert_allclose(more, np.arange(len(more)), atol=1e-9)
    for sums in (block["moment"], neurons["moment"]):
        assert (sums == sums[..., :1]).all()
    assert not neurons["cross"].any()
    slope = block["moment"][:, 0] - information(block) @ w
    np.testing.assert_allclose(slope, np.einsum("knp,kn->p", phi * root[:, None], left), atol=1e-9)
    own = neurons["moment"][:, :, 0] - np.einsum("nab,nb->na", neurons["own"], v)
    np.testing.assert_allclose(
        own, np.einsum("kna,kn->na", active * root[:, None], left), atol=1e-9
    )
    misfit = block["square"][0] - w @ (slope + block["moment"][:, 0])
    misfit -= (v * (own + neurons["moment"][:, :, 0])).sum()
    np.testing.assert_allclose(misfit, (left**2).sum(), rtol=1e-9)
