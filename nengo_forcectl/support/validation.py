"""Checks of fields and arguments, in one wording: ``Class.field: is V unit, needs R``.

The owner of a field is any object; its class names the message. Arguments of a function are checked
as fields of `Arguments`, options of the command line as fields of `Settings`. A number is real and
finite; numpy's scalars are numbers, booleans and NaN are not.
"""

import math
from numbers import Integral, Real
from pathlib import PurePath
from types import SimpleNamespace
from typing import Any, NoReturn

import numpy as np
from jaxtyping import Float

from ..errors import ConfigurationError

MOST_SEED = 2**32 - 1  # of NumPy's older generators, and of Nengo


class Settings:
    """Base of settings that are options of the command line: a message names the option alone."""


class Arguments(SimpleNamespace):
    """Arguments of a function, checked as the fields of an object are; "" is no function."""

    def __init__(self, function: str, /, **values: Any) -> None:
        super().__init__(**values)
        self._function = function


def name_of(owner: object, field: str) -> str:
    """Return what an error message calls a field."""
    if isinstance(owner, Settings):
        return field
    name = owner._function if isinstance(owner, Arguments) else type(owner).__name__
    return f"{name}.{field}" if name else field


def check(owner: object, field: str, good: bool, needs: str, unit: str = "") -> None:
    """Refuse a field that is not ``good``; the message says what it ``needs``.

    Raises:
        ConfigurationError: it is not good.
    """
    if not good:
        _refuse(owner, field, _text(getattr(owner, field)), needs, unit)


def check_positive(owner: object, /, **units: str) -> None:
    """Refuse fields, given with their units, that are not numbers above 0.

    Raises:
        ConfigurationError: one is not.
    """
    for field, unit in units.items():
        value = getattr(owner, field)
        check(owner, field, is_number(value) and value > 0, "a number above 0", unit)


def check_not_negative(owner: object, /, **units: str) -> None:
    """Refuse fields, given with their units, that are not numbers from 0 up.

    Raises:
        ConfigurationError: one is not.
    """
    for field, unit in units.items():
        value = getattr(owner, field)
        check(owner, field, is_number(value) and value >= 0, "a number from 0 up", unit)


def check_within(owner: object, field: str, least: float, most: float, unit: str = "") -> None:
    """Refuse a field that is not a number from ``least`` to ``most``.

    Raises:
        ConfigurationError: it is not.
    """
    value = getattr(owner, field)
    good = is_number(value) and least <= value <= most
    check(owner, field, good, f"a number from {least:g} to {most:g}", unit)


def check_whole(owner: object, /, **least: int) -> None:
    """Refuse fields, given with the least allowed, that are not whole numbers. None is allowed.

    Raises:
        ConfigurationError: one is not.
    """
    for field, bound in least.items():
        value = getattr(owner, field)
        whole = isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= bound
        check(owner, field, value is None or whole, f"a whole number from {bound} up")


def check_seed(owner: Any) -> None:
    """Refuse a field ``seed`` that not all generators of random numbers take.

    Raises:
        ConfigurationError: it is not a whole number of 32 bits, without sign.
    """
    seed = owner.seed
    whole = isinstance(seed, Integral) and not isinstance(seed, bool)
    good = whole and 0 <= int(seed) <= MOST_SEED
    check(owner, "seed", good, f"a whole number from 0 to {MOST_SEED}")


def check_choice(owner: object, field: str, valid: tuple[str, ...]) -> None:
    """Refuse a field that is not one of the ``valid`` names.

    Raises:
        ConfigurationError: it is not.
    """
    value = getattr(owner, field)
    good = isinstance(value, str) and value in valid
    check(owner, field, good, f"one of {', '.join(valid)}")


def check_choices(owner: object, field: str, valid: tuple[str, ...]) -> None:
    """Refuse a field that is not some of the ``valid`` names, each at most once.

    Raises:
        ConfigurationError: it is not.
    """
    names = getattr(owner, field)
    if not isinstance(names, (tuple, list)):
        good, text = False, _text(names)
    else:
        good = bool(names) and all(isinstance(name, str) and name in valid for name in names)
        good = good and len(set(names)) == len(names)
        text = " ".join(map(str, names)) or "empty"
    if not good:
        _refuse(owner, field, text, f"some of {', '.join(valid)}, each at most once")


