"""The accelerations within the joints' bounds that come nearest to the requested ones.

A joint at a bound must not lend its torque to the others: what brakes it alone would drive them. So
``ddq`` becomes, for each joint, with ``push = M (ddq - a)`` the torque that is added to that of the
requested accelerations a, one of

    push = 0  within the bounds,     push <= 0  at the largest,     push >= 0  at the least

They are unique, because M is positive definite, and have the least ``(ddq - a)^T M (ddq - a)``:
Gauss's principle of least constraint, as if the joints ran into stops. A joint within its bounds
keeps its requested torque, and a push at top speed takes energy from the arm. If every acceleration
were clipped for itself, the other joints would get the torques that hold their accelerations, and a
law of the tool would throw the arm where some joints are at top speed. The pivots are those of
`keep_motors`.

With late sensors (`find_load`) the torques would change faster than r allows for, and a light wrist
swings; then, and in a stop, each acceleration is clipped for itself.
"""

from arms.machine.numba_kernel import kernel

from .access import matrix, vector
from .algebra import factor_columns, substitute
from .keep_motors import CLOSE, PIVOTS
from .layout import guard_fields as at


@kernel
def keep_joints(guard, M):
    """Move ``ddq`` to the nearest accelerations between ``least`` and ``largest``.

    Args:
        guard: block of `GUARD`.
        M: inertia (n, n) [kg m^2].
    """
    ddq, wanted = vector(guard, at.GUARD_DDQ), vector(guard, at.GUARD_WANTED)
    side = vector(guard, at.GUARD_WEAK)
    n = len(ddq)
    for i in range(n):
        side[i], wanted[i] = 0.0, ddq[i]
    for _ in range(PIVOTS * n):
        if not turn_side(guard, M):
            break
        hold_sides(guard, M)
    clip_joints(guard)


@kernel
def clip_joints(guard):
    """Clip each joint's ``ddq`` to its bounds."""
    ddq = vector(guard, at.GUARD_DDQ)
    least, largest = vector(guard, at.GUARD_LEAST), vector(guard, at.GUARD_LARGEST)
    for i in range(len(ddq)):
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
        elif ddq[i] > largest[i] + CLOSE or ddq[i] < least[i] - CLOSE:
            side[i] = 1.0 if ddq[i] > largest[i] else -1.0
            return True
    return False


@kernel
def hold_sides(guard, M):
    """Compute ``ddq`` if the joints with a side are at that bound, and the others are free."""
    ddq, wanted = vector(guard, at.GUARD_DDQ), vector(guard, at.GUARD_WANTED)
    side, change = vector(guard, at.GUARD_WEAK), vector(guard, at.GUARD_REST_TAU)
    least, largest = vector(guard, at.GUARD_LEAST), vector(guard, at.GUARD_LARGEST)
    n = len(ddq)
    part = matrix(guard, at.GUARD_WEAK_M, n)  # M of the free joints, 1 for the others
    for i in range(n):
        change[i] = 0.0
        if side[i] != 0.0:
            change[i] = (largest[i] if side[i] > 0.0 else least[i]) - wanted[i]
    for i in range(n):
        ddq[i] = change[i]
        for j in range(n):
            free = side[i] == 0.0 and side[j] == 0.0
            part[i, j] = M[i, j] if free else 1.0 if i == j else 0.0
            if side[i] == 0.0:
                ddq[i] -= M[i, j] * change[j]
    factor_columns(part, 0, n)
    substitute(part, ddq)
    for i in range(n):
        ddq[i] += wanted[i]
