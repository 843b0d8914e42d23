"""Numbers and arrays from outside: real, and of the right shape, or an ``ArmError`` says why."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf, isfinite, isnan
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy import ndarray
from numpy.typing import ArrayLike

from arms.errors import ArmError

LARGEST = 1e9  # of a number that describes an arm
_NESTED = (list, tuple, np.ma.MaskedArray)


def number(what: str, value: Any, unit: str = "", *, low: float = -inf) -> float:
    """``value`` as a float of at least ``low`` and 1e9 at most; an error starts with ``what``.

    Powers of larger ones overflow.
    """
    bound = "" if low == -inf else f", {low:g} or more"
    result = _checked(what, value, unit, f"a finite number{bound}", low, isfinite)
    if abs(result) > LARGEST:
        raise ArmError(f"{what}: is {result:g} {unit}".rstrip() + f", needs at most {LARGEST:g}")
    return result


def limit(what: str, value: Any, unit: str = "", *, low: float = -inf) -> float:
    """As `number`, but infinity is allowed: it stands for no limit."""
    bound = "" if low == -inf else f", {low:g} or more"
    return _checked(what, value, unit, f"a number{bound}", low, lambda x: not isnan(x))


def whole(what: str, value: Any, *, low: int) -> int:
    """``value`` as a whole number of at least ``low``."""
    if isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= low:
        return int(value)
    raise ArmError(f"{what}: is {value!r:.60}, needs a whole number from {low} up")


def _checked(what: str, value: Any, unit: str, need: str, low: float, fits: Any) -> float:
    if isinstance(value, Real) and not isinstance(value, bool):
        try:
            result = float(value)
        except OverflowError:  # of a whole number
            positive: Any = value > 0  # pyright: ignore[reportOperatorIssue]
            result = inf if positive else -inf
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


def refuse_other(what: str, value: Any, kind: type) -> None:
    """Raise for a value that is not of ``kind``."""
    if not isinstance(value, kind):
        name = "text" if kind is str else kind.__name__
        article = "an" if name[0] in "AEIO" else "a"
        raise ArmError(f"{what}: is {value!r:.60}, needs {article} {name}")


def all_of(what: str, values: Any, kind: type) -> tuple[Any, ...]:
    """``values`` as a tuple, each of them of ``kind``."""
    items = sequence(what, values, f"{kind.__name__}s")
    for k, item in enumerate(items):
        refuse_other(f"{what}[{k}]", item, kind)
    return items


def sequence(what: str, values: Any, need: str) -> tuple[Any, ...]:
    """``values`` as a tuple, if they are any iterable but a text."""
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise ArmError(f"{what}: is {values!r:.60}, needs a sequence of {need}")
    return tuple(values)


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
    """Raise for a masked array, alone or in sequences, that lacks an entry: NumPy drops masks."""
    if _lacks_entry(value):
        raise ArmError(f"{what} has masked entries, needs a number in each")


def _lacks_entry(value: Any, deepest: int = 64) -> bool:
    if isinstance(value, np.ma.MaskedArray):
        return bool(np.ma.is_masked(value))
    if not isinstance(value, (list, tuple)) or not deepest:
        return False
    return any(_lacks_entry(part, deepest - 1) for part in value if isinstance(part, _NESTED))
