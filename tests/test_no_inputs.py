"""Networks without an input node, over many steps."""

import nengo
import numpy as np
import pytest
from jacobian_networks import assert_derivative, simulate

from nengo_forcectl.errors import NetworkError
from nengo_forcectl.nengodl import differentiable
from nengo_forcectl.nengodl.compatibility import nengo_dl, tf
from nengo_forcectl.nengodl.jacobians import weight_jacobian, weight_jvp, weight_vjp
from nengo_forcectl.nengodl.learning_loop import LearningLoop

STEPS = 5


@pytest.fixture(scope="module")
def case():
    """A memory that drifts from its start."""
    with nengo.Network(seed=0) as net:
        nengo_dl.configure_settings(dtype="float64")
        net.a = nengo.Ensemble(12, 2, seed=1, label="a", neuron_type=nengo.Tanh())
        nengo.Connection(net.a, net.a, synapse=0.005, seed=2, label="loop")
        net.probe = nengo.Probe(net.a)
    with simulate(net) as sim:
        yield net, sim


def test_jacobians_of_many_steps(case):
    """``steps`` says how many; dF/dw of the last is that of differences, in all forms."""
    net, sim = case
    J = weight_jacobian(sim, net.probe, {}, steps=STEPS)
    assert set(J) == {"a.encoders", "a.bias", "loop"}

    def output(sim, net, _):
        return sim.predict_on_batch(n_steps=STEPS, stateful=False)[net.probe][:, -1]

    assert_derivative(sim, net, None, J, output)
    e = np.array([[0.3, -0.7]])
    products = weight_vjp(sim, net.probe, {}, e, steps=STEPS)
    for name, value in products.items():
        np.testing.assert_allclose(value, np.tensordot(e[0], J[name][0], 1), rtol=1e-9, atol=1e-14)
    change = {"loop": np.ones_like(products["loop"])}
    ours = weight_jvp(sim, net.probe, {}, change, steps=STEPS)
    np.testing.assert_allclose(ours[0], J["loop"][0].sum(axis=(1, 2)), rtol=1e-9)


def test_the_function_and_the_loop(case):
    """A ``differentiable`` network gives every step; a loop learns through the last ones."""
    net, sim = case
    function = differentiable(sim, net.probe, [])
    every = sim.predict_on_batch(n_steps=STEPS, stateful=False)[net.probe]
    np.testing.assert_allclose(function({}, steps=STEPS)[net.probe], every, rtol=1e-9)
    np.testing.assert_allclose(function({})[net.probe], every[:, 0], rtol=1e-9)
    e = np.array([[0.3, -0.7]])
    expected = weight_vjp(sim, net.probe, {}, e, steps=STEPS)["loop"]
    optimizer = tf.keras.optimizers.SGD(1e-3)
    loop = LearningLoop(sim, net.probe, optimizer, learn="loop", steps=STEPS)
    outputs = [loop.forward({}) for _ in range(STEPS - 1)]
    np.testing.assert_allclose(np.concatenate(outputs), every[0, :-1], rtol=1e-9)
    before = loop.weights["loop"].read()
    loop.step({}, e)
    assert np.abs(expected).max() > 0
    after = before - 1e-3 * expected
    np.testing.assert_allclose(loop.weights["loop"].read(), after, rtol=1e-9)


def test_steps_that_do_not_fit(case):
    """Numbers that are none, and others than those of the inputs."""
    net, sim = case
    for steps in (0, 1.5, True):
        with pytest.raises(NetworkError, match=f"steps: is {steps}, needs a whole number"):
            weight_jacobian(sim, net.probe, {}, steps=steps)
        with pytest.raises(NetworkError, match=f"steps: is {steps}, needs a whole number"):
            differentiable(sim, net.probe, [])({}, steps=steps)
    with net:
        node = nengo.Node(np.zeros(2), label="in")
        nengo.Connection(node, net.a, synapse=None)
    with simulate(net) as sim:
        x = {node: np.zeros((1, 2))}
        with pytest.raises(NetworkError, match="steps: is 3, but the inputs have 1"):
            weight_jacobian(sim, net.probe, x, steps=3)
        with pytest.raises(NetworkError, match="steps: is 3, but the inputs have 1"):
            differentiable(sim, net.probe, node)(x, steps=3)
