"""The neurons of a compiled network: rates or spikes, behind a synapse."""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn

import numpy as np
from jaxtyping import Float

from ..errors import ConfigurationError
from ..kernels.block import Block
from ..kernels.layout.network_fields import (
    LEAKS,
    LEAKS_SPIKING,
    NEURONS,
    RECTIFIES,
    RECTIFIES_SPIKING,
)
from ..kernels.parts import advance_neurons
from ..support.validation import check, check_choice, check_not_negative, check_positive, is_number

KINDS = {
    "relu": RECTIFIES,
    "lif-rate": LEAKS,
    "spiking-relu": RECTIFIES_SPIKING,
    "lif": LEAKS_SPIKING,
}
NEURON_TYPES = tuple(KINDS)
"""Names of the neurons that have a compiled form."""
SPIKING = "spiking-relu", "lif"
"""Names of those that spike."""
CLASSES = {
    "relu": "RectifiedLinear",
    "lif-rate": "LIFRate",
    "spiking-relu": "SpikingRectifiedLinear",
    "lif": "LIF",
}  # of Nengo
SYNAPSE = 0.005  # of spiking neurons, Nengo's default [s]
MAX_RATES = 100.0, 400.0  # range of their rates at the most active [Hz]

NEURON_STATE = "voltage", "refractory", "activity", "running", "tally"
"""Fields of the block that a checkpoint saves."""


@dataclass(frozen=True)
class NeuronModel:
    """Neurons with a current J, ``a = h * G(J)``, as Nengo's neurons and `nengo.Lowpass` step them.

        "relu"          G = max(J, 0)
        "lif-rate"      G = 1 / (tau_ref + tau_rc log(1 + 1 / (J - 1))) for J > 1, else 0
        "spiking-relu"  v += max(J, 0) dt;  G = floor(v) / dt;  v -= floor(v)
        "lif"           tau_rc dv/dt = J - v but in the refractory time;  v > 1: G = 1 / dt, v = 0

    each times ``amplitude``. J is constant during a cycle of dt, a spike's moment within it is
    solved for, and the refractory time counts from there (`nengo.LIF`; Eliasmith and Anderson 2003,
    section 4.1.1). h is the synapse: ``y <- e^(-dt / synapse) y + (1 - e^(-dt / synapse)) G``, of
    which a cycle uses the value before its own spikes, as Nengo's connections do. Without a
    synapse, a = G of the same cycle. In the first cycle of a motion, y is the rate that J has for
    long.
    """

    kind: str = "relu"  # one of `NEURON_TYPES`
    tau_rc: float = 0.02  # membrane time constant [s]
    tau_ref: float = 0.002  # refractory time [s]
    min_voltage: float = 0.0
    amplitude: float = 1.0
    synapse: float = 0.0  # its time constant [s]; 0: there is none

    def __post_init__(self) -> None:
        check_choice(self, "kind", NEURON_TYPES)
        check_positive(self, tau_rc="s", amplitude="")
        check_not_negative(self, tau_ref="s", synapse="s")
        good = self.synapse > 0 or not self.spikes
        check(self, "synapse", good, "a number above 0 with spikes", "s")

    @property
    def spikes(self) -> bool:
        """Whether the neurons spike."""
        return self.kind in SPIKING

    @property
    def has_state(self) -> bool:
        """Whether their activity depends on more than the present input."""
        return self.spikes or self.synapse > 0

    @property
    def highest_rate(self) -> float:
        """The bound on their rates [Hz]: the inverse of the refractory time, or infinity."""
        leaks = self.kind in ("lif-rate", "lif")
        return 1.0 / self.tau_ref if leaks and self.tau_ref > 0 else math.inf

    def nengo_type(self, voltage: Float[np.ndarray, "neurons"] | None = None) -> Any:
        """Return Nengo's neuron type, which begins with given voltages."""
        import nengo  # takes a second to load; a loaded controller works without it

        options: dict[str, Any] = {"amplitude": self.amplitude}
        if self.kind in ("lif-rate", "lif"):
            options |= {"tau_rc": self.tau_rc, "tau_ref": self.tau_ref}
        if self.kind == "lif":
            options["min_voltage"] = self.min_voltage
        if self.spikes and voltage is not None:
            options["initial_state"] = {"voltage": voltage}
        return getattr(nengo, CLASSES[self.kind])(**options)

    def block(self, voltage: Float[np.ndarray, "neurons"], dt: float) -> Block:
        """Return the block of neurons that begin with given voltages, for cycles of dt [s]."""
        values = {name: getattr(self, name) for name in ("tau_rc", "tau_ref", "min_voltage")}
        values |= {"kind": KINDS[self.kind], "amplitude": self.amplitude, "dt": dt}
        values["call"] = advance_neurons.address
        values["decay"] = math.exp(-dt / self.synapse) if self.synapse > 0 else 0.0
        return Block(NEURONS, {"neurons": len(voltage)}, values | {"start": voltage})


