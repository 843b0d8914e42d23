"""Machine code for another program, from the kernels' `arms.machine.intermediate` code."""

import hashlib
import itertools
import subprocess
import sys
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import llvmlite
import llvmlite.binding as llvm
import numba
from numba import int64

from arms.machine import cache as disk
from arms.machine.announce import announce
from arms.machine.intermediate import hidden, kernel_text, other_needs, without_unused
from arms.machine.kernel_folder import sources as kernel_sources
from arms.machine.numba_kernel import signature_of
from arms.machine.workers import environment

from .. import kernels
from ..errors import ConfigurationError
from ..kernels.layout.cycle_fields import CONSOLIDATES
from ..kernels.layout.null_space_fields import COLLISION
from ..kernels.parts import (
    LEARNERS,
    PARTS,
    TASKS,
    add_gaps,
    advance_neurons,
    find_near,
    fire_structure,
)
from ..kernels.state_block import close_state, open_state
from ..kernels.supervise import count_events, learn, reset, step_controller, stop, stopped

INTERFACE = (
    (open_state, (int64,) * 5), (close_state, (int64,) * 4), (step_controller, (int64,) * 4),
    (reset, (int64,)), (stop, (int64,) * 2), (learn, (int64,) * 2), (count_events, (int64,) * 2),
    (stopped, (int64,)),
)  # fmt: skip
"""Kernels behind the library's own functions, with their arguments' types."""

KERNELS: tuple[tuple[Any, tuple[Any, ...]], ...] = (
    *((each.kernel, signature_of(each.kernel)) for each in PARTS),
    *INTERFACE,
)
"""All kernels of a library; the first ones are called by their addresses."""

APART = {
    "consolidation": LEARNERS[CONSOLIDATES], "spikes": fire_structure, "neurons": advance_neurons,
    "collisions": TASKS[COLLISION], "near": find_near, "gaps": add_gaps,
}  # fmt: skip
"""Parts in objects of their own, by the objects' names: few libraries need them."""

OBJECTS = {
    "kernels": [each for each in KERNELS if each[0] not in {a.kernel for a in APART.values()}],
    **{name: [(a.kernel, signature_of(a.kernel))] for name, a in APART.items()},
}
"""The kernels of each object."""


class Machine(NamedTuple):
    """A kind of processor that a library is compiled for."""

    name: str  # of its folder
    triple: str
    processor: str
    effort: int  # of LLVM, 0 to 3

    def target(self) -> Any:
        """Return LLVM's code generator."""
        llvm.initialize_all_targets()
        llvm.initialize_all_asmprinters()
        return llvm.Target.from_triple(self.triple).create_target_machine(
            cpu=self.processor, opt=self.effort, reloc="pic", codemodel="default"
        )


MACHINES = (
    Machine("x86_64", "x86_64-unknown-linux-gnu", "x86-64-v3", 3),
    Machine("aarch64", "aarch64-unknown-linux-gnu", "generic", 2),
)
"""Processors with AVX2 and FMA (since 2013), and all of 64-bit ARM.

Both fuse a multiplication and an addition. Which ones, LLVM chooses; with these efforts it chooses
the same on both as numba does on a processor that has FMA, so no bit differs."""


ATTRIBUTES = "nounwind", "optsize"
"""Of every function: none raises, so none needs a table for exceptions; loops are not padded."""


class ObjectFile(NamedTuple):
    """Machine code, and the functions in it that others may call."""

    name: str  # in a static library
    content: bytes
    functions: tuple[str, ...]


def entry_name(kernel: Any) -> str:
    """Return a kernel's name in machine code; no other version has it."""
    return f"forcectl_{_version()[:12]}_{kernel.__name__}"


@cache
def _version() -> str:
    """Return a digest of all that the kernels' code depends on, but the machine."""
    sources = disk.digest_of(Path(__file__).parent, *kernel_sources(kernels.__name__))
    host = llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()
    key = (sources, *host, numba.__version__, llvmlite.__version__)
    return hashlib.sha256("|".join(key).encode()).hexdigest()


