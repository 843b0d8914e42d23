"""Numbers and arrays from outside: real, and of the right shape, or an ``ArmError`` says why."""

from __future__ import annotations

from math import inf, isfinite, isnan
from numbers import Real
from typing import Any

import numpy as np
from numpy import ndarray
from numpy.typing import ArrayLike

from arms.errors import ArmError


def number(what: str, value: Any, unit: str = "", *, low: float = -inf) -> float:
    """``value`` as a finite float of at least ``low``; an error starts with ``what``."""
    bound = "" if low == -inf else f", {low:g} or more"
    return _checked(what, value, unit, f"a finite number{bound}", low, isfinite)


def limit(what: str, value: Any, unit: str = "", *, low: float = -inf) -> float:
    """As `number`, but infinity is allowed: it stands for no limit."""
    bound = "" if low == -inf else f", {low:g} or more"
    return _checked(what, value, unit, f"a number{bound}", low, lambda x: not isnan(x))


def _checked(what: str, value: Any, unit: str, need: str, low: float, fits: Any) -> float:
    if isinstance(value, Real) and not isinstance(value, bool):
        result = float(value)
        if fits(result) and result >= low:
            return result
        value = f"{result:g} {unit}".rstrip()
    else:
        value = repr(value)[:60]
    raise ArmError(f"{what}: is {value}, needs {need}")


def vector(what: str, value: Any, unit: str = "", *, count: int = 3) -> tuple[float, ...]:
    """``value`` as a tuple of ``count`` finite floats."""
    try:
        items = tuple(value)
    except TypeError:
        items = ()
    if isinstance(value, str) or len(items) != count:
        raise ArmError(f"{what}: is {value!r:.60}, needs {count} numbers")
    return tuple(number(f"{what}[{k}]", item, unit) for k, item in enumerate(items))


def array(what: str, value: ArrayLike) -> ndarray:
    """``value`` as an array of real numbers, finite or not; an error starts with ``what``."""
    refuse_masked(what, value)
    try:
        result = np.asarray(value)
    except ValueError:
        raise ArmError(f"{what} is a ragged sequence") from None
    if result.dtype.kind not in "iuf":
        raise ArmError(f"{what} holds {result.dtype} values, not real numbers")
    return result


def refuse_masked(what: str, value: Any) -> None:
    """Raise for a masked array, or a sequence of them, that lacks an entry: NumPy drops masks."""
    parts = value if isinstance(value, (list, tuple)) else (value,)
    if any(isinstance(part, np.ma.MaskedArray) and np.ma.is_masked(part) for part in parts):
        raise ArmError(f"{what} has masked entries, needs a number in each")
