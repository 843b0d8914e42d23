"""The neurons of a compiled learner, as layers of a Nengo network, also of another type."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from nengo.solvers import LstsqL2

from ..kernels.layout.network_fields import AT_PLACE
from ..learning.joint_neurons import MIRROR
from .layer import Layer, beside
from .population import Population
from .structured_encoding import SLOW, JointEncoding, StructuredEncoding, ToolEncoding

TOOL = "tool -> force"  # label of the decoders of the tool's neurons
COPIES, LAST = 10, 0.8
REGULARISATION = 0.003  # of decoders, over the highest rate
GRID = {"joint": 41, "tool": 13}  # points along each axis, where decoders are compared


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


def of_another_type(
    encoding: StructuredEncoding,
    weights: Mapping[str, Float[np.ndarray, "..."]],
    population: Population,
) -> tuple[dict[str, tuple[Layer, ...]], dict[str, Float[np.ndarray, "..."]]]:
    """Return the layers with other neurons, and the weights with decoders for them.

    `COPIES` neurons take the place of each rectified-linear one, as bent curves need more of them.
    The first fires where that one is above 0, the last where it is above `LAST`, all at their
    highest rate where it is 1. The decoders give the same torque and force, by least squares on a
    grid over all that the neurons can see. The torque of friction stays odd in the speed.
    """
    layers, weights = layers_of(encoding), dict(weights)
    seen = {joint_label(j): u for j, u in enumerate(_seen_by_joints(encoding.joints))}
    seen[TOOL] = _seen_by_tool(encoding.tool)
    labels = {"joints": [*seen][:-1], "tool": [TOOL]}
    for part, olds in layers.items():
        news = tuple(_with_rates(old, population) for old in olds)
        for label, old, new in zip(labels[part], olds, news, strict=False):
            D = weights.get(label)
            if D is not None and D.shape[1:] == old.bias.shape:
                wanted = np.maximum(_currents(old, seen[label]), 0.0) @ D.T
                solve = LstsqL2(reg=REGULARISATION)
                weights[label] = solve(_rates(new, seen[label], population), wanted)[0].T
        layers[part] = news
    return layers, weights


def _with_rates(layer: Layer, population: Population) -> Layer:
    """Return `COPIES` neurons for each of a layer, which begin to fire as it becomes active.

    The second half of the rates repeats the first, so mirror images fire alike.
    """
    low, high = population.rates or (1.0, 1.0)
    count = COPIES * len(layer.bias)
    rates = np.resize(np.linspace(low, high, (count + 1) // 2), count)
    begin = np.tile(np.linspace(0.0, LAST, COPIES), len(layer.bias))
    gain, bias = population.model.nengo_type().gain_bias(rates, begin)
    length = np.linalg.norm(layer.encoders, axis=1)
    E, length, b = (np.repeat(x, COPIES, 0) for x in (layer.encoders, length, layer.bias))
    return Layer(E / length[:, None], gain * length, gain * b + bias)


def _rates(
    layer: Layer, u: Float[np.ndarray, "k inputs"], population: Population
) -> Float[np.ndarray, "k neurons"]:
    """Return firing rates at constant inputs [Hz]."""
    ones = np.ones(len(layer.bias))
    return population.model.nengo_type().rates(_currents(layer, u), ones, 0.0 * ones)


def _currents(layer: Layer, u: Float[np.ndarray, "k inputs"]) -> Float[np.ndarray, "k neurons"]:
    return u @ layer.scaled.T + layer.bias


def _seen_by_joints(encoding: JointEncoding) -> Float[np.ndarray, "n k 3"]:
    """Return u of each joint on a grid of its speeds and angles, and at the opposite speeds."""
    reach = np.arcsinh(encoding.speed / SLOW)
    speeds, angles = (
        np.linspace(encoding.lower[:, i], encoding.upper[:, i], GRID["joint"]) for i in range(2)
    )
    dq = np.repeat(SLOW * np.sinh(speeds * reach), GRID["joint"], axis=0)
    q = np.tile(encoding.centre + angles * encoding.spread, (GRID["joint"], 1))
    _, u = encoding.input(q, dq)
    return np.concatenate((u, u * MIRROR)).swapaxes(0, 1)


def _seen_by_tool(encoding: ToolEncoding) -> Float[np.ndarray, "k 17"]:
    """Return u of the tool on a grid of its positions."""
    ends = zip(encoding.lower[:3], encoding.upper[:3], strict=True)
    axes = (np.linspace(*each, GRID["tool"]) for each in ends)
    return encoding.at_rest(np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 3))
