"""The learners of compiled cycles: their blocks, weights and memory, by name."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..adaptation.network_adaptation import limits_of
from ..adaptation.time_scales import TimeScales
from ..errors import NetworkError
from ..kernels.layout.cycle_fields import CONSOLIDATES, DESCENDS
from ..kernels.layout.network_fields import TALLY_CYCLES, TALLY_SPIKES
from ..learning.consolidation import COUNTS, Consolidation, split_weights
from ..networks.encoding import NetworkArrays
from ..networks.firing import LABELS as LABELS
from ..networks.neurons import NEURON_STATE, Activity, NeuronModel
from .compiled import check_mark

if TYPE_CHECKING:
    from ..networks.closed_form import ClosedFormNetwork

MOST = 2**53  # of a count


class ConsolidatingLearner:
    """A network on an encoding, trained by `Consolidation`, with its observer.

    Args:
        arm: the model.
        network: the network in arrays; this object takes over the weights.
        law: the learning law.
        dt: control period [s].
        handles: handles of the simulator's two weights (direct path, decoders), if any.

    Raises:
        NetworkError: the network's parts do not fit each other, the arm or the law.
        ConfigurationError: the law's period is too short for its work, or the neurons have no
            compiled form.
    """

    kind = CONSOLIDATES

    def __init__(
        self,
        arm: Arm,
        network: NetworkArrays,
        law: Consolidation,
        dt: float,
        handles: Sequence[Any] = (),
    ) -> None:
        network.check(arm.dof)
        self.law, self._network, self._handles = law, network, handles
        self._arm_name = arm.name
        _, _, self._jobs = law.cycles(dt, arm.dof)
        names = [handle.name for handle in handles] or LABELS
        parts = np.split(network.weights, [network.encoding.size + 1], axis=1)
        self._weights = dict(zip(names, parts, strict=True))
        self._scales = TimeScales(law, self._weights, dt)
        self._neurons = network.state_block(dt)
        self._network_block = network.block(self._neurons)
        self.block = self._scales.block
        self.block["network"][...] = self._network_block.address
        self.memory = {**self._scales.memory, "fingerprint": _fingerprint(arm, network, law)}
        if self._neurons is not None:
            self.memory |= {name: self._neurons[name] for name in NEURON_STATE}

    @property
    def network(self) -> NetworkArrays:
        """The network with its present weights."""
        return self._network._replace(weights=self.memory["weights"].copy())

    def read(self) -> dict[str, Float[np.ndarray, "..."]]:
        """Return the learned weights by name."""
        return split_weights(self._weights, self.memory["weights"])

    def store(self) -> None:
        """Write the learned weights to the simulator; raise `NetworkError` without one."""
        if not self._handles:
            raise NetworkError("store: this cycle has no simulator; its weights are in `network`")
        for handle, value in zip(self._handles, self.read().values(), strict=True):
            handle.write(value)

    def record_sent(self, tau: Float[np.ndarray, "n"]) -> None:
        """Record the torque [N m] sent instead of the last step's, without the model's friction."""
        self.memory["sent"][:] = tau

    def forget_motion(self) -> None:
        """Begin a new motion: what the weights have not yet learned is observed anew."""
        self._scales.forget_motion()
        if self._neurons is not None:
            self._neurons["running"][:] = 0.0

    @property
    def activity(self) -> Activity | None:
        """What the neurons have fired so far; None for neurons that do not spike."""
        model = self._network.neurons
        if self._neurons is None or model is None or not model.spikes:
            return None
        spikes, cycles = self._neurons["tally"][[TALLY_SPIKES, TALLY_CYCLES]].tolist()
        neurons, inputs = self._network.encoders.shape
        return Activity(spikes, cycles, neurons, inputs, len(self._network.weights))

    @property
    def ranges(self) -> tuple[tuple[int, int], ...]:
        """Least and largest value of the whole numbers in ``memory["count"]``: see `COUNTS`."""
        return (0, MOST), (-1, self._jobs - 1), (0, 1)

    def check(self, checkpoint: Mapping[str, np.ndarray]) -> None:
        """Raise `NetworkError` if a checkpoint is invalid, or of another network or arm."""
        check_mark(
            self.memory["fingerprint"],
            checkpoint,
            f"network, seed, posture, states, inputs and model of arm '{self._arm_name}'",
        )
        count = np.ravel(checkpoint.get("count", ()))
        by_name = dict(zip(COUNTS, count, strict=False))
        if len(count) == len(COUNTS) and not (
            by_name["cycle"] >= 0 and -1 <= by_name["job"] < self._jobs
        ):
            raise NetworkError(
                f"checkpoint: count is {count}, needs a job from -1 to {self._jobs - 1}"
            )


class DescendingLearner:
    """A `ClosedFormNetwork` of (q, dq), scaled by the arm's limits; the network owns the weights.

    Raises:
        NetworkError: the network is not for this arm.
    """

    kind = DESCENDS

    def __init__(self, arm: Arm, network: "ClosedFormNetwork") -> None:
        n = arm.dof
        if (network.n_inputs, network.n_outputs) != (2 * n, n):
            raise NetworkError(
                f"network: has {network.n_inputs} inputs and {network.n_outputs} outputs, "
                f"needs {2 * n} and {n} for arm '{arm.name}'"
            )
        self.block = network.block
        self.block["centre"][:], self.block["scale"][:] = limits_of(arm)
        self.memory = {name: self.block[name] for name in ("encoders", "bias", "decoders")}

    def forget_motion(self) -> None:
        """Begin a new motion; this learner has no memory of the last one."""


def _fingerprint(
    arm: Arm, network: NetworkArrays, law: Consolidation
) -> Float[np.ndarray, "numbers"]:
    """Numbers that identify a network and its arm."""
    encoding = network.encoding
    ranges = (encoding.centre, encoding.scale, encoding.lower, encoding.upper)
    digest = hashlib.sha256(f"{encoding.inputs} {encoding.periodic}".encode())
    if network.neurons != NeuronModel():
        digest.update(repr(network.neurons).encode())
    for array in (network.encoders, network.bias, law.basis, *ranges):
        digest.update(np.ascontiguousarray(array, dtype=float).tobytes())
    terms = arm.terms(np.linspace(0.3, 0.9, arm.dof), np.zeros(arm.dof))
    marks = np.frombuffer(digest.digest(), np.uint8).astype(float)
    return np.concatenate((marks, terms.M.ravel(), terms.g))
