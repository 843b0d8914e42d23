"""The user's scene in MuJoCo, whose arm gets the links of the real arm."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from arms.model.bodies import MASSLESS, Mass
from arms.model.chain import MOVING, Chain, Joint, coordinates
from arms.model.mjcf_compile import compiled, mujoco_package, whole_spec
from arms.model.mjcf_parts import Names, links_in, names_in, places_in, rotation_of
from arms.model.spatial import matrix, second_moment

from ..errors import ConfigurationError

SAME = 1e-8  # of a length [m] or an entry of a rotation: what files and snapped angles round off


def scene_model(path: Path, chain: Chain) -> Any:
    """Return the compiled model of a scene, with masses and lengths of the arm as in ``chain``.

    Raises:
        ArmError: The file cannot be read.
        ConfigurationError: The arm is not the scene's.
    """
    spec = whole_spec(path)
    model = compiled(spec)
    names = names_in(model)
    _check_joints(model, names, chain)
    changed = _changed_masses(model, names, chain)
    if changed:
        _keep_inertias(spec, model)
        numbers = {body.id: body for body in spec.bodies}
        for body, mass in changed.items():
            _set_inertia(numbers[body], mass)
        model = compiled(spec)
    if _move(model, names, chain):
        mujoco = mujoco_package()
        mujoco.mj_setConst(model, mujoco.MjData(model))
    return model


def _check_joints(model: Any, names: Names, chain: Chain) -> None:
    """Refuse an arm whose joints are not those of the scene."""
    scene = {place.name: place.joint for place, _ in places_in(model, names, False)}
    above = {joint.child: joint for joint in chain.joints}
    link = chain.tip
    while link != chain.base:
        joint, link = above[link], above[link].parent
        own = scene.get(joint.name)
        if joint.kind in MOVING and (own is None or own.kind not in MOVING):
            raise ConfigurationError(
                f"MuJoCo.scene: has no joint '{joint.name}' of arm '{chain.name}'; joints: "
                f"{', '.join(names.joints) or 'none'}"
            )
        if joint.kind not in MOVING and own is not None and own.kind in MOVING:
            raise ConfigurationError(
                f"MuJoCo.scene: joint '{joint.name}' moves there, and is rigid in arm "
                f"'{chain.name}'; needs an arm with the same joints"
            )
        if own is not None and joint.kind in MOVING and not _same_axis(joint, own):
            raise ConfigurationError(
                f"MuJoCo.scene: joint '{joint.name}' has another frame or axis in arm "
                f"'{chain.name}'; load the arm from the scene"
            )


def _same_axis(one: Joint, other: Joint) -> bool:
    """Whether two joints move alike in their parents' axes, wherever they are."""
    turns = [matrix(joint.origin)[:3, :3] @ np.array(joint.axis) for joint in (one, other)]
    slides = [joint.kind == "prismatic" for joint in (one, other)]
    R = [matrix(joint.origin)[:3, :3] for joint in (one, other)]
    return (
        slides[0] == slides[1]
        and np.abs(turns[0] - turns[1]).max() < SAME
        and np.abs(R[0] - R[1]).max() < SAME
    )


def _changed_masses(model: Any, names: Names, chain: Chain) -> dict[int, Mass]:
    """Return the bodies, by number, whose mass differs from what the arm's links have on them."""
    above = {joint.child: joint for joint in chain.joints}
    numbers = {name: number for number, name in enumerate(names.bodies)}
    total: dict[int, Mass] = {}
    alone = dict(zip(names.bodies, links_in(model, names), strict=True))
    same: dict[int, bool] = {}
    for link in chain.links:
        body, T = link.name, np.eye(4)
        while body not in numbers and body != chain.base:
            joint = above[body]
            if joint.kind in MOVING:
                break
            T, body = matrix(joint.origin) @ T, joint.parent
        heavy = link.inertia.mass > 0 or any(link.inertia.moments)
        if body not in numbers:
            if heavy:
                raise ConfigurationError(
                    f"MuJoCo.scene: has no body '{link.name}' of arm '{chain.name}'; bodies: "
                    f"{', '.join(names.bodies[1:9])}; load the arm from the scene"
                )
            continue
        k, own = numbers[body], link.inertia
        mass = Mass(own.mass, own.mass * np.array(own.com), second_moment(own))
        total[k] = total.get(k, MASSLESS) + mass.moved(T[:3, :3], T[:3, 3])
        unchanged = body == link.name and own == alone[body].inertia
        same[k] = same.get(k, True) and (unchanged or (body != link.name and not heavy))
    return {k: mass for k, mass in total.items() if k > 0 and not same[k]}


