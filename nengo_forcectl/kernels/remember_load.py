"""The motion of the last second, remembered for a stop without sensors.

A stop without sensors brakes by the model. Under a load or friction that it lacks, a light wrist
would be thrown, and no sensor would say so. So the motion of the last INTERVALS intervals of EVERY
cycles is kept, and in such a stop `recall_load` finds both from it. In an interval, with a bar for
the mean of its cycles, p the momentum, u the torque sent, b and Y's columns P and B those of
`carried_body`, d the joints' viscous friction, T the time from the middle of the last interval:

    y = (p - p_last) / T - (b + u)  =  -((P - P_last) / T - B) theta - d dq

p, P are means over an interval's cycles. The means of b, u, B and dq are over all times from a
cycle of the last interval to the same cycle of this one. So noise of the sensors is small in both
sides: a difference of the momenta of two cycles would have as many times its size as cycles.

What a structured learner has learned is in the model already: around it nothing is remembered.
"""

from arms.machine.memory import clear
from arms.machine.numba_kernel import kernel, part

from .access import cube, matrix, number, set_number, vector, whole
from .algebra import copy_matrix
from .carried_body import locate_body, momentum_columns
from .layout import memory_fields as at
from .layout.arm_fields import ARM_DJ, ARM_J, ARM_M, ARM_POSE, INPUT_DQ
from .layout.body_fields import BODY_V, PARAMETERS, XX, XY, XZ, YY, YZ, ZZ
from .layout.guard_fields import GUARD_BIAS, GUARD_MEMORY_LOAD, GUARD_MOMENTUM, GUARD_SENT
from .sizes import INTERVALS

EVERY = 16.0  # cycles of an interval


@part(4, number=True)
def remember_load(guard, arm, inputs, sure, elapsed):
    """Count a cycle of ``elapsed`` [s] in; the arguments are those of `find_load`."""
    memory, dq = whole(guard, GUARD_MEMORY_LOAD), vector(inputs, INPUT_DQ)
    if not sure:
        begin_anew(memory)
    columns_now(memory, arm, dq)
    if number(memory, at.MEMORY_BEGUN) > 0.0:
        add_impulses(guard, memory, dq, elapsed)
    add_gains(guard, memory)
    keep_cycle(guard, memory, dq)
    if number(memory, at.MEMORY_COUNT) >= EVERY:
        if number(memory, at.MEMORY_READY) > 0.0:
            store_interval(memory, arm)
        begin_interval(memory)


@kernel
def columns_now(memory, arm, dq):
    """Write the columns P and B at the arm's state."""
    n, body = len(dq), whole(memory, at.MEMORY_BODY)
    pose, J, dJ = (
        matrix(arm, ARM_POSE, 4), matrix(arm, ARM_J, n), matrix(arm, ARM_DJ, n)
    )  # fmt: skip
    locate_body(body, pose, J, dJ, dq)
    momentum_columns(
        body, matrix(memory, at.MEMORY_P, PARAMETERS), matrix(memory, at.MEMORY_B, PARAMETERS)
    )


@kernel
def begin_anew(memory):
    """Let the next cycle be the first one; the intervals before stay."""
    set_number(memory, at.MEMORY_BEGUN, 0.0)
    set_number(memory, at.MEMORY_READY, 0.0)
    clear_interval(memory)


@kernel
def clear_interval(memory):
    """Clear the sums of an interval."""
    set_number(memory, at.MEMORY_COUNT, 0.0)
    set_number(memory, at.MEMORY_PASSED, 0.0)
    clear(vector(memory, at.MEMORY_IMPULSE))
    clear(vector(memory, at.MEMORY_IMPULSES))
    clear(vector(memory, at.MEMORY_WAY))
    clear(vector(memory, at.MEMORY_GAIN))
    clear(vector(memory, at.MEMORY_GAINS))
    clear(vector(memory, at.MEMORY_WAYS))


@kernel
def add_impulses(guard, memory, dq, elapsed):
    """Add what the cycle that has ended has changed of the momentum, by the model."""
    sent, bias = vector(guard, GUARD_SENT), vector(guard, GUARD_BIAS)
    bias_last, dq_last = vector(memory, at.MEMORY_BIAS_LAST), vector(memory, at.MEMORY_DQ_LAST)
    B, B_last = (
        matrix(memory, at.MEMORY_B, PARAMETERS), matrix(memory, at.MEMORY_B_LAST, PARAMETERS)
    )  # fmt: skip
    impulse, way = vector(memory, at.MEMORY_IMPULSE), vector(memory, at.MEMORY_WAY)
    impulses = matrix(memory, at.MEMORY_IMPULSES, PARAMETERS)
    for i in range(len(dq)):
        impulse[i] += elapsed * (sent[i] + 0.5 * (bias_last[i] + bias[i]))
        way[i] += 0.5 * elapsed * (dq_last[i] + dq[i])
        for k in range(PARAMETERS):
            impulses[i, k] += 0.5 * elapsed * (B_last[i, k] + B[i, k])
    set_number(memory, at.MEMORY_PASSED, number(memory, at.MEMORY_PASSED) + elapsed)


