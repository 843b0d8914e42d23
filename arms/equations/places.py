"""Where bodies are in the base's axes, computed as far as a request needs it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from arms.equations.vectors import (
    ZERO,
    Joint,
    Mat,
    Vec,
    add,
    apply,
    constants,
    cross,
    scale,
    transpose,
)

Twist = tuple[Vec, Vec]  # linear, angular


class Place(NamedTuple):
    """A body in the base's axes."""

    R: Mat  # its axes, as columns
    p: Vec  # its origin
    z: Vec  # its joint's axis


_BASE = Place(constants([[1, 0, 0], [0, 1, 0], [0, 0, 1]]), ZERO, ZERO)


class Places:
    """The places of a program's bodies, with every entry named."""

    def __init__(self, joints: Sequence[Joint]) -> None:
        self.joints = joints
        self._known: dict[int, Place] = {-1: _BASE}

    def of(self, body: int) -> Place:
        """The place of a body; -1 is the base."""
        if body not in self._known:
            joint = self.joints[body]
            self._known[body] = _place(joint, self.of(joint.body.parent))
        return self._known[body]

    def twist(self, body: int, point: Vec) -> Twist:
        """The twist at ``point``, which moves along, per unit rate of the body's joint."""
        joint, z = self.joints[body], self.of(body).z
        if joint.slides:
            return z, ZERO
        return joint.let(cross(z, self.lever(body, point))), z

    def lever(self, body: int, point: Vec) -> Vec:
        """From the body's origin to ``point``."""
        return self.joints[body].let([a - b for a, b in zip(point, self.of(body).p, strict=True)])


def _place(joint: Joint, above: Place) -> Place:
    """The place of the body that ``joint`` moves on one that is ``above``."""
    let, (R, p, _) = joint.let, above
    x, y, z = (let(apply(R, column)) for column in transpose(joint.E))
    axes, offset = (transpose([x, y, z]), joint.s) if joint.by_s else (R, joint.r)
    p = let(add(p, let(apply(axes, offset))))
    c, s = joint.cos, joint.sin
    turned = [let(add(scale(c, x), scale(s, y))), let(add(scale(c, y), scale(-s, x))), z]
    return Place(transpose(turned), p, z)
