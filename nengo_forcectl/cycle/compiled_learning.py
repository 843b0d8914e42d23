"""Control cycles with a network that learns, arm, law and network compiled into one call."""

import hashlib
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..contract import Controller, Reference, Result, State, fused
from ..control.joint_space import JointSpace
from ..errors import ConfigurationError, NetworkError
from ..estimation.predictor import Predictor
from ..learning.consolidation import Consolidation
from ..networks.encoding import LIFT, PARTS, NetworkArrays
from .compiled import OneCall

if TYPE_CHECKING:
    from ..networks.closed_form import ClosedFormNetwork

LABELS = "state -> torque", "adaptive -> torque"
"""Of the connections whose weights a `CompiledCycle` learns."""


class _Learning(OneCall):
    """One that learns, or not: the first of its constants."""

    @property
    def learning(self) -> bool:
        """Whether it learns; see `learn`."""
        return self._constants[0]

    def learn(self, on: bool) -> None:
        """Let the network learn; without, it works alone, as it is."""
        self._constants = (bool(on), *self._constants[1:])


@fused
class CompiledCycle(_Learning):
    """Any control law with a consolidating network, compiled into one call.

    It computes what `Blocks` of the law and `ConsolidatingAdaptation` compute, to rounding. The
    weights are read from the simulator and are this object's own; `store` puts what was learned
    back, from where NengoDL's ``freeze_params`` takes it to plain Nengo.

    Args:
        arm: the model.
        controller: a law of ``nengo_forcectl.control``, of which this cycle has the only use.
        sim: an open ``nengo_dl.Simulator`` of ``network``.
        network: what `workspace_network` gives, of rectified-linear neurons.
        law: how it learns.
        predictor: for sensors that are late.

    Raises:
        NetworkError: the network is of another form, or the law's basis of another size.
        ConfigurationError: a control law or network that has no compiled form.
    """

    dt: float
    feels = True  # a push that the sensor tells of is not to be learned
    learns_from_sent = True  # it learns from torques and motion, so from those of limits as well

    def __init__(
        self,
        arm: Arm,
        controller: Controller,
        sim: Any,
        network: Any,
        law: Consolidation,
        predictor: Predictor | None = None,
    ) -> None:
        import nengo

        from ..nengodl.weights import named_weights

        if type(network.ensemble.neuron_type) is not nengo.RectifiedLinear:
            raise ConfigurationError(
                f"CompiledCycle: no compiled form of {network.ensemble.neuron_type}; "
                "use Blocks with a ConsolidatingAdaptation"
            )
        weights = named_weights(sim)
        self._handles = [weights[network.linear], weights[network.decoders]]
        neurons = weights[network.ensemble]
        W = np.concatenate([handle.read() for handle in self._handles], axis=1)
        self.sim = sim
        arrays = NetworkArrays(network.encoding, neurons.encoders.read(), neurons.bias.read(), W)
        self._build(arm, controller, arrays, law, sim.dt, predictor)

    @classmethod
    def of_arrays(
        cls,
        arm: Arm,
        controller: Controller,
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
        network.check(arm.dof)
        self = cls.__new__(cls)
        self._handles, self.sim = [], None
        self._build(arm, controller, network, law, dt, predictor)
        return self

    def _build(
        self,
        arm: Arm,
        controller: Controller,
        network: NetworkArrays,
        law: Consolidation,
        dt: float,
        predictor: Predictor | None,
    ) -> None:
        from ..kernels.learn import ARRAYS, consolidating_joint_cycle, consolidating_task_cycle
        from ..kernels.memory import Memory

        super().__init__(arm, controller)
        self.predictor = predictor
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
            "count": (3,), "phi": (features,),
        }  # fmt: skip
        self.memory = Memory({name: shapes[name] for name in ARRAYS})
        self.memory["weights"][:] = network.weights
        self.memory["keep"][:] = 1.0
        self.memory["count"][1] = -1.0
        seconds = every * dt
        real = (
            dt, -math.expm1(-law.gain * dt), math.exp(-law.gain * dt),
            law.noise, law.surprise, seconds / law.memory, seconds / law.reset, LIFT,
        )  # fmt: skip
        ranges = (encoding.centre, encoding.scale, encoding.lower, encoding.upper)
        seen = (PARTS[encoding.inputs], int(encoding.measured), len(encoding.periodic))
        joint = isinstance(controller, JointSpace)
        self._start(
            consolidating_joint_cycle if joint else consolidating_task_cycle,
            True,
            own=(
                np.array([every, period, *seen, *encoding.periodic, *self.memory.starts]),
                np.concatenate((real, *ranges)),
                np.ascontiguousarray(network.encoders.T),
                np.ascontiguousarray(network.bias),
                np.ascontiguousarray(law.basis),
                self.memory.buffer,
            ),
        )
        self._remembered |= self.memory.views | {"fingerprint": _fingerprint(arm, network, law)}
        if predictor is not None:
            self._remembered |= predictor.memory

    def step(self, state: State, reference: Reference) -> Result:
        """Return the torque for this state; learn. Raises as `OneCall.step`."""
        if self.predictor is None:
            return super().step(state, reference)
        result = super().step(self.predictor.now(state), reference)
        self.predictor.sent(result.tau)
        return result

    def step_guarded(
        self,
        state: State,
        reference: Reference,
        sound: bool,
        guard: int,
        begun: int,
        elapsed: float,
    ) -> tuple[Result | None, int]:
        """As `OneCall.step_guarded`; with a predictor nothing is done."""
        if self.predictor is not None:
            return None, 0
        return super().step_guarded(state, reference, sound, guard, begun, elapsed)

    def overruled(self, tau: Float[np.ndarray, "n"]) -> None:
        """Take note of the torque [N m] that was sent in place of the last step's."""
        self.memory["sent"][:] = tau
        if self.predictor is not None:
            self.predictor.sent(tau, again=True)

    def resume(self, checkpoint: Mapping[str, np.ndarray]) -> None:
        """As `OneCall.resume`; `NetworkError` too for a checkpoint of another network or arm."""
        mark = self._remembered["fingerprint"]
        given = np.asarray(checkpoint.get("fingerprint", mark))
        if given.shape == mark.shape and not np.allclose(given, mark, rtol=1e-6, atol=1e-9):
            raise NetworkError(
                f"checkpoint: is not of this network for arm '{self.arm.name}'; seed, posture, "
                "states, inputs and the model must be those of the cycle that it is from"
            )
        count = np.ravel(checkpoint.get("count", ()))
        jobs = self.law.cycles(self.dt, self.dof)[2]
        if len(count) == 3 and not (count[0] >= 0 and -1 <= count[1] < jobs):
            raise NetworkError(f"checkpoint: count is {count}, needs a job from -1 to {jobs - 1}")
        super().resume(checkpoint)

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
        super().forget_motion()
        for name in ("torque", "torque_last", "filtered", "last", "offset", "sent", "unmodelled"):
            self.memory[name][:] = 0.0
        self.memory["count"][2] = 0.0  # no balance has begun
        if self.predictor is not None:
            self.predictor.forget()


