"""From a table, one row per joint, to a ``Chain``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from arms.model.chain import Chain, Inertia, Joint, Link, Pose, Vector
from arms.model.spatial import turned_moments

ZERO = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Row:
    """A joint about z and the link that it carries."""

    joint: str
    link: str
    xyz: Vector  # the joint's frame in the link before [m]
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
    """Revolute joints from ``base`` to the last link, in which ``flange`` is the tool frame."""
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
