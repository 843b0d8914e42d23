"""A robot in another process, in any language, and a server for a robot in this process.

`message` describes the protocol.
"""

import math
import time
from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..contract import Cycle, Reference, Result, Robot, State
from ..errors import SimulationError
from ..safety.guard import NOWHERE, Safe
from ..support.closing import Closing
from ..support.torques import checked_torque
from .message import GOODBYE, HELLO, STATE, TORQUE, Message, check_joints
from .port import HOST, Port

SERVED = (HELLO, TORQUE, GOODBYE)  # kinds of messages that a robot accepts
SILENCE = 3  # periods without a torque before the robot brings itself to rest
REST = 0.5  # time to come to rest after a goodbye [s]
VACANT = 1.0  # time without a message after which another peer may connect [s]
STILL = 0.02  # largest joint speed of an arm at rest [rad/s]
HELLO_EVERY = 0.05  # [s]
IDLE = 0.1  # wait for a first peer [s]


class BridgeRobot(Closing, Robot):
    """The robot at the other end of the bridge, with ``read`` and ``apply``.

    ``read`` returns the newest state. If none arrives in time it returns the last one again with
    its old time, so that `Safe`, as in `run`, comes to a controlled stop after three cycles.
    ``events`` counts dropped messages by reason; ``silent``: cycles without a new state; ``lost``:
    torques without a state in reply, because torque or state was lost or too late.

    Args:
        dof: joints.
        port: port of the robot process on 127.0.0.1.
        token: token of the session, below 2^64, with which the robot process was started.
        wait: time to wait for a state that is due [s].
        patience: time to wait for the first state [s].

    Raises:
        SimulationError: no robot process replies.
        ConfigurationError: the token exceeds 64 bits, or there are more than 16 joints.
    """

    def __init__(
        self, dof: int, port: int, token: int, wait: float = 5e-4, patience: float = 10.0
    ) -> None:
        check_joints(dof)
        self.wait, self.dof = wait, dof
        self._port = Port(0, token, dof, (STATE,))
        self._port.peer = (HOST, port)
        self._counts = {"silent": 0, "lost": 0}
        self._fresh = True  # before the first read
        self._connected = False
        self._state = State(0.0, np.zeros(dof), np.zeros(dof))  # the newest
        if not self._connect(patience):
            self.close()
            raise SimulationError(
                f"bridge: no robot of {dof} joints with this token answers at {HOST}:{port}"
            )
        self._answered = self._port.sequence  # last message with a state in reply

    def _connect(self, patience: float) -> bool:
        """Send hellos until a state comes; return False if none does within ``patience`` [s]."""
        deadline = time.perf_counter() + patience
        while not self._connected and time.perf_counter() < deadline:
            self._port.send(HELLO, self._state)
            first = self._port.newest(HELLO_EVERY)
            if first is not None:
                self._state, self._connected = _state_of(first), True
        return self._connected

    @property
    def events(self) -> dict[str, int]:
        """Messages dropped, by reason; ``silent`` cycles and ``lost`` torques."""
        return self._counts | self._port.drops

    def read(self) -> State:
        """Return the newest state."""
        # Before the first torque the robot repeats its rest state; no new state is due.
        message = self._port.newest(0.0 if self._fresh else self.wait)
        if self._fresh:
            self._fresh = False
            self._state = self._state if message is None else _state_of(message)
            return self._state
        if message is None:
            self._counts["silent"] += 1
            return self._state
        if message.answers > self._answered:
            self._counts["lost"] += message.answers - self._answered - 1
            self._answered = message.answers
        self._state = _state_of(message)
        return self._state

    def apply(self, tau: Float[np.ndarray, "n"]) -> None:
        """Send the torques [N m].

        Raises:
            SimulationError: they are not finite, or not one per joint. Nothing is sent.
        """
        if np.shape(tau) != (self.dof,):
            raise SimulationError(f"torque has shape {np.shape(tau)}, needs ({self.dof},)")
        self._port.send(TORQUE, self._state, checked_torque(tau, self._state.time))

    def close(self) -> None:
        """Send a goodbye; the robot brings itself to rest."""
        if self._port.socket.fileno() >= 0:
            if self._connected:
                self._port.send(GOODBYE, self._state)
            self._port.socket.close()


def _state_of(message: Message) -> State:
    return State(message.time, message.q, message.dq, wrench=message.wrench)


