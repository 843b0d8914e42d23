"""The runner of cells: files, resuming, processes that die, disks that are full."""

import errno
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from functools import partial

import cell_works
import pytest

from nengo_forcectl.errors import ClusterError, ConfigurationError, RecordError
from nengo_forcectl.jobs.cells import cell_runner
from nengo_forcectl.jobs.cells.cell_folder import CellFolder
from nengo_forcectl.jobs.cells.cell_plan import planned_folder
from nengo_forcectl.jobs.cells.cell_runner import Cells, run_cells
from nengo_forcectl.jobs.cells.cell_task import Finished
from nengo_forcectl.jobs.cells.identity import difference, identity, sources
from nengo_forcectl.jobs.cells.worker_pools import LocalProcesses, ThisProcess
from nengo_forcectl.jobs.job import unwatched
from nengo_forcectl.jobs.job_settings import WorkerSettings


def cells_of(work, count=6, item=lambda number: number):
    """So many cells."""
    keys = [{"seed": number} for number in range(count)]
    return Cells("toy", work, keys, item, lambda cell: f"sum {cell['data']['sum']:.3g}")


def run(cells, folder, jobs=1, watch=unwatched):
    """Run cells in this process, or in others."""
    pool = ThisProcess() if jobs == 1 else LocalProcesses(jobs)
    with pool:
        return run_cells(cells, folder, pool, identity(()), watch)


def sums(folder):
    """The results by number."""
    return {number: folder.read(number)["data"]["sum"] for number in folder.numbers()}


def contents(folder):
    """The bytes of all files of cells."""
    return {path.name: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}


@pytest.fixture
def folder(tmp_path):
    """An empty folder of cells."""
    return CellFolder(tmp_path)


@pytest.fixture
def wanted(tmp_path):
    """The sums of six cells in one process."""
    folder = CellFolder(tmp_path / "wanted")
    run(cells_of(cell_works.add), folder)
    return sums(folder)


def test_a_cell_is_read_as_it_was_written(folder):
    """With its files; numbers to the last bit; there is none of another number."""
    data = {"x": 0.1 + 0.2, "y": [1e-320, -0.0], "z": None, "ä": "ö"}
    folder.write(1234, {"seed": 3}, Finished(json.dumps(data), {"a.npz": b"12"}, 0.5, "here"))
    cell = folder.read(1234, {"seed": 3})
    assert json.dumps(cell["data"]) == json.dumps(data)
    assert cell["host"] == "here"
    assert (folder.path / "001" / "001234.a.npz").read_bytes() == b"12"
    assert folder.numbers() == [1234]
    assert folder.read(1) is None


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda cell, file: cell.write_bytes(cell.read_bytes()[:-20]), "is damaged"),
        (lambda cell, file: cell.write_bytes(b""), "is damaged"),
        (lambda cell, file: cell.write_text(cell.read_text().replace("0.25", "0.26")), "checksum"),
        (lambda cell, file: cell.write_text("{}"), "is damaged"),
        (lambda cell, file: file.write_bytes(b"13"), "checksum of '000002.a.npz'"),
        (lambda cell, file: file.unlink(), "No such file"),
    ],
)
def test_a_damaged_cell_is_found(damage, words, folder):
    """Cut, changed, empty, a file of it missing or changed."""
    folder.write(2, {"seed": 3}, Finished('{"x": 0.25}', {"a.npz": b"12"}, 0.5, "here"))
    damage(folder.place(2), folder.place(2, "a.npz"))
    with pytest.raises(RecordError, match=f"cell '.*000002.json': is damaged.*{words}" if
                       words != "is damaged" else words):  # fmt: skip
        folder.read(2)


def test_a_cell_of_another_key_is_no_cell_of_this_sweep(folder):
    """Even with a good checksum."""
    folder.write(2, {"seed": 3}, Finished("{}", {}, 0.5, "here"))
    with pytest.raises(RecordError, match=r"needs .*'seed': 4"):
        folder.read(2, {"seed": 4})


