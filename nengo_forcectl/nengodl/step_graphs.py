"""What a learning loop computes in a step, as functions that TensorFlow traces.

Every function takes inputs and errors as one tensor, see `StepInputs`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import nengo

from .compatibility import tf
from .compiled_function import CompiledFunction
from .dependence import influences, listed, python_functions
from .derivatives import known, weight_jacobians
from .evaluation import Evaluation, Mode
from .step_inputs import StepInputs
from .update import Update
from .weight_tensors import assembled, leaves_of, values_of
from .weights import Weight
from .window import Window

Answers = dict[Any, Any] | None


@dataclass(frozen=True)
class StepGraphs:
    """The functions of a learning loop, for a simulator whose variables they read and write."""

    inputs: StepInputs
    learned: list[Weight]
    asked: dict[nengo.Probe, list[Weight]]  # whose Jacobian each step returns, by output
    update: Update
    window: Window | None  # the steps that are differentiated through, if more than one
    training: bool  # whether layers compute as in training for J_w^T e

    @property
    def sim(self) -> Any:
        """The simulator."""
        return self.inputs.sim

    def compiled(self, graph: Callable[[Any], Any], pure: bool = False) -> CompiledFunction:
        """Compile ``graph``, and call it once so that the next call is fast.

        One that is pure evaluates what the outputs need, and any other all of the network.
        """
        device = self.sim.tensor_graph.device
        asks = self._asks_for_outputs if pure else self._evaluation.asks  # XLA has no Python
        function = CompiledFunction(graph, self.inputs.spec, device=device, pure=pure, xla=not asks)
        function.warm_up(self.inputs.tensor)
        return function

    def step(self, packed: Any) -> list[Any]:
        """Return outputs and Jacobians; change the weights, and advance the state."""
        x, errors = self.inputs.split(packed)
        if self.window is not None:
            products, leaves, past = self._products_of_window(packed, self.window)
            outputs, params, state = self._run(x, Mode(whole=True))
            jacobians = self._jacobians(x, None)
            self.window.keep(*past)
        elif self._one_pass:
            mode = Mode(rates=True, whole=True)
            products, leaves, run = self._products(x, errors, mode)
            outputs, params, state = run
            jacobians = self._jacobians(x, None)
        else:
            answers: dict[Any, Any] = {}  # Python functions are called once a step
            outputs, params, state = self._run(x, Mode(whole=True), answers)
            jacobians = self._jacobians(x, answers)
            mode = Mode(rates=True, training=self.training)
            products, leaves, _ = self._products(x, errors, mode, answers)
        self._keep(params, state)
        self.update.apply(leaves, products, tf.concat(errors, axis=1))
        return [*outputs, *jacobians]

    def observe(self, packed: Any) -> list[Any]:
        """Return outputs and Jacobians, and advance the state."""
        x, _ = self.inputs.split(packed)
        self._remember(packed)
        answers: dict[Any, Any] = {}
        outputs, params, state = self._run(x, Mode(whole=True), answers)
        jacobians = self._jacobians(x, answers)
        self._keep(params, state)
        return [*outputs, *jacobians]

    def forward(self, packed: Any) -> list[Any]:
        """Return the outputs, and advance the state."""
        self._remember(packed)
        outputs, params, state = self._run(self.inputs.split(packed)[0], Mode(whole=True))
        self._keep(params, state)
        return outputs

    def look(self, packed: Any) -> list[Any]:
        """Return the outputs."""
        return self._run(self.inputs.split(packed)[0], Mode())[0]

    def look_rates(self, packed: Any) -> list[Any]:
        """Return the outputs that J_w^T e is taken of: with rates in place of spikes."""
        if self.window is None:
            return self._run(self.inputs.split(packed)[0], Mode(rates=True))[0]
        past = self.window.shifted(self.sim, packed[:, : self.inputs.n_inputs])
        params, _ = self._evaluation.current()
        return self._through_window(self.window, past, params, [], Mode(rates=True))

    def products(self, packed: Any) -> list[Any]:
        """Return J_w^T e of every learned weight."""
        if self.window is not None:
            return self._products_of_window(packed, self.window)[0]
        mode = Mode(rates=True, training=self.training)
        return self._products(*self.inputs.split(packed), mode)[0]

    @property
    def _evaluation(self) -> Evaluation:
        return Evaluation.of(self.sim, self.sim.minibatch_size)

    @property
    def _asks_for_outputs(self) -> bool:
        """Whether the outputs need a Python function of the network."""
        steps = 1 if self.window is None else self.window.steps
        return any(
            python_functions(self.sim, influences(self.sim, probe, steps))
            for probe in self.inputs.probes
        )

    @property
    def _one_pass(self) -> bool:
        """Whether one evaluation gives output, state and derivatives."""
        evaluation, asked = self._evaluation, any(self.asked.values())
        return not (evaluation.spikes or self.training or (asked and evaluation.asks))

    def _remember(self, packed: Any) -> None:
        """Keep this step's input and the state before it."""
        if self.window is not None:
            self.window.keep(*self.window.shifted(self.sim, packed[:, : self.inputs.n_inputs]))

    def _run(
        self, x: dict[nengo.Node, Any], mode: Mode, answers: Answers = None
    ) -> tuple[list[Any], list[Any], list[Any]]:
        params, state = self._evaluation.current()
        return self._one_step(x, params, state, mode, answers)

    def _one_step(
        self,
        x: dict[nengo.Node, Any],
        params: list[Any],
        state: list[Any],
        mode: Mode,
        answers: Answers,
    ) -> tuple[list[Any], list[Any], list[Any]]:
        outputs, params, state = self._evaluation.run(
            self.inputs.probes, x, params, state, steps=1, mode=mode, answers=answers
        )
        return [output[:, 0] for output in outputs], params, state

    def _jacobians(self, x: dict[nengo.Node, Any], answers: Answers) -> list[Any]:
        return [
            jacobian
            for probe, weights in self.asked.items()
            if weights
            for jacobian in weight_jacobians(
                self.sim, probe, weights, [*x.values()], answers=answers
            )
        ]

    def _products(
        self, x: dict[nengo.Node, Any], errors: list[Any], mode: Mode, answers: Answers = None
    ) -> Any:
        """Return J_w^T e, the weights, and outputs, parameters and state of the evaluation."""
        leaves = leaves_of(self.sim, self.learned, *values_of(self.sim))
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(leaves)
            now = assembled(self.sim, self.learned, leaves, *self._evaluation.current())
            run = self._one_step(x, *now, mode, answers)
        return self._pulled_back(tape, run[0], leaves, errors), leaves, run

    def _products_of_window(
        self, packed: Any, window: Window
    ) -> tuple[list[Any], list[Any], tuple]:
        """Return J_w^T e through the kept steps, the weights, and the steps with this one."""
        _, errors = self.inputs.split(packed)
        past = window.shifted(self.sim, packed[:, : self.inputs.n_inputs])
        leaves = leaves_of(self.sim, self.learned, *values_of(self.sim))
        params, _ = self._evaluation.current()
        mode = Mode(rates=True, training=self.training)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(leaves)
            outputs = self._through_window(window, past, params, leaves, mode)
        return self._pulled_back(tape, outputs, leaves, errors), leaves, past

    def _through_window(
        self, window: Window, past: tuple, params: list[Any], leaves: list[Any], mode: Mode
    ) -> list[Any]:
        """Return the outputs of the last of the kept steps, which are run again."""
        numbers, states, full = past
        first = window.steps - full
        sizes = self.inputs.sizes
        every = tf.split(tf.transpose(numbers, (1, 0, 2)), sizes, axis=2) if sizes else []
        x = dict(zip(self.inputs.nodes, every, strict=True))
        start = [tf.gather(ring, first) for ring in states]
        weights = self.learned if leaves else []
        now = assembled(self.sim, weights, leaves, params, start)
        outputs, _, _ = self._evaluation.run(
            self.inputs.probes, x, *now, steps=window.steps, mode=mode, first=first
        )
        return [output[:, -1] for output in outputs]

    def _pulled_back(
        self, tape: Any, outputs: list[Any], leaves: list[Any], errors: list[Any]
    ) -> list[Any]:
        products = tape.gradient(outputs, leaves, output_gradients=errors)
        return known(listed(self.inputs.probes), self.learned, products)

    def _keep(self, params: list[Any], state: list[Any]) -> None:
        """Store the new state and the weights changed by Nengo's own learning rules."""
        graph = self.sim.tensor_graph
        for variable, value in zip(graph.saved_state.values(), state, strict=True):
            variable.assign(value)
        rules = graph.base_arrays_init["non_trainable"]
        for (key, variable), value in zip(graph.base_params.items(), params, strict=True):
            if key in rules and rules[key][-1]:
                variable.assign(value)
