"""Processes that compile parts, each to its object file on disk."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

MOST = 4  # processes; more would mostly compile the same functions, for themselves
_CODE = "from nengo_forcectl.kernels.part import compile_named; compile_named()"


def compile_in_processes(folder: Path, missing: Callable[[], Sequence[str]]) -> None:
    """Compile parts on all processors; wait until all are on disk.

    A part that cannot be compiled is still missing afterwards.

    Args:
        folder: the cache folder; one process at a time compiles for it.
        missing: returns the names of the parts to compile, ``module:function``; those that take
            longest come first. It is asked when no other process compiles.
    """
    with (folder / "compiling").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another process may be compiling
        names = missing()
        if not names:
            return
        todo, give = os.pipe()  # a byte for each part: whoever reads it compiles it
        os.write(give, bytes(range(len(names))))
        os.close(give)
        processes = [
            subprocess.Popen([sys.executable, "-c", _CODE, *names], env=environment(), stdin=todo)
            for _ in range(min(os.cpu_count() or 1, MOST, len(names)))
        ]
        os.close(todo)
        for process in processes:
            process.wait()


def environment() -> dict[str, str]:
    """Return the environment of a process that imports what this one imports."""
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
