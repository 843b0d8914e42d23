"""A Franka robot under torque control, through Franka's own Python binding, ``pylibfranka``."""

import math
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

import arms
from arms import Arm

from ..contract import Robot, State
from ..errors import ConfigurationError, SimulationError, VersionError
from ..kernels.layout.arm_fields import NOT_FINITE
from ..kernels.parts import share_torque
from ..safety.limits import Limits, braking
from ..sim.masses import Payload
from ..support.arrays import taken
from ..support.closing import Closing
from ..support.torques import checked_torque
from ..support.validation import is_number

if TYPE_CHECKING:
    from pylibfranka import RobotState  # pyright: ignore[reportMissingImports]

PERIOD = 1e-3  # [s]
# Franka's control parameters of the FR3, and rate_limiting.h of libfranka.
TORQUE_RATE = 1000.0  # largest change of a commanded torque [N m/s]
CHANGE = PERIOD * TORQUE_RATE  # the same from one cycle to the next [N m]
# Deceleration in Franka's limits of the speeds near the ends of the joints [rad/s^2].
DECELERATION = np.array([6.0, 2.585, 3.5, 4.0, 17.0, 5.5, 17.0])
# With these three the speeds that `Safe` allows are below Franka's everywhere.
BRAKING, MARGIN, SPEED_MARGIN = 0.8, 0.06, 0.01  # share, [rad], share
COLLISION = (40.0, 40.0)
FRESH = 5  # states after which one is of now
ALIKE = (0.02, 0.05)  # largest difference of the flange between robot and model [m], [rad]
INSTALL = "pip install 'nengo-forcectl[franka]'"
CURES = {
    "Guiding": "release the guiding button",
    "Move": "another program moves it",
    "Reflex": "look at the robot, then acknowledge with recover=True (--recover)",
    "UserStopped": "release the user stop and unlock the joints",
}


