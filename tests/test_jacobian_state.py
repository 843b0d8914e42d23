"""Layers and neurons with state: a Jacobian is that of ``predict``, and leaves no trace."""

import nengo
import numpy as np
import pytest
from jacobian_networks import RNG, assert_derivative, network, predicted, simulate

from nengo_forcectl.errors import NetworkError
from nengo_forcectl.learning.gradient import Gradient
from nengo_forcectl.nengodl.compatibility import nengo_dl, tf
from nengo_forcectl.nengodl.jacobians import input_jacobian, weight_jacobian, weight_jvp, weight_vjp
from nengo_forcectl.nengodl.learning_loop import LearningLoop
from nengo_forcectl.nengodl.weights import named_weights


class Untold(tf.keras.layers.Layer):
    """A layer whose ``call`` has no training argument, around one that has."""

    def __init__(self):
        super().__init__(dtype="float64")
        self.inner = tf.keras.layers.BatchNormalization(dtype="float64")

    def call(self, x):
        return self.inner(x)

    def build(self, shape):
        self.inner.build(shape)
        super().build(shape)


class Counting(tf.keras.layers.Layer):
    """A layer that counts its calls, in training or not."""

    def build(self, shape):
        self.count = self.add_weight("count", (), "float64", trainable=False)
        self.gain = self.add_weight("gain", (2,), "float64", "ones")

    def call(self, x):
        return x * self.gain + 0.1 * self.count.assign_add(1.0)


def layers():
    keras = tf.keras.layers
    dense = keras.Dense(2, dtype="float64")
    return {
        "BatchNormalization": keras.BatchNormalization(dtype="float64"),
        "Untold": Untold(),
        "Counting": Counting(dtype="float64"),
        "Dropout": keras.Dropout(0.5, dtype="float64", seed=1),
        "Generator": keras.Dropout(0.5, dtype="float64", seed=1, rng_type="stateful"),
        "GaussianNoise": keras.GaussianNoise(0.5, dtype="float64", seed=1),
        "SpectralNormalization": keras.SpectralNormalization(dense, dtype="float64"),
        "LSTM": tf.keras.Sequential(
            [
                keras.Reshape((1, 2), dtype="float64"),
                keras.LSTM(2, stateful=True, dtype="float64"),
            ]
        ),
    }


@pytest.fixture(scope="module")
def case():
    """One network with a branch for every layer: in -> ensemble -> layer -> probe."""
    net = network()
    with net:
        ens = nengo.Ensemble(8, 2, neuron_type=nengo.Tanh(), seed=1, label="a")
        nengo.Connection(net.node, ens, synapse=None)
        net.of_layer = {}
        for name, layer in layers().items():
            node = nengo_dl.TensorNode(
                layer, shape_in=(2,), shape_out=(2,), pass_time=False, label=name
            )
            nengo.Connection(ens, node, synapse=None, seed=2)
            net.of_layer[name] = nengo.Probe(node)
    with simulate(net) as sim:
        rng = np.random.default_rng(1)
        for key, weight in named_weights(sim).items():
            if "moving" in key or "Batch" in key:
                weight.write(rng.uniform(0.5, 1.5, weight.shape))
        for variable in everything(sim):
            if variable.shape == (1, 2):  # the cell's
                variable.assign(rng.uniform(-1, 1, (1, 2)))
        yield net, sim


def everything(sim):
    """All variables of the simulator and its layers, those of random generators included."""
    variables = [*sim.keras_model.variables, *sim.tensor_graph.saved_state.values()]
    for node in sim.model.toplevel.all_nodes:
        layer = getattr(node, "tensor_func", None)
        if isinstance(layer, tf.Module):
            variables += layer.variables
            variables += [v for m in layer.submodules for v in m.variables]
            variables += [v for m in layer.submodules for v in getattr(m, "states", None) or ()]
            generator = getattr(getattr(layer, "_random_generator", None), "_generator", None)
            variables += [] if generator is None else [generator.state]
    return variables


@pytest.mark.parametrize("name", layers())
def test_layers_with_state(case, name):
    """dF/dw is the difference of ``predict``; no variable changes, in training mode neither."""
    net, sim = case
    probe, x = net.of_layer[name], RNG.uniform(-1, 1, (1, 1, 2))
    before = [(variable, variable.numpy()) for variable in everything(sim)]
    assert len(before) > 10
    J = weight_jacobian(sim, probe, {net.node: x})
    weight_jacobian(sim, probe, {net.node: x}, "a.bias", training=True)
    for variable, value in before:
        np.testing.assert_array_equal(variable.numpy(), value)

    def put_back(sim, net, x):
        kept = [(variable, variable.numpy()) for variable in everything(sim)]
        value = predicted(sim, {net.node: x}, 1)[probe][:, -1]
        for variable, earlier in kept:
            variable.assign(earlier)
        return value

    assert np.abs(J["a.encoders"]).max() > 0
    assert_derivative(sim, net, x, J, changed=put_back)
    if name in ("LSTM", "Counting"):
        with pytest.raises(NetworkError, match=rf"'{name}'.* keeps its state .* 2 steps"):
            weight_jacobian(sim, probe, {net.node: x.repeat(2, 1)})


