"""Refusing settings that make no sense, in one wording."""

from numbers import Real
from typing import Any

import numpy as np

from ..errors import ConfigurationError


def check_from_zero_up(owner: object, field: str, unit: str) -> None:
    """Refuse a field that is not a finite number from 0 up.

    Raises:
        ConfigurationError: it is not; the message names the field, its value and the range.
    """
    check(owner, field, unit, _finite(getattr(owner, field)) and getattr(owner, field) >= 0)


def check_above_zero(owner: object, field: str, unit: str) -> None:
    """Refuse a field that is not a finite number above 0; see `check_from_zero_up`."""
    value = getattr(owner, field)
    check(owner, field, unit, _finite(value) and value > 0, "needs a number above 0")


def check(
    owner: object, field: str, unit: str, good: bool, needs: str = "needs a number from 0 up"
) -> None:
    """Refuse a field that is not ``good``; the message says what it ``needs``.

    Raises:
        ConfigurationError: it is not good.
    """
    if not good:
        value = " ".join(part for part in (str(getattr(owner, field)), unit) if part)
        raise ConfigurationError(f"{type(owner).__name__}.{field}: is {value}, {needs}")


def make_vector(owner: object, field: str, unit: str) -> None:
    """Turn a field of a frozen dataclass into three floats, whatever sequence it was.

    Raises:
        ConfigurationError: it is not three finite numbers.
    """
    try:
        vector = np.array(getattr(owner, field), dtype=float)
        good = vector.shape == (3,) and bool(np.isfinite(vector).all())
    except (TypeError, ValueError):
        good = False
    check(owner, field, unit, good, "needs three finite numbers x, y, z")
    object.__setattr__(owner, field, tuple(vector.tolist()))  # pyright: ignore[reportPossiblyUnboundVariable]


def make_unit(owner: object, field: str) -> None:
    """Turn a field of a frozen dataclass into a direction of length 1.

    Raises:
        ConfigurationError: it is not three finite numbers, or they are all zero.
    """
    make_vector(owner, field, "")
    vector = np.array(getattr(owner, field))
    length = float(np.linalg.norm(vector))
    check(owner, field, "", length > 1e-9, "needs a direction")
    object.__setattr__(owner, field, tuple((vector / length).tolist()))


def _finite(value: Any) -> bool:
    return isinstance(value, Real) and bool(np.isfinite(float(value)))
