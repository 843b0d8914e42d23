"""One end of the bridge: a UDP socket on the loopback, and its session."""

import socket
import time

import numpy as np
from jaxtyping import Float

from ..contract import State
from ..errors import ConfigurationError
from .message import DROPS, HELLO, SIZE, Message, decode, encode

HOST = "127.0.0.1"
FLOOD = 5e-4  # time to search received datagrams after a wait [s]


class Port:
    """A socket that returns intact new messages from the peer, and counts all others.

    Args:
        port: port to listen on at 127.0.0.1; 0 takes a free one.
        token: token of the session.
        dof: number of joints.
        kinds: accepted kinds of messages.

    Raises:
        ConfigurationError: the token exceeds 64 bits, or the port cannot be opened.
    """

    def __init__(self, port: int, token: int, dof: int, kinds: tuple[int, ...]) -> None:
        if not 0 <= token < 1 << 64:
            raise ConfigurationError(f"bridge: token is {token}, needs 0 to 2^64 - 1")
        self.token, self.dof, self.kinds = token, dof, kinds
        self.peer: tuple[str, int] | None = None  # None: the first to say hello
        self.vacant = False  # whether a hello from anywhere begins a new session
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
        """Send to the peer; count a missing peer instead of raising."""
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
        except OSError:  # there is no listener
            self.drops["unexpected"] += 1

    def newest(self, wait: float) -> Message | None:
        """Return the newest message; wait up to ``wait`` [s], then return None."""
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
        """Receive one datagram; return a message, the reason for dropping it, or None."""
        self.socket.settimeout(wait)
        try:
            data, address = self.socket.recvfrom(2 * SIZE)
        except (TimeoutError, BlockingIOError):
            return None
        except OSError:  # the operating system reports a closed peer port
            return "unexpected"
        message = decode(data) if self.vacant or self.peer in (None, address) else "stranger"
        if isinstance(message, Message):
            message = self._check(message, address)
        if isinstance(message, str):
            self.drops[message] += 1
            return message
        self.peer, self.last, self.vacant = address, message.sequence, False
        return message

    def _check(self, message: Message, address: tuple[str, int]) -> Message | str:
        """Return a message that fits the session, or the reason for dropping it."""
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
