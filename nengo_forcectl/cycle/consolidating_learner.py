"""A ready-made learning controller: network, smoothness prior, learning law and control law."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from arms import Arm

from ..adaptation import ConsolidatingAdaptation
from ..contract import Controller
from ..control import OperationalSpace
from ..estimation.predictor import Predictor
from ..learning.consolidation import Consolidation
from ..networks.encoding import Inputs, NetworkArrays, StateEncoding, States, encoding_of
from ..networks.firing import FiringNetwork
from ..networks.neurons import Activity
from ..networks.online import OnlineNetwork
from ..networks.population import Population, PopulationOptions
from ..networks.smooth_basis import smooth_basis
from ..networks.workspace import reach_states, task_axes
from ..safety.limits import Limits
from ..support.validation import (
    Arguments,
    as_vector,
    check_not_negative,
    check_positive,
    check_seed,
)
from .compiled_learning import CompiledCycle
from .consolidating_gains import GAIN, LOAD, NOISE, SOFTNESS, SURPRISE
from .simulated_network import SimulatedNetwork

if TYPE_CHECKING:
    from typing_extensions import Unpack  # of typing, from Python 3.11 on

    from ..networks.building import WorkspaceNetwork


class ConsolidatingLearning(SimulatedNetwork):
    """A `CompiledCycle` within limits, as `consolidating_cycle` returns it."""

    cycle: CompiledCycle  # pyright: ignore[reportIncompatibleVariableOverride]

    @property
    def network(self) -> NetworkArrays:
        """The network with its present weights."""
        return self.cycle.network

    @property
    def activity(self) -> Activity | None:
        """What the neurons have fired since the start; None for neurons that do not spike."""
        return self.cycle.activity


@contextmanager
def consolidating_cycle(
    arm: Arm,
    posture: ArrayLike,
    *,
    seed: int,
    controller: Controller | None = None,
    states: States | None = None,
    inputs: Inputs | StateEncoding = "q-dq-ref",
    neurons: int = 1000,
    dt: float = 1e-3,
    delay: float = 0.0,
    limits: Limits | None = None,
    **population: "Unpack[PopulationOptions]",
) -> Iterator[ConsolidatingLearning]:
    """Open a control cycle that learns the torque that the arm's model lacks.

    It is a `CompiledCycle` within the arm's limits (`Safe`). ``cycle.sim``, the network's NengoDL
    simulator, is made when first asked for and stays open within the context; on leaving, the
    learned weights are written into it.

    Args:
        arm: the model.
        posture: preferred posture in the task's null space, (n,) [rad].
        seed: random seed for the network, and for the states where none are given.
        controller: any law of ``nengo_forcectl.control``; it uses ``arm`` as its model. Default:
            `OperationalSpace` of the tool's position, with the model and the posture's stiffness
            of `robust_posture`.
        states: sample of the work to be done. Default: reaches around the posture.
        inputs: input of the network: one of `INPUTS`, or your own encoding from `encoding_of`, for
            instance with periodic joints.
        neurons: size of the ensemble.
        dt: period of a control cycle [s].
        delay: delay of the sensors [s], a whole number of cycles. The cycle then acts on a
            prediction of the present state (`Predictor`), with a slower observer (`observer_gain`).
        limits: limits that the cycle keeps. Default: the arm's own.
        population: fields of `Population`: ``neuron_type``, such as `nengo.LIF()` or "lif" for
            neurons that spike, ``max_rates`` [Hz], ``synapse`` [s] and ``direct``.

    Raises:
        ConfigurationError: the arm reaches hardly any target from this posture, the law is for
            another arm, or a size, a rate or a choice is not valid.
    """
    check_positive(Arguments("consolidating_cycle", dt=dt), dt="s")
    own = Arguments("consolidating_cycle", delay=delay, seed=seed, posture=posture)
    check_not_negative(own, delay="s")
    check_seed(own)
    from ..networks.building import simulator, workspace_network  # nengo

    posture, firing = as_vector(own, "posture", arm.dof), Population(**population)
    if states is None:
        states = reach_states(arm, posture, np.random.default_rng([seed, 1]))
    encoding = inputs if isinstance(inputs, StateEncoding) else encoding_of(arm, states, inputs)
    ensemble = firing.ensemble()
    network = workspace_network(encoding, states, arm.dof, neurons, seed=seed, **ensemble)
    gain = observer_gain(delay, dt)
    law = consolidation(arm, network, states, gain, direct=firing.direct)
    model = arm
    if controller is None:
        model, k_null = robust_posture(arm, posture, gain)
        controller = OperationalSpace(posture, task_axes(arm), k_null)
    predictor = Predictor(model, delay, dt) if delay > 0 else None
    cycle = CompiledCycle.of_arrays(model, controller, network.arrays, law, dt, predictor)
    with ExitStack() as opened:

        def open_sim() -> Any:
            return opened.enter_context(simulator(network, dt=dt))

        learner = ConsolidatingLearning(cycle, model, limits, dt, open_sim)
        try:
            yield learner
        finally:
            learner.store_if_opened()


@contextmanager
def consolidating_adaptation(
    arm: Arm,
    posture: Float[np.ndarray, "n"],
    *,
    seed: int,
    inputs: Inputs = "q-dq-ref",
    neurons: int = 1000,
    dt: float = 1e-3,
    **population: "Unpack[PopulationOptions]",
) -> Iterator[ConsolidatingAdaptation]:
    """Open the same learner as an adaptation, for `Blocks` that also learn the tool's kinematics.

    For a controller of the tool's position alone, pass the model and the posture's stiffness of
    `robust_posture` to this function and to the blocks. Arguments and errors are those of
    `consolidating_cycle`.
    """
    check_positive(Arguments("consolidating_adaptation", dt=dt), dt="s")
    from ..networks.building import simulator, workspace_network  # nengo

    firing = Population(**population)
    states = reach_states(arm, np.asarray(posture), np.random.default_rng([seed, 1]))
    encoding = encoding_of(arm, states, inputs)
    ensemble = firing.ensemble()
    network = workspace_network(encoding, states, arm.dof, neurons, seed=seed, **ensemble)
    law = consolidation(arm, network, states, observer_gain(0.0, dt), direct=firing.direct)
    model = network.arrays.neurons
    if model is not None and model.has_state:
        yield ConsolidatingAdaptation(arm, FiringNetwork(network.arrays, dt), encoding, law, dt)
        return
    with simulator(network, dt=dt) as sim:
        online = OnlineNetwork(sim, network.probe, None, learn=[network.linear, network.decoders])
        yield ConsolidatingAdaptation(arm, online, encoding, law, dt)


def observer_gain(delay: float, dt: float) -> float:
    """Return the observer's gain K [1/s] for sensors with a ``delay`` [s].

    Its time constant is at least ``delay + 3 dt``, because no prediction is corrected sooner.
    """
    return min(GAIN, 1.0 / (delay + 3.0 * dt))


def robust_posture(
    arm: Arm, posture: Float[np.ndarray, "n"], gain: float
) -> tuple[Arm, Float[np.ndarray, "n"]]:
    """Return a model and ``k_null`` [N m/rad] for which an observer of ``gain`` [1/s] is stable.

    A wrist is so light that a load can be many times its own inertia. Take a joint of inertia I,
    held by a critically damped posture of frequency w, and an observer of gain K that assumes the
    inertia I_n. Routh's criterion gives::

        I / I_n < 5 + 2 (K / w + w / K)

    The posture's stiffness is bounded for ``w <= SOFTNESS K``. The model carries ``LOAD`` of the
    arm's own mass and inertia, so that I_n lies between the inertia of a bare and of a loaded
    wrist. An I_n more than ten times too large is as bad: a cycle of 1 ms is then too long for the
    observer.
    """
    M = arm.mass_matrix(posture).diagonal()
    mass = arm.inertial_parameters.reshape(-1, 10)[:, 0].sum()
    model = arm.with_payload(LOAD * mass, inertia=LOAD * M.max() * np.eye(3))
    inertia = model.mass_matrix(posture).diagonal()
    return model, np.minimum(OperationalSpace.k_null, inertia * (SOFTNESS * gain) ** 2)


def consolidation(
    arm: Arm,
    network: "WorkspaceNetwork",
    states: States,
    gain: float = GAIN,
    *,
    direct: bool = True,
) -> Consolidation:
    """Return the law for a network, with gains in proportion to the arm's typical torque.

    The typical torque is the root mean square of the model's torque over the states.
    """
    torque = float(np.sqrt(np.mean(arm.inverse_dynamics(*states) ** 2)))
    v, d = network.encoding.input(*states), network.encoding.size
    current = v[:, d + 1 :] @ network.arrays.encoders.T + network.arrays.bias
    neurons: Any = network.ensemble.neuron_type
    size = current.shape[1]
    rates = neurons.rates(current, np.ones(size), np.zeros(size))
    features = np.concatenate((v[:, : d + 1], rates), axis=1)
    return Consolidation(
        smooth_basis(network.encoding, features, torque, direct=direct),
        gain=gain,
        noise=NOISE * torque,
        surprise=SURPRISE * torque,
    )
