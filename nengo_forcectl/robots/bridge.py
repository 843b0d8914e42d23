"""To a robot in another process, in any language: UDP on the loopback, one fixed-size message.

Both directions have the same 476 bytes, little-endian, without padding:

======  ======  =========  =====================================================================
offset  type    name       what
======  ======  =========  =====================================================================
0       4 char  magic      ``NFCB``
4       uint8   version    1
5       uint8   kind       0 hello, 1 torque (both to the robot), 2 state (from it), 3 goodbye
6       uint8   n          joints, 1 to 16
7       uint8   flags      bit 0: the wrench is measured
8       uint64  token      of the session: both processes are started with it
16      uint64  sequence   1, 2, 3, ...; every direction counts its own
24      uint64  answers    in a state: sequence of the last message that the robot has taken
32      float64 time       of the robot, of the state [s]
40      float64 q[16]      joint positions [rad]; those from n on are 0
168     float64 dq[16]     joint velocities [rad/s]
296     float64 wrench[6]  on the tool, in the base's axes [N, N m]
344     float64 tau[16]    torques [N m]
472     uint32  crc        CRC-32 (zlib's, IEEE 802.3) of bytes 0 to 471
======  ======  =========  =====================================================================

A hello asks for a state. Every torque is answered with the state one period after it, and is the
heartbeat: a robot that gets none for three periods brings itself to rest. Whatever is not from the
peer's address, with the session's token, intact, and newer than the last, is dropped and counted.

A session begins with a hello and ends with a goodbye, with which `serve` ends, too. A peer that is
gone without one, as a controller that crashed, is followed by the next: once nothing has come from
it for a second, and the arm is at rest, a hello with the token begins a new session, from whatever
port, and its sequence counts anew. Until its first torque the arm is held where it rests.
"""

import math
import socket
import struct
import time
import zlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..contract import Cycle, Reference, Result, Robot, State
from ..errors import ConfigurationError, SimulationError
from ..safety.sensors import checked_torque
from ..support.closing import Closing

HOST = "127.0.0.1"
JOINTS = 16
LAYOUT = struct.Struct(f"<4sBBBBQQQd{JOINTS}d{JOINTS}d6d{JOINTS}d")
SIZE = LAYOUT.size + 4
MAGIC, VERSION = b"NFCB", 1
HELLO, TORQUE, STATE, GOODBYE = range(4)
SILENCE = 3  # periods without a torque before the robot brings itself to rest
REST = 0.5  # in which it does, after a goodbye [s]
FLOOD = 5e-4  # after its time, in which what waits is sifted for a message [s]
VACANT = 1.0  # without a message from the peer, before another one may follow it [s]
STILL = 0.02  # of an arm at rest: no joint is faster [rad/s]
DROPS = ("truncated", "foreign", "damaged", "stranger", "replayed", "not finite", "unexpected")


class Message(NamedTuple):
    """What goes over the bridge; see the module for the layout."""

    kind: int
    token: int
    sequence: int
    answers: int
    time: float
    q: Float[np.ndarray, "n"]
    dq: Float[np.ndarray, "n"]
    tau: Float[np.ndarray, "n"]
    wrench: Float[np.ndarray, "6"] | None = None


def encode(message: Message) -> bytes:
    """Return the 476 bytes of a message of at most 16 joints."""
    n = len(message.q)
    if not 1 <= n <= JOINTS:
        raise ConfigurationError(f"bridge: has {n} joints, needs 1 to {JOINTS}")
    body = LAYOUT.pack(
        MAGIC, VERSION, message.kind, n, message.wrench is not None, *message[1:5],
        *_padded(message.q), *_padded(message.dq),
        *(np.zeros(6) if message.wrench is None else message.wrench), *_padded(message.tau),
    )  # fmt: skip
    return body + struct.pack("<I", zlib.crc32(body))


def decode(data: bytes) -> Message | str:
    """Return the message, or which of `DROPS` it is: never an error, whatever the bytes."""
    if len(data) != SIZE:
        return "truncated"
    if data[:4] != MAGIC or data[4] != VERSION:
        return "foreign"
    if zlib.crc32(data[:-4]) != struct.unpack("<I", data[-4:])[0]:
        return "damaged"
    _, _, kind, n, flags, token, sequence, answers, time, *numbers = LAYOUT.unpack(data[:-4])
    if kind not in (HELLO, TORQUE, STATE, GOODBYE) or not 1 <= n <= JOINTS:
        return "unexpected"
    numbers = np.array([time, *numbers])
    if not np.isfinite(numbers).all():
        return "not finite"
    q, dq, wrench, tau = np.split(numbers[1:], (JOINTS, 2 * JOINTS, 2 * JOINTS + 6))
    return Message(
        kind, token, sequence, answers, time, q[:n], dq[:n], tau[:n], wrench if flags & 1 else None
    )


