"""Processes that compile parts, each to its object file on disk."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

if sys.platform != "win32":
    import fcntl

PAUSE = 0.02  # between two looks at what another process has compiled [s]
MOST = 4  # processes; more would mostly compile the same functions, for themselves
_CODE = "from arms.machine.object_files import compile_named; compile_named()"


def compile_in_processes(folder: Path, missing: Callable[[], Sequence[str]]) -> None:
    """Compile parts on all processors; wait until all are on disk.

    If another process compiles, wait until it has these parts or ends. A part that cannot be
    compiled is still missing afterwards, as are all on Windows, whose files have other locks.

    Args:
        folder: The cache folder; one process at a time compiles for it.
        missing: Returns the names of those that are not on disk, ``module:function``, in the order
            in which they are compiled.
    """
    while sys.platform != "win32" and (names := missing()):
        if processes := begin_processes(folder, names):
            for process in processes:
                process.wait()
            return
        time.sleep(PAUSE)


def begin_processes(folder: Path, names: Sequence[str]) -> list[subprocess.Popen[bytes]]:
    """Begin to compile parts on all processors; return the processes.

    There are none if another process compiles: the processes share a lock until the last one ends.

    Args:
        folder: As for `compile_in_processes`.
        names: The parts, at least one.
    """
    with (folder / "compiling").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return []
        todo, give = os.pipe()  # a byte for each part: whoever reads it compiles it
        os.write(give, bytes(range(len(names))))
        os.close(give)
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", _CODE, *names],
                env=environment(),
                stdin=todo,
                pass_fds=[lock.fileno()],
            )
            for _ in range(min(os.cpu_count() or 1, MOST, len(names)))
        ]
        os.close(todo)
    return processes


def environment() -> dict[str, str]:
    """Return the environment of a process that imports what this one imports."""
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
