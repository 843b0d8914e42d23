"""Networks for the tests of Jacobians, and derivatives by differences."""

import nengo
import numpy as np

from nengo_forcectl.nengodl.compatibility import nengo_dl
from nengo_forcectl.nengodl.weights import named_weights

RNG = np.random.default_rng(0)


def simulate(network, **kwargs):
    return nengo_dl.Simulator(network, device="/cpu:0", progress_bar=False, **kwargs)


def network(seed=0):
    """A network in float64 with an input node of two numbers, to be extended."""
    net = nengo.Network(seed=seed)
    with net:
        nengo_dl.configure_settings(dtype="float64")
        net.node = nengo.Node(np.zeros(2), label="in")
        net.out = nengo.Node(size_in=2, label="out")
    return net


def predicted(sim, x, n_steps=None):
    """What ``sim.predict`` gives, without the pipeline that Keras compiles anew in each call."""
    variables = list(sim.tensor_graph.saved_state.values())
    kept = [variable.numpy() for variable in variables]
    found = sim.predict_on_batch(x, n_steps=n_steps, stateful=sim.stateful)
    for variable, before in zip(variables, kept, strict=True):
        variable.assign(before)
    sim._update_steps()
    return found


def output(sim, net, x):
    """F of the last step, from NengoDL itself."""
    return predicted(sim, {net.node: x}, x.shape[1])[net.probe][:, -1]


def assert_derivative(sim, net, x, J, changed=None, tolerance=1e-6, h=1e-5):
    """dF along a random direction of each weight is the central finite difference of F."""
    weights = named_weights(sim)
    for name in J:
        weight, value = weights[name], weights[name].read()
        direction = RNG.normal(size=weight.shape) * (np.abs(value).mean() or 1.0)
        sides = []
        for sign in (1, -1):
            weight.write(value + sign * h * direction)
            sides.append((changed or output)(sim, net, x))
        weight.write(value)
        numeric = (sides[0] - sides[1]) / (2 * h)
        ours = (J[name] * direction).reshape(*numeric.shape, -1).sum(-1)
        assert np.abs(numeric).max() > 0, name
        np.testing.assert_allclose(ours, numeric, atol=tolerance * np.abs(numeric).max())


PLANS = {
    "merged": {},
    "one variable each": {"planner": nengo_dl.graph_optimizer.noop_planner},
    "not simplified": {"simplifications": []},
}


def several(settings):
    """Two ensembles of equal shape, two ways into one node, a function, a transform, a loop."""
    net = network()
    with net:
        nengo_dl.configure_settings(**settings)
        neurons = {"neuron_type": nengo.Tanh()}
        net.a = nengo.Ensemble(15, 2, seed=1, radius=2.0, label="a", **neurons)
        net.b = nengo.Ensemble(15, 2, seed=2, label="b", **neurons)
        nengo.Connection(net.node, net.a, synapse=None)
        nengo.Connection(net.a, net.b, synapse=None, seed=3, transform=[[0.5, 1.0], [-1.0, 0.3]])
        nengo.Connection(net.b, net.b, synapse=0.002, seed=4, label="loop")
        nengo.Connection(net.b, net.out, synapse=None, seed=5, function=np.square)
        nengo.Connection(net.a, net.out, synapse=nengo.Alpha(0.002), seed=6, transform=0.5)
        nengo.Connection(net.a.neurons, net.b.neurons, transform=0.01 * np.eye(15), synapse=None)
        net.probe = nengo.Probe(net.out)
    return net


def by_item(sim, net, x):
    """`output` of a batch from a simulator of minibatch size 1."""
    return np.concatenate([output(sim, net, row[None]) for row in x])


def one_layer(neuron_type):
    net = network()
    with net:
        net.ens = nengo.Ensemble(30, 2, neuron_type=neuron_type, seed=1, radius=2.0, label="a")
        nengo.Connection(net.node, net.ens, synapse=None)
        net.decoders = nengo.Connection(net.ens, net.out, synapse=None)
        net.probe = nengo.Probe(net.out)
    return net
