"""The closed form of one layer, which ``weight_jacobian`` takes by itself."""

import nengo
import numpy as np
import pytest
from jacobian_networks import RNG, network, simulate

from nengo_forcectl.errors import NetworkError
from nengo_forcectl.nengodl import jacobians
from nengo_forcectl.nengodl.compatibility import nengo_dl, tf
from nengo_forcectl.nengodl.derivatives import weight_jacobians
from nengo_forcectl.nengodl.jacobians import weight_jacobian
from nengo_forcectl.nengodl.one_layer import RATES, one_layer_of
from nengo_forcectl.nengodl.weights import named_weights

X = RNG.uniform(-1, 1, (3, 2))


def tensorflows(sim, probe, weights, x):
    """dF/dw by TensorFlow, of all inputs."""
    arrays = [tf.constant(x[:, None], sim.tensor_graph.dtype)]
    function = tf.function(lambda *x: weight_jacobians(sim, probe, weights, x), autograph=False)
    return [value.numpy() for value in function(*arrays)]


@pytest.mark.parametrize(
    ("dtype", "tolerance", "kinds"),
    [("float64", 1e-9, [*RATES]), ("float32", 1e-4, [nengo.LIF, nengo.RectifiedLinear])],
)
def test_it_is_tensorflows(dtype, tolerance, kinds):
    """For every type of neurons, in both types of numbers, by parts of merged variables."""
    net, layers = network(), []
    with net:
        nengo_dl.configure_settings(dtype=dtype)
        for seed, kind in enumerate(kinds):
            a = nengo.Ensemble(9, 2, neuron_type=kind(), seed=seed, radius=1.5)
            out = nengo.Node(size_in=3)
            nengo.Connection(net.node, a, synapse=None)
            squares = nengo.Connection(a, out, synapse=None, function=lambda x: [*x, x[0] * x[1]])
            layers.append((nengo.Probe(out), squares))
    with simulate(net) as sim:
        for probe, squares in layers:
            assert one_layer_of(sim, probe) is not None
            J = weight_jacobian(sim, probe, {net.node: X})
            weights = [named_weights(sim)[name] for name in J]
            assert len(weights) == 3
            assert not weights[-1].whole
            for weight, value in zip(weights, tensorflows(sim, probe, weights, X), strict=True):
                assert J[weight].dtype == value.dtype == dtype
                largest = np.abs(value).max()
                assert largest > 0
                np.testing.assert_allclose(J[weight], value, atol=tolerance * largest)
            assert not J[squares].flags.writeable
            named_weights(sim)[squares].write(np.zeros((3, 9)))  # the next call sees it
            after = weight_jacobian(sim, probe, {net.node: X})
            np.testing.assert_array_equal(after[squares], J[squares])
            assert not any(after[w].any() for w in weights if w.owner is not squares)


OTHERS = {
    "function": lambda net, a, b: nengo.Connection(net.node, a, function=np.sin, synapse=None),
    "transform": lambda net, a, b: nengo.Connection(net.node, a, transform=2.0, synapse=None),
    "slice": lambda net, a, b: nengo.Connection(net.node[[1, 0]], a, synapse=None),
    "synapse": lambda net, a, b: nengo.Connection(net.node, a, synapse=0.01),
    "neurons": lambda net, a, b: nengo.Connection(
        net.node, a.neurons, transform=np.ones((9, 2)), synapse=None
    ),
    "other way": lambda net, a, b: [
        nengo.Connection(net.node, a, synapse=None),
        nengo.Connection(b, net.out, synapse=None),
    ],
    "other input": lambda net, a, b: [
        nengo.Connection(net.node, a, synapse=None),
        nengo.Connection(b, a, synapse=0.01),
    ],
}


@pytest.mark.parametrize("kind", OTHERS)
def test_other_networks_are_tensorflows(kind):
    """Whatever is more than one layer is not taken for one."""
    net = network()
    with net:
        a = nengo.Ensemble(9, 2, neuron_type=nengo.Tanh(), seed=1)
        b = nengo.Ensemble(8, 2, neuron_type=nengo.Tanh(), seed=2)
        nengo.Connection(net.node, b, synapse=None)
        OTHERS[kind](net, a, b)
        nengo.Connection(a, net.out, synapse=None)
        probe = nengo.Probe(net.out)
    with simulate(net) as sim:
        assert one_layer_of(sim, probe) is None


