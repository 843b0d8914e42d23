"""The solution for the load and the friction that `remember_load` has summed up, for a stop."""

from arms.machine.numba_kernel import kernel, part

from .access import matrix, number, set_number, vector, whole
from .choose_load import believe_load, choose_load, take_nearest
from .find_load import clear_load
from .layout import body_fields as at
from .layout.estimation_fields import LATEST
from .layout.guard_fields import (
    GUARD_AWAKE,
    GUARD_BELIEVED_DQ,
    GUARD_DRAG,
    GUARD_LACK,
    GUARD_LADEN,
    GUARD_LOAD,
    GUARD_MEMORY_LOAD,
    GUARD_TAU_MAX,
    GUARD_UNMODELLED,
)
from .separate_friction import eliminate_friction, find_friction
from .shape_load import estimate_noise, misfit_of, solve_load
from .weigh_load import add_lack

MISFIT = 0.3  # share of the sum of squares that a load may leave
SURE = 1e-4  # least noise for a load of `find_load`
ROUNDS = 3  # of finding the noise
STOPPING = 1000.0  # cycles for which a stop uses the load


@part(1)
def recall_load(guard):
    """Give the model in a stop the load and the friction that explain the motion, if any do.

    A load that `find_load` has found stays if it explains the motion better. Friction explains how
    r changes with the speed: from then on, with F(.) the filtered columns and speeds,

        lack = r_then - r - drag (dq - F(dq)) + F(Y) theta
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
    add_lack(filtered, theta, lack)
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
