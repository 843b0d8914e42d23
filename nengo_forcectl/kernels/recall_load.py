"""The load and the friction that explain the remembered motion, for a stop without sensors.

The last intervals count, and as many before them as do not make the noise much larger: else the
load was another one then. A load is believed if it explains more than friction alone does, a
joint's friction if it is clear from its standard deviation.
"""

import math

from arms.machine.numba_kernel import kernel, part

from .access import cube, matrix, number, set_number, vector, whole
from .algebra import factor_columns, inverse_diagonal, substitute
from .choose_load import believe_load, choose_load
from .find_load import clear_load
from .fit_motion import begin_fit, fit_motion, left_of, noise_of_rest, usual_friction
from .layout import body_fields, memory_fields as at
from .layout.body_fields import PARAMETERS
from .layout.estimation_fields import LATEST
from .layout.guard_fields import (
    GUARD_AWAKE,
    GUARD_BELIEVED_DQ,
    GUARD_DRAG,
    GUARD_LACK,
    GUARD_LADEN,
    GUARD_LATE,
    GUARD_LOAD,
    GUARD_MEMORY_LOAD,
    GUARD_UNMODELLED,
)
from .sizes import INTERVALS

FEWEST = 6  # intervals of a solution
ROUNDS = 3  # of the weights of its equations
CHANGED = 10.0  # factor of the noise from which on the load was another one before
CLEAR = 40.0  # sum of squares that a load must explain, over the noise
SURE = 3.0  # least friction, over its standard deviation
LATE = 0.5  # delay from which a load of `find_load` may stay [cycles]
LOUD = 10.0  # noise of the memory from which it does
STEADY = 4  # intervals over which the torque that nothing explains is averaged
LEAST = 1e-4  # least noise for a load of `find_load`
STOPPING = 1000.0  # cycles for which a stop uses the load


@part(1)
def recall_load(guard):
    """Give the model in a stop the load and the friction that explain the motion, if any do.

    A load that `find_load` has found with late sensors stays if the memory, which knows no delay,
    does not explain the motion well. Else r becomes what load and friction leave of the last
    intervals, on average, less the friction at the present speed.
    """
    own, memory = whole(guard, GUARD_LOAD), whole(guard, GUARD_MEMORY_LOAD)
    laden = number(guard, GUARD_AWAKE) > 0.0 and number(guard, GUARD_LADEN) > 0.0
    late = laden and number(own, body_fields.LOAD_DELAY) > LATE
    stored = int(number(memory, at.MEMORY_STORED))
    drag = vector(guard, GUARD_DRAG)
    believed = False
    if stored >= FEWEST:
        fit_unchanged(guard, memory, stored)
        believed = believe_motion(guard, memory)
    late = late and number(memory, at.MEMORY_NOISE) > LOUD
    if laden and (late or not believed):
        refine_load(own, vector(guard, GUARD_LACK))
    if stored < FEWEST or (laden and (late or not believed)):
        return
    friction = vector(memory, at.MEMORY_FRICTION)
    for i in range(len(drag)):
        drag[i] = friction[i]
    if believed:
        clear_load(guard, own)
        theta, found = vector(own, body_fields.LOAD_THETA), vector(memory, at.MEMORY_THETA)
        for k in range(PARAMETERS):
            theta[k] = found[k]
        set_number(guard, GUARD_LADEN, 1.0)
        set_number(guard, GUARD_AWAKE, STOPPING)
    write_lack(guard, memory, believed)


@kernel
def refine_load(load, lack):
    """Solve for the load of `find_load` with a prior that weighs as much as the noise needs."""
    equations = number(load, body_fields.LOAD_COUNT) - PARAMETERS
    if equations < 1.0:
        return
    size = vector(load, body_fields.LOAD_SIZE)[LATEST]
    noise = number(load, body_fields.LOAD_MISFIT) * size / equations
    choose_load(load, min(max(noise, LEAST), 1.0))
    if not believe_load(load, lack):
        choose_load(load, 1.0)
        believe_load(load, lack)


