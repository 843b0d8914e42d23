"""Links and joints from MuJoCo's compiled model.

A body is a link. A joint of MuJoCo turns about a point ``pos`` of its body, and a body may have
several: between them are massless links with the joints' names. ``ref``, the position in the file's
own pose, is taken into the joint's origin, so that q is MuJoCo's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray

from arms.errors import MjcfError
from arms.model.chain import Inertia, Joint, Link, Pose, free
from arms.model.mjcf_drives import effort_of, friction_and_rotor
from arms.model.spatial import about_axis, clean, pose_of, roll_pitch_yaw, snap

if TYPE_CHECKING:
    from jaxtyping import Float

WORLD = "world"
KINDS = ("free", "ball", "slide", "hinge")  # by MuJoCo's number
_MAX_NAME = 200


@dataclass(frozen=True)
class Place:
    """A joint's place in the tree, with the joint itself if an arm can have it."""

    name: str
    kind: str  # one of the chain's kinds, or "ball" or "free"
    parent: str
    child: str
    joint: Joint  # rigid if it is of another kind


@dataclass(frozen=True)
class Names:
    """Bodies, joints and sites by their numbers; what has no name is called by its number."""

    bodies: list[str]
    joints: list[str]
    sites: list[str]


def names_in(model: Any) -> Names:
    """The names of a compiled model."""
    return Names(
        _names(model.body, model.nbody, "body"),
        _names(model.jnt, model.njnt, "joint"),
        _names(model.site, model.nsite, "site"),
    )


def _names(view: Any, count: int, what: str) -> list[str]:
    given = [str(view(number).name) for number in range(count)]
    for name in given:
        if len(name) > _MAX_NAME or (name and not name.isprintable()):
            raise MjcfError(
                f"a {what} is named {name[:60]!r}; a name is at most {_MAX_NAME} printable "
                "characters"
            )
    names: list[str] = []
    for number, name in enumerate(given):
        names.append(name or free(f"{what}{number}", [*given, *names]))
    return names


def links_in(model: Any, names: Names) -> list[Link]:
    """Each body as a link, with its inertia."""
    links = []
    for body, name in enumerate(names.bodies):
        R = rotation_of(model.body_iquat[body])
        I = clean(R) @ np.diag(model.body_inertia[body]) @ clean(R).T  # noqa: E741
        xx, xy, xz, yy, yz, zz = (float(x) for x in I[np.triu_indices(3)])
        com = tuple(model.body_ipos[body].tolist())
        mass = float(model.body_mass[body])
        links.append(Link(name, Inertia(mass, com, (xx, xy, xz, yy, yz, zz))))
    return links


def places_in(model: Any, names: Names, snapped: bool) -> Iterator[tuple[Place, Link | None]]:
    """Each joint with the massless link it leads to, if it does not lead to a body."""
    taken = [*names.bodies]
    fixed = [*names.joints]
    for body in range(1, model.nbody):
        T = transform_of(model.body_pos[body], model.body_quat[body])
        parent = names.bodies[model.body_parentid[body]]
        first, count = int(model.body_jntadr[body]), int(model.body_jntnum[body])
        for number in range(first, first + count):
            origin, T = _origins(model, number, T)
            last = number == first + count - 1 and T is None
            name = names.joints[number]
            child = names.bodies[body] if last else free(name, taken)
            yield (
                _place(model, number, name, parent, child, pose(origin, snapped)),
                (None if last else Link(child)),
            )
            taken.append(child)
            parent, T = child, np.eye(4) if T is None else T
        if count == 0 or parent != names.bodies[body]:
            name = free(f"{names.bodies[body]}_fixed", fixed)
            fixed.append(name)
            joint = Joint(name, "fixed", parent, names.bodies[body], pose(T, snapped))
            yield Place(name, "fixed", parent, joint.child, joint), None


def _origins(
    model: Any, number: int, T: Float[ndarray, "4 4"]
) -> tuple[Float[ndarray, "4 4"], Float[ndarray, "4 4"] | None]:
    """The joint's frame at q = 0, and the rest of the way behind it; None for none."""
    kind = KINDS[model.jnt_type[number]]
    if kind in ("free", "ball"):
        return T, None
    axis, ref = clean(model.jnt_axis[number]), float(model.qpos0[model.jnt_qposadr[number]])
    to, back, turn = np.eye(4), np.eye(4), np.eye(4)
    if kind == "slide":
        to[:3, 3] = -ref * axis
        return T @ to, None
    to[:3, 3], back[:3, 3] = model.jnt_pos[number], -model.jnt_pos[number]
    if ref:
        turn[:3, :3] = about_axis(tuple(axis.tolist()), -ref)
    return T @ to @ turn, back if back[:3, 3].any() else None


def _place(model: Any, number: int, name: str, parent: str, child: str, origin: Pose) -> Place:
    kind = KINDS[model.jnt_type[number]]
    if kind in ("free", "ball"):
        return Place(name, kind, parent, child, Joint(name, "fixed", parent, child, origin))
    limited = bool(model.jnt_limited[number])
    lower, upper = map(float, model.jnt_range[number]) if limited else (-inf, inf)
    own = "prismatic" if kind == "slide" else "revolute" if limited else "continuous"
    axis = tuple(clean(model.jnt_axis[number]).tolist())
    armature, viscous, dry = friction_and_rotor(model, number)
    joint = Joint(
        *(name, own, parent, child, origin, axis, lower, upper),
        effort=effort_of(model, number),
        armature=armature,
        viscous=viscous,
        dry=dry,
    )
    return Place(name, own, parent, child, joint)


def transform_of(position: ndarray, quaternion: ndarray) -> Float[ndarray, "4 4"]:
    """The homogeneous transform of MuJoCo's position and quaternion (w, x, y, z)."""
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = clean(rotation_of(quaternion)), position
    return T


def rotation_of(quaternion: ndarray) -> Float[ndarray, "3 3"]:
    """The rotation matrix of a quaternion (w, x, y, z)."""
    w, x, y, z = (np.asarray(quaternion) / np.linalg.norm(quaternion)).tolist()
    return np.array(
        [
            [w * w + x * x - y * y - z * z, 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), w * w - x * x + y * y - z * z, 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z],
        ]
    )


def pose(T: Float[ndarray, "4 4"], snapped: bool) -> Pose:
    """The pose of a transform, with nominal angles if ``snapped``."""
    rpy = roll_pitch_yaw(T[:3, :3])
    result = pose_of(T)
    return Pose(result.xyz, (snap(rpy[0]), snap(rpy[1]), snap(rpy[2]))) if snapped else result
