"""The protocol of the bridge to a robot in another process: UDP messages of one fixed size.

Both directions use the same 476 bytes, little-endian, without padding:

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

A hello requests a state. The robot replies to every torque with the state one period later. Torques
are the heartbeat: a robot without one for three periods brings itself to rest. A message that is
not from the peer's address, not intact, without the session's token, or not newer than the last one
is dropped and counted.

A session begins with a hello and ends with a goodbye, which also ends `serve`. If a peer vanishes
without one, as after a crash, another may connect: after a second without messages, with the arm at
rest, a hello with the token begins a new session from any port, with a new sequence. Until its
first torque the arm is held at rest.
"""

import struct
import zlib
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from ..errors import ConfigurationError

JOINTS = 16
BODY = struct.Struct(f"<4sBBBBQQQd{JOINTS}d{JOINTS}d6d{JOINTS}d")
CRC = struct.Struct("<I")
SIZE = BODY.size + CRC.size
MAGIC, VERSION = b"NFCB", 1
HELLO, TORQUE, STATE, GOODBYE = range(4)
DROPS = ("truncated", "foreign", "damaged", "stranger", "replayed", "not finite", "unexpected")
"""Reasons for dropping a message."""


class Message(NamedTuple):
    """One message; see the module for the layout."""

    kind: int
    token: int
    sequence: int
    answers: int
    time: float
    q: Float[np.ndarray, "n"]
    dq: Float[np.ndarray, "n"]
    tau: Float[np.ndarray, "n"]
    wrench: Float[np.ndarray, "6"] | None = None


def check_joints(n: int) -> None:
    """Refuse an arm that does not fit into a message.

    Raises:
        ConfigurationError: it has more than 16 joints, or none.
    """
    if not 1 <= n <= JOINTS:
        raise ConfigurationError(f"bridge: has {n} joints, needs 1 to {JOINTS}")


def encode(message: Message) -> bytes:
    """Return the 476 bytes of a message.

    Raises:
        ConfigurationError: it has more than 16 joints, or none.
    """
    n = len(message.q)
    check_joints(n)
    body = BODY.pack(
        MAGIC, VERSION, message.kind, n, message.wrench is not None, *message[1:5],
        *_padded(message.q), *_padded(message.dq),
        *(np.zeros(6) if message.wrench is None else message.wrench), *_padded(message.tau),
    )  # fmt: skip
    return body + CRC.pack(zlib.crc32(body))


def decode(data: bytes) -> Message | str:
    """Return the message, or one of `DROPS`; no bytes raise an error."""
    if len(data) != SIZE:
        return "truncated"
    if data[:4] != MAGIC or data[4] != VERSION:
        return "foreign"
    if zlib.crc32(data[: BODY.size]) != CRC.unpack(data[BODY.size :])[0]:
        return "damaged"
    _, _, kind, n, flags, token, sequence, answers, time, *numbers = BODY.unpack(data[: BODY.size])
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
