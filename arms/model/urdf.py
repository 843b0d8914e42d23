"""URDF to ``Chain``: a strict reader of the mechanical part of the format.

A URDF is untrusted input. Document types and entities are refused, every number must be finite,
every name printable, the links must form one tree. Names do not enter generated code.

What the arm does not need cannot block it. Links and joints outside the part below the base are not
read beyond their names. A joint off the way from base to tip that cannot be read, or is floating or
planar, is rigid at zero; a mesh that cannot be read is left out. The logger "arms" says so.

Angles are given in ten digits or so: those within 1e-9 rad of a multiple of 15 degrees are taken
for it, which saves a third of the equations' operations. ``snap=False`` takes them as they are.

URDF has no rotor inertia. It is read from Drake's extension, ``<drake:rotor_inertia>`` and
``<drake:gear_ratio>`` in a ``<transmission>``, whose prefix the file must declare. Friction is read
from a ``<friction viscous dry>`` beside them, which ``urdf_text`` writes. ``<dynamics>`` is not
read: many files hold a damping there that only keeps a simulator stable (10 N m s/rad in some), and
a controller would send it to the motors. ``Arm.with_friction`` takes it over.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element

from arms.errors import ArmError, UrdfError
from arms.model.chain import KINDS, MOVING, Chain, Link, coordinates, some
from arms.model.file_bytes import bytes_of
from arms.model.part import part_of
from arms.model.spatial import is_physical
from arms.model.tree import select
from arms.model.urdf_drives import with_drives
from arms.model.urdf_loops import refuse_loops
from arms.model.urdf_parts import (
    LOGGER,
    colours_of,
    joint_of,
    joint_off_the_way,
    link_of,
    place_of,
)
from arms.model.urdf_values import name_of
from arms.model.urdf_xml import outer_element
from arms.model.xacro import ENDING, expanded, is_xacro

ELSEWHERE = ("floating", "planar")
"""Types of joints that URDF has and an arm does not: rigid at zero off the way to the tip."""


def read_urdf(
    path: str | Path,
    *,
    base: str | None = None,
    tip: str | None = None,
    locked: Mapping[str, float] | None = None,
    snap: bool = True,
    arguments: Mapping[str, str] | None = None,
    packages: Sequence[str | Path] = (),
) -> Chain:
    """Read the chain from ``base`` (default: the root link) to ``tip``.

    The default tip is the only end of the tree; else the end called "tool", as ``to_urdf`` writes
    one; else the one end that most joints move. ``locked`` makes joints rigid, by name, at
    positions [rad or m]. For ``snap`` see the module. ``arguments`` and ``packages`` are for a file
    of xacro, which is expanded: see `expanded`.

    Raises:
        UrdfError: The file cannot be read, is not a URDF, or its links are not one tree.
    """
    path = Path(path)
    data: str | bytes = bytes_of(path, f"URDF {str(path)!r}", UrdfError)
    folder = path.resolve().parent
    try:
        if path.suffix.lower() == ENDING or (b"xacro" in data and is_xacro(outer_element(data))):
            data = expanded(path, arguments or {}, packages)
        elif arguments or packages:
            raise UrdfError("arguments and packages are for xacro files")
        return parse_urdf(data, folder, base=base, tip=tip, locked=locked, snap=snap)
    except UrdfError as error:
        raise UrdfError(f"URDF {str(path)!r}: {error}") from None


def parse_urdf(
    text: str | bytes,
    folder: Path | None = None,
    *,
    base: str | None = None,
    tip: str | None = None,
    locked: Mapping[str, float] | None = None,
    snap: bool = True,
) -> Chain:
    """Read a URDF's text, as ``read_urdf``; paths of meshes are relative to ``folder``."""
    root = outer_element(text)
    if root.tag != "robot":
        raise UrdfError(f"the outer element is <{root.tag[:40]!s}>, not <robot>")
    if is_xacro(root):
        raise UrdfError("it is xacro, needs the URDF that xacro makes of it, or its file")
    try:
        chain = _chain(root, folder, (base, tip), {} if locked is None else locked, snap)
    except UrdfError:
        raise
    except ArmError as error:
        raise UrdfError(str(error)) from None
    refuse_loops(root, chain)
    _warn_of_masses(chain, root)
    _report_still_joints(chain)
    return _without_tool_link(chain)


