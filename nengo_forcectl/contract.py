"""The records that the parts of a control loop exchange, and the interface of each part.

A robot gives a ``State``, a path a ``Reference``; from both a controller computes a ``Command`` and
a cycle a ``Result``. The classes below them are the parts: subclass one to inherit defaults for
what most parts do not need. Any object that has the methods without a default is accepted as well:
`Robot.of`, `Controller.of`, `Adaptation.of` and `Cycle.of` add the rest.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, Protocol, TypeVar

import numpy as np
from jaxtyping import Float

from arms import Arm, Terms

from .errors import ConfigurationError, SimulationError
from .support.arrays import taken

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


class State(NamedTuple):
    """The readings of a robot's sensors at one instant."""

    time: float  # [s]
    q: Float[np.ndarray, "n"]  # joint positions [rad], [m] for a sliding joint
    dq: Float[np.ndarray, "n"]  # joint velocities [rad/s], [m/s]
    sound: bool = True  # whether to learn from it; see `SensorCheck`
    tool: Float[np.ndarray, "3"] | None = None  # tip of the tool in the base frame, if seen [m]
    # Force and moment that the environment exerts on the tool, at its origin, in the base's axes
    # [N, N m]; None without a sensor. ``M ddq + C dq + g = tau + J^T wrench``.
    wrench: Float[np.ndarray, "6"] | None = None
    tau: Float[np.ndarray, "n"] | None = None  # measured torques of the joints [N m], if any
    # What the robot itself takes for torques from outside [N m], with its maker's sign.
    tau_ext: Float[np.ndarray, "n"] | None = None

    def joints(self, dof: int) -> tuple[Vector, Vector]:
        """Return q and dq in the form that compiled code takes: writable float64 arrays.

        Raises:
            SimulationError: one of them is not of shape (``dof``,).
        """
        q, dq = taken(self.q), taken(self.dq)
        for name, value in (("q", q), ("dq", dq)):
            if value.shape != (dof,):
                raise SimulationError(
                    f"state at {self.time:.3f} s: {name} has shape {value.shape}, needs ({dof},)"
                )
        return q, dq


class Reference(NamedTuple):
    """One instant of a path, for the tool in the base frame or for the joints.

    A field that is None is not controlled: no orientation, no rotation, no force.
    """

    x: Float[np.ndarray, "m"]  # position [m], or q [rad]
    dx: Float[np.ndarray, "m"]  # velocity [m/s], or dq [rad/s]
    ddx: Float[np.ndarray, "m"]  # acceleration [m/s^2], or ddq [rad/s^2]
    R: Float[np.ndarray, "3 3"] | None = None  # orientation of the tool: its axes are the columns
    omega: Float[np.ndarray, "3"] | None = None  # angular velocity [rad/s]
    domega: Float[np.ndarray, "3"] | None = None  # angular acceleration [rad/s^2]
    # Force and moment that the tool is to exert on the environment, at its origin [N, N m].
    wrench: Float[np.ndarray, "6"] | None = None


class Command(NamedTuple):
    """A controller's torque, the feedback part of it, and the joint motion that it asks for.

    ``error`` is the feedback alone, in joint torque space. It stays at zero with a perfect model,
    so a learning law drives it to zero (feedback-error learning, Kawato 1990).
    """

    tau: Float[np.ndarray, "n"]  # [N m]
    error: Float[np.ndarray, "n"]  # s [N m]
    task_torque: Float[np.ndarray, "n"]  # the part of it that serves the task, J^T f [N m]
    dq_r: Float[np.ndarray, "n"]  # joint velocity that the reference asks for, no feedback [rad/s]
    ddq_r: Float[np.ndarray, "n"]  # its acceleration, no feedback [rad/s^2]
    mobility: Float[np.ndarray, "m n"]  # J M^-1: from joint torque to acceleration of the task
    task_error: Float[np.ndarray, "m"]  # acceleration of the task that the feedback asks for
    singularity: float = 0.0  # 0 far from a singularity, up to 1 in one: see `TaskSpace`
    dq_s: Float[np.ndarray, "n"] | float = 0.0  # dq_r for the task, dq in its null space [rad/s]
    friction: Float[np.ndarray, "n"] | float = 0.0  # part of tau: the model's friction
    # Share of the task's acceleration that the arm cannot give near a singularity, from 0 to 1: the
    # reference is out of reach, or too fast there.
    out_of_reach: float = 0.0


class Result(NamedTuple):
    """The torque that a cycle sends to the motors, and the adaptation's share of it."""

    tau: Float[np.ndarray, "n"]  # [N m], within the arm's limits
    feedforward: Float[np.ndarray, "n"] | float  # [N m]
    tool: Float[np.ndarray, "3"]  # position in the base frame, by the best estimate [m]
    J: Float[np.ndarray, "3 n"] | None = None  # Jacobian of the tool, if it is not the arm model's
    singularity: float = 0.0  # 0 far from a singularity, up to 1 in one
    out_of_reach: float = 0.0  # above 0 where the tool cannot follow its reference: see `Command`


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
        return robot if isinstance(robot, Robot) else _PlainRobot(robot)


class _PlainRobot(Robot):
    def __init__(self, robot: Any) -> None:
        self._robot = robot
        _adopt(self, robot, "read", "apply", "period")

    @property
    def events(self) -> Mapping[str, int]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Faults on the robot's side, counted by name."""
        return getattr(self._robot, "events", NO_EVENTS)


def _adopt(part: object, given: object, *names: str) -> None:
    """Copy the attributes and methods of a plain object to a part."""
    for name in names:
        if hasattr(given, name):
            setattr(part, name, getattr(given, name))


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
        return law if isinstance(law, Controller) else _PlainController(law)


class _PlainController(Controller):
    def __init__(self, law: Any) -> None:
        self._law = law
        _adopt(self, law, "torque", "needs_wrench", "dt", "warm_up", "forget_motion")

    @property
    def name(self) -> str:
        """Name of the law in messages."""
        return type(self._law).__name__


class Adaptation:
    """A feed-forward torque that may learn from the controller's error."""

    learning: bool = False
    """Whether it is learning; always False for a part that cannot learn."""

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
        return adaptation if isinstance(adaptation, Adaptation) else _PlainAdaptation(adaptation)


class _PlainAdaptation(Adaptation):
    def __init__(self, adaptation: Any) -> None:
        self._adaptation = adaptation
        _adopt(self, adaptation, "torque", "learn", "overruled", "forget_motion")

    @property
    def learning(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Whether it is learning; always False for a part that cannot learn."""
        return getattr(self._adaptation, "learning", False)


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
        return cycle if isinstance(cycle, Cycle) else _PlainCycle(cycle)


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


class _PlainCycle(Cycle):
    def __init__(self, cycle: Any) -> None:
        self._cycle = cycle
        _adopt(
            self, cycle, "dof", "dt", "arm", "controller", "learns_from_sent", "force", "step",
            "learn", "overruled", "warm_up", "forget_motion", "checkpoint", "resume",
        )  # fmt: skip

    @property
    def learning(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Whether it is learning; see `learn`."""
        return getattr(self._cycle, "learning", False)

    @property
    def stopped(self) -> str | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Reason for a controlled stop, or None."""
        return getattr(self._cycle, "stopped", None)

    @property
    def events(self) -> Mapping[str, int]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """How often each limit changed the torque, by name."""
        return getattr(self._cycle, "events", NO_EVENTS)
