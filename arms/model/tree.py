"""From links and joints to the chain of an arm: which joints move, are locked or mimic others."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from arms.errors import ArmError, UrdfError
from arms.model.chain import MOVING, Chain, Joint, Link, Mimic, Pose, some
from arms.model.part import part_of
from arms.model.spatial import about_axis, matrix, pose_of
from arms.model.values import number

_MAX_DOF = 40


def select(
    name: str,
    links: Sequence[Link],
    joints: Sequence[Joint],
    base: str | None,
    tip: str | None,
    locked: Mapping[str, float],
) -> Chain:
    """The chain from ``base`` to ``tip`` with everything attached to it.

    A moving joint off this path becomes rigid, at the position in ``locked`` [rad or m] or else at
    the position within its limits nearest zero; not if it mimics a joint of the path. A joint on
    the path becomes rigid if ``locked`` names it.

    Raises:
        UrdfError: The links and joints are not one tree, or a name is unknown.
        ArmError: ``locked`` does not hold finite numbers by joint.
    """
    part = part_of([link.name for link in links], joints, base, tip)
    own = {joint.name: joint for joint in joints}
    ordered = [own[joint] for joint in part.joints]
    held = _held(locked, [joint.name for joint in ordered if joint.kind in MOVING])
    ordered = _resolve_mimics(ordered, part.path)
    free = {j.name for j in ordered if j.name in part.path and j.mimic is None} - set(held)
    positions = _positions(ordered, free, held)
    fixed = [_fix(j, positions[j.name]) if j.name in positions else j for j in ordered]
    result = tuple(j if j.kind in MOVING else replace(j, mimic=None) for j in fixed)
    dof = sum(j.kind in MOVING and j.mimic is None for j in result)
    if not 1 <= dof <= _MAX_DOF:
        raise UrdfError(
            f"the chain from {part.base!r} to {part.tip!r} has {dof} moving joints, needs 1 to "
            f"{_MAX_DOF}"
        )
    by_name = {link.name: link for link in links}
    reached = (by_name[part.base], *(by_name[joint.child] for joint in result))
    return Chain(name, part.base, part.tip, reached, result)


def _held(locked: Mapping[str, float], moving: Sequence[str]) -> dict[str, float]:
    """``locked`` as floats, for joints that move."""
    if not isinstance(locked, Mapping):
        raise ArmError(f"locked: is {locked!r:.60}, needs positions by joint, {{'joint': 0.3}}")
    for joint in locked:
        if joint not in moving:
            raise UrdfError(f"there is no moving joint {joint!r} to lock; joints: {some(moving)}")
    return {joint: number(f"locked[{joint!r}]", locked[joint]) for joint in locked}


def _resolve_mimics(joints: Sequence[Joint], path: Collection[str]) -> list[Joint]:
    """Replace the leader of every mimic by one that mimics no other joint.

    A joint off the path without such a leader mimics none.
    """
    by_name = {joint.name: joint for joint in joints}
    result = []
    for joint in joints:
        try:
            mimic = _free_leader(joint, by_name)
        except ArmError:
            if joint.name in path:
                raise
            mimic = None
        result.append(replace(joint, mimic=mimic))
    return result


def _free_leader(joint: Joint, by_name: Mapping[str, Joint]) -> Mimic | None:
    """What the joint mimics in the end; None if it mimics no joint."""
    mimic = joint.mimic
    for _ in by_name:
        if mimic is None:
            return None
        leader = by_name.get(mimic.leader)
        if leader is None or leader.kind not in MOVING:
            raise UrdfError(
                f"joint {joint.name!r} mimics {mimic.leader!r}, which is not a moving joint; "
                f"moving joints: {some([j.name for j in by_name.values() if j.kind in MOVING])}"
            )
        up = leader.mimic
        if up is None:
            return mimic
        multiplier, offset = mimic.multiplier * up.multiplier, mimic.multiplier * up.offset
        mimic = Mimic(up.leader, multiplier, offset + mimic.offset)
    raise UrdfError(f"joint {joint.name!r} mimics itself, needs another joint")


def _positions(
    joints: Sequence[Joint], free: set[str], locked: Mapping[str, float]
) -> dict[str, float]:
    """Positions of rigid joints: locked ones, those off the path, and those that mimic one."""
    rigid: dict[str, float] = {}
    for joint in joints:
        if joint.kind in MOVING and joint.mimic is None and joint.name not in free:
            rigid[joint.name] = locked.get(joint.name, min(max(0.0, joint.lower), joint.upper))
    for joint in joints:
        if joint.mimic is not None:
            if joint.name in locked:
                rigid[joint.name] = locked[joint.name]
            elif joint.mimic.leader in rigid:
                rigid[joint.name] = (
                    joint.mimic.multiplier * rigid[joint.mimic.leader] + joint.mimic.offset
                )
    return rigid


def _fix(joint: Joint, position: float) -> Joint:
    """``joint`` as a rigid connection at ``position``."""
    T = np.eye(4)
    if joint.kind == "prismatic":
        T[:3, 3] = position * np.array(joint.axis)
    else:
        T[:3, :3] = about_axis(joint.axis, position)
    origin = joint.origin if position == 0.0 else pose_of(matrix(joint.origin) @ T)
    return replace(joint, kind="fixed", origin=origin, armature=0.0, viscous=0.0, dry=0.0)


def reroot(
    chain: Chain,
    base: str | None,
    tip: str | None,
    locked: Mapping[str, float] | None = None,
) -> Chain:
    """The part of ``chain`` from ``base`` to ``tip``; another tip is without the tool's offset."""
    base, end = base or chain.base, tip or chain.tip
    held = {} if locked is None else locked
    try:
        part = select(chain.name, chain.links, chain.joints, base, end, held)
    except UrdfError as error:
        raise UrdfError(f"arm {chain.name!r}: {error}") from None
    tool = chain.tool if end == chain.tip else Pose()
    return replace(part, gravity=chain.gravity, tool=tool, source=chain.source)