def _chain(
    root: Element,
    folder: Path | None,
    ends: tuple[str | None, str | None],
    locked: Mapping[str, float],
    snap: bool,
) -> Chain:
    """The part of the tree below the base; nothing else is read but names."""
    links = [(name_of(element, "link"), element) for element in root.findall("link")]
    places = [(place_of(element), element) for element in root.findall("joint")]
    part = part_of([name for name, _ in links], [place for place, _ in places], *ends)
    own, strict = set(part.joints), part.path.union(locked if isinstance(locked, Mapping) else ())
    joints = []
    for place, element in places:
        if place.name in part.path and place.kind in ELSEWHERE:
            raise UrdfError(
                f"joint {place.name!r} on the way to the tip has type {place.kind!r}; supported: "
                f"{', '.join(KINDS)}; a base below it, {place.child!r}, leaves it out"
            )
        if place.name in own:
            read = joint_of if place.name in strict else joint_off_the_way
            joints.append(read(place, element, snap))
    known = {place.name for place, _ in places}
    joints = with_drives(joints, root.findall("transmission"), known, part.path)
    inside = {part.base, *(joint.child for joint in joints)}
    colours = {} if folder is None else colours_of(root)
    parts = [
        link_of(name, element, folder, snap, colours) for name, element in links if name in inside
    ]
    return select(root.get("name") or "robot", parts, joints, part.base, part.tip, locked)


def _warn_of_masses(chain: Chain, root: Element) -> None:
    """Warn of inertias that no body has, and of moving links that lack one."""
    doubtful = [link.name for link in chain.links if not is_physical(link.inertia)]
    if doubtful:
        warnings.warn(
            f"Arm {chain.name!r}: inertias that no rigid body has (the triangle inequality fails): "
            f"links {', '.join(map(repr, doubtful))}",
            stacklevel=5,
        )
    missing = [e.get("name", "") for e in root.findall("link") if e.find("inertial") is None]
    massless = [name for name in missing if _carries(chain, name)]
    if massless:
        warnings.warn(
            f"Arm {chain.name!r}: links without <inertial> are massless: "
            f"{', '.join(map(repr, massless))}",
            stacklevel=5,
        )


def _report_still_joints(chain: Chain) -> None:
    """Log which joints may have no speed or torque: files write 0 for what they do not know."""
    still = [j.name for j in coordinates(chain) if j.velocity == 0.0 or j.effort == 0.0]
    if still:
        LOGGER.warning(
            "Arm %r: velocity or effort 0 in the <limit> of joints %s: as stated, they cannot move",
            chain.name,
            some(still),
        )


def _without_tool_link(chain: Chain) -> Chain:
    """The chain with the link "tool" that ``to_urdf`` writes as its tool frame again."""
    above = {joint.child: joint for joint in chain.joints}
    parents = {joint.parent for joint in chain.joints}
    if chain.tip != "tool" or "tool" in parents or above["tool"].kind != "fixed":
        return chain
    links = tuple(link for link in chain.links if link != Link("tool"))
    if len(links) == len(chain.links):  # it has a mass or a mesh
        return chain
    mount = above["tool"]
    joints = tuple(joint for joint in chain.joints if joint is not mount)
    return replace(chain, tip=mount.parent, tool=mount.origin, links=links, joints=joints)


def _carries(chain: Chain, link: str) -> bool:
    """Does a moving joint lead to ``link``? Then it is more than a named frame."""
    return any(j.child == link and j.kind in MOVING for j in chain.joints)
