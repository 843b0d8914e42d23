"""Weights carried between networks of one structure and different seeds."""

import nengo
import numpy as np
import pytest
from jacobian_networks import simulate

from nengo_forcectl.errors import NetworkError
from nengo_forcectl.nengodl import copy_weights
from nengo_forcectl.nengodl.compatibility import nengo_dl, tf
from nengo_forcectl.nengodl.jacobians import weight_jacobian
from nengo_forcectl.nengodl.weights import named_weights

X = np.random.default_rng(0).uniform(-1, 1, (1, 6, 2))


def network(seed, neurons=None, radius=1.0, layer=False, label="a", sparse=1, slices=(0, 1)):
    """Two layers, a function, a slice, a synapse, sparse weights, decoders of a probe."""
    with nengo.Network(seed=seed) as net:
        nengo_dl.configure_settings(dtype="float64")
        net.node = nengo.Node(np.zeros(2), label="in")
        net.out = nengo.Node(size_in=2, label="out")
        neurons = neurons or nengo.LIFRate()
        net.a = nengo.Ensemble(15, 2, radius=radius, neuron_type=neurons, label=label)
        b = nengo.Ensemble(12, 1, neuron_type=nengo.Tanh(), label="b")
        nengo.Connection(net.node, net.a, synapse=None)
        nengo.Connection(net.a[slices[0]], b, synapse=0.002)
        nengo.Connection(net.a, net.out, function=np.square, synapse=None, label="squares")
        nengo.Connection(b, net.out[slices[1]], synapse=None)
        if sparse:
            values = np.random.default_rng(seed).normal(size=2)
            places = nengo.Sparse((2, 15), indices=[[0, 3], [1, sparse]], init=values)
            nengo.Connection(net.a.neurons, net.out, transform=places, synapse=None, label="sparse")
        if layer:
            dense = tf.keras.layers.Dense(2, dtype="float64")
            node = nengo_dl.TensorNode(dense, shape_in=(2,), pass_time=False, label="dense")
            nengo.Connection(net.out, node, synapse=None)
        net.probe, net.decoded = nengo.Probe(net.out), nengo.Probe(net.a)
    return net


@pytest.fixture(scope="module")
def source():
    net = network(0, layer=True)
    with simulate(net) as sim:
        for weight in named_weights(sim).values():  # as if trained
            value = weight.read()
            weight.write(value * np.random.default_rng(1).uniform(0.9, 1.1, value.shape))
        yield net, sim


def test_the_target_computes_what_the_source_does(source):
    """Outputs, Jacobians, gains and encoders: those of the source, of another seed before."""
    net, sim = source
    other = network(7, layer=True)
    with simulate(other) as target:
        before = target.predict({other.node: X}, verbose=0)[other.probe]
        handles = dict(named_weights(target))
        copy_weights(sim, target)
        expected = sim.predict({net.node: X}, verbose=0)
        found = target.predict({other.node: X}, verbose=0)
        assert np.abs(before - expected[net.probe]).max() > 0.01
        np.testing.assert_allclose(found[other.probe], expected[net.probe], rtol=1e-12)
        np.testing.assert_allclose(found[other.decoded], expected[net.decoded], rtol=1e-12)
        J = weight_jacobian(sim, net.probe, {net.node: X[:, 0]})
        for name, value in weight_jacobian(target, other.probe, {other.node: X[:, 0]}).items():
            np.testing.assert_allclose(value, J[name], rtol=1e-9, atol=1e-12)
        for name in ("gain", "bias", "encoders", "max_rates"):
            ours, theirs = (getattr(s.data[n.a], name) for s, n in ((sim, net), (target, other)))
            np.testing.assert_allclose(theirs, ours, rtol=1e-12)
        theirs, ours = handles["a.encoders"], named_weights(sim)["a.encoders"]
        np.testing.assert_allclose(theirs.read() * theirs.scale, ours.read() * ours.scale)


def test_to_spiking_neurons_and_nengos_simulator(source):
    """Weights of rates go to spiking neurons of the same rates, and to Nengo's simulator."""
    dense = network(3, nengo.LIF())
    with simulate(network(0)) as sim, nengo.Simulator(dense, progress_bar=False) as target:
        named_weights(target)["squares"].write(np.zeros((2, 15)))
        with pytest.raises(NetworkError, match="'sparse' differs, and is a constant"):
            copy_weights(sim, target)
        assert not named_weights(target)["squares"].read().any()
    with simulate(network(0, sparse=None)) as sim:
        copied = network(3, nengo.LIF(), sparse=None)
        with nengo.Simulator(copied, progress_bar=False) as target, simulate(copied) as other:
            copy_weights(sim, target)
            copy_weights(sim, other)
            target.run_steps(6)
            expected = other.predict({copied.node: np.zeros((1, 6, 2))}, verbose=0)[copied.probe]
            np.testing.assert_allclose(target.data[copied.probe], expected[0], atol=1e-9)
            assert np.abs(expected).max() > 0.1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"label": "c"}, r"the target lacks a\.encoders, .*needs networks of one structure"),
        ({"layer": True}, r"the source lacks dense\.kernel, dense\.bias"),
        ({"neurons": nengo.Sigmoid()}, r"'a\.encoders' is of neurons LIFRate.*rates differ"),
        ({"neurons": nengo.LIFRate(tau_rc=0.03)}, r"'a\.encoders' is of neurons.*rates differ"),
        ({"radius": 2.0}, r"'a\.encoders' is of radius 1\.0, that of the target of 2\.0"),
        ({"sparse": 2}, r"'sparse' is sparse, with other non-zero entries"),
        ({"slices": (1, 1)}, r"'a -> b' connects .*, that of the target"),
    ],
)
def test_what_does_not_fit_is_named(change, message):
    """Names, neurons, radius, slices, places of sparse weights: the first difference is said."""
    with simulate(network(0)) as sim, simulate(network(1, **change)) as target:
        before = {name: weight.read() for name, weight in named_weights(target).items()}
        with pytest.raises(NetworkError, match=message):
            copy_weights(sim, target)
        for name, value in before.items():
            np.testing.assert_array_equal(named_weights(target)[name].read(), value)


def test_a_constant_that_differs_is_refused():
    """Biases that are not trainable are constants of NengoDL: of one seed they need no copy."""
    nets = [network(seed) for seed in (0, 0, 1)]
    for net in nets:
        with net:
            nengo_dl.configure_settings(trainable=None)
            net.config[nengo.ensemble.Neurons].trainable = False
    with simulate(nets[0]) as sim, simulate(nets[1]) as same, simulate(nets[2]) as other:
        named_weights(sim)["squares"].write(np.ones((2, 15)))
        copy_weights(sim, same)
        assert (named_weights(same)["squares"].read() == 1).all()
        with pytest.raises(NetworkError, match=r"'a\.bias' differs, and is a constant .*trainable"):
            copy_weights(sim, other)
