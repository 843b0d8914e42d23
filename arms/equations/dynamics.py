"""M, C and g of a tree of bodies, in body frames with z along the joint.

Composite bodies (Featherstone 2008, section 6.2) give M and g; the same recursion over the first
moment of the velocity field, ``K = integral of V x^T dm``, gives the Coriolis matrix. Let
``J_i(x)`` be the velocity of the particle at x per unit rate of joint i. Then

    M_ij = integral of J_i . J_j dm        C_ij = integral of J_i . dJ_j/dt dm

so ``dM/dt = C + C^T`` by construction. As ``dJ_j/dt = sum over k of (dJ_k/dq_j) dq_k``, this is
the C of the Christoffel symbols (compare Echeandia and Wensing 2021).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import sympy as sp

from arms.equations.newton_euler import to_parent
from arms.equations.program import Expr, Program
from arms.equations.sums import minus, times, total
from arms.equations.vectors import (
    EZ,
    ZERO,
    Joint,
    Mat,
    Vec,
    add,
    constants,
    cross,
    dot,
    outer,
    scale,
    transpose,
    zeros,
)
from arms.model.bodies import Bodies


@dataclass
class Composite:
    """Moments of a body and all bodies it carries, about the body's origin, in its axes."""

    m: Expr  # mass
    h: Vec  # integral of x dm
    S: Mat  # integral of x x^T dm
    P: Vec  # integral of V dm: the linear momentum
    K: Mat  # integral of V x^T dm

    def plus(self, other: Composite, joint: Joint) -> Composite:
        """The moments of this body together with those of its child ``other`` at ``joint``."""
        up, let, let2, r = joint.up, joint.let, joint.let2, joint.r
        h, P = up(other.h), up(other.P)
        hr = let2(outer(h, r))
        S = let2(_sum2(joint.up2(other.S), hr, transpose(hr), let2(outer(scale(other.m, r), r))))
        K = let2(_sum2(joint.up2(other.K), let2(outer(P, r))))
        return Composite(
            joint.program.let(self.m + other.m),
            let(add(self.h, let(add(h, scale(other.m, r))))),
            let2(_sum2(self.S, S)),
            let(add(self.P, P)),
            let2(_sum2(self.K, K)),
        )

    def wrench(self, joint: Joint, dv: Vec, dw: Vec, turn: Vec = ZERO) -> tuple[Vec, Vec]:
        """(force, moment) for accelerations ``dv + dw x x + turn x V`` of the particles at x."""
        let = joint.let
        force = add(scale(self.m, dv), let(cross(dw, self.h)), cross(turn, self.P))
        moment = add(
            let(across(self.S, dw)), let(cross(self.h, dv)), joint.let(across(self.K, turn))
        )
        return let(force), let(moment)

    def unit(self, joint: Joint) -> tuple[tuple[Vec, Vec], Vec]:
        """What a unit rate J of the joint, which carries the composite, gives it.

        The momentum (linear, angular), and ``N = integral of V x J dm``.
        """
        if joint.slides:
            return self.wrench(joint, EZ, ZERO), joint.let(cross(self.P, EZ))
        return self.wrench(joint, ZERO, EZ), joint.let(across(transpose(self.K), EZ))


def across(A: Mat, w: Vec) -> list[Expr]:
    """``tr(A) w - A w``; with A the integral of y x^T dm it is that of ``x x (w x y)``."""
    rows = []
    for i, j, k in ((0, 1, 2), (1, 0, 2), (2, 0, 1)):
        trace = total(A[j][j], A[k][k]) * w[i]
        rows.append(total(trace, minus(times(A[i][j], w[j])), minus(times(A[i][k], w[k]))))
    return rows


def _sum2(*matrices: Mat) -> Mat:
    return [add(*rows) for rows in zip(*matrices, strict=True)]


def velocities(joints: list[Joint]) -> list[tuple[Vec, Vec]]:
    """Angular velocity of every body and linear velocity of its origin, in its own axes."""
    result: list[tuple[Vec, Vec]] = []
    for joint in joints:
        w, v = (ZERO, ZERO) if joint.body.parent < 0 else result[joint.body.parent]
        v = joint.down(joint.let(add(v, joint.let(cross(w, joint.r)))))
        w = joint.down(w)
        if joint.slides:
            v = joint.let(add(v, scale(joint.rate, EZ)))
        else:
            w = joint.let(add(w, scale(joint.rate, EZ)))
        result.append((w, v))
    return result


