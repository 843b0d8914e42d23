"""The sums of the least squares of `find_load`, for some delays of the sensors at once.

Sensors that are late by s cycles show what the torques of s cycles before have done. The equations
of all delays have the same left-hand side, so that each costs one substitution. A torque that is
late by s + f cycles has the mean ``(1 - f) u_s + f u_(s+1)`` over a cycle. `choose_load` solves.

Friction may hold a joint at rest, whatever its motor gives up to some torque. The joint then looks
as heavy as a large load, whose torque would throw it as soon as it moves. So all that the model
lacks at a joint at rest counts as noise, which fades with the filters' memory once the joint moves.
"""

import math

from arms.machine.numba_kernel import kernel

from .access import matrix, number, set_number, vector
from .layout import body_fields as at
from .layout.estimation_fields import LATEST
from .layout.guard_fields import (
    GUARD_BELIEVED_DQ,
    GUARD_DQ_MAX,
    GUARD_FACTOR,
    GUARD_TAU_MAX,
)
from .sizes import DELAYS

NOISE = 5.0  # of the measured acceleration [rad/s^2]
FLOOR = 1e-3  # noise of the torque, over the motor's limit
TIMING = 0.3  # share of a change of the torque that the sensors may see a cycle later
FORGET = 0.2  # time constant [s]
LATE = 2.5  # delay of the sensors from which on limits allow for it [cycles]
REST = 0.005  # share of a joint's top speed below which friction may hold it
HELD = 10.0  # noise of the equation over the torque that friction may have held
HELD_TIME = 0.025  # time constant of that torque once the joint moves [s]
SOON = 0.002  # time constant of the sums that tell that a load has changed [s]


@kernel
def add_cycle(guard, load, M, elapsed, memory):
    """Add this cycle's equations, one of each joint; earlier ones fade.

    Args:
        guard: block of `GUARD`.
        load: block of `LOAD`.
        M: (n, n), of the model.
        elapsed: length of the cycle [s].
        memory: time constant of the sums [s].
    """
    most = vector(guard, GUARD_TAU_MAX)
    n, delay = len(most), number(load, at.LOAD_DELAY)
    factor = matrix(guard, GUARD_FACTOR, n)
    s, f = whole_delay(delay), delay - whole_delay(delay)
    motion, motion_slower = vector(load, at.LOAD_MOTION), vector(load, at.LOAD_MOTION_SLOWER)
    lacks, changes = matrix(load, at.LOAD_LACKS, n), matrix(load, at.LOAD_CHANGES, n)
    forget(load, elapsed, memory, SOON)
    set_number(load, at.LOAD_COUNT, number(load, at.LOAD_COUNT) + n)
    left, recent = number(load, at.LOAD_LEFT), number(load, at.LOAD_RECENT)
    for i in range(n):
        noise = noise_of(M, i, most[i], (1.0 - f) * changes[s, i] + f * changes[s + 1, i])
        y = motion_slower[i] - motion[i] - (1.0 - f) * lacks[s, i] - f * lacks[s + 1, i]
        noise += HELD * held_torque(guard, load, i, elapsed)
        weight = 1.0 / (noise * noise)
        error = write_row(load, i, y)
        add_equation(load, i, weight)
        noise += noise_of_load(factor, M, i)
        recent, left = recent + y * y / (noise * noise), left + error * error / (noise * noise)
    set_number(load, at.LOAD_LEFT, left)
    set_number(load, at.LOAD_RECENT, recent)


@kernel
def held_torque(guard, load, i, elapsed):
    """Return the torque [N m] that friction may have held at joint i, of the last time at rest.

    Late sensors show a joint at rest that moves already: the delay that leaves least counts.
    """
    dq, dq_max = vector(guard, GUARD_BELIEVED_DQ), vector(guard, GUARD_DQ_MAX)
    motion, motion_slower = vector(load, at.LOAD_MOTION), vector(load, at.LOAD_MOTION_SLOWER)
    lacks, held = matrix(load, at.LOAD_LACKS, len(motion)), vector(load, at.LOAD_HELD)
    held[i] *= math.exp(-elapsed / HELD_TIME)
    if math.isfinite(dq_max[i]) and abs(dq[i]) < REST * dq_max[i]:
        lack = motion_slower[i] - motion[i]
        least = abs(lack - lacks[LATEST, i])
        for s in range(len(lacks)):
            least = min(least, abs(lack - lacks[s, i]))
        held[i] = max(held[i], least)
    return held[i]


