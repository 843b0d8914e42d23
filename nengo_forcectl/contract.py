"""What the parts of a control loop hand to each other, and what each part can be asked.

``State`` comes from a robot, ``Reference`` from a path; a controller makes a ``Command`` of both,
a cycle a ``Result``. The classes below them are the parts: subclass one to get its defaults for
everything that most parts do not need. An object that is no subclass but has the methods without
a default is accepted, too, wherever a part is asked for: `Robot.of`, `Controller.of`,
`Adaptation.of` and `Cycle.of` complete it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
from jaxtyping import Float

from arms import Arm, Terms

from .errors import SimulationError
from .support.arrays import taken

__all__ = [
    "Adaptation",
    "Command",
    "Controller",
    "Cycle",
    "EndingPath",
    "Kinematics",
    "Path",
    "Reference",
    "Result",
    "Robot",
    "State",
    "fused",
]

Vector = Float[np.ndarray, "n"]
NO_EVENTS: Mapping[str, int] = MappingProxyType({})


class State(NamedTuple):
    """What a robot's sensors say at one instant."""

    time: float  # [s]
    q: Float[np.ndarray, "n"]  # joint positions [rad], [m] for a sliding joint
    dq: Float[np.ndarray, "n"]  # joint velocities [rad/s], [m/s]
    sound: bool = True  # whether to learn from it; see `SensorCheck`
    tool: Float[np.ndarray, "3"] | None = None  # tip of the tool in the base frame, if seen [m]
    # Force and moment that the environment exerts on the tool, at its point, along the base's axes
    # [N, N m]; None without a sensor. ``M ddq + C dq + g = tau + J^T wrench``.
    wrench: Float[np.ndarray, "6"] | None = None

    def joints(self, dof: int) -> tuple[Vector, Vector]:
        """Return q and dq as compiled code takes them: writable rows of float64.

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

    None leaves it free: no orientation, no rotation of it, no force.
    """

    x: Float[np.ndarray, "m"]  # position [m], or q [rad]
    dx: Float[np.ndarray, "m"]  # velocity [m/s], or dq [rad/s]
    ddx: Float[np.ndarray, "m"]  # acceleration [m/s^2], or ddq [rad/s^2]
    R: Float[np.ndarray, "3 3"] | None = None  # orientation of the tool: its axes are the columns
    omega: Float[np.ndarray, "3"] | None = None  # angular velocity [rad/s]
    domega: Float[np.ndarray, "3"] | None = None  # angular acceleration [rad/s^2]
    # Force and moment that the tool is to exert on the environment, at its point [N, N m].
    wrench: Float[np.ndarray, "6"] | None = None


class Command(NamedTuple):
    """A controller's torque, the part of it that answers an error, and what it asks of the joints.

    ``error`` is the feedback alone, in joint torque space. With a perfect model it stays at zero,
    so it is what a learning law drives to zero (feedback-error learning, Kawato 1990).
    """

    tau: Float[np.ndarray, "n"]  # [N m]
    error: Float[np.ndarray, "n"]  # s [N m]
    task_torque: Float[np.ndarray, "n"]  # the part of it that serves the task, J^T f [N m]
    dq_r: Float[np.ndarray, "n"]  # joint velocity that the reference asks for, no feedback [rad/s]
    ddq_r: Float[np.ndarray, "n"]  # its acceleration, no feedback [rad/s^2]
    mobility: Float[np.ndarray, "m n"]  # J M^-1: from joint torque to acceleration of the task
    task_error: Float[np.ndarray, "m"]  # acceleration of the task that the feedback asks for
    singularity: float = 0.0  # 0 where the task's inertia is exact, up to 1: see `TaskSpace`


class Result(NamedTuple):
    """What a cycle sends to the motors, and what of it the adaptation added."""

    tau: Float[np.ndarray, "n"]  # [N m], within the arm's limits
    feedforward: Float[np.ndarray, "n"] | float  # [N m]
    tool: Float[np.ndarray, "3"]  # its position in the base frame, as far as it is known [m]
    J: Float[np.ndarray, "3 n"] | None = None  # of the tool, where it is not the arm model's
    singularity: float = 0.0  # 0 where no damping is at work, up to 1 where the arm is singular


