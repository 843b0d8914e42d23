"""Rotations, poses and mass distributions as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from math import atan2, cos, hypot, pi, sin
from typing import TYPE_CHECKING

import numpy as np
from numpy import ndarray

from arms.model.chain import Inertia, Pose, Vector

if TYPE_CHECKING:
    from jaxtyping import Float

SNAP = 1e-9  # [rad]; URDF files write pi/2 with 10 to 12 digits
_STEP = pi / 12
_ROUNDING = 4e-16


def snap(angle: float, within: float = SNAP) -> float:
    """``angle`` [rad], or the multiple of 15 degrees that is within 1e-9 rad of it."""
    nearest = round(angle / _STEP) * _STEP
    return nearest if abs(angle - nearest) < within else angle


def rounded(angle: float) -> float:
    """``angle`` [rad] without the rounding that hides a multiple of 15 degrees: 1e-13 rad."""
    return snap(angle, 1e-13)


def cos_sin(angle: float) -> tuple[float, float]:
    """Cosine and sine, exactly 0 and +-1 at right angles."""
    quarter = angle / (pi / 2)
    if quarter == round(quarter):
        return ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[round(quarter) % 4]
    return cos(angle), sin(angle)


def rotation(rpy: Vector) -> Float[ndarray, "3 3"]:
    """Rotation matrix of roll, pitch and yaw about the fixed axes, each rounded."""
    (ca, sa), (cb, sb), (cc, sc) = (cos_sin(rounded(angle)) for angle in rpy)
    return np.array(
        [
            [cc * cb, cc * sb * sa - sc * ca, cc * sb * ca + sc * sa],
            [sc * cb, sc * sb * sa + cc * ca, sc * sb * ca - cc * sa],
            [-sb, cb * sa, cb * ca],
        ]
    )


def roll_pitch_yaw(R: Float[ndarray, "3 3"]) -> Vector:
    """The inverse of ``rotation``.

    Roll is computed from the rotation that remains after yaw. Near pitch +-pi/2, where only their
    sum or difference is determined, the errors of the two then cancel.
    """
    yaw = atan2(R[1, 0], R[0, 0])
    s, c = sin(yaw), cos(yaw)
    roll = atan2(s * R[0, 2] - c * R[1, 2], c * R[1, 1] - s * R[0, 1])
    pitch = atan2(-R[2, 0], hypot(R[0, 0], R[1, 0]))
    return rounded(roll), rounded(pitch), rounded(yaw)


def matrix(pose: Pose) -> Float[ndarray, "4 4"]:
    """The homogeneous transform of a ``Pose``."""
    T = np.eye(4)
    T[:3, :3] = rotation(pose.rpy)
    T[:3, 3] = pose.xyz
    return T


def pose_of(T: Float[ndarray, "4 4"]) -> Pose:
    """The ``Pose`` of a homogeneous transform."""
    x, y, z = (float(value) for value in T[:3, 3])
    return Pose((x, y, z), roll_pitch_yaw(T[:3, :3]))


def about_axis(axis: Vector, angle: float) -> Float[ndarray, "3 3"]:
    """Rotation by ``angle`` about a unit ``axis`` (Rodrigues)."""
    c, s = cos_sin(rounded(angle))
    K = skew(np.array(axis))
    return np.eye(3) + s * K + (1.0 - c) * (K @ K)


def nearest_rotation(R: Float[ndarray, "3 3"]) -> Float[ndarray, "3 3"]:
    """The rotation nearest to a matrix (Higham 1989); ``R`` itself if it is one to rounding."""
    U, _, Vt = np.linalg.svd(R)
    nearest = U @ np.diag([1.0, 1.0, np.linalg.det(U @ Vt)]) @ Vt
    return R if np.abs(nearest - R).max() < 1e-14 else nearest


def skew(v: Float[ndarray, "3"]) -> Float[ndarray, "3 3"]:
    """``skew(v) @ w`` is ``v x w``."""
    x, y, z = v
    return np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])


def z_to(axis: Vector) -> Float[ndarray, "3 3"]:
    """A rotation from z to the unit vector ``axis``, exact for the six axis directions."""
    k = int(np.argmax(np.abs(axis)))
    if abs(abs(axis[k]) - 1.0) < _ROUNDING * 8 and sum(map(abs, axis)) < 1.0 + 1e-15:
        sign = 1.0 if axis[k] > 0 else -1.0
        return rotation(
            (
                (0.0, sign * pi / 2, 0.0),
                (-sign * pi / 2, 0.0, 0.0),
                (0.0 if sign > 0 else pi, 0.0, 0.0),
            )[k]
        )
    z = np.array(axis)
    x = np.cross(np.eye(3)[(k + 1) % 3], z)
    x /= np.linalg.norm(x)
    return np.column_stack([x, np.cross(z, x), z])


def clean(values: ndarray) -> ndarray:
    """``values``, with those within 4e-16 of 0 or +-1 rounded to it."""
    nearest = np.round(values)
    return np.where(
        (np.abs(values - nearest) < _ROUNDING) & (np.abs(nearest) <= 1), nearest, values
    )


def tensor(inertia: Inertia) -> Float[ndarray, "3 3"]:
    """The inertia tensor [kg m^2] about the centre of mass."""
    xx, xy, xz, yy, yz, zz = inertia.moments
    return np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])


def second_moment(inertia: Inertia) -> Float[ndarray, "3 3"]:
    """S = integral of x x^T dm about the link's origin; the inertia tensor is trace(S) 1 - S."""
    I = tensor(inertia)  # noqa: E741
    c = np.array(inertia.com)
    return np.trace(I) / 2 * np.eye(3) - I + inertia.mass * np.outer(c, c)


def turned_moments(
    moments: Sequence[float], rpy: Vector
) -> tuple[float, float, float, float, float, float]:
    """Ixx, Ixy, Ixz, Iyy, Iyz, Izz in axes turned by ``rpy``, expressed in the unturned axes."""
    xx, xy, xz, yy, yz, zz = moments
    R = rotation(rpy)
    I = R @ tensor(Inertia(moments=(xx, xy, xz, yy, yz, zz))) @ R.T  # noqa: E741
    xx, xy, xz, yy, yz, zz = (float(x) for x in I[np.triu_indices(3)])
    return xx, xy, xz, yy, yz, zz


def is_physical(inertia: Inertia) -> bool:
    """Can a rigid body have these moments: none negative, each at most the sum of the others?"""
    a, b, c = np.linalg.eigvalsh(tensor(inertia)).tolist()
    return a >= -1e-12 * c and a + b >= c * (1 - 1e-6)
