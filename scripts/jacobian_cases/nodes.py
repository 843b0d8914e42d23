"""Nodes: inputs, those without a given value, Python functions, Direct ensembles."""

import nengo
import numpy as np

from nengo_forcectl.nengodl.compatibility import nengo_dl

from .draft import Draft, Subject, case


@case("no input node")
def _() -> Subject:
    with nengo.Network(seed=0) as network:
        nengo_dl.configure_settings(dtype="float64")
        a = nengo.Ensemble(12, 2, seed=1, label="a", neuron_type=nengo.Tanh())
        nengo.Connection(a, a, synapse=0.005, seed=2)
        probe = nengo.Probe(a)
    return Subject(network, probe)


@case("inputs that are left out")
def _() -> Subject:
    draft = Draft().connected()
    with draft.network:
        clock = nengo.Node(lambda t: np.sin(1000 * t), label="clock")
        nengo.Connection(clock, draft.a[0], synapse=None)
    return draft.probed()


@case("a process as input")
def _() -> Subject:
    draft = Draft().connected()
    with draft.network:
        noise = nengo.Node(nengo.processes.WhiteSignal(1.0, high=5, seed=0), label="noise")
        nengo.Connection(noise, draft.a[0], synapse=None)
    return draft.probed()


@case("noise in an ensemble")
def _() -> Subject:
    draft = Draft().connected()
    draft.a.noise = nengo.processes.WhiteNoise(seed=0)
    return draft.probed()


@case("Python node on the way")
def _() -> Subject:
    draft = Draft()
    with draft.network:
        node = nengo.Node(lambda t, x: x**2, size_in=2, label="python")
        nengo.Connection(node, draft.out, synapse=None)
    return draft.connected().connected(post=node).probed()


@case("Python node beside")
def _() -> Subject:
    draft = Draft()
    with draft.network:
        node = nengo.Node(lambda t, x: x**2, size_in=2, label="python")
        nengo.Connection(draft.x, node, synapse=None)
        nengo.Connection(node, draft.out, synapse=None)
    return draft.connected().probed()


@case("Direct ensemble on the way")
def _() -> Subject:
    draft = Draft()
    with draft.network:
        direct = nengo.Ensemble(1, 2, neuron_type=nengo.Direct(), label="direct")
        nengo.Connection(draft.a, direct, synapse=None, seed=3)
        nengo.Connection(direct, draft.out, synapse=None, function=np.square)
    return draft.probed()
