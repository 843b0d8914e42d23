"""What an MJCF's bodies look like, as triangles: MuJoCo's own meshes and shapes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy import ndarray

from arms.errors import MjcfError
from arms.model.mjcf_compile import compiled, mujoco_package, whole_spec
from arms.model.mjcf_parts import names_in, transform_of

if TYPE_CHECKING:
    from jaxtyping import Float, Int

_SEEN = 3  # groups of geoms that MuJoCo's own viewer shows: 0, 1 and 2
_PLAIN = ("box", "cylinder", "sphere", "capsule", "ellipsoid")


class Geom(NamedTuple):
    """A part of a body: a mesh, or a plain shape of MuJoCo's half sizes."""

    body: str
    kind: str  # "mesh", or one of MuJoCo's plain types
    T: Float[ndarray, "4 4"]  # in the body
    size: tuple[float, float, float]  # [m]; of a plain shape
    rgba: tuple[float, float, float, float]
    vertices: Float[ndarray, "k 3"]  # [m]; of a mesh
    faces: Int[ndarray, "m 3"]


def geoms_of(path: str | Path) -> list[Geom]:
    """The geoms that MuJoCo's viewer shows, body by body; the others of a body that has none.

    Raises:
        MjcfError: The file cannot be read, names files outside its folder, or is no model for
            MuJoCo; or MuJoCo is not installed.
    """
    try:
        model = compiled(whole_spec(Path(path)))
        bodies = names_in(model).bodies
    except MjcfError as error:
        raise MjcfError(f"MJCF {str(path)!r}: {error}") from None
    found: list[Geom] = []
    for body, name in enumerate(bodies):
        first, count = int(model.body_geomadr[body]), int(model.body_geomnum[body])
        own = range(first, first + count) if count else range(0)
        seen = [k for k in own if model.geom_group[k] < _SEEN] or list(own)
        found += [geom for k in seen if (geom := _geom(model, k, name)) is not None]
    return found


def _geom(model: Any, number: int, body: str) -> Geom | None:
    """One geom; None for planes, height fields and the like."""
    kind = mujoco_package().mjtGeom(int(model.geom_type[number])).name.removeprefix("mjGEOM_")
    kind, material = kind.lower(), int(model.geom_matid[number])
    rgba = model.mat_rgba[material] if material >= 0 else model.geom_rgba[number]
    vertices, faces = np.empty((0, 3)), np.empty((0, 3), int)
    if kind == "mesh":
        mesh = int(model.geom_dataid[number])
        at, face = int(model.mesh_vertadr[mesh]), int(model.mesh_faceadr[mesh])
        vertices = np.array(model.mesh_vert[at : at + model.mesh_vertnum[mesh]], dtype=float)
        faces = np.array(model.mesh_face[face : face + model.mesh_facenum[mesh]], dtype=int)
    elif kind not in _PLAIN:
        return None
    T = transform_of(model.geom_pos[number], model.geom_quat[number])
    size, colour = model.geom_size[number].tolist(), rgba.tolist()
    return Geom(body, kind, T, tuple(size), tuple(colour), vertices, faces)
