"""Links and joints of a URDF, element by element."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple
from xml.etree.ElementTree import Element

from arms.errors import ArmError, UrdfError
from arms.model.chain import KINDS, MOVING, Inertia, Joint, Link, Mimic, Vector, Visual
from arms.model.spatial import turned_moments
from arms.model.urdf_values import (
    direction,
    floats_in,
    limits_of,
    name_of,
    number_in,
    pose_in,
    vector_in,
)

LOGGER = logging.getLogger("arms")


Rgba = tuple[float, float, float, float]


def link_of(
    name: str,
    element: Element,
    folder: Path | None,
    snap: bool,
    colours: Mapping[str, Rgba] = MappingProxyType({}),
) -> Link:
    """A link with its inertia and, in a ``folder``, its looks; ``colours`` by material."""
    what = f"link {name!r}"
    visuals = () if folder is None else tuple(_visuals(element, folder, what, snap, colours))
    inertial = element.find("inertial")
    return Link(name, Inertia() if inertial is None else _inertia(inertial, what, snap), visuals)


def colours_of(root: Element) -> dict[str, Rgba]:
    """The colours of the materials that a URDF declares outside its links, by name."""
    colours: dict[str, Rgba] = {}
    for material in root.findall("material"):
        try:
            colour = _colour(material, {}, "a material")
        except ArmError as error:
            LOGGER.warning("a colour is left out: %s", error)
            continue
        if colour is not None:
            colours[material.get("name", "")] = colour
    return colours


def _colour(material: Element, colours: Mapping[str, Rgba], what: str) -> Rgba | None:
    color = material.find("color")
    if color is None:
        return colours.get(material.get("name", ""))
    red, green, blue, alpha = floats_in(color, "rgba", what, 4)
    return red, green, blue, alpha


def _visuals(
    element: Element, folder: Path, what: str, snap: bool, colours: Mapping[str, Rgba]
) -> Iterator[Visual]:
    """A link's meshes and plain shapes; one that cannot be read is left out."""
    for tag in ("visual", "collision"):
        for each in element.findall(tag):
            try:
                for visual in _visual(each, folder, what, snap, colours):
                    yield replace(visual, collision=tag == "collision")
            except ArmError as error:
                LOGGER.warning("a mesh is left out: %s", error)


def _visual(
    visual: Element, folder: Path, what: str, snap: bool, colours: Mapping[str, Rgba]
) -> Iterator[Visual]:
    material = visual.find("material")
    colour = None if material is None else _colour(material, colours, what)
    mesh, (shape, scale) = visual.find("geometry/mesh"), _plain(visual, what)
    if mesh is not None and mesh.get("filename"):
        name = _mesh(str(mesh.get("filename")), folder)
        scale = vector_in(mesh, "scale", what, (1.0, 1.0, 1.0))
        yield Visual(name, pose_in(visual, what, snap), scale, colour)
    elif shape:
        yield Visual("", pose_in(visual, what, snap), scale, colour, shape)


def _plain(visual: Element, what: str) -> tuple[str, Vector]:
    """The name and scale of a plain shape, see `Visual`; an empty name for none."""
    box, cylinder, sphere = (
        visual.find(f"geometry/{name}") for name in ("box", "cylinder", "sphere")
    )
    if box is not None:
        x, y, z = floats_in(box, "size", what, 3)
        return "box", (x, y, z)
    if cylinder is not None:
        radius = number_in(cylinder, "radius", what)
        return "cylinder", (radius, radius, number_in(cylinder, "length", what))
    if sphere is not None:
        radius = number_in(sphere, "radius", what)
        return "sphere", (radius, radius, radius)
    return "", (1.0, 1.0, 1.0)


def _mesh(name: str, folder: Path) -> str:
    """Absolute path of a mesh; ``package://`` names are looked up in the folders above the URDF."""
    if name.startswith("package://"):
        relative = name.removeprefix("package://")
        for parent in (folder, *folder.parents):
            for candidate in (parent / relative, parent / relative.partition("/")[2]):
                if os.path.isfile(candidate):
                    return str(candidate)
        return str(folder / relative)
    return str((folder / name.removeprefix("file://")).absolute())


def _inertia(element: Element, what: str, snap: bool) -> Inertia:
    mass_element, tensor = element.find("mass"), element.find("inertia")
    if mass_element is None:
        raise UrdfError(f"{what} has an <inertial> without <mass>, needs <mass value=...>")
    mass = number_in(mass_element, "value", what)
    if mass < 0:
        raise UrdfError(f"{what} has the negative mass {mass:g} kg, needs 0 or more")
    pose = pose_in(element, what, snap)
    entries = [0.0] * 6
    if tensor is not None:
        names = ("ixx", "ixy", "ixz", "iyy", "iyz", "izz")
        # Some files leave out products of inertia that are 0; a moment that is missing is unknown.
        entries = [number_in(tensor, k, what, None if k[1] == k[2] else 0.0) for k in names]
    return Inertia(mass, pose.xyz, turned_moments(entries, pose.rpy))


class Place(NamedTuple):
    """A joint's place in the tree."""

    name: str
    kind: str
    parent: str
    child: str


def place_of(element: Element) -> Place:
    """A joint's name, type and ends."""
    name = name_of(element, "joint")
    ends = [element.find(end) for end in ("parent", "child")]
    if any(end is None or not end.get("link") for end in ends):
        raise UrdfError(f"joint {name!r} lacks a <parent link=...> or <child link=...>")
    parent, child = (str(end.get("link")) for end in ends if end is not None)
    return Place(name, element.get("type", ""), parent, child)


def joint_of(place: Place, element: Element, snap: bool) -> Joint:
    """A joint whose type, axis, limits and mimic can be read."""
    what = f"joint {place.name!r}"
    if place.kind not in KINDS:
        raise UrdfError(f"{what} has type {place.kind[:40]!r}; supported: {', '.join(KINDS)}")
    axis: Vector = (1.0, 0.0, 0.0)  # URDF's default
    axis_element = element.find("axis")
    if axis_element is not None and place.kind in MOVING:
        x, y, z = floats_in(axis_element, "xyz", what, 3)
        axis = direction((x, y, z), what)
    lower, upper, velocity, effort = limits_of(element.find("limit"), place.kind, what)
    mimic = element.find("mimic")
    return Joint(
        *place,
        pose_in(element, what, snap),
        axis,
        lower,
        upper,
        velocity,
        effort,
        None if mimic is None or place.kind not in MOVING else _mimic(mimic, what),
    )


def joint_off_the_way(place: Place, element: Element, snap: bool) -> Joint:
    """As `joint_of`; rigid at zero if it moves in a way that cannot be read."""
    try:
        return joint_of(place, element, snap)
    except ArmError as error:
        LOGGER.warning("a joint off the way to the tip is rigid: %s", error)
    pose = pose_in(element, f"joint {place.name!r}", snap)
    return Joint(place.name, "fixed", place.parent, place.child, pose)


def _mimic(element: Element, what: str) -> Mimic:
    leader = element.get("joint", "")
    if not leader:
        raise UrdfError(f"{what} has a <mimic> without a joint, needs <mimic joint=...>")
    return Mimic(
        leader, number_in(element, "multiplier", what, 1.0), number_in(element, "offset", what, 0.0)
    )