def directions(vector: Vec, joints: list[Joint]) -> list[Vec]:
    """A vector of the base's axes in the axes of every body."""
    result: list[Vec] = []
    for joint in joints:
        above = vector if joint.body.parent < 0 else result[joint.body.parent]
        result.append(joint.down(above))
    return result


def composites(joints: list[Joint], moving: list[tuple[Vec, Vec]]) -> list[Composite]:
    """The composite of each body, moving at the given (angular, linear) velocities."""
    result = []
    for joint, (w, v) in zip(joints, moving, strict=True):
        m, h, S = (constants(x) for x in (joint.body.mass.m, joint.body.mass.h, joint.body.mass.S))
        P = joint.let(add(scale(m, v), joint.let(cross(w, h))))
        turned = transpose([joint.let(cross(w, column)) for column in S])
        K = joint.let2(_sum2(joint.let2(outer(v, h)), turned))
        result.append(Composite(m, h, S, P, K))
    for i in range(len(joints) - 1, -1, -1):
        parent = joints[i].body.parent
        if parent >= 0:
            result[parent] = result[parent].plus(result[i], joints[i])
    return result


def mass_coriolis_gravity(
    program: Program, bodies: Bodies, joints: list[Joint], *, coriolis: bool
) -> None:
    """Write M, g and, if asked, C into ``program``; without C all velocities are zero."""
    n, let = program.dof, program.let
    rest: list[tuple[Vec, Vec]] = [(ZERO, ZERO)] * len(joints)
    moving = velocities(joints) if coriolis else rest
    carried = composites(joints, moving)
    M, C, g = zeros(n, n), zeros(n, n), zeros(n)
    down = directions(constants(bodies.gravity), joints)
    rates = [screw_rate(joint, *moving[i]) for i, joint in enumerate(joints)]
    for j, joint in enumerate(joints):
        F, N = carried[j].unit(joint)
        # dJ/dt is the field of the screw's rate, and J's own turn of the velocities.
        dF = carried[j].wrench(joint, *rates[j], ZERO if joint.slides else EZ)
        i = j
        while True:
            ancestor = joints[i]
            row = 0 if ancestor.slides else 1
            gain = ancestor.gain * joint.gain
            a, b = ancestor.body.coordinate, joint.body.coordinate
            turn = sp.S.Zero if ancestor.slides else N[2]
            upper = gain * F[row][2]
            M[a][b] = let(M[a][b] + upper)
            C[a][b] = let(C[a][b] + gain * dF[row][2])
            if i != j:
                (force, moment), (dv, dw) = F, rates[i]
                M[b][a] = let(M[b][a] + upper)
                lower = let(dot(dv, force) + dot(dw, moment) + turn)
                C[b][a] = let(C[b][a] + gain * lower)
            if ancestor.body.parent < 0:
                break
            F, dF, N = to_parent(ancestor, F), to_parent(ancestor, dF), ancestor.up(N)
            i = ancestor.body.parent
        k = joint.body.coordinate
        g[k] = let(g[k] - joint.gain * let(_weight(joint, carried[j], down[j])))
    for k, armature in enumerate(constants(bodies.drives[0])):
        M[k][k] = let(M[k][k] + armature)
    program.output("M", (n, n), [entry for line in M for entry in line])
    if coriolis:
        program.output("C", (n, n), [entry for line in C for entry in line])
    program.output("g", (n,), g)


def gravity_gradient(program: Program, joints: list[Joint]) -> None:
    """Write the derivative of g by the gravity vector into ``program``."""
    n, let = program.dof, program.let
    carried = composites(joints, [(ZERO, ZERO)] * len(joints))
    dg = zeros(n, 3)
    for axis, direction in enumerate(constants(np.eye(3))):
        for joint, c, down in zip(joints, carried, directions(direction, joints), strict=True):
            row = dg[joint.body.coordinate]
            row[axis] = let(row[axis] - joint.gain * let(_weight(joint, c, down)))
    program.output("dg", (n, 3), [entry for row in dg for entry in row])


def _weight(joint: Joint, c: Composite, gravity: Vec) -> Expr:
    """The force or torque of a composite's weight along the joint's axis."""
    return c.m * gravity[2] if joint.slides else cross(c.h, gravity)[2]


def screw_rate(joint: Joint, w: Vec, v: Vec) -> tuple[Vec, Vec]:
    """(linear, angular) time derivative of the joint's screw at the body's present origin."""
    if joint.slides:
        return cross(w, EZ), ZERO
    return cross(v, EZ), cross(w, EZ)
