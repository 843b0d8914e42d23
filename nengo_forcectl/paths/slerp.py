"""Orientation: the shortest rotation from one orientation to another."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ..support.validation import as_rotation


@dataclass(frozen=True)
class Slerp:
    """``R(s) = exp(s [turn]x) start`` with ``exp([turn]x) = end start^T`` (Shoemake 1985).

    The turn is the shorter one, at most pi. At exactly pi both are equally short, and the one whose
    axis has a positive largest entry is taken. Equal ends give no rotation.

    Raises:
        ConfigurationError: one of the ends is not a rotation matrix.
    """

    start: Float[np.ndarray, "3 3"]  # orientation of the tool: its axes are the columns
    end: Float[np.ndarray, "3 3"]

    if TYPE_CHECKING:  # any sequences are accepted and converted to arrays

        def __init__(self, start: ArrayLike, end: ArrayLike) -> None: ...

    def __post_init__(self) -> None:
        as_rotation(self, "start")
        as_rotation(self, "end")

    @cached_property
    def turn(self) -> Float[np.ndarray, "3"]:
        """Axis times angle [rad], in the base frame: omega is turn times ds."""
        return rotation_vector(self.end @ self.start.T)

    @cached_property
    def _parts(self) -> tuple[float, Float[np.ndarray, "3 3"], Float[np.ndarray, "3 3"]]:
        """The angle, ``K start`` and ``K^2 start`` with K the axis as a skew-symmetric matrix."""
        angle = float(np.linalg.norm(self.turn))
        x, y, z = self.turn / angle if angle > 0 else np.zeros(3)
        K = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
        return angle, K @ self.start, K @ K @ self.start

    def at(self, s: float) -> Float[np.ndarray, "3 3"]:
        """Return the orientation at ``s`` from 0 to 1 (Rodrigues' formula)."""
        angle, first, second = self._parts
        return self.start + math.sin(s * angle) * first + (1 - math.cos(s * angle)) * second


def rotation_vector(R: Float[np.ndarray, "3 3"]) -> Float[np.ndarray, "3"]:
    """Return axis times angle of a rotation [rad], the angle from 0 to pi."""
    w, v = twice_quaternion(R)
    length = float(np.linalg.norm(v))
    return v * (2 * math.atan2(length, w) / length) if length > 1e-12 else v


def twice_quaternion(R: Float[np.ndarray, "3 3"]) -> tuple[float, Float[np.ndarray, "3"]]:
    """Return ``2 w`` and ``2 v`` of a rotation's quaternion with w from 0 up.

    Its largest entry is computed first, to avoid division by a small one (Shepperd 1978).
    """
    trace = R[0, 0] + R[1, 1] + R[2, 2]
    i = int(np.argmax((trace, R[0, 0], R[1, 1], R[2, 2]))) - 1
    skew = np.array((R[2, 1] - R[1, 2], R[0, 2] - R[2, 0], R[1, 0] - R[0, 1]))
    if i < 0:
        root = math.sqrt(1.0 + trace)
        return root, skew / root
    root = math.sqrt(1.0 + 2.0 * R[i, i] - trace)  # 2 v[i]
    v = (R[i] + R[:, i]) / root
    v[i] = root
    return (skew[i] / root, v) if skew[i] >= 0.0 else (-skew[i] / root, -v)
