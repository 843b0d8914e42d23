"""From bodies to the program, and the steps, of the requested terms."""

from __future__ import annotations

from arms.equations.drives import drive_regressor, friction, rotors
from arms.equations.dynamics import forward_dynamics, gravity_gradient, mass_coriolis_gravity
from arms.equations.kinematics import kinematics
from arms.equations.newton_euler import inverse_dynamics, regressor
from arms.equations.program import Program, lower
from arms.equations.screws import screws
from arms.equations.singular import refuse_singular
from arms.equations.vectors import ZERO, Joint, add, constants
from arms.machine.steps import Steps
from arms.model.bodies import Bodies
from arms.model.terms import TERMS, Request


def derive_steps(bodies: Bodies, request: Request) -> Steps:
    """The operations that compute the requested terms, in the order of the request."""
    return lower(derive(bodies, request), request.terms)


def derive(bodies: Bodies, request: Request) -> Program:
    """A program whose outputs include the requested terms; the third input is ``request``'s.

    ``ArmError`` for the forward dynamics of an arm whose M is singular at every q.
    """
    n = bodies.dof
    program = Program(n, request.width(n))
    joints = [Joint(program, body) for body in bodies.bodies]
    names = set(request.terms)
    if any(TERMS[name].at_frame for name in names):
        kinematics(program, bodies, joints, request)
    if "screws" in names:
        screws(program, bodies, joints)
    if names & {"M", "C", "g", "ddq"}:
        mass_coriolis_gravity(program, bodies, joints, coriolis="C" in names)
    if "dg" in names:
        gravity_gradient(program, joints)
    zero, weight = constants((0,) * n), constants(bodies.gravity)
    if "Cdq" in names:
        inverse_dynamics(program, joints, "Cdq", zero, ZERO)
    if names & {"h", "ddq"}:
        inverse_dynamics(program, joints, "h", zero, weight)
    if "tau" in names:
        drives = add(rotors(program, bodies, program.u), friction(program, bodies))
        inverse_dynamics(program, joints, "tau", program.u, weight, drives)
    if "Y" in names:
        regressor(program, bodies, joints, program.u, weight)
    if "friction" in names:
        program.output("friction", (n,), friction(program, bodies))
    if "Y_drives" in names:
        drive_regressor(program, program.u)
    if "ddq" in names:
        refuse_singular(program, bodies)
        forward_dynamics(program, program.u, friction(program, bodies))
    return program
