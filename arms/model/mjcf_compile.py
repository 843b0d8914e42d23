"""MJCF to MuJoCo's compiled model, whose numbers `mjcf_parts` reads.

MuJoCo resolves classes, frames, units, orientations, and inertias from shapes. It is imported with
the first MJCF.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from arms.errors import MjcfError
from arms.model.file_bytes import bytes_of
from arms.model.mjcf_files import Document, check_assets, documents, included
from arms.model.mjcf_numbers import check_numbers


def mujoco_package() -> Any:
    """MuJoCo's Python package.

    Raises:
        MjcfError: It is not installed.
    """
    try:
        return importlib.import_module("mujoco")
    except ImportError:
        raise MjcfError("MuJoCo is not installed, and reads MJCF: pip install mujoco") from None


def whole_spec(path: Path) -> Any:
    """The MJCF as it is, not yet compiled, with all files that it names in its folder.

    Raises:
        MjcfError: A file is outside, a number cannot be, or MuJoCo cannot read the MJCF.
    """
    found = documents(path)
    check_assets(found)
    return _read(found)


def mechanics(path: Path) -> Any:
    """The compiled model of an MJCF, read without the meshes and pictures that no inertia needs.

    Raises:
        MjcfError: A file is outside the folder, a number cannot be, or MuJoCo cannot read or
            compile the MJCF.
    """
    found = documents(path)
    if found[0].root.tag != "mujoco":
        raise MjcfError("it is a part for other files to include, needs the file that includes it")
    spec = _read(found)
    needed = _without_looks(spec)
    if needed:
        check_assets(found)
    try:
        return compiled(spec)
    except MjcfError:
        if needed:
            raise
    check_assets(found)  # something else refers to what was left out
    return compiled(_read(found))


def compiled(spec: Any) -> Any:
    """MuJoCo's model of a spec.

    Raises:
        MjcfError: MuJoCo says that it is not one.
    """
    try:
        return spec.compile()
    except ValueError as error:
        raise MjcfError(f"MuJoCo says: {' '.join(str(error).split())}") from None


def _read(found: list[Document]) -> Any:
    """MuJoCo's spec of a file and those that it includes."""
    mujoco, path = mujoco_package(), found[0].path
    if not hasattr(mujoco, "MjSpec") or not hasattr(mujoco.MjSpec, "delete"):
        raise MjcfError(
            f"MuJoCo {mujoco.__version__} is too old, needs 3.3 or later: pip install -U mujoco"
        )
    check_numbers(found)
    try:
        if path.suffix == ".xml":
            return mujoco.MjSpec.from_file(str(path))
        # MuJoCo knows a file by its ending.
        text = bytes_of(path, repr(path.name), MjcfError).decode()
        spec = mujoco.MjSpec.from_string(text, include=included(found))
        spec.modelfiledir = str(path.parent)
    except ValueError as error:
        raise MjcfError(f"MuJoCo says: {' '.join(str(error).split())}") from None
    return spec


def _without_looks(spec: Any) -> bool:
    """Take off the spec what only shows or collides; return whether a shape's file is needed.

    A geom that no inertia needs becomes a small ball of the same name.
    """
    mujoco = mujoco_package()
    from_shapes = spec.compiler.inertiafromgeom
    always = from_shapes == mujoco.mjtInertiaFromGeom.mjINERTIAFROMGEOM_TRUE
    always |= spec.compiler.settotalmass > 0
    never = from_shapes == mujoco.mjtInertiaFromGeom.mjINERTIAFROMGEOM_FALSE
    for geom in spec.geoms:
        geom.material = ""
        body = geom.parent
        weighs = always or not (never or body.explicitinertial or _is_still(body))
        if (geom.meshname or geom.hfieldname) and not weighs:
            geom.type, geom.size, geom.mass = mujoco.mjtGeom.mjGEOM_SPHERE, [1e-3, 0.0, 0.0], 0.0
            geom.meshname = geom.hfieldname = ""
    meshes = {geom.meshname for geom in spec.geoms} - {""}
    fields = {geom.hfieldname for geom in spec.geoms} - {""}
    for site in spec.sites:
        site.material = ""
    for tendon in spec.tendons:
        tendon.material = ""
    unused = [
        *spec.skins,
        *spec.materials,
        *spec.textures,
        *(mesh for mesh in spec.meshes if mesh.name not in meshes),
        *(field for field in spec.hfields if field.name not in fields),
    ]
    for element in unused:
        spec.delete(element)
    return bool(meshes or fields)


def _is_still(body: Any) -> bool:
    """Whether no joint moves the body: it, and all below which it hangs, are part of the world."""
    while body is not None and body.name != "world":
        if body.joints:
            return False
        body = body.parent
    return True
