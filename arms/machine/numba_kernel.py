"""Functions that numba compiles: kernels, alone, within others, or called by their addresses.

A kernel works on existing arrays; it allocates nothing and raises nothing. Its machine code is
cached in the ``kernel_folder`` of its package. Importing this module imports numba.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numba.core.config

from arms.machine.kernel_folder import folder

_FAST = {"reassoc", "contract"}
_config: Any = numba.core.config
_parts: dict[Any, tuple[Any, ...]] = {}  # types of the arguments, by kernel


def kernel(function: Callable[..., Any], **options: Any) -> Any:
    """Compile a function at its first call, and cache it on disk."""
    where = folder(function.__module__.rpartition(".")[0])
    options |= {"cache": where is not None, "fastmath": _FAST, "error_model": "numpy"}
    before = _config.CACHE_DIR
    _config.CACHE_DIR = "" if where is None else str(where)
    try:
        return numba.njit(**options)(function)
    finally:
        _config.CACHE_DIR = before


def inlined(function: Callable[..., Any]) -> Any:
    """Compile a function into each one that calls it: a call costs more than its work."""
    return kernel(function, forceinline=True)


def part(wholes: int, *, number: bool = False) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function that is called by its address: see ``memory.call``, ``object_files.Part``.

    Args:
        wholes: Number of its arguments, addresses and whole numbers, at most 6.
        number: Whether a float comes after them.
    """

    def compile_part(function: Callable[..., Any]) -> Any:
        compiled_part = kernel(function)
        _parts[compiled_part] = (numba.int64,) * wholes + (numba.float64,) * number
        return compiled_part

    return compile_part


def signature_of(kernel: Any) -> tuple[Any, ...]:
    """The types of the arguments of a ``part``."""
    return _parts[kernel]
