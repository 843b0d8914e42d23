"""The load and the friction of a moving arm, remembered for a stop without sensors.

A stop without sensors brakes by the model. Under a load or friction that it lacks, a light wrist
would be thrown, and no sensor would say so. So every EVERY cycles in which a joint moves, equations
as those of `find_load` are added to sums of their own, with the mean torque of these cycles and one
unknown more of each joint, its viscous friction. The limits do not use what is found; a stop
without sensors does (`recall_load`). A cycle with a structured learner does without: that finds the
load itself, and the guard's model has it.
"""

import math

from arms.machine.memory import clear
from arms.machine.numba_kernel import kernel, part

from .access import matrix, number, set_number, vector, whole
from .filter_load import (
    SLOW,
    filter_columns,
    filter_share,
    filter_torques,
    filter_twice,
    keep_columns,
    write_columns,
)
from .find_load import clear_load
from .fit_load import add_information, forget, has_changed, noise_of, write_row
from .layout import body_fields as at
from .layout.arm_fields import ARM_M, INPUT_DQ
from .layout.estimation_fields import LATEST
from .layout.guard_fields import (
    GUARD_DQ_MAX,
    GUARD_DT,
    GUARD_MEMORY_LOAD,
    GUARD_OBSERVER_GAIN,
    GUARD_SENT,
    GUARD_TAU_MAX,
    GUARD_UNMODELLED,
)
from .separate_friction import (
    add_friction,
    clear_friction,
    eliminate_friction,
    find_friction,
    forget_friction,
)
from .shape_load import estimate_noise, solve_load

EVERY = 8.0  # cycles
MOVES = 0.02  # share of a joint's top speed from which on it moves
MEMORY = 2.0  # time constant of the sums, in motion [s]
SOON = 0.05  # time constant of the sums that tell that a load has changed [s]
PAUSE = 0.03  # after a change, until r is that of the new load [s]
SLACK = 10.0  # sum of squares that the noise may leave, over its square


@part(4, number=True)
def remember_load(guard, arm, inputs, sure, elapsed):
    """Count a cycle of ``elapsed`` [s] in; the arguments are those of `find_load`."""
    load, dq = whole(guard, GUARD_MEMORY_LOAD), vector(inputs, INPUT_DQ)
    mean, sent = vector(load, at.LOAD_MEAN), vector(guard, GUARD_SENT)
    speed = vector(load, at.LOAD_SPEED)
    pause = number(load, at.LOAD_PAUSE)
    if pause > 0.0:
        set_number(load, at.LOAD_PAUSE, pause - elapsed)
    if not sure or pause > 0.0:
        begin_anew(load)
        return
    for i in range(len(dq)):
        mean[i] += elapsed * sent[i]
        speed[i] += elapsed * dq[i]
    passed = number(load, at.LOAD_PASSED) + elapsed
    set_number(load, at.LOAD_PASSED, passed)
    if passed < (EVERY - 0.5) * number(guard, GUARD_DT):
        return
    if not is_moving(dq, vector(guard, GUARD_DQ_MAX)):
        begin_anew(load)
        return
    for i in range(len(dq)):
        mean[i] /= passed
        speed[i] /= passed
    write_columns(load, arm, dq)
    if number(load, at.LOAD_FRESH) > 0.0:
        forget_all(guard, load)  # the filters begin at rest, also those of the columns
        set_number(load, at.LOAD_FRESH, 0.0)
        fill_columns(load)
    elif number(load, at.LOAD_BEGUN) > 0.0:
        add_interval(guard, load, matrix(arm, ARM_M, len(dq)), passed)
    keep_columns(guard, load)
    begin_interval(load)


@kernel
def begin_anew(load):
    """Let the next interval be the first one; the sums stay."""
    begin_interval(load)
    set_number(load, at.LOAD_BEGUN, 0.0)


@kernel
def begin_interval(load):
    """Clear the means."""
    set_number(load, at.LOAD_PASSED, 0.0)
    clear(vector(load, at.LOAD_MEAN))
    clear(vector(load, at.LOAD_SPEED))


@kernel
def is_moving(dq, dq_max):
    """Return whether a joint moves."""
    for i in range(len(dq)):
        if abs(dq[i]) > MOVES * dq_max[i]:
            return True
    return False


