"""An arm's workspace: a posture to start from, and targets around it."""

import itertools

import numpy as np
from jaxtyping import Float

from arms import Arm

from ..contract import EndingPath
from ..errors import ConfigurationError
from ..paths import MinimumJerk
from .encoding import States

BENDS = (0.0, 0.25, -0.25, 0.5, -0.5)  # bends to try, over half a joint's range
MARGIN = 0.9  # share of a joint's range that targets may use
SIDE = 0.3  # side of the box of targets [m], for an arm that reaches 1 m or more
HARDLY = 400  # random points one after the other that an arm does not reach


def task_axes(arm: Arm) -> tuple[int, ...]:
    """Return the axes of the base frame (0, 1, 2) along which the arm can move its tool.

    Raises:
        ConfigurationError: the tool cannot move.
    """
    q = _postures(arm)
    reach = np.abs(arm.jacobian(q)[:, :3]).max(axis=(0, 2))  # [m/rad]
    axes = tuple(int(axis) for axis in np.flatnonzero(reach > 1e-6 * max(reach.max(), 1e-9)))
    if not axes:
        raise ConfigurationError(f"arm '{arm.name}': no joint moves its tool")
    return axes


def home_posture(arm: Arm, *, turns: bool = False) -> Float[np.ndarray, "n"]:
    """Return a posture [rad] from which the tool moves well in every direction.

    It is the posture with the largest product of three factors on a coarse grid around the middle
    of the joints' ranges: the manipulability ``sqrt(det(J J^T))`` of the tool's position (Yoshikawa
    1985), the ratio of J's least to its largest singular value (Salisbury and Craig 1982), and the
    room ``(1 - u^2)^2`` that each joint has left, u from -1 to 1 over its range.

    Args:
        arm: the arm.
        turns: whether the tool is to turn well, too; a rotation of 1 rad then counts as a motion of
            a third of the arm's reach.
    """
    centre, half = joint_range(arm)
    q = _postures(arm)
    room = np.prod((1 - ((q - centre) / half) ** 2) ** 2, axis=1)
    J = arm.jacobian(q)
    if turns:
        J[:, 3:] *= farthest_reach(arm) / 3.0
    J = J[:, [*task_axes(arm), *((3, 4, 5) if turns else ())]]
    gains = np.linalg.svd(J, compute_uv=False)  # (k, axes), the largest first
    return q[np.argmax(gains.prod(axis=1) * gains[:, -1] / gains[:, 0] * room)]


def random_targets(
    arm: Arm, home: Float[np.ndarray, "n"], count: int, rng: np.random.Generator
) -> Float[np.ndarray, "count 3"]:
    """Return random reachable tool positions [m] in a box around the tool at home.

    The box has a side of 0.3 m, or 0.3 times the arm's reach where that is less than 1 m. Each
    target is at least a third of a side away from the one before it.

    Raises:
        ConfigurationError: the arm reaches hardly any point of the box.
    """
    axes = list(task_axes(arm))
    centre = arm.pose(home)[:3, 3]
    base = arm.pose(home, frame=arm.frames[0])[:3, 3]
    reach = float(np.linalg.norm(centre - base)) * 1.5
    farthest = farthest_reach(arm)
    if reach < 0.1 * farthest:  # such as a slider in its middle, with the tool at its base
        reach = farthest
    side = SIDE * min(1.0, reach)
    targets, misses = [centre], 0
    while misses < HARDLY:
        target = centre.copy()
        target[axes] += rng.uniform(-0.5, 0.5, len(axes)) * side
        far_enough = np.linalg.norm(target - targets[-1]) >= side / 3
        misses += 1
        if far_enough and posture_at(arm, home, target, axes) is not None:
            targets.append(target)
            misses = 0
        if len(targets) > count:
            return np.array(targets[1:])
    raise ConfigurationError(
        f"arm '{arm.name}': reaches only {len(targets) - 1} of {count} targets in a box of "
        f"{side:.2f} m around its tool"
    )


def random_direction(
    arm: Arm, home: Float[np.ndarray, "n"], rng: np.random.Generator
) -> Float[np.ndarray, "3"]:
    """Return a uniformly random direction in the tool frame; for a planar arm, in its plane."""
    direction = np.zeros(3)
    axes = list(task_axes(arm))
    direction[axes] = rng.standard_normal(len(axes))  # in the base frame
    return arm.pose(home)[:3, :3].T @ (direction / np.linalg.norm(direction))


def reach_states(
    arm: Arm,
    home: Float[np.ndarray, "n"],
    rng: np.random.Generator,
    *,
    reaches: int = 40,
    duration: float = 1.2,
) -> States:
    """Return the joints' states on reaches through random targets, by kinematics alone.

    The tool follows minimum-jerk lines of ``duration`` [s], the posture relaxes towards home in the
    null space of the task: ``dq = J^+ (dx_r + 10/s (x_r - x)) + (I - J^+ J) 2/s (home - q)``.
    The states do not depend on the arm's disturbances. A reach gives a hundred of them.

    Raises:
        ConfigurationError: the arm hardly reaches any target.
    """
    try:
        targets = random_targets(arm, home, reaches, rng)
    except ConfigurationError as error:
        raise ConfigurationError(
            f"{error}; start from another posture, or give a sample of the arm's work, "
            "learning_cycle(..., states=States(q, dq, ddq))"
        ) from None
    path = MinimumJerk(np.vstack([arm.pose(home)[:3, 3], targets]), duration)
    return follow_relaxed(arm, home, path, duration / 100)


