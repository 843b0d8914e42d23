"""dF/dw of a network with one layer of neurons, in closed form, by NumPy.

With scaled encoders E, biases b and decoders D, the rates a and their slopes a' at J = E x + b:

    F = D a,   dF/dD = 1 (x) a,   dF/db = D o a',   dF/dE = (D o a') x^T

For 1,000 neurons and one input this takes half of the time of a call of TensorFlow.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import nengo
import numpy as np
from jaxtyping import Float
from nengo.ensemble import Neurons

from .compatibility import nengo_dl, reader_of, tf
from .mapping import ByObject
from .weights import Weight, cache_of, named_weights

LARGEST_BATCH = 8  # for more items, TensorFlow's cores are faster

Rates = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def _rectified(neurons: Any) -> Rates:
    amplitude = float(neurons.amplitude)

    def rates(J: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rate, slope = np.maximum(J, 0), (J > 0).astype(J.dtype)
        return (rate, slope) if amplitude == 1 else (amplitude * rate, amplitude * slope)

    return rates


def _lif_rate(neurons: Any) -> Rates:
    tau_rc, tau_ref = float(neurons.tau_rc), float(neurons.tau_ref)
    amplitude = float(neurons.amplitude)

    def rates(J: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        fires = J > 1
        j = np.where(fires, J - 1, 1)
        period = tau_ref + tau_rc * np.log1p(1 / j)
        rate = amplitude * fires / period
        return rate.astype(J.dtype), (rate * tau_rc / (period * j * (j + 1))).astype(J.dtype)

    return rates


def _sigmoid(neurons: Any) -> Rates:
    highest = 1 / float(neurons.tau_ref)

    def rates(J: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        value = 0.5 * (1 + np.tanh(0.5 * J))  # 1 / (1 + e^-J), without overflow
        return highest * value, highest * value * (1 - value)

    return rates


def _tanh(neurons: Any) -> Rates:
    highest = 1 / float(neurons.tau_ref)

    def rates(J: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        value = np.tanh(J)
        return highest * value, highest * (1 - value**2)

    return rates


RATES: dict[type, Callable[[Any], Rates]] = {
    nengo.RectifiedLinear: _rectified,
    nengo.SpikingRectifiedLinear: _rectified,
    nengo.LIFRate: _lif_rate,
    nengo.LIF: _lif_rate,
    nengo.Sigmoid: _sigmoid,
    nengo.Tanh: _tanh,
}
"""By neuron type, a function of the neurons that returns the one from J to rates and slopes."""


@dataclass(frozen=True)
class OneLayer:
    """An input node, an ensemble and its decoders, with nothing else before the output."""

    node: nengo.Node
    neurons: Any
    encoders: Weight
    bias: Weight
    decoders: Weight
    trainable: tuple[Weight, ...]  # of these three, in the order of `named_weights`

    def jacobian(
        self, x: Float[np.ndarray, "batch n_in"], weights: Sequence[Weight]
    ) -> ByObject[Float[np.ndarray, "batch n_out *shape"]]:
        """Return dF/dw by each of the ``weights``, read-only."""
        E, b, D = self.read()
        rates, slopes = self.rates(x @ E.T + b)
        by_bias = np.multiply(slopes[:, None], D)
        found = {}
        for weight in weights:
            if weight is self.decoders:
                value = np.zeros((len(x), len(D), *D.shape), x.dtype)
                for i in range(len(D)):
                    value[:, i, i] = rates
            elif weight is self.bias:
                value = by_bias
            else:
                value = np.empty((*by_bias.shape, x.shape[1]), x.dtype)
                columns = by_bias.reshape(len(x), -1, 1)
                products = value.reshape(len(x), -1, x.shape[1])
                for k in range(len(x)):  # a product of matrices is faster than an outer product
                    np.dot(columns[k], x[k : k + 1], out=products[k])
            value.setflags(write=False)
            found[weight] = value
        return ByObject(found)

    @cached_property
    def rates(self) -> Rates:
        """A function that returns the rates and their slopes by J."""
        return RATES[type(self.neurons)](self.neurons)

    @cached_property
    def dtype(self) -> np.dtype:
        """The type of all numbers."""
        return np.dtype(self.encoders.variable.dtype.name)

    @cached_property
    def read(self) -> Callable[[], list[np.ndarray]]:
        """A function that returns the present encoders, biases and decoders."""
        return reader([self.encoders, self.bias, self.decoders])

    def input(self, inputs: Any) -> Float[np.ndarray, "batch n_in"] | None:
        """Return x of one step if ``inputs`` are just that; else None, to be checked."""
        x = inputs.get(self.node) if type(inputs) is dict and len(inputs) == 1 else None
        if type(x) is not np.ndarray or x.dtype != self.dtype:
            return None
        if x.ndim != 2 or x.shape[1] != self.encoders.shape[1] or not 1 <= len(x) <= LARGEST_BATCH:
            return None
        numbers = x.ravel()
        return x if math.isfinite(numbers.dot(numbers)) else None


def prepared(sim: Any, probe: Any) -> OneLayer | None:
    """Return what `one_layer_of` has found before, if ``sim`` is still open."""
    try:
        return None if sim.closed else sim._forcectl.get(("one layer", probe))
    except (AttributeError, TypeError):  # not a simulator, or no probe
        return None


def one_layer_of(sim: Any, probe: nengo.Probe) -> OneLayer | None:
    """Return the closed form of what a probe needs within one step, if it has one."""
    cache, key = cache_of(sim), ("one layer", probe)
    if key not in cache:
        cache[key] = _one_layer(sim, probe)
    return cache[key]


def _one_layer(sim: Any, probe: nengo.Probe) -> OneLayer | None:
    connections = [each for each in sim.model.params if isinstance(each, nengo.Connection)]
    target: Any = probe.target
    into = [each for each in connections if each.post_obj is target]
    passes = isinstance(target, nengo.Node) and target.output is None and probe.synapse is None
    if not passes or len(into) != 1 or not isinstance(into[0].pre_obj, nengo.Ensemble):
        return None
    (out,), ensemble = into, into[0].pre_obj
    ways = [each for each in connections if _ensemble(each.post_obj) is ensemble]
    if (
        len(ways) != 1
        or ways[0].post_obj is not ensemble
        or type(ensemble.neuron_type) not in RATES
    ):
        return None
    entry: Any = ways[0]
    plain = all(_is_plain(each) for each in (entry, out))
    if not plain or entry.pre_obj not in sim.node_inputs or entry.has_weights:
        return None
    if entry.function is not None or not out.has_weights:
        return None
    smooth = nengo_dl.config.get_setting(sim.model, "lif_smoothing") is not None
    weights = named_weights(sim)
    parts = (weights[ensemble].encoders, weights[ensemble].bias, weights[out])
    fits = (
        sim.minibatch_size == 1
        and ensemble.noise is None
        and not (smooth and type(ensemble.neuron_type) is nengo.LIF)
        and all(w.variable is not None and not w.minibatched for w in parts)
        and parts[2].shape == (target.size_in, ensemble.n_neurons)
        and not tf.config.get_visible_devices("GPU")
    )
    if not fits:
        return None
    trainable = tuple(weight for weight in weights.trainable() if weight in parts)
    return OneLayer(entry.pre_obj, ensemble.neuron_type, *parts, trainable)


def _is_plain(connection: nengo.Connection) -> bool:
    """Whether a connection acts at once, is fixed, and is between whole objects."""
    whole = slice(None)
    return (
        connection.synapse is None
        and connection.learning_rule_type is None
        and connection.pre_slice == whole
        and connection.post_slice == whole
    )


def _ensemble(obj: Any) -> Any:
    return obj.ensemble if isinstance(obj, Neurons) else obj


def reader(weights: list[Weight]) -> Callable[[], list[np.ndarray]]:
    """Return a function that returns the present values, views of TensorFlow's memory."""
    variables = list({id(w.variable): w.variable for w in weights}.values())
    index = {id(variable): i for i, variable in enumerate(variables)}
    places = [(index[id(w.variable)], None if w.whole else (w.place, w.shape)) for w in weights]
    separate = len(variables) == len(weights) and all(part is None for _, part in places)
    tensors = reader_of(variables)

    def read() -> list[np.ndarray]:
        arrays = [np.asarray(memoryview(tensor)) for tensor in tensors()]
        if separate:
            return arrays
        return [
            arrays[i] if part is None else arrays[i][part[0]].reshape(part[1]) for i, part in places
        ]

    return read
