"""Compilation of the whole control cycle, once per installation, in parallel."""

import fcntl
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from numba import boolean, float64, int64

from .compile import folder
from .control_cycle import run_cycle
from .control_joints import control_joints
from .control_task import control_task
from .descend import supply_descending
from .learn import supply_consolidated
from .learn_structure import supply_structured
from .learned_body import correct_terms
from .protect import protect, protect_alone

LOG = logging.getLogger("nengo_forcectl")

Part = tuple[Callable[..., Any], tuple[Any, ...]]
_LEARNER = (int64, int64, int64, int64, boolean, int64)
_GUARD = (int64, int64, int64, int64, int64, float64)
PARTS: tuple[tuple[Part, ...], ...] = (
    (
        (control_task, (int64,) * 4 + (boolean,)),
        (control_joints, (int64,) * 4 + (boolean,)),
        (correct_terms, (int64,) * 3),
        (supply_structured, _LEARNER),
    ),
    (
        (protect, _GUARD),
        (protect_alone, _GUARD),
        (supply_consolidated, _LEARNER),
        (supply_descending, _LEARNER),
    ),
)
"""Parts of a cycle, one process each: kernels and the types of their arguments."""


def compile_cycle() -> None:
    """Compile `run_cycle`, which runs every law, learner and guard, unless it is on disk.

    It takes about 20 s, which the logger ``nengo_forcectl`` announces. Without a cache folder it
    does nothing, and the first cycle compiles in its own process.
    """
    own = folder()
    if own is None or is_on_disk(run_cycle):
        return
    LOG.info("compiling the control cycle, once per installation (about 20 s)")
    with (own / "compiling").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another process may be compiling
        if not is_on_disk(run_cycle):
            _compile_parts()
            _compile(run_cycle, (int64, int64, boolean, boolean, int64, int64, float64))


def _compile_parts() -> None:
    code = "from nengo_forcectl.kernels.warm_up import compile_part; compile_part(%d)"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    processes = [
        subprocess.Popen([sys.executable, "-c", code % part], env=environment)
        for part in range(1, len(PARTS))
    ]
    compile_part(0)
    for process in processes:
        process.wait()


def compile_part(part: int) -> None:
    """Compile one of `PARTS` in this process; the machine code is cached on disk."""
    for kernel, types in PARTS[part]:
        _compile(kernel, types)


def is_on_disk(kernel: Any) -> bool:
    """Return whether a kernel's machine code of this version is cached on disk."""
    own, function = folder(), kernel.py_func
    module = function.__module__.rpartition(".")[2]
    return own is not None and any(own.rglob(f"{module}.{function.__name__}-*.nbi"))


def _compile(kernel: Any, types: tuple[Any, ...]) -> None:
    kernel.compile(types)
