"""A control cycle assembled from blocks in Python."""

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..contract import (
    Adaptation,
    Command,
    Controller,
    Cycle,
    Kinematics,
    Learns,
    Reference,
    Result,
    State,
    learns,
)
from ..control.bound_law import BoundLaw
from ..errors import ConfigurationError
from ..estimation.predictor import Predictor
from ..support.torques import checked_torque, limited


class Blocks(Cycle):
    """The block diagram: arm model, controller, adaptation.

    A predictor may come first. For an unknown tool, learned kinematics of its tip are added.
    """

    arm: Arm
    controller: Controller

    def __init__(
        self,
        arm: Arm,
        controller: Controller,
        adaptation: Adaptation,
        predictor: Predictor | None = None,
        kinematics: Kinematics | None = None,
    ) -> None:
        self.arm, self.controller = arm, Controller.of(controller).bind(arm)
        self.adaptation = Adaptation.of(adaptation)
        self.predictor, self.kinematics = predictor, kinematics
        self._limited = False  # whether the last torque was not sent as requested
        self.warm_up()

    def warm_up(self) -> None:
        """Compile everything that a step calls, and begin a new motion."""
        bent = np.linspace(0.3, 0.9, self.arm.dof)  # [rad]; not singular, or tasks would be skipped
        still = State(0.0, bent, np.zeros(self.arm.dof))
        self.controller.warm_up(self.arm.terms(still.q, still.dq), still)
        self.forget_motion()

    @property
    def dof(self) -> int:
        """Joints of the arm."""
        return self.arm.dof

    @property
    def learning(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Whether the adaptation is learning."""
        return self.adaptation.learning

    @property
    def learns_from_sent(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Whether the adaptation learns from the torques sent."""
        return self.adaptation.learns_from_sent

    @property
    def learned_model(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The adaptation's; see `Cycle.learned_model`."""
        return self.adaptation.learned_model

    def overruled(self, tau: Float[np.ndarray, "n"]) -> None:
        """Record the torque [N m] that was sent instead of the last step's."""
        self._limited = True
        if self.predictor is not None:
            self.predictor.sent(tau, again=True)
        self.adaptation.overruled(tau)

    def forget_motion(self) -> None:
        """Begin a new motion: clear the memory of law, adaptation and predictor."""
        self._limited = False
        self.controller.forget_motion()
        self.adaptation.forget_motion()
        if self.predictor is not None:
            self.predictor.forget()

    @property
    def frozen(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Whether the adaptation neither learns nor holds."""
        return self.adaptation.frozen

    def learn(self, on: Learns) -> None:
        """Start or stop learning of the adaptation; some never learn."""
        self.adaptation.learn(on)
        if self.kinematics is not None:
            self.kinematics.learning = learns(on)

    def step(self, state: State, reference: Reference) -> Result:
        """Return the torque for this state, then learn.

        Raises:
            SimulationError: a torque that is not finite.
        """
        if self.predictor is not None:
            state = self.predictor.now(state)
        terms = self.arm.terms(state.q, state.dq)  # pose, J, dJ, M, C, g at the tool
        terms = self.adaptation.correct(terms, state)
        J = None
        if self.kinematics is not None:
            terms = self.kinematics.at_tip(terms, state, reference)  # learns the tool
            J = terms.J
        if isinstance(self.controller, BoundLaw):
            self.controller.overruled = self._limited
        sound = state._replace(sound=False) if self._limited else state  # do not integrate then
        command = self.controller.torque(terms, sound, reference)  # tau, and the error it answers
        if not isinstance(command, Command):
            raise ConfigurationError(
                f"{self.controller.name}.torque: returns {command!r:.80}, needs a Command"
            )
        feedforward = self.adaptation.torque(terms, state, reference, command)  # learns from it
        asked = checked_torque(command.tau + feedforward, state.time)
        tau = limited(asked, self.arm.tau_max)
        self._limited = bool((tau != asked).any())
        if self.predictor is not None:
            self.predictor.sent(tau)
        return Result(
            tau, feedforward, terms.pose[:3, 3], J, command.singularity, command.out_of_reach
        )
