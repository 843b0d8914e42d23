"""Inverse kinematics: damped least squares with joint limits, from several starts.

Each step solves ``(J^T J + lambda 1) dq = J^T e`` (Wampler 1986; Nakamura and Hanafusa 1986) over
the joints that no limit blocks; lambda is proportional to the error and adapted as in the method of
Levenberg and Marquardt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy import ndarray
from numpy.typing import ArrayLike

from arms.errors import ArmError, UnreachableError
from arms.model.attach import transform_of
from arms.model.values import array

if TYPE_CHECKING:
    from jaxtyping import Float

STARTS = 40
STEPS = 120
TOLERANCE = 1e-9  # [m] and [rad]


class Arm(Protocol):
    """The part of ``arms.Arm`` that the method uses."""

    name: str
    dof: int
    q_lower: Float[ndarray, "n"]  # [rad]
    q_upper: Float[ndarray, "n"]  # [rad]

    def pose(self, q: ArrayLike, frame: str = "tool") -> Float[ndarray, "4 4"]:
        """The frame's transform."""
        ...

    def jacobian(self, q: ArrayLike, frame: str = "tool") -> Float[ndarray, "6 n"]:
        """The frame's Jacobian in base axes."""
        ...

    def checked(self, name: str, value: ArrayLike) -> Float[ndarray, "n"]:
        """A joint vector, or an error."""
        ...


def solve(
    arm: Arm, goal: ArrayLike, start: ArrayLike | None, frame: str, seed: int
) -> Float[ndarray, "n"]:
    """Joint positions that bring ``frame`` to ``goal``, for ``Arm.inverse_kinematics``."""
    target = _target(arm, goal)
    low = np.where(np.isfinite(arm.q_lower), arm.q_lower, -np.pi)
    high = np.where(np.isfinite(arm.q_upper), arm.q_upper, np.pi)
    first = (low + high) / 2 if start is None else arm.checked("start", start)
    if first.shape != (arm.dof,):
        raise ArmError(f"Arm {arm.name!r}: start has shape {first.shape}, not ({arm.dof},)")
    rng = np.random.default_rng(seed)
    best, residual = first, np.inf
    for attempt in range(STARTS):
        q = first if attempt == 0 else rng.uniform(low, high)
        q, error = _descend(arm, target, np.clip(q, arm.q_lower, arm.q_upper), frame)
        if error < TOLERANCE:
            return q
        if error < residual:
            best, residual = q, error
    e = _error(arm.pose(best, frame), target)
    angle = f" and {np.linalg.norm(e[3:]):.3g} rad" if len(e) > 3 else ""
    raise UnreachableError(
        f"Arm {arm.name!r}: {frame!r} cannot reach {np.round(target[:3, 3], 4).tolist()} within "
        f"the joint limits; the best of {STARTS} starts is {np.linalg.norm(e[:3]):.3g} m{angle} off"
    )


def _target(arm: Arm, goal: ArrayLike) -> Float[ndarray, "4 4"] | Float[ndarray, "3 4"]:
    """A (4, 4) pose; a position alone gives (3, 4), with no axes."""
    what = f"Arm {arm.name!r}: the pose to reach"
    position = array(what, goal)
    if position.shape == (3,) and np.isfinite(position).all():
        return np.column_stack([np.zeros((3, 3)), position])
    return transform_of(what, goal)


def _error(pose: Float[ndarray, "4 4"], target: ndarray) -> Float[ndarray, "m"]:
    """Position error and, for a whole pose, the rotation vector to the target's axes."""
    position = target[:3, 3] - pose[:3, 3]
    if len(target) == 3:
        return position
    R = target[:3, :3] @ pose[:3, :3].T
    axis = np.array([R[2, 1] - R[1, 2], R[0, 2] - R[2, 0], R[1, 0] - R[0, 1]]) / 2
    sine, cosine = np.linalg.norm(axis), (np.trace(R) - 1) / 2
    angle = np.arctan2(sine, cosine)
    if sine > 1e-9:
        return np.concatenate([position, axis * (angle / sine)])
    if cosine > 0:
        return np.concatenate([position, axis])
    # Half a turn: the axis is in the symmetric part, R = 2 n n^T - 1.
    column = (R + np.eye(3))[:, int(np.argmax(np.diag(R)))]
    return np.concatenate([position, column * (np.pi / np.linalg.norm(column))])


def _descend(
    arm: Arm, target: ndarray, q: Float[ndarray, "n"], frame: str
) -> tuple[Float[ndarray, "n"], float]:
    """The nearest local minimum of the error, and its norm."""
    e = _error(arm.pose(q, frame), target)
    damping = 1e-3
    for _ in range(STEPS):
        size = float(e @ e)
        if size < TOLERANCE**2:
            break
        J = arm.jacobian(q, frame)[: len(e)]
        slope = J.T @ e
        free = ~(((q <= arm.q_lower) & (slope < 0)) | ((q >= arm.q_upper) & (slope > 0)))
        J = J[:, free]
        if not free.any() or np.abs(J.T @ e).max() < 1e-14:
            break
        A = J.T @ J + damping * size**0.5 * np.eye(J.shape[1]) + 1e-15 * np.eye(J.shape[1])
        step = np.zeros(arm.dof)
        step[free] = np.linalg.solve(A, J.T @ e)
        trial = np.clip(q + step * min(1.0, 1.0 / np.abs(step).max()), arm.q_lower, arm.q_upper)
        e_trial = _error(arm.pose(trial, frame), target)
        if e_trial @ e_trial < size:
            q, e, damping = trial, e_trial, max(damping / 4, 1e-9)
        else:
            damping *= 8
            if damping > 1e9:
                break
    return q, float(np.linalg.norm(e))