class FrankaRobot(Closing, Robot):
    """A Franka Research 3 with ``read`` and ``apply``, at 1 kHz.

    Torques are those of the whole arm, as everywhere in this package. The robot itself compensates
    the gravity of its arm and of what it was told that it carries; so ``apply`` sends ``tau - g``,
    with g of `arm`, the model with the end effector and the load that the robot states.

    The constructor sends no torque. Torque control begins with the first state that a loop asks
    for, and ends with `hand_back`, which `nengo_forcectl.run` calls. The robot's own clock paces
    the loop: each cycle begins when a state comes. ``State.tau`` is the measured torque of the
    joints; ``State.tau_ext`` is Franka's estimate of the torques from outside, as it comes.

    A torque changes by 1 N m per cycle at most, which is Franka's limit. What was sent in place of
    a torque that changes by more is in ``overruled``, from which `Safe` and the learners go on.

    ``events`` counts ``lost`` states, and cycles in which the ``torque rate`` was limited.

    Args:
        host: address of the robot's control.
        arm: model of the bare arm, with the flange as its tool; by default the catalogue's "fr3".
        load: what the tool carries, about the flange, told to the robot; None: what the robot was
            told last. An unknown load is left to the learner.
        collision: torque of any joint [N m], and force and moment at the tool [N, N m], that the
            robot does not expect and at which it stops with a reflex.
        realtime: whether a kernel with real-time scheduling is needed, as Franka says it is; False
            for a simulator.
        recover: whether to acknowledge a reflex first, if there was one.

    Raises:
        VersionError: ``pylibfranka`` is not installed.
        ConfigurationError: a value that makes no sense, or a model that is not the robot's.
        SimulationError: no robot answers, or it is not ready for control.
    """

    period = PERIOD
    paces = True

    def __init__(
        self,
        host: str,
        arm: Arm | None = None,
        *,
        load: Payload | None = None,
        collision: tuple[float, float] = COLLISION,
        realtime: bool = True,
        recover: bool = False,
    ) -> None:
        self.host = host
        bare = arms.load("fr3") if arm is None else arm
        if bare.dof != 7:
            raise ConfigurationError(
                f"FrankaRobot.arm: '{bare.name}' has {bare.dof} joints, needs 7"
            )
        if np.shape(collision) != (2,) or not all(is_number(x) and x > 0 for x in collision):
            raise ConfigurationError(
                f"FrankaRobot.collision: is {collision}, needs two numbers above 0 [N m, N]"
            )
        self._binding = _binding()
        self._failures: Any = (RuntimeError, self._binding.FrankaException)
        self._counts = {"lost": 0, "torque rate": 0}
        self._control: Any = None  # while under torque control
        self._failure: str | None = None  # of this torque control
        self._came: RobotState | None = None  # with `pace`, and was not read yet
        self._sent, self._whole = np.zeros(7), np.zeros(7)  # without gravity, with it [N m]
        self._last: State | None = None
        config = self._binding.RealtimeConfig
        self._robot: Any = self._connected(config.kEnforce if realtime else config.kIgnore)
        if recover and self._mode() == "Reflex":
            self.recover()
        self._check_mode()
        self._compare(bare)
        self._ask("set_collision_behavior", *_thresholds(*collision))
        if load is not None:
            moments = load.inertia.ravel(order="F").tolist()
            self._ask("set_load", float(load.mass), list(map(float, load.com)), moments)
        self.arm = _carrying(bare, self._ask("read_once"), load)
        """The model with what the robot says that it carries; the tool is the flange."""
        self._gravity = self.arm.kernel("g")
        self._share_torque = share_torque.call

    def _connected(self, config: Any) -> Any:
        try:
            return self._binding.Robot(self.host, config)
        except self._binding.RealtimeException as error:
            raise SimulationError(
                f"{self._name}: {_line(error)} Franka asks for one, a simulator does not: "
                "realtime=False (--no-realtime)"
            ) from None
        except self._failures as error:
            raise SimulationError(f"{self._name}: {_line(error)}") from None

    @property
    def _name(self) -> str:
        return f"franka at {self.host}"

    @property
    def limits(self) -> Limits:
        """The arm's limits, with Franka's limits of speeds near the ends of the joints."""
        limits = Limits.of(self.arm, margin=MARGIN, speed_margin=SPEED_MARGIN)
        decelerations = np.minimum(braking(self.arm, limits), BRAKING * DECELERATION)
        return Limits.of(self.arm, margin=MARGIN, speed_margin=SPEED_MARGIN, braking=decelerations)

    @property
    def events(self) -> dict[str, int]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """States ``lost``, and cycles in which the ``torque rate`` was limited."""
        return dict(self._counts)

    def recover(self) -> None:
        """Acknowledge the robot's error, after a reflex.

        Raises:
            SimulationError: the error needs another cure, or the robot does not answer.
        """
        self._control = self._failure = None
        self._ask("automatic_error_recovery")

    def look(self) -> State:
        """Return the present state of a robot that is not under torque control.

        Raises:
            SimulationError: the robot does not answer.
        """
        return _state_of(self._ask("read_once"))

    def pace(self) -> int:
        """Wait for the next state, begin torque control if need be; return how many were lost.

        Raises:
            SimulationError: the robot stopped, or does not answer.
        """
        if self._failure is not None:
            raise SimulationError(self._failure)
        try:
            if self._control is None:
                self._control = self._robot.start_torque_control()
                self._sent[:] = 0.0
            self._came, since = self._control.readOnce()
        except self._failures as error:
            self._failure = f"{self._name}: {_line(error)}"
            raise SimulationError(self._failure) from None
        lost = max(round(since.to_sec() / PERIOD) - 1, 0)
        self._counts["lost"] += lost
        return lost

    def read(self) -> State:
        """Return the state that `pace` brought, or wait for one.

        Raises:
            SimulationError: as `pace`.
        """
        if self._came is None:
            self.pace()
        came: Any = self._came
        self._last, self._came = _state_of(came), None
        return self._last

    def share(
        self, tau: Float[np.ndarray, "7"], q: Float[np.ndarray, "7"]
    ) -> Float[np.ndarray, "7"]:
        """Return the torque [N m] to send at ``q``: without gravity, which the robot adds."""
        return tau - self.arm.gravity(q)

    def apply(self, tau: Float[np.ndarray, "7"]) -> None:
        """Send the torques [N m] without gravity, at most 1 N m away from the last ones.

        Raises:
            SimulationError: they are not finite, or not seven, or the robot stopped.
        """
        tau = taken(tau)
        if tau.shape != (7,):
            raise SimulationError(f"torque has shape {tau.shape}, needs (7,)")
        if self._control is None or self._last is None or self._failure is not None:
            raise SimulationError(self._failure or f"{self._name}: is not under torque control")
        limited = self._share(tau, self._last.q)
        if limited == NOT_FINITE:
            checked_torque(tau, self._last.time)
            raise SimulationError(f"{self._name}: q is {self._last.q}, needs numbers")
        self._send()
        self.overruled = None
        if limited:
            self._counts["torque rate"] += 1
            self.overruled = self._whole.copy()

    def _share(self, tau: Float[np.ndarray, "7"], q: Float[np.ndarray, "7"]) -> int:
        """Write what to send of ``tau`` to ``_sent``; see `share_torque`."""
        own = self._gravity.address, 7
        return self._share_torque(*own, q, tau, self._sent, self._whole, CHANGE)

    def _send(self, *, last: bool = False) -> None:
        command = self._binding.Torques(self._sent.tolist())
        if last:
            command.motion_finished = True
        try:
            self._control.writeOnce(command)
        except self._failures as error:
            self._failure = f"{self._name}: {_line(error)}"
            raise SimulationError(self._failure) from None

    def hand_back(self) -> None:
        """End torque control: the robot holds its position. The next state begins it anew."""
        control, self._came = self._control, None
        if control is not None and self._failure is None:
            try:
                control.readOnce()  # a command answers a state
                self._send(last=True)
            except (*self._failures, SimulationError):  # it has ended already
                self._stop()
        self._control = self._failure = None

    def _stop(self) -> None:
        with suppress(self._failures):  # it does not answer; its own watchdog has stopped it
            self._robot.stop()

    def close(self) -> None:
        """End torque control and the connection."""
        if self._robot is not None:
            self.hand_back()
            self._robot = None

    def _ask(self, command: str, *arguments: Any) -> Any:
        if self._robot is None:
            raise SimulationError(f"{self._name}: is closed")
        try:
            return getattr(self._robot, command)(*arguments)
        except self._failures as error:
            raise SimulationError(f"{self._name}: {command}: {_line(error)}") from None

    def _mode(self) -> str:
        return self._ask("read_once").robot_mode.name

    def _check_mode(self) -> None:
        mode = ""
        for _ in range(FRESH):  # states that were on the way come first
            mode = self._mode()
            if mode == "Idle":
                return
        errors = self._ask("read_once").last_motion_errors
        cause = f" ({errors})" if mode == "Reflex" and errors else ""
        raise SimulationError(
            f"{self._name}: is in mode {mode}{cause}, needs Idle: "
            f"{CURES.get(mode, 'see its display')}"
        )

    def _compare(self, arm: Arm) -> None:
        """Refuse a model whose flange is not where the robot's is."""
        state = self._ask("read_once")
        tool, flange = _matrix(state.O_T_EE), _matrix(state.F_T_EE)
        off = np.linalg.inv(tool @ np.linalg.inv(flange)) @ arm.pose(np.array(state.q))
        apart = float(np.linalg.norm(off[:3, 3]))
        turned = math.acos(np.clip((np.trace(off[:3, :3]) - 1.0) / 2.0, -1.0, 1.0))
        if apart > ALIKE[0] or turned > ALIKE[1]:
            raise ConfigurationError(
                f"{self._name}: is not a '{arm.name}': its flange is {1e3 * apart:.0f} mm and "
                f"{turned:.2f} rad from the model's; needs the model of this robot"
            )


