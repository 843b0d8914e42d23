"""Control cycles with a network that learns, arm, law and network compiled into one call."""

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from arms import Arm

from .control import Controller, OperationalSpace
from .encoding import LIFT, PARTS, NetworkArrays
from .exceptions import ConfigurationError, NetworkError
from .fused import ALONE, NOT_FINITE, NOTHING, Layer, address, compile_now, task_arrays
from .learning.consolidation import Consolidation
from .paths import Reference
from .prediction import PREFIX, Predictor
from .robot import Result, State, checked_torque, push_of, vectors

if TYPE_CHECKING:
    from .closed_form import ClosedFormNetwork

LABELS = "state -> torque", "adaptive -> torque"
"""Of the connections whose weights a `CompiledCycle` learns."""


class _OneCall:
    """What the learning cycles have in common that are one call of compiled code."""

    arm: Arm
    dof: int
    _run: Any
    _kernel: tuple[int, int]
    _constants: tuple[Any, ...]
    learning = True
    """Whether it learns; see `learn`."""

    def _compile(self) -> None:
        still = [np.zeros(3)] * 5
        compile_now(self._run, self._kernel, still, True, True, *self._constants)

    def step(self, state: State, reference: Reference) -> Result:
        """Return the torque for this state; learn.

        Raises:
            SimulationError: a state or reference of another shape, a torque that is not finite.
        """
        sound = bool(state.sound)
        result, _ = self._once((state.q, state.dq, *reference[:3]), state.time, sound, ALONE)
        if result is None:
            copies = map(np.array, vectors(state, reference, self.dof))
            result, _ = self._once(copies, state.time, sound, ALONE)
            assert result is not None
        return result

    def guarded(
        self, state: State, reference: Reference, sound: bool, layer: Layer
    ) -> tuple[Result | None, int]:
        """As `step`, with what `Safe` does, in one call; the result, and what it met.

        None where nothing was done: the state is not credible, or an array not of the right kind.
        """
        return self._once((state.q, state.dq, *reference[:3]), state.time, sound, layer)

    def _once(
        self, values: Iterable[Any], time: float, sound: bool, layer: Layer
    ) -> tuple[Result | None, int]:
        n, out = self.dof, np.empty(4 * self.dof + 4)
        try:
            met = self._run(
                *self._kernel, *values, sound, self.learning, *self._constants, *layer, out
            )
        except TypeError:  # a list, other numbers than float64, not contiguous, read-only
            return None, NOTHING
        if met == NOTHING:
            return None, met
        tau = out[:n] if met != NOT_FINITE else checked_torque(out[:n], time)
        return Result(tau, out[n : 2 * n], out[4 * n : -1], None, out.item(-1)), met

    def learn(self, on: bool) -> None:
        """Let the network learn; without, it works alone, as it is."""
        self.learning = on


