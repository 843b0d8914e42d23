"""Prediction of the arm's present state from delayed sensors."""

import math

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..contract import State
from ..errors import ConfigurationError
from ..kernels.arm_block import arm_block
from ..kernels.block import Block
from ..kernels.layout.arm_fields import INPUT
from ..kernels.layout.estimation_fields import LATEST, PREDICTOR
from ..kernels.parts import predict
from ..support.validation import Arguments, check_positive, is_number

GAIN = 100.0  # of the observer [1/s]
MOST = 100  # largest delay, in cycles
MEMORY = ("sent", "momentum", "bias", "unmodelled", "begun", "payload", "armature")
PREFIX = "predictor."  # of the names in a checkpoint


class Predictor:
    """The present state, predicted from a delayed one by the model and the torques sent since.

        M ddq = tau + r + b (dq_late - dq) - C dq_late - g

    It is integrated over the last ``late`` cycles. M, C dq_late and g are those of the delayed
    state, with what a structured learner has found of the body. r is the torque that the model
    lacks, friction included, by a generalised-momentum observer that pairs each state with the
    torque of its own time. b is the viscous friction of the arm's model, and what was learned of
    it: on a light joint it changes much within the delay, and each step is implicit in it.

    This is the state predictor for a delay in the loop (Manitius and Olbrot 1979,
    doi:10.1109/TAC.1979.1102124): with a perfect model it removes the delay, and the predicted
    momentum responds to the present torque, so that the rest of the loop need not consider the
    delay. A change of a torque that the model lacks is still seen with the full delay.

    A loop with a predictor is no more robust than one with the delay: above about 1 / (2 delay) it
    relies on the model alone.

    Args:
        arm: the model.
        delay: delay of the sensors [s].
        dt: control period [s].
        gain: gain of the observer [1/s].

    Raises:
        ConfigurationError: the delay is not a whole number of cycles from 0 to 100, or the period
            or the gain is not positive.
    """

    def __init__(self, arm: Arm, delay: float, dt: float = 1e-3, gain: float = GAIN) -> None:
        check_positive(Arguments("Predictor", dt=dt, gain=gain), dt="s", gain="1/s")
        late = delay / dt if is_number(delay) else math.nan
        if not (0 <= late <= MOST and abs(late - round(late)) < 1e-6):
            raise ConfigurationError(
                f"Predictor.delay: is {delay} s, needs a whole number of cycles of {dt} s, "
                f"from 0 to {MOST}"
            )
        self.delay, self.dt, self.gain = delay, dt, gain
        n = arm.dof
        self._dof = n
        self._time = math.nan  # time of the last state [s]
        self._predict = predict.call
        sizes = {"n": n, "queue": round(late) + 1}
        self._block = Block(PREDICTOR, sizes, {"share": -math.expm1(-gain * dt), "dt": dt})
        self._block["own"][:] = arm.friction.viscous
        self._arm, self._input = arm_block(arm), Block(INPUT, {"n": n, "k": n})
        self._blocks = self._block.address, self._arm.address, self._input.address
        self.memory: dict[str, np.ndarray] = {PREFIX + name: self._block[name] for name in MEMORY}
        """Its memory by name, as views to read and to set in place."""
        # Compile the kernel before the first cycle; a state that is not sound has no effect.
        self.now(State(math.nan, np.zeros(n), np.zeros(n), sound=False))

    def follow(self, learner: Block) -> None:
        """Take over body and viscous friction that a `StructuredLearner` with this block learns.

        In turn it learns from the late states, each with the torque of its own time.
        """
        self._learner = learner  # it must live as long
        self._block["learner"][...] = learner.address
        learner["late_arm"][...] = self._arm.address
        learner["late_input"][...] = self._input.address

    def now(self, state: State) -> State:
        """Return the present state [rad], [rad/s]; its time stays that of the reading.

        Raises:
            SimulationError: the state has a wrong shape.
        """
        passed = state.time - self._time
        if 1.5 * self.dt < passed < math.inf:  # cycles were missed, and the last torque held
            sent = self._block["sent"]
            missed = min(round(passed / self.dt) - 1, len(sent) - 1)
            sent[missed:] = sent[: len(sent) - missed].copy()
            sent[:missed] = sent[LATEST].copy()
        self._time = state.time
        self._input["q"][:], self._input["dq"][:] = state.joints(self._dof)
        self._predict(*self._blocks, int(bool(state.sound)))
        return state._replace(q=self._block["q"].copy(), dq=self._block["dq"].copy())

    def forget(self) -> None:
        """Begin a new motion: clear the queue of torques and the observer."""
        for value in self.memory.values():
            value[...] = 0.0

    def begin_clock(self) -> None:
        """Let the next state's time be the first one: the memory is that of the cycle before it."""
        self._time = math.nan

    def sent(self, tau: Float[np.ndarray, "n"], *, again: bool = False) -> None:
        """Record the torque that is sent in this cycle [N m].

        Args:
            tau: torque that is sent.
            again: whether it replaces the torque recorded last.
        """
        sent = self._block["sent"]
        if not again:
            sent[1:] = sent[:-1].copy()
        sent[LATEST] = tau
