"""A log message for slow work."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer

LOGGER = logging.getLogger("arms")
PATIENCE = 1.0  # [s]

_seconds: dict[str, float] = {}  # spent on each message's work so far
_logged: set[str] = set()


@contextmanager
def announce(message: str) -> Iterator[None]:
    """Log ``message`` at level INFO when its work has taken longer than a second.

    The time of all work under one message in this process counts, and the message is logged once,
    while the work goes on.
    """
    if message in _logged or not LOGGER.isEnabledFor(logging.INFO):
        yield
        return
    timer = Timer(max(PATIENCE - _seconds.get(message, 0.0), 0.0), _log, (message,))
    timer.daemon = True
    start = time.perf_counter()
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        _seconds[message] = _seconds.get(message, 0.0) + time.perf_counter() - start


def _log(message: str) -> None:
    if message not in _logged:
        _logged.add(message)
        LOGGER.info(message)