def serve(
    robot: Robot,
    arm: Arm,
    port: int,
    token: int,
    period: float = 1e-3,
    *,
    seconds: float = math.inf,
    ready: Callable[[int], None] | None = None,
) -> dict[str, int]:
    """Serve a robot: apply every torque received and reply with the state after it.

    The ``robot``'s `apply` must take no real time, as in a simulator. Without a message, the last
    torque is held for three periods; then a `Safe` brings the arm to rest, as it does after a
    goodbye. The function returns after a goodbye, or after ``seconds``. If a controller ends
    without a goodbye, another may connect: see `message`.

    Args:
        robot: the robot to serve.
        arm: its model, used to bring it to rest.
        port: port to listen on at 127.0.0.1; 0 takes a free one.
        token: token of the session.
        period: control period [s].
        seconds: duration [s].
        ready: called with the port when it listens.

    Returns:
        Counts: ``torques`` received, ``missed`` periods without one, torques ``lost`` by their
        sequence, ``rests``, and messages dropped, by reason.
    """
    server = _Server(Robot.of(robot), arm, Port(port, token, arm.dof, SERVED), period)
    end = time.perf_counter() + seconds
    try:
        if ready is not None:
            ready(server.port.socket.getsockname()[1])
        while time.perf_counter() < end and server.step():
            pass
    finally:
        server.port.socket.close()
    return server.counts | server.port.drops


class _Server:
    """The robot's end of the bridge; each `step` is one period."""

    def __init__(self, robot: Robot, arm: Arm, port: Port, period: float) -> None:
        self.robot, self.port, self.period = robot, port, period
        self.counts = {"torques": 0, "missed": 0, "lost": 0, "rests": 0}
        self._rest = Safe(_Unasked(arm.dof), arm, dt=period)
        self._torque: Float[np.ndarray, "n"] | None = None  # the last one [N m]
        self._silent = 0  # consecutive periods without a torque
        self._heard = 0.0  # arrival of the peer's last message [s]

    def step(self) -> bool:
        """Receive, apply and reply; return whether the session continues."""
        peer, before = self.port.peer, self.port.last
        message = self._receive()
        if message is not None and message.kind == GOODBYE:
            self._come_to_rest()
            return False
        if self.port.peer is None:
            return True
        if message is not None and message.kind == TORQUE:
            self._take(message, before if self.port.peer == peer else 0)
        elif self._torque is not None:
            self._silent += 1
            self.counts["missed"] += 1
        if self._torque is not None:
            self.robot.apply(self._torque_now(self._torque))
        self.port.send(STATE, self.robot.read(), answers=self.port.last)
        return True

    def _receive(self) -> Message | None:
        """Return the newest message; first admit another peer if the last one has gone."""
        now = time.perf_counter()
        if self.port.peer is not None and now - self._heard > max(VACANT, SILENCE * self.period):
            self.port.vacant = bool(np.abs(self.robot.read().dq).max() < STILL)
        # A torque that is late by half a period is still in time.
        message = self.port.newest(1.5 * self.period if self.port.peer is not None else IDLE)
        if message is not None:
            self._heard = time.perf_counter()
        return message

    def _take(self, message: Message, before: int) -> None:
        """Store a torque; ``before`` is the sequence number of the peer's last message."""
        self.counts["lost"] += message.sequence - before - 1
        self.counts["torques"] += 1
        self._torque, self._silent = message.tau, 0
        if self._rest.stopped is not None:
            self._rest.reset()

    def _torque_now(self, tau: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
        """Return the last torque, or one that brings the arm to rest after three periods."""
        if self._silent < SILENCE:
            return tau
        if self._rest.stopped is None:
            self.counts["rests"] += 1
            self._rest.stop("no torque comes")
        self._torque = self._rest.step(self.robot.read(), NOWHERE).tau
        return self._torque

    def _come_to_rest(self) -> None:
        self._rest.stop("goodbye")
        for _ in range(round(REST / self.period)):
            self.robot.apply(self._rest.step(self.robot.read(), NOWHERE).tau)
            time.sleep(self.period)


class _Unasked(Cycle):
    """A cycle without torques, for a `Safe` that only stops."""

    def __init__(self, dof: int) -> None:
        self.dof = dof

    def step(self, state: State, reference: Reference) -> Result:
        """Return no torque."""
        return Result(np.zeros(self.dof), 0.0, np.zeros(3))
