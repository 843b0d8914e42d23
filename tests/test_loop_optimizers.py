"""A loop with each of Keras's optimizers is that optimizer."""

import nengo
import numpy as np
import pytest
from jacobian_networks import network, simulate

from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.nengodl.compatibility import tf
from nengo_forcectl.nengodl.learning_loop import LearningLoop
from nengo_forcectl.nengodl.weights import named_weights

STEPS = 60


def optimizers():
    """Makers of all optimizers of Keras, by name."""
    found = {}
    for place, base in (("", tf.keras.optimizers), ("legacy ", tf.keras.optimizers.legacy)):
        for name, cls in vars(base).items():
            known = isinstance(cls, type) and issubclass(cls, base.Optimizer)
            if known and cls is not base.Optimizer:
                found[place + name] = lambda cls=cls: cls(learning_rate=0.01)
    return found


@pytest.fixture(scope="module")
def case():
    """Two equal ensembles, whose weights NengoDL merges, and J_w^T e that does not depend on w."""
    net = network()
    with net:
        neurons = {"neuron_type": nengo.RectifiedLinear(), "max_rates": nengo.dists.Choice([1.0])}
        for seed, label in ((1, "a"), (2, "b")):
            ensemble = nengo.Ensemble(5, 2, seed=seed, label=label, **neurons)
            nengo.Connection(net.node, ensemble, synapse=None)
            nengo.Connection(ensemble, net.out, synapse=None, seed=seed)
        net.probe = nengo.Probe(net.out)
    with simulate(net) as sim:
        yield net, sim


@pytest.mark.parametrize("name", optimizers())
def test_the_weights_are_kerass(case, name):
    """After 60 steps every weight is that of ``apply_gradients`` by hand, to 1e-12."""
    net, sim = case
    weights, rng = named_weights(sim), np.random.default_rng(0)
    make = optimizers()[name]
    learned = ["a -> out", "b -> out"]
    start = {key: weights[key].read() for key in weights}
    loop = LearningLoop(sim, net.probe, make(), learn=learned)
    variables, optimizer = {key: tf.Variable(start[key]) for key in learned}, make()
    for _ in range(STEPS):
        x, error = rng.uniform(-1, 1, (1, 2)), rng.normal(size=(1, 2))
        products = loop.gradients({net.node: x}, error)
        optimizer.apply_gradients([(tf.constant(products[k]), v) for k, v in variables.items()])
        loop.step({net.node: x}, error)
    for key, variable in variables.items():
        assert np.abs(variable.numpy() - start[key]).max() > 1e-6
        np.testing.assert_allclose(weights[key].read(), variable.numpy(), rtol=1e-12, atol=1e-12)
        weights[key].write(start[key])


def test_an_optimizer_belongs_to_one_loop(case):
    """Its memory is that of its variables: in another loop it is refused."""
    net, sim = case
    for optimizer in (tf.keras.optimizers.Adam(0.1), tf.keras.optimizers.legacy.Adam(0.1)):
        LearningLoop(sim, net.probe, optimizer, learn="a -> out")
        with pytest.raises(ConfigurationError, match=r"has memory .*from_config"):
            LearningLoop(sim, net.probe, optimizer, learn="b -> out")
        copy = type(optimizer).from_config(optimizer.get_config())
        LearningLoop(sim, net.probe, copy, learn="b -> out")


def test_the_memory_is_complete(case):
    """A loop's optimizer variables are all that its step changes beside weights and state."""
    net, sim = case
    loop = LearningLoop(sim, net.probe, tf.keras.optimizers.Nadam(0.01), learn="a -> out")
    before = [variable.numpy() for variable in loop.optimizer_variables]
    loop.step({net.node: np.ones((1, 2))}, np.ones((1, 2)))
    after = [variable.numpy() for variable in loop.optimizer_variables]
    changed = sum(not np.array_equal(*pair) for pair in zip(before, after, strict=True))
    assert changed == len(before) - 1  # all but the learning rate
