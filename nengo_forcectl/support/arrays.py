"""Arrays as compiled code takes them."""

from typing import Any

import numpy as np

ARRAY, FLOAT = np.ndarray, np.dtype(float)


def taken(value: Any) -> np.ndarray:
    """Return an array as compiled code takes it: float64 in a row, that may be written."""
    if type(value) is ARRAY and value.dtype is FLOAT and value.flags.carray:
        return value
    return np.array(value, dtype=float, order="C")
