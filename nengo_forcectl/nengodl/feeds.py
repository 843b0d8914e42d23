"""Checks of a user's probe, inputs and errors for a NengoDL network."""

from collections.abc import Callable, Mapping
from typing import Any

import nengo
import numpy as np

from ..errors import NetworkError
from .compatibility import tf


def checked_probe(sim: Any, probe: nengo.Probe) -> nengo.Probe:
    """Return ``probe`` if the open simulator ``sim`` has it; raise `NetworkError` otherwise."""
    if sim.closed:
        raise NetworkError(f"the simulator of {sim.model.toplevel} is closed; open another")
    if probe not in sim.model.probes:
        names = ", ".join(map(str, sim.model.probes)) or "none"
        raise NetworkError(f"{probe} is not a probe of {sim.model.toplevel}; probes: {names}")
    return probe


def only_probe(sim: Any) -> nengo.Probe:
    """Return the network's only probe; raise `NetworkError` for none or several."""
    if len(sim.model.probes) != 1:
        names = ", ".join(map(str, sim.model.probes)) or "none"
        raise NetworkError(f"{sim.model.toplevel} needs one probe, or probe=; probes: {names}")
    return sim.model.probes[0]


def checked_inputs(sim: Any, inputs: Mapping[nengo.Node, Any]) -> tuple[list[Any], int, int]:
    """Return tensors (batch, steps, n_in) of all input nodes, in order, batch and steps.

    Raises:
        NetworkError: a node takes no input or has an output that is not known beforehand, or an
            array does not fit.
    """
    nodes = list(sim.node_inputs)
    shapes = {}
    for node, value in inputs.items():
        if node not in nodes:
            names = ", ".join(map(str, nodes)) or "none"
            raise NetworkError(f"{node} is not an input node of this network; they are: {names}")
        shapes[node] = np.shape(value)
        if len(shapes[node]) not in (2, 3):
            raise NetworkError(
                f"input of {node}: has shape {shapes[node]}, needs (batch, {node.size_out}), or "
                f"(batch, steps, {node.size_out})"
            )
    leading = {shape[:-1] if len(shape) == 3 else (shape[0], 1) for shape in shapes.values()}
    if len(leading) > 1:
        named = ", ".join(f"{node}: {shape}" for node, shape in shapes.items())
        raise NetworkError(f"inputs differ in batch or steps: {named}")
    batch, steps = leading.pop() if leading else (sim.minibatch_size, 1)
    if batch < 1 or steps < 1:
        raise NetworkError(f"inputs have {batch} items and {steps} steps, need at least one each")
    if sim.minibatch_size not in (1, batch):
        raise NetworkError(
            f"inputs have {batch} items, the simulator's minibatch {sim.minibatch_size}; needs as "
            "many, or a minibatch of 1"
        )
    tensors = []
    for node in nodes:
        shape = (batch, steps, node.size_out)
        if node in inputs:
            value = np.asarray(inputs[node])
            value = value[:, None] if value.ndim == 2 else value
        else:
            value = np.broadcast_to(_output(sim, node, steps), shape)
        tensors.append(checked_array(sim, value, shape, f"input of {node}"))
    return tensors, batch, steps


def checked_array(sim: Any, value: Any, shape: tuple[int, ...], name: str) -> Any:
    """Return a tensor of the simulator's type; raise `NetworkError` if it does not fit."""
    array = np.asarray(value)
    if array.dtype.kind not in "fiu":
        raise NetworkError(f"{name}: has type {array.dtype}, needs real numbers")
    if array.shape != tuple(shape):
        raise NetworkError(f"{name}: has shape {array.shape}, needs {tuple(shape)}")
    if not np.isfinite(array).all():
        raise NetworkError(f"{name}: is not finite, needs finite numbers: {array}")
    return tf.constant(array, sim.tensor_graph.dtype)


def array_of(tensor: Any) -> np.ndarray:
    """Return a copy of a tensor, faster than ``tensor.numpy()``."""
    return np.array(memoryview(tensor))


def _output(sim: Any, node: nengo.Node, steps: int) -> np.ndarray:
    """Return the output of a node without a given value, (steps, size_out)."""
    output: Any = node.output
    if isinstance(output, nengo.Process):
        raise NetworkError(f"no input given for {node}, whose output is {output}")
    if not callable(output):
        return np.asarray(output)
    function: Callable[[float], Any] = output
    now = sim.tensor_graph.get_tensor(sim.model.step).numpy().item()
    return np.array([np.ravel(function((now + i + 1) * sim.dt)) for i in range(steps)])
