"""Surfaces that the tool can touch: a table, and a peg on a spring."""

from dataclasses import dataclass
from typing import TypeAlias

from ..support.validation import as_direction, as_triple, check_not_negative, check_positive
from .forces import Vector

TIP = 0.005  # radius of the contact ball at the tool frame's origin [m]


@dataclass(frozen=True)
class Table:
    """A compliant plane: ``f_n = stiffness depth + damping d(depth)/dt``, never below zero.

    Along the plane acts Coulomb friction, ``|f_t| <= mu f_n``. Both are solved for at the end of
    the step. In `MuJoCo` they are as stated here. In `Bullet` the contact is PyBullet's own
    (stiffness and damping as error reduction and constraint force mixing); its friction sticks, and
    sliding friction has the right size, and opposes the motion within about 10 degrees. There, on
    the iiwa, pressing with 20 N, it was compared with a spring and damper computed separately and
    applied at the tool. At rest both give the wanted force to 1e-4 N and the same depth within 10
    um, without jitter. The peak of an impact differs by 2 % up to 1e4 N/m, and on 1e5 N/m by 10 %
    in steps of 1 ms, by 3 % in the recommended steps of 0.25 ms.
    """

    point: Vector  # a point of the surface [m], in the base frame
    stiffness: float = 1e4  # [N/m]
    damping: float = 20.0  # [N s/m]
    mu: float = 0.3  # [1]
    normal: Vector = (0.0, 0.0, 1.0)  # outward

    def __post_init__(self) -> None:
        as_triple(self, "point", "m")
        as_direction(self, "normal")
        check_positive(self, stiffness="N/m")
        check_not_negative(self, damping="N s/m", mu="")


@dataclass(frozen=True)
class Peg:
    """A peg in a guide, pushed out against its stop by a spring ``preload + stiffness depth``.

    The peg's weight reduces this force. Its head is hard (`HEAD`) and frictionless; after its full
    ``travel`` it rests on its bottom stop.
    """

    point: Vector  # middle of the head when the peg is out [m], in the base frame
    stiffness: float = 1000.0  # of the spring [N/m]
    preload: float = 5.0  # [N]
    travel: float = 0.05  # [m]
    mass: float = 0.1  # [kg]
    damping: float = 5.0  # of the guide [N s/m]
    radius: float = 0.02  # [m]
    normal: Vector = (0.0, 0.0, 1.0)  # outward

    def __post_init__(self) -> None:
        as_triple(self, "point", "m")
        as_direction(self, "normal")
        check_not_negative(self, stiffness="N/m", preload="N", damping="N s/m")
        check_positive(self, travel="m", mass="kg", radius="m")


Surface: TypeAlias = Table | Peg
HEAD = (1e5, 60.0)  # contact of peg and tool: stiffness [N/m], damping [N s/m]
