"""The solution for the load and the friction that `remember_load` has summed up, for a stop."""

import math

from arms.machine.numba_kernel import kernel, part

from .access import matrix, number, set_number, vector, whole
from .algebra import factor_columns, substitute
from .choose_load import (
    FAR,
    HEAVY,
    LIGHTEST,
    REACH,
    WIDE,
    believe_load,
    choose_load,
    take_nearest,
)
from .find_load import clear_load
from .layout import body_fields as at
from .layout.estimation_fields import LATEST
from .layout.guard_fields import (
    GUARD_AWAKE,
    GUARD_BELIEVED_DQ,
    GUARD_DQ_MAX,
    GUARD_DRAG,
    GUARD_LACK,
    GUARD_LADEN,
    GUARD_LOAD,
    GUARD_MEMORY_LOAD,
    GUARD_TAU_MAX,
    GUARD_UNMODELLED,
)

MISFIT = 0.3  # share of the sum of squares that a load may leave
DENSE = 2700.0  # density of a usual load [kg/m^3]
RUBS = 0.3  # usual viscous friction, over tau_max / dq_max
LEAST_NOISE = 1e-6  # of the equations, over that assumed, squared
SURE = 1e-4  # least noise for a load of `find_load`
CLEAR = 3.0  # least friction, over its standard deviation
ROUNDS = 3  # of finding the noise
STOPPING = 1000.0  # cycles for which a stop uses the load


@part(1)
def recall_load(guard):
    """Give the model in a stop the load and the friction that explain the motion, if any do.

    A load that `find_load` has found stays if it explains the motion better. Friction explains how
    r changes with the speed.
    """
    own, load = whole(guard, GUARD_LOAD), whole(guard, GUARD_MEMORY_LOAD)
    laden = number(guard, GUARD_AWAKE) > 0.0 and number(guard, GUARD_LADEN) > 0.0
    believed = solve_anew(guard, load)
    find_friction(guard, load, number(load, at.LOAD_NOISE))
    drag, friction = vector(guard, GUARD_DRAG), vector(load, at.LOAD_FRICTION)
    for i in range(len(drag)):
        drag[i] = friction[i]
    if laden and not (believed and number(load, at.LOAD_MISFIT) <= number(own, at.LOAD_MISFIT)):
        refine_load(own, vector(guard, GUARD_LACK))
        return
    if not believed:
        return
    clear_load(guard, own)
    theta, found = vector(own, at.LOAD_THETA), vector(load, at.LOAD_THETA)
    filtered = matrix(load, at.LOAD_FILTERED, at.PARAMETERS)
    r, lack, rest = (
        vector(guard, GUARD_UNMODELLED), vector(guard, GUARD_LACK), vector(load, at.LOAD_REST)
    )  # fmt: skip
    dq, turning = vector(guard, GUARD_BELIEVED_DQ), vector(load, at.LOAD_TURNING)
    for k in range(at.PARAMETERS):
        theta[k] = found[k]
    for i in range(len(r)):
        lack[i] = rest[i] - r[i] - drag[i] * (dq[i] - turning[i])
        for k in range(at.PARAMETERS):
            lack[i] += filtered[i, k] * theta[k]
    set_number(guard, GUARD_LADEN, 1.0)
    set_number(guard, GUARD_AWAKE, STOPPING)


@kernel
def refine_load(load, lack):
    """Solve for the load of `find_load` with a prior that weighs as much as the noise needs."""
    equations = number(load, at.LOAD_COUNT) - at.PARAMETERS
    if equations < 1.0:
        return
    noise = number(load, at.LOAD_MISFIT) * vector(load, at.LOAD_SIZE)[LATEST] / equations
    choose_load(load, min(max(noise, SURE), 1.0))
    if not believe_load(load, lack):
        choose_load(load, 1.0)
        believe_load(load, lack)


