"""The learning controller ready made: network, smoothness prior, law and control law of one arm."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float

from arms import Arm

from .control import OperationalSpace
from .control.safety import Safe
from .cycle import CompiledCycle
from .encoding import Inputs, States, encoding_of
from .learning.consolidation import Consolidation, smooth_basis
from .network import WorkspaceNetwork, simulator, workspace_network
from .prediction import Predictor
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
    inputs: Inputs = "q-dq-ref",
    periodic: bool = False,
    neurons: int = 1000,
    dt: float = 1e-3,
    delay: float = 0.0,
) -> Iterator[Safe]:
    """Give a control cycle that reaches with the tool and learns what ``arm`` does not know.

    It is a `CompiledCycle` whose torques keep the arm's limits (`Safe`). At the end what was
    learned is in the NengoDL simulator, ``cycle.sim``, until that closes with the context.

    Args:
        arm: the model.
        posture: that the arm keeps where its task leaves it free [rad].
        seed: of the network, and of the states where none are given.
        states: a sample of the work to be done; by default reaches around the posture.
        inputs: what the network sees.
        periodic: whether revolute joints enter as sine and cosine.
        neurons: in the ensemble.
        dt: of a control cycle [s].
        delay: how old the state is that the sensors show [s], a whole number of cycles. The cycle
            then works on the state as it is by now (`Predictor`), and is slower in the posture of
            light joints (`posture_stiffness`).

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
        control, predictor = OperationalSpace(posture, task_axes(arm)), None
        if delay > 0:
            control = replace(control, k_null=posture_stiffness(arm, control, delay, dt))
            predictor = Predictor(arm, delay, dt)
        cycle = CompiledCycle(arm, control, sim, network, law, predictor)
        try:
            yield Safe(cycle, arm, dt=dt)
        finally:
            cycle.store()


def posture_stiffness(
    arm: Arm, control: OperationalSpace, delay: float, dt: float
) -> Float[np.ndarray, "n"]:
    """Return k_null [N m/rad] of every joint, for a state that is ``delay`` [s] old when it comes.

    A loop that is faster than about ``1 / (2 (delay + dt))`` rests on the prediction of what is
    quicker than its own correction. That bounds ``sqrt(k_null / M_ii)``, M at the posture: light
    wrists are held more softly.
    """
    inertia = arm.mass_matrix(control.posture).diagonal()
    return np.minimum(control.k_null, inertia / (2.0 * (delay + dt)) ** 2)


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