class Path(Protocol):
    """Anything that can say where the tool should be at a given time."""

    def at(self, time: float) -> Reference:
        """Return the reference at ``time`` [s]."""
        ...


class EndingPath(Path, Protocol):
    """A path from 0 s to its end; it stands still after that."""

    @property
    def end(self) -> float:
        """When it has arrived [s]."""
        ...


class Robot:
    """Any torque-controlled arm: a simulator, or hardware behind a driver."""

    period: float | None = None
    """Of a control cycle [s], where the robot fixes one."""
    events: Mapping[str, int] = NO_EVENTS
    """What went wrong on the robot's side, counted by name."""

    def read(self) -> State:
        """Return the present state."""
        raise NotImplementedError

    def apply(self, tau: Vector) -> None:
        """Command the joint torques [N m] and hold them until the next cycle begins."""
        raise NotImplementedError

    @classmethod
    def of(cls, robot: Any) -> "Robot":
        """Return a robot, or one made of anything with ``read`` and ``apply``."""
        return robot if isinstance(robot, Robot) else _PlainRobot(robot)


class _PlainRobot(Robot):
    def __init__(self, robot: Any) -> None:
        self._robot = robot
        _adopt(self, robot, "read", "apply", "period")

    @property
    def events(self) -> Mapping[str, int]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """What went wrong on the robot's side, counted by name."""
        return getattr(self._robot, "events", NO_EVENTS)


def _adopt(part: object, given: object, *names: str) -> None:
    """Give a part the attributes and methods that a plain object has."""
    for name in names:
        if hasattr(given, name):
            setattr(part, name, getattr(given, name))


class Controller:
    """A control law: its gains are its fields. ``bind`` gives it an arm's sizes, and a memory."""

    needs_wrench: bool = False
    """Whether there must be a wrench in the state."""
    dt: float | None = None
    """Period [s] over which it integrates; None without an integral."""

    @property
    def name(self) -> str:
        """The law's, for messages."""
        return type(self).__name__

    def bind(self, arm: Arm) -> "Controller":
        """Return the law for this arm, with a memory of its own if it has one."""
        return self

    def torque(self, terms: Terms, state: State, reference: Reference) -> Command:
        """Return the torque for this state and reference; one call is one control cycle."""
        raise NotImplementedError

    def warm_up(self, terms: Terms, state: State) -> None:
        """Compile what ``torque`` calls, at a state at rest."""

    def forget_motion(self) -> None:
        """Begin a new motion: forget an integral or an offset of the last one."""

    @classmethod
    def of(cls, law: Any) -> "Controller":
        """Return a controller, or one made of anything with ``torque``."""
        return law if isinstance(law, Controller) else _PlainController(law)


class _PlainController(Controller):
    def __init__(self, law: Any) -> None:
        self._law = law
        _adopt(self, law, "torque", "needs_wrench", "dt", "warm_up", "forget_motion")

    @property
    def name(self) -> str:
        """The law's, for messages."""
        return type(self._law).__name__


class Adaptation:
    """A feed-forward torque that may learn from the controller's error."""

    learning: bool = False
    """Whether it learns; one that never learns leaves this False."""

    def torque(
        self, terms: Terms, state: State, reference: Reference, command: Command
    ) -> Float[np.ndarray, "n"] | float:
        """Return the torque [N m] to add to the command's, then learn from its error."""
        raise NotImplementedError

    def learn(self, on: bool) -> None:
        """Start or stop learning; what was learned stays."""

    def overruled(self, tau: Vector) -> None:
        """Take note of the torque [N m] that was sent in place of the last step's."""

    def forget_motion(self) -> None:
        """Begin a new motion: what was learned stays."""

    @classmethod
    def of(cls, adaptation: Any) -> "Adaptation":
        """Return an adaptation, or one made of anything with ``torque``."""
        return adaptation if isinstance(adaptation, Adaptation) else _PlainAdaptation(adaptation)


