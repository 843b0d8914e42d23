"""LLVM assembly to machine code for this processor.

Importing this module loads llvmlite (50 ms). ``import arms`` must not, so ``kernel.py`` imports it
when the first kernel is needed.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache
from typing import Any

import llvmlite
import llvmlite.binding as llvm


def vector_width() -> int:
    """Configurations per block of a batch; with AVX-512, eight were measured slower than four."""
    return 4 if llvm.get_host_cpu_features().get("avx") else 2


@cache
def _initialize() -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


def create_target(effort: int = 2) -> Any:
    """A new code generator for this processor; an engine takes ownership of the one it uses."""
    _initialize()
    return llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=effort,
        codemodel="jitdefault",
        jit=True,
    )


def platform() -> str:
    """Everything besides the program that machine code depends on."""
    parts = (
        llvmlite.__version__,
        llvm.get_process_triple(),
        llvm.get_host_cpu_name(),
        llvm.get_host_cpu_features().flatten(),
    )
    return "|".join(parts)


def compile_text(text: str, *, long: bool = False) -> bytes:
    """The object file of LLVM assembly.

    Passes over a ``long`` straight line cost a third of its time and make it no faster.
    """
    target = create_target(1 if long else 2)
    module = llvm.parse_assembly(text)
    module.triple = llvm.get_process_triple()
    module.verify()
    if not long:
        options = llvm.create_pipeline_tuning_options(speed_level=1)  # more gains nothing
        passes = llvm.create_pass_builder(target, options)
        passes.getModulePassManager().run(module, passes)
    return target.emit_object(module)


class MachineCode:
    """An object file loaded into memory; its addresses are valid while this object lives."""

    def __init__(self, object_file: bytes) -> None:
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), create_target())
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(object_file))
        self._engine.finalize_object()

    def address(self, function: str) -> int:
        """Address of a function by its name."""
        return self._engine.get_function_address(function)

    def write(self, name: str, values: Sequence[float]) -> None:
        """Set the entries of an array of the code."""
        address = self._engine.get_global_value_address(name)
        (ctypes.c_double * len(values)).from_address(address)[:] = values
