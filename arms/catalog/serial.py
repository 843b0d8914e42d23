"""A table with one row per joint, as a ``Chain``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from arms.model.chain import Chain, Inertia, Joint, Link, Pose, Vector
from arms.model.spatial import turned_moments

ZERO = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Row:
    """A joint about z, and its child link."""

    joint: str
    link: str
    xyz: Vector  # the joint's frame in its parent link [m]
    rpy: Vector  # [rad]
    lower: float  # [rad]
    upper: float  # [rad]
    speed: float  # [rad/s]
    torque: float  # [N m]
    mass: float  # [kg]
    com: Vector  # in the link's frame [m]
    # Ixx, Ixy, Ixz, Iyy, Iyz, Izz about the com [kg m^2], in axes turned by `turn` [rad].
    moments: tuple[float, float, float, float, float, float]
    turn: Vector = ZERO


def serial(
    name: str,
    rows: Sequence[Row],
    source: str,
    *,
    base: str = "base",
    base_pose: Pose | None = None,
    flange: Pose | None = None,
) -> Chain:
    """The chain of revolute joints of a table.

    ``base_pose`` is that of the first joint's parent in ``base``, ``flange`` the tool frame in the
    last link; both are the identity by default. ``source`` says where the numbers were published.
    """
    links, joints = [Link(base)], []
    if base_pose is not None:
        links.append(Link(f"{base}_axes"))
        joints.append(Joint(f"{base}_mount", "fixed", base, links[-1].name, base_pose))
    for row in rows:
        inertia = Inertia(row.mass, row.com, turned_moments(row.moments, row.turn))
        joints.append(
            Joint(
                row.joint,
                "continuous" if row.upper == inf else "revolute",
                links[-1].name,
                row.link,
                Pose(row.xyz, row.rpy),
                lower=row.lower,
                upper=row.upper,
                velocity=row.speed,
                effort=row.torque,
            )
        )
        links.append(Link(row.link, inertia))
    tip = links[-1].name
    return Chain(name, base, tip, tuple(links), tuple(joints), tool=flange or Pose(), source=source)
