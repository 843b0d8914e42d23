"""The accelerations within the joints' bounds that come nearest to the requested ones."""

from arms.machine.numba_kernel import kernel

from .access import matrix, vector
from .algebra import factor_columns, substitute
from .layout import guard_fields as at

PIVOTS = 4  # for each joint, at most; then the accelerations are only clipped
CLOSE = 1e-9  # torque over a motor's limit, and acceleration [rad/s^2], that are rounding


@kernel
def project_joints(guard, M):
    """Move ``ddq`` to the bounds ``least`` and ``largest``, in the metric of M."""
    ddq, wanted = vector(guard, at.GUARD_DDQ), vector(guard, at.GUARD_WANTED)
    side = vector(guard, at.GUARD_WEAK)
    least, largest = vector(guard, at.GUARD_LEAST), vector(guard, at.GUARD_LARGEST)
    n = len(ddq)
    for i in range(n):
        side[i], wanted[i] = 0.0, ddq[i]
    for _ in range(PIVOTS * n):
        if not turn_side(guard, M):
            break
        hold_sides(guard, M)
    for i in range(n):
        ddq[i] = min(max(ddq[i], least[i]), largest[i])


@kernel
def turn_side(guard, M):
    """Let the first joint that is wrong change its side; return whether there was one."""
    ddq, wanted = vector(guard, at.GUARD_DDQ), vector(guard, at.GUARD_WANTED)
    side, most = vector(guard, at.GUARD_WEAK), vector(guard, at.GUARD_TAU_MAX)
    least, largest = vector(guard, at.GUARD_LEAST), vector(guard, at.GUARD_LARGEST)
    n = len(ddq)
    for i in range(n):
        if side[i] != 0.0:
            push = 0.0
            for j in range(n):
                push += M[i, j] * (ddq[j] - wanted[j])
            if side[i] * push > CLOSE * most[i]:
                side[i] = 0.0
                return True
        elif ddq[i] > largest[i] + CLOSE:
            side[i] = 1.0
            return True
        elif ddq[i] < least[i] - CLOSE:
            side[i] = -1.0
            return True
    return False


@kernel
def hold_sides(guard, M):
    """Compute ``ddq`` if the joints with a side are at that bound, and the others are free."""
    ddq, wanted = vector(guard, at.GUARD_DDQ), vector(guard, at.GUARD_WANTED)
    side = vector(guard, at.GUARD_WEAK)
    least, largest = vector(guard, at.GUARD_LEAST), vector(guard, at.GUARD_LARGEST)
    n = len(ddq)
    part = matrix(guard, at.GUARD_WEAK_M, n)
    for i in range(n):
        ddq[i] = 0.0
        if side[i] != 0.0:
            ddq[i] = (largest[i] if side[i] > 0.0 else least[i]) - wanted[i]
        for j in range(n):
            free = side[i] == 0.0 and side[j] == 0.0
            part[i, j] = M[i, j] if free else 1.0 if i == j else 0.0
            if side[i] == 0.0 and side[j] != 0.0:
                ddq[i] -= M[i, j] * ((largest[j] if side[j] > 0.0 else least[j]) - wanted[j])
    factor_columns(part, 0, n)
    substitute(part, ddq)
    for i in range(n):
        ddq[i] += wanted[i]
