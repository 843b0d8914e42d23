"""Networks in Nengo's own simulator, as they are where NengoDL is not installed."""

import nengo
import numpy as np
import pytest

from nengo_forcectl.errors import NetworkError
from nengo_forcectl.learning import Gradient
from nengo_forcectl.nengodl import named_weights
from nengo_forcectl.networks import (
    ClosedFormNetwork,
    adaptive_network,
    building,
    encoding_of,
    simulator,
    workspace_network,
)
from nengo_forcectl.networks.encoding import States


@pytest.fixture(autouse=True)
def _without_nengodl(monkeypatch):
    monkeypatch.setattr(building, "nengodl_is_installed", lambda: False)


@pytest.fixture
def network():
    return adaptive_network(4, 2, 30, seed=3)


def test_the_simulator_is_nengos(network):
    """It comes without a progress bar and with the period that was asked for."""
    with simulator(network, dt=0.002) as sim:
        assert type(sim) is nengo.Simulator
        assert sim.dt == 0.002


def test_weights_are_those_of_the_builder(network):
    """Encoders times gain over radius, biases and decoders, by name and by object."""
    with simulator(network) as sim:
        weights = named_weights(sim)
        built = sim.data[network.ensemble]
        scaled = built.gain[:, None] * built.encoders / network.ensemble.radius
        np.testing.assert_array_equal(weights[network.ensemble].encoders.read(), scaled)
        np.testing.assert_array_equal(weights["adaptive.bias"].read(), built.bias)
        assert weights["adaptive -> torque"] is weights[network.decoders]
        assert {weight.name for weight in weights.trainable()} == {
            "adaptive.encoders", "adaptive.bias", "adaptive -> torque",
        }  # fmt: skip


def test_written_weights_are_simulated(network, rng):
    """The output is that of the formula, and what was read before stays the same."""
    D, x = rng.normal(size=(2, 30)), rng.normal(size=4)
    network.state.output = x
    with simulator(network) as sim:
        weight = named_weights(sim)[network.decoders]
        before = weight.read()
        weight.write(D)
        sim.run_steps(2)
        weights = named_weights(sim)[network.ensemble]
        current = weights.encoders.read() @ x + weights.bias.read()
        wanted = D @ np.maximum(current, 0.0)
        np.testing.assert_allclose(sim.data[network.probe][-1], wanted, atol=1e-12)
        assert not before.any()
        with pytest.raises(NetworkError, match=r"needs \(2, 30\)"):
            weight.write(D[:1])


def test_the_closed_form_learns_and_stores(network, rng):
    """A step of the gradient law changes the decoders in the simulator after `store`."""
    x, s = rng.normal(size=4), rng.normal(size=2)
    with simulator(network) as sim:
        closed = ClosedFormNetwork(sim, network.probe, Gradient(gamma=10.0))
        closed.step(x, s)
        closed.store()
        learned = named_weights(sim)[network.decoders].read()
        weights = named_weights(sim)[network.ensemble]
        a = np.maximum(weights.encoders.read() @ x + weights.bias.read(), 0.0)
    np.testing.assert_allclose(learned, 10.0 * sim.dt * np.outer(s, a), atol=1e-12)


def test_a_workspace_network_has_its_own_weights(iiwa, rng):
    """What the compiled cycle takes from the arrays is what Nengo builds."""
    states = States(*rng.uniform(-1.0, 1.0, (3, 40, 7)))
    encoding = encoding_of(iiwa, states, "q-dq-ref")
    network = workspace_network(encoding, states, 7, 20, seed=0)
    with simulator(network) as sim:
        weights = named_weights(sim)[network.ensemble]
        np.testing.assert_allclose(weights.encoders.read(), network.arrays.encoders, atol=1e-12)
        np.testing.assert_allclose(weights.bias.read(), network.arrays.bias, atol=1e-12)


def test_a_closed_simulator_is_named(network):
    """As one of NengoDL is."""
    with simulator(network) as sim:
        pass
    with pytest.raises(NetworkError, match="is closed; open another"):
        named_weights(sim)
