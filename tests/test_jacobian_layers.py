"""Jacobians through Keras layers and TensorNodes, and beside the gradient of `fit`."""

import nengo
import numpy as np
import pytest
from jacobian_networks import RNG, assert_derivative, by_item, network, output, several, simulate

from nengo_forcectl.errors import NetworkError
from nengo_forcectl.nengodl.compatibility import nengo_dl, tf
from nengo_forcectl.nengodl.jacobians import weight_jacobian, weight_jvp, weight_vjp
from nengo_forcectl.nengodl.weights import named_weights


def test_keras_layers():
    """A Keras layer in a TensorNode: its weights by their path, and their derivative."""
    net, x = network(), RNG.uniform(-1, 1, (2, 1, 2))
    layers = [tf.keras.layers.Dense(5, activation="tanh", name="first", dtype="float64")]
    layers.append(tf.keras.layers.Dense(3, name="second", dtype="float64"))
    with net:
        deep = tf.keras.Sequential(layers, name="deep")
        net.tensor_node = nengo_dl.TensorNode(
            deep, shape_in=(2,), shape_out=(3,), pass_time=False, label="layers"
        )
        single = tf.keras.layers.Dense(2, name="single", dtype="float64")
        net.single = nengo_dl.TensorNode(
            single, shape_in=(3,), shape_out=(2,), pass_time=False, label="head"
        )
        net.ens = nengo.Ensemble(20, 2, neuron_type=nengo.Sigmoid(), seed=1, label="a")
        nengo.Connection(net.node, net.ens, synapse=None)
        nengo.Connection(net.ens, net.tensor_node, synapse=None)
        nengo.Connection(net.tensor_node, net.single, synapse=None)
        nengo.Connection(net.single, net.out, synapse=None)
        net.probe = nengo.Probe(net.out)
    with simulate(net) as sim:
        weights = named_weights(sim)
        assert weights[net.tensor_node]["first/kernel"].shape == (2, 5)
        assert weights[net.single]["kernel"] is weights["head.kernel"]
        np.testing.assert_array_equal(weights["head.kernel"].read(), single.kernel.numpy())
        J = weight_jacobian(sim, net.probe, {net.node: x})
        assert J[net.tensor_node]["second/bias"].shape == (2, 2, 3)
        assert_derivative(sim, net, x, J, changed=by_item)
        v = {"layers.first/kernel": RNG.normal(size=(2, 5))}
        ours = weight_jvp(sim, net.probe, {net.node: x}, v)
        expected = (J["layers.first/kernel"] * v["layers.first/kernel"]).sum((2, 3))
        np.testing.assert_allclose(ours, expected, rtol=1e-9)


def test_the_gradient_is_the_one_fit_descends():
    """One step of ``sim.fit`` with SGD changes every weight by -rate J^T dL/dF."""
    net = several({})
    rng = np.random.default_rng(1)
    x, target = rng.uniform(-1, 1, (4, 5, 2)), rng.normal(size=(4, 1, 2))
    with net:
        nengo_dl.configure_settings(keep_history=False)
    with simulate(net, minibatch_size=4) as sim:
        weights = named_weights(sim)
        before = {name: weight.read() for name, weight in weights.items()}
        error = 2 * (output(sim, net, x) - target[:, 0]) / target.size
        products = weight_vjp(sim, net.probe, {net.node: x}, error)
        sim.compile(optimizer=tf.keras.optimizers.SGD(0.1), loss="mse")
        sim.fit({net.node: x}, {net.probe: target}, epochs=1, verbose=0)
        for name, product in products.items():
            assert np.abs(product).max() > 0
            change = weights[name].read() - before[name]
            np.testing.assert_allclose(change, -0.1 * product, rtol=1e-7, atol=1e-12)


def test_a_layer_without_a_derivative_is_named():
    """A TensorNode that rounds: an error that says so."""
    net = network()
    with net:
        node = nengo_dl.TensorNode(
            lambda x: tf.cast(tf.argmax(x, axis=1)[:, None], tf.float64),
            shape_in=(2,),
            shape_out=(1,),
            pass_time=False,
            label="rounding",
        )
        net.ens = nengo.Ensemble(10, 2, neuron_type=nengo.Tanh(), seed=1, label="a")
        nengo.Connection(net.node, net.ens, synapse=None)
        nengo.Connection(net.ens, node, synapse=None, label="before")
        net.probe = nengo.Probe(node)
    with simulate(net) as sim, pytest.raises(NetworkError, match=r"'rounding'.* stands in the way"):
        weight_jacobian(sim, net.probe, {net.node: np.ones((1, 2))}, "before")


def test_functions_are_traced_once():
    """A second call with inputs of the same shape traces nothing, with another step neither."""
    traces, net = [], network()
    with net:

        def tensor_function(x):
            traces.append(1)
            return 2 * x

        node = nengo_dl.TensorNode(
            tensor_function, shape_in=(2,), shape_out=(2,), pass_time=False, label="counting"
        )
        net.ens = nengo.Ensemble(10, 2, neuron_type=nengo.Tanh(), seed=1, label="a")
        nengo.Connection(net.node, net.ens, synapse=None)
        nengo.Connection(net.ens, node, synapse=None)
        net.probe = nengo.Probe(node)
        nengo.Probe(net.ens, "scaled_encoders")  # of another shape, and in nobody's way
    with simulate(net) as sim:
        x = RNG.uniform(-1, 1, (5, 1, 3, 2))
        first = weight_jacobian(sim, net.probe, {net.node: x[0]})
        count = len(traces)
        for step in (0, 1, 2):
            J = weight_jacobian(sim, net.probe, {net.node: x[step]}, step=step)
            assert J["a.bias"].shape == first["a.bias"].shape == (1, 2, 10)
        assert len(traces) == count > 0