def kernels_objects(machine: Machine, called: Collection[Any]) -> tuple[ObjectFile, ...]:
    """Return the kernels' code, the same for all controllers; compiled once per installation.

    One new process compiles it for all `MACHINES`, in half the time: see `arms.machine.emission`.

    Args:
        machine: the machine.
        called: parts that a controller calls; `APART` are left out unless they are among these.

    Raises:
        ConfigurationError: the code needs something besides the mathematics of C.
    """
    where = disk.versioned_folder("arms", disk.sources_version())
    stored = where is None or all(disk.is_stored(_key(machine, name), where) for name in OBJECTS)
    if not stored:
        with announce("compiling the control cycle for a C library, once per installation"):
            subprocess.run([sys.executable, "-c", _STORE], env=environment(), check=False)
    wanted = [name for name in OBJECTS if name not in APART or APART[name] in called]
    return tuple(
        ObjectFile(
            f"{name}.o",
            disk.fetch(_key(machine, name), lambda name=name: _compiled(machine, name)),
            _names(name),
        )
        for name in wanted
    )  # compiled here if the process has failed


_STORE = """
from arms.machine.emission import leave_out_machine_code
leave_out_machine_code()
from nengo_forcectl.export.c_code import store_objects
store_objects()
"""


def store_objects() -> None:
    """Compile the kernels for all machines, and store them in the cache on disk."""
    for machine, name in itertools.product(MACHINES, OBJECTS):
        disk.fetch(_key(machine, name), lambda m=machine, name=name: _compiled(m, name))


def _compiled(machine: Machine, name: str) -> bytes:
    return emit(machine, _texts(name), _names(name))


def _key(machine: Machine, name: str) -> str:
    return f"library|{name}|{machine!r}|{_version()}"


def _names(name: str) -> tuple[str, ...]:
    return tuple(entry_name(kernel) for kernel, _ in OBJECTS[name])


@cache
def _texts(name: str) -> tuple[str, ...]:
    """Return the intermediate code of an object's kernels; that of compiled parts is on disk."""
    parts = {each.kernel: each for each in PARTS}
    return tuple(
        parts[kernel].intermediate(entry_name(kernel))
        if kernel in parts
        else kernel_text(kernel, types, entry_name(kernel))
        for kernel, types in OBJECTS[name]
    )


def emit(
    machine: Machine, texts: Iterable[str], names: Sequence[str], known: Iterable[str] = ()
) -> bytes:
    """Return the object file of intermediate code in which only ``names`` are visible.

    Args:
        machine: the machine.
        texts: intermediate code for any machine.
        names: functions to call from outside.
        known: functions of another object file that may be called.

    Raises:
        ConfigurationError: the code calls something else, besides the mathematics of C.
    """
    target = machine.target()
    layout = str(target.target_data)
    whole = llvm.parse_assembly(_aimed("", machine.triple, layout))
    for text in texts:
        module = llvm.parse_assembly(_aimed(text, machine.triple, layout))
        whole.link_in(without_unused(module, target))
    whole = _without_copies(llvm.parse_assembly(hidden(str(whole), names)), target)
    without_unused(whole, target).verify()
    _check_needs(whole, known)
    for function in whole.functions:
        if not function.is_declaration:
            for attribute in ATTRIBUTES:
                function.add_function_attribute(attribute)
            if function.name not in names:
                function.linkage = "private"  # no entry in the table of symbols
    return target.emit_object(whole)


def optimized(text: str) -> str:
    """Return intermediate code after the passes that `arms.machine` runs."""
    module, options = llvm.parse_assembly(text), llvm.create_pipeline_tuning_options(speed_level=1)
    builder = llvm.create_pass_builder(MACHINES[0].target(), options)
    builder.getModulePassManager().run(module, builder)
    return str(module)


def _without_copies(module: Any, target: Any) -> Any:
    """Keep one of the equal functions of a module: each part has its own copy of what it calls."""
    manager = llvm.create_new_module_pass_manager()
    manager.add_merge_functions_pass()
    options = llvm.create_pipeline_tuning_options(speed_level=0)
    manager.run(module, llvm.create_pass_builder(target, options))
    return module


def _aimed(text: str, triple: str, layout: str) -> str:
    """Return intermediate code with another machine's triple and data layout."""
    skipped = "target ", "source_filename"
    lines = [line for line in text.splitlines() if not line.startswith(skipped)]
    head = f'target datalayout = "{layout}"\ntarget triple = "{triple}"'
    return "\n".join([head, *lines])


def _check_needs(module: Any, known: Iterable[str]) -> None:
    """Raise `ConfigurationError` if code calls anything but ``known`` and C's mathematics."""
    wrong = other_needs(module, known)
    if wrong:
        raise ConfigurationError(
            f"export: the compiled kernels call {', '.join(sorted(wrong))}; they need functions of "
            "libm alone"
        )