@kernel
def add_interval(guard, load, M, passed):
    """Filter the columns of an interval, add their equations, and solve them."""
    # As late as r, which is filtered every cycle.
    share = passed / (1.0 / number(guard, GUARD_OBSERVER_GAIN) + 0.5 * passed)
    filter_columns(load, share, passed)
    filter_torques(guard, load, vector(load, at.LOAD_MEAN), share, passed)
    speed, turning = vector(load, at.LOAD_SPEED), vector(load, at.LOAD_TURNING)
    slower, less = vector(load, at.LOAD_TURNING_SLOWER), filter_share(SLOW, passed)
    for i in range(len(speed)):
        filter_twice(speed[i], turning, slower, i, share, less)
    forget_friction(load, math.exp(-passed / MEMORY))
    forget(load, passed, MEMORY, SOON)
    add_equations(guard, load, M)
    noise = number(load, at.LOAD_NOISE)
    if has_changed(load, SLACK * noise):
        forget_all(guard, load)  # the load has changed, or is gone
        set_number(load, at.LOAD_FRESH, 1.0)
        set_number(load, at.LOAD_PAUSE, PAUSE)
    else:
        eliminate_friction(guard, load, noise)
        solve_load(load, noise, False)
        find_friction(guard, load, noise)
        estimate_noise(load, len(M))
    r, rest = vector(guard, GUARD_UNMODELLED), vector(load, at.LOAD_REST)
    for i in range(len(r)):
        rest[i] = r[i]


@kernel
def fill_columns(load):
    """Let the filters of columns and speeds begin with their present values."""
    b, slower = matrix(load, at.LOAD_B, at.PARAMETERS), matrix(load, at.LOAD_SLOWER, at.PARAMETERS)
    filtered = matrix(load, at.LOAD_FILTERED, at.PARAMETERS)
    for i in range(len(b)):
        for k in range(at.PARAMETERS):
            filtered[i, k] = slower[i, k] = -b[i, k]
    speed, turning = vector(load, at.LOAD_SPEED), vector(load, at.LOAD_TURNING)
    turning_slower = vector(load, at.LOAD_TURNING_SLOWER)
    for i in range(len(speed)):
        turning[i] = turning_slower[i] = speed[i]


@kernel
def forget_all(guard, load):
    """Clear all sums."""
    clear_load(guard, load)
    set_number(load, at.LOAD_NOISE, 1.0)
    clear_friction(load)


@kernel
def add_equations(guard, load, M):
    """Add one equation of each joint, with its friction as a further unknown."""
    most, friction, n = vector(guard, GUARD_TAU_MAX), vector(load, at.LOAD_FRICTION), len(M)
    moment = matrix(load, at.LOAD_MOMENT, at.PARAMETERS)[LATEST]
    size, row = vector(load, at.LOAD_SIZE), vector(load, at.LOAD_ROW)
    motion, motion_slower = vector(load, at.LOAD_MOTION), vector(load, at.LOAD_MOTION_SLOWER)
    lacks, changes = matrix(load, at.LOAD_LACKS, n), matrix(load, at.LOAD_CHANGES, n)
    turning, turning_slower = (
        vector(load, at.LOAD_TURNING), vector(load, at.LOAD_TURNING_SLOWER)
    )  # fmt: skip
    left, recent = number(load, at.LOAD_LEFT), number(load, at.LOAD_RECENT)
    for i in range(n):
        noise = noise_of(M, i, most[i], changes[LATEST, i])
        weight = 1.0 / (noise * noise)
        y = motion_slower[i] - motion[i] - lacks[LATEST, i]
        v = turning[i] - turning_slower[i]
        error = write_row(load, i, y - v * friction[i])
        add_information(load, weight)
        add_friction(load, i, v, y, weight)
        for k in range(at.PARAMETERS):
            scaled = weight * row[k]
            moment[k] += scaled * y
        size[LATEST] += weight * y * y
        recent, left = recent + weight * y * y, left + weight * error * error
    set_number(load, at.LOAD_COUNT, number(load, at.LOAD_COUNT) + n)
    set_number(load, at.LOAD_LEFT, left)
    set_number(load, at.LOAD_RECENT, recent)
