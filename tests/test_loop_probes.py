"""A learning loop of several probes."""

import nengo
import numpy as np
import pytest
from jacobian_networks import network, simulate

from nengo_forcectl.errors import NetworkError
from nengo_forcectl.learning.gradient import Gradient
from nengo_forcectl.nengodl.compatibility import tf
from nengo_forcectl.nengodl.jacobians import weight_jacobian, weight_vjp
from nengo_forcectl.nengodl.learning_loop import LearningLoop


@pytest.fixture(scope="module")
def case():
    """Two outputs at once, one of them of neurons, and one behind a synapse."""
    net = network()
    with net:
        neurons = {"neuron_type": nengo.Tanh()}
        net.a = nengo.Ensemble(10, 2, seed=1, label="a", **neurons)
        net.b = nengo.Ensemble(8, 1, seed=2, label="b", **neurons)
        nengo.Connection(net.node, net.a, synapse=None)
        nengo.Connection(net.node[0], net.b, synapse=None)
        nengo.Connection(net.a, net.out, synapse=None, seed=3, label="a -> out")
        nengo.Connection(net.b, net.out[0], synapse=None, seed=4, label="b -> out")
        late = nengo.Node(size_in=2, label="late")
        nengo.Connection(net.a, late, synapse=0.001, seed=5, label="a -> late")
        net.first, net.second = nengo.Probe(net.out), nengo.Probe(net.b.neurons)
        net.late = nengo.Probe(late)
    with simulate(net, minibatch_size=2) as sim:
        yield net, sim


def test_the_gradient_is_the_sum_over_the_probes(case):
    """J_w^T e is that of ``weight_vjp`` of each; outputs and Jacobians come by probe."""
    net, sim = case
    sim.reset()
    rng = np.random.default_rng(0)
    x = {net.node: rng.uniform(-1, 1, (2, 2))}
    error = {net.first: rng.normal(size=(2, 2)), net.second: rng.normal(size=(2, 8))}
    optimizer = tf.keras.optimizers.SGD(0.1)
    loop = LearningLoop(sim, [net.first, net.second], optimizer, jacobian=["a.bias", net.b])
    assert loop.steps == 1
    found = loop.gradients(x, error)
    first = weight_vjp(sim, net.first, x, error[net.first])
    second = weight_vjp(sim, net.second, x, error[net.second])
    assert set(found) == {*first, *second}
    assert set(first) - set(second) == {"a.encoders", "a.bias", "a -> out", "b -> out"}
    for name, value in found.items():
        expected = first[name] + dict(second).get(name, 0)
        np.testing.assert_allclose(value, expected, rtol=1e-9, atol=1e-14)
    J = {probe: weight_jacobian(sim, probe, x, net.b)["b.bias"] for probe in error}
    before = {weight: weight.read() for weight in loop.learned}
    output, jacobian = loop.step(x, error)
    assert {p: value.shape for p, value in output.items()} == {
        net.first: (2, 2),
        net.second: (2, 8),
    }
    assert set(jacobian[net.first]) == {"a.bias", "b.encoders", "b.bias"}
    assert set(jacobian[net.second]) == {"b.encoders", "b.bias"}
    for probe, value in J.items():
        np.testing.assert_allclose(jacobian[probe]["b.bias"], value, rtol=1e-9, atol=1e-14)
    for weight, value in before.items():
        expected = value - 0.1 * found[weight]
        np.testing.assert_allclose(weight.read(), expected, rtol=1e-9, atol=1e-12)


def test_one_of_them_behind_a_synapse(case):
    """All are then differentiated through the last steps."""
    net, sim = case
    sim.reset()
    rng = np.random.default_rng(1)
    x = rng.uniform(-1, 1, (3, 2, 2))
    error = {net.late: rng.normal(size=(2, 2)), net.first: rng.normal(size=(2, 2))}
    every = {net.node: x.transpose(1, 0, 2)}
    expected = {probe: weight_vjp(sim, probe, every, e) for probe, e in error.items()}
    loop = LearningLoop(sim, (net.late, net.first))
    assert loop.steps == 4
    for row in x[:-1]:
        loop.observe({net.node: row})
    found = loop.gradients({net.node: x[-1]}, error)
    for name, value in found.items():
        sum_ = sum(each[name] for each in expected.values() if name in each)
        np.testing.assert_allclose(value, sum_, rtol=1e-9, atol=1e-14)
    assert np.abs(found["a -> late"]).max() > 0


def test_what_does_not_fit_is_named(case):
    """Probes that are none or twice there, errors without their probe or of another shape."""
    net, sim = case
    x, law = {net.node: np.zeros((2, 2))}, Gradient(1e-9)
    for probes in ([], [net.first, net.first]):
        with pytest.raises(NetworkError, match=r"probes: are .*needs one or more, once each"):
            LearningLoop(sim, probes, law)
    with pytest.raises(NetworkError, match="is not a probe of"):
        LearningLoop(sim, [net.first, net.out], law)
    loop = LearningLoop(sim, [net.first, net.second], law)
    for error, message in (
        (np.zeros((2, 10)), "error: is ndarray, needs a mapping of .*'out'.*'b'"),
        ({net.first: np.zeros((2, 2))}, "error: is .* needs a mapping of"),
        (
            {net.first: np.zeros((2, 8)), net.second: np.zeros((2, 2))},
            r"error of .*'out'.*has shape \(2, 8\).*needs \(2, 2\)",
        ),
        (
            {net.first: np.zeros((2, 2)), net.second: np.zeros((1, 8))},
            r"error of .*'b'.*has shape \(1, 8\).*needs \(2, 8\)",
        ),
        (
            {net.first: np.zeros((2, 2)) + 1j, net.second: np.zeros((2, 8))},
            r"error of .*'out'.*type complex128",
        ),
    ):
        with pytest.raises(NetworkError, match=message):
            loop.step(x, error)
