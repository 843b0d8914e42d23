"""Runs the cells of a sweep that are not yet in its folder; each is written when it is done."""

import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Future
from dataclasses import dataclass
from queue import Empty, Queue
from typing import Any

from ...errors import RecordError
from ..job import Watch
from .cell_folder import CellFolder
from .cell_task import Refused, Work, run_task
from .dask_cluster import gone, wrong_worker
from .identity import Identity
from .worker_pools import Pool

LOG = logging.getLogger("nengo_forcectl")
ATTEMPTS = 3  # processes that may die over a cell
WAKE = 5.0  # time between two looks at the workers [s]


@dataclass(frozen=True)
class Cells:
    """The cells of a sweep."""

    name: str  # of the sweep, for its progress
    work: Work  # what is done with an item
    keys: Sequence[Mapping[str, Any]]  # what each cell is of, as JSON has it
    item: Callable[[int], Any]  # from a cell's number to what a worker gets of it
    text: Callable[[Mapping[str, Any]], str]  # from a finished cell to a few words


@dataclass
class _Progress:
    """What is done, and how long the rest takes all workers together."""

    cells: Cells
    watch: Watch
    done: int
    began: float
    fresh: int = 0  # done by this process

    def show(self, last: str) -> None:
        """Report a finished cell."""
        self.done, self.fresh = self.done + 1, self.fresh + 1
        total = len(self.cells.keys)
        left = (total - self.done) * (time.monotonic() - self.began) / self.fresh
        text = f"{_duration(left)} left; {last}" if self.done < total else last
        self.watch(self.cells.name, self.done, total, text)


def run_cells(
    cells: Cells,
    folder: CellFolder,
    pool: Pool,
    identity: Identity,
    watch: Watch,
) -> dict[int, str]:
    """Run all cells that are not in the folder, and return why some could not be done, by number.

    A cell whose worker dies is given to another. A damaged cell is run again.

    Args:
        cells: the cells.
        folder: where they are written.
        pool: where they run; see `worker_pool`.
        identity: what the workers must be like.
        watch: called before the first and after every cell.

    Raises:
        RecordError: a cell cannot be written.
        ClusterError: the cluster has gone, or an unlike worker has joined it.
    """
    folder.remove_parts()
    waiting = deque(_missing(cells, folder))
    progress = _Progress(cells, watch, len(cells.keys) - len(waiting), time.monotonic())
    watch(cells.name, progress.done, len(cells.keys), "")
    return _Runner(cells, folder, identity, progress, pool).run(waiting)


class _Runner:
    """Keeps the workers busy and writes what they send."""

    def __init__(
        self,
        cells: Cells,
        folder: CellFolder,
        identity: Identity,
        progress: _Progress,
        pool: Pool,
    ) -> None:
        self._cells, self._folder, self._identity = cells, folder, identity
        self._progress, self._pool = progress, pool
        self._ended: Queue[Future[Any]] = Queue()
        self._under_way: dict[Future[Any], int] = {}
        self._attempts: Counter[int] = Counter()
        self._lost: dict[int, str] = {}

    def run(self, waiting: deque[int]) -> dict[int, str]:
        """Run cells, by number; return why some could not be done."""
        while waiting or self._under_way:
            while waiting and len(self._under_way) < self._pool.window:
                self._submit(waiting.popleft())
            try:
                future = self._ended.get(timeout=WAKE)
            except Empty:
                self._pool.check()
                continue
            if future in self._under_way:  # else its pool has broken
                self._end(future, waiting)
        return self._lost

    def _submit(self, number: int) -> None:
        item = self._cells.item(number)
        future = self._pool.submit(run_task, self._cells.work, item, self._identity)
        self._under_way[future] = number
        future.add_done_callback(self._ended.put)

    def _end(self, future: "Future[Any]", waiting: deque[int]) -> None:
        number = self._under_way.pop(future)
        if future.cancelled():
            raise gone("the cluster")
        error = future.exception()
        if isinstance(error, BrokenExecutor):
            self._try_again([number, *self._under_way.values()], waiting)
        elif error is not None:
            self._lose(number, f"{type(error).__name__}: {error}")
        else:
            self._keep(number, future.result())

    def _keep(self, number: int, result: Any) -> None:
        if isinstance(result, Refused):
            if result.wrong_worker:
                raise wrong_worker("that joined", result.reason)
            self._lose(number, result.reason)
            return
        key = self._cells.keys[number]
        self._folder.write(number, key, result)
        cell = self._folder.read(number, key)
        self._progress.show(self._cells.text(cell or {}))

    def _try_again(self, numbers: list[int], waiting: deque[int]) -> None:
        """Give the cells of a broken pool, one of which broke it, to a new one."""
        self._under_way.clear()
        self._pool.renew()
        for number in numbers:
            self._attempts[number] += 1
            if self._attempts[number] < ATTEMPTS:
                waiting.append(number)
            else:
                self._lose(number, f"{ATTEMPTS} processes died over it")

    def _lose(self, number: int, reason: str) -> None:
        self._lost[number] = " ".join(reason.split())


def _missing(cells: Cells, folder: CellFolder) -> list[int]:
    """Return the numbers of the cells that are not in the folder; damaged ones are not."""
    missing = []
    for number, key in enumerate(cells.keys):
        try:
            there = folder.read(number, key) is not None
        except RecordError as error:
            LOG.warning("%s; it is run again", error)
            folder.remove(number)
            there = False
        if not there:
            missing.append(number)
    return missing


def _duration(seconds: float) -> str:
    """Return a duration in two units, such as ``2 h 05 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
