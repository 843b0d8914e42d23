"""M, C and g of a tree of bodies, in body frames with z along the joint.

Composite bodies (Featherstone 2008, section 6.2) give M and g; the same recursion over the first
moment of the velocity field, ``K = integral of V x^T dm``, gives the Coriolis matrix. Let
``J_i(x)`` be the velocity of the particle at x per unit rate of joint i. Then

    M_ij = integral of J_i . J_j dm        C_ij = integral of J_i . dJ_j/dt dm

so ``dM/dt = C + C^T`` by construction. As ``dJ_j/dt = sum over k of (dJ_k/dq_j) dq_k``, this is
the C of the Christoffel symbols (compare Echeandia and Wensing 2021).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from arms.equations.pairs import Carried, products
from arms.equations.places import Places
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
        let, let2 = joint.let, joint.let2
        there = other.turned(joint.turn, joint.turn2)
        if joint.by_s:
            there = there.moved(joint, joint.s).turned(joint.tilt, joint.tilt2)
        else:
            there = there.turned(joint.tilt, joint.tilt2).moved(joint, joint.r)
        return Composite(
            joint.program.let(self.m + other.m),
            let(add(self.h, there.h)),
            let2(_sum2(self.S, there.S)),
            let(add(self.P, there.P)),
            let2(_sum2(self.K, there.K)),
        )

    def turned(self, turn: Callable[[Vec], Vec], turn2: Callable[[Mat], Mat]) -> Composite:
        """The same masses in other axes, into which vectors and tensors are turned."""
        return Composite(self.m, turn(self.h), turn2(self.S), turn(self.P), turn2(self.K))

    def moved(self, joint: Joint, r: Vec) -> Composite:
        """The same masses about another origin, from which theirs is at ``r``."""
        let, let2, h, P = joint.let, joint.let2, self.h, self.P
        hr, mr = let2(outer(h, r)), scale(self.m, r)
        S = let2(_sum2(self.S, hr, transpose(hr), let2(outer(mr, r))))
        K = let2(_sum2(self.K, let2(outer(P, r))))
        return Composite(self.m, let(add(h, mr)), S, P, K)

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


def velocities(joints: Sequence[Joint]) -> list[tuple[Vec, Vec]]:
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


def directions(vector: Vec, joints: Sequence[Joint]) -> list[Vec]:
    """A vector of the base's axes in the axes of every body."""
    result: list[Vec] = []
    for joint in joints:
        above = vector if joint.body.parent < 0 else result[joint.body.parent]
        result.append(joint.down(above))
    return result


def composites(joints: Sequence[Joint], moving: list[tuple[Vec, Vec]]) -> list[Composite]:
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
    program: Program, bodies: Bodies, places: Places, point: Vec | None, *, coriolis: bool
) -> None:
    """Write M, g and, if asked, C into ``program``; without C all velocities are zero.

    ``point`` is one at which other terms have the joints' screws, see `products`.
    """
    joints = places.joints
    n, let = program.dof, program.let
    rest: list[tuple[Vec, Vec]] = [(ZERO, ZERO)] * len(joints)
    moving = velocities(joints) if coriolis else rest
    composite = composites(joints, moving)
    M, C, g = zeros(n, n), zeros(n, n), zeros(n)
    down = directions(constants(bodies.gravity), joints)
    carried = []
    for joint, motion, each in zip(joints, moving, composite, strict=True):
        rate, turn = screw_rate(joint, *motion), ZERO if joint.slides else EZ
        # dJ/dt is the field of the screw's rate, and J's own turn of the velocities.
        carried.append(Carried(*each.unit(joint), each.wrench(joint, *rate, turn), (*rate, turn)))
    for i, j, unit, other, change in products(joints, carried, places, point):
        a, b = joints[i].body.coordinate, joints[j].body.coordinate
        gain = joints[i].gain * joints[j].gain
        upper = gain * let(unit)
        M[a][b] = let(M[a][b] + upper)
        C[a][b] = let(C[a][b] + gain * let(other))
        if i != j:
            M[b][a] = let(M[b][a] + upper)
            C[b][a] = let(C[b][a] + gain * let(change))
    for joint, each, direction in zip(joints, composite, down, strict=True):
        k = joint.body.coordinate
        g[k] = let(g[k] - joint.gain * let(_weight(joint, each, direction)))
    for k, armature in enumerate(constants(bodies.drives[0])):
        M[k][k] = let(M[k][k] + armature)
    program.output("M", (n, n), [entry for line in M for entry in line])
    if coriolis:
        program.output("C", (n, n), [entry for line in C for entry in line])
    program.output("g", (n,), g)


def gravity_gradient(program: Program, joints: Sequence[Joint]) -> None:
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
