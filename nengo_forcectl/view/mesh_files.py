"""Mesh files, read as data that nobody vouches for.

An arm's file names the files of its meshes. One is read only if it is, with ``..`` and links
resolved, in the folder of the arm's own file, in the ROS package that this file is in, or in a
package that brings arms: pybullet_data, robot_descriptions' folder, our catalogue. Nothing that a
mesh names in turn (materials, textures, buffers) is opened.
"""

from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

import arms

from ..errors import ConfigurationError, VersionError

PACKAGES = ("pybullet_data",)
CLONES = Path.home() / ".cache" / "robot_descriptions"  # where robot_descriptions puts its models
FORMATS = (".stl", ".obj", ".ply", ".glb", ".off")
MOST_BYTES = 100_000_000
MOST_FACES = 2_000_000  # of a file
SHOWN_FACES = 6_000  # of a mesh, from which on it is thinned out
CELLS = (96, 64, 48, 32, 24, 16)  # of the grids that thin a mesh out, along its longest side


class Mesh(NamedTuple):
    """Triangles."""

    vertices: Float[np.ndarray, "k 3"]  # [m]
    faces: Int[np.ndarray, "m 3"]


def trusted_folders(source: str | Path) -> tuple[Path, ...]:
    """Return the folders that meshes of an arm from ``source``, a file or a name, may be in."""
    folders = [Path(arms.__file__).parent / "catalog", CLONES]
    for package in PACKAGES:
        spec = find_spec(package)
        if spec is not None and spec.origin is not None:
            folders.append(Path(spec.origin).parent)
    file = Path(source).expanduser()
    if file.is_file():
        own = file.resolve().parent
        package = [each for each in (own, *own.parents) if (each / "package.xml").is_file()]
        folders += package[:1] or [own]
    return tuple(folder.resolve() for folder in folders)


def read_mesh(path: str | Path, folders: tuple[Path, ...], *, thin: bool = True) -> Mesh:
    """Return the triangles of a mesh file in one of the folders, thinned out if there are many.

    With ``thin=False`` all of them.

    Raises:
        ConfigurationError: the file is elsewhere, cannot be read, or holds no mesh.
        VersionError: trimesh is not installed.
    """
    what = f"mesh '{Path(path).name!s:.80}'"
    try:
        real = Path(path).resolve(strict=True)
    except (OSError, ValueError, RuntimeError):
        raise ConfigurationError(f"{what}: there is no such file") from None
    if not any(real.is_relative_to(folder) for folder in folders):
        raise ConfigurationError(f"{what}: is outside the folder of the arm's file, and not read")
    kind = real.suffix.lower()
    if kind not in FORMATS or not real.is_file() or real.stat().st_size > MOST_BYTES:
        raise ConfigurationError(
            f"{what}: needs a file of at most {MOST_BYTES // 1_000_000} MB and one of the formats "
            f"{', '.join(FORMATS)}"
        )
    mesh = _parsed(real.read_bytes(), kind.removeprefix("."), what)
    return thinned(mesh) if thin else mesh


def _parsed(content: bytes, kind: str, what: str) -> Mesh:
    trimesh = trimesh_package()
    options: dict[str, Any] = {"skip_materials": True} if kind == "obj" else {}
    try:
        loaded = trimesh.load(
            BytesIO(content), file_type=kind, resolver=None, force="mesh", process=False, **options
        )
        vertices = np.asarray(loaded.vertices, dtype=float)
        faces = np.asarray(loaded.faces, dtype=int)
    except Exception as error:  # its parsers raise what they meet in a damaged file
        raise ConfigurationError(f"{what}: cannot be read ({type(error).__name__})") from None
    bad = vertices.ndim != 2 or faces.ndim != 2 or not len(faces) or len(faces) > MOST_FACES
    if bad or vertices.shape[1] != 3 or faces.shape[1] != 3 or not np.isfinite(vertices).all():
        raise ConfigurationError(f"{what}: needs 1 to {MOST_FACES} triangles with finite corners")
    return Mesh(vertices, faces)


def thinned(mesh: Mesh) -> Mesh:
    """Return a mesh with at most SHOWN_FACES triangles: corners that share a cell become one.

    The cells are those of the finest grid that does it (Rossignac and Borrel 1993).
    """
    mesh = _merged(mesh, np.round(mesh.vertices, 7))
    if len(mesh.faces) <= SHOWN_FACES:
        return mesh
    size = float(np.ptp(mesh.vertices, axis=0).max())
    lighter = mesh
    for cells in CELLS:
        lighter = _merged(mesh, np.floor(mesh.vertices / (size / cells)))
        if len(lighter.faces) <= SHOWN_FACES:
            break
    return lighter


def _merged(mesh: Mesh, cell: np.ndarray) -> Mesh:
    """Return the mesh with the corners of equal rows of ``cell`` at their mean."""
    _, place = np.unique(cell, axis=0, return_inverse=True)
    place = place.reshape(-1)
    count = np.bincount(place)
    vertices = np.stack(
        [np.bincount(place, weights=column) / count for column in mesh.vertices.T], axis=1
    )
    faces = place[mesh.faces]
    a, b, c = faces.T
    faces = faces[(a != b) & (b != c) & (c != a)]
    return Mesh(vertices, faces)


def trimesh_package() -> Any:
    """Return the package trimesh, which comes with viser.

    Raises:
        VersionError: one of them is not installed.
    """
    try:
        import trimesh  # optional

        if find_spec("viser") is None:
            raise ImportError
    except ImportError:
        raise VersionError(
            "the view needs viser, which is not installed: pip install 'nengo-forcectl[view]'"
        ) from None
    return trimesh