def test_settings_that_change_the_rates_or_the_batch():
    """A smoothed LIF, a minibatch and noise are TensorFlow's."""
    for change, options in (("smooth", {}), ("batch", {"minibatch_size": 2}), ("noise", {})):
        net = network()
        with net:
            a = nengo.Ensemble(9, 2, neuron_type=nengo.LIF(), seed=1)
            nengo.Connection(net.node, a, synapse=None)
            nengo.Connection(a, net.out, synapse=None)
            probe = nengo.Probe(net.out)
            if change == "smooth":
                nengo_dl.configure_settings(lif_smoothing=0.1)
            if change == "noise":
                a.noise = nengo.processes.WhiteNoise(seed=0)
        with simulate(net, **options) as sim:
            assert one_layer_of(sim, probe) is None


def test_a_further_call_checks_only_the_numbers(monkeypatch):
    """A second call with a fitting input takes the short way; others are checked as before."""
    net = network()
    with net:
        a = nengo.Ensemble(9, 2, neuron_type=nengo.Tanh(), seed=1)
        nengo.Connection(net.node, a, synapse=None)
        nengo.Connection(a, net.out, synapse=None)
        probe = nengo.Probe(net.out)
    with simulate(net) as sim:
        first = weight_jacobian(sim, probe, {net.node: X})
        other = weight_jacobian(sim, probe, {net.node: X.tolist()})  # not the short way
        with monkeypatch.context() as context:
            context.setattr(jacobians, "_checked", None)
            again = weight_jacobian(sim, probe, {net.node: X})
        for name in first:
            np.testing.assert_array_equal(first[name], again[name])
            np.testing.assert_array_equal(first[name], other[name])
        for x in (X * np.nan, X[:, :1], X[0], X[:0], X + 1j, X > 0):
            with pytest.raises(NetworkError, match="input"):
                weight_jacobian(sim, probe, {net.node: x})
        with pytest.raises(NetworkError, match="not an input node"):
            weight_jacobian(sim, probe, {net.out: X})
    with pytest.raises(NetworkError, match="closed"):
        weight_jacobian(sim, probe, {net.node: X})


def test_a_weight_changed_by_any_route_is_seen_at_once(tmp_path):
    """By a handle, a variable or a part of it, a graph, an optimizer, or a file of NengoDL."""
    net = network()
    with net:
        a = nengo.Ensemble(9, 2, neuron_type=nengo.Tanh(), seed=1)
        nengo.Connection(net.node, a, synapse=None)
        decoders = nengo.Connection(a, net.out, synapse=None)
        probe = nengo.Probe(net.out)
    with simulate(net) as sim:
        weight, optimizer = named_weights(sim)[decoders], tf.keras.optimizers.SGD(0.5)
        variable, start = weight.variable, weight.read()
        ones = tf.ones_like(variable)
        add = tf.function(lambda: variable.assign_add(ones), autograph=False)
        sim.save_params(str(tmp_path / "start"))
        seen = [weight_jacobian(sim, probe, {net.node: X})[a].bias]
        slopes, D = seen[0] / start, start
        for route, wanted in (
            (lambda: weight.write(2 * start), lambda D: 2 * start),
            (lambda: variable.assign(3 * start), lambda D: 3 * start),
            (lambda: variable[weight.place].assign(start), lambda D: start),
            (lambda: variable.assign_add(ones), lambda D: D + 1),
            (add, lambda D: D + 1),
            (lambda: optimizer.apply_gradients([(ones, variable)]), lambda D: D - 0.5),
            (lambda: sim.load_params(str(tmp_path / "start")), lambda D: start),
        ):
            route()
            D = wanted(D)
            seen.append(weight_jacobian(sim, probe, {net.node: X})[a].bias)
            np.testing.assert_allclose(seen[-1], D * slopes, rtol=1e-12)
        np.testing.assert_array_equal(seen[-1], seen[0])  # what was returned stays
