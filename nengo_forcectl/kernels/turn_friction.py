"""The direction of a joint's dry friction, where it turns back: it follows the way since then.

A gear is elastic before it slides. So its friction turns over a short way c, and a joint that has
stopped holds the torque of the motion before (Dahl 1976, doi:10.2514/3.61511)::

    h <- sign(dx) + (h - sign(dx)) exp(-|dx| / c),   dx = dq dt

Bearings and seals rub by the speed. Robots' joints have both, so in logs the direction is the mean
of h and of ``tanh(dq / v)``. A loop's learner takes the latter alone: see `logs.log_learner`.
"""

import math

from arms.machine.memory import arguments, matrix_argument
from arms.machine.numba_kernel import kernel, part

WAY = 3e-4  # c [rad]
SLOW = 0.01  # v, as in `JointEncoding` [rad/s]
ELASTIC = 0.5  # share of h in the direction, in logs of robots


@kernel
def turned(h, dx):
    """Return h after a way of dx."""
    end = 1.0 if dx > 0.0 else -1.0
    return end + (h - end) * math.exp(-abs(dx) / WAY)


@kernel
def direction_of(h, pace, elastic):
    """Return the direction of dry friction for h, tanh(dq / v) and the share of h."""
    return elastic * h + (1.0 - elastic) * pace


@part(1)
def turn_friction_rows(given):
    """Compute the direction in k rows, with h = 0 in the first.

    Args:
        given: address of the packed time since the row before (k, 1), dq (k, n) and the direction.
    """
    own = arguments(given, 3)
    after, dq, direction = (
        matrix_argument(own, 0),
        matrix_argument(own, 1),
        matrix_argument(own, 2),
    )
    for i in range(dq.shape[1]):
        h = 0.0
        for k in range(len(dq)):
            if k > 0:
                h = turned(h, 0.5 * (dq[k, i] + dq[k - 1, i]) * after[k, 0])
            direction[k, i] = direction_of(h, math.tanh(dq[k, i] / SLOW), ELASTIC)
