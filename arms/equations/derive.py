"""From bodies to the straight-line program of the terms that somebody asked for."""

from __future__ import annotations

from arms.equations.bodies import Bodies
from arms.equations.dynamics import forward_dynamics, mass_coriolis_gravity
from arms.equations.kinematics import kinematics
from arms.equations.newton_euler import inverse_dynamics, regressor
from arms.equations.program import Program
from arms.equations.terms import TERMS, Request
from arms.equations.vectors import ZERO, Joint, constants


def derive(bodies: Bodies, request: Request) -> Program:
    """A program whose outputs include the requested terms."""
    n = bodies.dof
    program = Program(n, request.width(n))
    joints = [Joint(program, body) for body in bodies.bodies]
    names = set(request.terms)
    if any(TERMS[name].at_frame for name in names):
        kinematics(program, bodies, joints, request)
    if names & {"M", "C", "g", "ddq"}:
        mass_coriolis_gravity(program, bodies, joints, coriolis="C" in names)
    still, weight = constants((0,) * n), constants(bodies.gravity)
    if "Cdq" in names:
        inverse_dynamics(program, joints, "Cdq", still, ZERO)
    if names & {"h", "ddq"}:
        inverse_dynamics(program, joints, "h", still, weight)
    if "tau" in names:
        inverse_dynamics(program, joints, "tau", program.u, weight)
    if "Y" in names:
        regressor(program, bodies, joints, program.u, weight)
    if "ddq" in names:
        forward_dynamics(program, program.u)
    return program
