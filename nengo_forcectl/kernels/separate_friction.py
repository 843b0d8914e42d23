"""Viscous friction of each joint as a further unknown of the equations of `remember_load`.

    y = Y theta - d v,   v the filtered speed of a joint, d its friction

A, b and s are the sums of `weigh_load`; with T = sum v^2, R = sum v y and c = sum v Y of each joint
and its prior P, the friction is eliminated:

    A - c c^T / (T + P),   b - c R / (T + P),   s - R^2 / (T + P);   d = (R - c^T theta) / (T + P)
"""

import math

from arms.machine.memory import clear
from arms.machine.numba_kernel import kernel

from .access import matrix, set_number, vector
from .layout import body_fields as at
from .layout.estimation_fields import LATEST
from .layout.guard_fields import GUARD_DQ_MAX, GUARD_TAU_MAX

RUBS = 0.3  # usual viscous friction, over tau_max / dq_max
CLEAR = 3.0  # least friction, over its standard deviation


@kernel
def friction_information(guard, load, i, weight):
    """Return the information on joint i's friction, with that of the usual one times ``weight``."""
    most, fastest = vector(guard, GUARD_TAU_MAX)[i], vector(guard, GUARD_DQ_MAX)[i]
    usual = RUBS * most / fastest if math.isfinite(fastest) else most
    return vector(load, at.LOAD_TURNED)[i] + weight * (1.0 / (usual * usual))


@kernel
def eliminate_friction(guard, load, prior):
    """Write the information on the load, and what friction alone leaves."""
    information = matrix(load, at.LOAD_INFORMATION, at.PARAMETERS)
    reduced = matrix(load, at.LOAD_REDUCED, at.PARAMETERS)
    cross, rubbed = matrix(load, at.LOAD_CROSS, at.PARAMETERS), vector(load, at.LOAD_RUBBED)
    moment = matrix(load, at.LOAD_MOMENT, at.PARAMETERS)[LATEST]
    fitted, least = vector(load, at.LOAD_FITTED), vector(load, at.LOAD_SIZE)[LATEST]
    for k in range(at.PARAMETERS):
        fitted[k] = moment[k]
        for j in range(k + 1):
            reduced[k, j] = information[k, j]
    for i in range(len(rubbed)):
        all_information = friction_information(guard, load, i, prior)
        least -= rubbed[i] * rubbed[i] / all_information
        for k in range(at.PARAMETERS):
            share = cross[i, k] / all_information
            fitted[k] -= share * rubbed[i]
            for j in range(k + 1):
                reduced[k, j] -= share * cross[i, j]
    set_number(load, at.LOAD_LEAST, least)


@kernel
def find_friction(guard, load, noise):
    """Write the viscous friction of each joint, with the load that was found.

    That of a joint is 0 if it is not CLEAR from the noise of the equations.
    """
    cross, theta = matrix(load, at.LOAD_CROSS, at.PARAMETERS), vector(load, at.LOAD_THETA)
    rubbed, friction = vector(load, at.LOAD_RUBBED), vector(load, at.LOAD_FRICTION)
    for i in range(len(rubbed)):
        left = rubbed[i]
        for k in range(at.PARAMETERS):
            left -= cross[i, k] * theta[k]
        all_information = friction_information(guard, load, i, noise)
        clear_enough = left > CLEAR * math.sqrt(noise * all_information)
        friction[i] = left / all_information if clear_enough else 0.0


@kernel
def add_friction(load, i, v, y, weight):
    """Add joint i's equation to the sums; ``row`` is its left-hand side."""
    row, cross = vector(load, at.LOAD_ROW), matrix(load, at.LOAD_CROSS, at.PARAMETERS)
    for k in range(at.PARAMETERS):
        scaled = weight * row[k]
        cross[i, k] += scaled * v
    vector(load, at.LOAD_TURNED)[i] += weight * v * v
    vector(load, at.LOAD_RUBBED)[i] += weight * v * y


@kernel
def forget_friction(load, keep):
    """Let the sums of the friction fade."""
    cross = matrix(load, at.LOAD_CROSS, at.PARAMETERS)
    turned, rubbed = vector(load, at.LOAD_TURNED), vector(load, at.LOAD_RUBBED)
    for i in range(len(turned)):
        turned[i] *= keep
        rubbed[i] *= keep
        for k in range(at.PARAMETERS):
            cross[i, k] *= keep


@kernel
def clear_friction(load):
    """Clear the sums and filters of the friction."""
    clear(vector(load, at.LOAD_CROSS))
    clear(vector(load, at.LOAD_TURNED))
    clear(vector(load, at.LOAD_RUBBED))
    clear(vector(load, at.LOAD_FRICTION))
    clear(vector(load, at.LOAD_TURNING))
    clear(vector(load, at.LOAD_TURNING_SLOWER))
