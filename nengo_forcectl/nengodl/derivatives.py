"""The compiled functions behind `jacobians`, one per network, output, weights and input shape."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import nengo

from ..errors import NetworkError
from .compatibility import tf
from .compiled_function import CompiledFunction
from .dependence import influences, output_size, python_functions
from .evaluation import Evaluation, Mode
from .weight_tensors import assembled, leaves_of, values_of
from .weights import Weight, cache_of

UNVECTORISED = {"ScatterNd", "TensorScatterAdd"}  # how NengoDL writes a part of a signal
LARGEST = 300  # derivatives in one function that XLA compiles: of more, it takes long, for little


def weight_jacobian_function(
    sim: Any,
    probe: nengo.Probe,
    weights: list[Weight],
    batch: int,
    steps: int,
    training: bool,
) -> Callable[..., list[Any]]:
    """Return f(step, *inputs) -> [dF/dw (batch, n_out, *shape)]."""

    def jacobians(step: Any, *inputs: Any, vectorised: bool = False) -> list[Any]:
        if training and batch > 1:  # items depend on each other, for example by their mean
            return _batch_weight_jacobians(sim, probe, weights, inputs, step, batch, steps)
        mode = Mode(rates=True, training=training)
        return weight_jacobians(sim, probe, weights, inputs, step, vectorised, mode, steps=steps)

    names = tuple(w.name for w in weights)
    key = ("weight_jacobian", probe, names, batch, steps, training)
    passes = output_size(sim, probe) if _unrolled(output_size(sim, probe), steps) else 1
    few = len(weights) * passes <= LARGEST
    # In float32 the vectorised form crashes in oneDNN.
    fast = batch > 1 and steps == 1 and sim.tensor_graph.dtype == "float64"
    vectorised = functools.partial(jacobians, vectorised=True) if fast else None
    return _cached(sim, key, jacobians, [], batch, steps, few, vectorised)


def weight_jacobians(
    sim: Any,
    probe: nengo.Probe,
    weights: list[Weight],
    inputs: Sequence[Any],
    step: Any = 0,
    vectorised: bool = False,
    mode: Mode = Mode(rates=True),  # noqa: B008  a constant
    answers: dict[Any, Any] | None = None,
    steps: int = 1,
) -> list[Any]:
    """dF/dw (batch, n_out, *shape of an item's weight), while TensorFlow traces."""

    def of_item(
        single: Evaluation, x: list[Any], params: list[Any], state: list[Any], index: Any
    ) -> list[Any]:
        leaves = leaves_of(sim, weights, params, state)
        own = answers and {key: value[index][None] for key, value in answers.items()}
        with tf.GradientTape(watch_accessed_variables=False, persistent=True) as tape:
            tape.watch(leaves)
            now = assembled(sim, weights, leaves, params, state)
            output = _output(single, probe, x, steps, *now, mode, own)[0, step]
        if vectorised:
            _check_vectorisable([*x, index])
        return known(probe, weights, _jacobian(tape, output, leaves, steps, vectorised))

    shapes = [(output_size(sim, probe), *_item_shape(sim, weight)) for weight in weights]
    return _by_item(sim, of_item, shapes, inputs, vectorised)


def _item_shape(sim: Any, weight: Weight) -> tuple[int, ...]:
    """Return the shape of a weight that one item of the minibatch has."""
    return weight.shape[1:] if weight.minibatched and sim.minibatch_size > 1 else weight.shape


def _batch_weight_jacobians(
    sim: Any,
    probe: nengo.Probe,
    weights: list[Weight],
    inputs: Any,
    step: Any,
    batch: int,
    steps: int,
) -> list[Any]:
    """dF/dw of all items at once, with layers in training."""
    evaluation = Evaluation.of(sim, batch)
    leaves = leaves_of(sim, weights, *values_of(sim))
    with tf.GradientTape(watch_accessed_variables=False, persistent=True) as tape:
        tape.watch(leaves)
        now = assembled(sim, weights, leaves, *evaluation.current())
        mode = Mode(rates=True, training=True)
        output = _output(evaluation, probe, inputs, steps, *now, mode)[:, step]
    return known(probe, weights, tape.jacobian(output, leaves, experimental_use_pfor=False))


def input_jacobian_function(
    sim: Any,
    probe: nengo.Probe,
    nodes: tuple[nengo.Node, ...],
    batch: int,
    steps: int,
    training: bool,
) -> Callable[..., list[Any]]:
    """Return f(step, *inputs) -> [dF/dx (batch, n_out, steps, n_in)]."""
    wanted = [list(sim.node_inputs).index(node) for node in nodes]
    mode = Mode(rates=True, training=training)

    def together(step: Any, *inputs: Any) -> list[Any]:
        evaluation = Evaluation.of(sim, batch)
        sources = [inputs[i] for i in wanted]
        with tf.GradientTape(watch_accessed_variables=False, persistent=True) as tape:
            tape.watch(sources)
            output = _output(evaluation, probe, inputs, steps, *evaluation.current(), mode)[:, step]
        derivatives = tape.jacobian(output, sources, experimental_use_pfor=False)
        return [tf.einsum("bobsi->bosi", value) for value in known(probe, nodes, derivatives)]

    def jacobians(step: Any, *inputs: Any) -> list[Any]:
        if training and batch > 1:  # items depend on each other
            return together(step, *inputs)

        def of_item(
            single: Evaluation, x: list[Any], params: list[Any], state: list[Any], _: Any
        ) -> list[Any]:
            sources = [x[i] for i in wanted]
            with tf.GradientTape(watch_accessed_variables=False, persistent=True) as tape:
                tape.watch(sources)
                output = _output(single, probe, x, steps, params, state, mode)[0, step]
            derivatives = known(probe, nodes, _jacobian(tape, output, sources, steps, False))
            return [value[:, 0] for value in derivatives]

        shapes = [(output_size(sim, probe), steps, node.size_out) for node in nodes]
        return _by_item(sim, of_item, shapes, inputs, False)

    key = ("input_jacobian", probe, nodes, batch, steps, training)
    return _cached(sim, key, jacobians, [], batch, steps)


def weight_vjp_function(
    sim: Any,
    probe: nengo.Probe,
    weights: list[Weight],
    batch: int,
    steps: int,
    training: bool,
) -> Callable[..., list[Any]]:
    """Return f(step, error, *inputs) -> [J_w^T e]."""
    mode = Mode(rates=True, training=training)

    def vjp(step: Any, error: Any, *inputs: Any) -> list[Any]:
        evaluation = Evaluation.of(sim, batch)
        leaves = leaves_of(sim, weights, *values_of(sim))
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(leaves)
            now = assembled(sim, weights, leaves, *evaluation.current())
            output = _output(evaluation, probe, inputs, steps, *now, mode)[:, step]
        products = tape.gradient(output, leaves, output_gradients=error)
        return known(probe, weights, products)

    key = ("weight_vjp", probe, tuple(w.name for w in weights), batch, steps, training)
    error = tf.TensorSpec((batch, output_size(sim, probe)), sim.tensor_graph.dtype)
    return _cached(sim, key, vjp, [error], batch, steps)


def weight_jvp_function(
    sim: Any,
    probe: nengo.Probe,
    weights: list[Weight],
    batch: int,
    steps: int,
    training: bool,
) -> Callable[..., Any]:
    """Return f(step, *change, *inputs) -> J_w v."""
    mode = Mode(rates=True, training=training)

    def jvp(step: Any, *tensors: Any) -> Any:
        change, inputs = tensors[: len(weights)], tensors[len(weights) :]
        evaluation = Evaluation.of(sim, batch)
        leaves = leaves_of(sim, weights, *values_of(sim))
        # J_w^T e is linear in e, and its derivative by e, times v, is J_w v.
        with tf.GradientTape(watch_accessed_variables=False) as outer:
            with tf.GradientTape(watch_accessed_variables=False) as inner:
                inner.watch(leaves)
                now = assembled(sim, weights, leaves, *evaluation.current())
                output = _output(evaluation, probe, inputs, steps, *now, mode)[:, step]
            error = tf.zeros_like(output)
            outer.watch(error)
            products = inner.gradient(output, leaves, output_gradients=error)
            known(probe, weights, products)
        return outer.gradient(products, error, output_gradients=list(change))

    key = ("weight_jvp", probe, tuple(w.name for w in weights), batch, steps, training)
    dtype = sim.tensor_graph.dtype
    change = [tf.TensorSpec(weight.shape, dtype) for weight in weights]
    return _cached(sim, key, jvp, change, batch, steps)


def _by_item(
    sim: Any,
    of_item: Callable[..., list[Any]],
    shapes: Sequence[tuple],
    inputs: Sequence[Any],
    vectorised: bool,
) -> list[Any]:
    """Return the results of ``of_item``, of these ``shapes``, for every item of a batch."""
    single = Evaluation.of(sim, 1)
    params, state = Evaluation.of(sim, sim.minibatch_size).current()

    def item(row: tuple) -> list[Any]:
        index, *x = row
        index = index if sim.minibatch_size > 1 else 0
        own_params = single.items(params, single.param_keys, index)
        own_state = single.items(state, single.state_keys, index)
        return of_item(single, [value[None] for value in x], own_params, own_state, row[0])

    batch = inputs[0].shape[0] if inputs else sim.minibatch_size
    if batch == 1:
        return [value[None] for value in item((0, *(x[0] for x in inputs)))]
    if vectorised:
        return tf.vectorized_map(item, (tf.range(batch), *inputs), fallback_to_while_loop=False)
    signature = [tf.TensorSpec(shape, sim.tensor_graph.dtype) for shape in shapes]
    return tf.map_fn(item, (tf.range(batch), *inputs), fn_output_signature=signature)


def _check_vectorisable(items: Sequence[Any]) -> None:
    """Raise `NotImplementedError` if TensorFlow cannot vectorise what it has traced of an item.

    It would find out after it has traced the derivatives, which takes five times as long.

    Args:
        items: tensors that differ from item to item.
    """
    differ = {tensor.ref() for tensor in items}
    for operation in items[0].graph.get_operations():
        if any(tensor.ref() in differ for tensor in operation.inputs):
            if operation.type in UNVECTORISED:
                raise NotImplementedError(f"TensorFlow does not vectorise {operation.type}")
            differ.update(tensor.ref() for tensor in operation.outputs)


def _cached(
    sim: Any,
    key: tuple[Any, ...],
    function: Callable,
    specs: list[Any],
    batch: int,
    steps: int,
    xla: bool = True,
    vectorised: Callable | None = None,
) -> Callable[..., Any]:
    """Return the function, compiled once for its key.

    Args:
        key: a name, the probe, and what else the function depends on.
        specs: shape and type of its tensors between the step and the inputs.
        xla: whether XLA may compile it.
        vectorised: see `CompiledFunction`.
    """
    functions = cache_of(sim)
    if key not in functions:
        dtype, probe = sim.tensor_graph.dtype, key[1]
        inputs = [tf.TensorSpec((batch, steps, node.size_out), dtype) for node in sim.node_inputs]
        asks = python_functions(sim, influences(sim, probe, steps))  # XLA has no Python
        functions[key] = CompiledFunction(
            function,
            tf.TensorSpec((), tf.int32),
            *specs,
            *inputs,
            device=sim.tensor_graph.device,
            vectorised=vectorised,
            xla=xla and not asks,
        )
    return functions[key]


def _output(
    evaluation: Evaluation,
    probe: nengo.Probe,
    inputs: Any,
    steps: int,
    params: list[Any],
    state: list[Any],
    mode: Mode,
    answers: dict[Any, Any] | None = None,
) -> Any:
    """F of every step, (batch, steps, n_out)."""
    by_node = dict(zip(evaluation.sim.node_inputs, inputs, strict=True))
    (output,), _, _ = evaluation.run(
        (probe,), by_node, params, state, steps=steps, mode=mode, answers=answers
    )
    return output


def _jacobian(
    tape: Any, output: Any, sources: list[Any], steps: int, vectorised: bool
) -> list[Any]:
    """Return the derivatives of a vector, one backward pass per entry."""
    (size,) = output.shape
    if vectorised:
        return tape.jacobian(output, sources)
    if not _unrolled(size, steps):
        return tape.jacobian(output, sources, experimental_use_pfor=False)

    def row(direction: Any) -> list[Any]:
        return tape.gradient(output, sources, output_gradients=direction)

    if size > 1:  # traced once, and called once per entry
        row = tf.function(row, autograph=False)
    rows = [row(tf.one_hot(i, size, dtype=output.dtype)) for i in range(size)]
    return [None if column[0] is None else tf.stack(column) for column in zip(*rows, strict=True)]


def _unrolled(size: int, steps: int) -> bool:
    """Whether the backward passes by each output are written out; else it would be too long."""
    return size <= 16 and steps == 1


def known(output: Any, sources: Any, derivatives: list[Any]) -> list[Any]:
    """Return ``derivatives``; raise `NetworkError` if one by the ``sources`` is missing."""
    for source, derivative in zip(sources, derivatives, strict=True):
        if derivative is None:
            name = source.name if isinstance(source, Weight) else source
            raise NetworkError(
                f"{output} has no derivative by {name}: a TensorNode on the way uses an operation "
                "without one"
            )
    return derivatives
