"""The custom learning loop: run, differentiate and train a network step by step.

A small step is computed in the calling thread: TensorFlow's thread settings change neither its
numbers nor, measurably, its time. To keep TensorFlow off a second core, set one thread each
(``TF_NUM_INTRAOP_THREADS=1``, ``TF_NUM_INTEROP_THREADS=1``).
"""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, NamedTuple

import nengo
import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ..errors import ConfigurationError, NetworkError
from ..support.validation import Arguments, check_whole, is_number
from .compiled_function import CompiledFunction
from .dependence import depends, listed
from .feeds import array_of, checked_probes, only_probe
from .jacobians import chosen_weights
from .mapping import ByObject
from .step_graphs import StepGraphs
from .step_inputs import StepInputs
from .update import Update
from .weights import Weight, named_weights
from .window import Window, steps_needed, steps_within


class Observed(NamedTuple):
    """The result of one step of a `LearningLoop`; with several probes, both are {probe: value}."""

    output: Any  # (batch, n_out): F(x; w) with the weights before the change
    jacobian: Any  # `ByObject` of (batch, n_out, *shape): of the requested weights


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
        probe: the output F; by default the network's only probe. Or several probes: errors are
            then {probe: array}, outputs too, and J_w^T e is summed over them.
        optimizer: a Keras (tf-keras) optimizer, which gets ``zip(J_w^T e, variables)`` and
            descends: pass e = F - wanted, the gradient of |F - wanted|^2 / 2. Or a law of
            `nengo_forcectl.learning` with a ``rule``, which moves the weights along J_w^T e: pass e
            = s = wanted - F, or the controller's error; with several probes its s is all of them.
            None for a loop that only observes, with your own law outside.
        learn: weights to train: names, handles, Nengo objects; by default all trainable ones that F
            depends on within one step, or, if there are none for a probe, those behind synapses.
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
        probe: nengo.Probe | Iterable[nengo.Probe] | None = None,
        optimizer: Any = None,
        *,
        learn: Any = None,
        freeze: Iterable[Any] = (),
        rates: Mapping[Any, float] | None = None,
        jacobian: Any = (),
        training: bool = False,
        steps: int | None = None,
    ) -> None:
        self.probe = only_probe(sim) if probe is None else probe
        self.probes = checked_probes(sim, self.probe)
        self.sim, self.optimizer = sim, optimizer
        self.weights = named_weights(sim)
        frozen = self.weights.trainable(freeze)
        check_whole(Arguments("LearningLoop", steps=steps), steps=1)
        within = steps or steps_within(sim, self.probes, learn)
        if learn is not None:
            self.weights.trainable(learn)  # or an error: `chosen_weights` takes others, too
        chosen = chosen_weights(sim, self.probes, learn, within)
        self.learned = [weight for weight in chosen if weight not in frozen]
        if not self.learned:
            raise NetworkError(
                f"LearningLoop: has nothing to learn, all weights of {listed(self.probes)} are "
                "frozen"
            )
        self._several = not isinstance(self.probe, nengo.Probe)
        self._inputs = StepInputs(sim, self.probes, self._several)
        self.steps = steps or steps_needed(sim, self.probes, self.learned)
        self._window = None
        if self.steps > 1:
            self._window = Window(sim, self.probes, self.steps, self._inputs.n_inputs)
        self._update = Update(sim, optimizer, self._factors({} if rates is None else rates))
        self._asked = self._asked_by_probe(jacobian)
        self._graphs = StepGraphs(
            self._inputs, self.learned, self._asked, self._update, self._window, training
        )
        self._seen = sim.n_steps
        if optimizer is None:
            self._observe  # noqa: B018, compile before the first cycle
        else:
            self._step  # noqa: B018

    def _factors(self, rates: Mapping[Any, float]) -> dict[Weight, float]:
        """Return the factor of the change of each learned weight."""
        if not isinstance(rates, Mapping):
            raise ConfigurationError(
                f"LearningLoop.rates: is {type(rates).__name__}, needs a mapping of weights to "
                "factors"
            )
        factors = dict.fromkeys(self.learned, 1.0)
        for key, rate in rates.items():
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
        return factors

    def _asked_by_probe(self, jacobian: Any) -> dict[nengo.Probe, list[Weight]]:
        """Return the weights whose Jacobian is asked for, by the probe that depends on them."""
        asked = chosen_weights(self.sim, self.probes, jacobian, 1)
        return {probe: depends(self.sim, probe, asked, 1) for probe in self.probes}

    def step(self, inputs: Mapping[nengo.Node, ArrayLike], error: Any) -> Observed:
        """Return F(x; w) and the requested Jacobians, then change w and advance the state.

        Args:
            inputs: x of every input node, (batch, n_in): floating-point numbers or integers.
            error: e, (batch, n_out); with several probes {probe: e}.

        Raises:
            NetworkError: inputs or errors do not fit, or are complex numbers or truth values; or
                the network has changed since the loop was made. Weights and state stay.
            ConfigurationError: the loop was made without an optimizer or law.
        """
        if self.optimizer is None:
            raise ConfigurationError(
                "LearningLoop.optimizer: is None, which only observes; needs an optimizer or law"
            )
        return self._cycle(self._step(self._packed(inputs, error)))

    def observe(self, inputs: Mapping[nengo.Node, ArrayLike]) -> Observed:
        """Return F(x; w) and the requested Jacobians, and advance the state; the weights stay."""
        return self._cycle(self._observe(self._packed(inputs, self._inputs.no_error)))

    def forward(
        self, inputs: Mapping[nengo.Node, ArrayLike], *, keep: bool = True, rates: bool = False
    ) -> Any:
        """Return F(x; w) without learning, (batch, n_out); with several probes {probe: F}.

        Args:
            inputs: x of every input node, (batch, n_in).
            keep: whether the state advances, as by spikes.
            rates: whether spiking neurons give their rates, as in NengoDL's ``fit``: the F that J_w
                belongs to, through the last ``steps`` steps. Its error has no noise of spikes.
        """
        packed = self._packed(inputs, self._inputs.no_error)
        rated = self._look_rates(packed) if rates else None
        if not keep:
            return self._by_probe(self._look(packed) if rated is None else rated)
        outputs = self._forward(packed)
        self._advance()
        return self._by_probe(outputs if rated is None else rated)

    def gradients(
        self, inputs: Mapping[nengo.Node, ArrayLike], error: Any
    ) -> ByObject[Float[np.ndarray, "*shape"]]:
        """Return J_w^T e of the learned weights; nothing changes."""
        products = self._products(self._packed(inputs, error))
        return ByObject({w: array_of(g) for w, g in zip(self.learned, products, strict=True)})

    @property
    def optimizer_variables(self) -> list[Any]:
        """Memory of a Keras optimizer: its step count and momenta."""
        return list(self._update.variables)

    def _packed(self, inputs: Mapping[nengo.Node, ArrayLike], error: Any) -> Any:
        """Return inputs and error as one tensor, for the compiled functions."""
        packed = self._inputs.pack(inputs, error)
        if self._window is not None and self._seen != self.sim.n_steps:
            self._window.forget()  # the simulator has run, or was reset
            self._seen = self.sim.n_steps
        return packed

    def _advance(self) -> None:
        """Count a step in the simulator, as its own runs do."""
        self.sim._n_steps += 1
        self._seen = self.sim._n_steps
        self.sim._time = self.sim._n_steps * self.sim.dt

    def _by_probe(self, tensors: list[Any]) -> Any:
        if not self._several:
            return array_of(tensors[0])
        return dict(zip(self.probes, map(array_of, tensors), strict=True))

    def _cycle(self, tensors: list[Any]) -> Observed:
        self._advance()
        n = len(self.probes)
        output, arrays = self._by_probe(tensors[:n]), map(array_of, tensors[n:])
        jacobians = {
            probe: ByObject({weight: next(arrays) for weight in weights})
            for probe, weights in self._asked.items()
        }
        return Observed(output, jacobians if self._several else jacobians[self.probes[0]])

    @cached_property
    def _step(self) -> CompiledFunction:
        return self._graphs.compiled(self._graphs.step)

    @cached_property
    def _observe(self) -> CompiledFunction:
        return self._graphs.compiled(self._graphs.observe)

    @cached_property
    def _forward(self) -> CompiledFunction:
        return self._graphs.compiled(self._graphs.forward)

    @cached_property
    def _look(self) -> CompiledFunction:
        return self._graphs.compiled(self._graphs.look, pure=True)

    @cached_property
    def _look_rates(self) -> CompiledFunction:
        return self._graphs.compiled(self._graphs.look_rates, pure=True)

    @cached_property
    def _products(self) -> CompiledFunction:
        return self._graphs.compiled(self._graphs.products, pure=True)