def follow_relaxed(
    arm: Arm,
    home: Float[np.ndarray, "n"],
    path: EndingPath,
    step: float,
    rows: tuple[int, ...] | None = None,
) -> States:
    """Return the joints' states along a path of the tool, by kinematics alone; see `reach_states`.

    Args:
        arm: the arm.
        home: its posture at the start, to which it relaxes [rad].
        path: the path of the tool.
        step: time between two states [s].
        rows: rows of J that the path controls; by default the tool's position.
    """
    rows = task_axes(arm) if rows is None else rows
    axes = list(rows)
    q, states = np.array(home, dtype=float), []
    for time in step * np.arange(round(path.end / step)):
        reference = path.at(float(time))
        terms = arm.terms(q, np.zeros_like(q))
        J = terms.J[axes]
        inverse = np.linalg.solve(J @ J.T + 1e-6 * np.eye(len(axes)), J).T
        speed = _six(reference.dx + 10.0 * (reference.x - terms.pose[:3, 3]), reference.omega)
        moving = inverse @ speed[axes]
        moving += 2.0 * ((home - q) - inverse @ (J @ (home - q)))
        ahead = _six(reference.ddx, reference.domega)
        accelerating = inverse @ (ahead[axes] - arm.jacobian_dot(q, moving)[axes] @ moving)
        states.append((q, moving, accelerating))
        q = q + step * moving
    return States(*(np.array(column) for column in zip(*states, strict=True)))


def _six(linear: np.ndarray, angular: np.ndarray | None) -> Float[np.ndarray, "6"]:
    return np.concatenate((linear, np.zeros(3) if angular is None else angular))


def joint_range(arm: Arm) -> tuple[Float[np.ndarray, "n"], Float[np.ndarray, "n"]]:
    """Return the middle and half the width of each joint's range; +-pi where it has no limits."""
    limited = np.isfinite(arm.q_lower) & np.isfinite(arm.q_upper)
    lower = np.where(limited, arm.q_lower, -np.pi)
    upper = np.where(limited, arm.q_upper, np.pi)
    return 0.5 * (lower + upper), 0.5 * (upper - lower)


def _postures(arm: Arm) -> Float[np.ndarray, "k n"]:
    """Return postures with joints 2 to 6 at the middle or bent either way: at most 3,125.

    The other joints are at the middle. The first one does not change the manipulability.
    """
    centre, half = joint_range(arm)
    bent = range(min(1, arm.dof - 1), min(6, arm.dof))
    bends = np.zeros((len(BENDS) ** len(bent), arm.dof))
    bends[:, bent] = list(itertools.product(BENDS, repeat=len(bent)))
    return centre + bends * half


def farthest_reach(arm: Arm) -> float:
    """Return the largest distance [m] from base to tool on a coarse grid of postures."""
    q = _postures(arm)
    base = arm.pose(q[0], frame=arm.frames[0])[:3, 3]
    return float(np.linalg.norm(arm.pose(q)[:, :3, 3] - base, axis=1).max())


def within_room(arm: Arm, home: Float[np.ndarray, "n"], q: Float[np.ndarray, "*batch n"]) -> bool:
    """Whether postures [rad] lie well inside the limits of the joints, as seen from ``home``."""
    centre, room = _room(arm, home)
    return bool(np.all(np.abs(q - centre) < room))


def _room(
    arm: Arm, home: Float[np.ndarray, "n"]
) -> tuple[Float[np.ndarray, "n"], Float[np.ndarray, "n"]]:
    """Return the middle and half the width of the joint positions that a target may use.

    They span `MARGIN` of a joint's range. If home lies outside, they span the range around home for
    a joint without limits, and half of the remaining range for one with limits.
    """
    centre, half = joint_range(arm)
    away, room = np.abs(home - centre), MARGIN * half
    limited = np.isfinite(arm.q_lower) & np.isfinite(arm.q_upper)
    beyond = away >= room
    room = np.where(beyond & limited, np.minimum(0.5 * (away + half), half), room)
    return np.where(beyond & ~limited, home, centre), room


def posture_at(
    arm: Arm, home: Float[np.ndarray, "n"], target: Float[np.ndarray, "3"], axes: list[int]
) -> Float[np.ndarray, "n"] | None:
    """Return a posture with the tool at ``target``, near home and well inside the limits, or None.

    By damped least squares; only ``axes`` of the tool's position count.
    """
    q = home.copy()
    for _ in range(200):
        error = (target - arm.pose(q)[:3, 3])[axes]
        if np.linalg.norm(error) < 1e-4:
            return q if within_room(arm, home, q) else None
        J = arm.jacobian(q)[axes]
        inverse = J.T @ np.linalg.inv(J @ J.T + 1e-4 * np.eye(len(axes)))
        q = q + inverse @ error + 0.5 * (np.eye(arm.dof) - inverse @ J) @ (home - q)
    return None
