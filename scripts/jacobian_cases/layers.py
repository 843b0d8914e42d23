"""Layers of Keras, TensorNodes, and what NengoDL makes of them."""

from collections.abc import Callable
from typing import Any

import nengo
import numpy as np

from nengo_forcectl.nengodl.compatibility import nengo_dl, tf

from .draft import Draft, Subject, case, enter_all


def keras_layers() -> dict[str, Any]:
    """Makers of Keras's layers from two numbers to some."""
    layers, double = tf.keras.layers, {"dtype": "float64"}
    return {
        "Dense": lambda: layers.Dense(2, activation="tanh", **double),
        "BatchNormalization": lambda: layers.BatchNormalization(**double),
        "LayerNormalization": lambda: layers.LayerNormalization(**double),
        "Dropout": lambda: layers.Dropout(0.5, **double),
        "GaussianNoise": lambda: layers.GaussianNoise(0.5, **double),
        "PReLU": lambda: layers.PReLU(**double),
        "Conv1D": lambda: tf.keras.Sequential(
            [
                layers.Reshape((2, 1), **double),
                layers.Conv1D(2, 2, **double),
                layers.Flatten(**double),
            ]
        ),
        "LSTM": lambda: tf.keras.Sequential(
            [layers.Reshape((2, 1), **double), layers.LSTM(2, **double)]
        ),
        "stateful GRU": lambda: tf.keras.Sequential(
            [layers.Reshape((1, 2), **double), layers.GRU(2, stateful=True, **double)]
        ),
        "frozen": lambda: layers.Dense(2, trainable=False, **double),
    }


enter_all("layer", keras_layers(), lambda make: layer_of(make))


def layer_of(make: Callable[[], Any]) -> Subject:
    """Put a layer in a TensorNode behind the ensemble."""
    draft = Draft()
    with draft.network:
        node = nengo_dl.TensorNode(
            make(), shape_in=(2,), shape_out=(2,), pass_time=False, label="layer"
        )
        nengo.Connection(draft.a, node, synapse=None, seed=3)
    return draft.probed(node)


enter_all(
    "TensorNode",
    {
        "function": lambda x: tf.sin(x),
        "rounding": lambda x: tf.round(x),
        "partly rounding": lambda x: tf.round(x) + x,
        "argmax": lambda x: (
            tf.cast(tf.argmax(x, axis=1)[:, None], x.dtype) * tf.ones((1, 2), x.dtype)
        ),
        "stop_gradient": lambda x: tf.stop_gradient(x),
        "numpy_function": lambda x: tf.ensure_shape(
            tf.numpy_function(np.sin, [x], x.dtype), x.shape
        ),
    },
    lambda function: _tensor_node(function),
)


def _tensor_node(function: Callable) -> Subject:
    draft = Draft().connected()
    with draft.network:
        node = nengo_dl.TensorNode(
            function, shape_in=(2,), shape_out=(2,), pass_time=False, label="function"
        )
        nengo.Connection(draft.a, node, synapse=None, seed=3)
        nengo.Connection(node, draft.out, synapse=None)
    return draft.probed()


@case("TensorNode with the time")
def _() -> Subject:
    draft = Draft()
    with draft.network:
        node = nengo_dl.TensorNode(
            lambda t, x: x * tf.cast(1 + 100 * t, x.dtype), shape_in=(2,), shape_out=(2,)
        )
        nengo.Connection(draft.a, node, synapse=None, seed=3)
    return draft.probed(node)


@case("nengo_dl.Layer of neurons")
def _() -> Subject:
    draft = Draft()
    with draft.network:
        tensor = nengo_dl.Layer(tf.keras.layers.Dense(6, dtype="float64"))(draft.x)
        tensor = nengo_dl.Layer(nengo.Sigmoid())(tensor)
        tensor = nengo_dl.Layer(tf.keras.layers.Dense(2, dtype="float64"))(tensor)
    return draft.probed(tensor)


@case("nengo_dl.Converter")
def _() -> Subject:
    entry = tf.keras.Input((2,), dtype="float64")
    hidden = tf.keras.layers.Dense(5, activation=tf.nn.relu, dtype="float64")(entry)
    output = tf.keras.layers.Dense(2, dtype="float64")(hidden)
    converter = nengo_dl.Converter(tf.keras.Model(entry, output))
    with converter.net:
        nengo_dl.configure_settings(dtype="float64")
    return Subject(converter.net, converter.outputs[output])