@kernel
def fit_unchanged(guard, memory, stored):
    """Fit the last FEWEST intervals, then twice as many and so on, until the load was another."""
    used = FEWEST
    begin_fit(memory)
    fit_motion(guard, memory, used, ROUNDS)
    while used < stored:
        before, noise = used, number(memory, at.MEMORY_NOISE)
        used = min(2 * used, stored)
        fit_motion(guard, memory, used, ROUNDS if used == stored else 1)
        if number(memory, at.MEMORY_NOISE) > CHANGED * noise:
            begin_fit(memory)
            fit_motion(guard, memory, before, ROUNDS)
            return


@kernel
def believe_motion(guard, memory):
    """Write the friction that counts; return whether the load does."""
    used, n = int(number(memory, at.MEMORY_USED)), len(vector(guard, GUARD_DRAG))
    friction, x = vector(memory, at.MEMORY_FRICTION), vector(memory, at.MEMORY_UNKNOWNS)
    H, column = matrix(memory, at.MEMORY_FACTOR, len(x)), vector(memory, at.MEMORY_CHANGE)
    noise, left = number(memory, at.MEMORY_NOISE), left_of(memory)
    without = fit_friction(guard, memory, noise)
    if without - left > CLEAR * noise:
        for i in range(n):
            variance = noise * inverse_diagonal(H, PARAMETERS + i, column)
            sure = x[PARAMETERS + i] > SURE * math.sqrt(variance)
            friction[i] = x[PARAMETERS + i] if sure else 0.0
        return True
    noise = noise_of_rest(memory, without, used)
    L, explained = matrix(memory, at.MEMORY_RUBBING, n), number(memory, at.MEMORY_SQUARE) - without
    for i in range(n):
        variance = noise * inverse_diagonal(L, i, column)
        sure = explained > CLEAR * noise and friction[i] > SURE * math.sqrt(variance)
        friction[i] = friction[i] if sure else 0.0
    return False


@kernel
def fit_friction(guard, memory, noise):
    """Write the friction that explains the motion without a load; return what it leaves."""
    friction, moment = vector(memory, at.MEMORY_FRICTION), vector(memory, at.MEMORY_MOMENT)
    n, left = len(friction), number(memory, at.MEMORY_SQUARE)
    A, L = (
        matrix(memory, at.MEMORY_INFORMATION, len(moment)), matrix(memory, at.MEMORY_RUBBING, n)
    )  # fmt: skip
    for i in range(n):
        friction[i] = moment[PARAMETERS + i]
        for j in range(i + 1):
            L[i, j] = A[PARAMETERS + i, PARAMETERS + j]
        usual = usual_friction(guard, i)
        L[i, i] += noise / (usual * usual)
    factor_columns(L, 0, n)
    substitute(L, friction)
    for i in range(n):
        left -= 2.0 * friction[i] * moment[PARAMETERS + i]
        for j in range(i + 1):
            pair = 1.0 if i == j else 2.0
            left += pair * friction[i] * A[PARAMETERS + i, PARAMETERS + j] * friction[j]
    return max(left, 0.0)


@kernel
def write_lack(guard, memory, believed):
    """Write how load and friction change r, which becomes what the last intervals leave."""
    lack, r = vector(guard, GUARD_LACK), vector(guard, GUARD_UNMODELLED)
    drag, dq = vector(guard, GUARD_DRAG), vector(guard, GUARD_BELIEVED_DQ)
    late = vector(guard, GUARD_LATE)
    n, x, ended = len(r), vector(memory, at.MEMORY_UNKNOWNS), int(number(memory, at.MEMORY_SLOT))
    y, v = matrix(memory, at.MEMORY_TORQUES, n), matrix(memory, at.MEMORY_SPEEDS, n)
    Y = cube(memory, at.MEMORY_COLUMNS, n, PARAMETERS)
    for i in range(n):
        total = 0.0
        for age in range(1, STEADY + 1):
            slot = ended - age if ended >= age else ended - age + INTERVALS
            total += y[slot, i] - v[slot, i] * drag[i]
            for k in range(PARAMETERS):
                total -= Y[slot, i, k] * x[k] if believed else 0.0
        lack[i] = total / STEADY - drag[i] * dq[i] - r[i]
        late[i] = 0.0
