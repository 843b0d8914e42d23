"""Comparison of the sensors with each other: positions with velocities, wrenches with torques."""

import math

from arms.machine.numba_kernel import kernel

from .access import matrix, number, set_number, vector
from .algebra import substitute
from .layout import guard_fields as at
from .layout.arm_fields import ARM_M, INPUT_DQ, INPUT_Q
from .sizes import WINDOW

# Times and distances are for joints; those of a sliding joint are in metres.
BASE = 4e-4  # tolerated mismatch with exact sensors [rad]
NOISES = 5.0  # tolerated mismatch over the noise
NOISE_TIME = 0.2  # time constant of the noise [s]
LATE = 0.002  # tolerated delay of dq behind q beyond the one found, either way [s]
LATEST = 0.005  # largest delay that can be found, and the one tolerated before it is [s]
LAG_TIME = 0.5  # time constant of the delay [s]
LAG_SQUARE = 0.02  # sum of h^2 from which the delay counts as found [rad^2/s^2]
SUSPECT = 0.5  # share of the tolerance without delays above which a state is not believed
STUCK = 2.0  # cycles with the same q after which it is stuck
WATCH = 120.0  # gain of the state's observer in a stop without dq [1/s]
KEPT = 5  # cycles between two copies of r
DOUBTED = 50  # cycles after which a suspect state is believed all the same


@kernel
def compare_joints(guard, q, dq, elapsed):
    """Compare the change of q since the last reading with dq; return 0, MET_SUSPECT or MET_LIE.

    Over the window, s is the change of q that dq does not explain, h the change of dq, and D the
    delay of dq behind q::

        s <- (1 - T) (s + q - q' - dt (dq + dq') / 2),    h = dq - f,  f <- f + T (dq - f)
        D = sum s h / sum h^2,                            T = dt / WINDOW
        |s - D h| <= BASE + grain + NOISES noise + LATE max |h|

    The grain is the smallest change of q so far, the noise the root mean square of the change that
    dq does not explain in one cycle.
    """
    q_last, dq_last = vector(guard, at.GUARD_Q), vector(guard, at.GUARD_DQ)
    drift, slow = vector(guard, at.GUARD_DRIFT), vector(guard, at.GUARD_SLOW)
    swing, grain = vector(guard, at.GUARD_SWING), vector(guard, at.GUARD_GRAIN)
    square = vector(guard, at.GUARD_SQUARE)
    same_q, same_dq = vector(guard, at.GUARD_SAME_Q), vector(guard, at.GUARD_SAME_DQ)
    share, forget, found = elapsed / WINDOW, elapsed / NOISE_TIME, 0
    known = number(guard, at.GUARD_LAG_SQUARE)
    delay = number(guard, at.GUARD_LAG_MOMENT) / (known + 0.1 * LAG_SQUARE)
    delay = min(max(delay, -LATEST), LATEST)
    late = LATE + (LATEST - LATE) / (1.0 + known / LAG_SQUARE)
    moment, total = 0.0, 0.0
    for i in range(len(q)):
        moved = q[i] - q_last[i]
        mismatch = moved - 0.5 * elapsed * (dq[i] + dq_last[i])
        drift[i] = (1.0 - share) * (drift[i] + mismatch)
        slow[i] += share * (dq[i] - slow[i])
        change = dq[i] - slow[i]
        swing[i] = max(abs(change), (1.0 - share) * swing[i])
        moment, total = moment + drift[i] * change, total + change * change
        least = BASE + grain[i] + NOISES * math.sqrt(square[i])
        left = abs(drift[i] - delay * change)
        # In the cycle in which dq begins to lie, half of the lie is in the mismatch.
        sudden = min(2.0 * abs(mismatch), abs(moved - elapsed * dq[i]))
        same_q[i] = same_q[i] + 1.0 if moved == 0.0 else 0.0
        same_dq[i] = same_dq[i] + 1.0 if dq[i] == dq_last[i] else 0.0
        if left > least + late * swing[i]:
            if found != at.MET_LIE:
                set_number(guard, at.GUARD_LIAR, i)
                jumps = abs(mismatch) > max(least, 0.5 * WINDOW * swing[i])
                stuck = same_q[i] >= STUCK > same_dq[i]
                set_number(guard, at.GUARD_FALLBACK, at.BY_DQ if jumps or stuck else at.BY_Q)
            found = at.MET_LIE
        elif found == 0 and max(left, sudden) > SUSPECT * least:
            found = at.MET_SUSPECT
        if 1e-9 < abs(moved) < grain[i]:
            grain[i] = abs(moved)
        bounded = min(abs(mismatch), least)
        square[i] += forget * (bounded * bounded - square[i])
    if found == 0 or number(guard, at.GUARD_DOUBTED) > DOUBTED:
        keep = 1.0 - elapsed / LAG_TIME
        set_number(guard, at.GUARD_LAG_MOMENT, keep * (number(guard, at.GUARD_LAG_MOMENT) + moment))
        set_number(guard, at.GUARD_LAG_SQUARE, keep * (known + total))
    return found


