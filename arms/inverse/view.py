"""How far a posture is off: pose, Jacobian and error of the frame.

The error e (6,) is position and rotation vector from the frame to the goal, J the frame's Jacobian.
With weights, both are in the goal's axes, times the weights, and J's lower rows are multiplied by
the inverse of the left Jacobian of rotations (Sola, Deray and Atchuthan 2018, equation 146).
"""

from __future__ import annotations

from math import atan2, cos, sin, sqrt

from arms.inverse.places import (
    ANGLE_TOLERANCE,
    JACOBIAN,
    TOLERANCE,
    WEIGHTED,
    WEIGHTS,
    error_at,
)
from arms.machine.buffers import Buffer, Kernel, at


def measure(
    kernel: Kernel, n: int, goal: Buffer, settings: Buffer, x: Buffer, view: Buffer
) -> float:
    """Pose, J and error at ``x``; the square of the error."""
    kernel(x, x, x, view)
    e = at(view, error_at(n))
    turn = at(e, 3)
    for k in range(3):
        e[k] = goal[4 * k + 3] - view[4 * k + 3]
    rotation_vector(goal, view, turn)
    if settings[WEIGHTED] > 0.0:
        for i in range(n):
            correct_turn(n, i, turn, at(view, JACOBIAN))
        weigh(goal, settings, 1, 0, e)
        for i in range(n):
            weigh(goal, settings, n, i, at(view, JACOBIAN))
    return squared(e)


def is_close(e: Buffer, settings: Buffer) -> bool:
    """Whether an error is within the tolerances."""
    scale, angle_scale = 1.0 / settings[TOLERANCE], 1.0 / settings[ANGLE_TOLERANCE]
    total = 0.0
    for k in range(3):
        total += e[k] * scale * e[k] * scale + e[k + 3] * angle_scale * e[k + 3] * angle_scale
    return total < 1.0


def squared(e: Buffer) -> float:
    """``e . e``."""
    total = 0.0
    for k in range(6):
        total += e[k] * e[k]
    return total


def rotation_vector(goal: Buffer, pose: Buffer, turn: Buffer) -> None:
    """The rotation vector [rad], in base axes, from a pose's axes to the goal's."""
    R00, R11, R22 = inner(goal, pose, 0, 0), inner(goal, pose, 1, 1), inner(goal, pose, 2, 2)
    R01, R02, R12 = inner(goal, pose, 0, 1), inner(goal, pose, 0, 2), inner(goal, pose, 1, 2)
    R10, R20, R21 = inner(goal, pose, 1, 0), inner(goal, pose, 2, 0), inner(goal, pose, 2, 1)
    x, y, z = (R21 - R12) / 2.0, (R02 - R20) / 2.0, (R10 - R01) / 2.0
    sine, cosine = sqrt(x * x + y * y + z * z), (R00 + R11 + R22 - 1.0) / 2.0
    scale = 1.0
    if sine > 1e-9:
        scale = atan2(sine, cosine) / sine
    elif cosine < 0.0:
        # Half a turn: the axis is in the symmetric part, R = 2 n n^T - 1.
        x, y, z = R00 + 1.0, R10, R20
        if R11 > R00 and R11 >= R22:
            x, y, z = R01, R11 + 1.0, R21
        elif R22 > R00:
            x, y, z = R02, R12, R22 + 1.0
        scale = atan2(0.0, -1.0) / sqrt(x * x + y * y + z * z)
    turn[0], turn[1], turn[2] = scale * x, scale * y, scale * z


def inner(A: Buffer, B: Buffer, i: int, j: int) -> float:
    """Entry i, j of ``A B^T`` of two poses' rotations."""
    a, b = at(A, 4 * i), at(B, 4 * j)
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def correct_turn(n: int, i: int, turn: Buffer, J: Buffer) -> None:
    """Make the lower rows of column i of J the derivative of the rotation vector ``turn``."""
    x, y, z = turn[0], turn[1], turn[2]
    size = sqrt(x * x + y * y + z * z)
    square = 1.0 / 12.0
    if size > 1e-4:
        half = size / 2.0
        square = (1.0 - half * cos(half) / sin(half)) / (size * size)
    a, b, c = J[3 * n + i], J[4 * n + i], J[5 * n + i]
    u, v, w = y * c - z * b, z * a - x * c, x * b - y * a
    J[3 * n + i] = a + u / 2.0 + square * (y * w - z * v)
    J[4 * n + i] = b + v / 2.0 + square * (z * u - x * w)
    J[5 * n + i] = c + w / 2.0 + square * (x * v - y * u)


def weigh(goal: Buffer, settings: Buffer, n: int, i: int, columns: Buffer) -> None:
    """Column i of six rows in the goal's axes, times the weights."""
    for half in range(2):
        first = 3 * half * n + i
        x, y, z = columns[first], columns[first + n], columns[first + 2 * n]
        for k in range(3):
            turned = goal[k] * x + goal[k + 4] * y + goal[k + 8] * z
            columns[first + k * n] = settings[WEIGHTS + 3 * half + k] * turned
