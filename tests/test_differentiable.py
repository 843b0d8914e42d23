"""The network as a TensorFlow function, for objectives of any kind."""

import nengo
import numpy as np
import pytest
from jacobian_networks import RNG, network, simulate

from nengo_forcectl.errors import NetworkError
from nengo_forcectl.nengodl import differentiable
from nengo_forcectl.nengodl.compatibility import nengo_dl, tf
from nengo_forcectl.nengodl.jacobians import input_jacobian, weight_jacobian
from nengo_forcectl.nengodl.weights import named_weights


def layered(neuron_type):
    net = network()
    with net:
        net.a = nengo.Ensemble(12, 2, seed=1, label="a", neuron_type=neuron_type)
        net.b = nengo.Ensemble(12, 2, seed=2, label="b", neuron_type=neuron_type)
        net.other = nengo.Node([0.3], label="constant")
        nengo.Connection(net.node, net.a, synapse=None)
        nengo.Connection(net.other, net.a[0], synapse=None)
        nengo.Connection(net.a, net.b, synapse=0.002, seed=3, label="a -> b")
        nengo.Connection(net.a, net.out, synapse=None, seed=4, label="a -> out")
        net.probe = nengo.Probe(net.out)
        net.late = nengo.Probe(net.b, label="late")
    return net


@pytest.fixture(scope="module")
def case():
    net = layered(nengo.Tanh())
    with simulate(net) as sim:
        yield net, sim, differentiable(sim, [net.probe, net.late], net.node)


def test_the_outputs_are_the_simulators(case):
    """Of several probes, for several steps, with the weights that are given."""
    net, sim, function = case
    x = RNG.uniform(-1, 1, (1, 4, 2))
    expected = sim.predict({net.node: x}, verbose=0)
    found = function({net.node: x})
    assert list(found) == [net.probe, net.late]
    for probe, value in found.items():
        np.testing.assert_allclose(value, expected[probe], rtol=1e-9)
    change = {"a -> out": 2.0 * function.weights["a -> out"]}
    twice = function({net.node: x}, change)[net.probe]
    np.testing.assert_allclose(twice, 2.0 * expected[net.probe], rtol=1e-9)
    assert function({net.node: x[:, 0]})[net.probe].shape == (1, 2)


def test_derivatives_are_the_jacobians(case):
    """By weights and inputs, through a synapse: those of ``weight_jacobian``."""
    net, sim, function = case
    x, e = tf.constant(RNG.uniform(-1, 1, (1, 3, 2))), RNG.normal(size=2)
    weights = function.weights
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, weights])
        late = tf.reduce_sum(e * function({net.node: x}, weights)[net.late][:, -1])
    expected = weight_jacobian(sim, net.late, {net.node: x.numpy()})
    for name, value in expected.items():
        ours = tape.gradient(late, weights[name])
        np.testing.assert_allclose(ours, np.tensordot(e, value[0], 1), rtol=1e-9, atol=1e-12)
    expected = input_jacobian(sim, net.late, {net.node: x.numpy()})[net.node]
    ours = tape.gradient(late, x)
    np.testing.assert_allclose(ours[0], np.tensordot(e, expected[0], 1), rtol=1e-9, atol=1e-12)


def test_a_derivative_within_an_objective(case):
    """The gradient of |dF/dx|^2 by a weight, a second derivative, is that of differences."""
    net, sim, function = case
    x = tf.constant(RNG.uniform(-1, 1, (2, 2)))

    @tf.function(autograph=False)
    def slope(D):
        with tf.GradientTape() as tape:
            tape.watch(x)
            output = function({net.node: x}, {"a.encoders": D})[net.probe]
        return tf.reduce_sum(tape.batch_jacobian(output, x, experimental_use_pfor=False) ** 2)

    E = function.weights["a.encoders"]
    with tf.GradientTape() as tape:
        tape.watch(E)
        value = slope(E)
    gradient = tape.gradient(value, E).numpy()
    direction = RNG.normal(size=E.shape)
    sides = [slope(E + s * 1e-6 * direction).numpy() for s in (1, -1)]
    numeric = (sides[0] - sides[1]) / 2e-6
    np.testing.assert_allclose((gradient * direction).sum(), numeric, rtol=1e-6)
    before = named_weights(sim)["a.encoders"].read()
    function.write({"a.encoders": E + direction})
    np.testing.assert_allclose(named_weights(sim)["a.encoders"].read(), before + direction)
    function.write({"a.encoders": before})


