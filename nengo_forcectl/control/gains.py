"""Gains: numbers, vectors or symmetric matrices, checked and converted to one form."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Float

from ..errors import ConfigurationError

Numbers: TypeAlias = Sequence[float] | Float[np.ndarray, "k"]
Gain: TypeAlias = float | Numbers | Sequence[Sequence[float]] | Float[np.ndarray, "k k"]
"""One number for all axes, one per axis, or a positive semidefinite symmetric matrix."""


def check_gain(owner: Any, field: str, size: int | None = None, *, positive: bool = False) -> None:
    """Check a field of a frozen dataclass and replace it by a float or a copied array.

    Args:
        size: size of a vector or matrix; None if not known yet.
        positive: whether to refuse zero as well.

    Raises:
        ConfigurationError: the gain is not valid; the message names field, value and valid values.
    """
    name = f"{type(owner).__name__}.{field}"
    try:
        value = np.array(getattr(owner, field), dtype=float)
    except (TypeError, ValueError):
        raise ConfigurationError(f"{name}: is {getattr(owner, field)}, needs numbers") from None
    n = value.shape[-1] if size is None and value.ndim else size
    if value.ndim and (n == 0 or value.shape not in ((n,), (n, n))):
        raise ConfigurationError(f"{name}: has shape {value.shape}, needs {_shapes(size)}")
    bound = "above 0" if positive else "from 0 up"
    if value.ndim == 0:
        if not (np.isfinite(value) and (value > 0 if positive else value >= 0)):
            raise ConfigurationError(f"{name}: is {value}, needs a number {bound}")
        object.__setattr__(owner, field, float(value))
        return
    if not np.isfinite(value).all():
        raise ConfigurationError(f"{name}: is {value.tolist()!s:.80}, needs finite numbers")
    least = value.min()
    if value.ndim == 2:
        if np.abs(value - value.T).max() > 1e-9 * np.abs(value).max():
            raise ConfigurationError(f"{name}: is not symmetric, needs a symmetric matrix")
        least = np.linalg.eigvalsh(value)[0]
        least = 0.0 if abs(least) < 1e-12 * np.abs(value).max() else least
    if least < 0 or (positive and least == 0):
        what = "eigenvalue" if value.ndim == 2 else "value"
        raise ConfigurationError(f"{name}: has {what} {least:.6g}, needs all {bound}")
    value.flags.writeable = False
    object.__setattr__(owner, field, value)


def matrix(owner: Any, field: str, size: int) -> Float[np.ndarray, "size size"]:
    """Return a gain as a matrix.

    Raises:
        ConfigurationError: the vector or matrix has another size.
    """
    value = np.asarray(getattr(owner, field))
    if value.ndim and value.shape[-1] != size:
        name = f"{type(owner).__name__}.{field}"
        raise ConfigurationError(f"{name}: has shape {value.shape}, needs {_shapes(size)}")
    if value.ndim == 0:
        return float(value) * np.eye(size)
    return np.diag(value) if value.ndim == 1 else np.array(value)


def _shapes(size: int | None) -> str:
    if size == 0:
        return "a number"
    n = "k" if size is None else size
    return f"a number, ({n},) or ({n}, {n})"
