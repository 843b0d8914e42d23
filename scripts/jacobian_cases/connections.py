"""Synapses, transforms, functions, solvers and learning rules of connections."""

from typing import Any

import nengo
import numpy as np

from .draft import CASES, Draft, Subject, case, enter_all

enter_all(
    "synapse",
    {
        "Lowpass": nengo.Lowpass(0.005),
        "number": 0.002,
        "zero": 0,
        "Alpha": nengo.Alpha(0.002),
        "LinearFilter": nengo.LinearFilter([1], [1e-5, 5e-3, 1]),
        "direct part": nengo.LinearFilter([0.01, 1], [0.02, 1]),
        "gain": nengo.LinearFilter([2.0], [1.0]),
        "Triangle": nengo.Triangle(0.005),
    },
    lambda s: Draft().connected(synapse=s).probed(),
)

enter_all(
    "transform",
    {
        "scalar": 0.5,
        "diagonal": [0.5, -1.0],
        "matrix": [[0.5, 1.0], [-1.0, 0.3]],
        "Sparse": nengo.Sparse((2, 2), indices=[[0, 1], [1, 0]], init=[1.0, -2.0]),
    },
    lambda t: Draft().connected(transform=t).probed(),
)
enter_all(
    "neurons to node",
    {
        "Dense": np.random.default_rng(0).normal(size=(2, 12)),
        "Sparse": nengo.Sparse((2, 12), indices=[[0, 3], [1, 7]], init=[1.0, -2.0]),
        "Convolution": nengo.Convolution(1, (6, 2), kernel_size=(5,), strides=(1,)),
        "ConvolutionTranspose": nengo.ConvolutionTranspose(
            1, (12, 1), kernel_size=(2,), strides=(1,)
        ),
    },
    lambda t: _from_neurons(t),
)


def _from_neurons(transform: Any) -> Subject:
    draft = Draft()
    with draft.network:
        size = getattr(transform, "size_out", 2)
        node = nengo.Node(size_in=size, label="wide")
        nengo.Connection(draft.a.neurons, node, transform=transform, synapse=None)
    return draft.probed(node)


enter_all(
    "connection",
    {
        "function": {"function": lambda x: [x[0] * x[1], x[0] ** 2]},
        "weights": {"solver": nengo.solvers.LstsqL2(weights=True)},
        "NoSolver": {"solver": nengo.solvers.NoSolver(np.ones((12, 2)))},
        "NNLS-like": {"solver": nengo.solvers.LstsqL2(reg=0.1)},
        "eval points": {"eval_points": np.random.default_rng(0).uniform(-1, 1, (50, 2))},
        "PES": {"learning_rule_type": nengo.PES(0.1)},
        "RLS": {"learning_rule_type": nengo.RLS()},
    },
    lambda options: between(options),
)


def between(options: dict[str, Any]) -> Subject:
    """Connect with options, through a second ensemble if the solver needs one."""
    draft = Draft()
    with draft.network:
        post = draft.out
        if "weights" in str(options.get("solver", "")) and options["solver"].weights:
            post = nengo.Ensemble(9, 2, seed=2, label="b", neuron_type=nengo.Sigmoid())
        connection = nengo.Connection(draft.a, post, synapse=None, seed=3, **options)
        if "learning_rule_type" in options:
            nengo.Connection(draft.out, connection.learning_rule, synapse=None)
        if post is not draft.out:
            nengo.Connection(post, draft.out, synapse=None, seed=4)
    return draft.probed()


for _rule in (nengo.BCM(1e-9), nengo.Oja(1e-6), nengo.Voja()):
    CASES[f"rule: {type(_rule).__name__}"] = lambda rule=_rule: with_rule(rule)


def with_rule(rule: Any) -> Subject:
    """Connect with a rule that changes encoders or weights of neurons."""
    draft = Draft()
    with draft.network:
        b = nengo.Ensemble(9, 2, seed=2, label="b", neuron_type=nengo.RectifiedLinear())
        if isinstance(rule, nengo.Voja):
            nengo.Connection(draft.a, b, synapse=None, seed=3, learning_rule_type=rule)
        else:
            weights = np.random.default_rng(0).uniform(0, 1e-4, (9, 12))
            nengo.Connection(
                draft.a.neurons, b.neurons, transform=weights, synapse=None, learning_rule_type=rule
            )
        nengo.Connection(b, draft.out, synapse=None, seed=4)
    return draft.probed()


@case("recurrent")
def _() -> Subject:
    draft = Draft(nengo.LIFRate()).connected()
    return draft.connected(post=draft.a, synapse=0.005, transform=0.5).probed()


@case("two layers, slices")
def _() -> Subject:
    draft = Draft()
    with draft.network:
        b = nengo.Ensemble(10, 1, seed=2, label="b", neuron_type=nengo.Sigmoid())
        nengo.Connection(draft.a[1], b, synapse=None, seed=3)
        nengo.Connection(b, draft.out[0], synapse=None, seed=4)
        nengo.Connection(draft.a[[1, 0]], draft.out, synapse=None, seed=5)
    return draft.probed()
