"""A network with the arm's Jacobians inside: each part explains a torque of one structure."""

# pyright: reportArgumentType=false
# A type checker takes Nengo's descriptors for the defaults of its arguments.

from collections.abc import Callable, Mapping
from dataclasses import replace
from numbers import Integral
from typing import Any, NamedTuple

import nengo
import numpy as np
from jaxtyping import Float

from arms import Arm

from ..errors import ConfigurationError, NetworkError
from ..kernels.layout.network_fields import AT_PLACE
from ..learning.presliding import Presliding
from ..nengodl.product_node import ProductNode
from ..support.validation import Arguments, check, check_choices, check_seed
from .encoding import States, encoding_of
from .layer import Layer, beside, decoders_of, ensemble_of, partition
from .population import Population
from .structured_encoding import (
    STRUCTURE,
    StructuredEncoding,
    joint_encoding,
    terms_of,
    tool_encoding,
)
from .structured_layers import TOOL, in_place, layers_of, mirrored, population_of, voltages_of
from .workspace import reach_states, task_axes

NEURONS = {"joints": 40, "tool": 200, "rest": 1000}  # of each joint, of the tool, of the rest


class StructuredNetwork(nengo.Network):
    """A `nengo.Network` with named parts, returned by `structured_network`."""

    state: nengo.Node  # v of the encoding
    torque: nengo.Node  # F [N m], n
    probe: nengo.Probe  # of torque, unfiltered
    encoding: StructuredEncoding
    learned: dict[str, tuple[nengo.Connection, ...]]  # those with the weights of each part
    layers: dict[str, tuple[Layer, ...]]  # neurons: one layer a joint, one of the tool, the rest


class Plan(NamedTuple):
    """What the parts are built from."""

    states: States | None  # without a sample there are no neurons
    neurons: Mapping[str, int]
    neuron_type: Any
    seed: int
    weights: Mapping[str, np.ndarray]  # by label; by default 0
    layers: Mapping[str, tuple[Layer, ...]]  # of joints and tool, without a sample
    synapse: Any = None  # behind the neurons
    neuron_types: Mapping[str, Any] = {}  # of ensembles by label; by default neuron_type


def structured_network(
    arm: Arm,
    work: States | Float[np.ndarray, "n"],
    *,
    seed: int,
    parts: tuple[str, ...] = ("body", "joints", "tool", "rest"),
    neurons: Mapping[str, int] | None = None,
    neuron_type: Any = None,
) -> StructuredNetwork:
    """Return a network whose weight Jacobian contains the arm's Jacobians.

        F(v; w) = Y(q, dq, ddq) theta + sum_j e_j w_j^T phi_j(q_j, dq_j)
                  + J^T W_x phi_x(x, dx, R) + W phi(q, dq, ddq)

    It is linear in all these weights, and they are 0 at the start. Each is a connection with a
    label, by which `named_weights` finds it:

    - "body": "payload" (10, 1), the inertial parameters of a body fixed to the tool frame, as one
      link's of `Arm.inertial_parameters`, and "armature" (n, 1) [kg m^2];
    - "links", not by default: "links" (p, 1), changes of all `Arm.inertial_parameters`, and
      "gravity" (3, 1), of the gravity vector in the base frame [m/s^2];
    - "joints": for each joint j from 1, "friction j" (1, 3), viscous, at the
      speed s of `JointEncoding`, dry, and a constant torque [N m], and
      "joint j -> torque" (1, neurons), decoders of an ensemble over the joint's own speed and
      angle; inputs as in `JointEncoding`. The second half of the neurons are the mirror images of
      the first, at the opposite speed (`JointNeurons`);
    - "tool": "state -> force" (3, 7), constant, stiffness and damping, and "tool -> force"
      (3, neurons), decoders of an ensemble of which one half sees the tool's position, the other
      its velocity and orientation, too; forces [N] in the base frame, inputs as in `ToolEncoding`;
    - "rest": "state -> torque" (n, d + 1) and "rest -> torque" (n, neurons), the parts of
      `workspace_network`.

    Y and J^T enter through a `ProductNode`. The neurons are those of `workspace_network`:
    encoders uniform on a sphere, intercepts by quantiles of a sample.

    Args:
        arm: the model.
        work: a sample of the work to be done, or the posture [rad] around which `reach_states`
            takes one.
        seed: random seed of the sample, the encoders and the intercepts.
        parts: some of `STRUCTURE`.
        neurons: number of neurons of each joint's ensemble, the tool's and the rest's; by default
            ``{"joints": 40, "tool": 200, "rest": 1000}``.
        neuron_type: `nengo.RectifiedLinear()` by default; any other of Nengo's, rates or spikes.

    Raises:
        ConfigurationError: a part is unknown or the arm cannot have it, a number of neurons is too
            small, or the states do not fit the arm.
        ArmError: the posture does not fit the arm.
    """
    check_seed(Arguments("structured_network", seed=seed))
    counts = _counts(neurons)
    _check_parts(arm, parts)
    if not isinstance(work, States):
        posture = arm.checked("work", work)
        work = reach_states(arm, posture, np.random.default_rng([seed, 1]))
    rest = encoding_of(arm, work)  # it checks the states
    states = States(*(np.array(part, dtype=float, order="C") for part in work))
    encoding = StructuredEncoding(
        arm, tuple(parts), joint_encoding(states), tool_encoding(arm, states), rest
    )
    type_ = nengo.RectifiedLinear() if neuron_type is None else neuron_type
    plan = Plan(states, counts, type_, seed, {}, {})
    return _assembled(encoding, plan, np.zeros(encoding.n_inputs), 0)


