"""Jacobians of a NengoDL network, by name of the weight, and their products with vectors.

Let F(x; w) be the output of a network after one or more steps, from its simulator's present state:

    weight_jacobian   J_w = dF/dw                 of every item of a batch
    input_jacobian    dF/dx
    weight_vjp        J_w^T e, summed over the batch
    weight_jvp        J_w v

Nothing in the simulator changes. Spiking neurons are differentiated as in NengoDL's training:
through their rate (for LIF neurons the LIF rate, or its smooth version if NengoDL's
``lif_smoothing`` is set), with the outputs of other neurons replaced by their rates as well. Layers
such as Dropout and BatchNormalization compute as in ``predict``, or, with ``training``, as in
``fit``. A Python function of the network is called only if F needs its output. Every function is
compiled once per input shape and cached with the simulator; one layer of neurons between an input
and the output is differentiated in closed form by NumPy. The returned arrays are read-only and
have the simulator's precision.
"""

from collections.abc import Mapping
from numbers import Integral
from typing import Any

import nengo
import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ..errors import NetworkError
from .compatibility import tf
from .dependence import check_inputs, depends, listed, output_size, within
from .derivatives import (
    input_jacobian_function,
    weight_jacobian_function,
    weight_jvp_function,
    weight_vjp_function,
)
from .feeds import checked_array, checked_inputs, checked_probe
from .mapping import ByObject
from .one_layer import LARGEST_BATCH, one_layer_of, prepared
from .weights import Weight, cache_of, check_open, named_weights

Inputs = Mapping[nengo.Node, ArrayLike]
"""(batch, n_in) or (batch, steps, n_in) of each input node."""


def weight_jacobian(
    sim: Any,
    probe: nengo.Probe,
    inputs: Inputs,
    wrt: Any = None,
    *,
    step: int = -1,
    steps: int | None = None,
    training: bool = False,
) -> ByObject[Float[np.ndarray, "batch n_out *shape"]]:
    """Return dF/dw for every weight that F depends on, or for those in ``wrt``.

    Args:
        sim: an open ``nengo_dl.Simulator``; its state is where the steps start.
        probe: the output F.
        inputs: x of the input nodes, (batch, n_in) for one step, (batch, steps, n_in) for several.
            Nodes left out use their own output, if F needs it. With minibatch size 1 the batch can
            have any size; otherwise it has the minibatch size, and item i starts from the state of
            item i.
        wrt: one or several names, handles, or Nengo objects (an ensemble stands for its encoders
            and biases), trainable or not; by default all trainable weights that F depends on.
        step: step whose output is F; by default the last.
        steps: number of steps where no inputs are given; otherwise theirs.
        training: whether layers compute as in training: BatchNormalization by the mean of the
            batch, Dropout with a random mask.

    Returns:
        Indexed as `named_weights`: ``J[connection]``, ``J[ensemble].encoders``, ``J["name"]``. A
        weight that has a copy for each item of the minibatch (one that Nengo's learning rules
        change) has the derivative by the copy of the item.

    Raises:
        NetworkError: the network lacks the probe, a node or a weight; inputs do not fit; F does not
            depend on a weight, or it is a constant; no weight is trainable, and none named; an
            object between a weight and F has no derivative, or F is the state of a spiking neuron.
    """
    if wrt is None and step == -1 and steps is None and (layer := prepared(sim, probe)):
        x = layer.input(inputs)
        if x is not None and layer.trainable:
            return layer.jacobian(x, layer.trainable)
    arrays, batch, steps = _checked(sim, probe, inputs, steps)
    weights = _some(chosen_weights(sim, (probe,), wrt, steps), f"wrt: is {wrt!r}")
    index = _index(step, steps)
    layer = one_layer_of(sim, probe) if steps == 1 and batch <= LARGEST_BATCH else None
    if layer is not None:
        x = arrays[list(sim.node_inputs).index(layer.node)][:, 0]
        return layer.jacobian(x, weights)
    function = weight_jacobian_function(sim, probe, weights, batch, steps, training)
    values = function(tf.constant(index), *map(tf.constant, arrays))
    return ByObject({w: _array(value) for w, value in zip(weights, values, strict=True)})


def input_jacobian(
    sim: Any,
    probe: nengo.Probe,
    inputs: Inputs,
    *,
    step: int = -1,
    steps: int | None = None,
    training: bool = False,
) -> dict[nengo.Node, Float[np.ndarray, "batch n_out *steps n_in"]]:
    """Return dF/dx for every node in ``inputs``; for several steps, for the input of every step.

    Arguments and errors are those of `weight_jacobian`. With ``training``, an item's derivative is
    that by its own input.
    """
    arrays, batch, steps = _checked(sim, probe, inputs, steps)
    check_inputs(sim, probe, inputs, steps)
    function = input_jacobian_function(sim, probe, tuple(inputs), batch, steps, training)
    values = function(tf.constant(_index(step, steps)), *map(tf.constant, arrays))
    return {
        node: _array(value) if np.ndim(x) == 3 else _array(value)[:, :, 0]
        for (node, x), value in zip(inputs.items(), values, strict=True)
    }


