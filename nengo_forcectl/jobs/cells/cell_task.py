"""What a worker does with a cell: the same in this process, in another, and on a cluster."""

import json
import platform
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Any, NamedTuple

from ...errors import RecordError
from .identity import Identity, difference, identity
from .inside_cell import entering_cell


class Produced(NamedTuple):
    """The result of a cell."""

    data: dict[str, Any]  # as JSON has it
    files: dict[str, bytes]  # contents by name


class Finished(NamedTuple):
    """What a worker sends of a cell that it finished."""

    text: str  # the data as JSON
    files: dict[str, bytes]
    seconds: float
    host: str


class Refused(NamedTuple):
    """What a worker sends of a cell that it could not do."""

    reason: str
    wrong_worker: bool  # no cell can be done there


Work = Callable[[Any], Produced]
_ONE = Lock()  # simulators and networks have state of the process: one cell at a time


def run_task(work: Work, item: Any, wanted: Identity) -> Finished | Refused:
    """Run a cell in this process, with one thread for its linear algebra.

    The number of threads would change the last bits of a sum. What the machine lacks, such as room
    on its disk, is no result of the cell.
    """
    import scipy.linalg  # noqa: F401  brings a BLAS of its own, which is to be limited, too
    from threadpoolctl import threadpool_limits  # only cells limit threads

    reason = _unlike(wanted)
    if reason is not None:
        return Refused(reason, True)
    with _ONE, threadpool_limits(1), entering_cell(), _quiet():
        began = time.perf_counter()
        try:
            produced = work(item)
        except (RecordError, OSError, MemoryError) as error:
            return Refused(f"{error or type(error).__name__}", False)
        seconds = time.perf_counter() - began
    return Finished(dump(produced.data), produced.files, seconds, platform.node())


@contextmanager
def _quiet() -> Iterator[None]:
    """Show no warnings: there may be a thousand cells. A job's report records them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for category in (RuntimeWarning, UserWarning):
            warnings.simplefilter("default", category)
        warnings.showwarning = _ignore
        yield


def _ignore(*_: object, **__: object) -> None:
    pass


def dump(data: Mapping[str, Any]) -> str:
    """Return data as JSON; floats keep every bit."""
    return json.dumps(data, allow_nan=False)


def _unlike(wanted: Identity) -> str | None:
    try:
        return difference(identity(wanted["files"]), wanted)
    except RecordError as error:
        return f"{error}"