def _binding() -> Any:
    """Return Franka's binding.

    Raises:
        VersionError: it is not installed.
    """
    try:
        import pylibfranka  # pyright: ignore[reportMissingImports]  # optional
    except ImportError as error:
        raise VersionError(f"FrankaRobot needs pylibfranka ({error}): {INSTALL}") from None
    return pylibfranka


def _state_of(state: "RobotState") -> State:
    rows = state.q, state.dq, state.tau_J, state.tau_ext_hat_filtered
    q, dq, tau, tau_ext = np.array(rows)
    return State(state.time.to_sec(), q, dq, tau=tau, tau_ext=tau_ext)


def _carrying(arm: Arm, state: "RobotState", load: Payload | None) -> Arm:
    """Return the arm with the end effector that a robot states, and the load or that it states."""
    parts = [(state.m_ee, state.F_x_Cee, state.I_ee)]
    if load is None:
        parts.append((state.m_load, state.F_x_Cload, state.I_load))
    for mass, com, inertia in parts:
        if mass > 0.0:
            arm = arm.with_payload(mass, np.array(com), np.array(inertia).reshape(3, 3, order="F"))
    return arm if load is None else load.real(arm)


def _thresholds(torque: float, force: float) -> tuple[list[float], ...]:
    return [torque] * 7, [torque] * 7, [force] * 6, [force] * 6


def _matrix(column_major: Any) -> Float[np.ndarray, "4 4"]:
    return np.array(column_major).reshape(4, 4, order="F")


def _line(error: BaseException) -> str:
    """Return an error's text in one line, without the name of the library."""
    return " ".join(str(error).removeprefix("libfranka:").split())