def test_spiking_neurons_spike_with_the_derivative_of_their_rates():
    """``spiking``: the outputs are those of a run; the derivative by decoders is the spikes."""
    net = layered(nengo.LIF())
    with simulate(net) as sim:
        x = np.full((1, 20, 2), 0.7)
        expected = sim.predict({net.node: x}, verbose=0)[net.probe]
        spiking = differentiable(sim, net.probe, net.node, spiking=True)
        found = spiking({net.node: x})[net.probe]
        np.testing.assert_allclose(found, expected, rtol=1e-9)
        assert (expected == 0).all(axis=2).any()
        rates = differentiable(sim, net.probe, net.node)
        slopes = []
        for function in (spiking, rates):
            bias = function.weights["a.bias"]
            with tf.GradientTape() as tape:
                tape.watch(bias)
                output = tf.reduce_sum(function({net.node: x[:, 0]}, {"a.bias": bias})[net.probe])
            slopes.append(tape.gradient(output, bias).numpy())
        np.testing.assert_allclose(*slopes, rtol=1e-12)
        assert np.abs(slopes[0]).max() > 0


def test_what_does_not_fit_is_named(case):
    """Nodes, shapes, weights and objects without a derivative: one sentence each."""
    net, sim, function = case
    x = np.zeros((1, 2))
    for inputs, weights, message in (
        ({}, {}, "needs a mapping of"),
        ({net.node: x[0]}, {}, r"'in'.* has shape \(2,\), needs \(batch, 2\)"),
        ({net.node: x + 1j}, {}, "'in'.* has type complex128, needs real numbers"),
        ({net.node: [[1.0], [2.0, 3.0]]}, {}, "'in'.*needs an array or a tensor"),
        ({net.node: x.astype(str)}, {}, "'in'.* has type string, needs real numbers"),
        ({net.node: x}, {"a -> out": x * 1j}, "'a -> out': has type complex128"),
        ({net.node: x}, ["a -> out"], "weights: are list, needs a mapping"),
        ({net.node: x}, {"a -> oot": x}, "did you mean 'a -> out'"),
        ({net.node: x}, {"a -> out": x}, r"'a -> out': has shape \(1, 2\), needs \(2, 12\)"),
    ):
        with pytest.raises(NetworkError, match=message):
            function(inputs, weights)
    for whole in (x.astype(int), tf.zeros((1, 2), tf.int32), tf.zeros((1, 2), tf.float32)):
        np.testing.assert_array_equal(
            function({net.node: whole})[net.probe], function({net.node: x})[net.probe]
        )
    for other in (net.out, None):
        with pytest.raises(NetworkError, match="is not an input node"):
            differentiable(sim, net.probe, other)
    with net:
        python = nengo.Node(lambda t, x: x**2, size_in=2, label="python")
        clock = nengo.Node(lambda t: t, label="clock")
        layer = tf.keras.layers.Dense(2, dtype="float64")
        node = nengo_dl.TensorNode(layer, shape_in=(2,), shape_out=(2,), pass_time=False, label="l")
        nengo.Connection(net.a, python, synapse=None, seed=5)
        nengo.Connection(net.a, node, synapse=None, seed=6)
        nengo.Connection(clock, node[0], synapse=None)
        cut, timed = nengo.Probe(python), nengo.Probe(node)
    with simulate(net) as sim:
        with pytest.raises(NetworkError, match=r"'python'.* stands in the way"):
            differentiable(sim, cut, net.node)
        with pytest.raises(NetworkError, match=r"lacks .*'clock'.* not constant"):
            differentiable(sim, timed, net.node)
        function = differentiable(sim, timed, [net.node, clock])
        with tf.GradientTape() as tape:
            output = function({net.node: x, clock: x[:, :1]})[timed]
        assert tape.gradient(output, layer.kernel) is not None
        with pytest.raises(NetworkError, match="a layer uses its own variables"):
            function({net.node: x, clock: x[:, :1]}, {"l.kernel": np.zeros((2, 2))})
    with pytest.raises(NetworkError, match="is closed"):
        function({net.node: x, clock: x[:, :1]})