def test_what_is_there_is_not_run_again_and_what_is_damaged_is(folder, wanted, caplog):
    """One line names the damaged cell; progress begins with what is there, with the time left."""
    run(cells_of(cell_works.add, 4), folder)
    before = contents(folder)
    place = folder.place(1)
    place.write_bytes(place.read_bytes()[:40])
    (place.parent / "tmpabc").touch()  # of a process that was killed
    shown = []
    assert run(cells_of(cell_works.add), folder, watch=lambda *each: shown.append(each)) == {}
    assert [each[1] for each in shown] == [3, 4, 5, 6]
    assert "left; sum" in shown[1][3]
    assert "left" not in shown[-1][3]
    (line,) = [record.getMessage() for record in caplog.records]
    assert "000001.json': is damaged" in line
    assert line.endswith("it is run again")
    after = contents(folder)
    assert sums(folder) == wanted
    assert all(after[name] == before[name] for name in before if name != "000001.json")
    assert "tmpabc" not in after


def test_two_processes_give_the_same_numbers(folder, wanted):
    """And both work."""
    run(cells_of(cell_works.add_slowly, item=lambda number: (number, folder.path.parent / "j")),
        folder, 2)  # fmt: skip
    assert sums(folder) == wanted
    assert len({folder.read(number)["data"]["process"] for number in range(6)}) == 2


def test_a_process_that_dies_loses_its_cells_to_another(folder, wanted, tmp_path):
    """Nothing is lost, nothing is there twice."""
    item = lambda number: (number, tmp_path / "died")  # noqa: E731
    assert run(cells_of(cell_works.die_at_first, item=item), folder, 2) == {}
    assert sums(folder) == wanted
    assert_another_did_the_work(folder, tmp_path / "died")


def test_a_cell_that_kills_every_process_is_given_up(folder, wanted):
    """The others are done; it is no result, so that it is run again the next time."""
    lost = run(cells_of(cell_works.die), folder, 2)
    assert lost[2] == "3 processes died over it"
    assert len(lost) <= 2  # the neighbour of each death is suspected, too
    assert sums(folder) == {k: each for k, each in wanted.items() if k not in lost}
    assert run(cells_of(cell_works.add), folder) == {}
    assert sums(folder) == wanted


def test_a_worker_without_room_is_no_result(folder, wanted):
    """The cell is lost with the reason, and run the next time."""
    lost = run(cells_of(cell_works.no_room), folder)
    assert lost == {2: "file 'x': cannot be written (No space left on device)"}
    assert sorted(sums(folder)) == [0, 1, 3, 4, 5]


def test_a_full_disk_ends_the_sweep_and_keeps_what_is_done(folder, wanted, monkeypatch):
    """One line; with room again the same command does the rest, to the same bits."""
    room, real = [4], tempfile.NamedTemporaryFile

    def full(*arguments, **options):
        stream = real(*arguments, **options)
        room[0] -= 1
        if room[0] < 0:
            monkeypatch.setattr(stream, "write", _fail)
        return stream

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", full)
    with pytest.raises(RecordError, match=r"cannot be written \(No space left on device\)"):
        run(cells_of(cell_works.add), folder)
    monkeypatch.undo()
    kept = contents(folder)
    assert sorted(sums(folder)) == [0, 1]  # two files each
    assert not any(name.startswith("tmp") for name in kept)
    run(cells_of(cell_works.add), folder)
    assert sums(folder) == wanted
    assert kept.items() <= contents(folder).items()


def _fail(content):
    raise OSError(errno.ENOSPC, "No space left on device")


KILLED = """
import sys
sys.path.insert(0, {tests!r})
from pathlib import Path
import test_cells as t
folder = t.CellFolder(Path({folder!r}))
t.run(t.cells_of(t.cell_works.add_slowly, item=t.partial(t.slow_item, {folder!r})), folder, 2)
"""


def slow_item(folder, number):
    """What `add_slowly` gets."""
    return number, os.path.join(folder, "journal")


def assert_another_did_the_work(folder, marker):
    """The process of the marker is no more, and another did the cell of which it died."""
    died = int(marker.read_text())
    assert not _runs(died)
    assert folder.read(2)["data"]["process"] != died


