"""What an arm looks like: triangles of its meshes, or plain shapes for links that have none."""

import logging
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from arms import Arm
from arms.model.chain import MOVING, Link, Visual
from arms.model.mjcf_files import is_mjcf
from arms.model.mjcf_looks import Geom, geoms_of
from arms.model.spatial import matrix, z_to

from ..errors import ConfigurationError, MjcfError
from .mesh_files import Mesh, read_mesh, thinned, trimesh_package, trusted_folders

LOG = logging.getLogger("nengo_forcectl")
GREY = (0.78, 0.79, 0.81)
DARK = (0.35, 0.38, 0.43)
SEEN = 0.05  # opacity from which on a part is shown: files hide their collision shapes so
THICKNESS = 0.035  # radius of a plain link over the arm's length


class Look(NamedTuple):
    """A part of a link: triangles in the link's frame, and a colour."""

    link: str
    vertices: Float[np.ndarray, "k 3"]  # [m]
    faces: Int[np.ndarray, "m 3"]
    rgb: tuple[float, float, float]  # 0 to 1


def looks_of(arm: Arm, source: str | Path = "") -> list[Look]:
    """Return what the links of an arm look like.

    A link whose meshes cannot be read, or may not be chosen by the arm's file (see `mesh_files`),
    is shown by its collision geometry if that can be read; else they are left out, and one line of
    the logger "nengo_forcectl" says so. Links without any get plain shapes.

    Args:
        arm: the arm.
        source: name or file that it was loaded from.

    Raises:
        VersionError: trimesh is not installed.
    """
    trimesh_package()
    file = Path(source).expanduser()
    found = _mjcf_looks(arm, file) if file.is_file() and is_mjcf(file) else []
    if not found:
        found = _visual_looks(arm, source)
    dressed = {look.link for look in found}
    plain = plain_looks(arm)
    return [*found, *(look for look in plain if not found or _bare(arm, look.link, dressed))]


def _bare(arm: Arm, link: str, dressed: set[str]) -> bool:
    """Whether a link has a mass but nothing to show it with, on an arm with other looks."""
    mass = next(each.inertia.mass for each in arm.chain.links if each.name == link)
    return link not in dressed and mass > 0.1


def _visual_looks(arm: Arm, source: str | Path) -> list[Look]:
    folders, looks, failures = trusted_folders(source), [], []
    for link in arm.chain.links:
        shown, missing = _link_looks(link, False, folders)
        if missing:
            coarse, lost = _link_looks(link, True, folders)
            if coarse and not lost:
                shown, missing = coarse, []
        looks += shown
        failures += missing
    if failures:
        more = f", and {len(failures) - 1} more" if len(failures) > 1 else ""
        LOG.info(f"arm '{arm.name}' is shown without {failures[0]}{more}")
    return looks


def _link_looks(
    link: Link, collision: bool, folders: tuple[Path, ...]
) -> tuple[list[Look], list[str]]:
    """Return a link's looks, or those of its collision geometry, and why others are missing."""
    looks, failures = [], []
    for visual in link.visuals:
        if visual.collision != collision:
            continue
        try:
            mesh = _mesh_of(visual, folders)
        except ConfigurationError as error:
            failures.append(str(error))
            continue
        if visual.rgba is not None and visual.rgba[3] < SEEN:
            continue
        T = matrix(visual.origin)
        vertices = (mesh.vertices * visual.scale) @ T[:3, :3].T + T[:3, 3]
        rgb = GREY if visual.rgba is None else _rgb(visual.rgba)
        looks.append(Look(link.name, vertices, mesh.faces, rgb))
    return looks, failures


def _mesh_of(visual: Visual, folders: tuple[Path, ...]) -> Mesh:
    if visual.shape == "mesh":
        return read_mesh(visual.mesh, folders)
    return _primitive(visual.shape)


def _primitive(shape: str) -> Mesh:
    """Return a plain shape of unit size; see `Visual`."""
    creation = trimesh_package().creation
    made = {
        "box": lambda: creation.box((1.0, 1.0, 1.0)),
        "cylinder": lambda: creation.cylinder(1.0, 1.0, sections=32),
        "sphere": lambda: creation.icosphere(3, 1.0),
    }[shape]()
    return Mesh(np.array(made.vertices), np.array(made.faces))


def _mjcf_looks(arm: Arm, file: Path) -> list[Look]:
    links = {link.name for link in arm.chain.links}
    try:
        geoms = [geom for geom in geoms_of(file) if geom.body in links]
    except MjcfError as error:
        LOG.info(f"arm '{arm.name}' is shown with plain shapes: {error}")
        return []
    looks = []
    for geom in geoms:
        if geom.rgba[3] >= SEEN:
            mesh = _geom_mesh(geom)
            vertices = mesh.vertices @ geom.T[:3, :3].T + geom.T[:3, 3]
            looks.append(Look(geom.body, vertices, mesh.faces, _rgb(geom.rgba)))
    return looks


def _geom_mesh(geom: Geom) -> Mesh:
    """Return the triangles of a geom; MuJoCo's plain types are given by half sizes."""
    if geom.kind == "mesh":
        return thinned(Mesh(geom.vertices, geom.faces))
    x, y, z = geom.size
    if geom.kind == "capsule":
        made = trimesh_package().creation.capsule(2.0 * y, x, count=(16, 16))
        return Mesh(np.array(made.vertices) - made.bounds.mean(axis=0), np.array(made.faces))
    unit = _primitive({"ellipsoid": "sphere"}.get(geom.kind, geom.kind))
    scale = {
        "box": (2.0 * x, 2.0 * y, 2.0 * z),
        "cylinder": (x, x, 2.0 * y),
        "sphere": (x, x, x),
        "ellipsoid": (x, y, z),
    }[geom.kind]
    return Mesh(unit.vertices * scale, unit.faces)


def plain_looks(arm: Arm) -> list[Look]:
    """Return plain shapes for every link: a rod to each joint behind it, and a drum at the joint.

    The rod of the last link goes to the tool.
    """
    creation, chain = trimesh_package().creation, arm.chain
    ways = [(joint.parent, np.array(joint.origin.xyz)) for joint in chain.joints]
    ways.append((chain.tip, np.array(chain.tool.xyz)))
    length = sum(float(np.linalg.norm(way)) for _, way in ways)
    radius = float(np.clip(THICKNESS * length, 0.01, 0.06))
    looks = []
    for link, way in ways:
        long = float(np.linalg.norm(way))
        if long > 0.5 * radius:
            rod = creation.capsule(long, 0.7 * radius, count=(16, 16))
            points = np.array(rod.vertices)
            points[:, 2] -= float(rod.bounds[0, 2]) + 0.7 * radius  # from the origin upwards
            direction = tuple((way / long).tolist())
            looks.append(Look(link, points @ z_to(direction).T, np.array(rod.faces), GREY))
    for joint in chain.joints:
        if joint.kind in MOVING:
            drum = creation.cylinder(1.1 * radius, 2.4 * radius, sections=32)
            points = np.array(drum.vertices) @ z_to(joint.axis).T
            looks.append(Look(joint.child, points, np.array(drum.faces), DARK))
    return looks


def _rgb(rgba: tuple[float, float, float, float]) -> tuple[float, float, float]:
    red, green, blue = (float(np.clip(part, 0.0, 1.0)) for part in rgba[:3])
    return red, green, blue