def _padded(vector: Float[np.ndarray, "n"]) -> list[float]:
    return [*map(float, vector), *[0.0] * (JOINTS - len(vector))]


class _Port:
    """A socket that hands on what is intact, new, and from the peer, and counts the rest."""

    def __init__(self, port: int, token: int, dof: int, kinds: tuple[int, ...]) -> None:
        if not 0 <= token < 1 << 64:
            raise ConfigurationError(f"bridge: token is {token}, needs 0 to 2^64 - 1")
        self.token, self.dof, self.kinds = token, dof, kinds
        self.peer: tuple[str, int] | None = None  # None: whoever says hello first
        self.vacant = False  # whether a hello, from anywhere, begins a new session
        self.sequence = self.last = 0
        self.drops: dict[str, int] = dict.fromkeys(DROPS, 0)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self.socket.bind((HOST, port))
        except OSError as error:
            self.socket.close()
            raise ConfigurationError(
                f"bridge: port {port} cannot be opened ({error.strerror}); needs a free one"
            ) from None

    def send(
        self,
        kind: int,
        state: State,
        tau: Float[np.ndarray, "n"] | None = None,
        answers: int = 0,
    ) -> None:
        """Send to the peer; a peer that is gone is no error here."""
        assert self.peer is not None
        self.sequence += 1
        tau = np.zeros(self.dof) if tau is None else tau
        data = encode(
            Message(
                kind, self.token, self.sequence, answers, state.time, state.q, state.dq, tau,
                state.wrench,
            )
        )  # fmt: skip
        try:
            self.socket.sendto(data, self.peer)
        except OSError:  # nobody listens
            self.drops["unexpected"] += 1

    def newest(self, wait: float) -> Message | None:
        """Return the newest message that has come, after waiting for one for ``wait`` [s]."""
        found, deadline = None, time.perf_counter() + wait
        last = deadline + FLOOD
        while True:
            left = 0.0 if found is not None else max(deadline - time.perf_counter(), 0.0)
            message = self._receive(left)
            if isinstance(message, Message):
                found = message
            elif left <= 0.0 and (message is None or time.perf_counter() >= last):
                return found

    def _receive(self, wait: float) -> Message | str | None:
        """One datagram: a message, a drop, or None if there is none."""
        self.socket.settimeout(wait)
        try:
            data, address = self.socket.recvfrom(2 * SIZE)
        except (TimeoutError, BlockingIOError):
            return None
        except OSError:  # the peer's port is closed, says the kernel
            return "unexpected"
        message = decode(data) if self.vacant or self.peer in (None, address) else "stranger"
        if isinstance(message, Message):
            message = self._checked(message, address)
        if isinstance(message, str):
            self.drops[message] += 1
            return message
        self.peer, self.last, self.vacant = address, message.sequence, False
        return message

    def _checked(self, message: Message, address: tuple[str, int]) -> Message | str:
        if message.token != self.token:
            return "stranger"
        begins = message.kind == HELLO and (self.vacant or self.peer is None)
        if not begins and self.peer not in (None, address):
            return "stranger"
        if message.kind not in self.kinds or len(message.q) != self.dof:
            return "unexpected"
        if self.peer is None and not begins:
            return "unexpected"
        return message if message.sequence > (0 if begins else self.last) else "replayed"


