"""The part of a tree of links and joints that an arm consists of: its base, its tip, the order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from arms.errors import UrdfError
from arms.model.chain import MOVING, some

_MAX_JOINTS = 1_000  # of a tree
_SHOWN = 8  # ends in an error


class Edge(Protocol):
    """What the shape of a tree depends on: a joint's name, kind and ends."""

    @property
    def name(self) -> str:
        """The joint."""
        ...

    @property
    def kind(self) -> str:
        """Revolute, fixed, or any other."""
        ...

    @property
    def parent(self) -> str:
        """The link it is on."""
        ...

    @property
    def child(self) -> str:
        """The link it leads to."""
        ...


E = TypeVar("E", bound=Edge)


@dataclass(frozen=True)
class Part:
    """The part of a tree that an arm consists of."""

    base: str
    tip: str
    joints: tuple[str, ...]  # below the base, parents first
    path: frozenset[str]  # of these, the joints from base to tip


def part_of(
    links: Sequence[str], joints: Sequence[Edge], base: str | None, tip: str | None
) -> Part:
    """The part below ``base`` (default: the root), with ``tip`` (default: see `_end`).

    With a base, what is not below it may have any form.

    Raises:
        UrdfError: The links and joints are not one tree, or a name is unknown.
    """
    if len(joints) > _MAX_JOINTS:
        raise UrdfError(f"{len(joints)} joints; at most {_MAX_JOINTS} are supported")
    if base is None:
        _check_names(links, joints, {*links, *(joint.child for joint in joints)})
    start = _root(links, joints) if base is None else base
    ordered = _ordered(start, joints)
    inside = {start, *(joint.child for joint in ordered)}
    if base is None and len(ordered) < len(joints):
        rest = {joint.name for joint in joints} - {joint.name for joint in ordered}
        raise UrdfError(
            f"joints {some(rest)} form a cycle apart from the base {start!r}, need a tree"
        )
    closing = [joint.name for joint in ordered if joint.child == start]
    if closing:
        raise UrdfError(f"joint {closing[0]!r} closes a cycle at the base {start!r}, needs a tree")
    _check_names(links, [joint for joint in joints if joint.child != start], inside)
    above = {joint.child: joint for joint in ordered}
    end = _end(start, ordered) if tip is None else tip
    for what, link, known in (("base", start, links), ("tip", end, inside)):
        if link not in known:
            raise UrdfError(f"there is no {what} link {link!r}; links: {some(known)}")
    path = frozenset(joint.name for joint in upwards(end, above))
    return Part(start, end, tuple(joint.name for joint in ordered), path)


def _check_names(links: Sequence[str], joints: Sequence[Edge], inside: Collection[str]) -> None:
    """Every name of the links ``inside``, and of their joints, is there and is there once."""
    if not links:
        raise UrdfError("there is no <link>, needs one")
    own = {joint.name for joint in joints if joint.child in inside}
    for what, names in (("link", links), ("joint", [joint.name for joint in joints])):
        repeated = [name for name, count in Counter(names).items() if count > 1]
        for name in repeated:
            if name in (inside if what == "link" else own):
                raise UrdfError(f"two {what}s are named {name!r}, needs one of each name")
    known = set(links)
    above: dict[str, str] = {}
    for joint in joints:
        if joint.child not in inside:
            continue
        for end, link in (("parent", joint.parent), ("child", joint.child)):
            if link not in known:
                below = end == "parent" and joint.child in known
                hint = f"; a base below it, {joint.child!r}, leaves it out" if below else ""
                raise UrdfError(
                    f"joint {joint.name!r}: there is no {end} link {link!r}; links: {some(links)}"
                    f"{hint}"
                )
        if joint.child in above:
            raise UrdfError(
                f"link {joint.child!r} has two parents, by joints "
                f"{above[joint.child]!r} and {joint.name!r}, needs one"
            )
        above[joint.child] = joint.name


def _root(links: Sequence[str], joints: Sequence[Edge]) -> str:
    children = {joint.child for joint in joints}
    roots = [link for link in links if link not in children]
    if not roots:
        raise UrdfError("the joints form a cycle: every link has a parent, needs one without")
    if len(roots) > 1:
        raise UrdfError(f"{len(roots)} links have no parent: {some(roots)}; name the base")
    return roots[0]


def _end(base: str, joints: Sequence[Edge]) -> str:
    """The only end, the one called "tool", or the one that most joints move."""
    parents = {joint.parent for joint in joints}
    above = {joint.child: joint for joint in joints}
    ends = {
        link: sum(joint.kind in MOVING for joint in upwards(link, above))
        for link in (base, *above)
        if link not in parents
    }
    if "tool" in ends:
        return "tool"
    deepest = [link for link, depth in ends.items() if depth == max(ends.values())]
    if len(deepest) == 1:
        return deepest[0]
    shown = sorted(ends.items(), key=lambda end: (-end[1], end[0]))
    text = ", ".join(f"{link!r} ({depth})" for link, depth in shown[:_SHOWN])
    more = f" and {len(ends) - _SHOWN} more" if len(ends) > _SHOWN else ""
    raise UrdfError(
        f"the links branch into {len(ends)} ends, by moving joints: {text}{more}; "
        "name the tip: tip= or --tip"
    )


def upwards(link: str, above: Mapping[str, E]) -> Iterator[E]:
    """The joints from a link up to the base."""
    while link in above:
        yield above[link]
        link = above[link].parent


def _ordered(base: str, joints: Sequence[Edge]) -> list[Edge]:
    """The joints below the base, parents first."""
    below: dict[str, list[Edge]] = {}
    for joint in joints:
        below.setdefault(joint.parent, []).append(joint)
    ordered, waiting = [], [base]
    while waiting:
        found = below.pop(waiting.pop(), [])
        ordered += found
        waiting += [joint.child for joint in reversed(found)]
    return ordered
