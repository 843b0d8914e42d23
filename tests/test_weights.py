import nengo
import numpy as np
import pytest

from nengo_forcectl.exceptions import NetworkError
from nengo_forcectl.nengodl import nengo_dl
from nengo_forcectl.weights import named_weights


def simulator(network):
    return nengo_dl.Simulator(network, device="/cpu:0", progress_bar=False)


@pytest.fixture(params=["merged", "one variable each"])
def network(request):
    """Two ensembles of equal shape, which NengoDL merges unless it is told not to."""
    with nengo.Network(seed=0) as net:
        nengo_dl.configure_settings(dtype="float64")
        if request.param != "merged":
            nengo_dl.configure_settings(planner=nengo_dl.graph_optimizer.noop_planner)
        net.node = nengo.Node(np.zeros(2), label="in")
        net.a = nengo.Ensemble(20, 2, seed=1, radius=2.0, label="a")
        net.b = nengo.Ensemble(20, 2, seed=2, label="b")
        net.out = nengo.Node(size_in=2, label="out")
        nengo.Connection(net.node, net.a)
        nengo.Connection(net.node, net.b)
        net.a_out = nengo.Connection(net.a, net.out)
        net.b_out = nengo.Connection(net.b, net.out, function=np.square, transform=2.0)
        net.neurons = nengo.Connection(net.a.neurons, net.b.neurons, transform=np.eye(20))
    return net


def test_what_is_read_is_what_the_simulator_shows(network):
    """Every handle reads what ``sim.data`` has for its object, merged or not."""
    with simulator(network) as sim:
        weights = named_weights(sim)
        shared = weights[network.a].bias.variable is weights[network.b].bias.variable
        assert shared == (len(sim.tensor_graph.base_params) < 7)
        for ensemble in (network.a, network.b):
            data = sim.data[ensemble]
            np.testing.assert_array_equal(weights[ensemble].encoders.read(), data.scaled_encoders)
            np.testing.assert_array_equal(weights[ensemble].bias.read(), data.bias)
        for connection in (network.a_out, network.b_out, network.neurons):
            value = weights[connection].read()
            np.testing.assert_array_equal(value, sim.data[connection].weights)
            assert value.shape == weights[connection].shape


def test_writing_changes_one_object_only(network):
    """After a write the simulator has the new value, and all other weights their old ones."""
    with simulator(network) as sim:
        weights = named_weights(sim)
        for name, weight in weights.items():
            before = {other: weights[other].read() for other in weights}
            before[name] = np.random.default_rng(0).normal(size=weight.shape)
            weight.write(before[name])
            for other, value in before.items():
                np.testing.assert_array_equal(weights[other].read(), value)
        np.testing.assert_array_equal(
            sim.data[network.b_out].weights, weights[network.b_out].read()
        )


def test_names_are_labels(network):
    """Names come from labels and look up the handle the object does."""
    with simulator(network) as sim:
        weights = named_weights(sim)
        assert list(weights) == [
            *("a.encoders", "a.bias", "b.encoders", "b.bias"),
            *("a -> out", "b -> out", "a.neurons -> b.neurons"),
        ]
        assert weights["a -> out"] is weights[network.a_out]
        assert weights["b.encoders"] is weights[network.b].encoders


def test_equal_labels_are_numbered():
    """Every weight has a name of its own."""
    with nengo.Network() as net:
        first, second = nengo.Ensemble(5, 1), nengo.Ensemble(5, 1)
    with simulator(net) as sim:
        weights = named_weights(sim)
        assert weights["ensemble.bias #1"] is weights[first].bias
        assert weights["ensemble.bias #2"] is weights[second].bias
        with pytest.raises(NetworkError, match=r"ensemble\.bias #1, "):
            weights["ensemble.bias"]


def test_what_does_not_exist_is_named(network):
    """Unknown names and objects: an error that lists the weights there are."""
    with simulator(network) as sim:
        weights = named_weights(sim)
        with pytest.raises(NetworkError, match=r"'a -> oot'.* did you mean 'a -> out'"):
            weights["a -> oot"]
        with pytest.raises(NetworkError, match=r"Node.*'in'.* they are: a\.encoders"):
            weights[network.node]
        with pytest.raises(NetworkError, match=r"'a.bias' has shape \(20,\), not \(2,\)"):
            weights["a.bias"].write(np.zeros(2))
