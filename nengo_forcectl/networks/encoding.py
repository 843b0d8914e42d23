"""A network's input: the arm's state, centred, scaled and bounded by a sample of its work."""

import math
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from jaxtyping import Float

from arms import Arm
from arms.machine.object_files import pack
from arms.model.bodies import coordinates

from ..errors import ConfigurationError, NetworkError
from ..kernels.block import Block
from ..kernels.layout.network_fields import ENCODING, NETWORK
from ..kernels.parts import encode_rows
from ..support.validation import Arguments, check_choice
from .neurons import NEURON_TYPES, SPIKING, SYNAPSE, NeuronModel

Inputs = Literal["q", "q-dq", "q-dq-ref", "q-ref"]
INPUTS: tuple[Inputs, ...] = get_args(Inputs)
PARTS = {"q": 1, "q-dq": 2, "q-dq-ref": 3, "q-ref": 3}  # of position, velocity, acceleration

CLIP = 0.5  # margin around the sample's range, as a share of it
LIFT = 0.5  # of the sphere's last axis; see `StateEncoding`


class States(NamedTuple):
    """A sample of an arm's states at work, for the design of a network."""

    q: Float[np.ndarray, "k n"]  # [rad]
    dq: Float[np.ndarray, "k n"]  # [rad/s]
    ddq: Float[np.ndarray, "k n"]  # [rad/s^2]


