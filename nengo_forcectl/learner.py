"""The learning controller ready made: network, smoothness prior, law and control law of one arm."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from jaxtyping import Float

from arms import Arm

from .control import OperationalSpace
from .cycle import CompiledCycle
from .encoding import Inputs, States, encoding_of
from .learning.consolidation import Consolidation, smooth_basis
from .network import WorkspaceNetwork, simulator, workspace_network
from .weights import named_weights
from .workspace import reach_states, task_axes

# Searched on the job of `nengo-forcectl reach`, seeds 0 to 4: gain 50 to 130, noise 0.0025 to 0.2,
# surprise 0.1 to 1. More gain tracks better with exact sensors and less well with late ones.
GAIN = 100.0  # of the observer [1/s]
NOISE = 0.06  # of the arm's typical torque
SURPRISE = 1.0  # of it


@contextmanager
def learning_cycle(
    arm: Arm,
    posture: Float[np.ndarray, "n"],
    *,
    seed: int,
    states: States | None = None,
    inputs: Inputs = "q-ref",
    periodic: bool = False,
    neurons: int = 1000,
    dt: float = 1e-3,
) -> Iterator[CompiledCycle]:
    """Give a control cycle that reaches with the tool and learns what ``arm`` does not know.

    At the end what was learned is in the NengoDL simulator, ``cycle.sim``, until that closes with
    the context.

    Args:
        arm: the model.
        posture: that the arm keeps where its task leaves it free [rad].
        seed: of the network, and of the states where none are given.
        states: a sample of the work to be done; by default reaches around the posture.
        inputs: what the network sees.
        periodic: whether revolute joints enter as sine and cosine.
        neurons: in the ensemble.
        dt: of a control cycle [s].

    Raises:
        ConfigurationError: the arm hardly reaches anything from this posture, or a size or a choice
            that makes no sense.
    """
    if states is None:
        states = reach_states(arm, np.asarray(posture), np.random.default_rng([seed, 1]))
    encoding = encoding_of(arm, states, inputs, periodic=periodic)
    network = workspace_network(encoding, states, arm.dof, neurons, seed=seed)
    with simulator(network, dt=dt) as sim:
        law = consolidation(arm, network, states, sim)
        cycle = CompiledCycle(arm, OperationalSpace(posture, task_axes(arm)), sim, network, law)
        try:
            yield cycle
        finally:
            cycle.store()


def consolidation(arm: Arm, network: WorkspaceNetwork, states: States, sim: Any) -> Consolidation:
    """Return the law for a network, its gains in proportion to the arm's typical torque.

    That is the root mean square of the model's torque over the states.
    """
    torque = float(np.sqrt(np.mean(arm.inverse_dynamics(*states) ** 2)))
    v, d = network.encoding.input(*states), network.encoding.size
    ensemble = named_weights(sim)[network.ensemble]
    current = v[:, d + 1 :] @ ensemble.encoders.read().T + ensemble.bias.read()
    neurons: Any = network.ensemble.neuron_type
    size = current.shape[1]
    rates = neurons.rates(current, np.ones(size), np.zeros(size))
    features = np.concatenate((v[:, : d + 1], rates), axis=1)
    return Consolidation(
        smooth_basis(network.encoding, features, torque),
        gain=GAIN,
        noise=NOISE * torque,
        surprise=SURPRISE * torque,
    )