@kernel
def add_gains(guard, memory):
    """Add this cycle's momentum, less the impulse since the interval began, to the sums."""
    p, impulse = vector(guard, GUARD_MOMENTUM), vector(memory, at.MEMORY_IMPULSE)
    P, impulses = (
        matrix(memory, at.MEMORY_P, PARAMETERS), matrix(memory, at.MEMORY_IMPULSES, PARAMETERS)
    )  # fmt: skip
    gain, gains = (
        vector(memory, at.MEMORY_GAIN), matrix(memory, at.MEMORY_GAINS, PARAMETERS)
    )  # fmt: skip
    way, ways = vector(memory, at.MEMORY_WAY), vector(memory, at.MEMORY_WAYS)
    for i in range(len(p)):
        gain[i] += p[i] - impulse[i]
        ways[i] += way[i]
        for k in range(PARAMETERS):
            gains[i, k] += P[i, k] - impulses[i, k]
    set_number(memory, at.MEMORY_COUNT, number(memory, at.MEMORY_COUNT) + 1.0)


@kernel
def keep_cycle(guard, memory, dq):
    """Keep the values of this cycle for the next one."""
    bias, bias_last = vector(guard, GUARD_BIAS), vector(memory, at.MEMORY_BIAS_LAST)
    dq_last = vector(memory, at.MEMORY_DQ_LAST)
    for i in range(len(dq)):
        bias_last[i], dq_last[i] = bias[i], dq[i]
    copy_matrix(
        matrix(memory, at.MEMORY_B, PARAMETERS), matrix(memory, at.MEMORY_B_LAST, PARAMETERS)
    )
    set_number(memory, at.MEMORY_BEGUN, 1.0)


@kernel
def store_interval(memory, arm):
    """Store the equations of the interval that has ended, in place of the oldest ones."""
    slot = int(number(memory, at.MEMORY_SLOT))
    gain, gain_last = vector(memory, at.MEMORY_GAIN), vector(memory, at.MEMORY_GAIN_LAST)
    gains, gains_last = (
        matrix(memory, at.MEMORY_GAINS, PARAMETERS),
        matrix(memory, at.MEMORY_GAINS_LAST, PARAMETERS),
    )
    ways, ways_last = vector(memory, at.MEMORY_WAYS), vector(memory, at.MEMORY_WAYS_LAST)
    n, passed = len(gain), number(memory, at.MEMORY_PASSED)
    y, v = matrix(memory, at.MEMORY_TORQUES, n)[slot], matrix(memory, at.MEMORY_SPEEDS, n)[slot]
    Y = cube(memory, at.MEMORY_COLUMNS, n, PARAMETERS)[slot]
    for i in range(n):
        y[i] = (gain[i] / EVERY - gain_last[i]) / passed
        v[i] = (ways_last[i] - ways[i] / EVERY) / passed
        for k in range(PARAMETERS):
            Y[i, k] = (gains_last[i, k] - gains[i, k] / EVERY) / passed
        by_second_moments(Y, i)
    body = whole(memory, at.MEMORY_BODY)
    copy_matrix(matrix(arm, ARM_M, n), cube(memory, at.MEMORY_INERTIAS, n, n)[slot])
    copy_matrix(matrix(body, BODY_V, n), cube(memory, at.MEMORY_TWISTS, 6, n)[slot])
    set_number(memory, at.MEMORY_SLOT, 0.0 if slot + 1 >= INTERVALS else slot + 1.0)
    stored = number(memory, at.MEMORY_STORED) + 1.0
    set_number(memory, at.MEMORY_STORED, min(stored, float(INTERVALS)))


@kernel
def by_second_moments(Y, i):
    """Change row i to that of the second moments of the mass, in place of the inertia.

    ``inertia = trace(S) 1 - S``, with S the second moments.
    """
    xx, yy, zz = Y[i, XX], Y[i, YY], Y[i, ZZ]
    Y[i, XX], Y[i, YY], Y[i, ZZ] = yy + zz, xx + zz, xx + yy
    Y[i, XY], Y[i, XZ], Y[i, YZ] = -Y[i, XY], -Y[i, XZ], -Y[i, YZ]


@kernel
def begin_interval(memory):
    """Keep the means of the interval that has ended, from its end on, and begin the next one."""
    gain, gain_last = vector(memory, at.MEMORY_GAIN), vector(memory, at.MEMORY_GAIN_LAST)
    gains, gains_last = (
        matrix(memory, at.MEMORY_GAINS, PARAMETERS),
        matrix(memory, at.MEMORY_GAINS_LAST, PARAMETERS),
    )
    impulse, impulses = (
        vector(memory, at.MEMORY_IMPULSE), matrix(memory, at.MEMORY_IMPULSES, PARAMETERS)
    )  # fmt: skip
    way, ways = vector(memory, at.MEMORY_WAY), vector(memory, at.MEMORY_WAYS)
    ways_last = vector(memory, at.MEMORY_WAYS_LAST)
    for i in range(len(gain)):
        gain_last[i] = gain[i] / EVERY + impulse[i]
        ways_last[i] = ways[i] / EVERY - way[i]
        for k in range(PARAMETERS):
            gains_last[i, k] = gains[i, k] / EVERY + impulses[i, k]
    set_number(memory, at.MEMORY_READY, 1.0)
    clear_interval(memory)
