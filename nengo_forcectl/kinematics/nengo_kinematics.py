"""The learned kinematics as a Nengo network, for Nengo and NengoDL, and back."""

# pyright: reportArgumentType=false
# A type checker takes Nengo's descriptors for the defaults of its arguments.

import dataclasses
from typing import Any

import nengo
import numpy as np
from nengo.solvers import NoSolver

from ..errors import NetworkError
from ..nengodl.weights import named_weights
from .learned import LearnedKinematics


class KinematicsNetwork(nengo.Network):
    """A `nengo.Network` with named parts, returned by `kinematics_network`."""

    joints: nengo.Node  # u = learned.inputs(q)
    ensemble: nengo.Ensemble  # a = tanh(E u + b)
    decoders: nengo.Connection  # ensemble -> pose, the first N columns of W
    constant: nengo.Connection  # the last column
    pose: nengo.Node  # y
    probe: nengo.Probe  # of pose, unfiltered


def kinematics_network(learned: LearnedKinematics) -> KinematicsNetwork:
    """Return the network y = W (tanh(E u + b), 1) of u, without synapses.

    Its input Jacobian dy/du times du/dq (`LearnedKinematics.input_slopes`) is
    ``learned.output_jacobian(q)``.
    """
    lengths = np.maximum(np.linalg.norm(learned.encoders, axis=1), 1e-300)
    outputs = len(learned.decoders)
    network = KinematicsNetwork(label="kinematics network", seed=0)
    with network:
        network.joints = nengo.Node(np.zeros(learned.encoders.shape[1]), label="joints")
        network.ensemble = nengo.Ensemble(
            learned.neurons,
            learned.encoders.shape[1],
            encoders=learned.encoders / lengths[:, None],
            gain=lengths,
            bias=learned.bias,
            normalize_encoders=False,
            neuron_type=nengo.Tanh(tau_ref=1.0),
            seed=0,
            label="kinematics",
        )
        network.pose = nengo.Node(size_in=outputs, label="pose")
        nengo.Connection(
            network.joints, network.ensemble, synapse=None, label="joints -> kinematics"
        )
        network.decoders = nengo.Connection(
            network.ensemble,
            network.pose,
            function=lambda x: np.zeros(outputs),
            solver=NoSolver(learned.decoders[:, :-1].T),
            synapse=None,
            seed=0,
            label="kinematics -> pose",
        )
        one = nengo.Node([1.0], label="one")
        network.constant = nengo.Connection(
            one,
            network.pose,
            transform=learned.decoders[:, -1:],
            synapse=None,
            label="one -> pose",
        )
        network.probe = nengo.Probe(network.pose, synapse=None, label="pose")
    return network


def kinematics_from(
    sim: Any, network: KinematicsNetwork, learned: LearnedKinematics
) -> LearnedKinematics:
    """Return ``learned`` with the present weights of a ``nengo_dl.Simulator`` of its network.

    Raises:
        NetworkError: ``sim`` simulates another network.
    """
    if sim.model.toplevel is not network:
        raise NetworkError(f"the simulator: is of {sim.model.toplevel}, needs one of {network}")
    weights = named_weights(sim)
    hidden = weights[network.ensemble]
    columns = weights[network.decoders].read(), weights[network.constant].read()
    return dataclasses.replace(
        learned,
        encoders=hidden.encoders.read(),
        bias=hidden.bias.read(),
        decoders=np.concatenate(columns, axis=1),
    )
