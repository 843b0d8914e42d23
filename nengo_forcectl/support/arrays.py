"""Arrays in the form that compiled code needs."""

from typing import Any

import numpy as np

ARRAY, FLOAT = np.ndarray, np.dtype(float)


def taken(value: Any) -> np.ndarray:
    """Return ``value`` as a writable, contiguous float64 array; itself if it is one."""
    if type(value) is ARRAY and value.dtype is FLOAT and value.flags.carray:
        return value
    return np.array(value, dtype=float, order="C")
