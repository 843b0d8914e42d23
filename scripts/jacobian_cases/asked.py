"""Weights asked for by name, inputs of odd kinds, and simulators that are not NengoDL's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import nengo
import numpy as np

from nengo_forcectl.nengodl.compatibility import nengo_dl, tf

from .connections import between, with_rule
from .draft import Draft, Subject, case, enter_all

enter_all(
    "by name",
    {
        "PES": lambda: (between({"learning_rule_type": nengo.PES(0.1)}), "a -> out"),
        "BCM": lambda: (with_rule(nengo.BCM(1e-9)), "a.neurons -> b.neurons"),
        "Oja": lambda: (with_rule(nengo.Oja(1e-6)), "a.neurons -> b.neurons"),
        "Voja": lambda: (with_rule(nengo.Voja()), "b.encoders"),
        "a probe's decoders": lambda: _of_a_probe(),
        "a frozen layer": lambda: _frozen_layer(),
        "no such weight": lambda: (Draft().connected().probed(), "c.bias"),
        "no weight": lambda: (Draft().connected().probed(), ()),
    },
    lambda make: _asked(*make()),
)


def _asked(subject: Subject, wrt: Any) -> Subject:
    return replace(subject, wrt=wrt)


def _of_a_probe() -> tuple[Subject, Any]:
    draft = Draft().connected()
    return draft.probed(draft.a, label="p"), "a -> p"


def _frozen_layer() -> tuple[Subject, Any]:
    draft = Draft()
    with draft.network:
        layer = tf.keras.layers.Dense(2, trainable=False, dtype="float64")
        node = nengo_dl.TensorNode(
            layer, shape_in=(2,), shape_out=(2,), pass_time=False, label="layer"
        )
        nengo.Connection(draft.a, node, synapse=None, seed=3)
    return draft.probed(node), node


enter_all(
    "inputs",
    {
        "integers": lambda x: {node: np.sign(value).astype(int) for node, value in x.items()},
        "complex": lambda x: {node: value + 1j for node, value in x.items()},
        "truth values": lambda x: {node: value > 0 for node, value in x.items()},
        "texts": lambda x: {node: value.astype(str) for node, value in x.items()},
        "NaN": lambda x: {node: value * np.nan for node, value in x.items()},
        "no mapping": lambda x: next(iter(x.values())),
        "another node": lambda x: {nengo.Node([0.0], add_to_container=False): np.zeros((1, 1))},
        "too wide": lambda x: {node: np.zeros((1, 3, 5)) for node in x},
        "no steps": lambda x: {node: np.zeros((1, 0, 2)) for node in x},
        "ragged": lambda x: {node: [[0.0], [1.0, 2.0]] for node in x},
    },
    lambda given: replace(Draft().connected().probed(), inputs=given),
)


@case("inputs: another minibatch")
def _() -> Subject:
    subject = Draft(options={"minibatch_size": 2}).connected().probed()
    return replace(subject, inputs=lambda x: {node: value[:1] for node, value in x.items()})


@case("inputs: two minibatches")
def _() -> Subject:
    draft = Draft().connected()
    with draft.network:
        other = nengo.Node([0.0], label="other")
        nengo.Connection(other, draft.a[0], synapse=None)
    return replace(
        draft.probed(),
        inputs=lambda x: {n: np.tile(v, (1 + n.size_out, 1, 1)) for n, v in x.items()},
    )


@case("nengo.Simulator")
def _() -> Subject:
    return replace(Draft().connected().probed(), simulator=nengo.Simulator)


@case("a probe of another network")
def _() -> Subject:
    return replace(Draft().connected().probed(), probe=Draft().connected().probed().probe)


@case("no probe")
def _() -> Subject:
    return replace(Draft().connected().probed(), probe="out")
