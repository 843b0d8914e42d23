"""One control cycle of a network: its output, the products of its weight Jacobian, its update."""

from collections.abc import Mapping
from typing import Any

import nengo
import numpy as np
from jaxtyping import Float
from nengo.ensemble import Neurons

from .exceptions import NetworkError
from .loop import Law, LearningLoop
from .weights import Weights, named_weights


class OnlineNetwork:
    """A network with one input that gives its output and learns, one simulator step at a time.

    What a control loop sees of a `LearningLoop`: vectors in, vectors out.

    Args:
        sim: an open ``nengo_dl.Simulator`` with minibatch size 1.
        probe: the output F; without a synapse, else F does not depend on x within one step.
        law: turns J_w^T s into a change of the weights, e.g. `Gradient`.
        learn: the weights that change (handles, names, Nengo objects); by default all trainable
            weights of connections out of ensembles, that is, the decoders.

    Raises:
        NetworkError: the network has not exactly one input node, or the simulator a minibatch, or
            a weight in ``learn`` does not exist or is not trainable.
    """

    def __init__(self, sim: Any, probe: nengo.Probe, law: Law, *, learn: Any = None) -> None:
        self.weights = named_weights(sim)
        if sim.minibatch_size != 1:
            raise NetworkError(f"OnlineNetwork needs minibatch size 1, not {sim.minibatch_size}")
        nodes = list(sim.node_inputs)
        if len(nodes) != 1:
            raise NetworkError(f"OnlineNetwork needs a network with one input node, not {nodes}")
        self._node = nodes[0]
        learn = decoders(self.weights) if learn is None else learn
        self._loop = LearningLoop(sim, probe, law, learn=learn)

    def step(
        self, x: Float[np.ndarray, "n_in"], error: Float[np.ndarray, "n_out"]
    ) -> Float[np.ndarray, "n_out"]:
        """Return F(x; w), then change w by one step of the law.

        Args:
            x: the network's input.
            error: s, in the space of F; the weights move along J_w^T s.
        """
        return self._loop.step({self._node: _row(x)}, _row(error)).output[0]

    def forward(self, x: Float[np.ndarray, "n_in"]) -> Float[np.ndarray, "n_out"]:
        """Return F(x; w) and carry the state on; the weights stay."""
        return self._loop.forward({self._node: _row(x)})[0]

    def vjp(
        self, x: Float[np.ndarray, "n_in"], error: Float[np.ndarray, "n_out"]
    ) -> dict[str, Float[np.ndarray, "..."]]:
        """Return J_w^T s of every learned weight, by name; nothing changes."""
        return dict(self._loop.gradients({self._node: _row(x)}, _row(error)))

    def read(self) -> dict[str, Float[np.ndarray, "..."]]:
        """Return the learned weights by name."""
        return {weight.name: weight.read() for weight in self._loop.learned}

    def write(self, values: Mapping[str, Float[np.ndarray, "..."]]) -> None:
        """Set weights by name."""
        for name, value in values.items():
            self.weights[name].write(value)


def decoders(weights: Weights) -> list[Any]:
    """Return the trainable weights of connections out of ensembles; `NetworkError` for none."""
    found = [
        weight
        for weight in weights.trainable()
        if isinstance(weight.owner, nengo.Connection)
        and isinstance(weight.owner.pre_obj, (nengo.Ensemble, Neurons))
    ]
    if not found:
        raise NetworkError(f"no decoders to learn; weights: {', '.join(weights)}")
    return found


def _row(vector: np.ndarray) -> np.ndarray:
    return np.asarray(vector)[None]
