"""What a function that ``translate`` makes into machine code names in its annotations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from numpy import ndarray

Buffer: TypeAlias = ndarray
"""A contiguous float64 array, one-dimensional."""
Kernel: TypeAlias = Callable[[Any, Any, Any, Any], Any]
"""``kernel(q, dq, u, out)``: that of an arm's terms."""


def at(buffer: Buffer, k: int) -> Buffer:
    """The buffer from entry ``k`` on, sharing its memory."""
    return buffer[k:]
