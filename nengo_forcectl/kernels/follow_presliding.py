"""Dry friction that builds up over a short way after a joint has turned back.

`learning.presliding.Presliding` has the equations.
"""

import math

from arms.machine.memory import arguments, copy_numbers, matrix_argument, whole_argument
from arms.machine.numba_kernel import kernel, part

from .access import number, vector
from .layout import presliding_fields as at
from .layout.network_fields import DRY


@kernel
def build_up(presliding, z, dq, dt):
    """Let z (n,) follow a motion at velocities dq (n,) for a time [s]."""
    distance = number(presliding, at.PRESLIDING_DISTANCE)
    for j in range(len(z)):
        sign = 1.0 if dq[j] > 0.0 else -1.0
        z[j] = sign + (z[j] - sign) * math.exp(-abs(dq[j]) * dt / distance)


@part(1)
def build_up_rows(given):
    """Run `build_up` along k ways of the joints, from the z in the first row.

    Args:
        given: address of the packed block of a `Presliding`, the ways (k, n) and z (k, n).
    """
    own = arguments(given, 3)
    presliding, way, z = whole_argument(own, 0), matrix_argument(own, 1), matrix_argument(own, 2)
    for row in range(len(way)):
        if row > 0:
            copy_numbers(z[row - 1], z[row])
        build_up(presliding, z[row], way[row], 1.0)


@kernel
def share_friction(presliding, z, x):
    """Replace the share s of ``tanh(dq / v)`` in the inputs x (n, 3) by z."""
    share, apart = vector(presliding, at.PRESLIDING_SHARE), vector(presliding, at.PRESLIDING_APART)
    for j in range(len(z)):
        apart[j] = z[j] - x[j, DRY]
        x[j, DRY] += share[j] * apart[j]


@kernel
def learn_share(presliding, j, misfit, dry):
    """Learn joint j's share from a cycle, in which `share_friction` ran last for what was measured.

    Args:
        presliding: block of a `Presliding`.
        j: the joint.
        misfit: torque that nothing explains [N m].
        dry: dry friction [N m].
    """
    r, d = (
        vector(presliding, at.PRESLIDING_MISFIT),
        vector(presliding, at.PRESLIDING_DIFFERENCE),
    )
    moment, square = (
        vector(presliding, at.PRESLIDING_MOMENT),
        vector(presliding, at.PRESLIDING_SQUARE),
    )
    share = vector(presliding, at.PRESLIDING_SHARE)[j]
    passed, keep = number(presliding, at.PRESLIDING_PASSED), number(presliding, at.PRESLIDING_KEEP)
    dt = number(presliding, at.PRESLIDING_DT)
    r[j] += passed * (misfit - r[j])
    d[j] += passed * (vector(presliding, at.PRESLIDING_APART)[j] - d[j])
    moment[j] = keep * moment[j] + dt * dry * d[j] * (r[j] + share * dry * d[j])
    square[j] = keep * square[j] + dt * dry * dry * d[j] * d[j]


@kernel
def solve_share(presliding, j, noise):
    """Compute joint j's share, for a usual square of the misfit [(N m)^2]."""
    start = number(presliding, at.PRESLIDING_START)
    moment = vector(presliding, at.PRESLIDING_MOMENT)[j]
    square = vector(presliding, at.PRESLIDING_SQUARE)[j]
    prior = number(presliding, at.PRESLIDING_DOUBT) * noise
    best = (moment + prior * start) / (square + prior)
    vector(presliding, at.PRESLIDING_SHARE)[j] = min(max(best, 0.0), 1.0)