class BridgeRobot(Closing, Robot):
    """The robot at the other end of the bridge: ``read`` and ``apply`` as of any robot.

    ``read`` gives the newest state; if none comes in time it gives the last again, whose time has
    not gone on, so that `Safe`, as in `run`, comes to a controlled stop after three such cycles.
    ``events`` counts what was dropped, ``silent`` cycles without a new state, and ``lost`` torques
    that no state has answered: the torque, or its state, was lost or came too late.

    Args:
        dof: joints.
        port: at which the robot process listens on 127.0.0.1.
        token: of the session, that the robot process was started with, below 2^64.
        wait: for a state that is due [s].
        patience: for the first state [s].

    Raises:
        SimulationError: no robot process answers.
        ConfigurationError: a token that is no 64 bits.
    """

    def __init__(
        self, dof: int, port: int, token: int, wait: float = 5e-4, patience: float = 10.0
    ) -> None:
        if not 1 <= dof <= JOINTS:
            raise ConfigurationError(f"bridge: has {dof} joints, needs 1 to {JOINTS}")
        self.wait, self.dof = wait, dof
        self._port = _Port(0, token, dof, (STATE,))
        self._port.peer = (HOST, port)
        self._counts = {"silent": 0, "lost": 0}
        self._answered, self._sent = 0, 0
        self._fresh = True
        nothing = State(0.0, np.zeros(dof), np.zeros(dof))
        deadline = time.perf_counter() + patience
        while time.perf_counter() < deadline:
            self._port.send(HELLO, nothing)
            first = self._port.newest(0.05)
            if first is not None:
                self._state = _state(first)
                self._answered = self._sent = self._port.sequence
                return
        self.close()
        raise SimulationError(
            f"bridge: no robot of {dof} joints with this token answers at {HOST}:{port}"
        )

    @property
    def events(self) -> dict[str, int]:
        """What was dropped, silent and lost, counted."""
        return self._counts | self._port.drops

    def read(self) -> State:
        """Return the newest state that has come."""
        # Until the first torque the robot says again and again where it rests; none is due.
        message = self._port.newest(0.0 if self._fresh else self.wait)
        if self._fresh:
            self._fresh = False
            self._state = self._state if message is None else _state(message)
            return self._state
        if message is None:
            self._counts["silent"] += 1
            return self._state
        if message.answers > self._answered:
            self._counts["lost"] += message.answers - self._answered - 1
            self._answered = message.answers
        self._state = _state(message)
        return self._state

    def apply(self, tau: Float[np.ndarray, "n"]) -> None:
        """Send the torques [N m].

        Raises:
            SimulationError: not finite, or not one a joint; nothing is sent.
        """
        if np.shape(tau) != (self.dof,):
            raise SimulationError(f"torque has shape {np.shape(tau)}, needs ({self.dof},)")
        self._port.send(TORQUE, self._state, checked_torque(tau, self._state.time))

    def close(self) -> None:
        """Say goodbye; the robot brings itself to rest."""
        if self._port.socket.fileno() >= 0:
            if hasattr(self, "_state"):
                self._port.send(GOODBYE, self._state)
            self._port.socket.close()


def _state(message: Message) -> State:
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
    """Be the robot's end: apply every torque that comes, answer with the state after it.

    For a ``robot`` whose `apply` takes no real time, as a simulator's. While nothing comes, the
    last torque is held, for three periods; then the arm is brought to rest by a `Safe`, as it is at
    a goodbye. Ends after that, or after ``seconds``, and returns what was counted. One controller
    may follow another that is gone without a goodbye: see the module.

    Args:
        robot: what it serves.
        arm: its model, which brings it to rest.
        port: to listen at on 127.0.0.1; 0 takes a free one.
        token: of the session.
        period: of a cycle [s].
        seconds: after which it ends.
        ready: called with the port when it listens.
    """
    from ..safety.guard import NOWHERE, Safe

    line = _Port(port, token, arm.dof, (HELLO, TORQUE, GOODBYE))
    counts = {"torques": 0, "missed": 0, "lost": 0, "rests": 0}
    rest = Safe(_Nothing(arm.dof), arm, dt=period)
    end = time.perf_counter() + seconds
    torque, silent, heard = None, 0, 0.0
    try:
        if ready is not None:
            ready(line.socket.getsockname()[1])
        while time.perf_counter() < end:
            peer, before = line.peer, line.last
            if peer is not None and time.perf_counter() - heard > max(VACANT, SILENCE * period):
                line.vacant = bool(np.abs(robot.read().dq).max() < STILL)
            # A cycle late by half a period is still in time.
            message = line.newest(1.5 * period if line.peer is not None else 0.1)
            if message is not None:
                heard = time.perf_counter()
                before = before if line.peer == peer else 0
            if message is not None and message.kind == GOODBYE:
                rest.stop("goodbye")
                for _ in range(round(REST / period)):
                    robot.apply(rest.step(robot.read(), NOWHERE).tau)
                    time.sleep(period)
                break
            if line.peer is None:
                continue
            if message is not None and message.kind == TORQUE:
                counts["lost"] += message.sequence - before - 1
                counts["torques"] += 1
                torque, silent = message.tau, 0
                if rest.stopped is not None:
                    rest.reset()
            elif torque is not None:
                silent += 1
                counts["missed"] += 1
            if torque is not None:
                if silent >= SILENCE:
                    if rest.stopped is None:
                        counts["rests"] += 1
                        rest.stop("no torque comes")
                    torque = rest.step(robot.read(), NOWHERE).tau
                robot.apply(torque)
            line.send(STATE, robot.read(), answers=line.last)
    finally:
        line.socket.close()
    return counts | line.drops


class _Nothing(Cycle):
    """A cycle that is never asked."""

    def __init__(self, dof: int) -> None:
        self.dof = dof

    def learn(self, on: bool) -> None:
        pass

    def step(self, state: State, reference: Reference) -> Result:
        return Result(np.zeros(self.dof), 0.0, np.zeros(3))
