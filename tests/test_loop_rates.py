"""Training of spiking networks: outputs of rates beside those of spikes, and NengoDL's ``fit``."""

import nengo
import numpy as np
from jacobian_networks import network, simulate

from nengo_forcectl.nengodl.compatibility import tf
from nengo_forcectl.nengodl.jacobians import weight_jacobian
from nengo_forcectl.nengodl.learning_loop import LearningLoop
from nengo_forcectl.nengodl.weights import named_weights

RATE = 1e-4


def spiking(synapse, neuron_type):
    net = network()
    with net:
        a = nengo.Ensemble(15, 2, seed=1, label="a", neuron_type=neuron_type)
        b = nengo.Ensemble(12, 2, seed=2, label="b", neuron_type=neuron_type)
        nengo.Connection(net.node, a, synapse=None)
        nengo.Connection(a, b, synapse=synapse, seed=3)
        nengo.Connection(b, net.out, synapse=None, seed=4)
        net.probe = nengo.Probe(net.out)
    return net


def test_it_is_nengodls_fit():
    """With e of rates and SGD, through a synapse, the weights are those of ``fit`` of NengoDL."""
    net, steps = spiking(0.003, nengo.LIF(amplitude=0.5)), 5
    rng = np.random.default_rng(0)
    x, wanted = rng.uniform(-1, 1, (3, 2, steps, 2)), rng.normal(size=(3, 2, 2))

    def loss(y, output):
        return tf.reduce_sum((y[:, -1] - output[:, -1]) ** 2) / 2

    with simulate(net, minibatch_size=2) as sim:
        sim.compile(tf.keras.optimizers.SGD(RATE), loss={net.probe: loss})
        for row, y in zip(x, wanted, strict=True):
            y = np.repeat(y[:, None], steps, axis=1)
            sim.fit({net.node: row}, {net.probe: y}, n_steps=steps, epochs=1, verbose=0)
        expected = {name: weight.read() for name, weight in named_weights(sim).items()}
    with simulate(net, minibatch_size=2) as sim:
        before = {name: weight.read() for name, weight in named_weights(sim).items()}
        loop = LearningLoop(sim, net.probe, tf.keras.optimizers.SGD(RATE), steps=steps)
        for row, y in zip(x, wanted, strict=True):
            sim.reset(include_trainable=False)
            for now in row.transpose(1, 0, 2)[:-1]:
                loop.forward({net.node: now})
            last = {net.node: row[:, -1]}
            loop.step(last, loop.forward(last, keep=False, rates=True) - y)
        assert np.abs(expected["b.encoders"] - before["b.encoders"]).max() > 1e-6
        for name, weight in named_weights(sim).items():
            np.testing.assert_allclose(weight.read(), expected[name], rtol=1e-9, atol=1e-12)


def test_rates_beside_spikes():
    """F of rates times decoders is its own derivative; the spikes go on as without it."""
    net = spiking(None, nengo.LIF())
    x = {net.node: np.full((1, 2), 0.4)}
    with simulate(net) as sim:
        loop = LearningLoop(sim, net.probe)
        spikes = [loop.forward(x) for _ in range(12)]
        sim.reset(include_trainable=False)
        rates = [loop.forward(x, rates=True) for _ in range(6)]
        again = [loop.forward(x, keep=False) for _ in range(2)]
        assert sim.n_steps == 6
        np.testing.assert_array_equal(again, [spikes[6]] * 2)
        assert np.ptp(spikes, axis=0).max() > 0.5
        decoders = weight_jacobian(sim, net.probe, x, "b -> out")["b -> out"]
        expected = np.tensordot(decoders[0], named_weights(sim)["b -> out"].read(), 2)
        for value in rates:
            np.testing.assert_allclose(value[0], expected, rtol=1e-9)
