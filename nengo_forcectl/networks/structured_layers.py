"""The neurons of a compiled learner, as layers of a Nengo network, also of another type."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from nengo.solvers import LstsqL2

from ..kernels.layout.network_fields import AT_PLACE, SEEN
from ..learning.joint_neurons import MIRROR
from .layer import Layer, beside
from .neurons import start_voltage
from .population import Population
from .structured_encoding import StructuredEncoding
from .structured_population import StructuredPopulation

TOOL = "tool -> force"  # label of the decoders of the tool's neurons
COPIES, MOST, LAST, BEND = 10, 2.0, 0.75, 1.5  # the work's activities are up to 1
REGULARISATION = 0.003  # of shares, over the highest rate
POINTS = 1000  # at which activities are compared


def joint_label(j: int) -> str:
    """Return the label of the decoders of joint j, from 0."""
    return f"joint {j + 1} -> torque"


def mirrored(layer: Layer) -> Layer:
    """Return a joint's neurons, and their mirror images at the opposite speed."""
    E = np.concatenate((layer.encoders, layer.encoders * MIRROR))
    return Layer(E, *(np.concatenate((each, each)) for each in layer[1:]))


def layers_of(encoding: StructuredEncoding) -> dict[str, tuple[Layer, ...]]:
    """Return the rectified-linear neurons of joints and tool that the encoding has."""
    joints, tool = encoding.neurons, encoding.tool_neurons
    layers: dict[str, tuple[Layer, ...]] = {"joints": (), "tool": ()}
    if joints is not None:
        pairs = zip(joints.encoders, joints.bias, strict=True)
        layers["joints"] = tuple(mirrored(Layer(E.T, np.ones(len(b)), b)) for E, b in pairs)
    if tool is not None and "tool" in encoding.parts:
        place = Layer(tool.encoders.T, np.ones(len(tool.bias)), tool.bias)
        unseen = encoding.shapes["tool neurons"][0] - AT_PLACE
        layers["tool"] = (beside(place, Layer(np.zeros((0, unseen)), np.zeros(0), np.zeros(0))),)
    return layers


def population_of(
    encoding: StructuredEncoding, choice: Population, rng: np.random.Generator
) -> StructuredPopulation:
    """Return neurons of another kind, to fire in the place of those of joints and tool.

    `COPIES` neurons take the place of each rectified-linear one, with its encoder, as bent curves
    need more of them. With a the largest activity that it can have, or `MOST` if that is less, the
    first fires where it is above 0, the last where it is above ``LAST a``; where it is a, the first
    has the highest rate, the last the lowest. The shares are found by least squares on activities
    from 0 to a.

    Args:
        encoding: with neurons of joints and tool.
        choice: the kind of neurons, their rates and their synapse.
        rng: for the voltages at the beginning of a motion.
    """
    low, high = choice.rates or (1.0, 1.0)
    kind, begin = choice.model.nengo_type(), LAST * np.linspace(0.0, 1.0, COPIES) ** BEND
    gain, bias = kind.gain_bias(np.linspace(high, low, COPIES), begin)
    active = np.linspace(0.0, 1.0, POINTS)[:, None]
    rates = kind.rates(gain * active + bias, np.ones(COPIES), np.zeros(COPIES))
    shares = LstsqL2(reg=REGULARISATION)(rates, active)[0][:, 0]
    layers = layers_of(encoding)
    copied = [_copied(each, gain, bias) for each in (*layers["joints"], *layers["tool"])]
    voltages = [start_voltage(choice.neuron_type, len(each.bias), rng) for each, _ in copied]
    n, joints = encoding.arm.dof, copied[: len(layers["joints"])]
    k = len(joints[0][0].bias) if joints else 0
    none = Layer(np.zeros((0, AT_PLACE)), np.ones(0), np.zeros(0)), np.zeros(0)
    tool, top = copied[-1] if layers["tool"] else none
    return StructuredPopulation(
        choice.model,
        np.array([each.scaled.T for each, _ in joints]).reshape(n, SEEN + 1, k),
        np.array([each.bias for each, _ in joints]).reshape(n, k),
        np.array([np.kron(top, shares) for _, top in joints]).reshape(n, k),
        np.array(voltages[: len(joints)]).reshape(n, k),
        np.ascontiguousarray(tool.scaled[:, :AT_PLACE].T),
        tool.bias,
        np.kron(top, shares),
        voltages[-1] if layers["tool"] else np.zeros(0),
    )


def _copied(
    layer: Layer, gain: Float[np.ndarray, "copies"], bias: Float[np.ndarray, "copies"]
) -> tuple[Layer, Float[np.ndarray, "neurons"]]:
    """Return neurons with currents ``gain x / a + bias`` for each of activity x, and all a.

    a is the largest activity at an input of length 1, or `MOST` if that is less.
    """
    length, copies = np.linalg.norm(layer.scaled, axis=1), len(gain)
    top = np.minimum(length + layer.bias, MOST)
    many = np.kron(1.0 / top, gain)
    E = np.repeat(layer.scaled / length[:, None], copies, axis=0)
    own = many * np.repeat(layer.bias, copies) + np.tile(bias, len(length))
    return Layer(E, many * np.repeat(length, copies), own), top


def in_place(
    encoding: StructuredEncoding,
    population: StructuredPopulation,
    weights: Mapping[str, Float[np.ndarray, "..."]],
) -> tuple[dict[str, tuple[Layer, ...]], dict[str, Float[np.ndarray, "..."]]]:
    """Return the layers of a population, and the weights with its decoders."""
    layers, weights = layers_of(encoding), dict(weights)
    shares = dict(
        zip(map(joint_label, range(encoding.arm.dof)), population.joint_shares, strict=True)
    )
    if layers["joints"]:
        rows = zip(population.joint_encoders, population.joint_bias, strict=True)
        layers["joints"] = tuple(_layer(E.T, b) for E, b in rows)
    for place in layers["tool"]:
        E = np.zeros((len(population.tool_bias), place.encoders.shape[1]))
        E[:, :AT_PLACE] = population.tool_encoders.T
        layers["tool"] = (_layer(E, population.tool_bias),)
    for label, each in (shares | {TOOL: population.tool_shares}).items():
        D = weights.get(label)
        if D is not None and each.size and len(each) % D.shape[1] == 0:
            weights[label] = np.repeat(D, len(each) // D.shape[1], axis=1) * each
    return layers, weights


def _layer(scaled: Float[np.ndarray, "neurons inputs"], bias: Float[np.ndarray, "k"]) -> Layer:
    """Return a layer of given scaled encoders."""
    gain = np.linalg.norm(scaled, axis=1)
    return Layer(scaled / gain[:, None], gain, bias)


def voltages_of(population: StructuredPopulation) -> dict[str, Float[np.ndarray, "neurons"]]:
    """Return the voltages at the beginning, by the labels of the ensembles."""
    rows = {f"joint {j + 1}": each for j, each in enumerate(population.joint_voltage)}
    return rows | {"tool": population.tool_voltage}
