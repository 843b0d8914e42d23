"""What the parts of a path are given: numbers, points and rotations, checked."""

from typing import Any

import numpy as np
from jaxtyping import Float

from ..errors import ConfigurationError


def check_share(name: str, value: Any, least: float, most: float) -> None:
    """Check a number that is a share of something.

    Raises:
        ConfigurationError: it is no number from ``least`` to ``most``.
    """
    if not (np.ndim(value) == 0 and least <= value <= most):
        raise ConfigurationError(f"{name}: is {value}, needs a number from {least} to {most}")


def check_duration(name: str, value: Any) -> None:
    """Check a time that something takes [s].

    Raises:
        ConfigurationError: it is not positive; no time at all would be infinite speed.
    """
    if not (np.ndim(value) == 0 and 0 < value < np.inf):
        raise ConfigurationError(f"{name}: is {value} s, needs a positive number")


def points(name: str, value: Any, least: int = 2) -> Float[np.ndarray, "k m"]:
    """Return a read-only copy of ``value``, one point a row.

    Raises:
        ConfigurationError: they are no points, fewer than ``least``, or not finite.
    """
    array = _numbers(name, value)
    if array.ndim != 2 or len(array) < least or array.shape[1] == 0:
        raise ConfigurationError(
            f"{name}: has shape {array.shape}, needs (k, m) with k at least {least}"
        )
    return array


def vectors(name: str, *values: Any) -> tuple[Float[np.ndarray, "m"], ...]:
    """Return read-only copies of vectors that are of one length.

    Args:
        name: of the owner and, after a dot, of each value, with commas between.

    Raises:
        ConfigurationError: one of them is no vector, of another length, or not finite.
    """
    owner, fields = name.split(".")
    arrays = []
    for field, value in zip(fields.split(","), values, strict=True):
        array = _numbers(f"{owner}.{field}", value)
        if array.ndim != 1 or not array.size:
            raise ConfigurationError(f"{owner}.{field}: has shape {array.shape}, needs (m,)")
        if arrays and array.shape != arrays[0].shape:
            raise ConfigurationError(
                f"{owner}.{field}: has shape {array.shape}, needs {arrays[0].shape}"
            )
        arrays.append(array)
    return tuple(arrays)


def rotation(name: str, value: Any) -> Float[np.ndarray, "3 3"]:
    """Return the rotation nearest to ``value``, which is one up to 1e-6.

    Raises:
        ConfigurationError: it is no rotation.
    """
    R = _numbers(name, value)
    if R.shape != (3, 3):
        raise ConfigurationError(f"{name}: has shape {R.shape}, needs (3, 3)")
    off = np.abs(R.T @ R - np.eye(3)).max()
    if off > 1e-6 or np.linalg.det(R) < 0:
        raise ConfigurationError(
            f"{name}: is no rotation (R^T R is {off:.2g} off the identity, det R is "
            f"{np.linalg.det(R):.3g}); needs orthonormal columns and det R = 1"
        )
    U, _, Vt = np.linalg.svd(R)
    R = U @ Vt
    R.flags.writeable = False
    return R


def _numbers(name: str, value: Any) -> np.ndarray:
    try:
        array = np.array(value, dtype=float)
    except (TypeError, ValueError):
        raise ConfigurationError(f"{name}: is {value!r}, needs numbers") from None
    if not np.isfinite(array).all():
        where = np.argwhere(~np.isfinite(array))[0].tolist()
        raise ConfigurationError(f"{name}: not all of them are finite, the first at {where}")
    array.flags.writeable = False
    return array
