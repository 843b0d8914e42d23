"""The adaptive network: a plain Nengo network, and a NengoDL simulator for it.

    F(x; w) = D relu(gain * (E x) / radius + bias)

``x`` is the normalised state, about [-1, 1] per component, E the encoders (n_neurons, n_inputs),
D the learned decoders (n_outputs, n_neurons) [N m], zero at the start, F the torque [N m]. A neuron
whose encoder points along x has activity 1 at the radius.

Random unit encoders in many dimensions are almost orthogonal to any x: ``E x / |x|`` has standard
deviation 1/sqrt(n_inputs). With Nengo's uniform intercepts most neurons would be always silent or
always active, that is, linear. So the intercepts are distributed as that cosine is for states that
fill the ball (`nengo.dists.CosineSimilarity` of n_inputs + 2; Voelker, Gosmann and Stewart 2017,
"Efficiently sampling vectors and coordinates from the n-sphere and n-ball"): for states of any
length up to the radius a third to two thirds of the neurons are active, others for other states.
"""

# pyright: reportArgumentType=false
# Nengo declares its arguments with descriptors that a type checker takes for their defaults.

from typing import Any

import nengo
import numpy as np
from nengo.dists import Choice, CosineSimilarity, UniformHypersphere
from nengo.solvers import NoSolver

from .exceptions import ConfigurationError


class AdaptiveNetwork(nengo.Network):
    """What `adaptive_network` returns: a `nengo.Network` whose parts have names."""

    state: nengo.Node  # x, n_inputs
    ensemble: nengo.Ensemble
    decoders: nengo.Connection  # ensemble -> torque, (n_outputs, n_neurons)
    torque: nengo.Node  # F [N m], n_outputs
    probe: nengo.Probe  # of torque, unfiltered


def adaptive_network(
    n_inputs: int, n_outputs: int, n_neurons: int = 1000, *, seed: int, radius: float = 1.0
) -> AdaptiveNetwork:
    """Return a network of one ensemble of rectified-linear rate neurons with zero decoders.

    Args:
        n_inputs: numbers in the state x.
        n_outputs: numbers in F, the arm's joints.
        n_neurons: neurons in the ensemble.
        seed: of encoders and intercepts; the same seed gives the same network.
        radius: length of x that gives full activity.

    Raises:
        ConfigurationError: a size below one, or a radius that is not positive.
    """
    for name, value in (("n_inputs", n_inputs), ("n_outputs", n_outputs), ("n_neurons", n_neurons)):
        if value < 1:
            raise ConfigurationError(f"adaptive_network: {name} is {value}, must be at least 1")
    if not (radius > 0 and np.isfinite(radius)):
        raise ConfigurationError(f"adaptive_network: radius is {radius}, must be positive")
    rng = np.random.RandomState(seed)
    encoders = UniformHypersphere(surface=True).sample(n_neurons, n_inputs, rng=rng)
    intercepts = CosineSimilarity(n_inputs + 2).sample(n_neurons, rng=rng)
    network = AdaptiveNetwork(label="adaptive network", seed=seed)
    with network:
        network.state = nengo.Node(size_in=0, output=np.zeros(n_inputs), label="state")
        network.ensemble = nengo.Ensemble(
            n_neurons,
            n_inputs,
            radius=radius,
            encoders=encoders,
            intercepts=intercepts,
            max_rates=Choice([1.0]),
            neuron_type=nengo.RectifiedLinear(),
            seed=seed,
            label="adaptive",
        )
        network.torque = nengo.Node(size_in=n_outputs, label="torque")
        nengo.Connection(network.state, network.ensemble, synapse=None, label="state -> adaptive")
        network.decoders = nengo.Connection(
            network.ensemble,
            network.torque,
            function=lambda x: np.zeros(n_outputs),
            solver=NoSolver(np.zeros((n_neurons, n_outputs))),
            synapse=None,
            seed=seed,
            label="adaptive -> torque",
        )
        network.probe = nengo.Probe(network.torque, synapse=None, label="torque")
    return network


def simulator(network: nengo.Network, *, minibatch_size: int = 1, dt: float = 0.001) -> Any:
    """Return a quiet ``nengo_dl.Simulator`` of ``network`` that computes in float64, on the CPU."""
    from .nengodl import nengo_dl

    with network:
        nengo_dl.configure_settings(dtype="float64")
    return nengo_dl.Simulator(
        network, dt=dt, minibatch_size=minibatch_size, device="/cpu:0", progress_bar=False
    )
