"""From bodies to the program, and the steps, of the requested terms."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy import ndarray

from arms.equations.drives import drive_regressor, friction, rotors
from arms.equations.dynamics import gravity_gradient, mass_coriolis_gravity
from arms.equations.energy import centre_of_mass, kinetic_energy, potential_energy
from arms.equations.factors import (
    Factors,
    forward_dynamics,
    inverse_mass_matrix,
    minus_solved,
    rows,
)
from arms.equations.gradients import mass_matrix_rate, torque_by_position, torque_by_velocity
from arms.equations.kinematics import kinematics
from arms.equations.newton_euler import inverse_dynamics, regressor
from arms.equations.places import Places
from arms.equations.program import Program, lower
from arms.equations.screws import screws
from arms.equations.vectors import ZERO, Joint, add, constants
from arms.machine.python_function import python_function
from arms.machine.steps import Steps
from arms.model.bodies import Bodies
from arms.model.singular import refuse_singular
from arms.model.terms import BY_INVERSE, TERMS, Request

_BY_CORIOLIS = {"C", "dM", "tau_dq", "ddq_dq"}


def derive_steps(bodies: Bodies, request: Request) -> Steps:
    """The operations that compute the requested terms, in the order of the request."""
    return lower(derive(bodies, request), request.terms)


def derive(bodies: Bodies, request: Request) -> Program:
    """A program whose outputs include the requested terms; the third input is ``request``'s.

    ``ArmError`` for what takes M^-1 of an arm whose M is singular at every q, and for the centre of
    mass of one without mass.
    """
    n = bodies.dof
    program = Program(n, request.width(n))
    joints = [Joint(program, body) for body in bodies.bodies]
    places, point = Places(joints), None
    names = set(request.terms)
    if any(TERMS[name].at_frame for name in names):
        origin = kinematics(program, bodies, places, request)
        point = origin if names & {"J", "dJ"} else None
    if "screws" in names:
        screws(program, bodies, places)
    if names & {"M", "g", *BY_INVERSE, *_BY_CORIOLIS}:
        mass_coriolis_gravity(program, bodies, places, point, coriolis=bool(names & _BY_CORIOLIS))
    if names & {"dg", "com", "Jcom"}:
        gravity_gradient(program, joints)
    _whole(program, bodies, joints, names)
    zero, weight = constants((0,) * n), constants(bodies.gravity)
    if "Cdq" in names:
        inverse_dynamics(program, joints, "Cdq", zero, ZERO)
    if "h" in names or names & BY_INVERSE - {"Minv"}:
        inverse_dynamics(program, joints, "h", zero, weight)
    if "tau" in names:
        drives = add(rotors(program, bodies, program.u), friction(program, bodies))
        inverse_dynamics(program, joints, "tau", program.u, weight, drives)
    if "tau_q" in names:
        torque_by_position(program, places, "tau_q", program.u, weight, point)
    if names & {"tau_dq", "ddq_dq"}:
        torque_by_velocity(program, bodies)
    if "Y" in names:
        regressor(program, bodies, joints, "Y", program.u)
    if "friction" in names:
        program.output("friction", (n,), friction(program, bodies))
    if "Y_drives" in names:
        drive_regressor(program, program.u)
    if names & BY_INVERSE:
        if not bodies.entries:  # else M has no numbers yet: whoever has them refuses
            refuse_singular(bodies, _mass_matrix(program))
        _by_inverse(program, bodies, places, names)
    return program


def _mass_matrix(program: Program) -> Callable[[ndarray], ndarray]:
    """M, an output of ``program``, as a function of q."""
    function, n = python_function(lower(program, ("M",))), program.dof

    def mass_matrix(q: ndarray) -> ndarray:
        out = [0.0] * (n * n)
        function(q.tolist(), [], [], out)
        return np.reshape(out, (n, n))

    return mass_matrix


def _whole(program: Program, bodies: Bodies, joints: list[Joint], names: set[str]) -> None:
    """Write those terms in ``names`` that belong to all links together."""
    if "dM" in names:
        mass_matrix_rate(program)
    if names & {"com", "Jcom"}:
        centre_of_mass(program, bodies, joints)
    if "T" in names:
        kinetic_energy(program, bodies, joints)
    if "V" in names:
        potential_energy(program, bodies, joints)


def _by_inverse(program: Program, bodies: Bodies, places: Places, names: set[str]) -> None:
    """Write those terms in ``names`` that take M^-1."""
    n, weight, factors = program.dof, constants(bodies.gravity), Factors(program)
    if "Minv" in names:
        inverse_mass_matrix(program, factors)
    if names & BY_INVERSE - {"Minv"}:
        forward_dynamics(program, factors, program.u, friction(program, bodies))
    if "ddq_q" in names:
        ddq = program.outputs["ddq"].entries
        torque_by_position(program, places, "tau_q at ddq", ddq, weight, None)
        minus_solved(program, factors, "ddq_q", rows(program, "tau_q at ddq", n))
    if "ddq_dq" in names:
        minus_solved(program, factors, "ddq_dq", rows(program, "tau_dq", n))
    if "ddq_theta" in names:
        ddq = program.outputs["ddq"].entries
        regressor(program, bodies, places.joints, "Y at ddq", ddq)
        minus_solved(program, factors, "ddq_theta", rows(program, "Y at ddq", n))
