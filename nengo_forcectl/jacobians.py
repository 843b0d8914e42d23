"""Jacobians of a NengoDL network, by the weight's own name."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import nengo
import numpy as np
from jaxtyping import Float

from .exceptions import NetworkError
from .weights import ByObject, Weight, named_weights


def weight_jacobian(
    sim: Any,
    probe: nengo.Probe,
    inputs: Mapping[nengo.Node, Float[np.ndarray, "batch n_in"]],
    wrt: Any = None,
) -> ByObject[Float[np.ndarray, "batch n_out *shape"]]:
    """dF/dw of the network's output F after one step, for every trainable weight or those asked.

    Spiking neurons are differentiated as NengoDL trains them: through their rates.

    Args:
        sim: an open ``nengo_dl.Simulator``; its state is where the step starts, and stays.
        probe: the output F, without a synapse.
        inputs: x of every input node, one row per item of the simulator's minibatch.
        wrt: a weight or several: handles, names, or Nengo objects; by default all trainable ones.

    Returns:
        Indexed as `named_weights`: ``J[connection]``, ``J[ensemble].encoders``, ``J["name"]``.

    Raises:
        NetworkError: a probe, node or weight that the network does not have, inputs that do not
            fit, or a weight that F does not depend on.
    """
    from .nengodl import tf

    selected = trainable_weights(named_weights(sim), wrt)
    tensors = _inputs(sim, inputs)

    def jacobians() -> list[Any]:
        leaves = leaves_of(selected)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(leaves)
            output = _output(sim, probe, tensors, assembled(sim, selected, leaves))
        return tape.jacobian(output, leaves)

    values = _evaluated(jacobians)
    for weight, value in zip(selected, values, strict=True):
        if value is None:
            raise NetworkError(f"{probe} does not depend on weight {weight.name!r} in one step")
    return ByObject({weight: value.numpy() for weight, value in zip(selected, values, strict=True)})


def input_jacobian(
    sim: Any, probe: nengo.Probe, inputs: Mapping[nengo.Node, Float[np.ndarray, "batch n_in"]]
) -> dict[nengo.Node, Float[np.ndarray, "batch n_out n_in"]]:
    """dF/dx of the network's output F after one step, for every node in ``inputs``.

    Arguments and errors are those of `weight_jacobian`.
    """
    from .nengodl import tf

    tensors = _inputs(sim, inputs)

    def jacobians() -> list[Any]:
        watched = {node: tf.identity(tensors[node]) for node in inputs}
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(list(watched.values()))
            output = _output(sim, probe, tensors | watched, assembled(sim, [], []))
        return [tape.batch_jacobian(output, x) for x in watched.values()]

    values = _evaluated(jacobians)
    return {node: value.numpy()[:, :, 0] for node, value in zip(inputs, values, strict=True)}


def trainable_weights(weights: ByObject[Weight], wrt: Any) -> list[Weight]:
    """Return the weights that ``wrt`` asks for: one or several handles, names, or Nengo objects."""
    if wrt is None:
        return [weight for weight in weights.values() if weight.trainable]
    several = isinstance(wrt, Iterable) and not isinstance(wrt, (str, Weight))
    selected = []
    for item in wrt if several else [wrt]:
        selected += weights.of(item)
    for weight in selected:
        if not weight.trainable:
            raise NetworkError(
                f"weight {weight.name!r} is not trainable; trainable: "
                f"{', '.join(w.name for w in weights.values() if w.trainable)}"
            )
    return list(dict.fromkeys(selected))


def leaves_of(weights: Iterable[Weight]) -> list[Any]:
    """Return the weights as TensorFlow tensors, one each, merged or not."""
    from .nengodl import tf

    return [
        tf.reshape(weight.variable.read_value()[weight.index], weight.shape) for weight in weights
    ]


def assembled(sim: Any, weights: list[Weight], leaves: list[Any]) -> dict[Any, Any]:
    """Return all of NengoDL's parameters by key, with ``leaves`` in the place of ``weights``."""
    from .nengodl import tf

    params = {}
    for key, variable in sim.tensor_graph.base_params.items():
        value = variable.read_value()
        own = [(w.index[0], leaf) for w, leaf in zip(weights, leaves, strict=True) if w.key is key]
        pieces, stop = [], 0
        for place, leaf in sorted(own, key=lambda item: item[0].start):
            pieces += [value[stop : place.start]] if place.start > stop else []
            pieces.append(tf.reshape(leaf, (place.stop - place.start, *value.shape[1:])))
            stop = place.stop
        pieces += [value[stop:]] if own and stop < value.shape[0] else []
        params[key] = tf.concat(pieces, 0) if len(pieces) > 1 else pieces[0] if pieces else value
    return params


def _inputs(sim: Any, inputs: Mapping[nengo.Node, np.ndarray]) -> dict[nengo.Node, Any]:
    from .nengodl import tf

    tensors = {}
    for node in sim.node_inputs:
        if node not in inputs:
            raise NetworkError(f"no input given for {node}")
    for node, value in inputs.items():
        if node not in sim.node_inputs:
            raise NetworkError(f"{node} is no input node; they are: {list(sim.node_inputs)}")
        value = np.asarray(value, sim.tensor_graph.dtype)
        wanted = (sim.minibatch_size, node.size_out)
        if value.shape != wanted:
            raise NetworkError(f"input of {node} has shape {value.shape}, needs {wanted}")
        if not np.isfinite(value).all():
            raise NetworkError(f"input of {node} is not finite: {value}")
        tensors[node] = tf.constant(value[:, None])
    return tensors


def _output(sim: Any, probe: nengo.Probe, inputs: dict, params: dict) -> Any:
    from .nengodl import run

    if probe not in sim.model.probes:
        raise NetworkError(f"{probe} is not in the network; probes: {sim.model.probes}")
    return run(sim, inputs, params, sim.tensor_graph.saved_state)[0][probe][:, 0]


def _evaluated(function: Callable[[], list[Any]]) -> list[Any]:
    from .nengodl import tf

    return tf.function(function, autograph=False)()
