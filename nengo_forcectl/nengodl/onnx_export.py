"""Feed-forward rate networks as ONNX models, from the operators that Nengo builds."""

from collections.abc import Callable
from typing import Any, NoReturn

import nengo
import numpy as np
from jaxtyping import Int
from nengo.builder import operator as ops
from nengo.builder.neurons import SimNeurons
from nengo.builder.processes import SimProcess
from nengo.transforms import SparseMatrix
from nengo.utils.graphs import toposort
from nengo.utils.simulator import operator_dependency_graph

from ..errors import NetworkError
from .compatibility import nengo_dl
from .dependence import needed_operators, object_of
from .feeds import checked_probe
from .onnx_graph import NEURONS, OnnxGraph, layer_value
from .weight_search import unique_names
from .weights import named_weights


def to_onnx(sim: Any, probe: nengo.Probe) -> Any:
    """Return F(x) with the present weights as an ``onnx.ModelProto``, for other runtimes.

    Its inputs are the input nodes that F depends on, (batch, n_in), under their labels; those
    without one are "input", and equal names are numbered. Its output is "output", (batch, n_out).
    All are of the simulator's type of numbers. ``onnx.save(model, path)`` writes a file.

    The network may have neurons of type `nengo.RectifiedLinear`, `nengo.LIFRate`, `nengo.Sigmoid`
    and `nengo.Tanh`, any connection without a synapse but convolutions, and TensorNodes of a Keras
    ``Dense`` or of several in sequence.

    Args:
        sim: an open ``nengo_dl.Simulator``.
        probe: the output F, with ``synapse=None``.

    Raises:
        NetworkError: an object on the way has a state (a synapse, spiking neurons, a learning rule)
            or no equation in ONNX (a Python function, another layer or neuron type); or F depends
            on no input.
        VersionError: the package onnx is not installed.
    """
    checked_probe(sim, probe)
    return _Export(sim, probe).model()


