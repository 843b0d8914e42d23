"""Networks as ONNX models, run by onnxruntime."""

import sys

import nengo
import numpy as np
import pytest
from jacobian_networks import network, simulate

from nengo_forcectl.errors import NetworkError, VersionError
from nengo_forcectl.nengodl import to_onnx
from nengo_forcectl.nengodl.compatibility import nengo_dl, tf
from nengo_forcectl.nengodl.weights import named_weights

RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, (50, 2))


def packages():
    """Skip a test where the packages are not installed."""
    pytest.importorskip("onnx", reason="needs onnx, which is not installed")
    return pytest.importorskip("onnxruntime", reason="needs onnxruntime, which is not installed")


def assert_equal_outputs(net, inputs, tolerance=1e-12):
    """What onnxruntime computes is what NengoDL does, with weights that are not those built."""
    runtime = packages()
    with simulate(net) as sim:
        for weight in named_weights(sim).values():
            if weight.variable is not None:
                value = weight.read()
                weight.write(value * RNG.uniform(0.9, 1.1, value.shape))
        model = to_onnx(sim, net.probe)
        x = {node: value[:, None] for node, value in inputs.values()}
        expected = sim.predict(x, verbose=0)[net.probe][:, 0]
        dtype = sim.tensor_graph.dtype
    session = runtime.InferenceSession(model.SerializeToString())
    assert {each.name for each in session.get_inputs()} == set(inputs)
    given = {name: value.astype(dtype) for name, (_, value) in inputs.items()}
    (found,) = session.run(["output"], given)
    assert found.dtype == dtype
    assert np.ptp(expected) > 0
    np.testing.assert_allclose(found, expected, atol=tolerance * np.abs(expected).max())


def layered(neurons):
    """Two layers, functions, transforms, slices and indices, a bias alone, two inputs."""
    net = network()
    with net:
        second = nengo.Node([0.5], label="in")
        options = {"neuron_type": neurons, "max_rates": nengo.dists.Uniform(220, 390)}
        a = nengo.Ensemble(20, 2, seed=1, label="a", radius=1.5, **options)
        b = nengo.Ensemble(15, 3, seed=2, label="b", **options)
        nengo.Connection(net.node, a, synapse=None, transform=[[0.5, 0.2], [0.1, -1.0]])
        nengo.Connection(second, b[2], synapse=None)
        nengo.Connection(a[[1, 0]], b[:2], synapse=None, seed=3)
        nengo.Connection(b[::2], net.out, synapse=None, seed=7)
        nengo.Connection(a, net.out[1], function=lambda x: x[0] * x[1], synapse=None, seed=4)
        nengo.Connection(b, net.out, function=lambda x: x[[2, 0]] ** 2, synapse=None, seed=5)
        nengo.Connection(net.node, net.out[[1, 0]], transform=0.3, synapse=None)
        places = nengo.Sparse((2, 20), indices=[[1, 7], [0, 3]], init=[0.01, -0.02])
        nengo.Connection(a.neurons, net.out, transform=places, synapse=None)
        nengo.Connection(a.neurons[:15], b.neurons, transform=0.01 * np.eye(15), synapse=None)
        net.probe = nengo.Probe(net.out)
    return net, {"in #1": (net.node, X), "in #2": (second, X[:, :1])}


@pytest.mark.parametrize(
    "neurons",
    [
        nengo.RectifiedLinear(amplitude=0.5),
        nengo.LIFRate(tau_rc=0.03, amplitude=0.1),
        nengo.Sigmoid(tau_ref=0.0024),
        nengo.Tanh(),
    ],
)
def test_rate_networks(neurons):
    """Every neuron type, with all kinds of connections between them."""
    assert_equal_outputs(*layered(neurons))


def test_single_precision_and_decoders_of_a_probe():
    """NengoDL's default type, to 1e-6; F is an ensemble's decoded value."""
    net = network()
    with net:
        nengo_dl.configure_settings(dtype="float32")
        a = nengo.Ensemble(20, 2, neuron_type=nengo.Tanh(), seed=1)
        nengo.Connection(net.node, a, synapse=None)
        net.probe = nengo.Probe(a)
    assert_equal_outputs(net, {"in": (net.node, X)}, 1e-6)


