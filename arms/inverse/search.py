"""Inverse kinematics: postures that bring a frame to a pose, from several starts.

``Search`` says how they are searched for, ``starts`` has the arithmetic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy import ndarray
from numpy.typing import ArrayLike

from arms.errors import ArmError, UnreachableError
from arms.inverse import places, starts
from arms.machine.kernel import Kernel
from arms.machine.python_function import python_function
from arms.machine.routine import routine
from arms.model.attach import transform_of
from arms.model.chain import coordinates
from arms.model.description import Description, sample_range
from arms.model.values import LARGEST, array, number, refuse_other, vector, whole

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int

_FULL_TURN = 2 * np.pi
_APART = 1e-3  # [rad] or [m], of two postures that are different


@dataclass(frozen=True)
class Search:
    """How postures are searched for.

    The tolerances hold together: ``(distance / tolerance)^2 + (angle / angle_tolerance)^2 < 1``.
    A wanted ``posture`` is approached once the goal is reached, until ``steps`` more are taken.
    """

    tolerance: float = 1e-9  # [m]
    angle_tolerance: float = 1e-9  # [rad]
    weights: Sequence[float] = (1.0,) * 6  # along and about the goal's x, y and z; 0: free
    starts: int = 40  # the given one, then random ones
    steps: int = 120  # of each start
    posture: Sequence[float] | None = None  # of all at the goal, the nearest one nearby; (n,)
    seed: int = 0  # of the random starts

    def __post_init__(self) -> None:
        for name in ("tolerance", "angle_tolerance"):
            if number(f"Search.{name}", getattr(self, name)) <= 0.0:
                raise ArmError(f"Search.{name}: is {getattr(self, name)}, needs more than 0")
        weights = vector("Search.weights", self.weights, count=6)
        if min(weights) < 0.0 or max(weights) == 0.0:
            raise ArmError(f"Search.weights: are {weights}, need 0 or more, and one above 0")
        object.__setattr__(self, "weights", weights)
        if self.posture is not None:
            count = np.size(self.posture)
            posture = vector("Search.posture", self.posture, "rad", count=count)
            object.__setattr__(self, "posture", posture)
        for name, least in (("starts", 1), ("steps", 0), ("seed", 0)):
            whole(f"Search.{name}", getattr(self, name), low=least)


DEFAULT = Search()


class Postures(NamedTuple):
    """What a search found, for each goal of a batch."""

    q: Float[ndarray, "*batch n"]  # the best posture, within the limits
    converged: Bool[ndarray, "*batch"]  # is it within the tolerances?
    error: Float[ndarray, "*batch 2"]  # [m], [rad], times the weights
    steps: Int[ndarray, "*batch"]  # of all its starts
    restarts: Int[ndarray, "*batch"]  # starts after the first one


class _Task(NamedTuple):
    """The goals of a search as numbers, and the first starts."""

    goals: Float[ndarray, "count 4 4"]
    weights: tuple[float, ...]
    first: Float[ndarray, "count n"]
    lead: tuple[int, ...]  # leading axes


def solve(
    arm: Description,
    kernel: Kernel,
    goal: ArrayLike,
    start: ArrayLike | None,
    seed: int,
) -> Float[ndarray, "n"]:
    """Joint positions that bring a frame to one goal, for ``Arm.inverse_kinematics``."""
    found = find(arm, kernel, goal, start, Search(seed=seed))
    if found.q.ndim != 1:
        raise ArmError(
            f"Arm {arm.name!r}: has {found.q.shape[:-1]} poses to reach, needs one; find_postures "
            "takes a batch"
        )
    if found.converged:
        return found.q
    target, (distance, turn) = np.asarray(goal, np.float64), found.error
    angle = f" and {turn:.3g} rad" if target.ndim == 2 else ""
    point = target[:3, 3] if target.ndim == 2 else target
    raise UnreachableError(
        f"Arm {arm.name!r}: {kernel.request.frame!r} cannot reach {np.round(point, 4).tolist()} "
        f"within the joint limits; the best of {found.restarts + 1} starts is {distance:.3g} m"
        f"{angle} off"
    )


def find(
    arm: Description, kernel: Kernel, goals: ArrayLike, start: ArrayLike | None, search: Search
) -> Postures:
    """The postures for a batch of goals, for ``Arm.find_postures``."""
    refuse_other("search", search, Search)
    task = _task(arm, goals, start, search)
    others = _random_starts(arm, search)
    q, found = _run(arm, kernel, task, others, search)
    return _postures(q.reshape(*task.lead, arm.dof), found.reshape(*task.lead, places.FOUND))


def find_all(
    arm: Description, kernel: Kernel, goal: ArrayLike, start: ArrayLike | None, search: Search
) -> Postures:
    """The different postures for one goal, for ``Arm.all_postures``."""
    refuse_other("search", search, Search)
    task = _task(arm, goal, start, search)
    if task.lead:
        raise ArmError(f"Arm {arm.name!r}: all_postures needs one pose, not {task.lead}")
    first = np.concatenate([task.first, _random_starts(arm, search)])
    goals = np.repeat(task.goals, len(first), axis=0)
    q, found = _run(arm, kernel, task._replace(goals=goals, first=first), first[:0], search)
    chosen: list[int] = []
    turns = np.array([joint.kind != "prismatic" for joint in coordinates(arm.chain)])
    for k in np.argsort(np.linalg.norm(q - task.first, axis=1), kind="stable").tolist():
        apart = q[chosen] - q[k]
        apart = np.where(turns, apart - _FULL_TURN * np.round(apart / _FULL_TURN), apart)
        if found[k, places.CONVERGED] and (np.abs(apart).max(axis=1) > _APART).all():
            chosen.append(k)
    return _postures(q[chosen], found[chosen])


def _task(arm: Description, goals: ArrayLike, start: ArrayLike | None, search: Search) -> _Task:
    what = f"Arm {arm.name!r}: the pose to reach"
    given = array(what, goals)
    weights = tuple(search.weights)
    if given.shape[-1:] == (3,) and np.isfinite(given).all():
        lead = given.shape[:-1]
        targets = np.broadcast_to(np.eye(4), (*lead, 4, 4)).copy()
        targets[..., :3, 3] = given
        weights = (*weights[:3], 0.0, 0.0, 0.0)
        if max(weights) == 0.0:
            raise ArmError(f"{what} has a position only, and Search.weights has no weight for it")
    elif given.ndim > 2 and given.shape[-2:] == (4, 4):
        lead = given.shape[:-2]
        rows = [transform_of(what, each) for each in given.reshape(-1, 4, 4)]
        targets = np.array(rows).reshape(*lead, 4, 4)
    else:
        lead, targets = (), transform_of(what, given)
    farthest = np.abs(targets[..., :3, 3]).max(initial=0.0)
    if farthest > LARGEST:
        raise ArmError(f"{what} is {farthest:g} m away, needs at most {LARGEST:g} m")
    low, high = _range(arm)
    first = (low + high) / 2 if start is None else arm.checked("start", start)
    try:
        first = np.broadcast_to(first, (*lead, arm.dof))
    except ValueError:
        shapes = " or ".join(dict.fromkeys((f"({arm.dof},)", f"{(*lead, arm.dof)}")))
        raise ArmError(f"Arm {arm.name!r}: start has shape {first.shape}, not {shapes}") from None
    return _Task(targets.reshape(-1, 4, 4), weights, first.reshape(-1, arm.dof), lead)


def _range(arm: Description) -> tuple[ndarray, ndarray]:
    """Where random starts are: within the limits; for what has none, see `sample_range`."""
    low, high = sample_range(arm.q_lower, arm.q_upper)
    low = np.where(np.isfinite(arm.q_lower), arm.q_lower, low)
    return low, np.where(np.isfinite(arm.q_upper), arm.q_upper, high)


def _random_starts(arm: Description, search: Search) -> Float[ndarray, "others n"]:
    low, high = _range(arm)
    rng = np.random.default_rng(search.seed)
    return rng.uniform(low, high, (search.starts - 1, arm.dof))


def _run(
    arm: Description, kernel: Kernel, task: _Task, others: ndarray, search: Search
) -> tuple[Float[ndarray, "count n"], Float[ndarray, "count 5"]]:
    """The best posture of each goal, and what was found of it."""
    n, count = arm.dof, len(task.goals)
    if kernel.size != places.error_at(n):  # of any other, the search would leave its buffers
        raise ArmError(f"Arm {arm.name!r}: frame {kernel.request.frame!r}: needs a single frame")
    settings = np.zeros(places.POSTURE + n)
    settings[places.TOLERANCE] = search.tolerance
    settings[places.ANGLE_TOLERANCE] = search.angle_tolerance
    settings[places.STEPS], settings[places.RESTARTS] = search.steps, len(others)
    settings[places.WEIGHTED] = task.weights != (1.0,) * 6
    settings[places.WEIGHTS : places.POSTURE] = task.weights
    if search.posture is not None:
        posture = arm.checked("Search.posture", search.posture)
        if posture.shape != (n,):
            raise ArmError(f"Arm {arm.name!r}: Search.posture has shape {posture.shape}, not {n}")
        settings[places.TO_POSTURE], settings[places.POSTURE :] = 1.0, posture
    limits = np.concatenate([arm.q_lower, arm.q_upper])
    q, found = task.first.copy(), np.zeros((count, places.FOUND))
    work = np.empty(places.work_size(n))
    buffers = (task.goals, others, limits, settings, work, q, found)
    if kernel.address:
        addresses = (buffer.ctypes.data for buffer in buffers)
        routine(starts.__name__, "search")(kernel.address, n, count, *addresses)
    else:
        function = python_function(kernel.steps())
        starts.search(function, n, count, *(buffer.reshape(-1) for buffer in buffers))
    return q, found


def _postures(q: ndarray, found: ndarray) -> Postures:
    counts = found[..., [places.STEPS_TAKEN, places.RESTARTS_TAKEN]].astype(np.int64)
    converged = found[..., places.CONVERGED] > 0
    error = found[..., [places.DISTANCE, places.ANGLE]]
    return Postures(q, converged, error, counts[..., 0], counts[..., 1])
