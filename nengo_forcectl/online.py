"""One control cycle of a network: its output, the products of its weight Jacobian, its update."""

import math
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Protocol

import nengo
import numpy as np
from jaxtyping import Float
from nengo.ensemble import Neurons

from .exceptions import NetworkError
from .jacobians import assembled, leaves_of, trainable_weights
from .learning.gradient import Rule
from .quiet import quiet_stderr
from .weights import ByObject, Weight, named_weights


class Law(Protocol):
    """A learning law: `nengo_forcectl.learning` has some."""

    def rule(self, xp: Any) -> Rule:
        """Return one step, as a pure function of arrays of the namespace ``xp``."""
        ...


class OnlineNetwork:
    """A NengoDL network that gives its output and learns, one simulator step at a time.

    A cycle runs the network one step, forms J_w^T s and changes the weights by the law, all in one
    function that XLA has compiled; the state of synapses and neurons carries on. Weights and state
    are the simulator's own: what it saves, shows or runs afterwards is what was learned.

    Args:
        sim: an open ``nengo_dl.Simulator`` with minibatch size 1.
        probe: the output F; without a synapse, else F does not depend on x within one step.
        law: turns J_w^T s into a change of the weights, e.g. `Gradient`.
        learn: the weights that change (handles, names, connections); by default all trainable
            weights of connections out of ensembles, that is, the decoders.

    Raises:
        NetworkError: the network has not exactly one input node, or the simulator a minibatch, or
            a weight in ``learn`` does not exist or is not trainable.
    """

    def __init__(
        self,
        sim: Any,
        probe: nengo.Probe,
        law: Law,
        *,
        learn: Any = None,
    ):
        from .nengodl import tf

        self._sim, self._probe = sim, probe
        if sim.minibatch_size != 1:
            raise NetworkError(f"OnlineNetwork needs minibatch size 1, not {sim.minibatch_size}")
        nodes = list(sim.node_inputs)
        if len(nodes) != 1:
            raise NetworkError(f"OnlineNetwork needs a network with one input node, not {nodes}")
        (self._node,) = nodes
        self.weights = named_weights(sim)
        self._learned = trainable_weights(self.weights, _decoders(self.weights, learn))
        self._rule = law.rule(tf.experimental.numpy)
        self._dtype = np.dtype(sim.tensor_graph.dtype)
        self.n_inputs, self.n_outputs = int(self._node.size_out), int(probe.size_in)
        self._step = self._compiled(self._step_graph)

    def step(
        self, x: Float[np.ndarray, "n_in"], error: Float[np.ndarray, "n_out"]
    ) -> Float[np.ndarray, "n_out"]:
        """Return F(x; w), then change w by one step of the law.

        Args:
            x: the network's input.
            error: s, in the space of F; its J_w^T s is the direction of descent.
        """
        return self._step(self._packed(x, error)).numpy()

    def forward(self, x: Float[np.ndarray, "n_in"]) -> Float[np.ndarray, "n_out"]:
        """Return F(x; w) and carry the state on; the weights stay."""
        return self._forward(self._packed(x, np.zeros(self.n_outputs))).numpy()

    def vjp(
        self, x: Float[np.ndarray, "n_in"], error: Float[np.ndarray, "n_out"]
    ) -> dict[str, Float[np.ndarray, "..."]]:
        """Return J_w^T s of every learned weight, by name; nothing changes."""
        products = self._vjp(self._packed(x, error))
        return {w.name: g.numpy() for w, g in zip(self._learned, products, strict=True)}

    def read(self) -> dict[str, Float[np.ndarray, "..."]]:
        """Return the learned weights by name."""
        return {weight.name: weight.read() for weight in self._learned}

    def write(self, values: Mapping[str, Float[np.ndarray, "..."]]) -> None:
        """Set weights by name."""
        for name, value in values.items():
            self.weights[name].write(value)

    def _packed(self, x: np.ndarray, error: np.ndarray) -> Any:
        from .nengodl import tf

        packed = np.concatenate((x, error), dtype=self._dtype, casting="same_kind")
        if len(x) != self.n_inputs or len(error) != self.n_outputs:
            raise NetworkError(
                f"{self._node} takes {self.n_inputs} numbers, not {np.shape(x)}; "
                f"the error of {self._probe} has {self.n_outputs}, not {np.shape(error)}"
            )
        if not math.isfinite(packed.sum()):
            raise NetworkError(f"input of {self._node} or error is not finite: {x}, {error}")
        return tf.constant(packed)

    @cached_property
    def _forward(self) -> Callable[[Any], Any]:
        return self._compiled(self._forward_graph)

    @cached_property
    def _vjp(self) -> Callable[[Any], Any]:
        return self._compiled(self._vjp_graph)

    def _compiled(self, graph: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Compile ``graph``, and call it once so that the next call is a fast one."""
        from .nengodl import compiled, tf

        shape = (self.n_inputs + self.n_outputs,)
        function = compiled(graph, shape, self._dtype)
        tensor_graph = self._sim.tensor_graph
        variables = [*tensor_graph.base_params.values(), *tensor_graph.saved_state.values()]
        before = [variable.numpy() for variable in variables]
        with quiet_stderr():  # XLA announces itself
            function(tf.zeros(shape, self._dtype))
        for variable, value in zip(variables, before, strict=True):
            variable.assign(value)
        return function

    def _run(self, packed: Any, leaves: list[Any]) -> tuple[Any, dict, dict]:
        from .nengodl import run

        x = packed[None, None, : self.n_inputs]
        params = assembled(self._sim, self._learned, leaves)
        state = self._sim.tensor_graph.saved_state
        outputs, params, state = run(self._sim, {self._node: x}, params, state)
        return outputs[self._probe][0, 0], params, state

    def _forward_graph(self, packed: Any) -> Any:
        output, _, state = self._run(packed, leaves_of(self._learned))
        self._keep(state)
        return output

    def _vjp_graph(self, packed: Any) -> list[Any]:
        return self._products(packed)[0]

    def _step_graph(self, packed: Any) -> Any:
        products, leaves, output, state = self._products(packed)
        dt = self._sim.dt
        changed = [self._rule(w, g, dt) for w, g in zip(leaves, products, strict=True)]
        for key, value in assembled(self._sim, self._learned, changed).items():
            if key in {weight.key for weight in self._learned}:
                self._sim.tensor_graph.base_params[key].assign(value)
        self._keep(state)
        return output

    def _products(self, packed: Any) -> tuple[list[Any], list[Any], Any, dict]:
        from .nengodl import tf

        leaves = leaves_of(self._learned)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(leaves)
            output, _, state = self._run(packed, leaves)
        products = tape.gradient(output, leaves, output_gradients=packed[self.n_inputs :])
        for weight, product in zip(self._learned, products, strict=True):
            if product is None:
                raise NetworkError(
                    f"{self._probe} does not depend on weight {weight.name!r} within one step"
                )
        return products, leaves, output, state

    def _keep(self, state: dict) -> None:
        for key, value in state.items():
            self._sim.tensor_graph.saved_state[key].assign(value)


def _decoders(weights: ByObject[Weight], learn: Any) -> Any:
    if learn is not None:
        return learn
    decoders = [
        weight
        for weight in weights.values()
        if weight.trainable
        and isinstance(weight.owner, nengo.Connection)
        and isinstance(weight.owner.pre_obj, (nengo.Ensemble, Neurons))
    ]
    if not decoders:
        raise NetworkError(f"no decoders to learn; weights: {', '.join(weights)}")
    return decoders