def as_vector(
    owner: object, field: str, size: int | None = None, unit: str = ""
) -> Float[np.ndarray, "m"]:
    """Turn a field into a read-only vector, and return it.

    Raises:
        ConfigurationError: it is not a vector of ``size`` finite numbers (None: of one or more).
    """
    array = _numbers(owner, field, unit)
    if array.ndim != 1 or not array.size:
        _refuse_shape(owner, field, array, "(m,), m at least 1" if size is None else f"({size},)")
    if size is not None and len(array) != size:
        _refuse_shape(owner, field, array, f"({size},)")
    return _replace(owner, field, array)


def as_points(
    owner: object, field: str, least: int = 2, unit: str = ""
) -> Float[np.ndarray, "k m"]:
    """Turn a field into a read-only array with one point a row, and return it.

    Raises:
        ConfigurationError: it is not ``least`` points or more of finite numbers.
    """
    array = _numbers(owner, field, unit)
    if array.ndim != 2 or len(array) < least or array.shape[1] == 0:
        _refuse_shape(owner, field, array, f"(k, m), k at least {least}")
    return _replace(owner, field, array)


def as_rotation(owner: object, field: str) -> Float[np.ndarray, "3 3"]:
    """Turn a field into the nearest rotation, read-only, and return it.

    Raises:
        ConfigurationError: it is further than 1e-6 from a rotation.
    """
    R = _numbers(owner, field)
    if R.shape != (3, 3):
        _refuse_shape(owner, field, R, "(3, 3)")
    off = np.abs(R.T @ R - np.eye(3)).max()
    if off > 1e-6 or np.linalg.det(R) < 0:
        raise ConfigurationError(
            f"{name_of(owner, field)}: is not a rotation (R^T R is {off:.2g} off the identity, "
            f"det R is {np.linalg.det(R):.3g}), needs orthonormal columns and det R = 1"
        )
    U, _, Vt = np.linalg.svd(R)
    return _replace(owner, field, U @ Vt)


def as_triple(owner: object, field: str, unit: str = "") -> tuple[float, float, float]:
    """Turn a field, any sequence of three numbers, into a tuple of floats, and return it.

    Raises:
        ConfigurationError: it is not three finite numbers.
    """
    try:
        vector = np.array(getattr(owner, field), dtype=float)
    except (TypeError, ValueError):
        vector = np.empty(0)
    good = vector.shape == (3,) and bool(np.isfinite(vector).all())
    check(owner, field, good, "three finite numbers x, y, z", unit)
    x, y, z = vector.tolist()
    object.__setattr__(owner, field, (x, y, z))
    return x, y, z


def as_direction(owner: object, field: str) -> tuple[float, float, float]:
    """Turn a field, any sequence of three numbers, into a tuple of length 1, and return it.

    Raises:
        ConfigurationError: it is not three finite numbers, or their length is 0.
    """
    vector = np.array(as_triple(owner, field))
    length = float(np.linalg.norm(vector))
    check(owner, field, length > 1e-9, "a direction, not zero")
    x, y, z = (vector / length).tolist()
    object.__setattr__(owner, field, (x, y, z))
    return x, y, z


def is_number(value: Any) -> bool:
    """Return whether a value is a finite real number, and not a boolean."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if not isinstance(value, Real) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond the floats
        return False


def _numbers(owner: object, field: str, unit: str = "") -> np.ndarray:
    value = getattr(owner, field)
    try:
        array = np.array(value, dtype=float)
    except (TypeError, ValueError):
        _refuse(owner, field, _text(value), "numbers", unit)
    if not np.isfinite(array).all():
        where = np.argwhere(~np.isfinite(array))[0].tolist()
        text = " ".join(part for part in (str(array[tuple(where)]), unit) if part)
        _refuse(owner, field, f"{text} at {where}" if where else text, "finite numbers")
    return array


def _replace(owner: object, field: str, array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    object.__setattr__(owner, field, array)
    return array


def _refuse_shape(owner: object, field: str, array: np.ndarray, needs: str) -> NoReturn:
    raise ConfigurationError(f"{name_of(owner, field)}: has shape {array.shape}, needs {needs}")


def _refuse(owner: object, field: str, text: str, needs: str, unit: str = "") -> NoReturn:
    value = f"{text} {unit}" if unit else text
    raise ConfigurationError(f"{name_of(owner, field)}: is {value}, needs {needs}") from None


def _text(value: Any) -> str:
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, tuple) and all(isinstance(each, PurePath) for each in value):
        return " ".join(map(str, value)) or "empty"
    return repr(value) if isinstance(value, str) else str(value)
