"""Learning control cycles: arm, law and network compiled into one call."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..contract import Controller, fused
from ..errors import ConfigurationError
from ..estimation.predictor import Predictor
from ..learning.consolidation import Consolidation
from ..networks.encoding import NetworkArrays
from ..networks.neurons import Activity
from .compiled import OneCall
from .compiled_learner import LABELS as LABELS, ConsolidatingLearner, DescendingLearner
from .observing_cycle import ObservingCycle

if TYPE_CHECKING:
    from ..networks.closed_form import ClosedFormNetwork


@fused
class CompiledCycle(ObservingCycle):
    """Any control law with a consolidating network, compiled into one call.

    It equals `Blocks` of the law and `ConsolidatingAdaptation`, to rounding. The weights are copied
    from the simulator at the start; `store` writes the learned ones back, and NengoDL's
    ``freeze_params`` takes them from there to plain Nengo.

    Args:
        arm: the model.
        controller: a law of ``nengo_forcectl.control``.
        sim: an open ``nengo_dl.Simulator`` of ``network``.
        network: a `workspace_network` of neurons that have a compiled form (`NEURON_TYPES`).
        law: the learning law.
        predictor: for delayed sensors.

    Raises:
        NetworkError: the network has another form, or the law's basis another size.
        ConfigurationError: the control law or network has no compiled form.
    """

    def __init__(
        self,
        arm: Arm,
        controller: Controller,
        sim: Any,
        network: Any,
        law: Consolidation,
        predictor: Predictor | None = None,
    ) -> None:
        from ..nengodl.weights import named_weights  # loads nengo; a loaded controller needs none

        if network.arrays.neurons is None:
            raise ConfigurationError(
                f"CompiledCycle: no compiled form of {network.ensemble.neuron_type}; "
                "use Blocks with a ConsolidatingAdaptation"
            )
        weights = named_weights(sim)
        handles = [weights[network.linear], weights[network.decoders]]
        neurons = weights[network.ensemble]
        W = np.concatenate([handle.read() for handle in handles], axis=1)
        E, bias = neurons.encoders.read(), neurons.bias.read()
        arrays = network.arrays._replace(encoders=E, bias=bias, weights=W)
        learner = ConsolidatingLearner(arm, arrays, law, sim.dt, handles)
        self._assemble(arm, controller, learner, sim.dt, predictor)
        self.sim = sim

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
        """Return the cycle of a network in arrays, without a simulator.

        Raises:
            NetworkError: the network's parts do not fit each other, the arm or the law.
            ConfigurationError: the control law has no compiled form.
        """
        self = cls.__new__(cls)
        learner = ConsolidatingLearner(arm, network, law, dt)
        self._assemble(arm, controller, learner, dt, predictor)
        return self

    def _assemble(
        self,
        arm: Arm,
        controller: Controller,
        learner: ConsolidatingLearner,
        dt: float,
        predictor: Predictor | None,
    ) -> None:
        self.sim: Any = None
        self.law, self.dt, self._weights = learner.law, dt, learner
        super().__init__(arm, controller, learner, predictor)

    def resume(self, checkpoint: Mapping[str, np.ndarray]) -> None:
        """As `OneCall.resume`; raise `NetworkError` also for another network or arm."""
        self._weights.check(checkpoint)
        super().resume(checkpoint)

    def read(self) -> dict[str, Float[np.ndarray, "..."]]:
        """Return the learned weights by name."""
        return self._weights.read()

    @property
    def network(self) -> NetworkArrays:
        """The network with its present weights."""
        return self._weights.network

    @property
    def activity(self) -> Activity | None:
        """What the neurons have fired since the start; None for neurons that do not spike."""
        return self._weights.activity

    def store(self) -> None:
        """Write the learned weights to the simulator; raise `NetworkError` without one."""
        self._weights.store()


@fused
class CompiledGradientCycle(OneCall):
    """Any control law with a network that learns by the gradient law, compiled into one call.

    It equals `Blocks` of the law and `NetworkAdaptation` of ``network``, to rounding. The network
    owns the weights: its ``store`` writes them to the simulator.

    Args:
        arm: the model.
        controller: a law of ``nengo_forcectl.control``.
        network: a network of (q, dq), each scaled by the arm's limits.

    Raises:
        ConfigurationError: the control law has no compiled form.
        NetworkError: the network is not for this arm.
    """

    def __init__(self, arm: Arm, controller: Controller, network: "ClosedFormNetwork") -> None:
        self.network = network
        super().__init__(arm, controller, DescendingLearner(arm, network))