class CompiledCycle(_OneCall):
    """Operational-space control with a consolidating network, compiled into one call.

    It computes what `Blocks` of `OperationalSpace` and `ConsolidatingAdaptation` compute, to
    rounding. The weights are read from the simulator and are this object's own; `store` puts what
    was learned back, from where NengoDL's ``freeze_params`` takes it to plain Nengo.

    Args:
        arm: the model.
        controller: the control law.
        sim: an open ``nengo_dl.Simulator`` of ``network``.
        network: what `workspace_network` gives, of rectified-linear neurons.
        law: how it learns.
        predictor: for sensors that are late.

    Raises:
        NetworkError: the network is of another form, or the law's basis of another size.
        ConfigurationError: a control law or network that has no compiled form.
    """

    def __init__(
        self,
        arm: Arm,
        controller: OperationalSpace,
        sim: Any,
        network: Any,
        law: Consolidation,
        predictor: Predictor | None = None,
    ) -> None:
        import nengo

        from .weights import named_weights

        _check_compiled("CompiledCycle", controller)
        if type(network.ensemble.neuron_type) is not nengo.RectifiedLinear:
            raise ConfigurationError(
                f"CompiledCycle: no compiled form of {network.ensemble.neuron_type}; "
                "use Blocks with a ConsolidatingAdaptation"
            )
        weights = named_weights(sim)
        self._handles = [weights[network.linear], weights[network.decoders]]
        neurons = weights[network.ensemble]
        W = np.concatenate([handle.read() for handle in self._handles], axis=1)
        arrays = NetworkArrays(network.encoding, neurons.encoders.read(), neurons.bias.read(), W)
        self._build(arm, controller, arrays, law, sim.dt, predictor)

    @classmethod
    def of(
        cls,
        arm: Arm,
        controller: OperationalSpace,
        network: NetworkArrays,
        law: Consolidation,
        dt: float,
        predictor: Predictor | None = None,
    ) -> "CompiledCycle":
        """Return the cycle of a network in arrays, which needs no simulator and has none.

        Raises:
            NetworkError: the parts of the network do not fit each other, the arm, or the law.
            ConfigurationError: a control law that has no compiled form.
        """
        _check_compiled("CompiledCycle", controller)
        network.check(arm.dof)
        self = cls.__new__(cls)
        self._handles = []
        self._build(arm, controller, network, law, dt, predictor)
        return self

    def _build(
        self,
        arm: Arm,
        controller: OperationalSpace,
        network: NetworkArrays,
        law: Consolidation,
        dt: float,
        predictor: Predictor | None,
    ) -> None:
        from .compiled.cycle import ARRAYS, consolidating_cycle
        from .compiled.memory import Memory

        self.arm, self.controller, self.predictor = arm, controller, predictor
        self.law, self.dt, self._network = law, dt, network
        encoding, n, (features, p) = network.encoding, arm.dof, law.basis.shape
        law.start(self._by_name(network.weights))  # whether it fits
        every, period, _ = law.cycles(dt, n)
        shapes = {
            "weights": (n, features), "torque": (n,), "torque_last": (n,), "filtered": (features,),
            "last": (features,), "sampled": (features,), "z_next": (p,), "z": (p,), "y_next": (n,),
            "y_done": (n,), "keep": (2,), "information": (p, p), "moment": (p, n),
            "factor": (p, p), "solution": (n, p), "weights_next": (n, features), "bump": (n,),
            "offset": (n,), "sent": (n,), "momentum": (n,), "bias": (n,), "unmodelled": (n,),
            "count": (3,),
        }  # fmt: skip
        self.memory = Memory({name: shapes[name] for name in ARRAYS})
        self.memory["weights"][:] = network.weights
        self.memory["keep"][:] = 1.0
        self.memory["count"][1] = -1.0
        limits = np.zeros((5, max(n, encoding.size)))
        limits[0, :n] = arm.tau_max
        limits[1:, : encoding.size] = (
            encoding.centre, encoding.scale, encoding.lower, encoding.upper,
        )  # fmt: skip
        seconds = every * dt
        real = [
            dt, -math.expm1(-law.gain * dt), math.exp(-law.gain * dt),
            law.noise, law.surprise, seconds / law.memory, seconds / law.reset, LIFT,
        ]  # fmt: skip
        self.dof = n
        self._run: Any = consolidating_cycle
        self._jacobian = arm.jacobian
        self._kernel = address(arm)
        self._constants = (
            bool(encoding.measured),
            np.array([PARTS[encoding.inputs], every, period]),
            np.array(real),
            *task_arrays(controller, n),
            np.array(encoding.periodic, dtype=np.int64),
            limits,
            np.ascontiguousarray(network.encoders.T),
            np.ascontiguousarray(network.bias),
            law.basis,
            self.memory.buffer,
            self.memory.starts,
        )
        self._compile()

    def step(self, state: State, reference: Reference) -> Result:
        """Return the torque for this state; learn.

        Raises:
            SimulationError: a state or reference of another shape, a torque that is not finite.
        """
        if self.predictor is not None:
            state = self.predictor.now(state)
        if state.wrench is not None:  # the observer is to know of it
            self.memory["sent"][:] += push_of(self._jacobian(state.q), state)
        result = super().step(state, reference)
        if self.predictor is not None:
            self.predictor.sent(result.tau)
        return result

    def guarded(
        self, state: State, reference: Reference, sound: bool, layer: Layer
    ) -> tuple[Result | None, int]:
        """As `step`, with what `Safe` does, in one call; not with a predictor, nor a wrench."""
        if self.predictor is not None or state.wrench is not None:
            return None, NOTHING
        return super().guarded(state, reference, sound, layer)

    def overruled(self, tau: Float[np.ndarray, "n"]) -> None:
        """Take note of the torque [N m] that was sent in place of the last step's."""
        if self.predictor is not None:
            self.predictor.sent(tau, again=True)

    def read(self) -> dict[str, Float[np.ndarray, "..."]]:
        """Return the learned weights by name."""
        return self._by_name(self.memory["weights"].copy())

    def _by_name(self, W: Float[np.ndarray, "n features"]) -> dict[str, np.ndarray]:
        linear = self._network.encoding.size + 1
        names = [handle.name for handle in self._handles] or LABELS
        return dict(zip(names, (W[:, :linear], W[:, linear:]), strict=True))

    @property
    def network(self) -> NetworkArrays:
        """The network with the weights that it has now."""
        return self._network._replace(weights=self.memory["weights"].copy())

    def store(self) -> None:
        """Put the learned weights into the simulator; `NetworkError` if there is none."""
        if not self._handles:
            raise NetworkError("this cycle came without a simulator; its weights are in `network`")
        for handle, value in zip(self._handles, self.read().values(), strict=True):
            handle.write(value)

    def forget_motion(self) -> None:
        """Begin a new motion: what is not known yet by the weights is to be observed anew."""
        for name in ("torque", "torque_last", "filtered", "last", "offset", "sent", "unmodelled"):
            self.memory[name][:] = 0.0
        self.memory["count"][2] = 0.0  # no balance has begun
        if self.predictor is not None:
            self.predictor.memory.buffer[:] = 0.0

    def checkpoint(self) -> dict[str, np.ndarray]:
        """Return all that is learned and remembered, to be saved."""
        memory = self.memory.read()
        return memory if self.predictor is None else memory | self.predictor.memory.read()

    def resume(self, checkpoint: Mapping[str, np.ndarray]) -> None:
        """Go on from a checkpoint, to the same bits; `NetworkError` for one that does not fit."""
        own = dict(checkpoint)
        if self.predictor is not None:
            predicted = {name: own.pop(name) for name in checkpoint if name.startswith(PREFIX)}
            self.memory.check(own)
            self.predictor.memory.write(predicted)
        self.memory.write(own)