@dataclass(frozen=True)
class StateEncoding:
    """The network's input ``v = (x, 1, u)`` for one state of the arm.

    ``inputs`` selects x: q; q and dq; q, dq and the reference's joint acceleration ddq_r; or q,
    dq_r and ddq_r. Joints named in ``periodic`` enter as sine and cosine. Each number is centred,
    kept within ``lower`` and ``upper``, and scaled by one factor for positions, one for velocities
    and one for accelerations, so that the numbers of each group have a mean square of 1 over the
    sample. Since v is bounded, so is any network of it: outside the data it keeps its value at the
    edge.

    u is x on a sphere, ``u = (x / sqrt(d), c) / |(x / sqrt(d), c)|`` with d numbers in x and
    c = 0.5. All u have the same length, so that a neuron's threshold selects the same share of
    directions for common and for rare states (DeWolf, Jaworski and Eliasmith 2020,
    doi:10.3389/fnbot.2020.568359, who put the state of an arm on a hypersphere for this reason).

    A function of the reference's velocity and acceleration is feed-forward and cannot destabilise
    the arm; a function of the measured velocity can.
    """

    inputs: Inputs
    periodic: tuple[int, ...]  # joints
    centre: Float[np.ndarray, "d"]
    scale: Float[np.ndarray, "d"]
    lower: Float[np.ndarray, "d"]  # bound on x before centring
    upper: Float[np.ndarray, "d"]

    @property
    def size(self) -> int:
        """Size d of x."""
        return len(self.centre)

    @property
    def positions(self) -> int:
        """Number of positions in x, which come first."""
        return self.joints + len(self.periodic)

    @property
    def joints(self) -> int:
        """Number of joints, n."""
        return (self.size - len(self.periodic)) // PARTS[self.inputs]

    @property
    def measured(self) -> bool:
        """Whether x holds the measured velocity, not the reference's."""
        return self.inputs != "q-ref"

    @property
    def n_inputs(self) -> int:
        """Size of v: d of x, the 1, and d + 1 of u."""
        return 2 * self.size + 2

    def input(
        self,
        q: Float[np.ndarray, "*batch n"],
        dq: Float[np.ndarray, "*batch n"],
        ddq: Float[np.ndarray, "*batch n"],
    ) -> Float[np.ndarray, "*batch n_inputs"]:
        """Return v for positions, velocities (see ``measured``), the reference's accelerations.

        Raises:
            NetworkError: the arrays differ in shape, or are for another number of joints.
        """
        batch, rows = rows_of(self, self.joints, q, dq, ddq)
        v = np.empty((math.prod(batch), self.n_inputs))
        encode_rows.call(pack(self.block.address, *rows, v))
        return v.reshape(*batch, self.n_inputs)

    def check(self, n: int) -> None:
        """Raise `NetworkError` unless the parts fit each other and an arm of ``n`` joints."""
        if self.inputs not in INPUTS or not set(self.periodic) <= set(range(n)):
            raise NetworkError(
                f"encoding: has inputs {self.inputs!r}, periodic joints {self.periodic}; "
                f"needs one of {', '.join(INPUTS)}, and some of {n} joints"
            )
        turning = len(set(self.periodic))
        ranges = (self.centre, self.scale, self.lower, self.upper)
        shapes, fit = [np.shape(part) for part in ranges], (n * PARTS[self.inputs] + turning,)
        if shapes != [fit] * 4 or turning < len(self.periodic):
            raise NetworkError(f"encoding: has arrays of shapes {shapes}, needs {fit} each")

    @cached_property
    def block(self) -> Block:
        """The block of the encoding, for compiled code."""
        values = {name: getattr(self, name) for name in ("centre", "scale", "lower", "upper")}
        values |= {"parts": PARTS[self.inputs], "periodic": self.periodic, "lift": LIFT}
        return Block(ENCODING, {"d": self.size, "periodic": len(self.periodic)}, values)

    def __getstate__(self) -> dict[str, Any]:
        """Return the fields alone: a copy builds its own block."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


class NetworkArrays(NamedTuple):
    """A network of an encoding in arrays, ``F = W (x, 1, a)`` with neurons of currents E u + bias.

    ``neurons`` says what activities a they have; None: they have no compiled form.
    """

    encoding: StateEncoding
    encoders: Float[np.ndarray, "neurons d+1"]  # E, scaled by the gains
    bias: Float[np.ndarray, "neurons"]
    weights: Float[np.ndarray, "n d+1+neurons"]  # W: the direct path, then the decoders [N m]
    neurons: NeuronModel | None = NeuronModel()
    voltage: Float[np.ndarray, "neurons"] | None = None  # at the start; None: 0

    def block(self, state: Block | None = None) -> Block:
        """Return the block of the network, without its weights, for compiled code.

        Args:
            state: block of the neurons, see `state_block`.
        """
        encoding, (neurons, inputs) = self.encoding, self.encoders.shape
        values = {
            "encoding": encoding.block.address,
            "measured": encoding.measured,
            "encoders": self.encoders.T,
            "bias": self.bias,
            "neurons": 0 if state is None else state.address,
        }
        keeps = encoding.block, state
        return Block(NETWORK, {"inputs": inputs, "neurons": neurons}, values, keeps=keeps)

    def state_block(self, dt: float) -> Block | None:
        """Return the block of neurons, for cycles of dt [s]; None for `NeuronModel()`.

        Raises:
            ConfigurationError: the neurons have no compiled form.
        """
        if self.neurons is None:
            raise ConfigurationError(f"neurons: is None, needs one of {', '.join(NEURON_TYPES)}")
        if self.neurons == NeuronModel():
            return None
        voltage = np.zeros(len(self.bias)) if self.voltage is None else self.voltage
        return self.neurons.block(voltage, dt)

    def with_neurons(self, kind: str, synapse: float | None = None) -> "NetworkArrays":
        """Return the network with other neurons of the same rates: spikes for rates, or back.

        Args:
            kind: one of `NEURON_TYPES`; "lif" and "lif-rate" have the same rates, as have "relu"
                and "spiking-relu".
            synapse: time constant [s]; None: that of the present neurons, or the default if they
                have none and the new ones spike.

        Raises:
            ConfigurationError: the neurons have other rates, or spike without a synapse.
        """
        model = NeuronModel() if self.neurons is None else self.neurons
        fit = tuple(each for each in NEURON_TYPES if ("lif" in each) == ("lif" in model.kind))
        check_choice(Arguments("", neuron_type=kind), "neuron_type", fit)
        spikes = kind in SPIKING
        if synapse is None:
            synapse = model.synapse if model.synapse > 0 or not spikes else SYNAPSE
        voltage = self.voltage
        if spikes and voltage is None:
            voltage = np.random.default_rng(0).uniform(size=len(self.bias))
        return self._replace(neurons=replace(model, kind=kind, synapse=synapse), voltage=voltage)

    def check(self, n: int) -> None:
        """Raise `NetworkError` unless the parts fit each other and an arm of ``n`` joints."""
        self.encoding.check(n)
        d, neurons = self.encoding.size, len(self.bias)
        voltage = self.bias if self.voltage is None else self.voltage
        shapes = [np.shape(part) for part in (*self[1:4], voltage)]
        fit = [(neurons, d + 1), (neurons,), (n, d + 1 + neurons), (neurons,)]
        if shapes != fit:
            raise NetworkError(f"network: has arrays of shapes {shapes}, needs {fit}")
        if self.voltage is not None and not (self.voltage <= 1.0).all():
            raise NetworkError(
                "network: has voltages above 1, needs at most 1, where a neuron spikes"
            )


def encoding_of(
    arm: Arm, states: States, inputs: Inputs = "q-dq-ref", *, periodic: bool = False
) -> StateEncoding:
    """Return the encoding with the scales of ``states``.

    With ``periodic``, revolute joints enter as sine and cosine, for joints that turn without limit.

    Raises:
        ConfigurationError: the choice of inputs is unknown, or the states do not fit the arm.
    """
    if inputs not in INPUTS:
        raise ConfigurationError(f"inputs: is {inputs!r}, needs one of {', '.join(INPUTS)}")
    shape = np.shape(states.q)
    if any(np.shape(part) != shape for part in states) or shape[1:] != (arm.dof,) or shape[0] < 2:
        shapes = ", ".join(str(np.shape(part)) for part in states)
        raise ConfigurationError(f"states: have shapes {shapes}, need (k, {arm.dof}), k at least 2")
    if not all(np.isfinite(part).all() for part in states):
        raise ConfigurationError("states: are not all finite, need finite numbers")
    kinds = [joint.kind for joint in coordinates(arm.chain)]
    turning = tuple(i for i, kind in enumerate(kinds) if kind != "prismatic")
    joints = turning if periodic else ()
    positions = arm.dof + len(joints)
    x = _numbers(inputs, joints, states)
    centre, spread = x.mean(axis=0), x.std(axis=0)
    groups = np.split(spread, range(positions, len(spread), arm.dof))
    scale = [np.full(len(g), 1.0 / max(math.sqrt(np.mean(g**2)), 1e-9)) for g in groups]
    low, high = x.min(axis=0), x.max(axis=0)
    margin = CLIP * (high - low)
    return StateEncoding(inputs, joints, centre, np.concatenate(scale), low - margin, high + margin)


def _numbers(inputs: Inputs, periodic: tuple[int, ...], states: States) -> Float[np.ndarray, "k d"]:
    """Return x before it is centred, bounded and scaled."""
    d = PARTS[inputs] * states.q.shape[1] + len(periodic)
    edge = np.full(d, np.inf)
    plain = StateEncoding(inputs, periodic, np.zeros(d), np.ones(d), -edge, edge)
    return plain.input(*states)[:, :d]


def rows_of(
    encoding: Any, n: int, *moment: Float[np.ndarray, "*batch n"]
) -> tuple[tuple[int, ...], list[Float[np.ndarray, "k n"]]]:
    """Return the batch of q, dq and ddq, and each as rows that a kernel can read.

    Raises:
        NetworkError: the arrays differ in shape, or are for another number of joints.
    """
    parts = [np.asarray(part, dtype=float) for part in moment]
    batch = parts[0].shape[:-1]
    if any(part.shape != (*batch, n) for part in parts):
        shapes = ", ".join(str(part.shape) for part in parts)
        raise NetworkError(
            f"{type(encoding).__name__}.input: q, dq and ddq have shapes {shapes}, "
            f"need (*batch, {n}) each"
        )
    rows = [np.require(part.reshape(-1, n), requirements=("C", "W")) for part in parts]
    return batch, rows
