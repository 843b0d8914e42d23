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
from .compatibility import learning_phase, nengo_dl, tf
from .compiled_function import WRITES, operations
from .weights import Weight, cache_of


def needed_operators(
    sim: Any, plan: Iterable[tuple], probes: Iterable[nengo.Probe], steps: int
) -> list:
    """Return the part of a simulator's ``plan`` that ``probes`` need within some steps.

    Of the Python functions that NengoDL merged, only those are there that the probe needs.
    """
    plan = list(plan)
    start = {sim.model.sig[probe]["in"].base for probe in probes}
    before = _closure(plan, start, steps, forward=False)
    needed = []
    for ops in plan:
        own = tuple(op for op in ops if _bases(_written(op, steps)) & before)
        if own:
            needed.append(own if isinstance(ops[0], SimPyFunc) else ops)
    return needed


def output_size(sim: Any, probe: nengo.Probe) -> int:
    """Return the number of outputs of a probe: of what it probes, which may be many neurons."""
    return sim.model.sig[probe]["in"].size


def depends(sim: Any, probe: nengo.Probe, weights: list[Weight], steps: int) -> list[Weight]:
    """Return the ``weights`` that influence ``probe`` within ``steps`` steps.

    Raises:
        NetworkError: an object without a derivative lies between one of them and the probe.
    """
    before = influences(sim, probe, steps)
    reached = [weight for weight in weights if _start(sim, weight) & before]
    starts = set().union(*(_start(sim, weight) for weight in reached))
    _check(sim, probe, starts, before, steps)
    return reached


def check_inputs(sim: Any, probe: nengo.Probe, nodes: Iterable[nengo.Node], steps: int) -> None:
    """Raise `NetworkError` if ``probe`` has no derivative by one of the input ``nodes``."""
    before = influences(sim, probe, steps)
    for node in nodes:
        start = {sim.model.sig[node]["out"].base}
        if not start & before:
            raise NetworkError(f"{probe} does not depend on {node} {within(steps)}")
        _check(sim, probe, start, before, steps)


def listed(probes: Iterable[nengo.Probe]) -> str:
    """Return the names of probes as text for an error message."""
    return ", ".join(map(str, probes))


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
        return {sim.model.sig[node]["out"].base for node in (weight.owner, *weight.also)}
    return {weight.signal.base}


def influences(sim: Any, probe: nengo.Probe, steps: int) -> set:
    """Return all signals that influence the probe within some steps."""
    key = ("influences", probe, steps > 1)
    if key not in cache_of(sim):
        start = {sim.model.sig[probe]["in"].base}
        cache_of(sim)[key] = _closure(sim.tensor_graph.plan, start, steps, forward=False)
    return cache_of(sim)[key]


def python_functions(sim: Any, influence: set) -> list[Any]:
    """Return the objects whose Python functions write one of the signals of ``influence``."""
    return [
        object_of(sim, op)
        for ops in sim.tensor_graph.plan
        for op in ops
        if isinstance(op, SimPyFunc) and _bases(_written(op, 1)) & influence
    ]


def _check(sim: Any, probe: nengo.Probe, starts: set, before: set, steps: int) -> None:
    after = _closure(sim.tensor_graph.plan, starts, steps, forward=True)
    for ops in sim.tensor_graph.plan:
        for op in ops:
            if not _bases(op.reads) & after:
                continue
            builder = sim.tensor_graph.op_builder.op_builds[ops]
            if spiking_neurons(builder) and _bases(op.state.values()) & before:
                raise NetworkError(
                    f"{probe} has no derivative: it is a state of {object_of(sim, op)}, which "
                    f"spikes ({op.neurons}); spiking neurons are differentiated through their "
                    "rates, and these have no state; probe their output, or use rate neurons"
                )
            if _bases(_written(op, steps)) & before and (reason := _obstacle(sim, ops, op, steps)):
                raise NetworkError(
                    f"{probe} has no derivative: {object_of(sim, op)} {reason} stands in the way; "
                    f"use a TensorNode, or neurons that NengoDL has in TensorFlow"
                )


def spiking_neurons(builder: Any) -> Any:
    """Return the neurons that NengoDL's builder of some operators has made, if they spike."""
    neurons = getattr(builder, "built_neurons", None)
    return neurons if getattr(neurons, "spiking", False) else None


def _obstacle(sim: Any, ops: tuple, op: Any, steps: int) -> str:
    builder = sim.tensor_graph.op_builder.op_builds[ops]
    if isinstance(op, SimPyFunc):
        return "(a Python function)"
    if isinstance(
        getattr(builder, "built_neurons", None), nengo_dl.neuron_builders.GenericNeuronBuilder
    ):
        return f"({op.neurons}, which NengoDL runs in Python)"
    if isinstance(
        getattr(builder, "built_process", None), nengo_dl.process_builders.GenericProcessBuilder
    ):
        return f"({op.process}, which NengoDL runs in Python)"
    if not isinstance(op, nengo_dl.tensor_node.SimTensorNode):
        return ""
    differentiable, remembers = _tensor_node(sim, op)
    if not differentiable:
        return "(a TensorNode with an operation that has no derivative)"
    if remembers and steps > 1:
        return f"(a layer that keeps its state in a variable, of which {steps} steps have none)"
    return ""


def _tensor_node(sim: Any, op: Any) -> tuple[bool, bool]:
    """Return whether a TensorNode has a derivative by its input, and whether it has a memory."""
    cache = cache_of(sim).setdefault("tensor nodes", {})
    if op in cache:
        return cache[op]
    known = []

    def trace(*inputs: Any) -> None:
        with tf.GradientTape() as tape:
            tape.watch(inputs[-1])
            is_layer = isinstance(op.func, tf.keras.layers.Layer)
            x = inputs[0] if len(inputs) == 1 else list(inputs)
            output = op.func.call(x) if is_layer else op.func(*inputs)
        known.append(op.input is None or tape.gradient(output, inputs[-1]) is not None)

    dtype = sim.tensor_graph.dtype
    specs = [] if op.time is None else [tf.TensorSpec((), dtype)]
    if op.input is not None:
        shape = (sim.minibatch_size, *(op.shape_in or op.input.shape))
        specs.append(tf.TensorSpec(shape, dtype))
    with learning_phase(False):
        traced = tf.function(trace, autograph=False).get_concrete_function(*specs)
    cache[op] = known[-1], bool(operations(traced) & WRITES)
    return cache[op]


def _closure(plan: Iterable[tuple], signals: set, steps: int, *, forward: bool) -> set:
    """Return the signals downstream (or upstream) of ``signals``, including them."""
    edges = []
    for ops in plan:
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


def object_of(sim: Any, op: Any) -> Any:
    """Return the Nengo object whose signal an operator writes."""
    written = [*op.sets, *op.incs, *op.updates]
    for obj, signals in sim.model.sig.items():
        named = not isinstance(obj, nengo.Process)
        if named and any(signal is mine for signal in signals.values() for mine in written):
            return obj
    return op
