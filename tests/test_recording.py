"""Records that are written while a controller runs."""

import errno
import io
import subprocess
import sys
import time

import numpy as np
import pytest

from nengo_forcectl.contract import Reference, Result, State
from nengo_forcectl.errors import RecordError
from nengo_forcectl.jobs.job_settings import JobSettings
from nengo_forcectl.jobs.run_folder import RunFolder, read_run
from nengo_forcectl.robots import Log, Recording, read_recording, recording


def append(log, cycles):
    for k in range(log.cycles, log.cycles + cycles):
        reference = Reference(np.full(3, 2.0 * k), np.zeros(3), np.zeros(3))
        result = Result(np.full(2, 0.1 * k), 0.0, np.zeros(3))
        log.append(State(1e-3 * k, np.full(2, k), -np.full(2, k)), reference, result, k % 3)


def more(start, stop):
    return {"force": 0.5 * np.arange(start, stop)}


def assert_same(record, log, cycles):
    """The first cycles of a log, with the further column, stand in the record."""
    columns = {name: column[:cycles] for name, column in log.arrays().items()} | more(0, cycles)
    assert record.keys() == columns.keys()
    for name, column in columns.items():
        np.testing.assert_array_equal(record[name], column)


def wait_for(condition):
    end = time.perf_counter() + 300.0  # compiling, on a busy machine
    while not condition():
        assert time.perf_counter() < end
        time.sleep(0.01)


def test_a_recording_can_be_read_while_it_grows(tmp_path):
    """Columns come back to the last bit, during the loop and after it; further ones as well."""
    log, file = Log(5000), tmp_path / "arm.rows"
    with Recording(file, log, more) as grows:
        for cycles in (1, 300, 2500):
            append(log, cycles)
            wait_for(lambda: grows.cycles == log.cycles)
            assert_same(read_recording(file), log, log.cycles)
        append(log, 7)
    assert_same(read_recording(file), log, 2808)


def test_a_file_that_is_there_is_not_touched(tmp_path):
    """It is named, and keeps its contents."""
    file = tmp_path / "arm.rows"
    file.write_text("precious")
    with pytest.raises(RecordError, match=r"arm\.rows': exists"), Recording(file, Log(1)):
        pass
    assert file.read_text() == "precious"
    with pytest.raises(RecordError, match="cannot be made"), Recording(file / "x", Log(1)):
        pass


def test_without_a_cycle_there_is_no_file(tmp_path):
    """A loop that failed at once leaves nothing."""
    with Recording(tmp_path / "arm.rows", Log(1)):
        pass
    assert [*tmp_path.iterdir()] == []


class Disk(io.FileIO):
    """A disk on which there is room for some bytes."""

    room = 0

    def write(self, content):
        if not Disk.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = super().write(content[: Disk.room])
        Disk.room -= written
        return written


@pytest.mark.parametrize("room", [0, 100, 30_000, 100_000])
def test_a_full_disk_keeps_what_fits(room, tmp_path, monkeypatch):
    """The rows that fit are whole and in order; a warning says how many."""
    monkeypatch.setattr(recording, "FileIO", Disk)
    monkeypatch.setattr(Disk, "room", room)
    log, file = Log(5000), tmp_path / "arm.rows"
    full = pytest.warns(UserWarning, match="cycles .No space left on device")
    with full as told, Recording(file, log, more) as grows:
        append(log, 3000)
    assert f"holds {grows.cycles} of 3000 cycles" in str(told[0].message)
    if room < 1000:
        assert grows.cycles == 0
        return
    row = sum(column[0].nbytes for column in (log.arrays() | more(0, 1)).values())
    assert 0 <= (room - 1000) // row <= grows.cycles <= room // row
    assert_same(read_recording(file), log, grows.cycles)


def test_with_room_again_the_rest_follows(tmp_path, monkeypatch):
    """Nothing is lost if another program has freed the disk before the end."""
    monkeypatch.setattr(recording, "FileIO", Disk)
    monkeypatch.setattr(Disk, "room", 50_000)
    log, file = Log(5000), tmp_path / "arm.rows"
    with Recording(file, log, more) as grows:
        append(log, 2000)
        wait_for(lambda: Disk.room == 0 and 0 < grows.cycles < 2000)
        Disk.room = 10_000_000
        append(log, 100)
    assert_same(read_recording(file), log, 2100)


