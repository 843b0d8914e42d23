"""The interface of each part of a control loop.

A robot gives a ``State``, a path a ``Reference``; from both a controller computes a ``Command`` and
a cycle a ``Result``. The classes of this module are the parts: subclass one to inherit defaults for
what most parts do not need. Any object that has the methods without a default is accepted as well:
`Robot.of`, `Controller.of`, `Adaptation.of` and `Cycle.of` add the rest.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, Protocol, TypeVar

import numpy as np
from jaxtyping import Float

from arms import Arm, Terms

from .errors import ConfigurationError
from .records import Command, Reference, Result, State
from .support.adoption import adopt

__all__ = [
    "Adaptation",
    "Command",
    "Controller",
    "Cycle",
    "EndingPath",
    "Kinematics",
    "Learns",
    "Path",
    "Reference",
    "Result",
    "Robot",
    "State",
    "fused",
]

Vector = Float[np.ndarray, "n"]
Learns = bool | Literal["hold"]
"""Whether a part learns; ``"hold"``: it keeps its weights, and what it adds for the moment."""
NO_EVENTS: Mapping[str, int] = MappingProxyType({})


class Path(Protocol):
    """Anything that gives the tool's reference at a given time."""

    def at(self, time: float) -> Reference:
        """Return the reference at ``time`` [s]."""
        ...


class EndingPath(Path, Protocol):
    """A path from 0 s to its end, after which it stands still."""

    @property
    def end(self) -> float:
        """Time of arrival [s]."""
        ...


class Robot:
    """Any torque-controlled arm: a simulator, or hardware behind a driver."""

    period: float | None = None
    """Control period [s], if the robot fixes one."""
    events: Mapping[str, int] = NO_EVENTS
    """Faults on the robot's side, counted by name."""
    overruled: Vector | None = None
    """Torques that the robot sent in place of the last ones applied [N m]; None: those."""
    paces: bool = False
    """Whether the robot's clock paces a loop in real time: see `pace`."""

    def pace(self) -> int:
        """Wait for the next state, which `read` returns; return how many were lost since the last.

        Only called if the robot ``paces``.
        """
        return 0

    def read(self) -> State:
        """Return the present state."""
        raise NotImplementedError

    def apply(self, tau: Vector) -> None:
        """Command the joint torques [N m] and hold them until the next cycle begins."""
        raise NotImplementedError

    def hand_back(self) -> None:
        """End the control of the arm; `nengo_forcectl.run` calls it after its last torque."""

    @classmethod
    def of(cls, robot: Any) -> "Robot":
        """Return a robot; wrap any object that has ``read`` and ``apply``."""
        if isinstance(robot, Robot):
            return robot
        return adopt(Robot, robot, ("read", "apply"), ["period"], current=["events"])


class Controller:
    """A control law; its gains are its fields. ``bind`` sizes it for an arm and adds its memory."""

    needs_wrench: bool = False
    """Whether the state must hold a wrench."""
    dt: float | None = None
    """Period [s] of its integral; None without one."""

    @property
    def name(self) -> str:
        """Name of the law in messages."""
        return type(self).__name__

    def bind(self, arm: Arm) -> "Controller":
        """Return the law for this arm, with its own memory if it needs one."""
        return self

    def torque(self, terms: Terms, state: State, reference: Reference) -> Command:
        """Return the torque for this state and reference; one call is one control cycle."""
        raise NotImplementedError

    def warm_up(self, terms: Terms, state: State) -> None:
        """Compile everything that ``torque`` calls, at a state at rest."""

    def forget_motion(self) -> None:
        """Begin a new motion: clear the integral or offset of the last one."""

    @classmethod
    def of(cls, law: Any) -> "Controller":
        """Return a controller; wrap any object that has ``torque``."""
        if isinstance(law, Controller):
            return law
        return adopt(
            Controller, law, ["torque"], ("needs_wrench", "dt", "warm_up", "forget_motion")
        )


class Adaptation:
    """A feed-forward torque that may learn from the controller's error."""

    learning: bool = False
    """Whether it is learning; always False for a part that cannot learn."""
    learns_from_sent: bool = False
    """As `Cycle.learns_from_sent`."""
    learned_model: int = 0
    """As `Cycle.learned_model`."""

    def correct(self, terms: Terms, state: State) -> Terms:
        """Return the arm's terms with what it has learned of the body, before the law uses them."""
        return terms

    def torque(
        self, terms: Terms, state: State, reference: Reference, command: Command
    ) -> Float[np.ndarray, "n"] | float:
        """Return the torque [N m] to add to the command's, then learn from its error."""
        raise NotImplementedError

    frozen: bool = False
    """Whether it neither learns nor holds; False for a part without a fast part."""

    def learn(self, on: Learns) -> None:
        """Start or stop learning; the learned weights stay. See `Cycle.learn`."""

    def overruled(self, tau: Vector) -> None:
        """Record the torque [N m] that was sent instead of the last step's."""

    def forget_motion(self) -> None:
        """Begin a new motion; the learned weights stay."""

    @classmethod
    def of(cls, adaptation: Any) -> "Adaptation":
        """Return an adaptation; wrap any object that has ``torque``."""
        if isinstance(adaptation, Adaptation):
            return adaptation
        names = (
            "learn", "overruled", "forget_motion", "correct", "learns_from_sent", "learned_model",
        )  # fmt: skip
        return adopt(Adaptation, adaptation, ["torque"], names, current=["learning"])


