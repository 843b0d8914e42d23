"""Checks of a user's probe, inputs and errors for a NengoDL network."""

from collections.abc import Callable, Iterable, Mapping
from numbers import Integral
from typing import Any

import nengo
import numpy as np

from ..errors import NetworkError
from .dependence import influences, listed
from .weights import check_open


def checked_probe(sim: Any, probe: Any) -> nengo.Probe:
    """Return ``probe`` if the open simulator ``sim`` has it, and its output is a vector.

    Raises:
        NetworkError: it is not so.
    """
    check_open(sim)
    if not isinstance(probe, nengo.Probe) or probe not in sim.model.probes:
        names = ", ".join(map(str, sim.model.probes)) or "none"
        raise NetworkError(f"{probe} is not a probe of {sim.model.toplevel}; probes: {names}")
    shape = sim.model.sig[probe]["in"].shape
    if len(shape) != 1:
        raise NetworkError(
            f"{probe}: probes {probe.attr!r} of {probe.obj}, of shape {shape}; needs an output "
            "that is a vector, as that of a node, an ensemble or neurons"
        )
    if probe.sample_every is not None:
        raise NetworkError(
            f"{probe}: has sample_every {probe.sample_every} s; needs None, as its output is used "
            "in every step"
        )
    return probe


def checked_probes(sim: Any, probes: nengo.Probe | Iterable[nengo.Probe]) -> tuple:
    """Return one or several probes of the open simulator ``sim`` as a tuple.

    Raises:
        NetworkError: there is none, one is there twice, or one is refused by `checked_probe`.
    """
    if isinstance(probes, nengo.Probe) or not isinstance(probes, Iterable):
        return (checked_probe(sim, probes),)
    several = tuple(checked_probe(sim, probe) for probe in probes)
    if not several or len(set(several)) < len(several):
        raise NetworkError(f"probes: are {listed(several) or 'none'}, needs one or more, once each")
    return several


def only_probe(sim: Any) -> nengo.Probe:
    """Return the network's only probe; raise `NetworkError` for none or several."""
    check_open(sim)
    if len(sim.model.probes) != 1:
        names = ", ".join(map(str, sim.model.probes)) or "none"
        raise NetworkError(f"{sim.model.toplevel} needs one probe, or probe=; probes: {names}")
    return checked_probe(sim, sim.model.probes[0])


def checked_inputs(
    sim: Any,
    probe: nengo.Probe,
    inputs: Mapping[nengo.Node, Any],
    steps: int | None = None,
) -> tuple[list[np.ndarray], int, int]:
    """Return arrays (batch, steps, n_in) of all input nodes, in order, batch and steps.

    Without inputs there are ``steps`` steps, by default one.

    Raises:
        NetworkError: a node takes no input or has an output that is not known beforehand, an array
            does not fit, or inputs have other ``steps``.
    """
    if not isinstance(inputs, Mapping):
        raise NetworkError(
            f"inputs: are {type(inputs).__name__}, needs a mapping of input nodes to arrays"
        )
    nodes = list(sim.node_inputs)
    shapes = {}
    for node, value in inputs.items():
        if node not in nodes:
            names = ", ".join(map(str, nodes)) or "none"
            raise NetworkError(f"{node} is not an input node of this network; they are: {names}")
        try:
            shapes[node] = np.shape(value)
        except ValueError:
            raise NetworkError(f"input of {node}: is ragged, needs an array") from None
        if len(shapes[node]) not in (2, 3):
            raise NetworkError(
                f"input of {node}: has shape {shapes[node]}, needs (batch, {node.size_out}), or "
                f"(batch, steps, {node.size_out})"
            )
    batch, steps = checked_lengths(sim, shapes, steps)
    arrays = []
    influence = influences(sim, probe, steps)
    for node in nodes:
        shape = (batch, steps, node.size_out)
        if node in inputs:
            value = np.asarray(inputs[node])
            value = value[:, None] if value.ndim == 2 else value
        elif sim.model.sig[node]["out"].base in influence:
            value = np.broadcast_to(_output(sim, node, steps), shape)
        else:
            value = np.zeros(shape)  # unused, and the node is not called
        arrays.append(checked_array(sim, value, shape, f"input of {node}"))
    return arrays, batch, steps


def checked_lengths(
    sim: Any, shapes: Mapping[nengo.Node, tuple[int, ...]], steps: int | None
) -> tuple[int, int]:
    """Return batch and steps of inputs of these shapes, (batch, n_in) or (batch, steps, n_in).

    Without inputs they are the simulator's minibatch and ``steps``, by default one.

    Raises:
        NetworkError: the inputs differ in them, have none, or have others than asked for.
    """
    leading = {shape[:-1] if len(shape) == 3 else (shape[0], 1) for shape in shapes.values()}
    if len(leading) > 1:
        named = ", ".join(f"{node}: {shape}" for node, shape in shapes.items())
        raise NetworkError(f"inputs differ in batch or steps: {named}")
    batch, found = leading.pop() if leading else (sim.minibatch_size, checked_steps(steps))
    if steps is not None and steps != found:
        raise NetworkError(f"steps: is {steps}, but the inputs have {found}; needs None, or these")
    if batch < 1 or found < 1:
        raise NetworkError(f"inputs have {batch} items and {found} steps, need at least one each")
    if sim.minibatch_size not in (1, batch):
        raise NetworkError(
            f"inputs have {batch} items, the simulator's minibatch {sim.minibatch_size}; needs as "
            "many, or a minibatch of 1"
        )
    return batch, found


def checked_steps(steps: Any) -> int:
    """Return a number of steps, by default 1.

    Raises:
        NetworkError: it is no number from 1 up.
    """
    if steps is None:
        return 1
    if isinstance(steps, bool) or not isinstance(steps, Integral) or steps < 1:
        raise NetworkError(f"steps: is {steps!r}, needs a whole number from 1 up")
    return int(steps)


def checked_array(sim: Any, value: Any, shape: tuple[int, ...], name: str) -> np.ndarray:
    """Return an array of the simulator's type; raise `NetworkError` if it does not fit."""
    array = np.asarray(value)
    if array.dtype.kind not in "fiu":
        raise NetworkError(f"{name}: has type {array.dtype}, needs real numbers")
    if array.shape != tuple(shape):
        raise NetworkError(f"{name}: has shape {array.shape}, needs {tuple(shape)}")
    with np.errstate(over="ignore"):  # beyond the simulator's precision: refused
        numbers = array.astype(sim.tensor_graph.dtype, copy=False)
    if not np.isfinite(numbers).all():
        raise NetworkError(
            f"{name}: is not finite in {numbers.dtype}, needs finite numbers: {array}"
        )
    return numbers


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
