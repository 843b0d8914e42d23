"""A NengoDL network as a pure, differentiable function of its inputs, weights and state.

Everything here is called while TensorFlow traces a function. A network's parameters and its state
are lists of tensors, in the order of ``sim.tensor_graph.base_params`` and ``.saved_state``.
"""

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import nengo
import numpy as np

from ..support.quiet import quiet_stderr
from .compatibility import nengo_dl, replaced, tf
from .weights import Weight, cache_of


@dataclass(frozen=True)
class Evaluation:
    """The network of a simulator, evaluated for a batch of ``batch`` items."""

    sim: Any
    batch: int
    graph: Any  # a nengo_dl TensorGraph of minibatch size batch
    param_keys: tuple
    state_keys: tuple
    own: bool  # the graph is not the simulator's

    @classmethod
    def of(cls, sim: Any, batch: int) -> "Evaluation":
        """Return the evaluation of ``sim`` for a batch size that may differ from its own."""
        cache = cache_of(sim)
        if ("evaluation", batch) not in cache:
            graph, own = sim.tensor_graph, batch != sim.minibatch_size
            if own:
                progress = nengo_dl.utils.NullProgressBar()
                graph = nengo_dl.tensor_graph.TensorGraph(
                    sim.model, sim.dt, 1, batch, graph.device, progress, graph.seed
                )
            bases = graph.base_arrays_init
            state = [
                key for key, base in bases["state"].items() if any(v is not None for v in base[0])
            ]
            params = (*bases["trainable"], *bases["non_trainable"])
            cache["evaluation", batch] = cls(sim, batch, graph, params, tuple(state), own)
        return cache["evaluation", batch]

    @property
    def trains_differently(self) -> bool:
        """Whether the network's output differs in training, for example with spikes or dropout."""
        builders = self.graph.op_builder.op_builds.values()
        return any(
            getattr(getattr(builder, "built_neurons", None), "spiking", False)
            or getattr(getattr(builder.ops[0], "func", None), "_expects_training_arg", False)
            for builder in builders
        )

    def current(self) -> tuple[list[Any], list[Any]]:
        """Return the simulator's parameters and state as tensors, repeated for every item."""
        graph = self.sim.tensor_graph
        params = [variable.read_value() for variable in graph.base_params.values()]
        state = [variable.read_value() for variable in graph.saved_state.values()]
        if self.own:
            params = self._repeated(params, self.param_keys)
            state = self._repeated(state, self.state_keys)
        return params, state

    def items(self, tensors: list[Any], keys: tuple, index: Any) -> list[Any]:
        """Return the part of parameters or state that belongs to one item, as a batch of one."""
        return [
            tensor[index][None] if per_item else tensor
            for tensor, per_item in zip(tensors, self._per_item(keys), strict=True)
        ]

    def _repeated(self, tensors: list[Any], keys: tuple) -> list[Any]:
        return [
            tf.repeat(tensor, self.batch, axis=0) if per_item else tensor
            for tensor, per_item in zip(tensors, self._per_item(keys), strict=True)
        ]

    def _per_item(self, keys: tuple) -> list[bool]:
        bases = self.graph.base_arrays_init
        kinds = {**bases["trainable"], **bases["non_trainable"], **bases["state"]}
        return [kinds[key][-1] for key in keys]

    def run(
        self,
        probe: nengo.Probe,
        inputs: dict[nengo.Node, Any],
        params: list[Any],
        state: list[Any],
        *,
        steps: int,
        training: bool,
    ) -> tuple[Any, list[Any], list[Any]]:
        """Simulate a number of steps.

        The simulator's ``use_loop`` setting and its Keras model are not used, and nothing is
        written to it.

        Args:
            probe: probe to record.
            inputs: one tensor (batch, steps, size_out) per input node.
            params: the network's parameters.
            state: its state before the first step.
            steps: number of steps.
            training: whether spiking neurons emit the differentiable rates NengoDL trains with.

        Returns:
            The recording (batch, steps, size); parameters and state after the last step.
        """
        if steps == 1:
            output, params, state = self._step(probe, inputs, params, state, training)
            return output[:, None], params, state
        # Only parameters changed by Nengo's own learning rules are carried through the loop.
        goes = [key in self.graph.base_arrays_init["non_trainable"] for key in self.param_keys]

        def merged(looped: list[Any]) -> list[Any]:
            rest = iter(looped)
            return [next(rest) if go else p for p, go in zip(params, goes, strict=True)]

        def going(every: list[Any]) -> list[Any]:
            return [p for p, go in zip(every, goes, strict=True) if go]

        def body(step: Any, record: Any, looped: list[Any], state: list[Any]) -> tuple:
            x = {node: value[:, step, None] for node, value in inputs.items()}
            output, now, state = self._step(probe, x, merged(looped), state, training)
            return step + 1, record.write(step, output), going(now), state

        shape = (self.batch, probe.size_in)
        record = tf.TensorArray(self.graph.dtype, steps, element_shape=shape)
        _, record, looped, state = tf.while_loop(
            lambda step, *_: step < steps,
            body,
            (tf.constant(0), record, going(params), state),
            maximum_iterations=steps,
        )
        return tf.transpose(record.stack(), (1, 0, 2)), merged(looped), state

    def _step(
        self,
        probe: nengo.Probe,
        inputs: dict[nengo.Node, Any],
        params: list[Any],
        state: list[Any],
        training: bool,
    ) -> tuple[Any, list[Any], list[Any]]:
        graph, signals = self.graph, self.graph.signals
        build_config = nengo_dl.builder.BuildConfig(
            inference_only=graph.inference_only,
            lif_smoothing=nengo_dl.config.get_setting(graph.model, "lif_smoothing"),
            cpu_only=not nengo_dl.utils.tf_gpu_installed or "cpu" in (graph.device or ""),
            rng=np.random.RandomState(graph.seed),
            training=training,
        )
        signals.reset()
        signals.dt, signals.dt_val = tf.constant(graph.dt, graph.dtype), graph.dt
        signals.zero, signals.one = tf.constant(0, graph.dtype), tf.constant(1, graph.dtype)
        attributes = {
            "base_params": dict(zip(self.param_keys, params, strict=True)),
            "saved_state": dict(zip(self.state_keys, state, strict=True)),
            "unroll": 1,
            "node_inputs": inputs,
        }
        try:
            with replaced(graph.__dict__, attributes), tf.device(graph.device):
                graph.op_builder.build_pre(signals, build_config)
                if self.own:  # the simulator has set the state of its own processes
                    graph.op_builder.build_post(signals)
                built = graph._build_no_loop(nengo_dl.utils.NullProgressBar())
        finally:
            signals.reset()  # drop the tensors of this trace, which would break sim.data
        _, probes, state_after, params_after = built
        return probes[probe][:, 0], [*params_after], [*state_after]


