"""Cells on a Dask cluster of two local processes."""

import os
import re
import socket
import time

import cell_works
import pytest
from test_cells import assert_another_did_the_work, cells_of, sums

from nengo_forcectl.errors import ClusterError
from nengo_forcectl.jobs.cells import dask_cluster
from nengo_forcectl.jobs.cells.cell_folder import CellFolder
from nengo_forcectl.jobs.cells.cell_runner import run_cells
from nengo_forcectl.jobs.cells.dask_cluster import DaskCluster
from nengo_forcectl.jobs.cells.identity import identity
from nengo_forcectl.jobs.job import unwatched

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def cluster():
    """Two worker processes with one thread each."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
    ) as cluster:
        yield cluster


def run(cells, folder, cluster, own=None):
    """Run cells on the cluster."""
    own = own or identity(())
    with DaskCluster(cluster.scheduler_address, own) as pool:
        return run_cells(cells, folder, pool, own, unwatched)


def test_a_cluster_gives_the_same_numbers(cluster, tmp_path):
    """Both workers work."""
    folder = CellFolder(tmp_path)
    item = lambda number: (number, tmp_path / "journal")  # noqa: E731
    assert run(cells_of(cell_works.add_slowly, item=item), folder, cluster) == {}
    assert sums(folder) == {k: cell_works.add(k).data["sum"] for k in range(6)}
    assert len({folder.read(number)["data"]["process"] for number in range(6)}) == 2


def test_a_worker_that_dies_loses_its_cells_to_another(cluster, tmp_path):
    """Nothing is lost, nothing is there twice."""
    folder, marker = CellFolder(tmp_path), tmp_path / "died"
    item = lambda number: (number, marker)  # noqa: E731
    with distributed.Client(cluster, set_as_default=False) as client:
        workers = set(client.run(os.getpid).values())
    assert len(workers) == 2
    assert run(cells_of(cell_works.die_at_first, item=item), folder, cluster) == {}
    assert int(marker.read_text()) in workers
    assert_another_did_the_work(folder, marker)
    assert sums(folder) == {k: cell_works.add(k).data["sum"] for k in range(6)}


def test_a_worker_of_another_version_is_refused(cluster):
    """In one line, before a cell is run."""
    other = {**identity(()), "versions": {**identity(())["versions"], "numpy": "1.0"}}
    words = r"dask: worker tcp://.* has numpy .*, not 1\.0; needs what this process has"
    with pytest.raises(ClusterError, match=words), \
            DaskCluster(cluster.scheduler_address, other):  # fmt: skip
        pass


def test_a_worker_without_the_file_of_an_arm_is_refused(cluster, tmp_path):
    """The line names the file."""
    own = {**identity(()), "files": {str(tmp_path / "arm.urdf"): "0"}}
    words = rf"worker .*RecordError: file '{re.escape(str(tmp_path))}/arm\.urdf'"
    with pytest.raises(ClusterError, match=words), \
            DaskCluster(cluster.scheduler_address, own):  # fmt: skip
        pass


def test_an_address_that_answers_nothing_is_said_in_time(monkeypatch):
    """Nobody there, or somebody who is no scheduler."""
    monkeypatch.setattr(dask_cluster, "CONNECT", 0.5)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        for address in (f"tcp://127.0.0.1:{port}", "tcp://127.0.0.1:1"):
            began = time.monotonic()
            with pytest.raises(ClusterError, match=f"{address} does not answer as a scheduler"), \
                    DaskCluster(address, identity(())):  # fmt: skip
                pass
            assert time.monotonic() - began < 60.0  # not for ever; on a busy machine, too


def test_a_scheduler_without_workers_is_said_in_time(monkeypatch):
    """At the beginning, and when the last has gone."""
    monkeypatch.setattr(dask_cluster, "WORKERS", 0.3)
    monkeypatch.setattr(dask_cluster, "COUNT_EVERY", 0.0)
    with distributed.LocalCluster(
        n_workers=0, processes=False, dashboard_address=":0"
    ) as empty, pytest.raises(ClusterError, match="has no worker after"), \
            DaskCluster(empty.scheduler_address, identity(())):  # fmt: skip
        pass


def test_a_cluster_that_goes_is_one_line_and_keeps_what_is_done(cluster, tmp_path, monkeypatch):
    """The scheduler ends under way: no word but the line, and the cells so far."""
    monkeypatch.setattr(dask_cluster, "COUNT_EVERY", 0.0)
    monkeypatch.setattr(dask_cluster, "CONNECT", 2.0)
    folder, own = CellFolder(tmp_path), identity(())
    item = lambda number: (number, tmp_path / "journal")  # noqa: E731

    def end(name, done, total, last):
        if done == 1:
            cluster.close()

    with pytest.raises(ClusterError, match=r"no longer answers.*goes on"), \
            DaskCluster(cluster.scheduler_address, own) as pool:  # fmt: skip
        run_cells(cells_of(cell_works.add_slowly, item=item), folder, pool, own, end)
    assert 1 <= len(folder.numbers()) < 6
