"""A network that several test modules use."""

import nengo
import numpy as np

from nengo_forcectl.nengodl.compatibility import nengo_dl


def small_network():
    """Two ensembles in a ring, with synapses: state, two kinds of neurons, in float64."""
    with nengo.Network(seed=0) as net:
        nengo_dl.configure_settings(dtype="float64")
        net.node = nengo.Node(np.zeros(2), label="in")
        net.a = nengo.Ensemble(20, 2, seed=1, neuron_type=nengo.LIFRate(), label="a")
        net.b = nengo.Ensemble(20, 2, seed=2, neuron_type=nengo.RectifiedLinear(), label="b")
        nengo.Connection(net.node, net.a, synapse=None)
        nengo.Connection(net.a, net.b, synapse=0.01)
        nengo.Connection(net.b, net.a, synapse=0.02, transform=0.5)
        net.probe = nengo.Probe(net.b, synapse=None)
    return net
