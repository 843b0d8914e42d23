"""A NengoDL network as a pure, differentiable function of its inputs, weights and state.

Everything here is called while TensorFlow traces a function. Parameters and state are those of
`weight_tensors`.

A network has two switches that NengoDL has as one, ``training``. ``rates``: spiking neurons give
their differentiable rates. ``training``: layers such as Dropout and BatchNormalization compute as
they do in training.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import nengo
import numpy as np
from nengo.builder.operator import SimPyFunc

from .compatibility import learning_phase, nengo_dl, replaced, tf
from .dependence import needed_operators, output_size, spiking_neurons
from .weight_tensors import values_of
from .weights import cache_of


class Mode(NamedTuple):
    """How the network is evaluated."""

    rates: bool = False  # spiking neurons give the rates that NengoDL trains with
    surrogate: bool = False  # spiking neurons spike, with the derivatives of their rates
    training: bool = False  # layers compute as in training
    whole: bool = False  # all of the network, not only what the probe needs; state goes on


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
    def spikes(self) -> bool:
        """Whether the network's output differs with ``rates``."""
        builders = self.graph.op_builder.op_builds.values()
        return any(spiking_neurons(builder) for builder in builders)

    @property
    def asks(self) -> bool:
        """Whether the network has Python functions."""
        return any(isinstance(ops[0], SimPyFunc) for ops in self.graph.op_builder.plan)

    def current(self) -> tuple[list[Any], list[Any]]:
        """Return the simulator's parameters and state as tensors, repeated for every item."""
        params, state = values_of(self.sim)
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
        probes: tuple[nengo.Probe, ...],
        inputs: dict[nengo.Node, Any],
        params: list[Any],
        state: list[Any],
        *,
        steps: int,
        mode: Mode,
        answers: dict[Any, Any] | None = None,
        first: Any = 0,
    ) -> tuple[list[Any], list[Any], list[Any]]:
        """Simulate a number of steps.

        The simulator's ``use_loop`` setting and its Keras model are not used, and nothing is
        written to it. Python functions of the network that the probes do not need are not called,
        unless the whole network is evaluated.

        Args:
            probes: probes to record.
            inputs: one tensor (batch, steps, size_out) per input node.
            params: the network's parameters.
            state: its state before the first step.
            steps: number of steps.
            mode: how the network is evaluated.
            answers: outputs of the network's Python functions in this step. An empty mapping is
                filled; with a full one, the functions are not called.
            first: the step to begin with, of several; ``state`` is that before it.

        Returns:
            The recordings (batch, steps, size); parameters and state after the last step.
        """
        if steps == 1:
            outputs, params, state = self._step(probes, inputs, params, state, 1, mode, answers)
            return [output[:, None] for output in outputs], params, state
        # Only parameters changed by Nengo's own learning rules are carried through the loop.
        goes = [key in self.graph.base_arrays_init["non_trainable"] for key in self.param_keys]

        def merged(looped: list[Any]) -> list[Any]:
            rest = iter(looped)
            return [next(rest) if go else p for p, go in zip(params, goes, strict=True)]

        def going(every: list[Any]) -> list[Any]:
            return [p for p, go in zip(every, goes, strict=True) if go]

        def body(step: Any, records: list[Any], looped: list[Any], state: list[Any]) -> tuple:
            x = {node: value[:, step, None] for node, value in inputs.items()}
            outputs, now, state = self._step(probes, x, merged(looped), state, steps, mode)
            pairs = zip(records, outputs, strict=True)
            return step + 1, [each.write(step, value) for each, value in pairs], going(now), state

        records = [
            tf.TensorArray(
                self.graph.dtype, steps, element_shape=(self.batch, output_size(self.sim, probe))
            )
            for probe in probes
        ]
        _, records, looped, state = tf.while_loop(
            lambda step, *_: step < steps,
            body,
            (tf.convert_to_tensor(first, tf.int32), records, going(params), state),
            maximum_iterations=steps,
        )
        return [tf.transpose(each.stack(), (1, 0, 2)) for each in records], merged(looped), state

    def _step(
        self,
        probes: tuple[nengo.Probe, ...],
        inputs: dict[nengo.Node, Any],
        params: list[Any],
        state: list[Any],
        steps: int,
        mode: Mode,
        answers: dict[Any, Any] | None = None,
    ) -> tuple[list[Any], list[Any], list[Any]]:
        graph, signals = self.graph, self.graph.signals
        builder = graph.op_builder if mode.whole else self._builder(probes, steps)
        build_config = nengo_dl.builder.BuildConfig(
            inference_only=graph.inference_only and not mode.rates,
            lif_smoothing=nengo_dl.config.get_setting(graph.model, "lif_smoothing"),
            cpu_only=not nengo_dl.utils.tf_gpu_installed or "cpu" in (graph.device or ""),
            rng=np.random.RandomState(graph.seed),
            training=mode.rates,
        )
        signals.reset()
        signals.dt, signals.dt_val = tf.constant(graph.dt, graph.dtype), graph.dt
        signals.zero, signals.one = tf.constant(0, graph.dtype), tf.constant(1, graph.dtype)
        attributes = {
            "base_params": dict(zip(self.param_keys, params, strict=True)),
            "saved_state": dict(zip(self.state_keys, state, strict=True)),
            "unroll": 1,
            "node_inputs": inputs,
            "op_builder": builder,
        }
        only = {"probes": list(probes)}
        try:
            with (
                replaced(graph.__dict__, attributes),
                replaced(graph.model.__dict__, only),
                tf.device(graph.device),
                learning_phase(mode.training),
            ):
                builder.build_pre(signals, build_config)
                for each in builder.op_builds.values():
                    if isinstance(each.ops[0], nengo_dl.tensor_node.SimTensorNode):
                        each.config = build_config._replace(training=mode.training)
                    elif isinstance(each.ops[0], SimPyFunc) and answers is not None:
                        each.build_step = _answering(each, answers)
                    neurons = spiking_neurons(each)
                    if mode.surrogate and neurons is not None:
                        each.build_step = _spiking(neurons)
                if self.own or not mode.whole:  # the simulator has set the state of its processes
                    builder.build_post(signals)
                built = graph._build_no_loop(nengo_dl.utils.NullProgressBar())
        finally:
            signals.reset()  # drop the tensors of this trace, which would break sim.data
            for each in builder.op_builds.values():
                each.__dict__.pop("build_step", None)
        _, found, state_after, params_after = built
        return [found[probe][:, 0] for probe in probes], [*params_after], [*state_after]

    def _builder(self, probes: tuple[nengo.Probe, ...], steps: int) -> Any:
        """Return NengoDL's builder of the operators that probes need within some steps."""
        cache = cache_of(self.sim)
        key = ("builder", self.batch, probes, steps > 1)
        if key not in cache:
            plan = needed_operators(self.sim, self.graph.plan, probes, steps)
            cache[key] = nengo_dl.builder.Builder(plan)
        return cache[key]


def _answering(builder: Any, answers: dict[Any, Any]) -> Any:
    """Return ``build_step`` of Python functions that keeps their outputs, or repeats those kept."""
    call = type(builder).build_step

    def build_step(signals: Any) -> Any:
        outputs = [op.output for op in builder.ops if op.output is not None]
        if outputs and all(output in answers for output in outputs):
            for output in outputs:
                signals.scatter(signals[output], answers[output])
            return None
        result = call(builder, signals)
        for output in outputs:
            answers[output] = signals.gather(signals[output])
        return result

    return build_step


def _spiking(neurons: Any) -> Any:
    """Return ``build_step`` of neurons that spike, with the derivative of their rates."""

    def build_step(signals: Any) -> None:
        J = signals.gather(neurons.J_data)
        state = {name: signals.gather(data) for name, data in neurons.state_data.items()}
        spikes, *after = tf.nest.flatten(neurons.step(J, signals.dt, **state))
        rates = neurons.training_step(J, signals.dt, **state)
        signals.scatter(neurons.output_data, rates + tf.stop_gradient(spikes - rates))
        for data, value in zip(neurons.state_data.values(), after, strict=True):
            signals.scatter(data, tf.stop_gradient(value))

    return build_step
