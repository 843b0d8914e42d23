"""MJCF, MuJoCo's format, to ``Chain``.

MuJoCo compiles the file, and the numbers are its own: masses, inertias, armature, damping,
frictionloss, limits. It has no limits of speed. Springs at joints, couplings of joints and gravity
compensation are not part of a ``Chain``; the logger "arms" names those of the arm. Constraints that
close a loop are refused.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from arms.errors import ArmError, MjcfError
from arms.model.chain import MOVING, Chain, Joint, Link, Pose, Vector, coordinates, free, some
from arms.model.mjcf_compile import mechanics, mujoco_package
from arms.model.mjcf_ends import check_way, default_tip, end_named, one_tree
from arms.model.mjcf_loops import refuse_loops
from arms.model.mjcf_parts import WORLD, links_in, names_in, places_in, pose, transform_of
from arms.model.spatial import clean, matrix
from arms.model.tree import select

LOGGER = logging.getLogger("arms")
_UNNAMED = "MuJoCo Model"


def read_mjcf(
    path: str | Path,
    *,
    base: str | None = None,
    tip: str | None = None,
    locked: Mapping[str, float] | None = None,
    snap: bool = True,
) -> Chain:
    """Read the chain from ``base`` (default: the world) to ``tip``.

    Both are names of a body, a site or a joint, looked for in this order. A site as the tip is the
    tool frame. A joint stands for the body that it moves, and as the base for the body that it is
    on. The default tip is the end of the only arm, without its gripper: see `default_tip`.

    Raises:
        MjcfError: The file cannot be read, includes files outside its folder, is no model for
            MuJoCo, has several arms and none is chosen, or has no such name; a joint on the way
            is a ball or free joint; a constraint closes a loop; or MuJoCo is not installed.
    """
    path = Path(path)
    try:
        model = mechanics(path)
        chain = _chain(model, path.stem, (base, tip), {} if locked is None else locked, snap)
        refuse_loops(model, names_in(model), chain)
        _report(model, chain)
    except ArmError as error:
        raise MjcfError(f"MJCF {str(path)!r}: {error}") from None
    return chain


def _chain(
    model: Any,
    name: str,
    ends: tuple[str | None, str | None],
    locked: Mapping[str, float],
    snap: bool,
) -> Chain:
    names = names_in(model)
    parts = list(places_in(model, names, snap))
    places = [place for place, _ in parts]
    links = [*links_in(model, names), *(link for _, link in parts if link is not None)]
    base, at = (
        (WORLD, Pose()) if ends[0] is None else end_named(model, names, "base", ends[0], snap)
    )
    if ends[1] is None:
        tip, tool = default_tip(base, places), Pose()
    else:
        tip, tool = end_named(model, names, "tip", ends[1], snap)
    if base == WORLD:
        links, places = one_tree(links, places, tip)
    check_way(base, tip, places)
    joints = [place.joint for place in places]
    gravity, root = _gravity(model, names.bodies.index(base), at), base
    if at != Pose():  # a site, from which its body hangs by a rigid joint
        root = free(str(ends[0]), [link.name for link in links])
        mount = free(f"{root}_mount", [joint.name for joint in joints])
        above = Joint(mount, "fixed", root, base, pose(np.linalg.inv(matrix(at)), snap))
        joints = [above, *(joint for joint in joints if joint.child != base)]
        links = [Link(root), *links]
    title = model.names.split(b"\0", 1)[0].decode(errors="replace")
    title = name if title in ("", _UNNAMED) else title
    return replace(select(title, links, joints, root, tip, locked), gravity=gravity, tool=tool)


def _gravity(model: Any, body: int, at: Pose) -> Vector:
    """Gravity in the axes of the base, in the pose in which the file has it."""
    if model.opt.disableflags & int(mujoco_package().mjtDisableBit.mjDSBL_GRAVITY):
        return (0.0, 0.0, 0.0)
    T = matrix(at)
    while body:
        T = transform_of(model.body_pos[body], model.body_quat[body]) @ T
        body = int(model.body_parentid[body])
    x, y, z = (clean(T[:3, :3]).T @ np.array(model.opt.gravity)).tolist()
    return x, y, z


def _report(model: Any, chain: Chain) -> None:
    """Log what acts on the arm in MuJoCo and is not in its model."""
    names, mujoco = names_in(model), mujoco_package()
    own = {joint.name for joint in coordinates(chain)}
    moved = {chain.base: False}
    for joint in chain.joints:
        moved[joint.child] = moved[joint.parent] or joint.kind in MOVING
    equal = [k for k in range(model.neq) if model.eq_type[k] == int(mujoco.mjtEq.mjEQ_JOINT)]
    pairs = [(model.eq_obj1id[k], model.eq_obj2id[k]) for k in equal]
    coupled = {names.joints[joint] for pair in pairs for joint in pair if joint >= 0} & own
    found = {
        "springs of joints": [
            name for k, name in enumerate(names.joints) if name in own and model.jnt_stiffness[k]
        ],
        "couplings of joints": coupled,
        "gravity compensation of bodies": [
            name
            for k, name in enumerate(names.bodies)
            if moved.get(name) and model.body_gravcomp[k]
        ],
    }
    for what, where in found.items():
        if where:
            LOGGER.warning("Arm %r: its model leaves out %s %s", chain.name, what, some(where))
    still = [joint.name for joint in coordinates(chain) if joint.effort == 0.0]
    if still:
        LOGGER.warning("Arm %r: joints %s have a force limit of 0", chain.name, some(still))
