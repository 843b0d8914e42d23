"""Fields of a disturbance with one number for all joints, or one for each."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from jaxtyping import Float

from ..errors import ConfigurationError
from ..support.validation import name_of

PerJoint: TypeAlias = float | Sequence[float] | Float[np.ndarray, "n"]
"""One number for all joints, or one for each; stored as a float or a tuple."""


def check_per_joint(
    owner: object, /, *, least: float = 0.0, above: bool = False, **units: str
) -> None:
    """Check fields, given with their units: finite numbers from ``least`` up, or ``above`` it.

    Raises:
        ConfigurationError: one has another value.
    """
    need = "a number" if least == -np.inf else f"a number {'above' if above else 'from'} {least:g}"
    need += "" if above or least == -np.inf else " up"
    for field, unit in units.items():
        value = getattr(owner, field)
        try:
            array = np.array(value, dtype=float)
        except (TypeError, ValueError):
            array = np.full(1, np.nan)
        good = np.isfinite(array) & ((array > least) if above else (array >= least))
        if isinstance(value, bool) or array.ndim > 1 or array.size == 0 or not good.all():
            text = " ".join(filter(None, (repr(value), unit)))
            raise ConfigurationError(
                f"{name_of(owner, field)}: is {text}, needs {need}, or one for each joint"
            )
        numbers = array.tolist()
        object.__setattr__(owner, field, tuple(numbers) if array.ndim else numbers)


def per_joint(owner: object, field: str, n: int) -> Float[np.ndarray, "n"]:
    """Return a field's values for ``n`` joints.

    Raises:
        ConfigurationError: it has another number of values.
    """
    value = np.asarray(getattr(owner, field), dtype=float)
    if value.ndim and len(value) != n:
        raise ConfigurationError(
            f"{name_of(owner, field)}: has {len(value)} values, needs one number or {n}"
        )
    return np.broadcast_to(value, (n,)).copy()
