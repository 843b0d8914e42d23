"""Kinetic and potential energy, and the centre of mass of the moving links.

A body whose axes turn at w and whose origin moves at v has the kinetic energy
``(m v^2 + 2 v . (w x h) + w . (tr(S) w - S w)) / 2``. Mass that its joint leaves in place has been
regrouped up to the base (see ``bodies``), where it has a place and no velocity.
"""

from __future__ import annotations

import sympy as sp

from arms.equations.dynamics import across, composites, velocities
from arms.equations.factors import rows
from arms.equations.program import Program
from arms.equations.vectors import ZERO, Joint, Vec, add, constants, cross, dot, scale
from arms.model.bodies import Bodies
from arms.model.singular import refuse_massless


def kinetic_energy(program: Program, bodies: Bodies, joints: list[Joint]) -> None:
    """Write the kinetic energy ``dq^T M dq / 2``, rotors included, into ``program``."""
    let, total = program.let, sp.S.Zero
    for joint, (w, v) in zip(joints, velocities(joints), strict=True):
        mass = joint.body.mass
        m, h, S = constants(mass.m), constants(mass.h), constants(mass.S)
        momentum = joint.let(add(scale(m, v), scale(sp.Integer(2), joint.let(cross(w, h)))))
        total = let(total + dot(v, momentum) + dot(w, joint.let(across(S, w))))
    for armature, rate in zip(constants(bodies.drives[0]), program.dq, strict=True):
        total = let(total + armature * let(rate * rate))
    program.output("T", (), [total / 2])


def potential_energy(program: Program, bodies: Bodies, joints: list[Joint]) -> None:
    """Write minus gravity times the first moment of the masses into ``program``."""
    moment = _first_moment(bodies, joints)
    program.output("V", (), [-dot(constants(bodies.gravity), moment)])


def centre_of_mass(program: Program, bodies: Bodies, joints: list[Joint]) -> None:
    """Write the centre of mass and, from the output "dg", its Jacobian into ``program``.

    ``ArmError`` for an arm whose moving links are all without mass.
    """
    if not bodies.entries:  # else whoever has the numbers refuses
        refuse_massless(bodies)
    inverse = program.let(1 / constants(bodies.total)) if bodies.entries else None
    inverse = constants(1.0 / bodies.total) if inverse is None else inverse
    program.output("com", (3,), scale(inverse, _first_moment(bodies, joints)))
    columns = zip(*rows(program, "dg", program.dof), strict=True)  # dg = -m J^T
    entries = [-inverse * entry for column in columns for entry in column]
    program.output("Jcom", (3, program.dof), entries)


def _first_moment(bodies: Bodies, joints: list[Joint]) -> Vec:
    """First moment of the moving links' masses in the base frame."""
    rest: list[tuple[Vec, Vec]] = [(ZERO, ZERO)] * len(joints)
    moment: Vec = constants(bodies.rest.h)
    for joint, carried in zip(joints, composites(joints, rest), strict=True):
        if joint.body.parent < 0:
            moment = joint.let(add(moment, joint.up(carried.h), scale(carried.m, joint.r)))
    return moment
