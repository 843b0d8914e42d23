"""Pose and screw of every moving body: what distances between bodies and their Jacobians need.

A joint's screw is the twist, at the base's origin and in its axes, that a unit rate of its
coordinate gives the body: ``(p x z, z)`` for a joint that turns about z through p, ``(z, 0)`` for
one that slides. The velocity of a point x of any body behind it is ``v + w x x``.
"""

from __future__ import annotations

from collections.abc import Sequence

from arms.equations.program import Program
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
from arms.model.bodies import Bodies


def screws(program: Program, bodies: Bodies, joints: Sequence[Joint]) -> None:
    """Write the rows (R, p, v, w) of all bodies into ``program``."""
    unit: Mat = constants([[1, 0, 0], [0, 1, 0], [0, 0, 1]])
    placed: list[tuple[Mat, Vec]] = []
    entries = []
    for joint in joints:
        let, parent = joint.let, joint.body.parent
        R, p = placed[parent] if parent >= 0 else (unit, ZERO)
        p = let(add(p, let(apply(R, joint.r))))
        x, y, z = (let(apply(R, column)) for column in transpose(joint.E))
        c, s = joint.cos, joint.sin
        turned = [let(add(scale(c, x), scale(s, y))), let(add(scale(c, y), scale(-s, x))), z]
        R = transpose(turned)
        placed.append((R, p))
        v, w = (z, ZERO) if joint.slides else (let(cross(p, z)), z)
        twist = let(scale(joint.gain, [*v, *w]))
        entries += [*(entry for row in R for entry in row), *p, *twist]
    program.output("screws", (len(bodies.bodies), 18), entries)
