"""The force at the tool: its limits, and whether the motors' torques agree with its sensor."""

import math

from arms.machine.numba_kernel import kernel

from .access import matrix, number, set_number, vector
from .algebra import substitute
from .layout import guard_fields as at
from .layout.arm_fields import ARM_J
from .observe import follow

TOUCH = 2.0  # change of the force that counts as contact [N]
REST_TIME = 0.1  # time constant of force and load without contact [s]
LEVER = 0.05  # shortest lever on the joints of a force that the torques show [m]
DOUBT, DOUBT_SHARE = 8.0, 0.3  # tolerated hidden force [N], and share of the larger one
SURE = 25.0  # sum of squares of hidden forces over tolerated ones that is a contradiction
SETTLING = 0.3  # time after the first wrench in which nothing counts as contact [s]
BEYOND_FORCE = 1.2  # force that causes a stop, over its limit


@kernel
def compare_wrench(guard, arm, n, share, elapsed):
    """Compare the wrench with r; return MET_LIE_WRENCH if r contradicts it, else 0.

    f is filtered like r. Without contact, ``J^T f`` is not in r, and the rest of r is the load::

        hidden = t (r - J^T f - load) / t^2,   t = J^T (f - f_0) / |f - f_0|

    is the force along the measured one that the sensor does not show; f_0 is f before contact.

    Args:
        guard: block of `GUARD`, with r and the wrench of this cycle.
        arm: block of `ARM`, with J.
        n: number of joints.
        share: 1 - exp(-K dt) of r.
        elapsed: time since the last cycle [s].
    """
    felt, wrench = vector(guard, at.GUARD_FELT), vector(guard, at.GUARD_WRENCH)
    before, loaded = vector(guard, at.GUARD_BEFORE), vector(guard, at.GUARD_LOADED)
    r, J = vector(guard, at.GUARD_UNMODELLED), matrix(arm, ARM_J, n)
    begins = number(guard, at.GUARD_FEELS) < at.FELT_BEFORE
    set_number(guard, at.GUARD_FEELS, at.FELT_BEFORE)
    change = 0.0
    for k in range(6):
        felt[k] = wrench[k] if begins else follow(felt[k], wrench[k], share)
        if begins:
            before[k] = wrench[k]
        if k < 3:
            change += (felt[k] - before[k]) * (felt[k] - before[k])
    count = -SETTLING / elapsed if begins else number(guard, at.GUARD_CONTRADICTED)
    change = math.sqrt(change) if count >= 0.0 else 0.0
    slow = 1.0 if begins else elapsed / REST_TIME
    lever, hidden = 0.0, 0.0
    for i in range(n):
        push, along = 0.0, 0.0
        for k in range(6):
            push += J[k, i] * felt[k]
        for k in range(3):
            along += J[k, i] * (felt[k] - before[k])
        if change < TOUCH:
            loaded[i] += slow * (r[i] - push - loaded[i])
        lever += along * along
        hidden += along * (r[i] - push - loaded[i])
    if change < TOUCH:
        for k in range(6):
            before[k] += slow * (felt[k] - before[k])
    if change < TOUCH or lever < LEVER * LEVER * change * change:
        set_number(guard, at.GUARD_CONTRADICTED, min(count + 1.0, 0.0))
        return 0
    hidden *= change / lever
    excess = abs(hidden) / (DOUBT + DOUBT_SHARE * max(change, abs(change + hidden)))
    count = count + excess * excess if excess > 1.0 else 0.0
    set_number(guard, at.GUARD_CONTRADICTED, count)
    set_number(guard, at.GUARD_HIDDEN, hidden)
    return at.MET_LIE_WRENCH if count >= SURE else 0


@kernel
def bound_force(guard, arm, half):
    """Bound ``ddq`` so that the push at the tool stays within its limit; return what it met.

    With u the direction of the measured force f, and ``m = 1 / (u J M^-1 J^T u)``, the tool pushes
    with ``|f| - m u J ddq`` once it is held. The bound is a half-space of accelerations::

        - u J ddq <= (limit - |f|) / m

    and ``ddq`` is projected on it in the metric of M. The same for moments.

    Args:
        guard: block of `GUARD`.
        arm: block of `ARM`, with J.
        half: of the wrench: FORCE_HALF or MOMENT_HALF.
    """
    ddq, push = vector(guard, at.GUARD_DDQ), vector(guard, at.GUARD_PUSH)
    wrench, most = vector(guard, at.GUARD_WRENCH), vector(guard, at.GUARD_FORCE_MAX)[half]
    n, first = len(ddq), 3 * half
    J, size = matrix(arm, ARM_J, n), 0.0
    for k in range(first, first + 3):
        size += wrench[k] * wrench[k]
    size = math.sqrt(size)
    if size > BEYOND_FORCE * most:
        return at.MET_PRESSED
    if not size > 0.1 * most:
        return 0
    into = 0.0
    for i in range(n):
        push[i] = 0.0
        for k in range(first, first + 3):
            push[i] -= J[k, i] * wrench[k] / size
        into += push[i] * ddq[i]
    row = vector(guard, at.GUARD_ROW)
    for i in range(n):
        row[i] = push[i]
    substitute(matrix(guard, at.GUARD_FACTOR, n), push)
    mobility = 0.0
    for i in range(n):
        mobility += row[i] * push[i]
    over = into - (most - size) * mobility
    if over <= 0.0 or mobility <= 0.0:
        return 0
    for i in range(n):
        ddq[i] -= push[i] * over / mobility
    return at.MET_FORCE
