"""The torque within the motors' limits that comes nearest to an acceleration.

A motor that has less torque than the acceleration a takes leaves its joint behind. The torques that
would move the other joints along with it then throw them. So tau and the acceleration ddq that it
causes, ``tau = M ddq + hold``, are those with, for each joint, one of

    ddq = a  and  |tau| <= most,     tau = most  and  ddq <= a,     tau = -most  and  ddq >= a

They are unique, because M is positive definite, and have the least ``(ddq - a)^T M (ddq - a)``:
Gauss's principle of least constraint. Which joint has which is found by pivots, the first that is
wrong at a time (K. G. Murty, Linear Complementarity, Linear and Nonlinear Programming, 1988, 4.1).

After a swing that no load explains (`choose_load`), the sign of late sensors, torques are only cut:
the nearest ones drive it on.
"""

from arms.machine.numba_kernel import kernel

from .access import matrix, number, vector, whole
from .algebra import factor_columns, substitute
from .layout.body_fields import LOAD_MISFIT
from .layout.guard_fields import (
    GUARD_DDQ,
    GUARD_HOLD,
    GUARD_LOAD,
    GUARD_TAU,
    GUARD_TAU_MAX,
    GUARD_WANTED,
    GUARD_WARY,
    GUARD_WEAK,
    GUARD_WEAK_M,
)

PIVOTS = 4  # for each joint, at most; then tau is only clipped
CLOSE = 1e-9  # share of a motor's limit, and acceleration [rad/s^2], that are rounding


@kernel
def keep_motors(guard, M):
    """Change ``tau``, which causes ``ddq``, to the nearest torque within the motors' limits.

    Args:
        guard: block of `GUARD`; its ``ddq`` becomes what the motors can give of it.
        M: inertia (n, n) [kg m^2].
    """
    tau, ddq = vector(guard, GUARD_TAU), vector(guard, GUARD_DDQ)
    side, wanted = vector(guard, GUARD_WEAK), vector(guard, GUARD_WANTED)
    n = len(tau)
    for i in range(n):
        side[i], wanted[i] = 0.0, ddq[i]
    for _ in range(0 if swings(guard) else PIVOTS * n):
        if not pivot(guard):
            return
        give_most(guard, M)


@kernel
def swings(guard):
    """Return whether a joint has swung, and no load explains any of the motion."""
    wary, swung = vector(guard, GUARD_WARY), False
    for i in range(len(wary)):
        swung = swung or wary[i] > 0.0
    return swung and number(whole(guard, GUARD_LOAD), LOAD_MISFIT) >= 1.0


@kernel
def pivot(guard):
    """Let the first joint that is wrong change its side; return whether there was one."""
    tau, most = vector(guard, GUARD_TAU), vector(guard, GUARD_TAU_MAX)
    ddq, wanted = vector(guard, GUARD_DDQ), vector(guard, GUARD_WANTED)
    side = vector(guard, GUARD_WEAK)
    for i in range(len(tau)):
        if side[i] * (ddq[i] - wanted[i]) > CLOSE:
            side[i] = 0.0
            return True
        if side[i] == 0.0 and abs(tau[i]) > (1.0 + CLOSE) * most[i]:
            side[i] = 1.0 if tau[i] > 0.0 else -1.0
            return True
    return False


@kernel
def give_most(guard, M):
    """Compute ``tau`` and ``ddq`` if the joints with a side get all that their motors have."""
    tau, most = vector(guard, GUARD_TAU), vector(guard, GUARD_TAU_MAX)
    ddq, wanted = vector(guard, GUARD_DDQ), vector(guard, GUARD_WANTED)
    side, hold = vector(guard, GUARD_WEAK), vector(guard, GUARD_HOLD)
    n = len(tau)
    part = matrix(guard, GUARD_WEAK_M, n)  # M of those joints, 1 for the others
    for i in range(n):
        ddq[i] = wanted[i] if side[i] == 0.0 else side[i] * most[i] - hold[i]
        for j in range(n):
            both = side[i] != 0.0 and side[j] != 0.0
            part[i, j] = M[i, j] if both else 1.0 if i == j else 0.0
            if side[i] != 0.0 and side[j] == 0.0:
                ddq[i] -= M[i, j] * wanted[j]
    factor_columns(part, 0, n)
    substitute(part, ddq)
    for i in range(n):
        tau[i] = side[i] * most[i]
        if side[i] == 0.0:
            tau[i] = hold[i]
            for j in range(n):
                tau[i] += M[i, j] * ddq[j]
