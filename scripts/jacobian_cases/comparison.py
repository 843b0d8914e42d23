"""What comes out for one network, by central differences of NengoDL's own output."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import nengo
import numpy as np

from nengo_forcectl import named_weights, weight_jacobian
from nengo_forcectl.errors import NetworkError
from nengo_forcectl.nengodl.compatibility import nengo_dl

from .draft import STEPS, Subject

TOLERANCE = 1e-5


def outcome(make: Callable[[], Subject]) -> tuple[str, str]:
    """Return the outcome for one network, and what there is to say about it."""
    try:
        subject = make()
        if subject.simulator is None:
            options = {"device": "/cpu:0", "progress_bar": False, **subject.options}
            sim = nengo_dl.Simulator(subject.network, **options)
        else:
            sim = subject.simulator(subject.network, progress_bar=False)
    except Exception as error:
        return "not built", f"{type(error).__name__}: {error}"
    with sim:
        x = {} if subject.simulator else _inputs(sim)
        try:
            J = _jacobian(sim, subject, x)
        except NetworkError as error:
            return "error", str(error)
        except Exception as error:
            return "TRACEBACK", f"{type(error).__name__}: {error}"
        again = dict(_jacobian(sim, subject, x)) if subject.training else J
        if not all(np.array_equal(J[name], again[name]) for name in J):
            return "random", ", ".join(J)  # a mask is drawn for each Jacobian
        return _compared(sim, subject, x, dict(J))


def _inputs(sim: Any) -> dict[nengo.Node, np.ndarray]:
    """Return random numbers for the nodes that have no output of their own."""
    rng = np.random.default_rng(0)
    nodes = [node for node in sim.node_inputs if not callable(node.output)]
    nodes = [node for node in nodes if not isinstance(node.output, nengo.Process)]
    shape = sim.minibatch_size, STEPS
    return {node: rng.uniform(-1, 1, (*shape, node.size_out)) for node in nodes}


def _jacobian(sim: Any, subject: Subject, x: dict[nengo.Node, np.ndarray]) -> Any:
    if x:
        given = x if subject.inputs is None else subject.inputs(x)
        training = subject.training
        return weight_jacobian(sim, subject.probe, given, subject.wrt, step=-1, training=training)
    if subject.simulator is None:
        sim.run_steps(STEPS - 1)  # the state is not zero then
    return weight_jacobian(sim, subject.probe, {}, subject.wrt, training=subject.training)


def _compared(
    sim: Any, subject: Subject, x: dict[nengo.Node, np.ndarray], J: dict[str, Any]
) -> tuple[str, str]:
    """Return how the Jacobian compares with differences of the output."""
    if not J:
        return "WRONG", "no weights, and no word"
    if any(
        getattr(getattr(builder, "built_neurons", None), "spiking", False)
        for builder in sim.tensor_graph.op_builder.op_builds.values()
    ):
        return "surrogate", ", ".join(J)
    inputs: Any = x if subject.inputs is None else subject.inputs(x)
    output = _output(sim, subject.probe, inputs, subject.training)
    if not np.array_equal(output(), output()):
        return "random", ", ".join(J)
    rng, weights, wrong = np.random.default_rng(1), named_weights(sim), []
    single = sim.tensor_graph.dtype == "float32"
    h, tolerance = (1e-2, 2e-2) if single else (1e-6, TOLERANCE)
    for name, value in J.items():
        before = weights[name].read()
        direction = rng.normal(size=before.shape) * (np.abs(before).mean() or 1.0)
        sides = []
        for sign in (1, -1):
            weights[name].write(before + sign * h * direction)
            sides.append(output())
        weights[name].write(before)
        numeric = (sides[0] - sides[1]) / (2 * h)
        if value.ndim == direction.ndim + 1:  # a copy of the weight for each item
            direction = direction[:, None]
        ours = (value * direction).reshape(*numeric.shape, -1).sum(-1)
        if not np.allclose(ours, numeric, atol=tolerance * max(np.abs(numeric).max(), 1e-3)):
            wrong.append(f"{name}: {np.ravel(ours)[:2]} for {np.ravel(numeric)[:2]}")
    return ("WRONG", "; ".join(wrong)) if wrong else ("right", ", ".join(J))


def _output(sim: Any, probe: Any, x: Any, training: bool) -> Callable[[], np.ndarray]:
    """Return a function that computes F and puts everything back that this changes."""
    place = sim.model.probes.index(probe)
    changing = [*sim.keras_model.variables, *sim.tensor_graph.saved_state.values()]
    for node in sim.model.toplevel.all_nodes:
        layers = getattr(getattr(node, "tensor_func", None), "submodules", ())
        states = [v for layer in layers for v in getattr(layer, "states", None) or ()]
        changing += [v for v in states if v is not None]

    def computed(steps: int) -> np.ndarray:
        if training:  # as NengoDL's fit
            tensors = sim._generate_inputs(x or None, n_steps=steps)
            return sim.keras_model(tensors, training=True)[place].numpy()[:, -1]
        found = sim.predict_on_batch(x or None, n_steps=steps, stateful=sim.stateful)
        return found[probe][:, -1]

    def output() -> np.ndarray:
        kept = [(variable, variable.numpy()) for variable in changing]
        steps = STEPS if x else 1
        value = computed(steps)
        for variable, earlier in kept:
            variable.assign(earlier)
        sim._update_steps()
        return value

    return output
