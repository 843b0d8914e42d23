"""Loops that a URDF closes by an extension, Gazebo's or Drake's: a ``Chain`` is a tree."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from arms.errors import UrdfError
from arms.model.chain import Chain
from arms.model.link_poses import rigid_parts


def refuse_loops(root: Element, chain: Chain) -> None:
    """Raise ``UrdfError`` for a joint beside the tree that ties two moving parts of the chain.

    These are <joint> in <gazebo>, and <loop_joint>. URDF's own <joint> cannot close a loop: its
    child would have two parents.
    """
    rigid = rigid_parts(chain)
    for kind, name, ends in (*_of_gazebo(root), *_of_drake(root)):
        parts = [rigid.get(end) for end in ends]
        if None not in parts and parts[0] != parts[1]:
            raise UrdfError(
                f"{kind} {name!r} closes a loop from link {ends[0]!r} to {ends[1]!r}, and an arm "
                "is a tree; needs a tip or base that leaves it out, or a file without it"
            )


def _of_gazebo(root: Element) -> Iterator[tuple[str, str, tuple[str, str]]]:
    for joint in root.findall("gazebo/joint"):
        ends = [(joint.findtext(tag) or "").strip() for tag in ("parent", "child")]
        yield "<gazebo> <joint>", joint.get("name", ""), (ends[0], ends[1])


def _of_drake(root: Element) -> Iterator[tuple[str, str, tuple[str, str]]]:
    for joint in root.findall("loop_joint"):
        found = [joint.find(tag) for tag in ("link1", "link2")]
        ends = ["" if end is None else end.get("link", "") for end in found]
        yield "<loop_joint>", joint.get("name", ""), (ends[0], ends[1])
