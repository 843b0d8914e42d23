"""Kernels that are called by their addresses, without numba once their machine code is on disk.

numba takes 0.3 s to load, and its own cache several milliseconds a function. So the machine code of
a `Part` is kept as an object file, and numba is loaded only if there is none. Beside it lies its
intermediate code, of which C libraries can be made. The cache folder is a ``kernel_folder``.
"""

from __future__ import annotations

import os
import sys
import zlib
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray

from arms.machine import cache as disk
from arms.machine.announce import announce
from arms.machine.kernel_folder import folder
from arms.machine.workers import compile_in_processes

if TYPE_CHECKING:
    from arms.machine.compile import MachineCode

_ENTRY = "entry"
ARGUMENT = 4  # words of an argument of `pack`: a whole number; or an array's address and shape
_PACKED = np.dtype(np.float64), np.dtype(np.int64)
_called: dict[int, Part] = {}  # by their addresses


class Part:
    """A kernel that other kernels call by its address, and Python by its ``call``.

    It is compiled once for all of them, and only if one is used that needs it.

    Args:
        module: Its module, with all dots, which has it as a ``numba_kernel.part``.
        name: Its name there.
    """

    def __init__(self, module: str, name: str) -> None:
        self.module, self.__name__ = module, name

    def __str__(self) -> str:
        return f"{self.module}:{self.__name__}"

    @property
    def kernel(self) -> Any:
        """The function that numba compiles."""
        return resolve_name(str(self))

    @property
    def folder(self) -> Path | None:
        """The cache folder of its package's kernels; None if none can be written."""
        return folder(self.module.rpartition(".")[0])

    @cached_property
    def address(self) -> int:
        """Address of its machine code, in C's convention: see ``memory.call``."""
        address = self._loaded[0].address(_ENTRY)
        _called[address] = self
        return address

    @cached_property
    def call(self) -> Callable[..., int]:
        """Python's function of it: see ``python_call.whole_call``."""
        from arms.machine.python_call import whole_call  # llvmlite

        code, wholes, number = self._loaded
        return whole_call(self.address, wholes, number, code)

    @property
    def is_on_disk(self) -> bool:
        """Whether its machine code of this version is cached on disk."""
        return disk.is_stored(self._key(), self.folder)

    def store(self) -> None:
        """Compile it in this process unless it is on disk."""
        self._content()

    def intermediate(self, name: str) -> str:
        """Its intermediate code with a function ``name``: see ``intermediate.kernel_text``."""
        packed = disk.fetch(f"{self._key()}|text", self._packed_text, self.folder)
        return zlib.decompress(packed).decode().replace(f"@{_ENTRY}(", f"@{name}(")

    @cached_property
    def _loaded(self) -> tuple[MachineCode, int, bool]:
        """Its machine code, how many whole numbers it takes, and whether a float."""
        from arms.machine.compile import MachineCode  # llvmlite

        compile_apart(self)
        content = self._content()
        return MachineCode(content[2:]), content[0], bool(content[1])

    def _content(self) -> bytes:
        """The content of its file on disk; see ``_compiled``."""
        try:
            return disk.fetch(self._key(), self._compiled, self.folder)
        except _NotPortableError as only:
            return only.content

    def _key(self) -> str:
        """Everything besides the sources and numba's version that its machine code depends on."""
        from arms.machine.compile import platform  # llvmlite

        return f"{self}|{platform()}|{sys.implementation.cache_tag}"

    def _compiled(self) -> bytes:
        """Compile it: how many whole numbers it takes, whether a float, then an object file."""
        from arms.machine.intermediate import kernel_text, text_object  # numba
        from arms.machine.numba_kernel import signature_of  # numba

        types = signature_of(self.kernel)
        number = str(types[-1]) == "float64"
        text = kernel_text(self.kernel, types, _ENTRY)
        code, complete = text_object(text, _ENTRY)
        disk.fetch(f"{self._key()}|text", lambda: zlib.compress(text.encode()), self.folder)
        content = bytes((len(types) - number, number)) + code
        if not complete:
            raise _NotPortableError(content)
        return content

    def _packed_text(self) -> bytes:
        """Compile it, unless this process has: its intermediate code, compressed."""
        from arms.machine.intermediate import kernel_text  # numba
        from arms.machine.numba_kernel import signature_of  # numba

        kernel = self.kernel
        return zlib.compress(kernel_text(kernel, signature_of(kernel), _ENTRY).encode())


class _NotPortableError(Exception):
    """Machine code that calls functions which numba has loaded, such as Intel's mathematics."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.content = content


def compile_apart(*parts: Part) -> None:
    """Compile parts of one package in other processes, so that this one loads no numba.

    Nothing is compiled that is on disk, or without a cache folder.
    """
    own = parts[0].folder
    if own is None or all(part.is_on_disk for part in parts):
        return
    names = ", ".join(repr(part.__name__) for part in parts)
    with announce(f"compiling {names}, once per installation"):
        compile_in_processes(own, lambda: [str(part) for part in parts if not part.is_on_disk])


def calls(*parts: Part) -> list[Callable[..., int]]:
    """Python's functions of parts of one package, which are compiled at the same time."""
    compile_apart(*parts)
    return [part.call for part in parts]


def part_at(address: int) -> Part | None:
    """The part at an address of `Part.address`; None if there is none."""
    return _called.get(address)


def pack(*given: Any) -> ndarray:
    """Whole numbers, and the addresses and shapes of arrays, for ``memory.arguments``.

    The kernel must take each array for what it is: of float64, or of int64.

    Raises:
        TypeError: An array is not contiguous, or of another type.
    """
    words: list[int] = []
    for each in given:
        row = (each,)
        if isinstance(each, ndarray):
            if each.dtype not in _PACKED or not each.flags.c_contiguous:
                raise TypeError(
                    f"array of {each.dtype}, shape {each.shape}: needs contiguous float64 or int64"
                )
            row = each.ctypes.data, *each.shape
        words += (*row, 0, 0, 0)[:ARGUMENT]
    return np.array(words, np.int64).reshape(-1, ARGUMENT)


def compile_named() -> None:
    """Compile the parts of this process's arguments whose numbers its standard input has."""
    from arms.machine.emission import leave_out_machine_code  # numba

    leave_out_machine_code()
    while number := os.read(0, 1):
        Part(*sys.argv[1:][number[0]].split(":")).store()
