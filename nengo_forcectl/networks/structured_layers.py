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
from .structured_encoding import SLOW, JointEncoding, StructuredEncoding, ToolEncoding
from .structured_population import StructuredPopulation

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


def population_of(
    encoding: StructuredEncoding, choice: Population, rng: np.random.Generator
) -> StructuredPopulation:
    """Return neurons of another kind, to fire in the place of those of joints and tool.

    `COPIES` neurons take the place of each rectified-linear one, as bent curves need more of them.
    The first fires where that one is above 0, the last where it is above `LAST`, all at their
    highest rate where it is 1. S is found by least squares on a grid over all that the neurons can
    see. The torque of friction stays odd in the speed.

    Args:
        encoding: with neurons of joints and tool.
        choice: the kind of neurons, their rates and their synapse.
        rng: for the voltages at the beginning of a motion.
    """
    olds, n = layers_of(encoding), encoding.arm.dof
    joints, shares = [], []
    for old, u in zip(olds["joints"], _seen_by_joints(encoding.joints), strict=False):
        joints.append(_with_rates(old, choice))
        shares.append(_shares(old, joints[-1], u, choice))
    tool, tool_shares = Layer(np.zeros((0, AT_PLACE)), np.zeros(0), np.zeros(0)), np.zeros((0, 0))
    for old in olds["tool"]:
        tool = _with_rates(old, choice)
        tool_shares = _shares(old, tool, _seen_by_tool(encoding.tool), choice)
    k = len(joints[0].bias) if joints else 0
    voltage = start_voltage(choice.neuron_type, n * k + len(tool.bias), rng)
    return StructuredPopulation(
        choice.model,
        np.array([each.scaled.T for each in joints]).reshape(n, SEEN + 1, k),
        np.array([each.bias for each in joints]).reshape(n, k),
        np.array(shares).reshape(n, -1, k) if joints else np.zeros((n, 0, 0)),
        voltage[: n * k].reshape(n, k),
        np.ascontiguousarray(tool.scaled[:, :AT_PLACE].T),
        tool.bias,
        tool_shares,
        voltage[n * k :],
    )


def in_place(
    encoding: StructuredEncoding,
    population: StructuredPopulation,
    weights: Mapping[str, Float[np.ndarray, "..."]],
) -> tuple[dict[str, tuple[Layer, ...]], dict[str, Float[np.ndarray, "..."]]]:
    """Return the layers of a population, and the weights with its decoders."""
    layers, weights = layers_of(encoding), dict(weights)
    if layers["joints"]:
        rows = zip(population.joint_encoders, population.joint_bias, strict=True)
        layers["joints"] = tuple(_layer(E.T, b) for E, b in rows)
    for place in layers["tool"]:
        E = np.zeros((len(population.tool_bias), place.encoders.shape[1]))
        E[:, :AT_PLACE] = population.tool_encoders.T
        layers["tool"] = (_layer(E, population.tool_bias),)
    shares = {joint_label(j): S for j, S in enumerate(population.joint_shares)}
    for label, S in (shares | {TOOL: population.tool_shares}).items():
        D = weights.get(label)
        if D is not None and D.shape[1:] == (len(S),):
            weights[label] = D @ S
    return layers, weights


def _layer(scaled: Float[np.ndarray, "neurons inputs"], bias: Float[np.ndarray, "k"]) -> Layer:
    """Return a layer of given scaled encoders."""
    gain = np.linalg.norm(scaled, axis=1)
    return Layer(scaled / gain[:, None], gain, bias)


def voltages_of(population: StructuredPopulation) -> dict[str, Float[np.ndarray, "neurons"]]:
    """Return the voltages at the beginning, by the labels of the ensembles."""
    rows = {f"joint {j + 1}": each for j, each in enumerate(population.joint_voltage)}
    return rows | {"tool": population.tool_voltage}


def _shares(
    old: Layer, new: Layer, u: Float[np.ndarray, "k inputs"], choice: Population
) -> Float[np.ndarray, "old new"]:
    """Return S, by which rates of the new neurons decode activities of the old ones."""
    wanted = np.maximum(_currents(old, u), 0.0)
    return LstsqL2(reg=REGULARISATION)(_rates(new, u, choice), wanted)[0].T


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