def _fingerprint(
    arm: Arm, network: NetworkArrays, law: Consolidation
) -> Float[np.ndarray, "numbers"]:
    """Numbers by which a network and the arm that it learns of are known again."""
    encoding = network.encoding
    ranges = (encoding.centre, encoding.scale, encoding.lower, encoding.upper)
    digest = hashlib.sha256(f"{encoding.inputs} {encoding.periodic}".encode())
    for array in (network.encoders, network.bias, law.basis, *ranges):
        digest.update(np.ascontiguousarray(array, dtype=float).tobytes())
    terms = arm.terms(np.linspace(0.3, 0.9, arm.dof), np.zeros(arm.dof))
    marks = np.frombuffer(digest.digest(), np.uint8).astype(float)
    return np.concatenate((marks, terms.M.ravel(), terms.g))


@fused
class CompiledGradientCycle(_Learning):
    """A control law of the tool with a network that learns by the gradient law, in one call.

    It computes what `Blocks` of the law and `NetworkAdaptation` of ``network`` compute, to
    rounding. The weights are the network's own: its ``store`` puts them into the simulator.

    Raises:
        ConfigurationError: a control law that has no compiled form, or one of the joints.
        NetworkError: a network that is not for this arm.
    """

    def __init__(self, arm: Arm, controller: Controller, network: "ClosedFormNetwork") -> None:
        from ..adaptation.network_adaptation import limits_of
        from ..kernels.learn import gradient_cycle

        super().__init__(arm, controller)
        n = arm.dof
        if isinstance(controller, JointSpace):
            raise ConfigurationError(
                f"CompiledGradientCycle: no compiled form of {controller}; it knows the laws of "
                "the tool; use Blocks"
            )
        if (network.n_inputs, network.n_outputs) != (2 * n, n):
            raise NetworkError(
                f"network has {network.n_inputs} inputs and {network.n_outputs} outputs, "
                f"arm '{arm.name}' needs {2 * n} and {n}"
            )
        self.network = network
        self._start(
            gradient_cycle,
            True,
            own=(
                np.stack(limits_of(arm)),
                *network.arrays,
                np.array(network.learned, dtype=int),
                np.append(*network.constants),
            ),
        )
        names = "encoders", "bias", "decoders"
        self._remembered |= dict(zip(names, network.arrays[:3], strict=True))