class Activity(NamedTuple):
    """What the neurons of a network have fired."""

    spikes: float
    cycles: float
    neurons: int
    inputs: float  # numbers that a neuron sees, in the mean
    outputs: float  # numbers that a spike changes, in the mean

    @property
    def spikes_per_cycle(self) -> float:
        """Spikes of all neurons in a control cycle."""
        return self.spikes / max(self.cycles, 1.0)


def neurons_of(neuron_type: Any = None, synapse: Any = None) -> NeuronModel:
    """Return the compiled form of neurons.

    Args:
        neuron_type: one of `NEURON_TYPES`, or an object of Nengo's class; None: "relu".
        synapse: time constant [s] or `nengo.Lowpass` behind them; 0: none. None: `SYNAPSE` for
            neurons that spike, none for others.

    Raises:
        ConfigurationError: they have no compiled form, or spike without a synapse.
    """
    kind = "relu" if neuron_type is None else neuron_type
    options: dict[str, float] = {}
    if not isinstance(kind, str):
        names = {name: kind for kind, name in CLASSES.items()}
        kind = names.get(type(neuron_type).__name__, "")
        if not type(neuron_type).__module__.startswith("nengo.") or not kind:
            _refuse("neuron_type", neuron_type, "of Nengo's " + ", ".join(names))
        for name in ("tau_rc", "tau_ref", "min_voltage", "amplitude"):
            if hasattr(neuron_type, name):
                options[name] = float(getattr(neuron_type, name))
    elif kind not in NEURON_TYPES:
        _refuse("neuron_type", kind, f"one of {', '.join(NEURON_TYPES)}, or an object of Nengo's")
    spikes = kind in SPIKING
    tau: Any = (SYNAPSE if spikes else 0.0) if synapse is None else synapse
    if type(synapse).__name__ == "Lowpass":
        tau = getattr(synapse, "tau", None)
    if not is_number(tau):
        _refuse("synapse", synapse, "a time constant [s] or a nengo.Lowpass")
    return NeuronModel(kind, synapse=float(tau), **options)


def start_voltage(
    neuron_type: Any, n_neurons: int, rng: np.random.Generator
) -> Float[np.ndarray, "neurons"]:
    """Return voltages at the beginning: as the type's ``initial_state`` says, or as is Nengo's way.

    Raises:
        ConfigurationError: it begins with a refractory time.
    """
    state = dict(getattr(neuron_type, "initial_state", None) or {})
    if set(state) - {"voltage"}:
        _refuse("neuron_type.initial_state", state, "no more than a voltage")
    given = state.get("voltage")
    if given is None:
        return rng.uniform(size=n_neurons)
    if hasattr(given, "sample"):
        seed = int(rng.integers(2**31))
        return np.ravel(given.sample(n_neurons, rng=np.random.RandomState(seed)))
    return np.array(np.broadcast_to(np.asarray(given, dtype=float), n_neurons))


def _refuse(field: str, value: object, needs: str) -> NoReturn:
    raise ConfigurationError(f"{field}: is {value}, needs {needs}")
