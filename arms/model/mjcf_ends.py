"""Base and tip of an arm in an MJCF: by name, or the only arm that there is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from arms.errors import MjcfError
from arms.model.chain import MOVING, Link, Pose, some
from arms.model.mjcf_parts import KINDS, WORLD, Names, Place, pose, transform_of
from arms.model.part import upwards

NOT_IN_AN_ARM = ("free", "ball")
Below = Mapping[str, Sequence[Place]]


def end_named(model: Any, names: Names, what: str, name: str, snapped: bool) -> tuple[str, Pose]:
    """The body that a body's, site's or joint's name stands for, and the site's pose in it.

    Raises:
        MjcfError: There is no such name.
    """
    if name in names.bodies:
        return name, Pose()
    if name in names.sites:
        site = names.sites.index(name)
        T = transform_of(model.site_pos[site], model.site_quat[site])
        return names.bodies[model.site_bodyid[site]], pose(T, snapped)
    if name in names.joints:
        body = int(model.jnt_bodyid[names.joints.index(name)])
        return names.bodies[body if what == "tip" else model.body_parentid[body]], Pose()
    raise MjcfError(
        f"there is no {what} {name!r:.80}; bodies: {some(names.bodies)}; sites: "
        f"{some(names.sites) or 'none'}; joints: {some(names.joints) or 'none'}"
    )


def default_tip(base: str, places: Sequence[Place]) -> str:
    """The end of the only arm below ``base``.

    From the base on it follows the branch that most joints move. It ends where the bodies branch
    into parts that all have fewer joints than the arm up to there: those are a gripper. Beyond the
    last joint it follows the bodies as long as there is one.

    Raises:
        MjcfError: Several branches have the same number of joints, more than there are before, or
            the only way on is by a ball joint.
    """
    below = _below(places)
    return _end(base, below)


def _end(base: str, below: Below) -> str:
    at, so_far, possible = base, 0, True
    while True:
        ways = {place: _moves(place) + _depth(place.child, below) for place in below.get(at, ())}
        deepest = [place for place, depth in ways.items() if depth == max(ways.values())]
        most = max(ways.values(), default=0)
        moving = sum(depth > 0 for depth in ways.values())
        if not ways or (most == 0 and len(ways) > 1) or (moving > 1 and so_far > most):
            return at
        if len(deepest) > 1:
            ends = {_end(place.child, below): most for place in deepest}
            shown = ", ".join(f"{end!r} ({depth})" for end, depth in list(ends.items())[:8])
            raise MjcfError(
                f"the bodies branch at {at!r} into {len(ends)} arms, by moving joints: {shown}; "
                "name the tip: tip= or --tip"
            )
        (place,) = deepest
        if most == 0 and place.kind == "ball" and possible:  # else `check_way` refuses the way
            raise MjcfError(
                f"joint {place.name!r} beyond {at!r} has type 'ball'; an arm's are hinge or slide; "
                "name the tip: tip= or --tip"
            )
        if most == 0 and place.kind != "fixed":
            return at
        so_far += _moves(place)
        possible = possible and place.kind not in NOT_IN_AN_ARM
        at = place.child


def one_tree(
    links: Sequence[Link], places: Sequence[Place], tip: str
) -> tuple[list[Link], list[Place]]:
    """What hangs on the world by the joint that leads to the tip, and the world."""
    above = {place.child: place for place in places}
    way = list(upwards(tip, above))
    if not way:
        return list(links), list(places)
    below, inside = _below(places), [WORLD]
    own, waiting = [], [way[-1]]
    while waiting:
        place = waiting.pop(0)
        own.append(place)
        inside.append(place.child)
        waiting = [*below.get(place.child, ()), *waiting]
    return [link for link in links if link.name in set(inside)], own


def check_way(base: str, tip: str, places: Sequence[Place]) -> None:
    """Refuse a ball or free joint between base and tip.

    Raises:
        MjcfError: There is one.
    """
    above = {place.child: place for place in places if place.child != base}
    for place in upwards(tip, above):
        if place.kind in NOT_IN_AN_ARM:
            others = ", ".join(kind for kind in KINDS if kind not in NOT_IN_AN_ARM)
            raise MjcfError(
                f"joint {place.name!r} on the way to the tip has type {place.kind!r}; supported: "
                f"{others}; a base below it, {place.child!r}, leaves it out"
            )


def _below(places: Collection[Place]) -> Below:
    below: dict[str, list[Place]] = {}
    for place in places:
        below.setdefault(place.parent, []).append(place)
    return below


def _moves(place: Place) -> int:
    return int(place.kind in MOVING)


def _depth(link: str, below: Below) -> int:
    """The largest number of joints that move a link below this one."""
    depths = [_moves(place) + _depth(place.child, below) for place in below.get(link, ())]
    return max(depths, default=0)
