"""Surfaces that the tool can touch: a table, and a peg on a spring."""

from dataclasses import dataclass
from typing import TypeAlias

from ..support.checks import as_direction, as_triple, check_not_negative, check_positive
from .forces import Vector

TIP = 0.005  # radius of the ball at the tool frame's origin, the only thing that touches [m]


@dataclass(frozen=True)
class Table:
    """A plane that gives way: ``f_n = stiffness depth + damping d(depth)/dt``, and never pulls.

    Along the plane Coulomb friction, ``|f_t| <= mu f_n``. It is PyBullet's own contact, solved for
    at the end of the step (stiffness and damping as error reduction and constraint force mixing),
    with its own friction, which sticks; one that slides is of the right size, and in direction
    within some 10 degrees against the motion. On the iiwa pressed with 20 N it was held against a
    spring and damper computed outside and applied at the tool: at rest both give the wanted force
    to 1e-4 N and the same depth within 10 um, without jitter; the peak of an impact differs by 2 %
    up to 1e4 N/m, and on 1e5 N/m by 10 % in steps of 1 ms, by 3 % in steps of 0.25 ms. Take those.
    """

    point: Vector  # of the surface [m], in the base frame
    stiffness: float = 1e4  # [N/m]
    damping: float = 20.0  # [N s/m]
    mu: float = 0.3  # [1]
    normal: Vector = (0.0, 0.0, 1.0)  # out of the table

    def __post_init__(self) -> None:
        as_triple(self, "point", "m")
        as_direction(self, "normal")
        check_positive(self, stiffness="N/m")
        check_not_negative(self, damping="N s/m", mu="")


@dataclass(frozen=True)
class Peg:
    """A peg in a guide, pushed out against its stop by a spring ``preload + stiffness depth``.

    Less its weight, that is. Its head is hard (`HEAD`), and without friction; pushed in all its
    ``travel`` it sits on its bottom stop.
    """

    point: Vector  # middle of the head when the peg is out [m], in the base frame
    stiffness: float = 1000.0  # of the spring [N/m]
    preload: float = 5.0  # [N]
    travel: float = 0.05  # [m]
    mass: float = 0.1  # [kg]
    damping: float = 5.0  # of the guide [N s/m]
    radius: float = 0.02  # [m]
    normal: Vector = (0.0, 0.0, 1.0)  # out of the guide

    def __post_init__(self) -> None:
        as_triple(self, "point", "m")
        as_direction(self, "normal")
        check_not_negative(self, stiffness="N/m", preload="N", damping="N s/m")
        check_positive(self, travel="m", mass="kg", radius="m")


Surface: TypeAlias = Table | Peg
HEAD = (1e5, 60.0)  # of a peg: stiffness [N/m] and damping [N s/m] of its contact with the tool
