"""A network of the arm's state that learns online."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from jaxtyping import Float

from arms import Arm, Terms

from ..contract import Adaptation, Command, Learns, Reference, State, learns
from ..errors import ConfigurationError
from ..estimation.observer import LowPass, MomentumObserver
from ..learning.law import Signal
from ..networks.workspace import joint_range
from ..safety.sensors import measured_wrench
from ..support.validation import Arguments, check_choice
from .learn_from import LEARN_FROM, LearnFrom
from .sent_torque import SentTorque

UNLIMITED_SPEED = 2.0  # what counts as a joint's top speed if it has no limit [rad/s]


class OnlineLearner(Protocol):
    """A network that runs one control cycle at a time, with or without learning."""

    def forward(self, x: Float[np.ndarray, "n_in"]) -> Float[np.ndarray, "n_out"]:
        """Return ``F(x; w)``."""
        ...

    def step(self, x: Float[np.ndarray, "n_in"], signal: Signal) -> Float[np.ndarray, "n_out"]:
        """Return ``F(x; w)``, then change ``w``."""
        ...


class NetworkAdaptation(Adaptation):
    """``tau = F(x; w)``, learned online.

    The law's error s [N m] is one of three:

    - "joint": the controller's whole feedback, including the null-space part;
    - "task": the task's part alone, ``J^T f`` (DeWolf et al. 2016). On a redundant arm the weights
        then drift along motions that do not move the tool;
    - "prediction": what F lacks by a generalised-momentum observer, independent of the controller.

    With ``learning`` set to False the weights stay; the remaining performance shows what was
    learned and not merely tracked. The weights also stay in a cycle whose sensors are not sound.

    Args:
        arm: the model.
        network: the network to train.
        encode: maps (q, dq, dq_r, ddq_r) to the network's input; by default (q, dq) scaled by the
            arm's limits, see `over_limits`.
        learn_from: the error passed to the law.
        observer: source of the prediction error, for laws that need it.

    Raises:
        ConfigurationError: an unknown ``learn_from``, or "prediction" without an observer.
    """

    def __init__(
        self,
        arm: Arm,
        network: OnlineLearner,
        encode: Callable[..., np.ndarray] | None = None,
        *,
        learn_from: LearnFrom = "joint",
        observer: MomentumObserver | None = None,
    ) -> None:
        given = Arguments("NetworkAdaptation", learn_from=learn_from)
        check_choice(given, "learn_from", LEARN_FROM)
        if learn_from == "prediction" and observer is None:
            raise ConfigurationError(
                "NetworkAdaptation.learn_from: is 'prediction', needs an observer"
            )
        self.network = network
        self.learning = True
        self.learn_from = learn_from
        self._encode = over_limits(arm) if encode is None else encode
        self._balance = None if observer is None else Balance(arm, observer)

    def learn(self, on: Learns) -> None:
        """Start or stop learning; the learned weights stay."""
        self.learning = learns(on)

    def torque(
        self, terms: Terms, state: State, reference: Reference, command: Command
    ) -> Float[np.ndarray, "n"]:
        """Return the network's torque for this state, then train the network."""
        x = self._encode(state.q, state.dq, command.dq_r, command.ddq_r)
        if not (self.learning and state.sound):
            return self._close(command, self.network.forward(x), sound=False)
        lacking = missing = None
        if self._balance is not None:
            lacking = self._balance.lacking(terms, state)
            missing = lacking - self._balance.supplied
        s = {"joint": command.error, "task": command.task_torque, "prediction": missing}
        F = self.network.step(
            x,
            Signal(s[self.learn_from], missing, command.mobility, command.task_error, lacking),
        )
        return self._close(command, F, sound=True)

    def overruled(self, tau: Float[np.ndarray, "n"]) -> None:
        """Record the torque [N m] that was sent instead of the last step's."""
        if self._balance is not None:
            self._balance.overruled(tau)

    def _close(
        self, command: Command, F: Float[np.ndarray, "n"], *, sound: bool
    ) -> Float[np.ndarray, "n"]:
        if self._balance is not None:
            self._balance.close(command.tau + F, F, command.friction, sound)
        return F


class Balance:
    """The torque that the model lacks by a momentum observer, and the network's torque, compared.

    Both pass the observer's filter, so that they are comparable at any time. After a cycle that is
    not sound the observer starts a new balance from its present estimate.
    """

    def __init__(self, arm: Arm, observer: MomentumObserver) -> None:
        self._observer = observer
        self._network = LowPass(arm.dof, observer.gain, observer.dt)
        self._sent = SentTorque(arm)

    def lacking(self, terms: Terms, state: State) -> Float[np.ndarray, "n"]:
        """Return the filtered torque [N m] that the model lacks, without a measured push."""
        return -self._observer.update(terms, state.dq, self._sent.value, measured_wrench(state))

    @property
    def supplied(self) -> Float[np.ndarray, "n"]:
        """The network's torque [N m] after the same filter."""
        return self._network.value

    def close(
        self,
        tau: Float[np.ndarray, "n"],
        F: Float[np.ndarray, "n"],
        friction: Float[np.ndarray, "n"] | float,
        sound: bool,
    ) -> None:
        """End the cycle in which ``tau`` [N m] is sent: F from the network, friction's part."""
        if sound:
            self._network.sample(F)
        else:
            self._observer.restart()
            self._network.restart()
        self._sent.expect(tau, friction)

    def overruled(self, tau: Float[np.ndarray, "n"]) -> None:
        """Take note of the torque [N m] that was sent in place of the last cycle's."""
        self._sent.overrule(tau)


def over_limits(arm: Arm) -> Callable[..., Float[np.ndarray, "2n"]]:
    """Return the encoding that scales (q, dq) by the arm's limits, to about -1 to 1 each."""
    middle, scale = limits_of(arm)

    def encode(
        q: np.ndarray, dq: np.ndarray, dq_r: np.ndarray, ddq_r: np.ndarray
    ) -> Float[np.ndarray, "2n"]:
        return (np.concatenate((q, dq)) - middle) * scale

    return encode


def limits_of(arm: Arm) -> tuple[Float[np.ndarray, "2n"], Float[np.ndarray, "2n"]]:
    """Return the middle of the arm's limits of (q, dq), and one over half their width."""
    centre, half = joint_range(arm)
    speed = np.where(np.isfinite(arm.dq_max), arm.dq_max, UNLIMITED_SPEED)
    return np.concatenate((centre, np.zeros(arm.dof))), 1.0 / np.concatenate((half, speed))