def learns(on: Learns) -> bool:
    """Return whether ``on`` lets weights change.

    Raises:
        ConfigurationError: it is a text other than "hold".
    """
    if isinstance(on, str) and on != "hold":
        raise ConfigurationError(f"learn: is {on!r}, needs True, False or 'hold'")
    return not isinstance(on, str) and bool(on)


class Kinematics:
    """Kinematics that move the controlled point to the tip of a tool."""

    learning: bool = False
    """Whether it is learning, if it can learn."""

    def at_tip(self, terms: Terms, state: State, reference: Reference) -> Terms:
        """Return the terms with pose, J (3, n) and dJ (3, n) at the tip; then learn."""
        raise NotImplementedError


class Cycle:
    """One control cycle: from a state and a reference to the torque."""

    dof: int
    """Joints of the arm."""
    dt: float | None = None
    """Control period [s]; None if any period works."""
    arm: Arm | None = None
    """Model of the arm."""
    controller: Controller | None = None
    """The control law, if it has one."""
    learning: bool = False
    """Whether it is learning; see `learn`."""
    frozen: bool = False
    """Whether its learner neither learns nor holds; see `learn`."""
    learns_from_sent: bool = False
    """Whether it learns from the torque actually sent, even if a limit changed it; see `overruled`.

    Otherwise it learns from its own error, which is meaningless if its torque was not sent."""
    learned_model: int = 0
    """Address of the block with what it has learned of the arm's body, for a guard; 0: nothing."""
    force: float | None = None
    """Force that it is to exert at the tool [N], if it knows."""
    stopped: str | None = None
    """Reason for a controlled stop, or None."""
    events: Mapping[str, int] = NO_EVENTS
    """How often each limit changed the torque, by name."""
    fused_type: type | None = None
    """The class whose ``step`` `step_guarded` may replace; see `fused`."""

    def step(self, state: State, reference: Reference) -> Result:
        """Return the torque for this state, then learn."""
        raise NotImplementedError

    def step_guarded(
        self,
        state: State,
        reference: Reference,
        sound: bool,
        guard: int,
        begun: int,
        elapsed: float,
    ) -> tuple[Result | None, int]:
        """Run `step` within the limits of a guard, in one call.

        Returns the result and the guard's findings. Returns (None, 0) and does nothing if the state
        is not credible, or if cycle and guard must be called separately.

        Args:
            state: state of the arm.
            reference: reference of the path.
            sound: whether to learn from this state.
            guard: address of a block of ``kernels.layout.guard_fields.GUARD``.
            begun: as in ``kernels.protect.protect``.
            elapsed: as in ``kernels.protect.protect`` [s].
        """
        return None, 0

    def defer(self, on: bool) -> None:
        """Let steps leave to `finish` what can wait until their torque is sent, or no longer.

        A loop that forgets to call that loses nothing: the next step does it first.
        """

    def finish(self) -> None:
        """Do what the last step left, if it did: the slow part of learning. See `defer`."""

    def learn(self, on: Learns) -> None:
        """Start or stop learning; the learned weights stay.

        ``"hold"`` stops it and keeps the fast part, an observer, which holds what the weights have
        not learned. Without a fast part it is as False.
        """

    def overruled(self, tau: Vector) -> None:
        """Record the torque [N m] that was sent instead of the last step's."""

    def warm_up(self) -> None:
        """Compile everything that a step calls and begin a new motion, as the constructor does."""

    def forget_motion(self) -> None:
        """Begin a new motion: keep what was learned, clear what belongs to the last motion."""

    def checkpoint(self) -> dict[str, np.ndarray]:
        """Return everything learned and remembered, ready to save."""
        return {}

    def resume(self, checkpoint: Mapping[str, np.ndarray]) -> None:
        """Continue from a checkpoint, bit for bit."""

    @classmethod
    def of(cls, cycle: Any) -> "Cycle":
        """Return a cycle; wrap any object that has ``dof``, ``step`` and ``learn``."""
        if isinstance(cycle, Cycle):
            return cycle
        names = (
            "dt", "arm", "controller", "learns_from_sent", "force", "overruled", "warm_up",
            "forget_motion", "checkpoint", "resume", "defer", "finish",
        )  # fmt: skip
        current = "learning", "stopped", "events"
        return adopt(Cycle, cycle, ("dof", "step", "learn"), names, current)


C = TypeVar("C", bound=Cycle)


def fused(kind: type[C]) -> type[C]:
    """Declare that a class's ``step_guarded`` equals its ``step`` within limits.

    It holds for this class alone: a subclass may override ``step``.
    """
    kind.fused_type = kind
    return kind


def is_fused(cycle: Cycle) -> bool:
    """Return whether ``step_guarded`` may replace this cycle's ``step``; see `fused`."""
    return type(cycle) is cycle.fused_type and "step" not in vars(cycle)
