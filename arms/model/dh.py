"""Arms from Denavit-Hartenberg parameters, in both conventions.

Standard (Denavit and Hartenberg 1955, as in Spong and in Siciliano): frame i sits at the far end
of link i,

    T_i = Rz(theta) Tz(d) Tx(a) Rx(alpha).

Modified (Craig 1986): frame i sits on joint i,

    T_i = Rx(alpha) Tx(a) Rz(theta) Tz(d)        with alpha and a of the link before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite
from numbers import Real

from arms.errors import ArmError
from arms.model.chain import Chain, Inertia, Joint, Link, Pose, Vector
from arms.model.spatial import matrix, pose_of

MASSLESS = Inertia()


@dataclass(frozen=True)
class Row:
    """The parameters of one joint; q adds to ``theta``, or to ``d`` of a prismatic joint."""

    a: float = 0.0  # [m]
    alpha: float = 0.0  # [rad]
    d: float = 0.0  # [m]
    theta: float = 0.0  # [rad]
    kind: str = "revolute"  # or "prismatic"
    lower: float = -inf  # [rad] or [m]
    upper: float = inf
    velocity: float = inf  # [rad/s] or [m/s]
    effort: float = inf  # [N m] or [N]
    inertia: Inertia = MASSLESS  # in the axes of frame i


def from_dh(
    name: str,
    rows: Sequence[Row],
    *,
    modified: bool = False,
    gravity: Vector = (0.0, 0.0, -9.81),
) -> Chain:
    """The chain of a table of parameters; the frame of row i, from 1, is called "link{i}".

    ``gravity`` [m/s^2] is in the base frame. A kind of joint or a number that is not allowed raises
    ``ArmError``.

    >>> from arms import Arm
    >>> float(Arm(from_dh("rr", [Row(a=0.5), Row(a=0.4)])).pose([0.0, 0.0])[0, 3])
    0.9
    """
    links, joints = [Link("base")], []
    for k, row in enumerate(rows, start=1):
        if row.kind not in ("revolute", "prismatic"):
            raise ArmError(f"DH row {k}: kind is {row.kind!r}, needs revolute or prismatic")
        numbers = (row.a, row.alpha, row.d, row.theta)
        if not all(isinstance(number, Real) and isfinite(number) for number in numbers):
            raise ArmError(f"DH row {k}: a, alpha, d, theta are {numbers}, need finite numbers")
        turn = Pose((0.0, 0.0, row.d), (0.0, 0.0, row.theta))
        twist = Pose((row.a, 0.0, 0.0), (row.alpha, 0.0, 0.0))
        # Rotation about z and translation along z commute: the joint may come before or after.
        origin = pose_of(matrix(twist) @ matrix(turn)) if modified else turn
        moved = f"link{k}" if modified else f"joint{k}_axis"
        inertia = row.inertia if modified else MASSLESS
        joints.append(
            Joint(
                *(f"joint{k}", row.kind, links[-1].name, moved, origin),
                lower=row.lower,
                upper=row.upper,
                velocity=row.velocity,
                effort=row.effort,
            )
        )
        links.append(Link(moved, inertia))
        if not modified:
            joints.append(Joint(f"link{k}_end", "fixed", moved, f"link{k}", twist))
            links.append(Link(f"link{k}", row.inertia))
    tip = links[-1].name
    return Chain(name, "base", tip, tuple(links), tuple(joints), gravity, source="DH parameters")
