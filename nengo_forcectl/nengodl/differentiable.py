"""A NengoDL network as a TensorFlow function of its inputs and weights, for any objective."""

from collections.abc import Iterable, Mapping
from typing import Any

import nengo
import numpy as np

from ..errors import NetworkError
from .compatibility import tf
from .dependence import check_inputs, depends, influences
from .evaluation import Evaluation, Mode
from .feeds import checked_lengths, checked_probes
from .weight_tensors import assembled, leaves_of, values_of
from .weights import check_open, named_weights

SEVERAL = 2  # steps, within which state can act


class DifferentiableNetwork:
    """The outputs of a network as a TensorFlow function; made by `differentiable`.

    Call it with {node: tensor}, each (batch, n_in) for one step or (batch, steps, n_in), and with
    values {name: tensor} for some of its weights; without inputs, with a number of ``steps`` or for
    one step. It starts from the simulator's present state and returns {probe: tensor}, (batch,
    n_out) or (batch, steps, n_out). It can be differentiated by inputs and weights, more than once,
    and be called in a ``tf.function``. Nothing in the simulator changes. A function is traced for
    each shape of the inputs.
    """

    def __init__(
        self, sim: Any, probes: tuple[nengo.Probe, ...], nodes: tuple[nengo.Node, ...], mode: Mode
    ) -> None:
        self.sim, self.probes, self.nodes = sim, probes, nodes
        self._mode, self._named = mode, named_weights(sim)
        self._handles = [w for w in self._named.values() if w.variable is not None]
        self._names = [w.name for w in self._handles]
        self._function: Any = tf.function(self._outputs, autograph=False)

    @property
    def weights(self) -> dict[str, Any]:
        """The present weights, by name: tensors, and for a layer in a TensorNode its variables."""
        leaves = leaves_of(self.sim, self._handles, *values_of(self.sim))
        return dict(zip(self._names, leaves, strict=True))

    def write(self, weights: Mapping[str, Any]) -> None:
        """Write weights into the simulator, {name: tensor or array}."""
        for name, value in weights.items():
            self._named[name].write(np.asarray(value))

    def __call__(
        self,
        inputs: Mapping[nengo.Node, Any],
        weights: Mapping[str, Any] | None = None,
        *,
        steps: int | None = None,
    ) -> dict[nengo.Probe, Any]:
        """Return the outputs.

        Raises:
            NetworkError: the simulator is closed; inputs are missing or do not fit, or have other
                ``steps``; or a weight does not exist, does not fit or is a layer's, whose variable
                is used.
        """
        check_open(self.sim)
        x, steps, one_step = self._checked(inputs, steps)
        outputs = self._function(x, self._changed(weights or {}), steps)
        return {
            probe: output[:, 0] if one_step else output
            for probe, output in zip(self.probes, outputs, strict=True)
        }

    def _checked(
        self, inputs: Mapping[nengo.Node, Any], steps: int | None
    ) -> tuple[list[Any], int, bool]:
        """Return inputs (batch, steps, n_in), the steps, and whether they are given without."""
        if not isinstance(inputs, Mapping) or set(inputs) != set(self.nodes):
            raise NetworkError(f"inputs: are {inputs}, needs a mapping of {list(self.nodes)}")
        tensors = []
        for node in self.nodes:
            tensor = self._real(inputs[node], f"input of {node}")
            shape = tensor.shape
            if (
                shape.rank not in (2, 3)
                or not shape.is_fully_defined()
                or shape[-1] != node.size_out
            ):
                raise NetworkError(
                    f"input of {node}: has shape {shape}, needs (batch, {node.size_out}) or "
                    f"(batch, steps, {node.size_out}), known when a function is traced"
                )
            tensors.append(tensor)
        shapes = {
            node: tuple(tensor.shape) for node, tensor in zip(self.nodes, tensors, strict=True)
        }
        if len({len(shape) for shape in shapes.values()}) > 1:
            raise NetworkError(
                f"inputs: have shapes {[*shapes.values()]}, needs steps in all or none"
            )
        _, found = checked_lengths(self.sim, shapes, steps)
        with_steps = any(len(shape) == 3 for shape in shapes.values())
        one_step = not with_steps if shapes else steps is None
        return [tensor[:, None] if one_step else tensor for tensor in tensors], found, one_step

    def _real(self, value: Any, name: str) -> Any:
        """Return real numbers as a tensor of the simulator's type."""
        try:
            tensor = tf.convert_to_tensor(value)
        except (ValueError, TypeError):
            raise NetworkError(f"{name}: is {value!r}, needs an array or a tensor") from None
        if not (tensor.dtype.is_floating or tensor.dtype.is_integer):
            raise NetworkError(f"{name}: has type {tensor.dtype.name}, needs real numbers")
        return tf.cast(tensor, self.sim.tensor_graph.dtype)

    def _changed(self, weights: Mapping[str, Any]) -> dict[str, Any]:
        """Return the given weights as tensors, by name."""
        if not isinstance(weights, Mapping):
            raise NetworkError(
                f"weights: are {type(weights).__name__}, needs a mapping of names to tensors"
            )
        changed = {}
        for key, value in weights.items():
            (weight, *more) = self._named.weights_of(key)
            if more or weight.variable is None or weight.in_layer:
                if weight.in_layer and value is weight.variable:
                    continue
                raise NetworkError(
                    f"weights: has {key}, needs names of weights outside of a TensorNode's layer "
                    "that NengoDL keeps in a variable; a layer uses its own variables"
                )
            tensor = self._real(value, f"weight {weight.name!r}")
            if tuple(tensor.shape) != weight.shape:
                raise NetworkError(
                    f"weight {weight.name!r}: has shape {tensor.shape}, needs {weight.shape}"
                )
            changed[weight.name] = tensor
        return changed

    def _outputs(self, x: list[Any], values: dict[str, Any], steps: int) -> list[Any]:
        batch = x[0].shape[0] if x else self.sim.minibatch_size
        evaluation = Evaluation.of(self.sim, batch)
        given, dtype = dict(zip(self.nodes, x, strict=True)), self.sim.tensor_graph.dtype
        inputs = {
            node: given[node]
            if node in given
            else tf.broadcast_to(_constant(node, dtype), (batch, steps, node.size_out))
            for node in self.sim.node_inputs
        }
        handles = [w for w in self._handles if w.name in values]
        leaves = [values[w.name] for w in handles]
        params, state = assembled(self.sim, handles, leaves, *evaluation.current())
        return evaluation.run(self.probes, inputs, params, state, steps=steps, mode=self._mode)[0]


