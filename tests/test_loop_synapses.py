"""Learning through synapses: the gradient through the last steps, with the state kept."""

import nengo
import numpy as np
import pytest
from jacobian_networks import network, simulate

from nengo_forcectl.errors import ConfigurationError, NetworkError
from nengo_forcectl.learning.gradient import Gradient
from nengo_forcectl.nengodl.compatibility import tf
from nengo_forcectl.nengodl.jacobians import weight_vjp
from nengo_forcectl.nengodl.learning_loop import LearningLoop


@pytest.fixture(scope="module")
def case():
    """Two layers, all connections with Nengo's default synapse."""
    net = network()
    with net:
        neurons = {"neuron_type": nengo.Tanh()}
        net.a = nengo.Ensemble(15, 2, seed=1, label="a", **neurons)
        net.b = nengo.Ensemble(15, 2, seed=2, label="b", **neurons)
        nengo.Connection(net.node, net.a)
        nengo.Connection(net.a, net.b, seed=3)
        nengo.Connection(net.b, net.out, seed=4)
        net.probe = nengo.Probe(net.out)
    with simulate(net) as sim:
        yield net, sim


def test_the_default_connection_works(case):
    """Through 20 steps of 1 ms for 5 ms: J_w^T e is that of all steps since the start."""
    net, sim = case
    sim.reset()
    rng = np.random.default_rng(0)
    x, error = rng.uniform(-1, 1, (12, 1, 2)), rng.normal(size=(1, 2))
    expected = weight_vjp(sim, net.probe, {net.node: x.transpose(1, 0, 2)}, error)
    loop = LearningLoop(sim, net.probe, Gradient(1e-30))
    assert loop.steps == 20
    assert len(loop.learned) == 6
    outputs = [loop.step({net.node: row}, error).output for row in x[:-1]]
    products = loop.gradients({net.node: x[-1]}, error)
    for name, value in expected.items():
        np.testing.assert_allclose(products[name], value, rtol=1e-9, atol=1e-14)
    assert np.abs(products["a.encoders"]).max() > 0
    sim.reset(include_trainable=False)
    sim.run_steps(11, data={net.node: x[:-1].transpose(1, 0, 2)})
    np.testing.assert_allclose(np.concatenate(outputs), sim.data[net.probe], rtol=1e-9)


def test_the_gradient_is_truncated(case):
    """With ``steps=4``, it is that of the last four steps from the state before them."""
    net, sim = case
    sim.reset()
    rng = np.random.default_rng(1)
    x, error = rng.uniform(-1, 1, (10, 1, 2)), rng.normal(size=(1, 2))
    loop = LearningLoop(sim, net.probe, Gradient(1e-30), steps=4)
    for row in x[:-1]:
        loop.step({net.node: row}, error)
    found = loop.gradients({net.node: x[-1]}, error)
    sim.reset(include_trainable=False)
    sim.run_steps(6, data={net.node: x[:6].transpose(1, 0, 2)})
    expected = weight_vjp(sim, net.probe, {net.node: x[6:].transpose(1, 0, 2)}, error)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-9, atol=1e-14)
    # The simulator has run by itself: the window starts again, and one step reaches nothing.
    assert not any(value.any() for value in loop.gradients({net.node: x[-1]}, error).values())


def test_it_learns(case):
    """The error of a filtered output falls, with weights of all layers and Adam."""
    net, sim = case
    sim.reset()  # also the weights
    loop = LearningLoop(sim, net.probe, tf.keras.optimizers.Adam(2e-6))
    errors = []
    for step in range(600):
        x = np.array([[np.sin(0.01 * step), np.cos(0.005 * step)]])
        wanted = np.array([[0.5 * x[0, 1], -0.5]])
        output = loop.forward({net.node: x}, keep=False)
        loop.step({net.node: x}, output - wanted)
        errors.append(np.abs(output - wanted).max())
    assert np.mean(errors[-100:]) < 0.3 * np.mean(errors[20:120])


def test_steps_are_checked(case):
    """A number below 1, too few for any weight, and a Python function on the way: named."""
    net, sim = case
    with pytest.raises(ConfigurationError, match=r"LearningLoop.steps: is 0, needs"):
        LearningLoop(sim, net.probe, Gradient(1.0), steps=0)
    with pytest.raises(NetworkError, match=r"does not depend on .* within one step"):
        LearningLoop(sim, net.probe, Gradient(1.0), learn="a.bias", steps=1)
    other = network()
    with other:
        a = nengo.Ensemble(5, 2, seed=1, label="a", neuron_type=nengo.Tanh())
        python = nengo.Node(lambda t, x: x, size_in=2, label="python")
        nengo.Connection(other.node, python, synapse=None)
        nengo.Connection(python, a)
        nengo.Connection(a, other.out)
        probe = nengo.Probe(other.out)
    with (
        simulate(other) as sim,
        pytest.raises(NetworkError, match=r"would call .*'python'.* again"),
    ):
        LearningLoop(sim, probe, Gradient(1.0))