def test_a_killed_driver_leaves_what_is_done_and_its_processes_end(folder, wanted, project):
    """kill -9 after some cells: they are there, the rest follows, each once."""
    place = str(folder.path.parent)
    script = KILLED.format(tests=str(project / "tests"), folder=place)
    driver = subprocess.Popen([sys.executable, "-c", script], start_new_session=True)
    end = time.monotonic() + 300.0
    while len(folder.numbers()) < 2 and time.monotonic() < end:
        time.sleep(0.02)
    os.kill(driver.pid, signal.SIGKILL)
    driver.wait()
    done = folder.numbers()
    assert 2 <= len(done) < 6
    journal = folder.path.parent / "journal"
    while any(map(_runs, set(journal.read_text().split()[1::2]))) and time.monotonic() < end:
        time.sleep(0.05)  # they see it within half a second
    begun = journal.read_text().split()
    assert not any(map(_runs, set(begun[1::2])))
    run(cells_of(cell_works.add_slowly, item=partial(slow_item, place)), folder)
    assert sums(folder) == wanted
    again = journal.read_text().split()[len(begun) :: 2]
    assert sorted(map(int, again)) == [number for number in range(6) if number not in done]


def _runs(process):
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_folder_goes_on_only_with_the_same_settings_and_version(tmp_path):
    """One line says what differs; no second process may work on it at once."""
    own, out = identity(()), tmp_path / "x"
    settings = WorkerSettings(out=out)
    with planned_folder("sweep", settings, {"a": 1}, own):
        pass
    with planned_folder("sweep", settings, {"a": 1}, own) as folder:
        assert folder.path == out
        with pytest.raises(RecordError, match="another process"), \
                planned_folder("sweep", settings, {"a": 1}, own):  # fmt: skip
            pass
    other = {**own, "versions": {**own["versions"], "numpy": "1.0"}}
    for verb, asked, found, words in (
        ("bench", {"a": 1}, own, "is of 'sweep', needs one of 'bench'"),
        ("sweep", {"a": 2}, own, "was begun with a 1, not 2; needs the same settings"),
        ("sweep", {"a": 1}, other, "was begun with numpy .*, not 1.0; needs the same"),
        ("sweep", {"a": 1}, {**own, "sources": "0" * 64}, "was begun with other sources"),
        ("sweep", {"a": 1}, {**own, "files": {"/x": "0"}}, "was begun with another file '/x'"),
    ):
        with pytest.raises(RecordError, match=words), planned_folder(verb, settings, asked, found):
            pass
    (out / "plan.json").write_text("{")
    with pytest.raises(RecordError, match="holds no plan that can be read"), \
            planned_folder("sweep", settings, {"a": 1}, own):  # fmt: skip
        pass


def test_a_process_knows_its_sources(tmp_path):
    """Equal to itself; a file that changes is seen."""
    file = tmp_path / "arm.urdf"
    file.write_text("a")
    own = identity([str(file)])
    assert difference(identity([str(file)]), own) is None
    assert len(sources()) == 64
    file.write_text("b")
    assert difference(identity([str(file)]), own) == f"another file '{file}'"


def test_a_worker_of_another_version_does_no_cell(folder):
    """Whoever asks is told in one line."""
    other = {**identity(()), "sources": "0" * 64}
    with (
        ThisProcess() as pool,
        pytest.raises(ClusterError, match=r"worker .* has other sources of"),
    ):
        run_cells(cells_of(cell_works.add), folder, pool, other, unwatched)
    assert folder.numbers() == []


@pytest.mark.parametrize("address", ["nonsense", "tcp://x y:1", "http://a:1", "tcp://a", ""])
def test_addresses_are_checked(address):
    """Before anything is opened."""
    with pytest.raises(ConfigurationError, match=r"dask: is .*, needs the address of a scheduler"):
        WorkerSettings(dask=address)


def test_a_cluster_has_its_own_workers():
    """--jobs means nothing there."""
    with pytest.raises(ConfigurationError, match="jobs: is 2, needs to be left out with --dask"):
        WorkerSettings(dask="tcp://localhost:8786", jobs=2)


@pytest.mark.parametrize(
    ("seconds", "text"), [(9.6, "10 s"), (69, "1 min 09 s"), (7500, "2 h 05 min")]
)
def test_durations_are_short(seconds, text):
    """In two units."""
    assert cell_runner._duration(seconds) == text