@kernel
def write_row(load, i, y):
    """Write joint i's row of Y to ``row``, and return ``y - row^T theta``."""
    theta, row = vector(load, at.LOAD_THETA), vector(load, at.LOAD_ROW)
    filtered = matrix(load, at.LOAD_FILTERED, at.PARAMETERS)
    slower = matrix(load, at.LOAD_SLOWER, at.PARAMETERS)
    error = y
    for k in range(at.PARAMETERS):
        row[k] = filtered[i, k] - slower[i, k]
        error -= row[k] * theta[k]
    return error


@kernel
def add_information(load, weight):
    """Add ``weight row row^T`` to the information, a lower triangle."""
    information = matrix(load, at.LOAD_INFORMATION, at.PARAMETERS)
    row = vector(load, at.LOAD_ROW)
    for k in range(at.PARAMETERS):
        scaled = weight * row[k]
        for j in range(k + 1):
            information[k, j] += scaled * row[j]


@kernel
def has_changed(load, slack):
    """Return whether the load explains the last motion worse than none does, beyond ``slack``."""
    return number(load, at.LOAD_LEFT) > number(load, at.LOAD_RECENT) + slack


@kernel
def noise_of_load(factor, M, i):
    """Return the noise [N m] of what the load that was found makes of joint i's acceleration.

    That is in what the load leaves. ``factor`` is that of M with the load, of the last cycle.
    """
    inertia = -M[i, i]
    for k in range(i + 1):
        inertia += factor[i, k] * factor[i, k]
    return NOISE * max(inertia, 0.0)


@kernel
def noise_of(M, i, most, change):
    """Return the noise of joint i's equation [N m], whose motor gives ``most``."""
    noise = FLOOR * most + TIMING * abs(change)
    for j in range(len(M)):
        noise += NOISE * abs(M[i, j])
    return noise


@kernel
def forget(load, elapsed, memory, soon):
    """Let the sums of earlier cycles fade; ``soon`` are those that tell of a change."""
    information = matrix(load, at.LOAD_INFORMATION, at.PARAMETERS)
    moment, size = matrix(load, at.LOAD_MOMENT, at.PARAMETERS), vector(load, at.LOAD_SIZE)
    both = vector(load, at.LOAD_BOTH)
    keep, fade = math.exp(-elapsed / memory), math.exp(-elapsed / soon)
    set_number(load, at.LOAD_COUNT, keep * number(load, at.LOAD_COUNT))
    set_number(load, at.LOAD_LEFT, fade * number(load, at.LOAD_LEFT))
    set_number(load, at.LOAD_RECENT, fade * number(load, at.LOAD_RECENT))
    for k in range(at.PARAMETERS):
        for j in range(k + 1):
            information[k, j] *= keep
        for s in range(len(size)):
            moment[s, k] *= keep
    for s in range(len(size)):
        size[s] *= keep
        both[s] *= keep


@kernel
def add_equation(load, i, weight):
    """Add joint i's equation for every delay; ``row`` is its left-hand side."""
    moment, size = matrix(load, at.LOAD_MOMENT, at.PARAMETERS), vector(load, at.LOAD_SIZE)
    motion, motion_slower = vector(load, at.LOAD_MOTION), vector(load, at.LOAD_MOTION_SLOWER)
    row, lacks = vector(load, at.LOAD_ROW), matrix(load, at.LOAD_LACKS, len(motion))
    both, last = vector(load, at.LOAD_BOTH), 0.0
    add_information(load, weight)
    for s in range(len(size)):
        y = motion_slower[i] - motion[i] - lacks[s, i]
        size[s] += weight * y * y
        if s > 0:
            both[s - 1] += weight * y * last
        last = y
        for k in range(at.PARAMETERS):
            moment[s, k] += weight * y * row[k]


@kernel
def whole_delay(delay):
    """Return the whole delay below a delay; both it and the next one are tried."""
    return min(int(delay), DELAYS - 2)