def leaves_of(weights: Iterable[Weight]) -> list[Any]:
    """Return one tensor (for a TensorNode its variable) per weight, for differentiation."""
    return [
        weight.variable
        if weight.in_layer
        else tf.reshape(weight.variable.read_value()[weight.place], weight.shape)
        for weight in weights
    ]


def assembled(sim: Any, weights: list[Weight], leaves: list[Any], params: list[Any]) -> list[Any]:
    """Return ``params`` with ``weights`` replaced by ``leaves``."""
    result = []
    variables = sim.tensor_graph.base_params.values()
    for variable, value in zip(variables, params, strict=True):
        own = [
            (weight.rows, leaf)
            for weight, leaf in zip(weights, leaves, strict=True)
            if weight.variable is variable
        ]
        pieces, stop = [], 0
        for (first, last), leaf in sorted(own, key=lambda item: item[0]):
            if first > stop:
                pieces.append(value[stop:first])
            pieces.append(tf.reshape(leaf, (last - first, *value.shape[1:])))
            stop = last
        if own and stop < value.shape[0]:
            pieces.append(value[stop:])
        result.append(tf.concat(pieces, 0) if len(pieces) > 1 else pieces[0] if pieces else value)
    return result


def shared(shape: tuple[int, ...], dtype: Any) -> tuple[np.ndarray, Any]:
    """Return an array and a tensor that share their memory.

    Converting an array to a tensor takes 30 us per step; writing to the shared array takes 1 us.
    """
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    memory = np.zeros(size + 64, np.uint8)  # TensorFlow's tensors start at multiples of 64 bytes
    start = -memory.ctypes.data % 64
    array = memory[start : start + size].view(dtype).reshape(shape)
    return array, tf.experimental.dlpack.from_dlpack(array.__dlpack__())


def compiled(
    function: Callable[..., Any], *specs: Any, vectorised: Callable[..., Any] | None = None
) -> Callable[..., Any]:
    """Trace a function of tensors once, and compile it with XLA where XLA knows all its parts.

    Call the result with tensors of these specs, in this order; it does not check them.
    ``vectorised`` is a faster way to the same results, without XLA, which may fail.
    """
    calls: list[Callable] = []

    def first(*tensors: Any) -> Any:
        with quiet_stderr():  # XLA prints a banner
            if vectorised is not None:
                # A failure of TensorFlow's vectorisation raises one of many types of error.
                with contextlib.suppress(Exception):
                    calls.append(_flat(vectorised, specs, jit_compile=False))
                    return calls[0](*tensors)
            try:
                calls[:] = [_flat(function, specs, jit_compile=True)]
                return calls[0](*tensors)
            except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError):
                calls[:] = [_flat(function, specs, jit_compile=False)]
                return calls[0](*tensors)

    return lambda *tensors: calls[0](*tensors) if calls else first(*tensors)


def _flat(function: Callable[..., Any], specs: tuple, jit_compile: bool) -> Callable[..., Any]:
    traced = tf.function(function, jit_compile=jit_compile, autograph=False)
    concrete = traced.get_concrete_function(*specs)
    call, captured = concrete.inference_fn.call_preflattened, concrete.captured_inputs
    # As concrete(*tensors), without checks of the arguments: saves 50 us of 120 us.
    return lambda *tensors: call([*tensors, *captured])
