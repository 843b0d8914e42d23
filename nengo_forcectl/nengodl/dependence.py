"""Dependence of a network's output on its weights, and missing derivatives, from NengoDL's plan.

Where a network leaves TensorFlow (Python functions as nodes, neurons or processes that NengoDL runs
in Python), TensorFlow gives no derivative, or silently a part of it. So the plan is searched for
such places before differentiation.
"""

from collections.abc import Iterable
from typing import Any

import nengo
from nengo.builder.operator import SimPyFunc

from ..errors import NetworkError
from .compatibility import nengo_dl
from .weights import Weight


def depends(sim: Any, probe: nengo.Probe, weights: list[Weight], steps: int) -> list[Weight]:
    """Return the ``weights`` that influence ``probe`` within ``steps`` steps.

    Raises:
        NetworkError: an object without a derivative lies between one of them and the probe.
    """
    before = _before(sim, probe, steps)
    reached = [weight for weight in weights if _start(sim, weight) & before]
    starts = set().union(*(_start(sim, weight) for weight in reached))
    _check(sim, probe, starts, before, steps)
    return reached


def check_inputs(sim: Any, probe: nengo.Probe, nodes: Iterable[nengo.Node], steps: int) -> None:
    """Raise `NetworkError` if ``probe`` has no derivative by one of the input ``nodes``."""
    before = _before(sim, probe, steps)
    for node in nodes:
        start = {sim.model.sig[node]["out"].base}
        if not start & before:
            raise NetworkError(f"{probe} does not depend on {node} {within(steps)}")
        _check(sim, probe, start, before, steps)


def within(steps: int) -> str:
    """Return the number of steps as text for an error message."""
    if steps > 1:
        return f"within {steps} steps"
    return (
        "within one step; if a synapse is on the way, give several steps, that is, inputs of shape "
        "(batch, steps, size), or probe with synapse=None"
    )


def _start(sim: Any, weight: Weight) -> set:
    """Return the signals through which a weight enters the network."""
    if weight.in_layer:
        return {sim.model.sig[weight.owner]["out"].base}
    if weight.attribute == "bias":
        return {sim.model.sig[weight.owner.neurons]["bias"].base}
    return {sim.model.sig[weight.owner][weight.attribute].base}


def _before(sim: Any, probe: nengo.Probe, steps: int) -> set:
    """Return all signals that influence the probe."""
    return _closure(sim, {sim.model.sig[probe]["in"].base}, steps, forward=False)


def _check(sim: Any, probe: nengo.Probe, starts: set, before: set, steps: int) -> None:
    after = _closure(sim, starts, steps, forward=True)
    for ops in sim.tensor_graph.plan:
        reason = _obstacle(sim, ops)
        for op in ops if reason else ():
            if _bases(op.reads) & after and _bases(_written(op, steps)) & before:
                raise NetworkError(
                    f"{probe} has no derivative: {_object(sim, op)} {reason} stands in the way; "
                    f"use a TensorNode, or neurons that NengoDL has in TensorFlow"
                )


def _obstacle(sim: Any, ops: tuple) -> str:
    builder = sim.tensor_graph.op_builder.op_builds[ops]
    if isinstance(ops[0], SimPyFunc):
        return "(a Python function)"
    if isinstance(
        getattr(builder, "built_neurons", None), nengo_dl.neuron_builders.GenericNeuronBuilder
    ):
        return f"({ops[0].neurons}, which NengoDL runs in Python)"
    if isinstance(
        getattr(builder, "built_process", None), nengo_dl.process_builders.GenericProcessBuilder
    ):
        return f"({ops[0].process}, which NengoDL runs in Python)"
    return ""


def _closure(sim: Any, signals: set, steps: int, *, forward: bool) -> set:
    """Return the signals downstream (or upstream) of ``signals``, including them."""
    edges = []
    for ops in sim.tensor_graph.plan:
        for op in ops:
            edge = _bases(op.reads), _bases(_written(op, steps))
            edges.append(edge if forward else edge[::-1])
    found, grows = set(signals), True
    while grows:
        grows = False
        for start, end in edges:
            if start & found and not end <= found:
                found |= end
                grows = True
    return found


def _written(op: Any, steps: int) -> list:
    """Return the signals that an operator writes; a synapse's output acts in the next step."""
    return [*op.sets, *op.incs, *(op.updates if steps > 1 else ())]


def _bases(signals: Iterable[Any]) -> set:
    return {signal.base for signal in signals}


def _object(sim: Any, op: Any) -> Any:
    """Return the Nengo object whose signal an operator writes."""
    written = [*op.sets, *op.incs, *op.updates]
    for obj, signals in sim.model.sig.items():
        if any(signal is mine for signal in signals.values() for mine in written):
            return obj
    return op