class _Export:
    """The translation of a network, operator by operator.

    A signal that operators write is the sum of what they set and add to it; other signals are
    constants: weights, or what Nengo built.
    """

    def __init__(self, sim: Any, probe: nengo.Probe) -> None:
        self.sim, self.probe = sim, probe
        self.graph = OnnxGraph(sim.tensor_graph.dtype)
        self._weights = {w.signal: w for w in named_weights(sim).values() if w.signal is not None}
        inputs = {sim.model.sig[node]["out"].base: node for node in sim.node_inputs}
        plan = [
            (op,)
            for op in sim.model.operators
            if not isinstance(op, ops.TimeUpdate)
            and not any(signal.base in inputs for signal in (*op.sets, *op.incs, *op.updates))
        ]
        self.operators = [op for (op,) in needed_operators(sim, plan, (probe,), 1)]
        self._states = {signal.base: op for (op,) in plan for signal in op.updates}
        written = {s.base for op in self.operators for s in (*op.sets, *op.incs)}
        self._parts: dict[Any, list[str]] = {signal: [] for signal in written}
        self._start = {signal: np.array(signal.initial_value, float).ravel() for signal in written}
        for op in self.operators:
            for signal in op.sets:
                self._start[signal.base][_places(signal)] = 0.0
        read = {s.base for op in self.operators for s in op.reads}
        read.add(sim.model.sig[probe]["in"].base)
        needed = [signal for signal in inputs if signal in read]
        names = unique_names([str(inputs[signal].label or "input") for signal in needed])
        self._values = {
            signal: self.graph.input(name, signal.size)
            for signal, name in zip(needed, names, strict=True)
        }

    def model(self) -> Any:
        """Return the ONNX model."""
        for op in toposort(operator_dependency_graph(self.operators)):
            self._translate(op)
        output = self.sim.model.sig[self.probe]["in"]
        value = self._value(output)
        if not self._values.keys() - self._parts.keys():
            raise NetworkError(f"to_onnx: {self.probe} depends on no input node")
        name = str(self.sim.model.toplevel.label or "network")
        return self.graph.model(name, value, output.size)

    def _translate(self, op: Any) -> None:
        translations: dict[type, Callable[[Any], None]] = {
            ops.Reset: self._reset,
            ops.Copy: self._copy,
            ops.DotInc: self._product,
            ops.SparseDotInc: self._product,
            ops.ElementwiseInc: self._scaling,
            SimNeurons: self._neurons,
            nengo_dl.tensor_node.SimTensorNode: self._layer,
        }
        if type(op) not in translations:
            self._refuse(op, _reason(op))
        translations[type(op)](op)

    def _reset(self, op: Any) -> None:
        self._start[op.dst.base][_places(op.dst)] += op.value

    def _copy(self, op: Any) -> None:
        places = _places(op.dst)
        places = places if op.dst_slice is None else places[op.dst_slice]
        constant = self._constant(op.src)
        if constant is not None:
            constant = constant.ravel() if op.src_slice is None else constant.ravel()[op.src_slice]
            np.add.at(self._start[op.dst.base], places, constant)
            return
        value = self._value(op.src)
        if op.src_slice is not None:
            value = self.graph.taken(value, np.asarray(op.src_slice), op.src.size)
        self._add(op.dst, value, places)

    def _product(self, op: Any) -> None:
        self._add(op.Y, self.graph.times(self._value(op.X), self._matrix(op)))

    def _scaling(self, op: Any) -> None:
        factor = self._constant(op.A)
        if factor is None:
            self._refuse(op, "is a product of two values; needs constant weights")
        self._add(op.Y, self.graph.scaled(self._value(op.X), np.ravel(factor)))

    def _neurons(self, op: Any) -> None:
        equation = NEURONS.get(type(op.neurons))
        if equation is None:
            known = ", ".join(kind.__name__ for kind in NEURONS)
            self._refuse(op, f"has neurons {op.neurons}; needs one of {known}")
        self._add(op.output, equation(self.graph, op.neurons, self._value(op.J)))

    def _layer(self, op: Any) -> None:
        value = None
        if op.time is None and op.input is not None:
            value = layer_value(self.graph, op.func, self._value(op.input))
        if value is None:
            self._refuse(op, "is a TensorNode; needs a Keras Dense, or several in sequence")
        self._add(op.output, value)

    def _matrix(self, op: Any) -> np.ndarray:
        """Return the weights of a product, (size_out, size_in)."""
        matrix = self._constant(op.A)
        if matrix is None:
            self._refuse(op, "has weights that learn, or are a value; needs constants")
        if not op.A.sparse:
            return np.asarray(matrix).reshape(op.Y.size, op.X.size)
        entries: Any = op.A.initial_value
        if isinstance(entries, SparseMatrix):
            rows, columns = np.asarray(entries.indices).T
        else:
            rows, columns = entries.tocoo().coords
        dense = np.zeros((op.Y.size, op.X.size))
        np.add.at(dense, (rows, columns), matrix)
        return dense

    def _constant(self, signal: Any) -> np.ndarray | None:
        """Return a signal that is a constant, of a sparse one its entries; else None."""
        if signal.base in self._parts or signal.base in self._values:
            return None
        if signal.base in self._states:
            self._refuse(self._states[signal.base], _reason(self._states[signal.base]))
        if signal in self._weights:
            return self._weights[signal].read()
        return signal.initial_value.data if signal.sparse else np.array(signal.initial_value)

    def _value(self, signal: Any) -> str:
        """Return a signal as a value of the graph."""
        constant = self._constant(signal)
        if constant is not None:
            return self.graph.constant(constant.reshape(1, -1))
        base = signal.base
        if base not in self._values:
            parts = self._parts[base]
            if not parts or self._start[base].any():
                parts = [*parts, self.graph.constant(self._start[base][None])]
            self._values[base] = self.graph.sum(parts)
        return self.graph.taken(self._values[base], _places(signal), base.size)

    def _add(self, signal: Any, value: str, places: Any = None) -> None:
        """Add a value to a signal, or at some places of its base."""
        places = _places(signal) if places is None else places
        if any(stride < 0 for stride in signal.elemstrides):
            raise NetworkError(
                f"to_onnx: {signal} is a reversed slice, which NengoDL takes forward; needs a list "
                "of places"
            )
        self._parts[signal.base].append(self.graph.spread(value, places, signal.base.size))

    def _refuse(self, op: Any, reason: str) -> NoReturn:
        raise NetworkError(f"to_onnx: {object_of(self.sim, op)} {reason}")


def _places(signal: Any) -> Int[np.ndarray, "size"]:
    """Return where the numbers of a signal are in its base."""
    numbers = np.arange(signal.base.size)
    steps = [numbers.itemsize * stride for stride in signal.elemstrides]
    start = numbers.itemsize * signal.elemoffset
    return np.ndarray(signal.shape, numbers.dtype, numbers, start, steps).ravel()


def _reason(op: Any) -> str:
    if isinstance(op, ops.SimPyFunc):
        return "is a Python function; needs a TensorNode of a Keras Dense, or neurons"
    if isinstance(op, SimNeurons):
        return f"has neurons with a state ({op.neurons}); needs rate neurons"
    if isinstance(op, SimProcess):
        return f"has a state ({op.process}); needs synapse=None"
    if type(op).__module__.endswith("learning_rules"):
        return "learns while it runs; needs fixed weights"
    return f"needs {type(op).__name__}, which has no equation here"
