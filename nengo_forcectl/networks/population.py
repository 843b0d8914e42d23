"""The choice of neurons of a learner: their type, their firing rates and their synapse."""

import math
from dataclasses import dataclass
from typing import Any, TypedDict

from ..support.validation import check, is_number
from .neurons import MAX_RATES, NeuronModel, neurons_of


class PopulationOptions(TypedDict, total=False):
    """The fields of `Population`, as keyword arguments."""

    neuron_type: Any
    max_rates: float | tuple[float, float] | None
    synapse: Any
    direct: bool


@dataclass(frozen=True)
class Population:
    """The neurons of a learner's ensemble.

    Raises:
        ConfigurationError: the neurons have no compiled form, or a rate is not possible.
    """

    neuron_type: Any = None
    """One of `NEURON_TYPES`, or an object of `nengo.RectifiedLinear` (default), `nengo.LIFRate`,
    `nengo.SpikingRectifiedLinear` or `nengo.LIF`. The last two really spike, and the law learns
    from the spikes behind the synapse; see `NeuronModel`."""
    max_rates: float | tuple[float, float] | None = None
    """Firing rate at the most active [Hz], or the range of them. Default: 1 for neurons that
    rectify rates, 100 to 400 for the others."""
    synapse: Any = None
    """Time constant [s] of the low pass on the decoders' output, or a `nengo.Lowpass`. Default:
    0.005 for neurons that spike, none (0) for others."""
    direct: bool = True
    """Whether a direct path takes the part of the torque that is linear in the state past the
    neurons. Without it, the neurons supply the whole torque."""

    def __post_init__(self) -> None:
        check(self, "direct", isinstance(self.direct, bool), "True or False")
        most, rates = self.model.highest_rate, self.rates
        if rates is not None:
            good = len(rates) == 2 and all(map(is_number, rates)) and 0 < rates[0] <= rates[1]
            bound = f" and below {most:g} Hz" if most < math.inf else ""
            needs = f"one or two ascending numbers above 0{bound}"
            check(self, "max_rates", good and rates[1] < most, needs, "Hz")

    @property
    def model(self) -> NeuronModel:
        """The compiled form of the neurons."""
        return neurons_of(self.neuron_type, self.synapse)

    @property
    def rates(self) -> tuple[float, ...] | None:
        """The range of rates at the most active [Hz]; None: 1 for all."""
        given = self.max_rates
        if given is None:
            return None if self.model.kind == "relu" else MAX_RATES
        return tuple(given) if isinstance(given, (tuple, list)) else (given, given)  # type: ignore[return-value]

    def ensemble(self) -> dict[str, Any]:
        """Return the arguments of `workspace_network`."""
        from nengo import Lowpass  # takes a second to load

        model, named = self.model, self.neuron_type is None or isinstance(self.neuron_type, str)
        return {
            "neuron_type": model.nengo_type() if named else self.neuron_type,
            "max_rates": self.rates,
            "synapse": Lowpass(model.synapse) if model.synapse > 0 else None,
        }