def _input_of(encoding: StructuredEncoding) -> Callable[[float, np.ndarray], np.ndarray]:
    """Return the function of a node that encodes (q, dq, ddq), with the friction built up so far.

    Time that goes back begins a new run.
    """
    n, last = encoding.arm.dof, 0.0
    z, presliding = np.zeros((1, n)), Presliding()

    def encoded(t: float, s: np.ndarray) -> np.ndarray:
        nonlocal z, last
        q, dq, ddq = s.reshape(3, n)
        if encoding.presliding is None:
            return encoding.input(q, dq, ddq)
        if t <= last:
            z, last = np.zeros((1, n)), 0.0
        z = presliding.built_up((t - last) * dq[None], z[0])
        last = t
        return encoding.input(q, dq, ddq, z[0])

    return encoded


def structured_network_of(
    encoding: StructuredEncoding,
    weights: Mapping[str, Float[np.ndarray, "..."]],
    population: Population | None = None,
) -> StructuredNetwork:
    """Return a plain Nengo network of what a compiled learner trains, with given weights.

    As `structured_network`, but without neurons of the tool's motion and of the rest, and its
    ``state`` takes (q, dq, ddq), 3 n numbers, and encodes them. The neurons of joints and tool are
    those of the encoding, or others in their place. With an encoding that has a ripple, there is
    "ripple j" (1, 2) of each joint: the torque of its sine and cosine [N m]. With a share of
    `Presliding`, its state remembers how far the friction of each joint has built up.

    Args:
        encoding: computes v from the state.
        weights: weights by label; those that are not given are 0.
        population: other neurons, active where the encoding's are, with their rates and synapse;
            their decoders are solved for the same torque. Default: the encoding's population, or
            its rectified-linear neurons if it has none.

    Raises:
        NetworkError: a name or a shape is wrong.
        ConfigurationError: the population has no direct path.
    """
    n, weights = encoding.arm.dof, dict(weights)
    if encoding.tool_neurons is not None and TOOL in weights:
        weights[TOOL] = weights[TOOL][:, : len(encoding.tool_neurons.bias)]
    layers, kind, synapse, types = layers_of(encoding), nengo.RectifiedLinear(), None, {}
    if population is not None:
        check(population, "direct", population.direct, "True: most of the structure is direct")
        own = population_of(encoding, population, np.random.default_rng(0))
        encoding = replace(encoding, population=own)
    firing = encoding.population
    if firing is not None:
        layers, weights = in_place(encoding, firing, weights)
        model, voltages = firing.model, voltages_of(firing)
        types = {label: model.nengo_type(voltage) for label, voltage in voltages.items()}
        synapse = nengo.Lowpass(model.synapse) if model.synapse > 0 else None

    plan = Plan(None, {}, kind, 0, weights, layers, synapse, types)
    network = _assembled(encoding, plan, _input_of(encoding), 3 * n)
    labels = [str(each.label) for part in network.learned.values() for each in part]
    for name in weights:
        if name not in labels:
            raise NetworkError(f"weights: has {name!r}, needs some of {', '.join(labels)}")
    return network


