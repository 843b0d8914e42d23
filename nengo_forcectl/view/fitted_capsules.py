"""Capsules around the links of an arm, fitted to the shapes and meshes of its file."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import Float

from arms import Arm, Capsule
from arms.model.chain import Visual
from arms.model.mjcf_files import is_mjcf
from arms.model.mjcf_looks import Geom, geoms_of
from arms.model.spatial import matrix

from ..errors import ConfigurationError
from .mesh_files import read_mesh, trusted_folders

SIDES = 48  # of the prism around a cylinder
DIRECTIONS = 600  # corners of the body around a sphere
WIDER = 1.01  # of that body than the sphere, which it then contains


def capsules_of(arm: Arm, source: str | Path = "") -> list[Capsule]:
    """Return for each link that looks like something the capsule around all of it.

    These are the meshes and plain shapes of its collision geometry, or those that `looks_of` shows
    if there is none. A link without any has no capsule: add your own. A capsule around a bent link
    is much wider than it: so are two of your own in its place better.

    Args:
        arm: the arm.
        source: name or file that it was loaded from.

    Raises:
        ConfigurationError: no link looks like anything; or a mesh is missing, damaged or may not be
            read (see `looks_of`).
        MjcfError: the MJCF cannot be read.
        VersionError: there are meshes, and trimesh is not installed.
    """
    file = Path(source).expanduser()
    is_model = file.is_file() and is_mjcf(file)
    clouds: dict[str, list[np.ndarray]] = {link.name: [] for link in arm.chain.links}
    for link, points in _geom_points(file) if is_model else _visual_points(arm, source):
        if link in clouds:
            clouds[link].append(points)
    found = [Capsule.around(link, np.concatenate(cloud)) for link, cloud in clouds.items() if cloud]
    if not found:
        raise ConfigurationError(
            f"arm '{arm.name}': its links have neither meshes nor plain shapes, needs capsules by "
            "numbers: arms.Capsule(link, a, b, radius)"
        )
    return found


def _visual_points(arm: Arm, source: str | Path) -> Iterator[tuple[str, Float[np.ndarray, "k 3"]]]:
    folders = trusted_folders(source)
    for link in arm.chain.links:
        solid = [visual for visual in link.visuals if visual.collision]
        for visual in solid or link.visuals:
            T = matrix(visual.origin)
            yield link.name, _corners(visual, folders) * visual.scale @ T[:3, :3].T + T[:3, 3]


def _corners(visual: Visual, folders: tuple[Path, ...]) -> Float[np.ndarray, "k 3"]:
    if visual.shape == "mesh":
        return read_mesh(visual.mesh, folders, thin=False).vertices
    return _unit(visual.shape)


def _geom_points(file: Path) -> Iterator[tuple[str, Float[np.ndarray, "k 3"]]]:
    for geom in geoms_of(file):
        yield geom.body, _points(geom) @ geom.T[:3, :3].T + geom.T[:3, 3]


def _points(geom: Geom) -> Float[np.ndarray, "k 3"]:
    """Return points around a geom; MuJoCo's plain types are given by half sizes."""
    x, y, z = geom.size
    if geom.kind == "mesh":
        return geom.vertices
    if geom.kind == "capsule":
        ball, up = _unit("sphere") * x, np.array([0.0, 0.0, y])
        return np.concatenate((ball + up, ball - up))
    scale = {
        "box": (2.0 * x, 2.0 * y, 2.0 * z),
        "cylinder": (x, x, 2.0 * y),
        "sphere": (x, x, x),
        "ellipsoid": (x, y, z),
    }[geom.kind]
    return _unit({"ellipsoid": "sphere"}.get(geom.kind, geom.kind)) * scale


def _unit(shape: str) -> Float[np.ndarray, "k 3"]:
    """Return points whose convex hull contains a plain shape of unit size; see `Visual`."""
    if shape == "box":
        return np.stack(np.meshgrid(*[(-0.5, 0.5)] * 3), axis=-1).reshape(-1, 3)
    if shape == "cylinder":
        angle = 2.0 * np.pi * np.arange(SIDES) / SIDES
        ring = np.stack((np.cos(angle), np.sin(angle)), axis=-1) / np.cos(np.pi / SIDES)
        return np.concatenate([np.c_[ring, np.full(SIDES, z)] for z in (-0.5, 0.5)])
    z = np.linspace(-1.0, 1.0, DIRECTIONS)
    angle = np.pi * (1.0 + 5.0**0.5) * np.arange(DIRECTIONS)  # golden angle
    flat = np.sqrt(1.0 - z * z)
    return WIDER * np.stack((flat * np.cos(angle), flat * np.sin(angle), z), axis=-1)