def test_training_says_how_layers_compute(case):
    """With ``training``, BatchNormalization takes the mean of the batch, and Dropout drops."""
    net, sim = case
    x = RNG.uniform(-1, 1, (4, 2))
    probe = net.of_layer["BatchNormalization"]
    (owner,) = [n for n in net.all_nodes if n.label == "BatchNormalization"]
    weights = named_weights(sim)[owner]
    decoders = named_weights(sim)["a -> BatchNormalization"]

    def trained(_):
        E, bias = named_weights(sim)["a.encoders"].read(), named_weights(sim)["a.bias"].read()
        u = np.tanh(x @ E.T + bias) / 0.0025 @ decoders.read().T
        deviation = np.sqrt(u.var(axis=0) + 1e-3)
        return weights["gamma"].read() * (u - u.mean(axis=0)) / deviation + weights["beta"].read()

    J = weight_jacobian(sim, probe, {net.node: x}, decoders, training=True)[decoders]
    value, direction = decoders.read(), RNG.normal(size=decoders.shape)
    sides = []
    for sign in (1, -1):
        decoders.write(value + sign * 1e-7 * direction)
        sides.append(trained(x))
    decoders.write(value)
    numeric = (sides[0] - sides[1]) / 2e-7
    np.testing.assert_allclose((J * direction).sum((2, 3)), numeric, atol=1e-5)
    error = RNG.normal(size=(4, 2))
    product = weight_vjp(sim, probe, {net.node: x}, error, decoders, training=True)[decoders]
    np.testing.assert_allclose(product, np.tensordot(error, J, 2), rtol=1e-7, atol=1e-9)
    change = weight_jvp(sim, probe, {net.node: x}, {decoders: direction}, training=True)
    np.testing.assert_allclose(change, (J * direction).sum((2, 3)), rtol=1e-7, atol=1e-9)
    assert not np.allclose(J, weight_jacobian(sim, probe, {net.node: x}, decoders)[decoders])
    assert input_jacobian(sim, probe, {net.node: x}, training=True)[net.node].shape == (4, 2, 2)
    J = weight_jacobian(sim, net.of_layer["Dropout"], {net.node: x}, training=True)
    kept = np.abs(J["a -> Dropout"]).max(axis=(2, 3)) > 0
    assert 0 < kept.sum() < kept.size


def test_a_loop_leaves_the_averages_alone(case):
    """A step of a loop learns through BatchNormalization as in ``predict``."""
    net, sim = case
    probe = net.of_layer["BatchNormalization"]
    loop = LearningLoop(sim, probe, Gradient(1.0), learn="a -> BatchNormalization")
    x = RNG.uniform(-1, 1, (1, 2))
    expected = weight_vjp(sim, probe, {net.node: x}, np.ones((1, 2)), loop.learned)
    found = loop.gradients({net.node: x}, np.ones((1, 2)))
    np.testing.assert_allclose(found[loop.learned[0]], expected[loop.learned[0]], rtol=1e-9)
    (owner,) = [n for n in net.all_nodes if n.label == "BatchNormalization"]
    mean = named_weights(sim)[owner]["moving_mean"]
    before = mean.read()
    loop.step({net.node: x}, np.ones((1, 2)))
    np.testing.assert_array_equal(mean.read(), before)


def test_the_state_of_a_spiking_neuron_has_no_derivative():
    """A voltage, which the rates do not have: an error that names the neurons."""
    net = network()
    with net:
        net.ens = nengo.Ensemble(8, 2, neuron_type=nengo.LIF(), seed=1, label="spiking")
        nengo.Connection(net.node, net.ens, synapse=None)
        voltage = nengo.Probe(net.ens.neurons, "voltage")
        filtered = nengo.Probe(net.ens.neurons, "voltage", synapse=0.01)
        spikes = nengo.Probe(net.ens.neurons)
    x = np.full((1, 3, 2), 0.5)
    with simulate(net) as sim:
        for probe in (voltage, filtered):
            with pytest.raises(NetworkError, match=r"is a state of .*'spiking'.* rates"):
                weight_jacobian(sim, probe, {net.node: x})
        with pytest.raises(NetworkError, match=r"is a state of .*'spiking'"):
            input_jacobian(sim, voltage, {net.node: x})
        assert np.abs(weight_jacobian(sim, spikes, {net.node: x})["spiking.bias"]).max() > 0