def _assembled(
    encoding: StructuredEncoding, plan: Plan, output: Any, size_in: int
) -> StructuredNetwork:
    """Return the network; ``output`` and ``size_in`` are those of its state's node."""
    network = StructuredNetwork(label="structured network", seed=plan.seed)
    network.encoding, network.learned, network.layers = encoding, {}, {}
    with network:
        network.state = nengo.Node(
            output, size_in=size_in, size_out=encoding.n_inputs, label="state"
        )
        network.torque = nengo.Node(size_in=encoding.arm.dof, label="torque")
        for part in (each for each in STRUCTURE if each in encoding.parts):
            network.learned[part] = BUILD[part](network, plan)
        network.probe = nengo.Probe(network.torque, synapse=None, label="torque")
    return network


def _counts(neurons: Any) -> dict[str, int]:
    """Return the number of neurons of every part that has some."""
    given, mapping = Arguments("structured_network", neurons=neurons), isinstance(neurons, Mapping)
    check(given, "neurons", neurons is None or mapping, f"numbers by part: {NEURONS}")
    counts = NEURONS | dict(neurons or {})
    for name, count in counts.items():
        if name not in NEURONS:
            raise ConfigurationError(
                f"structured_network.neurons: has {name!r}, needs some of {', '.join(NEURONS)}"
            )
        least = 1 if name == "rest" else 2  # each half of the joints' and the tool's
        whole = isinstance(count, Integral) and not isinstance(count, bool) and int(count) >= least
        given, pairs = Arguments("structured_network.neurons", **{name: count}), name == "joints"
        needs = f"{'an even' if pairs else 'a whole'} number from {least} up"
        check(given, name, whole and not (pairs and count % 2), needs)
    return counts


def _check_parts(arm: Arm, parts: tuple[str, ...]) -> None:
    check_choices(Arguments("structured_network", parts=parts), "parts", STRUCTURE)
    lacks = {}
    if not arm.sizes["p"]:
        lacks["links"] = "no link with a mass"
    try:
        task_axes(arm)
    except ConfigurationError:
        lacks["tool"] = "no joint that moves its tool"
    for part in parts:
        if part in lacks:
            possible = ", ".join(each for each in STRUCTURE if each not in lacks)
            raise ConfigurationError(
                f"structured_network.parts: has '{part}', but arm '{arm.name}' has {lacks[part]}; "
                f"parts that it can have: {possible}"
            )


def _add_body(network: StructuredNetwork, plan: Plan) -> tuple[nengo.Connection, ...]:
    return _columns(network, plan, "payload"), _columns(network, plan, "armature")


def _add_links(network: StructuredNetwork, plan: Plan) -> tuple[nengo.Connection, ...]:
    return _columns(network, plan, "links"), _columns(network, plan, "gravity")


def _columns(network: StructuredNetwork, plan: Plan, name: str) -> nengo.Connection:
    """Add ``Y theta``, with Y from the state; return the connection whose weights are theta."""
    node = ProductNode(*network.encoding.shapes[name], label=f"Y of {name}")
    nengo.Connection(_of_state(network, name), node.matrix, synapse=None)
    nengo.Connection(node, network.torque, synapse=None)
    return _direct(_of_state(network, "one"), node.vector, plan, name)


def _add_joints(network: StructuredNetwork, plan: Plan) -> tuple[nengo.Connection, ...]:
    layers, learned = _joint_layers(network, plan), []
    for j in range(network.torque.size_in):
        name, torque = f"joint {j + 1}", network.torque[j]
        friction, seen = (_of_state(network, part, j) for part in ("friction", "joints"))
        learned.append(_direct(friction, torque, plan, f"friction {j + 1}"))
        if network.encoding.ripple is not None:
            waves = _of_state(network, "ripple", j)
            learned.append(_direct(waves, torque, plan, f"ripple {j + 1}"))
        if layers:
            learned.append(_decoded(seen, layers[j], torque, plan, name, "torque"))
    network.layers["joints"] = layers
    return tuple(learned)


def _joint_layers(network: StructuredNetwork, plan: Plan) -> tuple[Layer, ...]:
    if plan.states is None:
        return plan.layers["joints"]
    rng, count = np.random.default_rng([plan.seed, 2]), plan.neurons["joints"] // 2
    sample = network.encoding.joints.sample(plan.states)
    return tuple(mirrored(partition(u, count, rng, plan.neuron_type)) for u in sample)


