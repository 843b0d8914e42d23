"""Compilation of kernels, and the cache of their machine code.

The cache folder is named by the contents of all sources of kernels: this folder's, with the
layout's in it, and those of ``arms.machine``, whose functions are compiled into them.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba

import arms.machine
from arms.machine import cache as disk
from arms.machine.loops import compiled


@cache
def folder() -> Path | None:
    """Return the cache folder of this version; None if none can be written."""
    sources = [Path(__file__).parent, Path(arms.machine.__path__[0])]
    return disk.versioned_folder("numba", disk.digest_of(*sources) + numba.__version__)


_PARTS: dict[Any, tuple[Any, ...]] = {}  # types of the arguments, by kernel
_called: dict[int, Any] = {}  # kernels by their addresses


def part(wholes: int, *, number: bool = False) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function that other kernels call by its address: see `memory.call`.

    It is compiled once for all of them, and only if one is used that needs it.

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


def address_of(kernel: Any) -> int:
    """Return the address of a `part` in C's convention; compile it unless it is on disk."""
    types = signature_of(kernel)
    kernel.compile(types)
    own = kernel.overloads[types]
    address = own.library.get_pointer_to_function(own.fndesc.llvm_cfunc_wrapper_name)
    _called[address] = kernel
    return address


def kernel_at(address: int) -> Any:
    """Return the `part` at an address of `address_of`; None if there is none."""
    return _called.get(address)


def kernel(function: Callable[..., Any], **options: Any) -> Any:
    """Compile a function at its first call, and cache it on disk."""
    return compiled(function, folder(), **options)
