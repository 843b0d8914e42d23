"""Dry friction of all joints together, for joints whose inertia the engine does not know."""

import numpy as np
from jaxtyping import Float

ROUNDS = 1000
TOLERANCE = 1e-12  # of the velocities [rad/s]


def stiction(
    mobility: Float[np.ndarray, "n n"], dq: Float[np.ndarray, "n"], limit: Float[np.ndarray, "n"]
) -> Float[np.ndarray, "n"]:
    """Return the impulses [N m s] of dry friction over a step.

    They are at most ``limit``, and equal to it against the motion of each joint that still moves
    after the step (Stewart and Trinkle 1996); found by projected Gauss-Seidel.

    Args:
        mobility: inverse of the inertia [1/(kg m^2)].
        dq: the velocities after the step without the friction [rad/s].
        limit: the largest impulses [N m s].
    """
    rows, limits = mobility.tolist(), limit.tolist()
    impulses, speeds = [0.0] * len(rows), dq.tolist()
    for _ in range(ROUNDS):
        largest = 0.0
        for i, row in enumerate(rows):
            wanted = impulses[i] - speeds[i] / row[i]
            change = max(-limits[i], min(limits[i], wanted)) - impulses[i]
            impulses[i] += change
            speeds = [speed + each * change for speed, each in zip(speeds, row, strict=True)]
            largest = max(largest, abs(change) * row[i])
        if largest < TOLERANCE:
            break
    return np.array(impulses)