def _check_compiled(cycle: str, controller: Controller) -> None:
    if type(controller) is not OperationalSpace or controller.turns:
        raise ConfigurationError(
            f"{cycle}: no compiled form of {controller}; it knows OperationalSpace of positions; "
            "use Blocks"
        )


class CompiledGradientCycle(_OneCall):
    """Operational-space control with a network that learns by the gradient law, in one call.

    It computes what `Blocks` of `OperationalSpace` and `NetworkAdaptation` of ``network`` compute,
    to rounding. The weights are the network's own: its ``store`` puts them into the simulator.

    Raises:
        ConfigurationError: a control law that has no compiled form.
        NetworkError: a network that is not for this arm.
    """

    def __init__(
        self, arm: Arm, controller: OperationalSpace, network: "ClosedFormNetwork"
    ) -> None:
        from .adaptation.network import limits_of
        from .compiled.cycle import gradient_cycle

        n = arm.dof
        _check_compiled("CompiledGradientCycle", controller)
        if (network.n_inputs, network.n_outputs) != (2 * n, n):
            raise NetworkError(
                f"network has {network.n_inputs} inputs and {network.n_outputs} outputs, "
                f"arm '{arm.name}' needs {2 * n} and {n}"
            )
        self.arm, self.controller, self.network, self.dof = arm, controller, network, n
        self._run: Any = gradient_cycle
        self._kernel = address(arm)
        self._constants: tuple[Any, ...] = (
            *task_arrays(controller, n), np.stack((np.tile(arm.tau_max, 2), *limits_of(arm))),
            *network.arrays, network.learned, *network.constants,
        )  # fmt: skip
        self._compile()
