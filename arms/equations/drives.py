"""What the joints' drives add to the links: the rotors' inertia, and friction.

A rotor behind a gear turns much faster than its joint, so that its inertia, as felt at the joint,
counts on the diagonal of M alone (Featherstone 2008, section 9.6; MuJoCo's ``armature``). Dry
friction is smoothed: ``tanh(dq / SLIDING)`` in place of the sign of dq.
"""

from __future__ import annotations

import sympy as sp

from arms.equations.program import Expr, Program
from arms.equations.vectors import Vec, constants, zeros
from arms.model.bodies import Bodies

SLIDING = 0.01  # speed at which dry friction has 76 % of its level [rad/s]


def smooth_sign(program: Program, rate: Expr) -> Expr:
    """``tanh(rate / SLIDING)``."""
    return program.let(sp.tanh(program.let(rate * sp.Integer(round(1 / SLIDING)))))


def friction(program: Program, bodies: Bodies) -> Vec:
    """The torque that overcomes friction: ``viscous dq + dry tanh(dq / SLIDING)``."""
    _, viscous, dry = constants(bodies.drives)
    let = program.let
    return [
        let(b * rate) if f == 0 else let(b * rate + let(f * smooth_sign(program, rate)))
        for b, f, rate in zip(viscous, dry, program.dq, strict=True)
    ]


def friction_slope(program: Program, bodies: Bodies) -> Vec:
    """The derivative of each joint's friction by its rate: ``viscous + dry (1 - tanh^2) / v``."""
    _, viscous, dry = constants(bodies.drives)
    let = program.let
    slopes = []
    for b, f, rate in zip(viscous, dry, program.dq, strict=True):
        sign = smooth_sign(program, rate)
        steep = let(sp.Integer(1) - let(sign * sign))
        slopes.append(b if f == 0 else let(b + let(f * sp.Integer(round(1 / SLIDING))) * steep))
    return slopes


def rotors(program: Program, bodies: Bodies, ddq: Vec) -> Vec:
    """The torque that accelerates the rotors."""
    return [program.let(a * x) for a, x in zip(constants(bodies.drives[0]), ddq, strict=True)]


def drive_regressor(program: Program, ddq: Vec) -> None:
    """Write the derivative of both torques by ``drive_parameters`` into ``program``."""
    n = program.dof
    Y = zeros(n, 3 * n)
    for k, (rate, acceleration) in enumerate(zip(program.dq, ddq, strict=True)):
        Y[k][k], Y[k][n + k], Y[k][2 * n + k] = acceleration, rate, smooth_sign(program, rate)
    program.output("Y_drives", (n, 3 * n), [entry for row in Y for entry in row])
