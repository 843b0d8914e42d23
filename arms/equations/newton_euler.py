"""Inverse dynamics by the recursive Newton-Euler method (Luh et al. 1980), and its regressor.

Every body's motion is written in its own frame: angular velocity w, angular acceleration dw, and
the field ``a + U x`` of the accelerations of its particles, ``U = [dw] + [w][w]`` (Khalil and
Kleinfinger 1987). Gravity enters as an upward acceleration of the base.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import sympy as sp

from arms.equations.program import Expr, Program
from arms.equations.vectors import (
    EZ,
    ZERO,
    Joint,
    Mat,
    Vec,
    add,
    apply,
    constants,
    cross,
    dot,
    scale,
    transpose,
    zeros,
)
from arms.model.bodies import Bodies


class Motion(NamedTuple):
    """The motion of a body, in its own axes."""

    w: Vec  # angular velocity
    dw: Vec  # angular acceleration
    a: Vec  # acceleration of its origin, less gravity
    U: Mat  # the particle at x accelerates by a + U x


def motions(program: Program, joints: Sequence[Joint], ddq: Vec, gravity: Vec) -> list[Motion]:
    """The motion of every body, for joint accelerations ``ddq`` under ``gravity``."""
    let = program.let
    result: list[Motion] = []
    base = Motion(ZERO, ZERO, scale(sp.S.NegativeOne, gravity), zeros(3, 3))
    for joint in joints:
        above = base if joint.body.parent < 0 else result[joint.body.parent]
        a = joint.down(joint.let(add(above.a, joint.let(apply(above.U, joint.r)))))
        w, dw = joint.down(above.w), joint.down(above.dw)
        acceleration = let(joint.gain * ddq[joint.body.coordinate])
        if joint.slides:
            coriolis = scale(2 * joint.rate, cross(w, EZ))
            a = joint.let(add(a, coriolis, scale(acceleration, EZ)))
        else:
            dw = add(dw, scale(joint.rate, cross(w, EZ)), scale(acceleration, EZ))
            dw, w = joint.let(dw), joint.let(add(w, scale(joint.rate, EZ)))
        result.append(Motion(w, dw, a, _acceleration_gradient(joint, w, dw)))
    return result


def _acceleration_gradient(joint: Joint, w: Vec, dw: Vec) -> Mat:
    """U = [dw] + [w][w]."""
    let = joint.program.let
    xx, yy, zz = (let(x * x) for x in w)
    xy, xz, yz = let(w[0] * w[1]), let(w[0] * w[2]), let(w[1] * w[2])
    return joint.let2(
        [
            [-(yy + zz), xy - dw[2], xz + dw[1]],
            [xy + dw[2], -(xx + zz), yz - dw[0]],
            [xz - dw[1], yz + dw[0], -(xx + yy)],
        ]
    )


def transmitted(joints: Sequence[Joint], moves: list[Motion]) -> list[tuple[Vec, Vec]]:
    """The (force, moment) through every joint, about its body's origin in the body's axes."""
    wrenches: list[tuple[Vec, Vec]] = []
    for joint, (_, _, a, U) in zip(joints, moves, strict=True):
        mass = joint.body.mass
        m, h, S = constants(mass.m), constants(mass.h), constants(mass.S)
        G = joint.let2([apply(S, row) for row in U])  # U S
        force = joint.let(add(scale(m, a), joint.let(apply(U, h))))
        twist = [G[2][1] - G[1][2], G[0][2] - G[2][0], G[1][0] - G[0][1]]
        wrenches.append((force, joint.let(add(twist, joint.let(cross(h, a))))))
    for i in range(len(joints) - 1, -1, -1):
        parent = joints[i].body.parent
        if parent >= 0:
            both = zip(wrenches[parent], joints[i].to_parent(*wrenches[i]), strict=True)
            force, moment = (joints[i].let(add(own, carried)) for own, carried in both)
            wrenches[parent] = force, moment
    return wrenches


def inverse_dynamics(
    program: Program, joints: Sequence[Joint], name: str, ddq: Vec, gravity: Vec, drives: Vec = ()
) -> None:
    """Write the torque for ``ddq`` under ``gravity`` into ``program``, as output ``name``.

    ``drives``, one torque per coordinate, is added; by default nothing.
    """
    wrenches = transmitted(joints, motions(program, joints, ddq, gravity))
    tau = zeros(program.dof)
    for joint, wrench in zip(joints[::-1], wrenches[::-1], strict=True):
        k = joint.body.coordinate
        along = (wrench[0] if joint.slides else wrench[1])[2]
        tau[k] = program.let(tau[k] + joint.gain * along)
    program.output(name, (program.dof,), add(tau, drives) if drives else tau)


def regressor(
    program: Program, bodies: Bodies, joints: Sequence[Joint], name: str, ddq: Vec
) -> None:
    """Write Y, with ``tau = Y theta`` for ``ddq``, into ``program``, as output ``name``.

    theta lists, for each of ``bodies.heavy_links``, mass, first moments hx, hy, hz and moments of
    inertia Ixx, Ixy, Iyy, Ixz, Iyz, Izz about the link's origin, in the link's axes.
    """
    let = program.let
    moves = motions(program, joints, ddq, constants(bodies.gravity))
    screws = _screws(joints)
    links = bodies.heavy_links
    Y = zeros(program.dof, 10 * len(links))
    for block, link in enumerate(links):
        frame = bodies.links[link]
        joint, move = joints[frame.body], moves[frame.body]
        R, r = transpose(constants(frame.R)), constants(frame.r)
        a = joint.let(apply(R, joint.let(add(move.a, joint.let(apply(move.U, r))))))
        w, dw = joint.let(apply(R, move.w)), joint.let(apply(R, move.dw))
        U = _acceleration_gradient(joint, w, dw)
        columns = _inertia_columns(joint, w, dw)
        for j, (v, turn) in screws[frame.body].items():
            v = joint.let(apply(R, joint.let(add(v, joint.let(cross(turn, r))))))
            turn = joint.let(apply(R, turn))
            lever = joint.let(cross(a, turn))
            row = [dot(v, a)]
            row += [dot(v, column) + x for column, x in zip(transpose(U), lever, strict=True)]
            row += [dot(turn, column) for column in columns]
            k = joints[j].body.coordinate
            for place, entry in enumerate(row, start=10 * block):
                Y[k][place] = let(Y[k][place] + joints[j].gain * let(entry))
    program.output(name, (program.dof, 10 * len(links)), [entry for row in Y for entry in row])


def _screws(joints: Sequence[Joint]) -> list[dict[int, tuple[Vec, Vec]]]:
    """Per body: the (linear, angular) velocity of its origin per unit rate of each joint."""
    result: list[dict[int, tuple[Vec, Vec]]] = []
    for i, joint in enumerate(joints):
        above = {} if joint.body.parent < 0 else result[joint.body.parent]
        own: dict[int, tuple[Vec, Vec]] = {}
        for j, (v, w) in above.items():
            v = joint.down(joint.let(add(v, joint.let(cross(w, joint.r)))))
            own[j] = v, joint.down(w)
        own[i] = (EZ, ZERO) if joint.slides else (ZERO, EZ)
        result.append(own)
    return result


def _inertia_columns(joint: Joint, w: Vec, dw: Vec) -> list[Vec]:
    """The moment ``I dw + w x I w`` for unit Ixx, Ixy, Iyy, Ixz, Iyz and Izz."""
    columns = []
    for i, j in ((0, 0), (0, 1), (1, 1), (0, 2), (1, 2), (2, 2)):
        unit: list[list[Expr]] = zeros(3, 3)
        unit[i][j] = unit[j][i] = sp.S.One
        columns.append(joint.let(add(apply(unit, dw), cross(w, apply(unit, w)))))
    return columns