def weight_vjp(
    sim: Any,
    probe: nengo.Probe,
    inputs: Inputs,
    error: ArrayLike,
    wrt: Any = None,
    *,
    step: int = -1,
    steps: int | None = None,
    training: bool = False,
) -> ByObject[Float[np.ndarray, "*shape"]]:
    """Return J_w^T e, summed over the batch, without forming J_w: the gradient of ``sum(e * F)``.

    The other arguments and the errors are those of `weight_jacobian`.
    """
    arrays, batch, steps = _checked(sim, probe, inputs, steps)
    error = checked_array(sim, error, (batch, output_size(sim, probe)), f"error of {probe}")
    weights = _some(chosen_weights(sim, (probe,), wrt, steps), f"wrt: is {wrt!r}")
    function = weight_vjp_function(sim, probe, weights, batch, steps, training)
    values = function(*map(tf.constant, (_index(step, steps), error, *arrays)))
    return ByObject({w: _array(value) for w, value in zip(weights, values, strict=True)})


def weight_jvp(
    sim: Any,
    probe: nengo.Probe,
    inputs: Inputs,
    change: Mapping[Any, ArrayLike],
    *,
    step: int = -1,
    steps: int | None = None,
    training: bool = False,
) -> Float[np.ndarray, "batch n_out"]:
    """Return J_w v: the change of F by a small ``change`` v, {name or handle: array}.

    The other arguments and the errors are those of `weight_jacobian`.
    """
    arrays, batch, steps = _checked(sim, probe, inputs, steps)
    if not isinstance(change, Mapping):
        raise NetworkError(
            f"change: is {type(change).__name__}, needs a mapping of weights to arrays"
        )
    weights, values = [], []
    for key, value in change.items():
        (weight,) = _one(chosen_weights(sim, (probe,), key, steps), key)
        weights.append(weight)
        values.append(checked_array(sim, value, weight.shape, f"change of {weight.name!r}"))
    _some(weights, f"change: is {change!r}")
    function = weight_jvp_function(sim, probe, weights, batch, steps, training)
    return _array(function(*map(tf.constant, (_index(step, steps), *values, *arrays))))


def _some(weights: list[Weight], given: str) -> list[Weight]:
    """Return the weights, or raise `NetworkError` if there are none."""
    if not weights:
        raise NetworkError(f"{given}, needs at least one weight")
    return weights


def _checked(
    sim: Any, probe: nengo.Probe, inputs: Inputs, steps: int | None
) -> tuple[list[Any], int, int]:
    checked_probe(sim, probe)
    return checked_inputs(sim, probe, inputs, steps)


def chosen_weights(sim: Any, probes: tuple[nengo.Probe, ...], wrt: Any, steps: int) -> list[Weight]:
    """Return the requested weights, by default all trainable ones that a probe depends on.

    Raises:
        NetworkError: see `weight_jacobian`.
    """
    key = ("chosen", probes, steps)
    if wrt is None and key in cache_of(sim):
        check_open(sim)
        return list(cache_of(sim)[key])
    every = named_weights(sim)
    weights = every.trainable() if wrt is None else every.selected(wrt)
    if wrt is None and not weights:
        only = (
            "was made with inference_only=True" if sim.tensor_graph.inference_only else "has none"
        )
        raise NetworkError(
            f"no trainable weights: the simulator {only}; name weights (wrt=), trainable or not; "
            f"they are: {', '.join(every) or 'none'}"
        )
    for weight in weights:
        if weight.variable is None:
            raise NetworkError(
                f"{listed(probes)} has no derivative by weight {weight.name!r}: it is not "
                "trainable or not used, so NengoDL made it a constant; leave it trainable, or turn "
                "NengoDL's simplifications off"
            )
    reached = {weight for probe in probes for weight in _reached(sim, probe, weights, steps)}
    missing = [weight.name for weight in weights if weight not in reached]
    if missing and (wrt is not None or not reached):
        missed = ", ".join(missing)
        raise NetworkError(f"{listed(probes)} does not depend on {missed} {within(steps)}")
    chosen = [weight for weight in weights if weight in reached]
    if wrt is None:
        cache_of(sim)[key] = chosen
    return list(chosen)


def _reached(sim: Any, probe: nengo.Probe, weights: list[Weight], steps: int) -> list[Weight]:
    key = ("depends", probe, tuple(weights), steps)
    if key not in cache_of(sim):
        cache_of(sim)[key] = depends(sim, probe, weights, steps)
    return cache_of(sim)[key]


def _one(weights: list[Weight], key: Any) -> list[Weight]:
    if len(weights) != 1:
        names = ", ".join(weight.name for weight in weights)
        raise NetworkError(f"{key} has several weights, name one of them: {names}")
    return weights


def _index(step: int, steps: int) -> int:
    whole = isinstance(step, Integral) and not isinstance(step, bool)
    if not whole or not -steps <= step < steps:
        raise NetworkError(f"step: is {step!r}, needs one of the {steps} steps of the inputs")
    return int(step) % steps


def _array(tensor: Any) -> np.ndarray:
    return np.asarray(memoryview(tensor))  # without a copy; read-only
