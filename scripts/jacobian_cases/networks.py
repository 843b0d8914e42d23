"""Networks that Nengo has ready."""

from collections.abc import Callable
from typing import Any

import nengo
import numpy as np

from .draft import Draft, Subject, enter_all

enter_all(
    "network",
    {
        "EnsembleArray": lambda: nengo.networks.EnsembleArray(12, 2, neuron_type=nengo.Tanh()),
        "Product": lambda: nengo.networks.Product(12, 1, seed=1),
        "CircularConvolution": lambda: nengo.networks.CircularConvolution(8, 1, seed=1),
        "BasalGanglia": lambda: nengo.networks.BasalGanglia(2, n_neurons_per_ensemble=12),
        "Thalamus": lambda: nengo.networks.Thalamus(2, n_neurons_per_ensemble=12),
        "AssociativeMemory": lambda: nengo.networks.AssociativeMemory(np.eye(2), n_neurons=12),
        "InputGatedMemory": lambda: nengo.networks.InputGatedMemory(12, 2),
    },
    lambda make: _ready_made(make),
)


def _ready_made(make: Callable[[], Any]) -> Subject:
    draft = Draft()
    with draft.network:
        network: Any = make()
        entries = {"Product": ("input_a", "input_b"), "CircularConvolution": ("input_a", "input_b")}
        names = entries.get(type(network).__name__)
        names = names or (("input_a", "input_b") if hasattr(network, "input_a") else ("input",))
        for number, name in enumerate(names):
            entry = getattr(network, name)
            pre = draft.a if entry.size_in == 2 else draft.a[number]
            nengo.Connection(pre, entry, synapse=None, seed=5)
    return draft.probed(network.output)