def _add_tool(network: StructuredNetwork, plan: Plan) -> tuple[nengo.Connection, ...]:
    encoding = network.encoding
    node = ProductNode(*encoding.shapes["J^T"], label="J^T")
    force = nengo.Node(size_in=3, label="force")
    nengo.Connection(_of_state(network, "J^T"), node.matrix, synapse=None)
    nengo.Connection(force, node.vector, synapse=None)
    nengo.Connection(node, network.torque, synapse=None)
    direct = _direct(_of_state(network, "tool"), force, plan, "state -> force")
    layers, seen = _tool_layers(network, plan), _of_state(network, "tool neurons")
    network.layers["tool"] = layers
    return direct, *(_decoded(seen, each, force, plan, "tool", "force") for each in layers)


def _tool_layers(network: StructuredNetwork, plan: Plan) -> tuple[Layer, ...]:
    """Return neurons of which one half sees the tool's place, the other its motion, too."""
    if plan.states is None:
        return plan.layers["tool"]
    encoding = network.encoding
    _, u = encoding.tool.input(terms_of(encoding.arm, *plan.states[:2]), plan.states.dq)
    rng, count = np.random.default_rng([plan.seed, 3]), plan.neurons["tool"]
    place = partition(u[:, :AT_PLACE], (count + 1) // 2, rng, plan.neuron_type)
    motion = partition(u[:, AT_PLACE:], count // 2, rng, plan.neuron_type)
    return (beside(place, motion),)


def _add_rest(network: StructuredNetwork, plan: Plan) -> tuple[nengo.Connection, ...]:
    encoding = network.encoding.rest
    place = network.encoding.places["rest"]
    middle = place.start + encoding.size + 1
    direct = _direct(network.state[place.start : middle], network.torque, plan, "state -> torque")
    network.layers["rest"] = ()
    if plan.states is None:
        return (direct,)
    u, rng = encoding.input(*plan.states)[:, encoding.size + 1 :], np.random.default_rng(plan.seed)
    layer = partition(u, plan.neurons["rest"], rng, plan.neuron_type)
    network.layers["rest"] = (layer,)
    seen = network.state[middle : place.stop]
    return direct, _decoded(seen, layer, network.torque, plan, "rest", "torque")


BUILD = {
    "body": _add_body,
    "links": _add_links,
    "joints": _add_joints,
    "tool": _add_tool,
    "rest": _add_rest,
}


def _of_state(network: StructuredNetwork, name: str, row: int | None = None) -> Any:
    """Return the part of the state node with one of the encoding's parts, or a row of it."""
    place = network.encoding.places[name]
    if row is None:
        return network.state[place]
    size = network.encoding.shapes[name][1]
    return network.state[place.start + row * size : place.start + (row + 1) * size]


def _direct(pre: Any, post: Any, plan: Plan, label: str) -> nengo.Connection:
    """Add a connection with the plan's weights, or weights of 0."""
    weights = _given(plan, label, (post.size_in, pre.size_out))
    return nengo.Connection(pre, post, transform=weights, synapse=None, label=label)


def _given(plan: Plan, label: str, shape: tuple[int, int]) -> Float[np.ndarray, "rows columns"]:
    """Return the plan's weights of a connection, by default 0."""
    weights = np.asarray(plan.weights.get(label, np.zeros(shape)), dtype=float)
    if weights.shape != shape:
        raise NetworkError(f"weights: {label!r} has shape {weights.shape}, needs {shape}")
    return weights


def _decoded(pre: Any, layer: Layer, post: Any, plan: Plan, name: str, to: str) -> nengo.Connection:
    """Add an ensemble with the plan's decoders, or decoders of 0; return the connection from it."""
    neuron_type = plan.neuron_types.get(name, plan.neuron_type)
    ensemble = ensemble_of(layer, neuron_type, plan.seed, name)
    nengo.Connection(pre, ensemble, synapse=None, label=f"state -> {name}")
    label = f"{name} -> {to}"
    D = _given(plan, label, (post.size_in, len(layer.bias)))
    return decoders_of(ensemble, post, D, plan.seed, label, plan.synapse)
