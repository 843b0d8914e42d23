"""Angles of joints that a robot tells within one turn."""

import numpy as np
from jaxtyping import Bool, Float

from arms import Arm

TURN = 2.0 * np.pi
ROUNDING = 1e-3  # of the angles in a file [rad]


def unwrapped(
    q: Float[np.ndarray, "k n"], arm: Arm, turning: Bool[np.ndarray, "n"]
) -> tuple[Float[np.ndarray, "k n"], list[str]]:
    """Return angles [rad] that do not jump, within the limits if whole turns bring them there.

    No joint turns by half a turn from one row to the next. Returns notes on what was changed, too.
    """
    q, notes = q.copy(), []
    for j in np.flatnonzero(turning):
        good = np.isfinite(q[:, j])
        angle = q[good, j]
        if len(angle) < 2 or not _within_a_turn(angle):
            continue
        jumps = np.abs(np.diff(angle))
        wraps = int(np.sum(np.abs(jumps - TURN) < 0.5))
        if wraps and wraps == int(np.sum(jumps > np.pi)):
            angle = np.unwrap(angle)
            notes.append(
                f"q of joint {j + 1} jumps by a turn {wraps} times, and is made continuous"
            )
        turns = _turns(angle, arm.q_lower[j], arm.q_upper[j])
        if turns:
            notes.append(f"q of joint {j + 1} is moved by {turns:+d} turns")
        q[good, j] = angle + TURN * turns
    return q, notes


def _within_a_turn(angle: Float[np.ndarray, "k"]) -> bool:
    """Whether angles are from 0 to 2 pi, or from -pi to pi."""
    least, most = angle.min() + ROUNDING, angle.max() - ROUNDING
    return (least >= 0.0 and most <= TURN) or (least >= -np.pi and most <= np.pi)


def _turns(angle: Float[np.ndarray, "k"], lower: float, upper: float) -> int:
    """Return the whole turns that bring angles within limits, the fewest; 0 if none do."""
    for turns in (0, -1, 1, -2, 2):
        moved = TURN * turns
        if angle.min() + moved >= lower and angle.max() + moved <= upper:
            return turns
    return 0
