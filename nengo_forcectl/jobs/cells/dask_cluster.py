"""The workers of a Dask cluster."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from ...errors import ClusterError
from .identity import Identity, difference, identity

LOG = logging.getLogger("nengo_forcectl")
CONNECT = 10.0  # time in which a scheduler must answer [s]
WORKERS = 60.0  # time in which a worker must be there, also later on [s]
COUNT_EVERY = 5.0  # time between two counts of the workers [s]
AHEAD = 2  # cells given to each worker: one to run and one to wait


class DaskCluster:
    """Workers of a cluster, which give the cells of one that dies to another.

    Each must be like this process: versions, sources, files. A process runs one cell at a time.

    Args:
        address: of the scheduler.
        wanted: identity that the workers must have.

    Raises:
        ClusterError: ``distributed`` is not installed, the scheduler does not answer, has no
            workers, or one of them is not like this process.
    """

    def __init__(self, address: str, wanted: Identity) -> None:
        self._address, self._wanted = address, wanted
        self._counted, self._seen = -COUNT_EVERY, time.monotonic()
        self._workers = 1

    def __enter__(self) -> "DaskCluster":
        with _silent():
            self._client = _connected(self._address)
            try:
                self._wait_for_workers()
                self._check_workers()
            except BaseException:
                self._client.close(timeout=1)
                raise
        self._executor = self._client.get_executor(pure=False)
        return self

    def __exit__(self, *_: object) -> None:
        with _silent():
            self._executor.shutdown(wait=False)
            self._client.close(timeout=5)

    @property
    def window(self) -> int:
        """How many cells to give it at once."""
        self._count()
        return AHEAD * max(self._workers, 1)

    def submit(self, function: Callable[..., Any], *arguments: Any) -> "Future[Any]":
        """Return the future of a call."""
        return self._executor.submit(function, *arguments)

    def renew(self) -> None:
        """Do nothing: the cluster starts new workers itself."""

    def check(self) -> None:
        """Raise `ClusterError` if the cluster is gone, or has had no worker for a minute.

        Raises:
            ClusterError: it is.
        """
        self._count()
        if time.monotonic() - self._seen > WORKERS:
            raise ClusterError(
                f"dask: {self._address} has had no worker for {WORKERS:g} s; finished cells "
                "are kept, and the same command with this --out resumes"
            )

    def _count(self) -> None:
        now = time.monotonic()
        if now - self._counted < COUNT_EVERY:
            return
        self._counted = now
        try:
            self._workers = len(self._client.nthreads())
        except Exception as error:  # whatever a connection that is gone raises
            raise gone(self._address, error) from None
        if self._workers:
            self._seen = now

    def _wait_for_workers(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=WORKERS)
        except Exception:  # a TimeoutError, of which there are several on Python 3.10
            raise ClusterError(
                f"dask: {self._address} has no worker after {WORKERS:g} s, needs one at least: "
                "dask worker ADDRESS --nthreads 1 --nworkers N"
            ) from None

    def _check_workers(self) -> None:
        found = self._client.run(identity, tuple(self._wanted["files"]), on_error="return")
        for worker, each in found.items():
            other = (
                f"{type(each).__name__}: {each}"
                if isinstance(each, BaseException)
                else difference(each, self._wanted)
            )
            if other is not None:
                raise wrong_worker(worker, other)
        threads = {each: count for each, count in self._client.nthreads().items() if count > 1}
        if threads:
            LOG.info(
                "dask: %d workers have several threads, and run one cell at a time all the same; "
                "start them with --nthreads 1 --nworkers N", len(threads),
            )  # fmt: skip


def wrong_worker(worker: str, other: str) -> ClusterError:
    """Return the error for a worker that is not like this process."""
    return ClusterError(f"dask: worker {worker} has {other}; needs what this process has")


def gone(address: str, error: BaseException | None = None) -> ClusterError:
    """Return the error for a cluster that has gone."""
    why = f" ({type(error).__name__})" if error is not None else ""
    return ClusterError(
        f"dask: {address} no longer answers{why}; what is done is kept, the same command with this "
        "--out goes on"
    )


def _connected(address: str) -> Any:
    try:
        from distributed import Client, Security, rpc  # optional
    except ImportError:
        raise ClusterError(
            "dask: needs the package distributed: pip install 'nengo-forcectl[cluster]'"
        ) from None
    try:
        asyncio.run(asyncio.wait_for(_ask(rpc, address, Security()), CONNECT))
        return Client(address, timeout=CONNECT, set_as_default=False, name="nengo-forcectl")
    except Exception as error:  # which one depends on the protocol and the version
        reason = "" if isinstance(error, (OSError, TimeoutError)) else f" ({type(error).__name__})"
        raise ClusterError(
            f"dask: {address} does not answer as a scheduler within {CONNECT:g} s{reason}"
        ) from None


async def _ask(rpc: Any, address: str, security: Any) -> None:
    """Ask a scheduler who it is: `Client` would wait for ever for one that is silent."""
    connection = security.get_connection_args("client")
    async with rpc(address, timeout=CONNECT, connection_args=connection) as scheduler:
        await scheduler.identity()


@contextmanager
def _silent() -> Iterator[None]:
    """Keep what distributed logs of connections to itself: errors say it in one line."""
    logger = logging.getLogger("distributed")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)
