import nengo
import numpy as np
import pytest

from nengo_forcectl.errors import NetworkError
from nengo_forcectl.nengodl.compatibility import nengo_dl
from nengo_forcectl.nengodl.weights import named_weights


def simulator(network):
    return nengo_dl.Simulator(network, device="/cpu:0", progress_bar=False)


@pytest.fixture(scope="module", params=["merged", "one variable each"])
def network(request):
    """Two ensembles of equal shape, which NengoDL merges unless told not to, with a simulator."""
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
        with nengo.Network(label="inner") as net.inner:
            third = nengo.Ensemble(10, 2, seed=3, label="c")
            nengo.Connection(net.node, third)
            nengo.Connection(third, net.out)
    with simulator(net) as net.sim:
        yield net


def test_what_is_read_is_what_the_simulator_shows(network):
    """Every handle reads what ``sim.data`` has for its object, merged or not."""
    sim = network.sim
    weights = named_weights(sim)
    shared = weights[network.a].bias.variable is weights[network.b].bias.variable
    assert shared == (len(sim.tensor_graph.base_params) < 10)
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
    sim = network.sim
    weights = named_weights(sim)
    for name, weight in weights.items():
        before = {other: weights[other].read() for other in weights}
        before[name] = np.random.default_rng(0).normal(size=weight.shape)
        weight.write(before[name])
        for other, value in before.items():
            np.testing.assert_array_equal(weights[other].read(), value)
    np.testing.assert_array_equal(sim.data[network.b_out].weights, weights[network.b_out].read())


def test_names_are_labels(network):
    """Names come from labels and look up the handle the object does."""
    sim = network.sim
    weights = named_weights(sim)
    assert list(weights) == [
        *("a.encoders", "a.bias", "b.encoders", "b.bias"),
        *("c.encoders", "c.bias", "a -> out", "b -> out", "a.neurons -> b.neurons"),
        "c -> out",
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
    sim = network.sim
    weights = named_weights(sim)
    with pytest.raises(NetworkError, match=r"'a -> oot'.* did you mean 'a -> out'"):
        weights["a -> oot"]
    with pytest.raises(NetworkError, match=r"Node.*'in'.* they are: a\.encoders"):
        weights[network.node]
    with pytest.raises(NetworkError, match=r"'a.bias': has shape \(2,\), needs \(20,\)"):
        weights["a.bias"].write(np.zeros(2))


SPARSE = nengo.Sparse((2, 20), indices=[[0, 3], [1, 7]], init=[1.0, -2.0])
CONVOLUTION = nengo.Convolution(1, (10, 2), (9,), strides=(1,))


@pytest.mark.parametrize("simplified", [True, False])
def test_every_kind_of_object_reads_as_the_simulator_shows(simplified):
    """Sparse, convolution, neuron to neuron, PES, Voja, Direct mode, and what is not trainable."""
    with nengo.Network(seed=0) as net:
        nengo_dl.configure_settings(dtype="float64", trainable=None)
        if not simplified:
            nengo_dl.configure_settings(simplifications=[])
        node, out = nengo.Node(np.zeros(2), label="in"), nengo.Node(size_in=2, label="out")
        a = nengo.Ensemble(20, 2, seed=1, radius=2.0, label="a")
        fixed = nengo.Ensemble(20, 2, seed=2, radius=0.5, label="fixed")
        direct = nengo.Ensemble(1, 2, neuron_type=nengo.Direct(), label="direct")
        net.config[fixed].trainable = False
        net.config[fixed.neurons].trainable = False
        nengo.Connection(node, a)
        nengo.Connection(node, direct, transform=[[0, 1], [1, 0]])
        voja = nengo.Connection(node, fixed, learning_rule_type=nengo.Voja(), label="voja")
        nengo.Connection(direct, out, transform=2)
        nengo.Connection(a.neurons, out, transform=SPARSE)
        nengo.Connection(a.neurons, out, transform=CONVOLUTION)
        nengo.Connection(a[0], fixed[[1]], function=np.sin, label="slices")
        full = nengo.solvers.LstsqL2(weights=True)
        nengo.Connection(a, fixed, solver=full, label="full", seed=4)
        pes = nengo.Connection(a, out, learning_rule_type=nengo.PES(), label="pes")
        nengo.Connection(out, pes.learning_rule, label="teacher")
        nengo.Probe(out)
    assert not voja.has_weights
    with nengo_dl.Simulator(net, device="/cpu:0", progress_bar=False, minibatch_size=3) as sim:
        weights = named_weights(sim)
        for weight in weights.values():
            shown = {"weights": "weights", "bias": "bias", "encoders": "scaled_encoders"}
            (expected,) = sim.data.get_params((weight.owner, shown[weight.attribute]))
            np.testing.assert_array_equal(weight.read(), expected)
            assert weight.read().shape == weight.shape
        for ensemble in (a, direct):  # of the other, sim.data itself fails in a minibatch
            encoders = weights[ensemble].encoders
            shown = encoders.read() * encoders.scale
            np.testing.assert_allclose(shown, sim.data[ensemble].encoders, rtol=1e-12)
        assert weights["full"].shape == (20, 20)
        assert weights["pes"].shape == (3, 2, 20)
        assert not weights["pes"].trainable
        assert not weights["fixed.bias"].trainable
        assert weights["a.bias"].trainable
        with pytest.raises(NetworkError, match=r"'pes' is not trainable; trainable: a\.encoders"):
            weights.trainable("pes")


def test_a_constant_says_that_it_cannot_be_written():
    """A bias that NengoDL made a constant can be read, and the error says why not written."""
    with nengo.Network(seed=0) as net:
        nengo_dl.configure_settings(trainable=None)
        node = nengo.Node([0.0])
        ensemble = nengo.Ensemble(5, 1, label="a", seed=1)
        net.config[ensemble.neurons].trainable = False
        nengo.Connection(node, ensemble)
        nengo.Probe(ensemble)
    with simulator(net) as sim:
        bias = named_weights(sim)[ensemble].bias
        np.testing.assert_allclose(bias.read(), sim.data[ensemble].bias, rtol=1e-6)
        with pytest.raises(NetworkError, match=r"'a\.bias' cannot be written: .* constant"):
            bias.write(bias.read())


def test_a_selection_is_by_name_handle_or_object(network):
    """``trainable`` takes one or several of anything, in the order asked, each once."""
    sim = network.sim
    weights = named_weights(sim)
    bias = weights["b.bias"]
    found = weights.trainable([bias, network.a_out, "b.bias", network.b])
    assert found == [bias, weights[network.a_out], weights["b.encoders"]]
    assert weights.trainable(network.a) == [weights["a.encoders"], weights["a.bias"]]
    assert weights.trainable() == list(weights.values())
    assert weights.trainable(network) == weights.trainable()
    assert list(weights[network.inner]) == ["c.encoders", "c.bias", "c -> out"]
    assert "a.bias" in weights
    assert network.a in weights
    assert network.node not in weights
