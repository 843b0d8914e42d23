"""From links and joints to the tree of an arm: order, base, tip, locked and mimic joints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from arms.errors import UrdfError
from arms.model.chain import MOVING, Chain, Joint, Link, Pose, some
from arms.model.spatial import about_axis, matrix, pose_of

_MAX_JOINTS = 1_000  # of a tree
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
    the position within its limits nearest zero. A joint on the path becomes rigid if ``locked``
    names it.

    Raises:
        UrdfError: The links and joints are not one tree, or a name is unknown.
    """
    _check_names(links, joints)
    ordered = _ordered(links, joints, base)
    children = {joint.child: joint for joint in ordered}
    base = base or _root(links, joints)
    tip = tip or _leaf(base, ordered)
    reachable = {base, *children}
    for what, link in (("base", base), ("tip", tip)):
        if link not in reachable:
            raise UrdfError(f"there is no {what} link {link!r}; links: {some(reachable)}")
    path, link = set(), tip
    while link != base:
        path.add(children[link].name)
        link = children[link].parent
    moving = {joint.name for joint in ordered if joint.kind in MOVING}
    for joint in locked:
        if joint not in moving:
            raise UrdfError(f"there is no moving joint {joint!r} to lock; joints: {some(moving)}")
    ordered = _resolve_mimics(ordered)
    free = {j.name for j in ordered if j.name in path and j.mimic is None} - set(locked)
    positions = _positions(ordered, free, locked)
    fixed = [_fix(j, positions[j.name]) if j.name in positions else j for j in ordered]
    result = tuple(j if j.kind in MOVING else replace(j, mimic=None) for j in fixed)
    dof = sum(j.kind in MOVING and j.mimic is None for j in result)
    if not 1 <= dof <= _MAX_DOF:
        raise UrdfError(
            f"the chain from {base!r} to {tip!r} has {dof} moving joints, not 1 to {_MAX_DOF}"
        )
    by_name = {link.name: link for link in links}
    reached = (by_name[base], *(by_name[joint.child] for joint in result))
    return Chain(name, base, tip, reached, result)


def _check_names(links: Sequence[Link], joints: Sequence[Joint]) -> None:
    if len(joints) > _MAX_JOINTS:
        raise UrdfError(f"{len(joints)} joints; at most {_MAX_JOINTS} are supported")
    for what, parts in (("link", links), ("joint", joints)):
        names = [part.name for part in parts]
        if len(set(names)) < len(names):
            repeated = next(name for k, name in enumerate(names) if name in names[:k])
            raise UrdfError(f"two {what}s are named {repeated!r}")
    if not links:
        raise UrdfError("there is no link")
    known = {link.name for link in links}
    above: dict[str, str] = {}
    for joint in joints:
        for end, link in (("parent", joint.parent), ("child", joint.child)):
            if link not in known:
                raise UrdfError(f"joint {joint.name!r}: there is no {end} link {link!r}")
        if joint.child in above:
            raise UrdfError(
                f"link {joint.child!r} has two parents, by joints "
                f"{above[joint.child]!r} and {joint.name!r}"
            )
        above[joint.child] = joint.name


def _root(links: Sequence[Link], joints: Sequence[Joint]) -> str:
    children = {joint.child for joint in joints}
    roots = [link.name for link in links if link.name not in children]
    if not roots:
        raise UrdfError("the joints form a cycle: every link has a parent")
    if len(roots) > 1:
        raise UrdfError(f"{len(roots)} links have no parent: {some(roots)}; name the base")
    return roots[0]


def _leaf(base: str, joints: Sequence[Joint]) -> str:
    """The only link without children."""
    parents = {joint.parent for joint in joints}
    leaves = [link for link in (base, *(j.child for j in joints)) if link not in parents]
    if len(leaves) > 1:
        raise UrdfError(f"the links branch into {len(leaves)} ends: {some(leaves)}; name the tip")
    return leaves[0]


def _ordered(links: Sequence[Link], joints: Sequence[Joint], base: str | None) -> list[Joint]:
    """The joints below the base, parents first."""
    if base is None:
        base = _root(links, joints)
    below: dict[str, list[Joint]] = {}
    for joint in joints:
        below.setdefault(joint.parent, []).append(joint)
    ordered, waiting = [], [base]
    while waiting:
        found = below.pop(waiting.pop(), [])
        ordered += found
        waiting += [joint.child for joint in reversed(found)]
    if base == _root(links, joints) and len(ordered) < len(joints):
        rest = sorted({joint.name for joint in joints} - {joint.name for joint in ordered})
        raise UrdfError(f"joints {some(rest)} form a cycle apart from the base {base!r}")
    return ordered


def _resolve_mimics(joints: Sequence[Joint]) -> list[Joint]:
    """Replace the leader of every mimic by one that mimics no other joint."""
    by_name = {joint.name: joint for joint in joints}
    result = []
    for joint in joints:
        mimic, hops = joint.mimic, 0
        while mimic is not None:
            leader = by_name.get(mimic.leader)
            if leader is None or leader.kind not in MOVING:
                raise UrdfError(
                    f"joint {joint.name!r} mimics {mimic.leader!r}, which is not a moving joint"
                )
            if leader.mimic is None:
                break
            hops += 1
            if hops > len(joints):
                raise UrdfError(f"joint {joint.name!r} mimics itself")
            up = leader.mimic
            mimic = replace(
                up,
                multiplier=mimic.multiplier * up.multiplier,
                offset=mimic.multiplier * up.offset + mimic.offset,
            )
        result.append(replace(joint, mimic=mimic))
    return result


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
    part = select(chain.name, chain.links, chain.joints, base, end, locked or {})
    tool = chain.tool if end == chain.tip else Pose()
    return replace(part, gravity=chain.gravity, tool=tool, source=chain.source)
