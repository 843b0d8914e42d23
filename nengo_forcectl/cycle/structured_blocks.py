"""A structured learner with a control law in Python."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

from arms import Arm, Terms

from ..contract import Adaptation, Command, Controller, Learns, Reference, State, learns
from ..control.bound_law import BoundLaw
from ..control.terms import write_terms
from ..estimation.predictor import Predictor
from ..kernels.arm_block import arm_block
from ..kernels.block import Block
from ..kernels.layout.arm_fields import COMMAND, INPUT
from ..kernels.layout.cycle_fields import STRUCTURES
from ..kernels.layout.learner_fields import FREEZE, HOLD, LEARN
from ..kernels.parts import STEPS, correct_model, supply_structured
from ..kernels.warm_up import compile_ahead
from ..safety.sensors import measured_wrench
from ..support.torques import limited
from .blocks import Blocks
from .compiled import write_memory
from .structured_learner import StructuredLearner


class StructuredAdaptation(Adaptation):
    """A `StructuredLearner` as the adaptation of `Blocks`.

    What is learned of the body goes into M, C and g before the law sees them (`correct`); the rest
    is the torque. `StructuredCycle` does the same, with arm and law, in one call.

    Args:
        arm: the model.
        learner: the learner of this arm and of the law in use.
        law: the law, bound to the arm.
    """

    learns_from_sent = True

    def __init__(self, arm: Arm, learner: StructuredLearner, law: Controller) -> None:
        n = arm.dof
        self._bound = isinstance(law, BoundLaw)
        rows = len(law.command["mobility"]) if isinstance(law, BoundLaw) else 1
        self.learner, self.learned_model = learner, learner.block.address
        self.learning, self.holds = True, False
        self._tau_max, self._arm = arm.tau_max, arm_block(arm)
        self._inputs = Block(INPUT, {"n": n, "k": n})
        self._command = Block(COMMAND, {"n": n, "m": rows})
        self._blocks = learner.block.address, self._arm.address, self._inputs.address
        steps = STEPS[STRUCTURES]
        compile_ahead([*steps.values(), correct_model, supply_structured])
        for field, kernel in steps.items():
            learner.block[field][...] = kernel.address

    @property
    def frozen(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Whether it neither learns nor holds."""
        return not (self.learning or self.holds)

    def learn(self, on: Learns) -> None:
        """Start or stop learning; the learned weights stay. ``"hold"`` keeps the fast part."""
        self.learning, self.holds = learns(on), on == "hold"

    def correct(self, terms: Terms, state: State) -> Terms:
        """Return the terms with the payload and the armature that were learned."""
        write_terms(self._arm, terms)
        self._inputs["q"][:], self._inputs["dq"][:] = state.q, state.dq
        correct_model.call(*self._blocks, 0)
        M, C, g = (self._arm[name].copy() for name in ("M", "C", "g"))
        return terms._replace(M=M, C=C, g=g)

    def torque(
        self, terms: Terms, state: State, reference: Reference, command: Command
    ) -> Float[np.ndarray, "n"]:
        """Return the torque of joints, links and tool, and the fast part; then learn."""
        wrench = measured_wrench(state)
        self._inputs["wrench"][:] = 0.0 if wrench is None else wrench
        if self._bound:  # its null space has friction, too
            self._command["mobility"][:] = command.mobility
        self._command["tau"][:], self._command["friction"][:] = command.tau, command.friction
        self._command["dq_s"][:] = command.dq_r if np.ndim(command.dq_s) == 0 else command.dq_s
        mode = int(LEARN) if self.learning else int(HOLD if self.holds else FREEZE)
        supply_structured.call(*self._blocks, self._command.address, int(bool(state.sound)), mode)
        self.learner.finish()
        added = self.learner.block["feedforward"].copy()
        self.overruled(limited(command.tau + added, self._tau_max))
        return added

    def overruled(self, tau: Float[np.ndarray, "n"]) -> None:
        """Record the torque [N m] that was sent instead of the last step's."""
        self.learner.record_sent(tau - self._command["friction"])

    def forget_motion(self) -> None:
        """Begin a new motion: what the weights have not yet learned is observed anew."""
        self.learner.forget_motion()


class StructuredBlocks(Blocks):
    """`Blocks` with a `StructuredLearner`, for a control law that has no compiled form.

    It gives the torque of a `StructuredCycle`, some hundred microseconds later.

    Args:
        arm: the model.
        law: the law, bound to it.
        learner: the learner.
        predictor: for delayed sensors.
    """

    def __init__(
        self,
        arm: Arm,
        law: Controller,
        learner: StructuredLearner,
        predictor: Predictor | None = None,
    ) -> None:
        self.learner, self.dt = learner, learner.dt
        if predictor is not None:
            predictor.follow(learner.block)
        super().__init__(arm, law, StructuredAdaptation(arm, learner, law), predictor)
        self.memory = dict(law.memory) if isinstance(law, BoundLaw) else {}
        self.memory |= learner.memory | ({} if predictor is None else predictor.memory)

    def checkpoint(self) -> dict[str, np.ndarray]:
        """Return everything learned and remembered, but for what a law in Python remembers."""
        return {name: view.copy() for name, view in self.memory.items()}

    def resume(self, checkpoint: Mapping[str, np.ndarray]) -> None:
        """Continue from a checkpoint; raise `NetworkError` if it does not fit."""
        self.learner.check(checkpoint)
        write_memory(self.memory, checkpoint)
        if self.predictor is not None:
            self.predictor.begin_clock()
