"""Weights as tensors: the parts of a network's parameters and state, while TensorFlow traces.

A network's parameters and its state are lists of tensors, in the order of
``sim.tensor_graph.base_params`` and ``.saved_state``.
"""

from collections.abc import Sequence
from typing import Any

from .compatibility import tf
from .weights import Weight


def values_of(sim: Any) -> tuple[list[Any], list[Any]]:
    """Return the simulator's parameters and its state as tensors."""
    graph = sim.tensor_graph
    params = [variable.read_value() for variable in graph.base_params.values()]
    return params, [variable.read_value() for variable in graph.saved_state.values()]


def leaves_of(
    sim: Any, weights: Sequence[Weight], params: list[Any], state: list[Any]
) -> list[Any]:
    """Return one tensor (for a TensorNode its variable) per weight, for differentiation.

    Parameters and state are the simulator's, or their part for one item.
    """
    graph = sim.tensor_graph
    variables = [*graph.base_params.values(), *graph.saved_state.values()]
    values, leaves = [*params, *state], []
    for weight in weights:
        if weight.in_layer:
            leaves.append(weight.variable)
            continue
        (value,) = [p for v, p in zip(variables, values, strict=True) if v is weight.variable]
        copies = weight.minibatched and sim.minibatch_size > 1
        shape = weight.shape[1:] if copies and value.shape[0] == 1 else weight.shape
        leaves.append(tf.reshape(value[weight.place], shape))
    return leaves


def assembled(
    sim: Any, weights: list[Weight], leaves: list[Any], params: list[Any], state: list[Any]
) -> tuple[list[Any], list[Any]]:
    """Return parameters and state, of a batch of any size, with ``weights`` being ``leaves``."""
    result = []
    graph = sim.tensor_graph
    variables = [*graph.base_params.values(), *graph.saved_state.values()]
    for variable, value in zip(variables, [*params, *state], strict=True):
        own = [
            (weight, leaf)
            for weight, leaf in zip(weights, leaves, strict=True)
            if weight.variable is variable
        ]
        pieces, stop = [], 0
        axis = int(bool(own) and own[0][0].minibatched)
        for weight, leaf in sorted(own, key=lambda item: item[0].rows):
            first, last = weight.rows
            if first > stop:
                pieces.append(_rows(value, axis, stop, first))
            if axis:  # one for all items, or one each
                leaf = tf.reshape(leaf, (-1, last - first, *value.shape[2:]))
                shape = (value.shape[0], last - first, *value.shape[2:])
                pieces.append(tf.broadcast_to(leaf, shape))
            else:
                pieces.append(tf.reshape(leaf, (last - first, *value.shape[1:])))
            stop = last
        if own and stop < value.shape[axis]:
            pieces.append(_rows(value, axis, stop, value.shape[axis]))
        several = len(pieces) > 1
        result.append(tf.concat(pieces, axis) if several else pieces[0] if pieces else value)
    return result[: len(params)], result[len(params) :]


def _rows(value: Any, axis: int, start: int, stop: int) -> Any:
    return value[:, start:stop] if axis else value[start:stop]
