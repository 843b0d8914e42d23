"""The adaptive network: a plain Nengo network, and a NengoDL simulator for it.

    F(x; w) = D relu(gain * (E x) / radius + bias)

``x`` is the normalised state, about [-1, 1] per component, E the encoders (n_neurons, n_inputs),
D the learned decoders (n_outputs, n_neurons) [N m], zero at the start, F the torque [N m]. A neuron
whose encoder points along x has activity 1 at the radius.

Random unit encoders in many dimensions are almost orthogonal to any x: ``E x / |x|`` has standard
deviation 1/sqrt(n_inputs). With Nengo's uniform intercepts most neurons would be always silent or
always active, that is, linear. So the intercepts have the distribution of that cosine for states
that fill the ball (`nengo.dists.CosineSimilarity` of n_inputs + 2; Voelker, Gosmann and Stewart
2017, "Efficiently sampling vectors and coordinates from the n-sphere and n-ball"): for states of
any length up to the radius a third to two thirds of the neurons are active, different ones for
different states.
"""

# pyright: reportArgumentType=false
# A type checker takes Nengo's descriptors for the defaults of its arguments.

from typing import Any

import nengo
import numpy as np
from jaxtyping import Float
from nengo.dists import Choice, CosineSimilarity, UniformHypersphere

from ..errors import ConfigurationError
from ..nengodl.compatibility import nengo_dl, nengodl_is_installed
from ..support.validation import Arguments, check_positive, check_seed, check_whole
from .encoding import NetworkArrays, StateEncoding, States
from .layer import Layer, decoders_of, ensemble_of, highest_rate, partition
from .neurons import NEURON_TYPES, NeuronModel, neurons_of, start_voltage


class AdaptiveNetwork(nengo.Network):
    """A `nengo.Network` with named parts, returned by `adaptive_network`."""

    state: nengo.Node  # x, n_inputs
    ensemble: nengo.Ensemble
    decoders: nengo.Connection  # ensemble -> torque, (n_outputs, n_neurons)
    torque: nengo.Node  # F [N m], n_outputs
    probe: nengo.Probe  # of torque, unfiltered


def adaptive_network(
    n_inputs: int,
    n_outputs: int,
    n_neurons: int = 1000,
    *,
    seed: int,
    radius: float = 1.0,
    neuron_type: Any = None,
    synapse: Any = None,
) -> AdaptiveNetwork:
    """Return a network of one ensemble with zero decoders.

    Args:
        n_inputs: size of the state x.
        n_outputs: size of F, the number of joints.
        n_neurons: neurons in the ensemble.
        seed: random seed of encoders and intercepts.
        radius: length of x at full activity, which is 1, or 200 Hz for neurons that are not
            rectified-linear.
        neuron_type: `nengo.RectifiedLinear()` by default; any other of Nengo's, rates or spikes.
        synapse: filter of the decoders' output, such as ``nengo.Lowpass(0.005)``, or its time
            constant [s]. F then depends on the decoders with one step of delay: `PesNetwork` learns
            through it, `OnlineNetwork` and `ClosedFormNetwork` refuse it.

    Raises:
        ConfigurationError: a size below one, or a radius that is not positive.
    """
    given = {"n_inputs": n_inputs, "n_outputs": n_outputs, "n_neurons": n_neurons}
    arguments = Arguments("adaptive_network", **given, radius=radius, seed=seed)
    check_whole(arguments, **dict.fromkeys(given, 1))
    check_seed(arguments)
    check_positive(arguments, radius="")
    rng = np.random.RandomState(seed)
    encoders = UniformHypersphere(surface=True).sample(n_neurons, n_inputs, rng=rng)
    intercepts = CosineSimilarity(n_inputs + 2).sample(n_neurons, rng=rng)
    neurons = nengo.RectifiedLinear() if neuron_type is None else neuron_type
    network = AdaptiveNetwork(label="adaptive network", seed=seed)
    with network:
        network.state = nengo.Node(size_in=0, output=np.zeros(n_inputs), label="state")
        network.ensemble = nengo.Ensemble(
            n_neurons,
            n_inputs,
            radius=radius,
            encoders=encoders,
            intercepts=intercepts,
            max_rates=Choice([highest_rate(neurons)]),
            neuron_type=neurons,
            seed=seed,
            label="adaptive",
        )
        network.torque = nengo.Node(size_in=n_outputs, label="torque")
        nengo.Connection(network.state, network.ensemble, synapse=None, label="state -> adaptive")
        network.decoders = decoders_of(
            network.ensemble,
            network.torque,
            np.zeros((n_outputs, n_neurons)),
            seed,
            "adaptive -> torque",
            synapse,
        )
        network.probe = nengo.Probe(network.torque, synapse=None, label="torque")
    return network


class WorkspaceNetwork(AdaptiveNetwork):
    """An `AdaptiveNetwork` with a direct path, returned by `workspace_network`."""

    linear: nengo.Connection  # state -> torque, (n_outputs, d + 1): of x and the 1
    encoding: StateEncoding  # computes the state v = (x, 1, u)
    arrays: NetworkArrays  # its weights at the start, as a simulator of it holds them


