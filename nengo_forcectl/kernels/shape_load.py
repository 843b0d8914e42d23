"""The load of `remember_load`: solved for around 0, then around a ball of its mass and centre."""

import math

from arms.machine.numba_kernel import kernel

from .access import matrix, number, set_number, vector
from .algebra import factor_columns, substitute
from .choose_load import LIGHTEST, REACH
from .layout import body_fields as at
from .weigh_load import squares_left, usual_information

DENSE = 2700.0  # density of a usual load [kg/m^3]
LEAST_NOISE = 1e-6  # of the equations, over that assumed, squared


@kernel
def solve_load(load, prior, like):
    """Solve for the load: around 0, or around a ball like the load of the last solution."""
    factor, reduced = (
        matrix(load, at.LOAD_FACTOR, at.PARAMETERS), matrix(load, at.LOAD_REDUCED, at.PARAMETERS)
    )  # fmt: skip
    theta, fitted = vector(load, at.LOAD_THETA), vector(load, at.LOAD_FITTED)
    usual = vector(load, at.LOAD_ROW)
    write_ball(theta, usual)
    for k in range(at.PARAMETERS):
        theta[k] = fitted[k]
        for j in range(k + 1):
            factor[k, j] = reduced[k, j]
        factor[k, k] += usual_information(k, prior)
        if like:
            theta[k] += usual_information(k, prior) * usual[k]
    factor_columns(factor, 0, at.PARAMETERS)
    substitute(factor, theta)


@kernel
def write_ball(theta, usual):
    """Write the moments of inertia of a ball with the mass and the centre of ``theta``."""
    m, x, y, z = max(theta[at.MASS], LIGHTEST), 0.0, 0.0, 0.0
    x, y, z = theta[at.MOMENT] / m, theta[at.MOMENT + 1] / m, theta[at.MOMENT + 2] / m
    shrink = min(1.0, REACH / max(math.sqrt(x * x + y * y + z * z), 1e-9))
    x, y, z = shrink * x, shrink * y, shrink * z
    own = 0.4 * m * (0.75 * m / (math.pi * DENSE)) ** (2.0 / 3.0)
    for k in range(at.XX):
        usual[k] = 0.0
    usual[at.XX], usual[at.YY], usual[at.ZZ] = (
        own + m * (y * y + z * z), own + m * (x * x + z * z), own + m * (x * x + y * y)
    )  # fmt: skip
    usual[at.XY], usual[at.XZ], usual[at.YZ] = -m * x * y, -m * x * z, -m * y * z


@kernel
def misfit_of(load):
    """Return the weighted sum of squares that load and friction leave."""
    reduced, fitted = matrix(load, at.LOAD_REDUCED, at.PARAMETERS), vector(load, at.LOAD_FITTED)
    left = squares_left(number(load, at.LOAD_LEAST), reduced, fitted, vector(load, at.LOAD_THETA))
    return max(left, 0.0)


@kernel
def estimate_noise(load, n):
    """Write and return the noise of the equations of n joints, over that assumed, squared."""
    equations, noise = number(load, at.LOAD_COUNT) - at.PARAMETERS - n, 1.0
    if equations >= 1.0:
        noise = min(max(misfit_of(load) / equations, LEAST_NOISE), 1.0)
    set_number(load, at.LOAD_NOISE, noise)
    return noise