def test_ready_made_networks_and_layers():
    """An ensemble array, and Keras layers in sequence."""
    net = network()
    with net:
        array = nengo.networks.EnsembleArray(10, 2, neuron_type=nengo.RectifiedLinear(), seed=1)
        array.add_output("square", np.square)
        for ensemble in array.ensembles:
            ensemble.seed = 3
        nengo.Connection(net.node, array.input, synapse=None)
        dense = tf.keras.layers.Dense
        layers = [dense(5, "relu", dtype="float64"), dense(2, use_bias=False, dtype="float64")]
        node = nengo_dl.TensorNode(
            tf.keras.Sequential(layers), shape_in=(2,), shape_out=(2,), pass_time=False, label="two"
        )
        nengo.Connection(array.square, node, synapse=None)
        nengo.Connection(node, net.out, synapse=None)
        nengo.Connection(array.output, net.out, synapse=None)
        net.probe = nengo.Probe(net.out)
    assert_equal_outputs(net, {"in": (net.node, X)})


def refused(kind):
    """A network with an object that ONNX does not have."""
    net = network()
    with net:
        neurons = {"spikes": nengo.LIF(), "soft": nengo_dl.SoftLIFRate()}.get(kind, nengo.Tanh())
        a = nengo.Ensemble(10, 2, neuron_type=neurons, seed=1, label="a")
        nengo.Connection(net.node, a, synapse=None)
        synapse = 0.005 if kind == "synapse" else None
        rule = nengo.PES() if kind == "learns" else None
        last = nengo.Connection(
            a, net.out, synapse=synapse, seed=2, label="a -> out", learning_rule_type=rule
        )
        if rule:
            nengo.Connection(net.out, last.learning_rule, synapse=None)
        if kind == "python":
            node = nengo.Node(lambda t, x: x, size_in=2, label="own")
            nengo.Connection(a, node, synapse=None, seed=3)
            nengo.Connection(node, net.out, synapse=None)
        if kind == "layer":
            layer = tf.keras.layers.LayerNormalization(dtype="float64")
            node = nengo_dl.TensorNode(layer, shape_in=(2,), pass_time=False, label="own")
            nengo.Connection(a, node, synapse=None, seed=3)
            nengo.Connection(node, net.out, synapse=None)
        if kind == "process":
            node = nengo.Node(nengo.Lowpass(0.01, default_size_in=2), size_in=2, label="own")
            nengo.Connection(a, node, synapse=None, seed=3)
            nengo.Connection(node, net.out, synapse=None)
        if kind == "reversed":
            nengo.Connection(a, net.out[::-1], synapse=None, seed=3)
        net.probe = nengo.Probe(net.out, synapse=0.01 if kind == "probe" else None)
    return net


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("spikes", r"'a'.* has neurons LIF\(\); needs one of RectifiedLinear, LIFRate"),
        ("soft", r"'a'.* has neurons SoftLIFRate.*needs one of"),
        ("synapse", r"'?a -> out'?.* has a state \(Lowpass.*needs synapse=None"),
        ("probe", r"Probe.*'out'.* has a state \(Lowpass.*needs synapse=None"),
        ("python", r"'own'.* is a Python function; needs a TensorNode"),
        ("layer", r"'own'.* is a TensorNode; needs a Keras Dense"),
        ("process", r"'own'.* has a state \(Lowpass"),
        ("reversed", r"'out'.* is a reversed slice, which NengoDL takes forward"),
        ("learns", r"a -> out.* learns while it runs"),
    ],
)
def test_what_cannot_be_expressed_is_named(kind, message):
    """Spiking neurons, states, Python functions, other layers: the object, and what is needed."""
    packages()
    with simulate(refused(kind)) as sim, pytest.raises(NetworkError, match=message):
        to_onnx(sim, sim.model.probes[0])


def test_without_an_input_and_without_the_package(monkeypatch):
    """An output of no input has no function; a missing package is named with its extra."""
    net = network()
    with net:
        a = nengo.Ensemble(10, 2, neuron_type=nengo.Tanh(), seed=1)
        probe = nengo.Probe(a)
    with simulate(net) as sim:
        monkeypatch.setitem(sys.modules, "onnx", None)
        with pytest.raises(VersionError, match=r"pip install 'nengo-forcectl\[onnx\]'"):
            to_onnx(sim, probe)
        monkeypatch.undo()
        packages()
        with pytest.raises(NetworkError, match="depends on no input node"):
            to_onnx(sim, probe)