@kernel
def solve_anew(guard, load):
    """Solve with a prior that weighs as much as the noise needs; return if the load explains."""
    noise, n = 1.0, len(vector(guard, GUARD_TAU_MAX))
    for _ in range(ROUNDS):
        eliminate_friction(guard, load, noise)
        solve_load(load, noise, False)
        noise = estimate_noise(load, n)
    if noise == 1.0:
        return False
    for attempt in range(2):
        prior = noise if attempt == 0 else 1.0
        eliminate_friction(guard, load, prior)
        solve_load(load, prior, False)
        solve_load(load, prior, True)
        solve_load(load, prior, True)
        take_nearest(load)
        share = misfit_of(load) / max(number(load, at.LOAD_LEAST), 1e-9)
        set_number(load, at.LOAD_MISFIT, share)
        if share < MISFIT:
            return True
    theta = vector(load, at.LOAD_THETA)
    for k in range(at.PARAMETERS):
        theta[k] = 0.0
    return False


@kernel
def estimate_noise(load, n):
    """Write and return the noise of the equations of n joints, over that assumed, squared."""
    equations, noise = number(load, at.LOAD_COUNT) - at.PARAMETERS - n, 1.0
    if equations >= 1.0:
        noise = min(max(misfit_of(load) / equations, LEAST_NOISE), 1.0)
    set_number(load, at.LOAD_NOISE, noise)
    return noise


@kernel
def eliminate_friction(guard, load, prior):
    """Write the information on the load, and what friction alone leaves."""
    most, fastest = vector(guard, GUARD_TAU_MAX), vector(guard, GUARD_DQ_MAX)
    information = matrix(load, at.LOAD_INFORMATION, at.PARAMETERS)
    reduced = matrix(load, at.LOAD_REDUCED, at.PARAMETERS)
    cross = matrix(load, at.LOAD_CROSS, at.PARAMETERS)
    turned, rubbed = vector(load, at.LOAD_TURNED), vector(load, at.LOAD_RUBBED)
    moment = matrix(load, at.LOAD_MOMENT, at.PARAMETERS)[LATEST]
    fitted, least = vector(load, at.LOAD_FITTED), vector(load, at.LOAD_SIZE)[LATEST]
    for k in range(at.PARAMETERS):
        fitted[k] = moment[k]
        for j in range(k + 1):
            reduced[k, j] = information[k, j]
    for i in range(len(turned)):
        all_information = turned[i] + prior * friction_prior(most[i], fastest[i])
        least -= rubbed[i] * rubbed[i] / all_information
        for k in range(at.PARAMETERS):
            share = cross[i, k] / all_information
            fitted[k] -= share * rubbed[i]
            for j in range(k + 1):
                reduced[k, j] -= share * cross[i, j]
    set_number(load, at.LOAD_LEAST, least)


@kernel
def friction_prior(most, fastest):
    """Return the information of the usual friction of a joint."""
    usual = RUBS * most / fastest if math.isfinite(fastest) else most
    return 1.0 / (usual * usual)


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
        size = HEAVY if k == at.MASS else FAR if k < at.XX else WIDE
        factor[k, k] += prior / (size * size)
        if like:
            theta[k] += prior / (size * size) * usual[k]
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
    """Return the weighted sum of squares that the load leaves."""
    reduced, theta = matrix(load, at.LOAD_REDUCED, at.PARAMETERS), vector(load, at.LOAD_THETA)
    fitted, left = vector(load, at.LOAD_FITTED), number(load, at.LOAD_LEAST)
    for k in range(at.PARAMETERS):
        left -= 2.0 * theta[k] * fitted[k]
        for j in range(k + 1):
            left += (1.0 if j == k else 2.0) * theta[k] * reduced[k, j] * theta[j]
    return max(left, 0.0)


@kernel
def find_friction(guard, load, noise):
    """Write the viscous friction of each joint, with the load that was found.

    That of a joint is 0 if it is not CLEAR from the noise of the equations.
    """
    most, fastest = vector(guard, GUARD_TAU_MAX), vector(guard, GUARD_DQ_MAX)
    cross, theta = matrix(load, at.LOAD_CROSS, at.PARAMETERS), vector(load, at.LOAD_THETA)
    turned, rubbed = vector(load, at.LOAD_TURNED), vector(load, at.LOAD_RUBBED)
    friction = vector(load, at.LOAD_FRICTION)
    for i in range(len(turned)):
        left = rubbed[i]
        for k in range(at.PARAMETERS):
            left -= cross[i, k] * theta[k]
        all_information = turned[i] + noise * friction_prior(most[i], fastest[i])
        clear = left > CLEAR * math.sqrt(noise * all_information)
        friction[i] = left / all_information if clear else 0.0
