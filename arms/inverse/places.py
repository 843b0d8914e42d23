"""Places in the buffers of inverse kinematics, by name.

`goal`: a (4, 4) pose, row by row. `limits`: the lower ones, then the upper ones.
"""

from __future__ import annotations

# `settings`; the weights are six, the posture's entries n
TOLERANCE, ANGLE_TOLERANCE, STEPS, RESTARTS, WEIGHTED, TO_POSTURE = 0, 1, 2, 3, 4, 5
WEIGHTS, POSTURE = 6, 12
# `found`, of each goal
CONVERGED, DISTANCE, ANGLE, STEPS_TAKEN, RESTARTS_TAKEN, FOUND = 0, 1, 2, 3, 4, 5
# A view: what is known at a posture. The kernel's pose and J, then the error.
POSE, JACOBIAN = 0, 16
# `work`: six equations, their right and left side; vectors of n: a posture, a step, a trial, a
# direction; two views
EQUATIONS, KNOWN, UNKNOWN, VECTORS = 0, 36, 42, 48


def work_size(n: int) -> int:
    """Entries of `work`."""
    return views_at(n) + 2 * view_size(n)


def views_at(n: int) -> int:
    """Where `work` has its views."""
    return VECTORS + 4 * n


def view_size(n: int) -> int:
    """Entries of a view."""
    return error_at(n) + 6


def error_at(n: int) -> int:
    """Where a view has its error."""
    return JACOBIAN + 6 * n
