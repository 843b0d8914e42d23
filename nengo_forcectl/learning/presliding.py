"""Friction of joints that have just turned back, and the share of it that is learned."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from arms.machine.object_files import pack

from ..kernels.block import Block
from ..kernels.layout.presliding_fields import PRESLIDING
from ..kernels.parts import build_up_rows
from ..support.validation import check_positive, check_within

SLOW = 0.01  # v, as in the arms' model of friction [rad/s]
SHARE = 0.5  # s of a robot's joint of which nothing is known


@dataclass(frozen=True)
class Presliding:
    """Dry friction of a joint, part of which builds up over a short way.

        f = F ((1 - s) tanh(dq / v) + s z),   dz/dt = (dq - |dq| z) / d

    The teeth and contacts of a gear bend before they slide: the friction of a joint that has turned
    back grows over a way of about d, and that of a joint at rest stays (Dahl 1976,
    doi:10.2514/3.61511). z is between -1 and 1. If it were supplied as a function of the speed
    alone, it would drive a joint that trembles within that way.

    The share s of each joint is learned from r, the torque that nothing explains, and from
    ``e = z - tanh(dq / v)``, both through a filter of time constant ``quick``. All integrals fade
    with ``memory``, and R^2 is the usual square of the misfit::

        s = (int F e (r + s F e) dt + doubt R^2 start) / (int (F e)^2 dt + doubt R^2)

    within 0 and 1. It follows whenever the weights do.
    """

    distance: float = 5e-4  # d [rad], or [m] for a sliding joint
    start: float = 0.0  # s before anything is known
    doubt: float = 0.1  # duration that the start counts for [s]
    quick: float = 0.01  # [s]
    memory: float = 60.0  # [s]

    def __post_init__(self) -> None:
        check_positive(self, distance="rad", doubt="s", quick="s", memory="s")
        check_within(self, "start", 0.0, 1.0)

    def block(self, n: int, dt: float) -> Block:
        """Return the block, for n joints and cycles of dt [s]."""
        values = {
            "distance": self.distance,
            "start": self.start,
            "doubt": self.doubt,
            "dt": dt,
            "passed": -math.expm1(-dt / self.quick),
            "keep": math.exp(-dt / self.memory),
            "share": self.start,
        }
        return Block(PRESLIDING, {"n": n}, values)

    def built_up(
        self, way: Float[np.ndarray, "k n"], start: Float[np.ndarray, "n"] | float = 0.0
    ) -> Float[np.ndarray, "k n"]:
        """Return z after each of k ways of the joints [rad]: it does not depend on time."""
        way = np.ascontiguousarray(way, dtype=float)
        z = np.empty_like(way)
        z[:1] = start
        build_up_rows.call(pack(self.block(way.shape[1], 1.0).address, way, z))
        return z


def direction_of(
    pace: Float[np.ndarray, "*batch n"],
    z: Float[np.ndarray, "*batch n"],
    share: Float[np.ndarray, "n"] | float,
) -> Float[np.ndarray, "*batch n"]:
    """Return ``(1 - s) tanh(dq / v) + s z`` of `Presliding`; ``pace`` is the tanh."""
    return pace + share * (z - pace)
