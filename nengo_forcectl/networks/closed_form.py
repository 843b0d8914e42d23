"""The closed form of a one-layer network, compiled: an `OnlineNetwork` without TensorFlow.

    a = relu(E x + b),   F = D a
    J_D^T s = s a^T,   J_b^T s = (D^T s) o [a > 0],   J_E^T s = J_b^T s x^T

with E the scaled encoders (n_neurons, n_in), b the biases, D the decoders (n_out, n_neurons). For
1,000 neurons a step takes about a tenth of the time of TensorFlow's.
"""

import math
from collections.abc import Mapping
from typing import Any

import nengo
import numpy as np
from jaxtyping import Float

from arms.machine.object_files import calls

from ..errors import NetworkError
from ..kernels import parts
from ..kernels.block import Block
from ..kernels.layout.learner_fields import DESCENT
from ..learning.gradient import Gradient
from ..learning.law import Signal, signal_of
from ..nengodl.weights import named_weights
from ..support.validation import Arguments, check
from .online import decoders

PARTS = "encoders", "bias", "decoders"


class ClosedFormNetwork:
    """An `OnlineNetwork` of one input node, one rectified-linear ensemble and its decoders.

    The weights are copied from the simulator at construction; `store` writes the learned ones back.
    The arguments are those of `OnlineNetwork`.

    Raises:
        NetworkError: the network has another form.
        ConfigurationError: the law is not the gradient law.
    """

    def __init__(self, sim: Any, probe: nengo.Probe, law: Gradient, *, learn: Any = None) -> None:
        given = Arguments("ClosedFormNetwork", law=law)
        check(given, "law", type(law) is Gradient, "a Gradient")
        self._weights = named_weights(sim)
        ensemble, connection = _one_layer(sim, probe)
        weights = self._weights[ensemble]
        self._handles = [weights.encoders, weights.bias, self._weights[connection]]
        learned = self._weights.trainable(decoders(self._weights) if learn is None else learn)
        self.learned = tuple(handle in learned for handle in self._handles)
        self.block = _pack(law, sim.dt, *(handle.read() for handle in self._handles))
        E_T, bias, D = (self.block[name] for name in PARTS)
        self._values = E_T.T, bias, D  # as the handles have them
        self.n_inputs, self.n_outputs = len(E_T), len(D)
        self._evaluate, self._descend, self._propagate_back = calls(
            parts.evaluate, parts.descend, parts.propagate_back
        )
        for name, learns in zip(PARTS, self.learned, strict=True):
            self.block[f"learn_{name}"][...] = learns

    def step(
        self, x: Float[np.ndarray, "n_in"], signal: Signal | Float[np.ndarray, "n_out"]
    ) -> Float[np.ndarray, "n_out"]:
        """Return F(x; w), then change w by one step of the law."""
        F = self._run(x, signal_of(signal).error)
        self._descend(self.block.address)
        return F

    def forward(self, x: Float[np.ndarray, "n_in"]) -> Float[np.ndarray, "n_out"]:
        """Return F(x; w); the weights stay."""
        return self._run(x, np.zeros(self.n_outputs))

    def vjp(
        self, x: Float[np.ndarray, "n_in"], error: Float[np.ndarray, "n_out"]
    ) -> dict[str, Float[np.ndarray, "..."]]:
        """Return J_w^T s of every learned weight, by name; nothing changes."""
        self._run(x, error)
        self._propagate_back(self.block.address)
        a, back = self.block["activity"], self.block["back"].copy()
        products = [np.outer(back, x), back, np.outer(error, a)]
        return {
            handle.name: product
            for handle, product, learned in zip(self._handles, products, self.learned, strict=True)
            if learned
        }

    def read(self) -> dict[str, Float[np.ndarray, "..."]]:
        """Return the learned weights by name."""
        arrays = zip(self._handles, self._values, self.learned, strict=True)
        return {handle.name: value.copy() for handle, value, learned in arrays if learned}

    def write(self, values: Mapping[str, Float[np.ndarray, "..."]]) -> None:
        """Set weights by name."""
        for name, value in values.items():
            handle = self._weights[name]
            if handle not in self._handles or np.shape(value) != handle.shape:
                raise NetworkError(
                    f"weight {name!r}: has shape {np.shape(value)}, needs {handle.shape}"
                )
            self._values[self._handles.index(handle)][...] = value

    def store(self) -> None:
        """Write the learned weights to the simulator."""
        for name, value in self.read().items():
            self._weights[name].write(value)

    def _run(self, x: Any, error: Any) -> Float[np.ndarray, "n_out"]:
        """Return F(x; w); x and s are then in the block."""
        x, error = np.asarray(x, dtype=float), np.asarray(error, dtype=float)
        if x.shape != (self.n_inputs,) or error.shape != (self.n_outputs,):
            raise NetworkError(
                f"input and error: have shapes {x.shape} and {error.shape}, need "
                f"({self.n_inputs},) and ({self.n_outputs},)"
            )
        if not math.isfinite(x.dot(x) + error.dot(error)):  # the operator @ takes twice as long
            raise NetworkError(f"input or error is not finite: {x}, {error}")
        self.block["x"][:], self.block["error"][:] = x, error
        self._evaluate(self.block.address)
        return self.block["feedforward"].copy()


def _pack(law: Gradient, dt: float, E: Any, bias: Any, D: Any) -> Block:
    """Return the block of network and law, with learning off."""
    sizes = {"n": len(D), "inputs": E.shape[1], "neurons": len(bias)}
    gains = ("gamma", "sigma", "bound", "e_mod", "dead_zone", "normalise")
    values = {name: getattr(law, name) for name in gains}
    values |= {"dt": dt, "scale": 1.0, "one": 1.0, "encoders": E.T, "bias": bias, "decoders": D}
    return Block(DESCENT, sizes, values)


def _one_layer(sim: Any, probe: nengo.Probe) -> tuple[Any, Any]:
    """Return the ensemble and the decoded connection of a network with one layer."""
    network = sim.model.toplevel
    ensembles, connections = network.all_ensembles, network.all_connections
    into = [c for c in connections if c.post in ensembles and c.synapse is None]
    out = [c for c in connections if c.pre in ensembles and c.synapse is None]
    inputs = [node for node in network.all_nodes if not node.size_in]
    fits = (
        (len(ensembles), len(connections), len(inputs)) == (1, 2, 1)
        and len(into) == len(out) == 1
        and into[0].pre in inputs
        and not into[0].has_weights
        and out[0].has_weights
        and probe.target is out[0].post
        and probe.synapse is None
        and type(ensembles[0].neuron_type) is nengo.RectifiedLinear
        and ensembles[0].neuron_type.amplitude == 1
        and not out[0].learning_rule_type
        and getattr(sim, "minibatch_size", 1) == 1  # Nengo's simulator has none
    )
    if not fits:
        raise NetworkError(
            f"{network} is not of the form input node -> one nengo.RectifiedLinear ensemble -> "
            f"node with {probe}, without synapses and transforms; use OnlineNetwork"
        )
    return ensembles[0], out[0]
