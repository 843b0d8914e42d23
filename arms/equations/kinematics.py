"""Pose, Jacobian and their derivatives of one frame.

With the twist column ``J_i = (v_i, w_i)`` of joint i, linear part first, in the base's axes, all
derivatives follow from the columns themselves:

    dJ_i/dq_j = (w_j x v_i, w_j x w_i)  for j at or before i      (w_i x v_j, 0)  for j after i

so ``dJ_i/dt = (W_i x v_i + w_i x V_i, W_i x w_i)``, where W_i is the angular velocity due to the
joints up to i, and V_i the frame's linear velocity due to the joints after i. In the frame's own
axes, ``J_local = R^T J`` and ``dJ_local/dt = R^T (dJ/dt - W x J)``; in spatial coordinates the
linear part is that of the point at the base's origin, ``v + p x w``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from arms.equations.places import Places, Twist
from arms.equations.program import Expr, Program
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
    zeros,
)
from arms.model.bodies import Bodies
from arms.model.terms import Request


class Path(NamedTuple):
    """The kinematic path from the base to a frame, in the base's axes."""

    program: Program
    joints: list[Joint]
    columns: list[Twist]  # the frame's twist per unit rate of each joint
    R: Mat  # the frame's axes, as columns
    p: Vec  # its origin

    def let(self, vector: Vec) -> list[Expr]:
        """Name every entry."""
        return [self.program.let(x) for x in vector]


def kinematics(program: Program, bodies: Bodies, places: Places, request: Request) -> Vec:
    """Write the pose, J, dJ and dJdq of the request's frames (or point ``u``) into ``program``.

    Return the origin of the last frame.
    """
    outputs: dict[str, list[Expr]] = {}
    p: Vec = ZERO
    for frame in request.frames:
        path = _path(program, bodies, places, request, frame)
        p = path.p
        for name, entries in _terms(path, request).items():
            outputs.setdefault(name, []).extend(entries)
    for name, entries in outputs.items():
        shape = Request((name,), request.frame).shapes(bodies.sizes)[0]
        program.output(name, shape, entries)
    return p


def _terms(path: Path, request: Request) -> dict[str, list[Expr]]:
    """The entries of the frame's pose, of J and, if requested, of dJ and dJdq."""
    rows = [[*row, x] for row, x in zip(path.R, path.p, strict=True)]
    columns, express = _in_axes(path, request.axes)
    result = {
        "pose": [*(e for row in rows for e in row), *constants([0, 0, 0, 1])],
        "J": _matrix(path, columns),
    }
    if "dJ" in request.terms:
        velocity = _velocity(path)
        rates = [express(d, i, velocity) for i, d in enumerate(_rates(path))]
        result["dJ"] = _matrix(path, rates)
    if "dJdq" in request.terms:
        n = len(path.joints)
        changes = [
            [express(_change(path, i, j), i, path.columns[j]) for j in range(n)] for i in range(n)
        ]
        result["dJdq"] = _changes(path, changes)
    return result


def _path(program: Program, bodies: Bodies, places: Places, request: Request, frame: str) -> Path:
    """The path to a frame, with every entry of its columns, axes and origin named."""
    let, joints = places.joints[0].let, places.joints
    target = bodies.frames[frame]
    R, p, _ = places.of(target.body)
    inside: Vec = constants(target.r)
    if request.at_point:
        inside = let(add(inside, apply(constants(target.R), program.u)))
    p = let(add(p, let(apply(R, inside))))
    R = transpose([let(apply(R, column)) for column in constants(target.R.T)])
    passed = bodies.path(target.body)
    columns = [places.twist(i, p) for i in passed]
    return Path(program, [joints[i] for i in passed], columns, R, p)


def _rates(path: Path) -> list[Twist]:
    """dJ/dt, column by column, in the base's axes."""
    let = path.let
    angular, W = [], list(ZERO)  # W_i per joint
    for joint, (_, w) in zip(path.joints, path.columns, strict=True):
        W = let(add(W, let(scale(joint.rate, w))))
        angular.append(W)
    linear, V = [], list(ZERO)  # V_i per joint, last one first
    for joint, (v, _) in zip(path.joints[::-1], path.columns[::-1], strict=True):
        linear.append(V)
        V = let(add(V, let(scale(joint.rate, v))))
    parts = zip(path.columns, angular, linear[::-1], strict=True)
    return [
        (let(add(let(cross(W, v)), let(cross(w, V)))), let(cross(W, w))) for (v, w), W, V in parts
    ]


def _change(path: Path, i: int, j: int) -> Twist:
    """Derivative of column i with respect to the position of joint j."""
    (v_i, w_i), (v_j, w_j) = path.columns[i], path.columns[j]
    if j <= i:
        return path.let(cross(w_j, v_i)), path.let(cross(w_j, w_i))
    return path.let(cross(w_i, v_j)), ZERO


def _in_axes(path: Path, axes: str) -> tuple[list[Twist], Callable[[Twist, int, Twist], Twist]]:
    """The columns in the requested axes, and a function that expresses a column's change in them.

    The function takes the change in the base's axes, the column's number, and the twist of the
    frame that goes with the change.
    """
    let, down = path.let, transpose(path.R)
    if axes == "local":

        def turn(twist: Twist) -> Twist:
            return let(apply(down, twist[0])), let(apply(down, twist[1]))

        def change(d: Twist, i: int, twist: Twist) -> Twist:
            parts = zip(d, path.columns[i], strict=True)
            dv, dw = (let(add(x, let(cross(column, twist[1])))) for x, column in parts)
            return turn((dv, dw))

        return [turn(column) for column in path.columns], change
    if axes == "spatial":

        def shift(twist: Twist) -> Twist:
            return let(add(twist[0], let(cross(path.p, twist[1])))), twist[1]

        def change(d: Twist, i: int, twist: Twist) -> Twist:
            dv, dw = shift(d)
            return let(add(dv, let(cross(twist[0], path.columns[i][1])))), dw

        return [shift(column) for column in path.columns], change
    return path.columns, lambda d, i, twist: d


def _velocity(path: Path) -> Twist:
    """The frame's twist."""
    v, w = list(ZERO), list(ZERO)
    for joint, (linear, angular) in zip(path.joints, path.columns, strict=True):
        v = path.let(add(v, path.let(scale(joint.rate, linear))))
        w = path.let(add(w, path.let(scale(joint.rate, angular))))
    return v, w


def _matrix(path: Path, columns: list[Twist]) -> list[Expr]:
    """The entries of a (6, n) matrix; columns of joints that share a coordinate are added."""
    let, n = path.program.let, path.program.dof
    matrix = zeros(6, n)
    for joint, (v, w) in zip(path.joints, columns, strict=True):
        k = joint.body.coordinate
        for row, entry in zip(matrix, [*v, *w], strict=True):
            row[k] = let(row[k] + let(joint.gain * entry))
    return [entry for row in matrix for entry in row]


def _changes(path: Path, changes: list[list[Twist]]) -> list[Expr]:
    """The entries of dJdq: [r, i, j] is the derivative of J[r, i] with respect to q[j]."""
    let, n = path.program.let, path.program.dof
    H = zeros(6, n, n)
    for first, row in zip(path.joints, changes, strict=True):
        for second, (v, w) in zip(path.joints, row, strict=True):
            i, j = first.body.coordinate, second.body.coordinate
            for plane, entry in zip(H, [*v, *w], strict=True):
                plane[i][j] = let(plane[i][j] + first.gain * second.gain * entry)
    return [e for plane in H for row in plane for e in row]
