"""Derivatives of inverse dynamics, in as many operations as C takes.

If joint j turns and nothing else changes, all that it carries moves along, velocities and
accelerations included, but for those that the bodies before j give it: seen from behind joint j,
these change by the twists

    psi = s_j's rate, ``v x s_j``        psi' = a x s_j + v x psi        (spatial cross products)

with s_j the joint's screw, v and a velocity and acceleration of its body, gravity included. The
particles' accelerations change by the field of psi' and by ``2 w_psi x V``, and for the joints
before j the wrench through j turns along, too (Carpentier and Mansard 2018; Singh, Russo and
Wensing 2022, in whose equation for B the second field is hidden).

The derivative by dq needs no more than C: with that of the Christoffel symbols, ``C dq`` is a
quadratic form, so it is 2 C.
"""

from __future__ import annotations

import sympy as sp

from arms.equations.drives import friction_slope
from arms.equations.dynamics import composites, screw_rate, velocities
from arms.equations.factors import rows
from arms.equations.newton_euler import Motion, motions, transmitted
from arms.equations.pairs import Carried, products
from arms.equations.places import Places
from arms.equations.program import Program
from arms.equations.vectors import EZ, ZERO, Joint, Vec, add, cross, scale, zeros
from arms.model.bodies import Bodies


def torque_by_position(
    program: Program, places: Places, name: str, ddq: Vec, gravity: Vec, point: Vec | None
) -> None:
    """Write the derivative of inverse dynamics by q into ``program``, as output ``name``.

    ``point`` is one at which other terms have the joints' screws, see `products`.
    """
    n, let, joints = program.dof, program.let, places.joints
    moves, moving = motions(program, joints, ddq, gravity), velocities(joints)
    composite, wrenches = composites(joints, moving), transmitted(joints, moves)
    two, carried = sp.Integer(2), []
    for joint, motion, move, each, wrench in zip(
        joints, moving, moves, composite, wrenches, strict=True
    ):
        dv, dw, turn = _change(joint, *motion, move)
        force, moment = each.wrench(joint, dv, dw, scale(two, turn))
        more = _turned(joint, wrench)
        other = joint.let(add(force, more[0])), joint.let(add(moment, more[1]))
        carried.append(Carried(*each.unit(joint), other, (dv, dw, scale(two, turn))))
    D = zeros(n, n)
    for i, j, _, other, change in products(joints, carried, places, point):
        a, b = joints[i].body.coordinate, joints[j].body.coordinate
        gain = joints[i].gain * joints[j].gain
        D[a][b] = let(D[a][b] + gain * let(other))
        if i != j:
            D[b][a] = let(D[b][a] + gain * let(change))
    program.output(name, (n, n), [entry for row in D for entry in row])


def torque_by_velocity(program: Program, bodies: Bodies) -> None:
    """Write the derivative of inverse dynamics by dq, 2 C and friction's, into ``program``."""
    n, let = program.dof, program.let
    D = [[let(2 * entry) for entry in row] for row in rows(program, "C", n)]
    for k, slope in enumerate(friction_slope(program, bodies)):
        D[k][k] = let(D[k][k] + slope)
    program.output("tau_dq", (n, n), [entry for row in D for entry in row])


def mass_matrix_rate(program: Program) -> None:
    """Write ``dM/dt = C + C^T`` into ``program``."""
    n = program.dof
    C = rows(program, "C", n)
    program.output("dM", (n, n), [C[i][j] + C[j][i] for i in range(n) for j in range(n)])


def _change(joint: Joint, w: Vec, v: Vec, move: Motion) -> tuple[Vec, Vec, Vec]:
    """Linear and angular part of psi', and the angular part of psi, at the body's origin."""
    third = [row[2] for row in move.U]  # dw x z + w x (w x z)
    if joint.slides:
        return third, ZERO, ZERO
    _, turn = screw_rate(joint, w, v)
    across = joint.let(cross(v, turn))
    return joint.let(add(cross(move.a, EZ), scale(sp.Integer(2), across))), third, turn


def _turned(joint: Joint, wrench: tuple[Vec, Vec]) -> tuple[Vec, Vec]:
    """The change of a wrench that moves along with the joint."""
    force, moment = wrench
    return (ZERO, cross(EZ, force)) if joint.slides else (cross(EZ, force), cross(EZ, moment))
