"""The direction of a joint's dry friction, where it turns back: it follows the way since then.

A gear is elastic before it slides. So its friction turns over a short way c, and a joint that has
stopped holds the torque of the motion before (Dahl 1976, doi:10.2514/3.61511)::

    h <- sign(dx) + (h - sign(dx)) exp(-|dx| / c),   dx = dq dt

Bearings and seals rub by the speed. A robot's joint has both, so in logs the direction is
``s h + (1 - s) tanh(dq / v)``, and the share s of each joint is found from the data. In a loop it
is 0.
"""

import math

from arms.machine.memory import arguments, matrix_argument
from arms.machine.numba_kernel import kernel, part

from .access import number, vector
from .layout import structured_fields as at
from .layout.regression_fields import REGRESSION_TURNS, REGRESSION_WEIGHTS

WAY = 3e-4  # c [rad]
SLOW = 0.01  # v, as in `JointEncoding` [rad/s]
ELASTIC = 0.5  # s at the start of a log
SURE = 0.1  # time at rest that counts as much as this start [s]


@kernel
def turned(h, dx):
    """Return h after a way of dx."""
    end = 1.0 if dx > 0.0 else -1.0
    return end + (h - end) * math.exp(-abs(dx) / WAY)


@kernel
def weigh_share(learner, law, i, column, misfit):
    """Add to the sums that show the share of joint i, from what the weights leave of its torque.

    With d the torque by which h and tanh(dq / v) differ, over its filter, the best share is
    ``sum d (misfit + s d) / sum d^2``.

    Args:
        learner, law: blocks.
        i: the joint.
        column: of its dry friction.
        misfit: of its filtered torque [N m].
    """
    d = vector(law, REGRESSION_WEIGHTS)[column] * vector(law, REGRESSION_TURNS)[i]
    share, keep = (
        vector(learner, at.STRUCTURED_ELASTIC)[i],
        1.0 - number(learner, at.STRUCTURED_USUAL_SHARE),
    )
    both, square = (
        vector(learner, at.STRUCTURED_SHARE_BOTH),
        vector(learner, at.STRUCTURED_SHARE_SQUARE),
    )
    both[i] = keep * both[i] + d * (misfit + share * d)
    square[i] = keep * square[i] + d * d


@kernel
def share_friction(learner, i, force):
    """Take over the share of joint i, whose dry friction is ``force`` [N m], if there are sums."""
    square = vector(learner, at.STRUCTURED_SHARE_SQUARE)[i]
    if not square > 0.0:
        return
    first = force * force * SURE / number(learner, at.STRUCTURED_DT)
    best = vector(learner, at.STRUCTURED_SHARE_BOTH)[i] + first * ELASTIC
    vector(learner, at.STRUCTURED_ELASTIC)[i] = min(max(best / (square + first), 0.0), 1.0)


@part(1)
def turn_friction_rows(given):
    """Compute h in k rows; it is 0 in the first.

    Args:
        given: address of the packed time since the row before (k, 1), dq (k, n) and h (k, n).
    """
    own = arguments(given, 3)
    after, dq, held = matrix_argument(own, 0), matrix_argument(own, 1), matrix_argument(own, 2)
    for i in range(dq.shape[1]):
        held[0, i] = 0.0
        for k in range(1, len(dq)):
            dx = 0.5 * (dq[k, i] + dq[k - 1, i]) * after[k, 0]
            held[k, i] = turned(held[k - 1, i], dx)
