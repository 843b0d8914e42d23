"""A learning controller whose network has the arm's structure, ready made."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from arms import Arm

from ..contract import Controller, fused
from ..control import OperationalSpace
from ..control.bound_law import BoundLaw
from ..errors import ConfigurationError
from ..estimation.predictor import Predictor
from ..kernels.layout.body_fields import MASS, PARAMETERS, XX, YY, ZZ
from ..networks.encoding import States, encoding_of
from ..networks.neurons import Activity, NeuronModel
from ..networks.population import Population, PopulationOptions
from ..networks.structured_encoding import (
    JOINT_NEURONS,
    TOOL_NEURONS,
    StructuredEncoding,
    joint_encoding,
    joint_neurons,
    tool_encoding,
    tool_neurons,
)
from ..networks.workspace import reach_states, task_axes
from ..safety.limits import Limits
from ..support.validation import Arguments, as_vector, check, check_positive, check_seed
from .findings import Learned
from .learner_start import LearnerStart
from .observing_cycle import ObservingCycle
from .simulated_network import SimulatedNetwork
from .structured_blocks import StructuredBlocks
from .structured_design import StructuredDesign
from .structured_learner import StructuredLearner

if TYPE_CHECKING:
    from typing_extensions import Unpack  # of typing, from Python 3.11 on

PARTS = ("body", "links", "joints", "tool")
LOAD = 1e-4  # assumed load of a bare wrist, as a share of the arm's mass and inertia


@fused
class StructuredCycle(ObservingCycle):
    """Any control law with a `StructuredLearner`, compiled into one call.

    Args:
        arm: the model.
        bound: the control law, bound to it.
        learner: the learner.
        predictor: for delayed sensors.

    Raises:
        ConfigurationError: the control law has no compiled form.
    """

    learner: StructuredLearner

    def __init__(
        self,
        arm: Arm,
        bound: BoundLaw,
        learner: StructuredLearner,
        predictor: Predictor | None = None,
    ) -> None:
        self.dt, self.learned_model = learner.dt, learner.block.address
        if predictor is not None:
            predictor.follow(learner.block)
        super().__init__(arm, bound, learner, predictor)

    @property
    def learned(self) -> Learned:
        """What has been found, with standard deviations."""
        return self.learner.learned

    @property
    def activity(self) -> Activity | None:
        """What the neurons have fired so far; None for neurons that do not spike."""
        return self.learner.activity

    def defer(self, on: bool) -> None:
        """Let samples and solutions wait for `finish`, or no longer; see `Cycle.defer`."""
        self.learner.finish()
        self._cycle["defers"][...] = float(on)

    def finish(self) -> None:
        """Learn from the last step's state, if that was left."""
        self.learner.finish()

    def freeze(self, *parts: str) -> None:
        """As `StructuredLearner.freeze`."""
        self.finish()
        self.learner.freeze(*parts)

    def read(self) -> dict[str, Float[np.ndarray, "..."]]:
        """Return the learned weights by the names of a `structured_network`."""
        return self.learner.read()

    def checkpoint(self) -> dict[str, np.ndarray]:
        """Return everything learned and remembered, ready to save."""
        self.learner.finish()
        return super().checkpoint()

    def resume(self, checkpoint: Mapping[str, np.ndarray]) -> None:
        """As `OneCall.resume`; raise `NetworkError` also for another arm."""
        self.learner.check(checkpoint)
        self.learner.finish()
        super().resume(checkpoint)


class StructuredLearning(SimulatedNetwork):
    """A `StructuredCycle` or `StructuredBlocks` within limits, as `learning_cycle` returns it."""

    cycle: StructuredCycle | StructuredBlocks  # pyright: ignore[reportIncompatibleVariableOverride]

    @property
    def learned(self) -> Learned:
        """What has been found, with standard deviations."""
        return self.cycle.learner.learned

    @property
    def activity(self) -> Activity | None:
        """What the neurons have fired since the start; None for neurons that do not spike."""
        return self.cycle.learner.activity

    def read(self) -> dict[str, Float[np.ndarray, "..."]]:
        """Return the learned weights by the names of a `structured_network`."""
        return self.cycle.learner.read()

    def freeze(self, *parts: str) -> None:
        """Let some parts keep their weights while the others learn.

        ``freeze("payload", "armature")`` keeps what is known of body and motors, ``freeze()`` lets
        all learn again; ``learn(False)`` freezes everything. See `StructuredLearner.freeze`.
        """
        self.finish()
        self.cycle.learner.freeze(*parts)


