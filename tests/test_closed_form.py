import nengo
import numpy as np
import pytest

from nengo_forcectl.errors import ConfigurationError, NetworkError
from nengo_forcectl.learning.gradient import Gradient
from nengo_forcectl.nengodl.weights import named_weights
from nengo_forcectl.networks.building import adaptive_network, simulator
from nengo_forcectl.networks.closed_form import ClosedFormNetwork
from nengo_forcectl.networks.online import OnlineNetwork

N_IN, N_OUT, N = 4, 3, 40
LAWS = [
    Gradient(0.5),
    Gradient(5.0, sigma=0.3, bound=2.0),
    Gradient(5.0, e_mod=0.1, dead_zone=1.0, normalise=2.0),
]


@pytest.fixture
def network():
    return adaptive_network(N_IN, N_OUT, N, seed=0, radius=0.8)


def samples(steps=500):
    rng = np.random.default_rng(0)
    return rng.uniform(-1, 1, (steps, N_IN)), rng.normal(size=(steps, N_OUT))


@pytest.mark.parametrize("everything", [False, True])
@pytest.mark.parametrize("law", LAWS)
def test_it_is_the_online_network(network, law, everything):
    """Outputs and weights over 500 steps are those of TensorFlow, to rounding."""
    x, error = samples()
    with simulator(network) as sim:
        learn = list(named_weights(sim)) if everything else None
        ours = ClosedFormNetwork(sim, network.probe, law, learn=learn)
        theirs = OnlineNetwork(sim, network.probe, law, learn=learn)
        for row, e in zip(x, error, strict=True):
            np.testing.assert_allclose(ours.step(row, e), theirs.step(row, e), atol=1e-10)
        products = theirs.vjp(x[0], error[0])
        assert ours.read().keys() == products.keys()
        for name, value in theirs.read().items():
            np.testing.assert_allclose(ours.read()[name], value, atol=1e-10)
            np.testing.assert_allclose(ours.vjp(x[0], error[0])[name], products[name], atol=1e-9)
        decoders = ours.read()["adaptive -> torque"]
        assert np.linalg.norm(decoders) <= law.bound * (1 + 1e-12)


def test_what_was_learned_is_stored_in_the_simulator(network):
    """After ``store`` NengoDL runs with the learned weights; ``write`` sets them."""
    x, error = samples(50)
    with simulator(network) as sim:
        learner = ClosedFormNetwork(sim, network.probe, Gradient(5.0))
        for row, e in zip(x, error, strict=True):
            learner.step(row, e)
        expected = learner.forward(x[0])
        learner.store()
        sim.run_steps(1, data={network.state: x[None, :1]})
        np.testing.assert_allclose(sim.data[network.probe][0, 0], expected, rtol=1e-10)
        learner.write({"adaptive -> torque": np.zeros((N_OUT, N))})
        assert not learner.forward(x[0]).any()


def test_other_networks_and_arguments_are_refused(network):
    """Another form of network, another law, wrong shapes, NaN: one sentence each."""
    with simulator(network) as sim:
        learner = ClosedFormNetwork(sim, network.probe, Gradient(1.0))
        with pytest.raises(
            NetworkError, match=r"input and error: have shapes \(3,\) .*, need \(4,\)"
        ):
            learner.step(np.zeros(3), np.zeros(N_OUT))
        with pytest.raises(NetworkError, match="not finite"):
            learner.step(np.full(N_IN, np.nan), np.zeros(N_OUT))
        with pytest.raises(
            NetworkError, match=r"'adaptive\.bias': has shape \(4,\), needs \(40,\)"
        ):
            learner.write({"adaptive.bias": np.zeros(4)})
        with pytest.raises(ConfigurationError, match="needs a Gradient"):
            ClosedFormNetwork(sim, network.probe, object())
    with network:
        nengo.Connection(network.torque, network.ensemble[:3], synapse=0.01)
    with simulator(network) as sim, pytest.raises(NetworkError, match="use OnlineNetwork"):
        ClosedFormNetwork(sim, network.probe, Gradient(1.0))
