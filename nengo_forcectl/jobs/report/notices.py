"""Warnings and remarks of a run, recorded for its report while they are shown as ever."""

import logging
import warnings
from types import TracebackType
from typing import Any

LOGGERS = ("arms", "nengo_forcectl")
LOG = logging.getLogger("nengo_forcectl")


class Notices(logging.Handler):
    """A context that records Python's warnings, and what the package logs as a warning.

    ``lines`` holds each text once.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def remark(self, text: str) -> None:
        """Show and record what a reader of the results needs to know."""
        LOG.info("%s", text)
        self.add(text)

    def add(self, *texts: str) -> None:
        """Record texts."""
        lines = (" ".join(text.split()) for text in texts)
        self.lines += [line for line in dict.fromkeys(lines) if line not in self.lines]

    def record_warning(self, message: object, *_: object, **__: object) -> None:
        """Record a warning; takes the arguments of `warnings.showwarning`."""
        self.add(str(message))

    def emit(self, record: logging.LogRecord) -> None:
        """Record what is logged."""
        self.add(record.getMessage())

    def __enter__(self) -> "Notices":
        self._show = warnings.showwarning

        def show(message: Any, *rest: Any, **more: Any) -> None:
            self.record_warning(message)
            self._show(message, *rest, **more)

        warnings.showwarning = show
        for name in LOGGERS:
            logging.getLogger(name).addHandler(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        warnings.showwarning = self._show
        for name in LOGGERS:
            logging.getLogger(name).removeHandler(self)
