"""Where the weights of a network are: in its simulator's signals, and in layers of TensorNodes.

Each is described by the fields of a `Weight` but its name, and the ``suffix`` of that.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import nengo
import numpy as np
from nengo.connection import LearningRule
from nengo.ensemble import Neurons
from numpy.typing import ArrayLike

from .compatibility import nengo_dl, tf


class NengoArray:
    """Weights in a simulator of Nengo, with what `Weight` uses of a TensorFlow variable."""

    def __init__(self, array: np.ndarray) -> None:
        self._array, self.shape, self.dtype = array, array.shape, array.dtype

    def numpy(self) -> np.ndarray:
        """Return a copy of the numbers."""
        return self._array.copy()

    def assign(self, value: ArrayLike) -> None:
        """Change the numbers in the simulator, which has protected them from its own nodes."""
        arrays = [self._array]
        while isinstance(arrays[-1].base, np.ndarray):
            arrays.append(arrays[-1].base)
        for array in reversed(arrays):
            array.setflags(write=True)
        self._array[...] = value
        for array in arrays:
            array.setflags(write=False)


def weights_in(sim: Any) -> list[dict[str, Any]]:
    """Return the descriptions of all weights of a simulator of NengoDL or of Nengo."""
    found = [*_of_ensembles(sim), *_of_connections(sim)]
    if not isinstance(sim, nengo.Simulator):
        found += _of_tensor_nodes(sim)
    return found


def _of_ensembles(sim: Any) -> Iterator[dict[str, Any]]:
    for ensemble in sim.model.toplevel.all_ensembles:
        encoders = _of_signal(sim, sim.model.sig[ensemble]["encoders"])
        scale = 1.0
        if not isinstance(ensemble.neuron_type, nengo.Direct):
            gain = sim.model.params[ensemble].gain[:, None]
            scale = np.divide(ensemble.radius, gain, out=np.zeros_like(gain), where=gain != 0)
        which = {"owner": ensemble, "attribute": "encoders", "suffix": ".encoders"}
        yield encoders | which | {"scale": scale}
        if not isinstance(ensemble.neuron_type, nengo.Direct):
            bias = _of_signal(sim, sim.model.sig[ensemble.neurons]["bias"])
            yield bias | {"owner": ensemble, "attribute": "bias", "suffix": ".bias"}


def _of_connections(sim: Any) -> Iterator[dict[str, Any]]:
    for connection in sim.model.toplevel.all_connections:
        if connection.has_weights:
            weights = _of_signal(sim, sim.model.sig[connection]["weights"])
            yield weights | {"owner": connection, "attribute": "weights", "suffix": ""}
    for connection in sim.model.seeds:  # of probes: no network lists them
        post = getattr(connection, "post_obj", None)
        if isinstance(post, nengo.Probe) and connection.has_weights:
            weights = _of_signal(sim, sim.model.sig[connection]["weights"])
            own = {"owner": post, "attribute": "weights", "suffix": ""}
            yield weights | own | {"trainable": False}


def _of_signal(sim: Any, signal: Any) -> dict[str, Any]:
    if isinstance(sim, nengo.Simulator):
        return _of_nengos_signal(sim, signal)
    trainable = bool(signal.trainable) and not sim.tensor_graph.inference_only
    shape = (signal.size,) if signal.sparse else signal.shape
    if signal not in sim.tensor_graph.signals:
        constant = signal.initial_value.data if signal.sparse else signal.initial_value
        return {"shape": shape, "trainable": False, "signal": signal, "constant": constant}
    where = sim.tensor_graph.signals[signal]
    ((start, stop),) = where.slices
    # What NengoDL never trains, such as the decoders of a probe, is among its state.
    variables = {**sim.tensor_graph.base_params, **sim.tensor_graph.saved_state}
    per_item = where.minibatched and sim.data.minibatched
    state = where.key in sim.tensor_graph.saved_state
    return {
        "shape": (sim.minibatch_size, *shape) if per_item else shape,
        "trainable": trainable,
        "signal": signal,
        "variable": variables[where.key],
        "rows": (start, stop),
        "minibatched": where.minibatched,
        "initial": (sim.tensor_graph.initial_values, where.key) if state else None,
    }


def _of_nengos_signal(sim: nengo.Simulator, signal: Any) -> dict[str, Any]:
    if signal.sparse:
        constant = signal.initial_value.data
        return {"shape": (signal.size,), "trainable": False, "signal": signal, "constant": constant}
    signals: Any = sim.signals
    variable = NengoArray(signals[signal])
    return {"shape": signal.shape, "trainable": True, "signal": signal, "variable": variable}


def _of_tensor_nodes(sim: Any) -> Iterator[dict[str, Any]]:
    nodes: dict[int, list[Any]] = {}  # by layer: one used in two nodes has one set of weights
    for node in sim.model.toplevel.all_nodes:
        layer = getattr(node, "tensor_func", None)
        if isinstance(node, nengo_dl.TensorNode) and isinstance(layer, tf.keras.layers.Layer):
            nodes.setdefault(id(layer), []).append(node)
    seen: set[int] = set()  # a sublayer may be in two layers
    for first, *others in nodes.values():
        layer: Any = first.tensor_func
        trainable = {id(variable) for variable in layer.trainable_variables}
        variables = [v for v in layer.variables if id(v) not in seen]
        seen |= {id(variable) for variable in variables}
        paths = unique_names([_path(layer, variable) for variable in variables])
        for variable, path in zip(variables, paths, strict=True):
            yield {
                "owner": first,
                "also": tuple(others),
                "attribute": path,
                "suffix": f".{path}",
                "shape": tuple(variable.shape),
                "trainable": id(variable) in trainable and not sim.tensor_graph.inference_only,
                "variable": variable,
                "in_layer": True,
            }


def _path(layer: Any, variable: Any) -> str:
    """Return a variable's path in its layer: "TensorGraph/layer/path/kernel:0" -> "path/kernel"."""
    path = variable.name.partition(":")[0].split("/")
    return "/".join(path[path.index(layer.name) + 1 :] if layer.name in path else path)


def name_of(owner: Any) -> str:
    if isinstance(owner, nengo.Connection):
        return str(owner.label or f"{name_of(owner.pre_obj)} -> {name_of(owner.post_obj)}")
    if isinstance(owner, nengo.Probe):
        return f"{name_of(owner.obj)} -> {owner.label or 'probe'}"
    if isinstance(owner, Neurons):
        return f"{name_of(owner.ensemble)}.neurons"
    if isinstance(owner, LearningRule):
        return str(owner)
    return str(owner.label or type(owner).__name__.lower())


def unique_names(names: list[str]) -> list[str]:
    """Return names of which each is there once: those that repeat are numbered."""
    total, so_far = Counter(names), Counter()
    numbered = []
    for name in names:
        so_far[name] += 1
        numbered.append(f"{name} #{so_far[name]}" if total[name] > 1 else name)
    return numbered
