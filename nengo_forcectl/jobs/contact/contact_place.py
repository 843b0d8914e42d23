"""Where an arm can press and wipe: the direction up, its posture, a path in reach."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from arms import Arm

from ...contract import EndingPath, Reference
from ...errors import ConfigurationError
from ...networks.workspace import (
    farthest_reach,
    follow_relaxed,
    home_posture,
    posture_at,
    task_axes,
    within_room,
)

HOLDS = 0.05  # least ratio of singular values with which the tool's orientation can be held
HOLDS_WELL = 0.1  # the same, for the posture around which an arm works
BELOW = 0.02  # room below the surface [m]
ARRIVED = 1.0  # time in which the tool comes down to a path [s]
CLOSE = 1e-3  # largest distance from a path in reach [m]
LONG = 10.0  # least duration of a path on which the tool is followed [s]
STEP = 0.02  # of the states on it [s]


def upward(arm: Arm) -> int:
    """Return the base axis (0, 1, 2) that points up.

    Raises:
        ConfigurationError: gravity is not along a base axis, or the tool cannot move along it.
    """
    gravity = np.asarray(arm.gravity_vector, dtype=float)
    axis = int(np.argmin(gravity))
    if not (gravity[axis] < 0 and np.allclose(np.delete(gravity, axis), 0.0)):
        raise ConfigurationError(
            f"arm '{arm.name}': gravity is {gravity.tolist()}, needs one along an axis, downwards"
        )
    if axis not in task_axes(arm) or arm.dof < 2:
        raise ConfigurationError(
            f"arm '{arm.name}': its tool cannot keep its place and move up and down; planar2, ur5 "
            "and kuka_iiwa can"
        )
    return axis


def working_posture(arm: Arm) -> Float[np.ndarray, "n"]:
    """Return a posture [rad] to press from, one around which the tool's orientation can be held.

    It is the `home_posture`, or the one from which the tool turns well if that is better for an arm
    that could hardly hold its tool's orientation at home.
    """
    home = home_posture(arm)
    if arm.dof < 6 or dexterity(arm, home) > HOLDS_WELL:
        return home
    turning = home_posture(arm, turns=True)
    return turning if dexterity(arm, turning) > dexterity(arm, home) else home


def keeps_orientation(arm: Arm, q: Float[np.ndarray, "*batch n"]) -> bool:
    """Whether position and orientation of the tool can both be controlled in all postures ``q``."""
    return arm.dof >= 6 and bool(np.all(dexterity(arm, q) > HOLDS))


def dexterity(arm: Arm, q: Float[np.ndarray, "*batch n"]) -> Float[np.ndarray, "*batch"]:
    """Return the ratio of the Jacobian's sixth to its largest singular value (Salisbury 1982).

    A rotation of 1 rad counts as a motion of a third of the arm's reach, so the size of an arm does
    not change it.
    """
    J = np.array(arm.jacobian(q))
    J[..., 3:, :] *= farthest_reach(arm) / 3.0
    gains = np.linalg.svd(J, compute_uv=False)
    return gains[..., 5] / gains[..., 0]


@dataclass(frozen=True)
class Slow:
    """A path that is ``share`` times as fast, and shifted by ``down`` [m]."""

    path: EndingPath
    share: float
    down: Float[np.ndarray, "3"]

    @property
    def end(self) -> float:
        """Time of arrival [s]."""
        return self.path.end / self.share

    def at(self, time: float) -> Reference:
        """Return the reference at a time [s]."""
        reference = self.path.at(self.share * time)
        return Reference(
            reference.x - self.down,
            self.share * reference.dx,
            self.share**2 * reference.ddx,
            reference.R,
        )


def reaches_path(
    arm: Arm,
    start: Float[np.ndarray, "n"],
    path: EndingPath,
    down: Float[np.ndarray, "3"],
    rows: tuple[int, ...],
) -> bool:
    """Whether the tool reaches every point of a path, and keeps its orientation if ``rows`` say so.

    By kinematics alone, on a path without rotation that takes LONG or longer.

    Args:
        arm: the arm.
        start: its posture above the path's start [rad].
        path: the path, at the initial height of the tool.
        down: how far the surface is below that [m].
        rows: rows of J that are controlled.
    """
    below = Slow(path, min(1.0, path.end / LONG), down * (1.0 + BELOW / np.linalg.norm(down)))
    if max(rows) < 3:
        axes = list(rows)
        points = [below.at(time).x for time in np.linspace(0.0, below.end, 33)]
        return all(posture_at(arm, start, x, axes) is not None for x in points)
    q = follow_relaxed(arm, start, below, STEP, rows).q
    x = np.array([below.at(STEP * k).x for k in range(len(q))])
    away = np.linalg.norm(arm.pose(q)[:, :3, 3] - x, axis=1)[round(ARRIVED / STEP) :]
    near = bool(np.all(away < CLOSE))
    return near and within_room(arm, start, q) and keeps_orientation(arm, q)
