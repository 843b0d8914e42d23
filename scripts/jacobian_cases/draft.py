"""A small network to begin with, and the table of cases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import nengo
import numpy as np

from nengo_forcectl.nengodl.compatibility import nengo_dl

STEPS = 3  # of every network
CASES: dict[str, Callable[[], Subject]] = {}


@dataclass
class Subject:
    """What a case asks: dF/dw of a network, with F at a probe."""

    network: nengo.Network
    probe: Any
    options: dict[str, Any] = field(default_factory=dict)  # of the simulator
    wrt: Any = None  # weights to ask for; by default all that are trainable
    inputs: Callable[[dict[nengo.Node, np.ndarray]], Any] | None = None  # from plain ones
    simulator: Callable[..., Any] | None = None  # by default NengoDL's
    training: bool = False  # whether layers compute as in training


class Draft:
    """A network with an input of two numbers, an ensemble "a" and an output, to be changed."""

    def __init__(self, neurons: Any = None, synapse: Any = None, **settings: Any) -> None:
        self.network = nengo.Network(seed=0)
        self.options: dict[str, Any] = settings.pop("options", {})
        count: int = settings.pop("n_neurons", 12)
        neurons = neurons or nengo.Tanh()
        with self.network:
            nengo_dl.configure_settings(**{"dtype": "float64", **settings})
            self.x = nengo.Node(np.zeros(2), label="in")
            self.out = nengo.Node(size_in=2, label="out")
            self.a = nengo.Ensemble(count, 2, seed=1, label="a", neuron_type=neurons)
            nengo.Connection(self.x, self.a, synapse=synapse)

    def connected(self, pre: Any = None, post: Any = None, **options: Any) -> Draft:
        """Connect a to the output, or what is named."""
        with self.network:
            options = {"synapse": None, "seed": 3, **options}
            nengo.Connection(
                self.a if pre is None else pre, self.out if post is None else post, **options
            )
        return self

    def probed(self, target: Any = None, *args: Any, **options: Any) -> Subject:
        """Probe the output, or what is named."""
        with self.network:
            probe = nengo.Probe(self.out if target is None else target, *args, **options)
        return Subject(self.network, probe, self.options)


def case(name: str) -> Callable:
    """Enter a function that makes a network."""

    def enter(make: Callable) -> Callable:
        CASES[name] = make
        return make

    return enter


def enter_all(kind: str, table: dict[str, Any], make: Callable) -> None:
    """Enter a case for every item of a table."""
    for name, item in table.items():
        CASES[f"{kind}: {name}"] = lambda item=item: make(item)