@kernel
def begin_comparison(guard, dq):
    """Compare from this reading on; grain and noise stay."""
    drift, slow = vector(guard, at.GUARD_DRIFT), vector(guard, at.GUARD_SLOW)
    swing = vector(guard, at.GUARD_SWING)
    for i in range(len(dq)):
        drift[i], slow[i], swing[i] = 0.0, dq[i], 0.0


@kernel
def believe(guard, q, dq, found, elapsed):
    """Write the state that the limits act on: the reading, or the model's if it is suspect.

    With the first suspect reading, r is replaced by an older one: the last readings may be wrong.
    """
    q_now, dq_now = vector(guard, at.GUARD_BELIEVED_Q), vector(guard, at.GUARD_BELIEVED_DQ)
    doubted = number(guard, at.GUARD_DOUBTED) + 1.0 if found else 0.0
    set_number(guard, at.GUARD_DOUBTED, doubted)
    keep_old(guard, found & (at.MET_SUSPECT | at.MET_LIE), doubted)
    if found & (at.MET_LIE | at.MET_FROZEN) or 0.0 < doubted < DOUBTED:
        advance(guard, elapsed)
        return
    for i in range(len(q)):
        q_now[i], dq_now[i] = q[i], dq[i]


@kernel
def keep_old(guard, found, doubted):
    """Copy r every KEPT cycles; restore the older copy with the first suspect reading."""
    r, hold = vector(guard, at.GUARD_UNMODELLED), vector(guard, at.GUARD_HOLD)
    following, old = vector(guard, at.GUARD_R_NEXT), vector(guard, at.GUARD_R_OLD)
    age = number(guard, at.GUARD_AGE) + 1.0
    if found and doubted == 1.0:
        for i in range(len(r)):
            hold[i] += r[i] - old[i]
            r[i] = old[i]
    elif age >= KEPT and not found:
        age = 0.0
        for i in range(len(r)):
            old[i], following[i] = following[i], r[i]
    set_number(guard, at.GUARD_AGE, age)


@kernel
def accelerate(guard, tau, ddq):
    """Compute ``ddq = M^-1 (tau - hold)``, with M's factor and the holding torque in the guard."""
    hold, n = vector(guard, at.GUARD_HOLD), len(tau)
    for i in range(n):
        ddq[i] = tau[i] - hold[i]
    substitute(matrix(guard, at.GUARD_FACTOR, n), ddq)


@kernel
def advance(guard, elapsed):
    """Advance the believed state by the torque sent in the last cycle, by the model.

    ``M ddq = sent - hold``, with M's factor and the holding torque of the last cycle.
    """
    q, dq = vector(guard, at.GUARD_BELIEVED_Q), vector(guard, at.GUARD_BELIEVED_DQ)
    r, drag = vector(guard, at.GUARD_UNMODELLED), vector(guard, at.GUARD_DRAG)
    ddq = vector(guard, at.GUARD_DDQ)
    accelerate(guard, vector(guard, at.GUARD_SENT), ddq)
    for i in range(len(q)):
        q[i] += elapsed * (dq[i] + 0.5 * elapsed * ddq[i])
        dq[i] += elapsed * ddq[i]
        r[i] -= drag[i] * elapsed * ddq[i]


@kernel
def refine(guard, elapsed):
    """Correct the velocity of `advance` by the acceleration at its end (Heun's method)."""
    dq, ddq = vector(guard, at.GUARD_BELIEVED_DQ), vector(guard, at.GUARD_DDQ)
    end = vector(guard, at.GUARD_PUSH)
    accelerate(guard, vector(guard, at.GUARD_SENT), end)
    r, drag = vector(guard, at.GUARD_UNMODELLED), vector(guard, at.GUARD_DRAG)
    for i in range(len(dq)):
        change = 0.5 * elapsed * (end[i] - ddq[i])
        dq[i] += change
        r[i] -= drag[i] * change


@kernel
def correct(guard, inputs, mode, elapsed):
    """Correct the believed state by the readings of q (BY_Q) or dq (BY_DQ), in a stop.

    By q: an observer of q, dq and ``M^-1 r`` with three poles at -WATCH; see `correct_unmodelled`.
    """
    q, dq = vector(guard, at.GUARD_BELIEVED_Q), vector(guard, at.GUARD_BELIEVED_DQ)
    q_read, dq_read = vector(inputs, INPUT_Q), vector(inputs, INPUT_DQ)
    error = vector(guard, at.GUARD_INNOVATION)
    for i in range(len(q)):
        error[i] = 0.0
        if mode == at.BY_DQ:
            dq[i] = dq_read[i]
        elif mode == at.BY_Q:
            error[i] = WATCH * elapsed * (q_read[i] - q[i])
            q[i] += 3.0 * error[i]
            dq[i] += 3.0 * WATCH * error[i]


@kernel
def correct_unmodelled(guard, arm):
    """Correct r by the innovation of `correct`."""
    r, error = vector(guard, at.GUARD_UNMODELLED), vector(guard, at.GUARD_INNOVATION)
    n = len(r)
    M = matrix(arm, ARM_M, n)
    for i in range(n):
        for j in range(n):
            r[i] += WATCH * WATCH * M[i, j] * error[j]
