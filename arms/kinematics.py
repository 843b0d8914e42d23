"""Pose, Jacobian and their derivatives of one frame, in the base's axes.

With the twist column ``J_i = (v_i, w_i)`` of joint i, linear part first, every derivative follows
from the columns themselves:

    dJ_i/dq_j = (w_j x v_i, w_j x w_i)  for j at or before i      (w_i x v_j, 0)  for j after i

so ``dJ_i/dt = (W_i x v_i + w_i x V_i, W_i x w_i)``, where W_i is the angular velocity that the
joints up to i give, and V_i the linear velocity of the frame that the joints after i give.
"""

from __future__ import annotations

from arms.bodies import Bodies
from arms.program import Expr, Program
from arms.vectors import ZERO, Joint, add, apply, constants, cross, scale, transpose, zeros


def kinematics(
    program: Program, bodies: Bodies, joints: list[Joint], frame: str, point: bool
) -> None:
    """Write pose, J, dJ and dJdq of ``frame``, or of the point ``u`` in it, into ``program``."""

    def let(vector):
        return [program.let(x) for x in vector]

    target = bodies.frames[frame]
    path = bodies.path(target.body)
    axes, origin = constants([[1, 0, 0], [0, 1, 0], [0, 0, 1]]), list(ZERO)  # columns: body axes
    origins: list[list[Expr]] = []
    zs: list[list[Expr]] = []
    for i in path:
        joint = joints[i]
        origin = let(add(origin, let(apply(transpose(axes), joint.r))))
        x, y, z = (let(apply(transpose(axes), column)) for column in transpose(joint.E))
        c, s = joint.cos, joint.sin
        axes = [let(add(scale(c, x), scale(s, y))), let(add(scale(c, y), scale(-s, x))), z]
        origins.append(origin)
        zs.append(z)
    inside = constants(target.r)
    if point:
        inside = let(add(inside, apply(constants(target.R), program.u)))
    position = let(add(origin, let(apply(transpose(axes), inside))))
    R = [let(apply(transpose(axes), column)) for column in constants(target.R.T)]  # columns
    rows = [[*row, x] for row, x in zip(transpose(R), position, strict=True)]
    program.output("pose", (4, 4), [*(e for row in rows for e in row), *constants([0, 0, 0, 1])])

    linear, angular = [], []
    for i, z, at in zip(path, zs, origins, strict=True):
        arm = let([a - b for a, b in zip(position, at, strict=True)])
        linear.append(z if joints[i].slides else let(cross(z, arm)))
        angular.append(list(ZERO) if joints[i].slides else z)
    _columns(program, joints, path, "J", linear, angular)

    W, before = [], list(ZERO)
    for i, w in zip(path, angular, strict=True):
        before = let(add(before, let(scale(joints[i].rate, w))))
        W.append(before)
    V, after = [], list(ZERO)
    for i, v in zip(path[::-1], linear[::-1], strict=True):
        V.append(after)
        after = let(add(after, let(scale(joints[i].rate, v))))
    terms = list(zip(linear, angular, W, V[::-1], strict=True))
    d_linear = [let(add(let(cross(W, v)), let(cross(w, V)))) for v, w, W, V in terms]
    d_angular = [let(cross(W, w)) for v, w, W, V in terms]
    _columns(program, joints, path, "dJ", d_linear, d_angular)
    _hessian(program, joints, path, linear, angular)


def _columns(
    program: Program, joints: list[Joint], path: list[int], name: str, linear, angular
) -> None:
    """Output a 6 x n matrix; joints that share a coordinate add up."""
    matrix = zeros(6, program.dof)
    for i, v, w in zip(path, linear, angular, strict=True):
        k = joints[i].body.coordinate
        for row, entry in enumerate([*v, *w]):
            matrix[row][k] = program.let(matrix[row][k] + program.let(joints[i].gain * entry))
    program.output(name, (6, program.dof), [entry for row in matrix for entry in row])


def _hessian(program: Program, joints: list[Joint], path: list[int], linear, angular) -> None:
    """Output dJdq: entry [r, i, j] is the derivative of J[r, i] by q[j]."""
    n = program.dof
    H = zeros(6, n, n)
    for a, i in enumerate(path):
        for b, j in enumerate(path):
            first, last = min(a, b), max(a, b)
            turn = cross(angular[b], angular[a]) if b <= a else ZERO
            gain = joints[i].gain * joints[j].gain
            for row, entry in enumerate([*cross(angular[first], linear[last]), *turn]):
                cell = H[row][joints[i].body.coordinate]
                k = joints[j].body.coordinate
                cell[k] = program.let(cell[k] + gain * program.let(entry))
    program.output("dJdq", (6, n, n), [e for plane in H for row in plane for e in row])
