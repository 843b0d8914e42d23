"""Two time scales: an observer compensates the model's error at once, a network learns it."""

from typing import Protocol

import numpy as np
from jaxtyping import Float

from arms import Arm, Terms
from arms.machine.object_files import calls

from ..contract import Adaptation, Command, Learns, Reference, State, learns
from ..estimation.observer import write_balance
from ..kernels import parts
from ..kernels.block import Block
from ..kernels.layout.arm_fields import ARM, INPUT
from ..kernels.layout.learner_fields import FREEZE, HOLD, LEARN
from ..learning.consolidation import Consolidation, features_of, split_weights
from ..learning.law import Arrays
from ..networks.encoding import StateEncoding
from ..networks.firing import FiringNetwork
from ..safety.sensors import measured_wrench
from .sent_torque import SentTorque
from .time_scales import TimeScales


class Observed(Protocol):
    """A network that returns its weight Jacobian and accepts new weights."""

    def observe(
        self, x: Float[np.ndarray, "n_in"]
    ) -> tuple[Float[np.ndarray, "n_out"], dict[str, Float[np.ndarray, "n_out *shape"]]]:
        """Return ``F(x; w)`` and ``dF/dw`` of the learned weights."""
        ...

    def read(self) -> dict[str, np.ndarray]:
        """Return the learned weights by name."""
        ...

    def write(self, values: Arrays) -> None:
        """Set weights by name."""
        ...


class ConsolidatingAdaptation(Adaptation):
    """``tau = F(x; w) + fast``: the learned torque, and the part not yet learned.

        fast = -r - F_f + offset

    r is the momentum observer's estimate of the torque that the model lacks, F_f the network's
    torque after the same filter. So fast is the prediction error, and vanishes as the network
    learns (`Consolidation`). When the weights are replaced, ``offset`` absorbs the change of F and
    decays as F_f follows, so that the sum does not jump.

    After ``learn(False)`` the weights stay and fast is zero, which leaves the network's torque;
    after ``learn("hold")`` they stay and fast goes on. `CompiledCycle` does the same, with arm and
    control law, in one call.

    Args:
        arm: the model.
        network: the network to train; only this object may change its weights from now on.
        encoding: encoding of the network's input.
        law: the learning law.
        dt: control period [s].

    Raises:
        NetworkError: the law's basis is for another number of features.
        ConfigurationError: the law's period is too short for its work.
    """

    def __init__(
        self,
        arm: Arm,
        network: Observed,
        encoding: StateEncoding,
        law: Consolidation,
        dt: float,
    ) -> None:
        self.network, self.law = network, law
        self.learning, self.holds = True, False
        self._encoding = encoding
        self._weights = network.read()
        self._scales = TimeScales(law, self._weights, dt)
        self._sent = SentTorque(arm, self._scales.observer["sent"])
        self.memory = self._scales.memory
        self._arm, self._inputs = Block(ARM, {"n": arm.dof}), Block(INPUT, {"n": arm.dof, "k": 3})
        pushed = self._scales.observer, self._arm, self._inputs
        self._pushed = [block.address for block in pushed]
        self._run, self._add_push = calls(parts.supply_scales, parts.add_push)
        self._supply(sound=False)

    @property
    def frozen(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Whether it neither learns nor holds."""
        return not (self.learning or self.holds)

    def learn(self, on: Learns) -> None:
        """Start or stop learning; the learned weights stay. ``"hold"`` keeps fast."""
        self.learning, self.holds = learns(on), on == "hold"

    def torque(
        self, terms: Terms, state: State, reference: Reference, command: Command
    ) -> Float[np.ndarray, "n"]:
        """Return the torque of both time scales, then train the network."""
        velocity = state.dq if self._encoding.measured else command.dq_r
        F, J_w = self.network.observe(self._encoding.input(state.q, velocity, command.ddq_r))
        law = self._scales.law
        law["supplied"][:], law["phi"][:] = F, features_of(self._weights, J_w)
        if (self.learning or self.holds) and state.sound:
            write_balance(self._arm, terms)
            self._inputs["dq"][:] = state.dq
            if (wrench := measured_wrench(state)) is not None:
                self._arm["J"][:], self._inputs["wrench"][:] = terms.J, wrench
                self._add_push(*self._pushed)  # keeps the push out of the balance
        if self._supply(state.sound):
            self.network.write(split_weights(self._weights, law["weights"]))
        added = self._scales.block["feedforward"].copy()
        self._sent.expect(command.tau + added, command.friction)
        return added

    def overruled(self, tau: Float[np.ndarray, "n"]) -> None:
        """Record the torque [N m] that was sent instead of the last step's."""
        self._sent.overrule(tau)

    def forget_motion(self) -> None:
        """Begin a new motion: what the weights have not yet learned is observed anew."""
        self._scales.forget_motion()
        if isinstance(self.network, FiringNetwork):
            self.network.forget_motion()

    def _supply(self, sound: bool) -> bool:
        """Supply the torque; return whether there are new weights."""
        blocks = self._scales.block, self._arm, self._inputs
        mode = int(LEARN) if self.learning else int(HOLD if self.holds else FREEZE)
        return bool(self._run(*(block.address for block in blocks), bool(sound), mode))
