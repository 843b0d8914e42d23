"""A module of plain functions as machine code, from the disk or translated now."""

from __future__ import annotations

import ctypes
import inspect
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

from arms.machine import cache as disk
from arms.machine.announce import announce

# The function imports `compile` and `translate`: they load llvmlite, see `kernel`.

_TYPES = {"int": ctypes.c_int64, "float": ctypes.c_double}


@cache
def routine(module: str, name: str) -> Callable[..., None]:
    """A function of an imported module that returns nothing, as machine code; see ``translate``.

    It takes addresses for buffers and kernels. Its code stays for as long as Python runs.
    """
    from arms.machine.compile import MachineCode, compile_text, platform
    from arms.machine.translate import translated

    source = sys.modules[module]

    def build() -> bytes:
        with announce(f"compiling {module}, once per installation"):
            return compile_text(translated(source))

    code = MachineCode(disk.fetch(f"routines|{platform()}|{module}", build))
    parameters = inspect.signature(getattr(source, name)).parameters.values()
    kinds: list[Any] = [_TYPES.get(p.annotation, ctypes.c_void_p) for p in parameters]
    function = ctypes.CFUNCTYPE(None, *kinds)(code.address(name))

    def call(*arguments: Any, _owner: MachineCode = code) -> None:
        function(*arguments)

    return call