def workspace_network(
    encoding: StateEncoding,
    states: States,
    n_outputs: int,
    n_neurons: int = 1000,
    *,
    seed: int,
    neuron_type: Any = None,
    max_rates: tuple[float, float] | None = None,
    synapse: Any = None,
) -> WorkspaceNetwork:
    """Return a network whose neurons partition the states of a workspace.

        F(x; w) = A (x, 1) + D a,    a = relu(gain (E u) + bias)

    with v = (x, 1, u) as `StateEncoding` gives it. The direct path A, of the kind that
    random-vector functional-link networks have (Pao, Park and Sobajic 1994,
    doi:10.1016/0925-2312(94)90053-1), takes the part linear in the state, the neurons the rest. All
    weights of both are zero at the start.

    The encoders E are uniform on the sphere. The intercept of each is the value that a share of the
    sample's E u exceeds, the shares spread evenly from 0.15 to 0.32: so every neuron is active for
    some of the sample, and since all u have the same length every state activates between a tenth
    and a third of the neurons. The gain is such that the sample's greatest activity is 1, or 200 Hz
    for neurons that are not rectified-linear. (Choosing
    intercepts by the share of the state space in which a neuron is active: Gosmann and Eliasmith
    2016, doi:10.1371/journal.pone.0149928.)

    Args:
        encoding: computes v.
        states: a sample of the workspace, such as that of `reach_states`.
        n_outputs: numbers in F, the arm's joints.
        n_neurons: neurons in the ensemble.
        seed: random seed of the encoders and the shares.
        neuron_type: `nengo.RectifiedLinear()` by default; any other of Nengo's, rates or spikes.
        max_rates: range of the neurons' greatest activities [Hz], evenly distributed.
        synapse: filter of the decoders' output, as in `adaptive_network`.
    """
    arguments = Arguments("workspace_network", n_outputs=n_outputs, n_neurons=n_neurons, seed=seed)
    check_whole(arguments, n_outputs=1, n_neurons=1)
    check_seed(arguments)
    d = encoding.size
    neurons = nengo.RectifiedLinear() if neuron_type is None else neuron_type
    u = encoding.input(*states)[:, d + 1 :]
    rng = np.random.default_rng(seed)
    layer = partition(u, n_neurons, rng, neurons, max_rates)
    weights = np.zeros((n_outputs, d + 1 + n_neurons))
    state = np.zeros(2 * d + 2), 0
    model, voltage = _compiled_form(neurons, synapse, n_neurons, rng)
    if voltage is not None and model is not None:
        neurons = model.nengo_type(voltage)
    arrays = NetworkArrays(encoding, layer.scaled, layer.bias, weights, model, voltage)
    return _workspace(arrays, state, layer, neurons, seed, synapse)


def _compiled_form(
    neurons: Any, synapse: Any, n_neurons: int, rng: np.random.Generator
) -> tuple[NeuronModel | None, Float[np.ndarray, "neurons"] | None]:
    """Return the compiled form, if there is one, and the voltages at the start, if they spike."""
    try:
        model = neurons_of(neurons, 0.0 if synapse is None else synapse)
    except ConfigurationError:
        return None, None
    return model, start_voltage(neurons, n_neurons, rng) if model.spikes else None


def network_of(arrays: NetworkArrays) -> WorkspaceNetwork:
    """Return a plain Nengo network with given neurons and weights.

    As `workspace_network`, but its ``state`` takes (q, dq, ddq_r), 3 n numbers, and encodes them.

    Raises:
        ConfigurationError: the neurons have no compiled form.
    """
    encoding, n, model = arrays.encoding, len(arrays.weights), arrays.neurons
    if model is None:
        raise ConfigurationError(f"neurons: is None, needs one of {', '.join(NEURON_TYPES)}")
    gain = np.maximum(np.linalg.norm(arrays.encoders, axis=1), 1e-300)

    def encoded(t: float, s: np.ndarray) -> np.ndarray:
        return encoding.input(*s.reshape(3, n))

    E = arrays.encoders / gain[:, None]
    state, layer = (encoded, 3 * n), Layer(E, gain, arrays.bias)
    synapse = nengo.Lowpass(model.synapse) if model.synapse > 0 else None
    return _workspace(arrays, state, layer, model.nengo_type(arrays.voltage), 0, synapse)


def _workspace(
    arrays: NetworkArrays,
    state: tuple[Any, int],  # of the node: output, and size_in
    layer: Layer,
    neuron_type: Any,
    seed: int,
    synapse: Any,
) -> WorkspaceNetwork:
    encoding, weights = arrays.encoding, arrays.weights
    n_outputs, d = len(weights), encoding.size
    network = WorkspaceNetwork(label="workspace network", seed=seed)
    network.encoding, network.arrays = encoding, arrays
    with network:
        network.state = nengo.Node(state[0], size_in=state[1], label="state")
        network.ensemble = ensemble_of(layer, neuron_type, seed, "adaptive")
        network.torque = nengo.Node(size_in=n_outputs, label="torque")
        nengo.Connection(
            network.state[d + 1 :], network.ensemble, synapse=None, label="state -> adaptive"
        )
        network.linear = nengo.Connection(
            network.state[: d + 1],
            network.torque,
            transform=weights[:, : d + 1],
            synapse=None,
            label="state -> torque",
        )
        network.decoders = decoders_of(
            network.ensemble,
            network.torque,
            weights[:, d + 1 :],
            seed,
            "adaptive -> torque",
            synapse,
        )
        network.probe = nengo.Probe(network.torque, synapse=None, label="torque")
    return network


def simulator(network: nengo.Network, *, minibatch_size: int = 1, dt: float = 0.001) -> Any:
    """Return a quiet ``nengo_dl.Simulator`` of ``network`` that computes in float64, on the CPU.

    Without NengoDL it is a ``nengo.Simulator``: its weights can be read, written and learned in
    compiled form, but it has no derivatives and no minibatches.
    """
    if not nengodl_is_installed() and minibatch_size == 1:
        return nengo.Simulator(network, dt=dt, progress_bar=False, optimize=False)
    with network:
        nengo_dl.configure_settings(dtype="float64")
    return nengo_dl.Simulator(
        network, dt=dt, minibatch_size=minibatch_size, device="/cpu:0", progress_bar=False
    )
