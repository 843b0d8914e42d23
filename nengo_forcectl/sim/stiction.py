"""Impulses of dry friction and of contact over a step, for bodies that the engine does not know."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

ROUNDS = (20, 10, 10, 20, 40, 100, 800)  # sweeps between two attempts to solve at once
TOLERANCE = 1e-12  # of the velocities [rad/s]


class Cone(NamedTuple):
    """Coulomb friction of a contact: two rows that share a bound, ``mu`` times the normal one."""

    normal: int  # row of the normal impulse; the two along the surface follow it
    mu: float


def stiction(
    mobility: Float[np.ndarray, "n n"], dq: Float[np.ndarray, "n"], limit: Float[np.ndarray, "n"]
) -> Float[np.ndarray, "n"]:
    """Return the impulses [N m s] of dry friction over a step.

    They are at most ``limit``, and equal to it against the motion of each joint that still moves
    after the step (Stewart and Trinkle 1996).

    Args:
        mobility: inverse of the inertia [1/(kg m^2)].
        dq: the velocities after the step without the friction [rad/s].
        limit: the largest impulses [N m s].
    """
    return impulses(mobility, dq, -limit, limit)


def impulses(
    mobility: Float[np.ndarray, "m m"],
    speed: Float[np.ndarray, "m"],
    lower: Float[np.ndarray, "m"],
    upper: Float[np.ndarray, "m"],
    cone: Cone | None = None,
) -> Float[np.ndarray, "m"]:
    """Return the impulses p between bounds for which ``speed + mobility p`` is 0 where it can be.

    Where an impulse is at its lower bound, this sum is 0 or more, at its upper one 0 or less; found
    by projected Gauss-Seidel. A cone's two rows end on its edge, against their speed.

    Args:
        mobility: symmetric, of the directions in which the impulses act; a spring adds to the
            diagonal.
        speed: after the step without the impulses.
        lower: bounds of the impulses; the cone's rows have none of their own.
        upper: the same.
        cone: friction of a contact, if any.
    """
    along = () if cone is None else (cone.normal + 1, cone.normal + 2)
    p = np.zeros(len(speed))
    if cone is not None:  # what sticks, sticks at once
        p = np.clip(_solved(mobility, -speed), lower, upper)
    for rounds in ROUNDS:
        p, done = _sweep(mobility, speed, p, (lower, upper), cone, rounds)
        if done:
            break
        # Slow sweeps: solve for those between their bounds at once, and go on from there.
        between = (p > lower) & (p < upper)
        between[list(along)] = False
        inside = np.flatnonzero(between)
        rest = np.where(between, 0.0, p)
        wanted = -(speed + mobility @ rest)[inside]
        p[inside] = _solved(mobility[np.ix_(inside, inside)], wanted)
        p = np.clip(p, lower, upper)
    return p


def _solved(A: Float[np.ndarray, "k k"], b: Float[np.ndarray, "k"]) -> Float[np.ndarray, "k"]:
    """Return the solution, the smallest of several; more directions than joints are redundant."""
    try:
        return np.linalg.solve(A, b)
    except np.linalg.LinAlgError:
        return np.linalg.lstsq(A, b)[0]


def _sweep(
    mobility: Float[np.ndarray, "m m"],
    speed: Float[np.ndarray, "m"],
    start: Float[np.ndarray, "m"],
    bounds: tuple[Float[np.ndarray, "m"], Float[np.ndarray, "m"]],
    cone: Cone | None,
    rounds: int,
) -> tuple[Float[np.ndarray, "m"], bool]:
    """Return the impulses after some rounds of projected Gauss-Seidel, and whether they are it."""
    along = () if cone is None else (cone.normal + 1, cone.normal + 2)
    rows, low, high = mobility.tolist(), bounds[0].tolist(), bounds[1].tolist()
    p, speeds = start.tolist(), (speed + mobility @ start).tolist()
    for _ in range(rounds):
        largest = 0.0
        for i, row in enumerate(rows):
            if i in along:
                continue
            wanted = p[i] - speeds[i] / row[i]
            change = max(low[i], min(high[i], wanted)) - p[i]
            p[i] += change
            speeds = [each + entry * change for each, entry in zip(speeds, row, strict=True)]
            largest = max(largest, abs(change) * row[i])
        for i, change in () if cone is None else _in_cone(rows, p, speeds, cone):
            p[i] += change
            row = rows[i]
            speeds = [each + entry * change for each, entry in zip(speeds, row, strict=True)]
            largest = max(largest, abs(change) * row[i])
        if largest < TOLERANCE:
            return np.array(p), True
    return np.array(p), False


def _in_cone(
    rows: list[list[float]], p: list[float], speeds: list[float], cone: Cone
) -> list[tuple[int, float]]:
    """Return the changes of the two impulses along the surface: against the speed, in the cone."""
    i, j = cone.normal + 1, cone.normal + 2
    give = rows[i][i] + rows[j][j]
    x, y = p[i] - speeds[i] / give, p[j] - speeds[j] / give
    most, size = cone.mu * p[cone.normal], (x * x + y * y) ** 0.5
    share = most / size if size > most else 1.0
    return [(i, share * x - p[i]), (j, share * y - p[j])]
