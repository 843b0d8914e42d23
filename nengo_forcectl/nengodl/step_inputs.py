"""The numbers that a step of a learning loop takes: inputs of the nodes, errors of the probes."""

import math
from collections.abc import Mapping
from itertools import chain
from typing import Any

import nengo
import numpy as np

from ..errors import NetworkError
from .compatibility import tf
from .dependence import listed, output_size
from .feeds import checked_probe


class StepInputs:
    """Inputs and errors of one step, checked, as one tensor (batch, numbers).

    Args:
        sim: the simulator.
        probes: the outputs.
        several: whether errors come as a mapping {probe: array}; else there is one probe.
    """

    def __init__(self, sim: Any, probes: tuple[nengo.Probe, ...], several: bool) -> None:
        self.sim, self.probes, self.several = sim, probes, several
        self.nodes = list(sim.node_inputs)
        self.sizes = [node.size_out for node in self.nodes]
        self.n_outputs = [output_size(sim, probe) for probe in probes]
        shape = (sim.minibatch_size, sum(self.sizes) + sum(self.n_outputs))
        self._numbers, self.tensor = _shared(shape, np.dtype(sim.tensor_graph.dtype))
        zeros = [np.zeros((sim.minibatch_size, size)) for size in self.n_outputs]
        self.no_error: Any = dict(zip(probes, zeros, strict=True)) if several else zeros[0]
        self._objects = _object_lists(sim.model.toplevel)
        self._objects_before = [[*each] for each in self._objects]

    @property
    def spec(self) -> Any:
        """Shape and type of the tensor."""
        return tf.TensorSpec(self._numbers.shape, self._numbers.dtype)

    @property
    def n_inputs(self) -> int:
        """Number of all inputs of an item."""
        return sum(self.sizes)

    def split(self, packed: Any) -> tuple[dict[nengo.Node, Any], list[Any]]:
        """Return the inputs (batch, 1, n_in) by node, and the errors, while TensorFlow traces."""
        parts = tf.split(packed, [*self.sizes, *self.n_outputs], axis=1)
        inputs = zip(self.nodes, parts, strict=False)
        return {node: x[:, None] for node, x in inputs}, parts[len(self.nodes) :]

    def pack(self, inputs: Mapping[nengo.Node, Any], error: Any) -> Any:
        """Return inputs and errors as one tensor, which the next call changes.

        Raises:
            NetworkError: they do not fit, or the network has changed, or its simulator is closed.
        """
        if not isinstance(inputs, Mapping):
            raise NetworkError(
                f"inputs: are {type(inputs).__name__}, needs a mapping of input nodes to arrays"
            )
        if self._objects != self._objects_before:
            raise NetworkError(
                f"{self.sim.model.toplevel}: {self._changes()} since the loop was made; needs a "
                "new simulator and a new loop"
            )
        if self.sim.closed or len(inputs) != len(self.nodes):
            checked_probe(self.sim, self.probes[0])
            raise NetworkError(f"inputs: are for {list(inputs)}, needs {self.nodes}")
        try:
            parts = [np.asarray(inputs[node]) for node in self.nodes]
            errors = [np.asarray(each) for each in self._errors(error)]
            np.concatenate((*parts, *errors), axis=1, out=self._numbers, casting="same_kind")
            fits = [part.shape[1] for part in parts] == self.sizes and (
                not self.several or [e.shape[1] for e in errors] == self.n_outputs
            )
            fits = fits and all(each.dtype.kind in "fiu" for each in (*parts, *errors))
        except (KeyError, ValueError, TypeError, IndexError):
            fits = False
        if not fits:
            raise NetworkError(self._misfit(inputs, error))
        numbers = self._numbers.ravel()
        if not math.isfinite(numbers @ numbers) and not np.isfinite(numbers).all():
            raise NetworkError(
                f"inputs or error of {listed(self.probes)}: needs finite numbers, has {inputs}, "
                f"{error}"
            )
        return self.tensor

    def _changes(self) -> str:
        """Return which objects the network has gained and lost."""
        now, before = ({*chain(*lists)} for lists in (self._objects, self._objects_before))
        words = []
        for what, changed in (("gained", now - before), ("lost", before - now)):
            if changed:
                words.append(f"has {what} {', '.join(sorted(map(str, changed)))}")
        return " and ".join(words) or "has its objects in another order"

    def _errors(self, error: Any) -> Any:
        if not self.several:
            return (error,)
        if len(error) != len(self.probes):
            raise KeyError
        return [error[probe] for probe in self.probes]

    def _misfit(self, inputs: Mapping[nengo.Node, Any], error: Any) -> str:
        batch = self.sim.minibatch_size
        for node in inputs:
            if node not in self.nodes:
                return f"{node} is not an input node; they are: {self.nodes}"
        for node, size in zip(self.nodes, self.sizes, strict=True):
            if words := _unfit(inputs[node], (batch, size)):
                return f"input of {node}: {words}"
        if self.several and (not isinstance(error, Mapping) or set(error) != {*self.probes}):
            given = list(error) if isinstance(error, Mapping) else type(error).__name__
            return f"error: is {given}, needs a mapping of {listed(self.probes)} to arrays"
        for probe, size in zip(self.probes, self.n_outputs, strict=True):
            value = error[probe] if self.several else error
            if words := _unfit(value, (batch, size)):
                return f"error of {probe}: {words}"
        return f"inputs and error of {listed(self.probes)}: needs numbers of one kind"


def _unfit(value: Any, shape: tuple[int, int]) -> str:
    """Return what an array has in place of real numbers of ``shape``; nothing if it fits."""
    try:
        array = np.asarray(value)
    except ValueError:
        return f"is ragged, needs an array of shape {shape} and real numbers"
    if array.shape == shape and array.dtype.kind in "fiu":
        return ""
    return f"has shape {array.shape} and type {array.dtype}, needs {shape} and real numbers"


def _object_lists(network: nengo.Network) -> list[Any]:
    """Return the lists in which a network and its subnetworks keep their objects."""
    return [
        objects for each in (network, *network.all_networks) for objects in each.objects.values()
    ]


def _shared(shape: tuple[int, ...], dtype: Any) -> tuple[np.ndarray, Any]:
    """Return an array and a tensor that share their memory.

    Converting an array to a tensor takes 30 us per step; writing to the shared array takes 1 us.
    """
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    memory = np.zeros(size + 64, np.uint8)  # TensorFlow's tensors start at multiples of 64 bytes
    start = -memory.ctypes.data % 64
    array = memory[start : start + size].view(dtype).reshape(shape)
    return array, tf.experimental.dlpack.from_dlpack(array.__dlpack__())
