"""An arm as data: links, the joints between them, and gravity.

``urdf.py`` reads a ``Chain`` from a file, the catalogue contains some, and ``bodies.py`` converts
one to the form that the equations read. All numbers are SI; rotations are URDF's fixed-axis roll,
pitch and yaw: ``R = Rz(yaw) Ry(pitch) Rx(roll)``.

Every part checks its numbers and names, and a ``Chain`` that its parts are one tree: a value that
no arm has raises ``ArmError``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from math import hypot, inf
from typing import Any

from arms.errors import ArmError
from arms.model.values import all_of, limit, number, refuse_other, vector

Vector = tuple[float, float, float]

MOVING = ("revolute", "continuous", "prismatic")
KINDS = (*MOVING, "fixed")

DRIVE = {"armature": "kg m^2", "viscous": "N m s/rad", "dry": "N m"}
"""What a joint's drive adds to the links, by the field of `Joint`, with its unit for a turn."""

_AXIS = 1e-4  # largest error of an axis' length that counts as rounding


def _unit(what: str, axis: Any) -> Vector:
    """The axis, with the rounding of its length removed."""
    x, y, z = vector(what, axis)
    length = hypot(x, y, z)
    if abs(length - 1.0) > _AXIS:
        raise ArmError(f"{what}: is {(x, y, z)}, of length {length:g}, needs length 1")
    if abs(length - 1.0) > 1e-12:
        return x / length, y / length, z / length
    return x, y, z


def _check_name(what: str, name: Any) -> None:
    if not (isinstance(name, str) and name):
        raise ArmError(f"{what}: is {name!r:.60}, needs a text that is not empty")


def _set(part: Any, **values: Any) -> None:
    """Give a frozen dataclass the checked form of some fields."""
    for name, value in values.items():
        object.__setattr__(part, name, value)


@dataclass(frozen=True)
class Pose:
    """Position and orientation of one frame in another."""

    xyz: Vector = (0.0, 0.0, 0.0)  # [m]
    rpy: Vector = (0.0, 0.0, 0.0)  # [rad]

    def __post_init__(self) -> None:
        _set(self, xyz=vector("Pose.xyz", self.xyz, "m"), rpy=vector("Pose.rpy", self.rpy, "rad"))


@dataclass(frozen=True)
class Inertia:
    """Mass distribution of one link, in the link's axes."""

    mass: float = 0.0  # [kg]
    com: Vector = (0.0, 0.0, 0.0)  # [m], from the link's origin
    # Ixx, Ixy, Ixz, Iyy, Iyz, Izz [kg m^2], about the centre of mass.
    moments: tuple[float, float, float, float, float, float] = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        _set(
            self,
            mass=number("Inertia.mass", self.mass, "kg", low=0.0),
            com=vector("Inertia.com", self.com, "m"),
            moments=vector("Inertia.moments", self.moments, "kg m^2", count=6),
        )


SHAPES = ("mesh", "box", "cylinder", "sphere")


@dataclass(frozen=True)
class Visual:
    """A mesh or a plain shape of a link; mechanics ignores it.

    A plain shape is one of unit size, scaled: a box of edges 1 m, a cylinder along z of radius and
    length 1 m, a sphere of radius 1 m, each about its middle.
    """

    mesh: str  # absolute path; empty for a plain shape
    origin: Pose = Pose()
    scale: Vector = (1.0, 1.0, 1.0)
    rgba: tuple[float, float, float, float] | None = None
    shape: str = "mesh"  # one of SHAPES
    collision: bool = False  # of the file's collision geometry

    def __post_init__(self) -> None:
        if not isinstance(self.mesh, str):
            raise ArmError(f"Visual.mesh: is {self.mesh!r:.60}, needs a path as text")
        if self.shape not in SHAPES:
            raise ArmError(f"Visual.shape: is {self.shape!r:.60}, needs one of {', '.join(SHAPES)}")
        refuse_other("Visual.origin", self.origin, Pose)
        _set(self, scale=vector("Visual.scale", self.scale))
        if self.rgba is not None:
            _set(self, rgba=vector("Visual.rgba", self.rgba, count=4))


@dataclass(frozen=True)
class Link:
    """A rigid part. ``name`` is also the name of its frame."""

    name: str
    inertia: Inertia = Inertia()
    visuals: tuple[Visual, ...] = ()

    def __post_init__(self) -> None:
        _check_name("Link.name", self.name)
        refuse_other(f"Link {self.name!r}.inertia", self.inertia, Inertia)
        _set(self, visuals=all_of(f"Link {self.name!r}.visuals", self.visuals, Visual))


