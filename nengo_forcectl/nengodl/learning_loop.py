"""The custom learning loop: run, differentiate and train a network step by step.

A small step is computed in the calling thread: TensorFlow's thread settings change neither its
numbers nor, measurably, its time. To keep TensorFlow off a second core, set one thread each
(``TF_NUM_INTRAOP_THREADS=1``, ``TF_NUM_INTEROP_THREADS=1``).
"""

import math
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any, NamedTuple

import nengo
import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ..errors import ConfigurationError, NetworkError
from ..support.checks import Arguments, check_whole, is_number
from .compatibility import tf
from .compiled_function import CompiledFunction
from .dependence import output_size
from .derivatives import known, weight_jacobians
from .evaluation import Evaluation, Mode, assembled, leaves_of, shared, values_of
from .feeds import array_of, checked_probe, only_probe
from .jacobians import chosen_weights
from .mapping import ByObject
from .update import Update
from .weights import named_weights
from .window import Window, steps_needed, steps_within


class Observed(NamedTuple):
    """The result of one step of a `LearningLoop`."""

    output: Float[np.ndarray, "batch n_out"]  # F(x; w) with the weights before the change
    jacobian: ByObject[Float[np.ndarray, "batch n_out *shape"]]  # of the requested weights


class LearningLoop:
    """Run a NengoDL network one time step at a time, learning from errors that you compute.

    A step computes F(x; w), forms J_w^T e, summed over the minibatch, and changes the weights, all
    in one compiled function; the state of synapses and neurons is carried from step to step.
    Where a synapse lies between a weight and F, J_w is that through the last ``steps`` steps
    (truncated backpropagation through time, Williams and Peng 1990): they are run again from the
    state before them, with the present weights. Weights and state belong to the simulator, so that
    ``save_params``, ``freeze_params`` or ``predict`` use the learned weights. Spiking neurons spike
    and are differentiated through their rates (see `jacobians`).

    Args:
        sim: an open ``nengo_dl.Simulator``.
        probe: the output F; by default the network's only probe.
        optimizer: a Keras (tf-keras) optimizer, which gets ``zip(J_w^T e, variables)`` and
            descends: pass e = F - wanted, the gradient of |F - wanted|^2 / 2. Or a law of
            `nengo_forcectl.learning` with a ``rule``, which moves the weights along J_w^T e: pass e
            = s = wanted - F, or the controller's error. None for a loop that only observes, with
            your own law outside.
        learn: weights to train: names, handles, Nengo objects; by default all trainable ones that F
            depends on within one step, or, if there are none, those behind synapses.
        freeze: weights of ``learn`` to keep fixed.
        rates: {name, handle or object: factor} to scale the changes of single weights.
        jacobian: weights whose Jacobian each step returns.
        steps: through how many steps J_w^T e is taken; by default one, if all weights act within
            one step, else four time constants of the slowest synapse, at most 100 steps.
        training: whether J_w^T e is taken with layers as in training (Dropout, BatchNormalization,
            whose moving averages then change). Output and Jacobian are those of ``predict``.

    Raises:
        NetworkError: a weight does not exist, is not trainable or does not influence F within
            ``steps``; a Python function on the way would be called again; the probe is of another
            network; or an object has no derivative.
        ConfigurationError: the optimizer is neither of the two, or a rate is not positive.
    """

    def __init__(
        self,
        sim: Any,
        probe: nengo.Probe | None = None,
        optimizer: Any = None,
        *,
        learn: Any = None,
        freeze: Iterable[Any] = (),
        rates: Mapping[Any, float] | None = None,
        jacobian: Any = (),
        training: bool = False,
        steps: int | None = None,
    ) -> None:
        probe = only_probe(sim) if probe is None else checked_probe(sim, probe)
        self.sim, self.probe, self.optimizer = sim, probe, optimizer
        self._training = training
        self.weights = named_weights(sim)
        frozen = self.weights.trainable(freeze)
        check_whole(Arguments("LearningLoop", steps=steps), steps=1)
        within = steps or steps_within(sim, probe, learn)
        if learn is not None:
            self.weights.trainable(learn)
        self.learned = [w for w in chosen_weights(sim, probe, learn, within) if w not in frozen]
        self._asked = chosen_weights(sim, probe, jacobian, 1)
        if not self.learned:
            raise NetworkError(
                f"LearningLoop: has nothing to learn, all weights of {probe} are frozen"
            )
        factors = dict.fromkeys(self.learned, 1.0)
        for key, rate in (rates or {}).items():
            meant = [w for w in self.weights.trainable(key) if w in factors]
            if not meant:
                learned = ", ".join(w.name for w in self.learned)
                raise NetworkError(
                    f"LearningLoop.rates: has {key}, which does not learn; learning: {learned}"
                )
            if not (is_number(rate) and rate > 0):
                raise ConfigurationError(
                    f"LearningLoop.rates: is {rate} for {key}, needs a number above 0; or freeze it"
                )
            factors |= dict.fromkeys(meant, rate)
        self._update = Update(sim, optimizer, factors)
        self._nodes = list(sim.node_inputs)
        self._sizes = [node.size_out for node in self._nodes]
        self._dtype = np.dtype(sim.tensor_graph.dtype)
        shape = (sim.minibatch_size, sum(self._sizes) + output_size(sim, probe))
        self._numbers, self._tensor = shared(shape, self._dtype)
        self.steps = steps or steps_needed(sim, probe, self.learned)
        self._window = None
        if self.steps > 1:
            self._window = Window(sim, probe, self.steps, sum(self._sizes))
        self._seen = sim.n_steps
        self._objects = _object_lists(sim.model.toplevel)
        self._count = sum(map(len, self._objects))
        self._no_error = np.zeros((sim.minibatch_size, output_size(sim, probe)))
        if optimizer is None:
            self._observe  # noqa: B018, compile before the first cycle
        else:
            self._step  # noqa: B018

    def step(
        self,
        inputs: Mapping[nengo.Node, ArrayLike],
        error: ArrayLike,
    ) -> Observed:
        """Return F(x; w) and the requested Jacobians, then change w and advance the state."""
        if self.optimizer is None:
            raise ConfigurationError(
                "LearningLoop.optimizer: is None, which only observes; needs an optimizer or law"
            )
        return self._cycle(self._step(self._packed(inputs, error)))

    def observe(self, inputs: Mapping[nengo.Node, ArrayLike]) -> Observed:
        """Return F(x; w) and the requested Jacobians, and advance the state; the weights stay."""
        return self._cycle(self._observe(self._packed(inputs, self._no_error)))

    def forward(
        self, inputs: Mapping[nengo.Node, ArrayLike], *, keep: bool = True
    ) -> Float[np.ndarray, "batch n_out"]:
        """Return F(x; w) without learning; with ``keep``, advance the state."""
        packed = self._packed(inputs, self._no_error)
        if not keep:
            return array_of(self._look(packed))
        output = array_of(self._forward(packed))
        self._advance()
        return output

    def gradients(
        self,
        inputs: Mapping[nengo.Node, ArrayLike],
        error: ArrayLike,
    ) -> ByObject[Float[np.ndarray, "*shape"]]:
        """Return J_w^T e of the learned weights; nothing changes."""
        products = self._products(self._packed(inputs, error))
        return ByObject({w: array_of(g) for w, g in zip(self.learned, products, strict=True)})

    @property
    def optimizer_variables(self) -> list[Any]:
        """Memory of a Keras optimizer: its step count and momenta."""
        return list(self._update.variables)

    def _packed(self, inputs: Mapping[nengo.Node, ArrayLike], error: ArrayLike) -> Any:
        """Return inputs and error as one tensor, (batch, numbers), for the compiled functions."""
        if not isinstance(inputs, Mapping):
            raise NetworkError(
                f"inputs: are {type(inputs).__name__}, needs a mapping of input nodes to arrays"
            )
        if sum(map(len, self._objects)) != self._count:
            raise NetworkError(
                f"{self.sim.model.toplevel}: has gained or lost objects since the loop was made; "
                "needs a new simulator and a new loop"
            )
        if self.sim.closed or len(inputs) != len(self._nodes):
            checked_probe(self.sim, self.probe)
            raise NetworkError(f"inputs: are for {list(inputs)}, needs {self._nodes}")
        try:
            parts = [np.asarray(inputs[node]) for node in self._nodes]
            np.concatenate((*parts, error), axis=1, out=self._numbers, casting="same_kind")
            fits = [part.shape[1] for part in parts] == self._sizes
        except (KeyError, ValueError, TypeError, IndexError):
            fits = False
        if not fits:
            raise NetworkError(self._misfit(inputs, error))
        if self._window is not None and self._seen != self.sim.n_steps:
            self._window.forget()  # the simulator has run, or was reset
            self._seen = self.sim.n_steps
        numbers = self._numbers.ravel()
        if not math.isfinite(numbers @ numbers) and not np.isfinite(numbers).all():
            raise NetworkError(
                f"inputs or error of {self.probe}: needs finite numbers, has {inputs}, {error}"
            )
        return self._tensor

    def _misfit(self, inputs: Mapping[nengo.Node, ArrayLike], error: ArrayLike) -> str:
        batch = self.sim.minibatch_size
        for node in inputs:
            if node not in self._nodes:
                return f"{node} is not an input node; they are: {self._nodes}"
        for node, size in zip(self._nodes, self._sizes, strict=True):
            try:
                value = np.asarray(inputs[node])
            except ValueError:
                return f"input of {node}: is ragged, needs an array of shape {batch, size}"
            if value.shape != (batch, size) or value.dtype.kind not in "fiu":
                return (
                    f"input of {node}: has shape {value.shape} and type {value.dtype}, needs "
                    f"{batch, size} and real numbers"
                )
        return (
            f"error of {self.probe}: {_described(error)}, needs {self._no_error.shape} and real "
            "numbers"
        )

    def _advance(self) -> None:
        """Count a step in the simulator, as its own runs do."""
        self.sim._n_steps += 1
        self._seen = self.sim._n_steps
        self.sim._time = self.sim._n_steps * self.sim.dt

    def _cycle(self, tensors: list[Any]) -> Observed:
        self._advance()
        output, *jacobians = map(array_of, tensors)
        return Observed(output, ByObject(dict(zip(self._asked, jacobians, strict=True))))

    @cached_property
    def _step(self) -> CompiledFunction:
        return self._compiled(self._step_graph)

    @cached_property
    def _observe(self) -> CompiledFunction:
        return self._compiled(self._observe_graph)

    @cached_property
    def _forward(self) -> CompiledFunction:
        return self._compiled(self._forward_graph)

    @cached_property
    def _look(self) -> CompiledFunction:
        return self._compiled(
            lambda packed: self._run(self._split(packed)[0], Mode())[0], pure=True
        )

    @cached_property
    def _products(self) -> CompiledFunction:
        window, mode = self._window, Mode(rates=True, training=self._training)
        if window is not None:
            return self._compiled(lambda packed: self._window_graph(packed, window)[0], pure=True)
        return self._compiled(
            lambda packed: self._products_graph(*self._split(packed), mode)[0], pure=True
        )

    def _compiled(self, graph: Callable[[Any], Any], pure: bool = False) -> CompiledFunction:
        """Compile ``graph``, and call it once so that the next call is fast."""
        spec = tf.TensorSpec(self._numbers.shape, self._dtype)
        function = CompiledFunction(graph, spec, device=self.sim.tensor_graph.device, pure=pure)
        function.warm_up(self._tensor)
        return function

    def _split(self, packed: Any) -> tuple[dict[nengo.Node, Any], Any]:
        *parts, error = tf.split(packed, [*self._sizes, output_size(self.sim, self.probe)], axis=1)
        return {node: x[:, None] for node, x in zip(self._nodes, parts, strict=True)}, error

    def _step_graph(self, packed: Any) -> list[Any]:
        inputs, error = self._split(packed)
        if self._window is not None:
            products, leaves, past = self._window_graph(packed, self._window)
            output, params, state = self._run(inputs, Mode(whole=True))
            jacobians = self._jacobians_graph(inputs, None)
            self._window.keep(*past)
        elif self._one_pass:
            mode = Mode(rates=True, whole=True)
            products, leaves, outputs = self._products_graph(inputs, error, mode)
            output, params, state = outputs
            jacobians = self._jacobians_graph(inputs, None)
        else:
            answers: dict[Any, Any] = {}  # Python functions are called once a step
            output, params, state = self._run(inputs, Mode(whole=True), answers)
            jacobians = self._jacobians_graph(inputs, answers)
            mode = Mode(rates=True, training=self._training)
            products, leaves, _ = self._products_graph(inputs, error, mode, answers)
        self._keep(params, state)
        self._update.apply(leaves, products, error)
        return [output, *jacobians]

    def _window_graph(self, packed: Any, window: Window) -> tuple[list[Any], list[Any], tuple]:
        """Return J_w^T e through the kept steps, the weights, and the steps with this one."""
        *_, error = self._split(packed)
        past = window.shifted(self.sim, packed[:, : sum(self._sizes)])
        numbers, states, full = past
        first = window.steps - full
        every = tf.split(tf.transpose(numbers, (1, 0, 2)), self._sizes, axis=2)
        inputs = dict(zip(self._nodes, every, strict=True))
        evaluation = Evaluation.of(self.sim, self.sim.minibatch_size)
        leaves = leaves_of(self.sim, self.learned, *values_of(self.sim))
        params, _ = evaluation.current()
        mode = Mode(rates=True, training=self._training)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(leaves)
            start = [tf.gather(ring, first) for ring in states]
            now = assembled(self.sim, self.learned, leaves, params, start)
            (output,), _, _ = evaluation.run(
                (self.probe,), inputs, *now, steps=window.steps, mode=mode, first=first
            )
            output = output[:, -1]
        products = tape.gradient(output, leaves, output_gradients=error)
        return known(self.probe, self.learned, products), leaves, past

    def _remember(self, packed: Any) -> None:
        """Keep this step's input and the state before it."""
        if self._window is not None:
            self._window.keep(*self._window.shifted(self.sim, packed[:, : sum(self._sizes)]))

    @property
    def _one_pass(self) -> bool:
        """Whether one evaluation gives output, state and derivatives."""
        evaluation = Evaluation.of(self.sim, self.sim.minibatch_size)
        return not (evaluation.spikes or self._training or (self._asked and evaluation.asks))

    def _observe_graph(self, packed: Any) -> list[Any]:
        inputs, _ = self._split(packed)
        self._remember(packed)
        answers: dict[Any, Any] = {}
        output, params, state = self._run(inputs, Mode(whole=True), answers)
        jacobians = self._jacobians_graph(inputs, answers)
        self._keep(params, state)
        return [output, *jacobians]

    def _jacobians_graph(
        self, inputs: dict[nengo.Node, Any], answers: dict[Any, Any] | None
    ) -> list[Any]:
        if not self._asked:
            return []
        x = [*inputs.values()]
        return weight_jacobians(self.sim, self.probe, self._asked, x, answers=answers)

    def _forward_graph(self, packed: Any) -> Any:
        self._remember(packed)
        output, params, state = self._run(self._split(packed)[0], Mode(whole=True))
        self._keep(params, state)
        return output

    def _run(
        self, inputs: dict[nengo.Node, Any], mode: Mode, answers: dict[Any, Any] | None = None
    ) -> tuple[Any, list[Any], list[Any]]:
        evaluation = Evaluation.of(self.sim, self.sim.minibatch_size)
        params, state = evaluation.current()
        (output,), params, state = evaluation.run(
            (self.probe,), inputs, params, state, steps=1, mode=mode, answers=answers
        )
        return output[:, 0], params, state

    def _products_graph(
        self,
        inputs: dict[nengo.Node, Any],
        error: Any,
        mode: Mode,
        answers: dict[Any, Any] | None = None,
    ) -> Any:
        """Return J_w^T e, the weights, and output, parameters and state of the evaluation."""
        evaluation = Evaluation.of(self.sim, self.sim.minibatch_size)
        leaves = leaves_of(self.sim, self.learned, *values_of(self.sim))
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(leaves)
            now = assembled(self.sim, self.learned, leaves, *evaluation.current())
            (output,), params, state = evaluation.run(
                (self.probe,), inputs, *now, steps=1, mode=mode, answers=answers
            )
            output = output[:, 0]
        products = tape.gradient(output, leaves, output_gradients=error)
        known(self.probe, self.learned, products)
        return products, leaves, (output, params, state)

    def _keep(self, params: list[Any], state: list[Any]) -> None:
        """Store the new state and the weights changed by Nengo's own learning rules."""
        graph = self.sim.tensor_graph
        for variable, value in zip(graph.saved_state.values(), state, strict=True):
            variable.assign(value)
        rules = graph.base_arrays_init["non_trainable"]
        for (key, variable), value in zip(graph.base_params.items(), params, strict=True):
            if key in rules and rules[key][-1]:
                variable.assign(value)


def _described(value: Any) -> str:
    try:
        array = np.asarray(value)
    except ValueError:
        return "is ragged"
    return f"has shape {array.shape} and type {array.dtype}"


def _object_lists(network: nengo.Network) -> list[Any]:
    """Return the lists in which a network and its subnetworks keep their objects."""
    return [
        objects for each in (network, *network.all_networks) for objects in each.objects.values()
    ]
