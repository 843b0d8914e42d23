"""Work in a second process, whose progress is watched here and which can be interrupted."""

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

T = TypeVar("T")


class SecondProcess(Generic[T]):
    """Work that runs in another process while the ``with`` block runs in this one.

    Its progress goes to ``watch``, from a thread. The end of the block waits for it. If the block
    ends with an exception, such as Ctrl-C, the work is interrupted at its next report, and so it is
    where ``watch`` raises; that exception is then raised here.

    Args:
        work: takes a watch of its own, which raises KeyboardInterrupt to end it, and returns what
            it has done.
        watch: what the progress is shown to.
    """

    def __init__(self, work: Callable[[Watch], T], watch: Watch) -> None:
        self.result: T | None = None
        """What the work returned, after the block; None if its process died."""
        self._work, self._watch = work, watch
        self._refused: BaseException | None = None  # what ``watch`` raised
        self._interrupted = False

    def __enter__(self) -> "SecondProcess[T]":
        from joblib.externals.loky import get_reusable_executor  # 0.1 s that one process can save

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
            self.result = self._future.result()
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
        except (EOFError, OSError):  # the work is done, or its process died
            return

    def _show(self, progress: tuple[str, int, int, str]) -> None:
        try:
            self._watch(*progress)
        except BaseException as error:  # KeyboardInterrupt, too: raised again by the main thread
            self._refused = error


def _report_to(address: Any, key: bytes, parent: int, work: Callable[[Watch], T]) -> T:
    if os.getpid() != parent:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent answers it
    with Client(address, authkey=key) as line, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the parent has shown those of the same settings

        def watch(*progress: Any) -> None:
            line.send(progress)
            if not line.recv():
                raise KeyboardInterrupt

        return work(watch)