@dataclass(frozen=True)
class Mimic:
    """The coupling of a joint to another: ``position = multiplier * leader + offset``."""

    leader: str
    multiplier: float = 1.0
    offset: float = 0.0

    def __post_init__(self) -> None:
        _check_name("Mimic.leader", self.leader)
        what = f"Mimic of {self.leader!r}"
        multiplier = number(f"{what}.multiplier", self.multiplier)
        _set(self, multiplier=multiplier, offset=number(f"{what}.offset", self.offset))


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
        for field_name in ("name", "parent", "child"):
            _check_name(f"Joint.{field_name}", getattr(self, field_name))
        what = f"Joint {self.name!r}"
        if self.kind not in KINDS:
            raise ArmError(f"{what}.kind: is {self.kind!r}, needs one of {', '.join(KINDS)}")
        refuse_other(f"{what}.origin", self.origin, Pose)
        if self.mimic is not None:
            refuse_other(f"{what}.mimic", self.mimic, Mimic)
        _set(self, axis=_unit(f"{what}.axis", self.axis))
        for bound in ("lower", "upper"):
            _set(self, **{bound: limit(f"{what}.{bound}", getattr(self, bound))})
        if self.lower > self.upper or self.lower == inf or self.upper == -inf:
            raise ArmError(f"{what}.lower: is {self.lower:g}, needs at most upper, {self.upper:g}")
        for bound in ("velocity", "effort"):
            _set(self, **{bound: limit(f"{what}.{bound}", getattr(self, bound), low=0.0)})
        for drive, unit in DRIVE.items():
            value = number(f"{what}.{drive}", getattr(self, drive), unit, low=0.0)
            _set(self, **{drive: value})


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
    # Links whose inertia compiled code takes as numbers, and "tool" if it does so with that pose.
    variable: tuple[str, ...] = field(default=(), compare=False, metadata={"exported": False})

    def __post_init__(self) -> None:
        _check_name("Chain.name", self.name)
        what = f"Chain {self.name!r}"
        _set(
            self,
            links=all_of(f"{what}.links", self.links, Link),
            joints=all_of(f"{what}.joints", self.joints, Joint),
            gravity=vector(f"{what}.gravity", self.gravity, "m/s^2"),
        )
        refuse_other(f"{what}.tool", self.tool, Pose)
        refuse_other(f"{what}.source", self.source, str)
        _set(self, variable=all_of(f"{what}.variable", self.variable, str))
        _check_tree(self)
        _check_moving(self)

    @property
    def frame_names(self) -> dict[str, str]:
        """The name of each link's frame: the link's; "tool_link" if a link is called "tool"."""
        names = [link.name for link in self.links]
        return {name: free("tool_link", names) if name == "tool" else name for name in names}


def coordinates(chain: Chain) -> list[Joint]:
    """The joints of the arm's q, in order: those from base to tip that move and mimic no other."""
    above = {joint.child: joint for joint in chain.joints}
    path, link = [], chain.tip
    while link != chain.base:
        path.append(above[link])
        link = above[link].parent
    return [joint for joint in path[::-1] if joint.kind in MOVING and joint.mimic is None]


def position_unit(chain: Chain, joint: int) -> str:
    """The unit of a joint's entry of q, counted from 0: "m" if it slides, else "rad"."""
    return "m" if coordinates(chain)[joint].kind == "prismatic" else "rad"


def torque_unit(chain: Chain, joint: int) -> str:
    """The unit of a joint's entry of tau, counted from 0: "N" if it slides, else "N m"."""
    return "N" if position_unit(chain, joint) == "m" else "N m"


def free(name: str, taken: Collection[str]) -> str:
    """``name``, with underscores appended until it is new."""
    while name in taken:
        name += "_"
    return name


def some(names: Iterable[str]) -> str:
    """The first names in alphabetical order, for an error."""
    shown = [repr(name) for name in sorted(names)]
    return ", ".join(shown[:8]) + (f" and {len(shown) - 8} more" if len(shown) > 8 else "")


def _check_tree(chain: Chain) -> None:
    """Every link is the base, or the child of one joint that comes after its parent's."""
    what = f"Chain {chain.name!r}"
    names = [link.name for link in chain.links]
    for kind, parts in (("link", names), ("joint", [joint.name for joint in chain.joints])):
        if len(set(parts)) < len(parts):
            repeated = next(name for k, name in enumerate(parts) if name in parts[:k])
            raise ArmError(f"{what}: two {kind}s are named {repeated!r}, each needs its own name")
    reached = {chain.base}
    for joint in chain.joints:
        if joint.parent not in reached:
            raise ArmError(
                f"{what}: joint {joint.name!r} is on link {joint.parent!r}, which neither is the "
                "base nor moved by an earlier joint; needs joints sorted from the base, no cycle"
            )
        if joint.child in reached:
            raise ArmError(
                f"{what}: joint {joint.name!r} leads to link {joint.child!r}, which has its place "
                "already; needs one joint per link, none for the base"
            )
        reached.add(joint.child)
    for kind, link in (("base", chain.base), ("tip", chain.tip)):
        if link not in reached & set(names):
            raise ArmError(f"{what}: there is no {kind} link {link!r}; links: {some(names)}")
    if reached != set(names):
        raise ArmError(
            f"{what}: links and joints do not fit: {some(reached ^ set(names))}; needs one joint "
            "to every link but the base"
        )


def _check_moving(chain: Chain) -> None:
    """Every moving joint is one of the arm's coordinates or mimics one, and there is one."""
    leaders = {joint.name for joint in coordinates(chain)}
    if not leaders:
        raise ArmError(
            f"Chain {chain.name!r}: has no moving joint from {chain.base!r} to {chain.tip!r}, "
            "needs one"
        )
    for joint in chain.joints:
        leader = joint.name if joint.mimic is None else joint.mimic.leader
        if joint.kind in MOVING and leader not in leaders:
            raise ArmError(
                f"Chain {chain.name!r}: joint {joint.name!r} moves, but neither between base and "
                f"tip nor as a mimic of one of {some(leaders)}; needs kind 'fixed'"
            )
