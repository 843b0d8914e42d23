"""Compilation of the kernels that a control cycle needs, once per installation, in parallel."""

import fcntl
import gc
import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from .compile import folder, signature_of
from .parts import USUAL

LOG = logging.getLogger("nengo_forcectl")
MOST = 4  # processes; more would mostly compile the same functions, for themselves


def compile_ahead(kernels: Sequence[Any]) -> None:
    """Compile those kernels that are not on disk, and the `USUAL` ones with them.

    It takes some 40 s on two processors, which the logger ``nengo_forcectl`` announces.
    Without a cache folder it does nothing, and the first cycle compiles in its own process.

    Args:
        kernels: each a `compile.part`.
    """
    own = folder()
    if own is None or not _missing(kernels):
        return
    kernels = tuple(dict.fromkeys((*USUAL, *kernels)))
    LOG.info("compiling the control cycle, once per installation (about 40 s on two cores)")
    with (own / "compiling").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another process may be compiling
        missing = _missing(kernels)
        names = [f"{each.py_func.__module__}:{each.py_func.__name__}" for each in missing]
        todo, give = os.pipe()  # a byte for each kernel: whoever reads it compiles it
        os.write(give, bytes(range(len(missing))))
        os.close(give)
        code = "from nengo_forcectl.kernels.warm_up import compile_named; compile_named(0)"
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        processes = [
            subprocess.Popen([sys.executable, "-c", code, *names], env=environment, stdin=todo)
            for _ in range(min(os.cpu_count() or 1, MOST, len(missing)) - 1)
        ]
        compile_named(todo, names)
        os.close(todo)
        for process in processes:
            process.wait()


def compile_named(todo: int, names: Sequence[str] | None = None) -> None:
    """Compile kernels, ``module:function``, by their numbers, which a pipe gives to each once.

    Args:
        todo: descriptor of the pipe.
        names: of all kernels; by default the arguments of this process.
    """
    every = sys.argv[1:] if names is None else names
    with _uncollected():
        while number := os.read(todo, 1):
            module, _, name = every[number[0]].partition(":")
            kernel = getattr(import_module(module), name)
            kernel.compile(signature_of(kernel))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Leave garbage alone: numba would have it searched for during a seventh of its work."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def is_on_disk(kernel: Any) -> bool:
    """Return whether a kernel's machine code of this version is cached on disk."""
    own, function = folder(), kernel.py_func
    module = function.__module__.rpartition(".")[2]
    return own is not None and any(own.rglob(f"{module}.{function.__name__}-*.nbi"))


def _missing(kernels: Sequence[Any]) -> list[Any]:
    return [each for each in kernels if not is_on_disk(each)]
