"""Layers of Keras with state or randomness, and layers whose weights have one path.

The kinds are found by listing: every class of ``tf.keras.layers`` that can be made without
arguments, or with those of ``ARGUMENTS``, and takes two numbers to two.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from nengo_forcectl.nengodl.compatibility import tf

from .draft import Subject, enter_all
from .layers import layer_of

DOUBLE = {"dtype": "float64"}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "AlphaDropout": {"rate": 0.5},
    "Dropout": {"rate": 0.5},
    "GaussianDropout": {"rate": 0.5},
    "GaussianNoise": {"stddev": 0.5},
    "ActivityRegularization": {"l1": 0.1},
    "GroupNormalization": {"groups": 2},
    "Dense": {"units": 2},
    "EinsumDense": {"equation": "ab,bc->ac", "output_shape": 2},
    "Reshape": {"target_shape": (2,)},
    "Rescaling": {"scale": 0.5},
    "Activation": {"activation": "softsign"},
    "Lambda": {"function": lambda x: x * x},
}


def kinds() -> dict[str, Callable[[], Any]]:
    """All kinds of layers that map two numbers to two."""
    found = {}
    for name, cls in inspect.getmembers(tf.keras.layers, inspect.isclass):
        if not issubclass(cls, tf.keras.layers.Layer) or name in ("Layer", "InputLayer"):
            continue

        make = partial(cls, **ARGUMENTS.get(name, {}), **DOUBLE)
        try:
            shape = make()(tf.zeros((1, 2), tf.float64)).shape
        except Exception:
            continue
        if tuple(shape) == (1, 2):
            found[name] = make
    return found


class Twins(tf.keras.layers.Layer):
    """Two weights of one name."""

    def build(self, shape: Any) -> None:
        """Make them."""
        self.first = self.add_weight(shape=(2,), initializer="ones")
        self.second = self.add_weight(shape=(2,), initializer="ones")

    def call(self, x: Any) -> Any:
        """Return a sum in which both act."""
        return tf.tanh(self.first * x) + self.second * x


class Sublayers(tf.keras.layers.Layer):
    """Two sublayers of one name."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.first, self.second = (
            tf.keras.layers.Dense(2, name="same", activation="tanh", **DOUBLE) for _ in range(2)
        )

    def call(self, x: Any) -> Any:
        """Return one after the other."""
        return self.second(self.first(x))


class Counting(tf.keras.layers.Layer):
    """A state that each call changes, and the output depends on."""

    def build(self, shape: Any) -> None:
        """Make weight and state."""
        self.kernel = self.add_weight(name="kernel", shape=(2,), initializer="ones")
        self.count = self.add_weight(name="count", shape=(), initializer="zeros", trainable=False)

    def call(self, x: Any) -> Any:
        """Return the weighted input, more each time."""
        count = self.count.assign_add(1.0)
        return self.kernel * x * count


def recurrent(name: str, **options: Any) -> Callable[[], Any]:
    """A recurrent layer over the two numbers as two steps."""
    layers = tf.keras.layers

    def make() -> Any:
        cell = getattr(layers, name)(2, **options, **DOUBLE)
        return tf.keras.Sequential([layers.Reshape((2, 1), **DOUBLE), cell])

    return make


enter_all("kind of layer", kinds(), layer_of)
enter_all(
    "layer",
    {
        "two weights of one name": lambda: Twins(**DOUBLE),
        "two sublayers of one name": lambda: Sublayers(**DOUBLE),
        "a count of calls": lambda: Counting(**DOUBLE),
        "SimpleRNN": recurrent("SimpleRNN"),
        "GRU": recurrent("GRU"),
        "stateful LSTM": recurrent("LSTM", stateful=True),
        "recurrent dropout": recurrent("LSTM", dropout=0.5),
        "spectral normalization": lambda: tf.keras.layers.SpectralNormalization(
            tf.keras.layers.Dense(2, **DOUBLE), **DOUBLE
        ),
    },
    layer_of,
)


def in_training(make: Callable[[], Any]) -> Subject:
    """Put a layer behind the ensemble; it computes as in training, for three items at once."""
    subject = layer_of(make)
    return replace(subject, options={"minibatch_size": 3}, training=True)


enter_all(
    "in training", kinds() | {"Dense": partial(tf.keras.layers.Dense, 2, **DOUBLE)}, in_training
)