@contextmanager
def learning_cycle(
    arm: Arm,
    posture: ArrayLike,
    *,
    seed: int,
    controller: Controller | None = None,
    states: States | None = None,
    dt: float = 1e-3,
    delay: float = 0.0,
    limits: Limits | None = None,
    start: LearnerStart | None = None,
    neurons: bool = True,
    **population: "Unpack[PopulationOptions]",
) -> Iterator[StructuredLearning]:
    """Open a control cycle that learns the arm's payload, joints and links, and forces at its tool.

    It is a `StructuredCycle` within the arm's limits (`Safe`). ``cycle.learned`` is what it has
    found, in numbers. ``cycle.sim``, a NengoDL simulator of its `structured_network`, is made when
    first asked for and stays open within the context; on leaving, the learned weights are written
    into it.

    Args:
        arm: the model.
        posture: preferred posture in the task's null space, (n,) [rad].
        seed: random seed for the states where none are given.
        controller: any law of ``nengo_forcectl.control``, or one of your own; it uses ``arm`` as
            its model. A law without a compiled form runs in Python, in `StructuredBlocks`. Default:
            `OperationalSpace` of the tool's position. With a law that needs a wrench, links and
            gravity do not learn until ``cycle.freeze()``: see `StructuredLearner`.
        states: sample of the work to be done. Default: reaches around the posture.
        dt: period of a control cycle [s].
        delay: known delay of the sensors [s], a whole number of cycles. The cycle then acts on a
            prediction of the present state (`Predictor`).
        limits: limits that the cycle keeps. Default: the arm's own.
        start: what was learned before with this model, by a cycle or from a log. Default: nothing.
        neurons: whether neurons learn what the structure does not explain. Those of each joint:
            friction that varies with the angle, or with the speed in another way than viscous and
            dry friction. Those of the tool: a force that varies with the place in another way than
            a spring's. They begin after ten seconds, those of the tool also ten seconds after a
            change that was found. They are rectified-linear rates.
        population: fields of `Population` for other neurons, which then supply the torque:
            ``neuron_type``, such as `nengo.LIF()` or "lif" for neurons that spike, ``max_rates``
            [Hz] and ``synapse`` [s]. Ten of them take the place of each rectified-linear one, with
            decoders that follow its own (`StructuredPopulation`). ``cycle.activity`` counts their
            spikes. Body, friction and links stay direct: for a torque that neurons alone supply
            there is `consolidating_cycle`.

    Raises:
        ConfigurationError: the arm reaches hardly any target from this posture, the law is for
            another arm, or an argument is not valid.
        NetworkError: the start is of another model.
    """
    firing = Population(**population)
    direct = "True; consolidating_cycle has neurons without a direct path"
    check(Arguments("learning_cycle", direct=firing.direct), "direct", firing.direct, direct)
    if not isinstance(neurons, bool):
        raise ConfigurationError(
            f"learning_cycle.neurons: is {neurons}, needs True or False; "
            "consolidating_cycle takes a number of neurons"
        )
    check_positive(Arguments("learning_cycle", dt=dt), dt="s")
    own = Arguments("learning_cycle", seed=seed, posture=posture)
    check_seed(own)
    _check_kinds((states, States), (limits, Limits), (start, LearnerStart))
    posture = as_vector(own, "posture", arm.dof)
    _check_mass(arm, posture)
    if states is None:
        states = reach_states(arm, posture, np.random.default_rng([seed, 1]))
    model, assumed = arm, None
    if controller is None:
        controller, assumed = OperationalSpace(posture, task_axes(arm)), light_load(arm, posture)
        model = arm.with_payload(assumed[MASS], inertia=assumed[XX] * np.eye(3))
    predictor = Predictor(model, delay, dt) if delay != 0 else None
    bound = Controller.of(controller).bind(model)
    states = States(*(np.array(part, dtype=float, order="C") for part in states))
    joints, tool = joint_encoding(states), tool_encoding(model, states)
    encoding = StructuredEncoding(
        model, PARTS, joints, tool, encoding_of(arm, states),
        joint_neurons(joints, states, seed), tool_neurons(tool, model, states, seed),
    )  # fmt: skip
    if firing.model != NeuronModel() or firing.rates is not None:
        from ..networks.structured_layers import population_of  # nengo

        rng = np.random.default_rng([seed, 4])
        encoding = replace(encoding, population=population_of(encoding, firing, rng))
    design = StructuredDesign.of(model, states, encoding, posture, assumed)
    design = replace(design, neurons=neurons)
    own = StructuredLearner(model, bound, encoding, design, dt, round(delay / dt))
    if start is not None:
        start.begin(own)
    if isinstance(bound, BoundLaw) and bound.compiled:
        cycle = StructuredCycle(model, bound, own, predictor)
    else:
        cycle = StructuredBlocks(model, bound, own, predictor)
    with ExitStack() as opened:

        def open_sim() -> Any:
            from ..networks.building import simulator  # nengo
            from ..networks.structured_network import structured_network  # nengo

            neurons = {"joints": JOINT_NEURONS, "tool": 2 * TOOL_NEURONS}
            network = structured_network(model, states, seed=seed, parts=PARTS, neurons=neurons)
            return opened.enter_context(simulator(network, dt=dt))

        learner = StructuredLearning(cycle, model, limits, dt, open_sim)
        try:
            yield learner
        finally:
            learner.store_if_opened()


def _check_kinds(*given: tuple[object, type]) -> None:
    """Raise `ConfigurationError` for an argument of `learning_cycle` of another type."""
    for value, kind in given:
        if value is not None and not isinstance(value, kind):
            name = {States: "states", Limits: "limits"}.get(kind, "start")
            raise ConfigurationError(
                f"learning_cycle.{name}: is of type {type(value).__name__}, needs {kind.__name__}"
            )


def _check_mass(arm: Arm, posture: Float[np.ndarray, "n"]) -> None:
    """Raise `ConfigurationError` for an arm with a joint that moves no mass."""
    masses = np.linalg.eigvalsh(arm.mass_matrix(posture))
    if not masses[0] > 1e-12 * masses[-1]:
        raise ConfigurationError(
            f"arm {arm.name!r}: M is singular at the posture, needs links with mass and inertia"
        )


def light_load(arm: Arm, posture: Float[np.ndarray, "n"]) -> Float[np.ndarray, "10"]:
    """Return the parameters of a payload of `LOAD` of the arm's own mass and inertia."""
    load = np.zeros(PARAMETERS)
    load[MASS] = LOAD * arm.inertial_parameters.reshape(-1, PARAMETERS)[:, MASS].sum()
    load[[XX, YY, ZZ]] = LOAD * arm.mass_matrix(posture).diagonal().max()
    return load