def differentiable(
    sim: Any,
    probes: nengo.Probe | Iterable[nengo.Probe],
    inputs: nengo.Node | Iterable[nengo.Node],
    *,
    spiking: bool = False,
    training: bool = False,
) -> DifferentiableNetwork:
    """Return the network of ``sim`` as a TensorFlow function of its inputs and weights.

    For objectives that are no error times F: dF/dx within a loss, second derivatives, several
    outputs, weights of several networks together.

    Args:
        sim: an open ``nengo_dl.Simulator``.
        probes: one or several outputs.
        inputs: the input nodes whose values are given in a call; others must be constant.
        spiking: whether spiking neurons spike, with the derivatives of their rates; else they give
            their rates.
        training: whether layers compute as in training (Dropout, BatchNormalization).

    Raises:
        NetworkError: the network lacks a probe or a node; a node that is not named is not constant;
            or an object between a weight or an input and a probe has no derivative.
    """
    probes = checked_probes(sim, probes)
    several = isinstance(inputs, Iterable)  # a node is not
    nodes = tuple(inputs) if several else (inputs,)
    for probe in probes:
        depends(sim, probe, [w for w in named_weights(sim).values() if w.trainable], SEVERAL)
        influence = influences(sim, probe, SEVERAL)
        check_inputs(sim, probe, [n for n in nodes if _signal(sim, n).base in influence], SEVERAL)
        for node in sim.node_inputs:
            named = node in nodes or _signal(sim, node).base not in influence
            if not named and (callable(node.output) or isinstance(node.output, nengo.Process)):
                raise NetworkError(f"inputs: lacks {node}, whose output is not constant")
    mode = Mode(rates=not spiking, surrogate=spiking, training=training)
    return DifferentiableNetwork(sim, probes, nodes, mode)


def _signal(sim: Any, node: nengo.Node) -> Any:
    if node not in sim.node_inputs:
        names = ", ".join(map(str, sim.node_inputs)) or "none"
        raise NetworkError(f"{node} is not an input node of this network; they are: {names}")
    return sim.model.sig[node]["out"]


def _constant(node: nengo.Node, dtype: Any) -> Any:
    """Return the output of a constant node; zeros for one that no probe needs."""
    output: Any = node.output
    known = not callable(output) and not isinstance(output, nengo.Process)
    size: Any = node.size_out
    return tf.constant(output if known else np.zeros(size), dtype)
