"""A layer of neurons that partition the states of a sample, and its decoders."""

# pyright: reportArgumentType=false
# A type checker takes Nengo's descriptors for the defaults of its arguments.

from typing import Any, NamedTuple

import nengo
import numpy as np
from jaxtyping import Float
from nengo.solvers import NoSolver

from .dividing import divide

RATE = 200.0  # of a neuron that is not rectified-linear, at its most active [Hz]


class Layer(NamedTuple):
    """Neurons of a layer, ``a = G(gain (E u) + bias)``."""

    encoders: Float[np.ndarray, "neurons inputs"]  # E, of length 1
    gain: Float[np.ndarray, "neurons"]
    bias: Float[np.ndarray, "neurons"]

    @property
    def scaled(self) -> Float[np.ndarray, "neurons inputs"]:
        """The encoders times the gains, as NengoDL and the kernels have them."""
        return self.gain[:, None] * self.encoders


def beside(one: Layer, other: Layer) -> Layer:
    """Return the neurons of two layers, the inputs of the other following those of the one."""
    E = np.zeros((len(one.bias) + len(other.bias), one.encoders.shape[1] + other.encoders.shape[1]))
    E[: len(one.bias), : one.encoders.shape[1]] = one.encoders
    E[len(one.bias) :, one.encoders.shape[1] :] = other.encoders
    return Layer(E, *(np.concatenate(pair) for pair in zip(one[1:], other[1:], strict=True)))


def partition(
    u: Float[np.ndarray, "k inputs"],
    n_neurons: int,
    rng: np.random.Generator,
    neuron_type: Any,
    max_rates: tuple[float, float] | None = None,
) -> Layer:
    """Return neurons that partition a sample of inputs on a sphere; see `workspace_network`."""
    E, thresholds, highest = divide(u, n_neurons, rng)
    rates = np.full(n_neurons, highest_rate(neuron_type))
    if max_rates is not None:
        rates = rng.uniform(*max_rates, n_neurons)
    gain, bias = neuron_type.gain_bias(rates, np.zeros(n_neurons))
    gain = gain / (highest - thresholds)
    return Layer(E, gain, bias - gain * thresholds)


def ensemble_of(layer: Layer, neuron_type: Any, seed: int, label: str) -> nengo.Ensemble:
    """Return an ensemble of given neurons, in the present network."""
    return nengo.Ensemble(
        *layer.encoders.shape,
        encoders=layer.encoders,
        gain=layer.gain,
        bias=layer.bias,
        neuron_type=neuron_type,
        normalize_encoders=False,
        seed=seed,
        label=label,
    )


def highest_rate(neurons: Any) -> float:
    """Return the activity of a neuron at its most active: 1, or `RATE` if it is not linear."""
    return 1.0 if type(neurons) is nengo.RectifiedLinear else RATE


def decoders_of(
    ensemble: nengo.Ensemble,
    post: Any,
    D: Float[np.ndarray, "n_outputs n_neurons"],
    seed: int,
    label: str,
    synapse: Any = None,
) -> nengo.Connection:
    """Return the connection with decoders D from an ensemble to a node or a part of one."""
    return nengo.Connection(
        ensemble,
        post,
        function=lambda x: np.zeros(len(D)),
        solver=NoSolver(D.T),
        synapse=synapse,
        seed=seed,
        label=label,
    )
