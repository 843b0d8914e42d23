"""An arm as data: links, the joints between them, and gravity.

``urdf.py`` reads a ``Chain`` from a file, the catalogue contains some, and ``bodies.py`` converts
one to the form that the equations read. All numbers are SI; rotations are URDF's fixed-axis roll,
pitch and yaw: ``R = Rz(yaw) Ry(pitch) Rx(roll)``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf, isfinite

from arms.errors import ArmError

Vector = tuple[float, float, float]

MOVING = ("revolute", "continuous", "prismatic")
KINDS = (*MOVING, "fixed")

DRIVE = {"armature": "kg m^2", "viscous": "N m s/rad", "dry": "N m"}
"""What a joint's drive adds to the links, by the field of `Joint`, with its unit for a turn."""


@dataclass(frozen=True)
class Pose:
    """Position and orientation of one frame in another."""

    xyz: Vector = (0.0, 0.0, 0.0)  # [m]
    rpy: Vector = (0.0, 0.0, 0.0)  # [rad]


@dataclass(frozen=True)
class Inertia:
    """Mass distribution of one link, in the link's axes."""

    mass: float = 0.0  # [kg]
    com: Vector = (0.0, 0.0, 0.0)  # [m], from the link's origin
    # Ixx, Ixy, Ixz, Iyy, Iyz, Izz [kg m^2], about the centre of mass.
    moments: tuple[float, float, float, float, float, float] = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Visual:
    """A mesh to show a link with; mechanics ignores it."""

    mesh: str  # absolute path
    origin: Pose = Pose()
    scale: Vector = (1.0, 1.0, 1.0)
    rgba: tuple[float, float, float, float] | None = None


@dataclass(frozen=True)
class Link:
    """A rigid part. ``name`` is also the name of its frame."""

    name: str
    inertia: Inertia = Inertia()
    visuals: tuple[Visual, ...] = ()


@dataclass(frozen=True)
class Mimic:
    """The coupling of a joint to another: ``position = multiplier * leader + offset``."""

    leader: str
    multiplier: float = 1.0
    offset: float = 0.0


@dataclass(frozen=True)
class Joint:
    """``child`` moves about or along ``axis`` of the frame at ``origin`` in ``parent``."""

    name: str
    kind: str  # one of KINDS
    parent: str
    child: str
    origin: Pose = Pose()
    axis: Vector = (0.0, 0.0, 1.0)  # unit length
    lower: float = -inf  # [rad] or [m]
    upper: float = inf
    velocity: float = inf  # [rad/s] or [m/s]
    effort: float = inf  # [N m] or [N]
    mimic: Mimic | None = None
    armature: float = 0.0  # [kg m^2] or [kg]: the rotor's inertia times the gear ratio squared
    viscous: float = 0.0  # friction [N m s/rad] or [N s/m]
    dry: float = 0.0  # friction [N m] or [N]

    def __post_init__(self) -> None:
        for name, unit in DRIVE.items():
            value = getattr(self, name)
            if not (isfinite(value) and value >= 0):
                raise ArmError(
                    f"Joint {self.name!r}.{name}: is {value:g} {unit}, needs a finite number, 0 "
                    "or more"
                )


@dataclass(frozen=True)
class Chain:
    """A tree of links whose free joints are those on the path from ``base`` to ``tip``.

    ``joints`` are sorted: a joint's parent link is ``base`` or the child of an earlier joint. A
    moving joint is either on that path, and one of the arm's coordinates, or mimics one that is.
    """

    name: str
    base: str
    tip: str
    links: tuple[Link, ...]
    joints: tuple[Joint, ...]
    gravity: Vector = (0.0, 0.0, -9.81)  # [m/s^2], in the base frame
    tool: Pose = field(default=Pose())  # the "tool" frame in the tip link
    source: str = ""  # where the numbers were published