@pytest.mark.parametrize("content", [b"{}", b"precious", b"\x93NUMPY\x01\x00\x10\x00" + 16 * b"x"])
def test_another_file_is_no_recording(tmp_path, content):
    """It is named; so is one that is not there."""
    file = tmp_path / "arm.rows"
    with pytest.raises(RecordError, match=r"arm\.rows': cannot be read"):
        read_recording(file)
    file.write_bytes(content)
    with pytest.raises(RecordError, match=r"arm\.rows': cannot be read"):
        read_recording(file)


def test_every_beginning_of_a_recording_can_be_read(tmp_path):
    """Cut anywhere, in its header as well, it has the whole rows before the cut."""
    log, file = Log(20), tmp_path / "arm.rows"
    with Recording(file, log, more):
        append(log, 20)
    content = file.read_bytes()
    row = sum(column[0].nbytes for column in (log.arrays() | more(0, 1)).values())
    header = len(content) - 20 * row
    for size in range(0, len(content), 13):
        file.write_bytes(content[:size])
        cycles = max(size - header, 0) // row
        record = read_recording(file)
        if size >= header:
            assert_same(record, log, cycles)
        else:
            assert record == {}


LOOP = """
import sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_recording import Log, Recording, append
log = Log(100_000)
with Recording({file!r}, log):
    while True:
        append(log, {cycles})
        print(log.cycles, flush=True)
        time.sleep(1e-3)
"""


@pytest.mark.parametrize("cycles", [1, 25])
@pytest.mark.parametrize("after", [0.02, 0.3, 0.8])
def test_a_killed_loop_loses_less_than_a_second(cycles, after, tmp_path):
    """In real time, and 25 times as fast; SIGKILL comes at any time."""
    file = tmp_path / "arm.rows"
    code = LOOP.format(tests=str(__file__).rpartition("/")[0], file=str(file), cycles=cycles)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as loop:
        done = loop.stdout.readline()
        time.sleep(after)
        loop.kill()
        done = [done, *loop.stdout.read().split("\n")[:-1]][-1]  # the last may be cut
    record = read_recording(file)
    written = len(record["time"]) if record else 0
    assert int(done) - written <= 1000
    np.testing.assert_allclose(record["time"] if record else [], 1e-3 * np.arange(written))


def test_a_killed_job_leaves_a_run_that_can_be_read(tmp_path):
    """Its summary says that it is not complete; its records are there, whole controllers too."""
    folder = tmp_path / "run"
    arguments = ("--arm", "planar2", "--adapt", "none", "observer", "--passes", "4")
    with subprocess.Popen(
        [sys.executable, "-m", "nengo_forcectl", "reach", *arguments, "--out", str(folder)],
        stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    ) as job:  # fmt: skip
        try:
            second = folder / "observer.rows"
            wait_for(lambda: second.exists() and second.stat().st_size > 200_000)
        finally:
            job.kill()
    run = read_run(folder)
    assert not run.summary["complete"]
    assert run.summary["settings"]["arm"] == "planar2"
    assert len(run.records["none"]["time"]) == 24_000
    assert len(run.records["observer"]["q"]) >= 500


def test_what_cannot_be_written_at_the_end_keeps_its_rows(tmp_path):
    """All else is written, and the error says where the rest is."""
    folder = RunFolder("reach", JobSettings(out=tmp_path / "run"))
    log = Log(3)
    with Recording(folder.rows("full"), log, more):
        append(log, 3)
    (tmp_path / "run" / "full.npz").mkdir()  # in the way
    records = {"full": log.arrays(), "none": log.arrays()}
    with pytest.raises(RecordError, match=r"full\.npz': cannot be written .*; read_run finds what"):
        folder.write_end(records, {"rms_mm": {"none": []}})
    (tmp_path / "run" / "full.npz").rmdir()
    run = read_run(tmp_path / "run")
    assert_same(run.records["full"], log, 3)
    np.testing.assert_array_equal(run.records["none"]["q"], log.arrays()["q"])
