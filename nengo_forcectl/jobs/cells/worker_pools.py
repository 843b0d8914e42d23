"""Where cells run: in this process, in several of this machine, or on a Dask cluster.

Each is an executor with a ``window``, how many cells to give it at once, and a ``check`` of whether
it can go on.
"""

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from types import TracebackType
from typing import Any

from ..job_settings import WorkerSettings
from .dask_cluster import DaskCluster
from .identity import Identity

LOOK = 0.5  # time between two looks of a process at its parent [s]
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)


class ThisProcess:
    """Runs a cell when it is submitted."""

    window = 1

    def __enter__(self) -> "ThisProcess":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def submit(self, function: Callable[..., Any], *arguments: Any) -> "Future[Any]":
        """Return a future that is done."""
        future: Future[Any] = Future()
        future.set_result(function(*arguments))
        return future

    def renew(self) -> None:
        """Do nothing: this process has not died."""

    def check(self) -> None:
        """Do nothing: this process goes on."""


class LocalProcesses:
    """Processes of this machine.

    Args:
        jobs: how many.
    """

    def __init__(self, jobs: int) -> None:
        self.window = jobs
        self._start()

    def __enter__(self) -> "LocalProcesses":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._executor.shutdown(wait=True, kill_workers=error is not None)

    def submit(self, function: Callable[..., Any], *arguments: Any) -> "Future[Any]":
        """Return the future of a call."""
        return self._executor.submit(function, *arguments)

    def renew(self) -> None:
        """Start new processes in place of those of which one has died."""
        self._executor.shutdown(wait=True, kill_workers=True)
        self._start()

    def check(self) -> None:
        """Do nothing: a process that dies ends its futures."""

    def _start(self) -> None:
        from joblib.externals.loky import ProcessPoolExecutor  # only several processes need it

        self._executor: Any = ProcessPoolExecutor(
            self.window, initializer=_begin, initargs=(os.getpid(),), env=ONE_THREAD
        )


def _begin(parent: int) -> None:
    """Prepare a process for cells: it ends with its parent, also if that is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles it and ends this process
    Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK)
    os._exit(1)


Pool = ThisProcess | LocalProcesses | DaskCluster


def worker_pool(settings: WorkerSettings, cells: int, identity: Identity) -> Pool:
    """Return the workers that settings ask for, at most one per cell, for a ``with`` statement."""
    if settings.dask is not None:
        return DaskCluster(settings.dask, identity)
    jobs = min(settings.jobs or os.cpu_count() or 1, cells)
    return ThisProcess() if jobs <= 1 else LocalProcesses(jobs)