class _PlainAdaptation(Adaptation):
    def __init__(self, adaptation: Any) -> None:
        self._adaptation = adaptation
        _adopt(self, adaptation, "torque", "learn", "overruled", "forget_motion")

    @property
    def learning(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Whether it learns; one that never learns leaves this False."""
        return getattr(self._adaptation, "learning", False)


class Kinematics:
    """What puts a controller at the tip of a tool."""

    learning: bool = False
    """Whether to learn, where it can."""

    def at_tip(self, terms: Terms, state: State, reference: Reference) -> Terms:
        """Return the terms with pose, J (3, n) and dJ (3, n) of the tip; learn."""
        raise NotImplementedError


class Cycle:
    """One control cycle: from a state and a reference to the torque."""

    dof: int
    """Joints of the arm."""
    dt: float | None = None
    """Period [s] that it is made for; None where it works at any."""
    arm: Arm | None = None
    """The model that it goes by."""
    controller: Controller | None = None
    """The law that it goes by, where it has one."""
    learning: bool = False
    """Whether it learns; see `learn`."""
    learns_from_sent: bool = False
    """Whether it learns from the torques that are sent, whoever asked for them; see `overruled`.

    If not, it learns from its own error, which says nothing where its torque was not sent."""
    stopped: str | None = None
    """Why it is in a controlled stop, or None."""
    events: Mapping[str, int] = NO_EVENTS
    """What limits changed, counted by name."""
    fused_type: type | None = None
    """The class whose ``step`` may be replaced by `step_guarded`; see `fused`."""

    def step(self, state: State, reference: Reference) -> Result:
        """Return the torque for this state; learn."""
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
        """As `step` within the limits of a guard, all in one call.

        Returns the result and what the guard met, or (None, 0) where nothing was done: the state is
        not credible, or cycle and guard are to be called one after the other.

        Args:
            state: of the arm.
            reference: of the path.
            sound: whether to learn from this state.
            guard: address of a block of ``kernels.layout.GUARD``.
            begun: of ``kernels.protect.protect``.
            elapsed: of ``kernels.protect.protect`` [s].
        """
        return None, 0

    def learn(self, on: bool) -> None:
        """Start or stop learning; what was learned stays."""

    def overruled(self, tau: Vector) -> None:
        """Take note of the torque [N m] that was sent in place of the last step's."""

    def warm_up(self) -> None:
        """Compile what a step calls, and begin a new motion: the making of a cycle does it."""

    def forget_motion(self) -> None:
        """Begin a new motion: what was learned stays, what is remembered of the last one goes."""

    def checkpoint(self) -> dict[str, np.ndarray]:
        """Return all that is learned and remembered, to be saved."""
        return {}

    def resume(self, checkpoint: Mapping[str, np.ndarray]) -> None:
        """Go on from a checkpoint, to the same bits."""

    @classmethod
    def of(cls, cycle: Any) -> "Cycle":
        """Return a cycle, or one made of anything with ``dof``, ``step`` and ``learn``."""
        return cycle if isinstance(cycle, Cycle) else _PlainCycle(cycle)


C = TypeVar("C", bound=Cycle)


def fused(kind: type[C]) -> type[C]:
    """Declare that a class's ``step_guarded`` does what its ``step`` does, within limits.

    It says so of this class alone: a subclass may have another ``step``.
    """
    kind.fused_type = kind
    return kind


class _PlainCycle(Cycle):
    def __init__(self, cycle: Any) -> None:
        self._cycle = cycle
        _adopt(
            self, cycle, "dof", "dt", "arm", "controller", "learns_from_sent", "step", "learn",
            "overruled", "warm_up", "forget_motion", "checkpoint", "resume",
        )  # fmt: skip

    @property
    def learning(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Whether it learns; see `learn`."""
        return getattr(self._cycle, "learning", False)

    @property
    def stopped(self) -> str | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Why it is in a controlled stop, or None."""
        return getattr(self._cycle, "stopped", None)

    @property
    def events(self) -> Mapping[str, int]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """What limits changed, counted by name."""
        return getattr(self._cycle, "events", NO_EVENTS)
