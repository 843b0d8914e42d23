"""Compilation of kernels by numba, and its cache of their machine code."""

from collections.abc import Callable
from typing import Any

import numba

from arms.machine.loops import compiled

from .part import folder

_PARTS: dict[Any, tuple[Any, ...]] = {}  # types of the arguments, by kernel


def part(wholes: int, *, number: bool = False) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function that other kernels call by its address: see `memory.call`.

    `parts` has it as a `part.Part`, by its name.

    Args:
        wholes: number of its arguments, addresses of blocks and whole numbers, at most 6.
        number: whether a float comes after them.
    """

    def compile_part(function: Callable[..., Any]) -> Any:
        compiled_part = kernel(function)
        _PARTS[compiled_part] = (numba.int64,) * wholes + (numba.float64,) * number
        return compiled_part

    return compile_part


def signature_of(kernel: Any) -> tuple[Any, ...]:
    """Return the types of the arguments of a `part`."""
    return _PARTS[kernel]


def kernel(function: Callable[..., Any], **options: Any) -> Any:
    """Compile a function at its first call, and cache it on disk."""
    return compiled(function, folder(), **options)
