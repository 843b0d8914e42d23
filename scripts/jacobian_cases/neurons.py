"""Types of neurons, and settings of an ensemble."""

import inspect
from typing import Any

import nengo
import numpy as np
from nengo.dists import Choice, Uniform

from nengo_forcectl.nengodl.compatibility import nengo_dl

from .draft import Draft, Subject, enter_all


def neuron_types() -> dict[str, Any]:
    """All types of neurons that Nengo and NengoDL have, by listing."""
    found = {}
    for module in (nengo.neurons, nengo_dl.neurons):
        for name, cls in inspect.getmembers(module, inspect.isclass):
            if issubclass(cls, nengo.neurons.NeuronType) and not inspect.isabstract(cls):
                try:
                    found[name] = cls()
                except TypeError:
                    found[name] = cls(nengo.LIFRate())
                except Exception:
                    continue
    return {k: v for k, v in found.items() if "Rates" not in k and k != "NeuronType"}


enter_all("neurons", neuron_types(), lambda n: Draft(n).connected().probed())
enter_all("neurons, probed", neuron_types(), lambda n: _neurons_probed(n))


def _neurons_probed(neurons: Any) -> Subject:
    draft = Draft(neurons)
    return draft.probed(draft.a if isinstance(neurons, nengo.Direct) else draft.a.neurons)


enter_all(
    "ensemble",
    {
        "radius": {"radius": 2.0},
        "intercepts": {"intercepts": Uniform(-0.5, 0.5)},
        "gain 0": {"gain": Choice([0.0]), "bias": Uniform(0, 1)},
        "encoders": {"encoders": Choice([[1, 0], [0, -1]])},
        "unlabelled": {"label": None},
        "one neuron": {"n_neurons": 1},
    },
    lambda options: _ensemble(options),
)


def _ensemble(options: dict[str, Any]) -> Subject:
    count = {name: options[name] for name in options if name == "n_neurons"}
    draft = Draft(nengo.RectifiedLinear(), **count)
    for name, value in options.items():
        if name not in count:
            setattr(draft.a, name, value)
    solver = nengo.solvers.NoSolver(np.ones((draft.a.n_neurons, 2)))
    return draft.connected(solver=solver).probed()
