"""The parts of an ONNX graph for networks: constants, sums, neurons and dense layers.

A value is the name of a tensor (batch, size).
"""

import importlib
from collections.abc import Callable
from typing import Any

import nengo
import numpy as np
from jaxtyping import Float, Int

from ..errors import VersionError
from .compatibility import tf

OPSET, IR_VERSION = 17, 8  # of 2022, which runtimes since then read


class OnnxGraph:
    """An ONNX graph in the making, in one type of numbers.

    Raises:
        VersionError: the package onnx is not installed.
    """

    def __init__(self, dtype: str) -> None:
        try:
            onnx: Any = importlib.import_module("onnx")
        except ImportError:
            raise VersionError(
                "to_onnx: needs the package onnx: pip install 'nengo-forcectl[onnx]'"
            ) from None
        self._onnx, self.dtype = onnx, np.dtype(dtype)
        self._type = onnx.helper.np_dtype_to_tensor_dtype(self.dtype)
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._inputs: list[Any] = []

    def input(self, name: str, size: int) -> str:
        """Return an input of the graph."""
        self._inputs.append(self._value(name, size))
        return name

    def add(self, operation: str, *inputs: str, **attributes: Any) -> str:
        """Return the value of an operation."""
        name = f"{operation} {len(self._nodes)}"
        self._nodes.append(self._onnx.helper.make_node(operation, inputs, [name], **attributes))
        return name

    def constant(self, array: Any, dtype: Any = None) -> str:
        """Return a constant, by default of the graph's type of numbers."""
        array, name = np.asarray(array, dtype or self.dtype), f"constant {len(self._constants)}"
        self._constants.append(self._onnx.numpy_helper.from_array(array, name))
        return name

    def times(self, value: str, matrix: Float[np.ndarray, "size_out size_in"]) -> str:
        """Return ``matrix @ value`` of each item."""
        return self.add("MatMul", value, self.constant(matrix.T))

    def scaled(self, value: str, factor: Any) -> str:
        """Return the product of a value with one factor, or one for each number."""
        return value if np.all(factor == 1) else self.add("Mul", value, self.constant(factor))

    def taken(self, value: str, places: Int[np.ndarray, "size"], size: int) -> str:
        """Return the numbers at some places of a value of ``size`` numbers."""
        if np.array_equal(places, np.arange(size)):
            return value
        return self.add("Gather", value, self.constant(places, np.int64), axis=1)

    def spread(self, value: str, places: Int[np.ndarray, "size"], size: int) -> str:
        """Return ``size`` numbers: those of a value at its places, and zeros."""
        if np.array_equal(places, np.arange(size)):
            return value
        return self.times(value, np.eye(size)[:, places])

    def sum(self, values: list[str]) -> str:
        """Return the sum of values."""
        return values[0] if len(values) == 1 else self.add("Sum", *values)

    def model(self, name: str, output: str, size: int) -> Any:
        """Return the ONNX model of the graph with one output."""
        helper = self._onnx.helper
        self._nodes.append(helper.make_node("Identity", [output], ["output"]))
        graph = helper.make_graph(
            self._nodes, name, self._inputs, [self._value("output", size)], self._constants
        )
        opset = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION)
        self._onnx.checker.check_model(model)
        return model

    def _value(self, name: str, size: int) -> Any:
        return self._onnx.helper.make_tensor_value_info(name, self._type, ("batch", size))


def _rectified(graph: OnnxGraph, neurons: Any, J: str) -> str:
    return graph.scaled(graph.add("Relu", J), neurons.amplitude)


def _lif_rate(graph: OnnxGraph, neurons: Any, J: str) -> str:
    above = graph.add("Sub", J, graph.constant(1.0))
    least = graph.add("Max", above, graph.constant(1e-15))  # as NengoDL, so that 1 / J is finite
    inverse = graph.add("Div", graph.constant(1.0), least)
    log = graph.add("Log", graph.add("Add", inverse, graph.constant(1.0)))
    period = graph.add("Add", graph.scaled(log, neurons.tau_rc), graph.constant(neurons.tau_ref))
    rate = graph.add("Div", graph.constant(neurons.amplitude), period)
    zero = graph.constant(0.0)
    return graph.add("Where", graph.add("Greater", above, zero), rate, zero)


def _sigmoid(graph: OnnxGraph, neurons: Any, J: str) -> str:
    return graph.scaled(graph.add("Sigmoid", J), 1.0 / neurons.tau_ref)


def _tanh(graph: OnnxGraph, neurons: Any, J: str) -> str:
    return graph.scaled(graph.add("Tanh", J), 1.0 / neurons.tau_ref)


NEURONS: dict[type, Callable[[OnnxGraph, Any, str], str]] = {
    nengo.RectifiedLinear: _rectified,
    nengo.LIFRate: _lif_rate,
    nengo.Sigmoid: _sigmoid,
    nengo.Tanh: _tanh,
}
"""Rates by their input J, of the neuron types that have an equation in ONNX."""

ACTIVATIONS = {"linear": "Identity", "relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh"}


def layer_value(graph: OnnxGraph, layer: Any, value: str) -> str | None:
    """Return the value of a Keras layer; None if it is no Dense, nor several in sequence."""
    if type(layer) is tf.keras.Sequential:
        for each in layer.layers:
            found = layer_value(graph, each, value)
            if found is None:
                return None
            value = found
        return value
    if type(layer) is not tf.keras.layers.Dense:
        return None
    activation = tf.keras.activations.serialize(layer.activation)
    if activation not in ACTIVATIONS:
        return None
    value = graph.times(value, layer.kernel.numpy().T)
    if layer.use_bias:
        value = graph.add("Add", value, graph.constant(layer.bias.numpy()))
    return graph.add(ACTIVATIONS[activation], value)
