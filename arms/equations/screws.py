"""Pose and screw of every moving body: what distances between bodies and their Jacobians need.

A joint's screw is the twist, at the base's origin and in its axes, that a unit rate of its
coordinate gives the body: ``(p x z, z)`` for a joint that turns about z through p, ``(z, 0)`` for
one that slides. The velocity of a point x of any body behind it is ``v + w x x``.
"""

from __future__ import annotations

from arms.equations.places import Places
from arms.equations.program import Program
from arms.equations.vectors import ZERO, cross, scale
from arms.model.bodies import Bodies


def screws(program: Program, bodies: Bodies, places: Places) -> None:
    """Write the rows (R, p, v, w) of all bodies into ``program``."""
    entries = []
    for body, joint in enumerate(places.joints):
        R, p, z = places.of(body)
        v, w = (z, ZERO) if joint.slides else (joint.let(cross(p, z)), z)
        twist = joint.let(scale(joint.gain, [*v, *w]))
        entries += [*(entry for row in R for entry in row), *p, *twist]
    program.output("screws", (len(bodies.bodies), 18), entries)
