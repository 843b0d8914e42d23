"""Interruptible work in a second process, with its progress reported here."""

import os
import secrets
import signal
import warnings
from collections.abc import Callable
from multiprocessing.connection import Client, Listener
from threading import Thread
from types import TracebackType
from typing import Any, Generic, TypeVar

from .job import Watch
from .report.notices import Notices

T = TypeVar("T")


class SecondProcess(Generic[T]):
    """Work that runs in another process while the ``with`` block runs in this one.

    A thread passes its progress to ``watch``. The end of the block waits for the work. If the block
    ends with an exception, such as Ctrl-C, or if ``watch`` raises, the work is interrupted at its
    next report, and the exception is raised here.

    Args:
        work: function of its own watch, which raises KeyboardInterrupt to end it; returns its
            result.
        watch: receives the progress.
    """

    def __init__(self, work: Callable[[Watch], T], watch: Watch) -> None:
        self.result: T | None = None
        """Result of the work, after the block; None if its process died."""
        self.warnings: tuple[str, ...] = ()
        """Warnings of the work, after the block."""
        self._work, self._watch = work, watch
        self._refused: BaseException | None = None  # exception raised by ``watch``
        self._interrupted = False

    def __enter__(self) -> "SecondProcess[T]":
        from joblib.externals.loky import get_reusable_executor  # 0.1 s, only for two processes

        key = secrets.token_bytes(16)
        self._listener = Listener(authkey=key)
        Thread(target=self._listen, daemon=True).start()
        executor: Any = get_reusable_executor(max_workers=1)
        address = self._listener.address
        self._future = executor.submit(_report_to, address, key, os.getpid(), self._work)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._interrupted = error is not None
        try:
            self.result, self.warnings = self._future.result()
        except Exception:
            if error is None:
                raise
        finally:
            self._listener.close()
        if error is None and self._refused is not None:
            raise self._refused

    def _listen(self) -> None:
        try:
            with self._listener.accept() as line:
                while True:
                    progress = line.recv()
                    self._show(progress)
                    line.send(not self._interrupted and self._refused is None)
        except (EOFError, OSError):  # the work is complete, or its process died
            return

    def _show(self, progress: tuple[str, int, int, str]) -> None:
        try:
            self._watch(*progress)
        except BaseException as error:  # also KeyboardInterrupt: the main thread raises it again
            self._refused = error


def _report_to(
    address: Any, key: bytes, parent: int, work: Callable[[Watch], T]
) -> tuple[T, tuple[str, ...]]:
    if os.getpid() != parent:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles it
    with (
        Client(address, authkey=key) as line,
        warnings.catch_warnings(),
        Notices() as notices,
    ):
        warnings.showwarning = notices.record_warning  # the parent tells of them

        def watch(*progress: Any) -> None:
            line.send(progress)
            if not line.recv():
                raise KeyboardInterrupt

        return work(watch), tuple(notices.lines)