def _keep_inertias(spec: Any, model: Any) -> None:
    """State every body's compiled inertia, so that a new compilation does not change it."""
    mujoco = mujoco_package()
    spec.compiler.inertiafromgeom = mujoco.mjtInertiaFromGeom.mjINERTIAFROMGEOM_AUTO
    spec.compiler.settotalmass = -1.0
    for body in spec.bodies:
        k = body.id
        if k > 0 and model.body_mass[k] > 0:
            _state(body, model.body_mass[k], model.body_ipos[k], model.body_inertia[k])
            body.iquat = model.body_iquat[k]


def _state(body: Any, mass: float, com: np.ndarray, moments: np.ndarray) -> None:
    mujoco = mujoco_package()
    body.explicitinertial = True
    body.mass, body.ipos, body.inertia = float(mass), com, moments
    body.fullinertia = np.full(6, np.nan)
    body.ialt.type = mujoco.mjtOrientation.mjORIENTATION_QUAT


def _set_inertia(body: Any, mass: Mass) -> None:
    """Give a body of a spec the moments of a mass about its origin."""
    com = mass.h / mass.m if mass.m else np.zeros(3)
    S = mass.S - mass.m * np.outer(com, com)
    moments, axes = np.linalg.eigh(np.trace(S) * np.eye(3) - S)
    axes[:, 2] = np.cross(axes[:, 0], axes[:, 1])
    quaternion = np.zeros(4)
    mujoco_package().mju_mat2Quat(quaternion, axes.ravel())
    _state(body, mass.m, com, moments)
    body.iquat = quaternion


def _move(model: Any, names: Names, chain: Chain) -> bool:
    """Put the bodies where the arm's joints are; return whether one was moved."""
    scene = {place.name: place.joint for place, _ in places_in(model, names, False)}
    behind: Mapping[str, Joint] = {
        joint.parent: joint for joint in chain.joints if joint.kind == "fixed"
    }
    own = {joint.name for joint in coordinates(chain)}
    moved = False
    for joint in chain.joints:
        there = scene.get(joint.name)
        behind_one = joint.kind == "fixed" and joint.parent not in names.bodies
        if there is None or joint.kind != there.kind or behind_one:  # it is moved with that one
            continue
        new, old = np.array(joint.origin.xyz), np.array(there.origin.xyz)
        rest = behind.get(joint.child) if joint.child not in names.bodies else None
        at = np.zeros(3) if rest is None else -np.array(rest.origin.xyz)
        k = names.joints.index(joint.name) if joint.name in own else -1
        shift = 0.0 if k < 0 else float(np.abs(at - model.jnt_pos[k]).max() * (rest is not None))
        if max(np.abs(new - old).max(), shift) < SAME:
            continue
        body = int(model.jnt_bodyid[k]) if k >= 0 else names.bodies.index(joint.child)
        if model.body_jntnum[body] > 1:
            raise ConfigurationError(
                f"MuJoCo.scene: body '{names.bodies[body]}' has {model.body_jntnum[body]} joints, "
                "and another place in the real arm; needs one joint per body for WrongLengths"
            )
        if k >= 0:
            model.jnt_pos[k] = at
        model.body_pos[body] = new - rotation_of(model.body_quat[body]) @ at
        moved = True
    return moved
