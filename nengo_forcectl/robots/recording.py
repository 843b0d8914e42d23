"""A log that is written to a file while it grows, and the reader of such files.

The file is the header of a ``.npy`` file of rows whose fields are the columns, then the rows, one
per cycle. It is only ever appended to, so all its whole rows can be read at any time.
"""

import os
import sys
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from io import BytesIO, FileIO
from pathlib import Path
from threading import Event, Thread, get_native_id
from types import TracebackType

import numpy as np

from ..errors import RecordError
from ..support.files import interpreting, read_bytes
from .log import Log

WAKE = 0.02  # time between two looks at the log [s]
LATEST = 0.25  # longest time that a cycle waits to be written [s]
ROWS = 250  # cycles that are written at once
LENGTH = 10  # bytes before the header's text: magic, version and the text's length


class Recording:
    """Write a log to a file in the background while the ``with`` block runs the loop.

    Each cycle is in the file about a quarter of a second later, however the process ends. The loop
    itself does not wait for the disk; four times a second it may wait some 40 us for Python's lock.
    The writing thread takes the real-time priority of the loop (see `real_time`): else whatever
    interrupts that thread would make the loop wait. If the disk is full, the file holds what fits,
    and a warning at the end says so; if there is room again, the rest follows. A log without a
    cycle leaves no file.

    Args:
        path: file to write; must not exist.
        log: the log.
        more: function that returns further columns of the cycles from ``start`` to ``stop``.

    Raises:
        RecordError: the file exists, or cannot be made.
    """

    def __init__(
        self,
        path: Path | str,
        log: Log,
        more: Callable[[int, int], Mapping[str, np.ndarray]] = lambda start, stop: {},
    ) -> None:
        self.path = Path(path)
        self.cycles = 0
        """Cycles in the file."""
        self._log, self._more = log, more
        self._failure: OSError | None = None
        self._size = 0  # of the header and all whole rows [bytes]
        self._ended = Event()

    def __enter__(self) -> "Recording":
        try:
            self._file = FileIO(self.path, "x")
        except FileExistsError:
            raise RecordError(f"record '{self.path}': exists; name a new one") from None
        except OSError as error:
            raise RecordError(f"record '{self.path}': cannot be made ({error.strerror})") from None
        self._thread = Thread(target=self._work, args=[get_native_id()], daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()
        self._write()
        self._file.close()
        if not self._size:
            self.path.unlink()
        if self._failure is not None:
            warnings.warn(
                f"record '{self.path}': holds {self.cycles} of {self._log.cycles} cycles "
                f"({self._failure.strerror})",
                stacklevel=2,
            )

    def _work(self, loop: int) -> None:
        waited = 0.0
        while not self._ended.wait(WAKE):
            waited += WAKE
            _take_priority_of(loop)
            if self._log.cycles - self.cycles >= ROWS or waited >= LATEST:
                self._write()
                waited = 0.0

    def _write(self) -> None:
        """Append the cycles that are not yet in the file."""
        try:
            while self.cycles < (stop := min(self._log.cycles, self.cycles + 4 * ROWS)):
                rows = self._rows(self.cycles, stop)
                if not self._size:
                    self._append(_header(rows.dtype))
                self._append(rows.tobytes())
                self.cycles = stop
            self._failure = None
        except OSError as error:
            self._failure = error
            self._keep_whole_rows()

    def _append(self, content: bytes) -> None:
        rest = memoryview(content)
        while rest:
            rest = rest[self._file.write(rest) :]
        self._size += len(content)

    def _keep_whole_rows(self) -> None:
        """Count the rows that fitted in front of a failure, and cut the part of one."""
        size = self._file.seek(0, 2)
        if self._size:
            row = self._rows(0, 1).itemsize
            more = (size - self._size) // row
            self.cycles, self._size = self.cycles + more, self._size + more * row
        self._file.truncate(self._size)
        self._file.seek(self._size)

    def _rows(self, start: int, stop: int) -> np.ndarray:
        columns = {name: column[start:stop] for name, column in self._log.arrays().items()}
        columns |= self._more(start, stop)
        fields = [(name, column.dtype, column.shape[1:]) for name, column in columns.items()]
        rows = np.empty(stop - start, fields)
        for name, column in columns.items():
            rows[name] = column
        return rows


def _take_priority_of(thread: int) -> None:
    """Give the calling thread the scheduling policy and the priority of another one."""
    if sys.platform.startswith("linux"):
        with suppress(OSError):  # that thread is gone
            policy = os.sched_getscheduler(thread) & ~os.SCHED_RESET_ON_FORK
            if policy != os.sched_getscheduler(0):
                os.sched_setscheduler(0, policy, os.sched_getparam(thread))


def read_recording(path: Path | str) -> dict[str, np.ndarray]:
    """Return the columns of a file that `Recording` writes or wrote; none before the first cycle.

    Raises:
        RecordError: the file cannot be read, or is no such file.
    """
    problem = f"record '{path}': cannot be read"
    content = read_bytes(Path(path), problem)
    stream = BytesIO(content)
    with interpreting(problem):
        if len(content) < LENGTH or len(content) < LENGTH + int.from_bytes(content[8:10], "little"):
            if not content.startswith(np.lib.format.MAGIC_PREFIX[: len(content)]):
                raise ValueError("is not a recording")
            return {}
        np.lib.format.read_magic(stream)
        _, _, row = np.lib.format.read_array_header_1_0(stream)
        if row.hasobject or row.names is None:
            raise ValueError("has no rows of numbers")
        start = stream.tell()
        rows = np.frombuffer(content, row, (len(content) - start) // row.itemsize, start)
        return {name: rows[name].copy() for name in row.names}


def _header(row: np.dtype) -> bytes:
    stream = BytesIO()
    np.lib.format.write_array_header_1_0(
        stream,
        {"descr": np.lib.format.dtype_to_descr(row), "fortran_order": False, "shape": (0,)},
    )
    return stream.getvalue()
