"""Points of a path brought back into the arm's reach."""

import warnings

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from arms import Arm

from ..errors import ConfigurationError
from ..support.validation import is_number

INSIDE = 4.5e-3  # distance kept from the border [m]
STEPS = 300  # of the search
DONE = 1e-5  # distance from a point at which it is reached [m]


def bring_into_reach(
    arm: Arm, posture: ArrayLike, points: ArrayLike, inside: float = INSIDE
) -> Float[np.ndarray, "k 3"]:
    """Return points of the tool, those out of reach replaced by the nearest ones within.

    A law of the tool stops the arm at the border of its workspace wherever a reference leads; it
    brakes there at once. A path to a point within reach comes to rest as smoothly as any other. The
    nearest point is found from the posture, by Levenberg and Marquardt's method within the joints'
    limits, and then taken ``inside`` the border, towards the tool in that posture. A point that
    moves by more than 10 um causes a warning.

    Args:
        arm: the arm.
        posture: where the search begins, (n,) [rad].
        points: of the tool, (k, 3) or (3,), base frame [m].
        inside: distance from the border [m].

    Raises:
        ConfigurationError: a posture or points of another shape, or a distance below 0.
    """
    q, given = np.array(posture, dtype=float), np.atleast_2d(np.array(points, dtype=float))
    if q.shape != (arm.dof,) or given.shape[1:] != (3,) or not np.isfinite(given).all():
        raise ConfigurationError(
            f"bring_into_reach: posture of shape {q.shape}, points of shape {np.shape(points)}; "
            f"needs ({arm.dof},) and finite (k, 3)"
        )
    if not is_number(inside) or inside < 0:
        raise ConfigurationError(f"bring_into_reach.inside: is {inside!r}, needs at least 0 m")
    centre = arm.pose(q)[:3, 3]
    found = np.array([_nearest(arm, q, centre, point, inside) for point in given])
    moved = np.linalg.norm(found - given, axis=1)
    if moved.max() > DONE:
        k = int(moved.argmax())
        warnings.warn(
            f"{(moved > DONE).sum()} of {len(given)} points are out of reach; point {k} is moved "
            f"by {1e3 * moved[k]:.0f} mm",
            RuntimeWarning,
            stacklevel=2,
        )
    return found


def _nearest(
    arm: Arm, posture: np.ndarray, centre: np.ndarray, point: np.ndarray, inside: float
) -> np.ndarray:
    """Return the point, or the nearest one within reach."""
    q, damping = posture.copy(), 1e-2
    e = point - centre
    for _ in range(STEPS):
        J = arm.jacobian(q)[:3]
        step = np.linalg.solve(J.T @ J + damping * np.eye(arm.dof), J.T @ e)
        new = np.clip(q + step, arm.q_lower, arm.q_upper)
        left = point - arm.pose(new)[:3, 3]
        if left @ left < e @ e:
            q, e, damping = new, left, max(0.5 * damping, 1e-4)
        else:
            damping *= 3.0
    if e @ e < DONE * DONE:
        return point
    border = point - e
    way = centre - border
    return border + way * min(1.0, inside / max(float(np.linalg.norm(way)), 1e-12))
