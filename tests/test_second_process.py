"""Work in a second process: its progress, its result, and its end."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.jobs.reach.reach_job import run_reach
from nengo_forcectl.jobs.reach.reach_settings import ReachSettings
from nengo_forcectl.jobs.run_folder import read_run
from nengo_forcectl.jobs.second_process import SecondProcess


def count_to_ten(watch):
    """Ten reports; interrupted, what has been counted so far."""
    for number in range(10):
        try:
            watch("count", number, 10, str(os.getpid()))
        except KeyboardInterrupt:
            return -number
    return number


def fail(watch):
    """An error of the work."""
    raise ConfigurationError("x: is 1, needs 2")


def test_the_work_runs_elsewhere_and_reports_here():
    """Ten reports in order, from another process, and its result after the block."""
    seen = []
    with SecondProcess(count_to_ten, lambda *report: seen.append(report)) as second:
        pass
    assert second.result == 9
    assert [report[1] for report in seen] == list(range(10))
    assert {report[3] for report in seen}.isdisjoint({str(os.getpid())})


def test_an_error_of_the_work_is_raised_here():
    """With its type and message."""
    with pytest.raises(ConfigurationError, match="x: is 1, needs 2"), SecondProcess(fail, print):
        pass


def test_an_exception_in_the_block_interrupts_the_work():
    """It goes on to the caller; what the work had done is still there."""
    second = SecondProcess(count_to_ten, lambda *report: time.sleep(0.2))
    with pytest.raises(KeyboardInterrupt), second:
        raise KeyboardInterrupt
    assert second.result is not None
    assert second.result <= 0


def test_a_watch_that_raises_interrupts_the_work():
    """Its exception is raised here."""

    def watch(name, done, total, last):
        if done == 3:
            raise KeyboardInterrupt

    second = SecondProcess(count_to_ten, watch)
    with pytest.raises(KeyboardInterrupt), second:
        pass
    assert second.result == -3


@pytest.mark.usefixtures("without_figures")
def test_controllers_beside_a_network_are_the_same_to_the_last_bit(tmp_path):
    """Integral action alone, and in the second process of a run with a network."""
    shared = {"arm": "planar2", "payload": 1.0, "neurons": 30, "passes": 1}
    alone = run_reach(ReachSettings(**shared, adapt=("integral",), out=tmp_path / "alone"))
    beside = ReachSettings(**shared, adapt=("integral", "gradient"), out=tmp_path / "beside")
    reports = []
    run = run_reach(beside, lambda *report: reports.append(report[:3]))
    assert list(run.records) == ["integral", "gradient"]
    for name in ("integral", "gradient"):
        assert [each for each in reports if each[0] == name] == [(name, k, 5) for k in range(6)]
    for column, values in alone.records["integral"].items():
        np.testing.assert_array_equal(run.records["integral"][column], values)


SHOWN = """
import sys
from nengo_forcectl import cli, jobs
run = jobs.run_reach
def tell(name, done, *_):  # a line at once: two threads tell
    sys.stdout.write(f"{name} {done}\\n")
    sys.stdout.flush()
def shown(settings, watch):
    return run(settings, lambda *report: (watch(*report), tell(*report)))
jobs.run_reach = shown
cli.main("reach --arm planar2 --passes 60 --adapt none consolidation --out run".split())
"""


def test_ctrl_c_leaves_what_both_processes_had_done(tmp_path):
    """Exit code 130, one line, no traceback; records of both controllers, not complete."""
    with subprocess.Popen(
        [sys.executable, "-c", SHOWN],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        reports = (line.split() for line in process.stdout)
        done = {"none": 0, "consolidation": 0}
        while not (done["none"] and done["consolidation"] >= 3):
            name, count = next(reports)
            done[name] = int(count)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        said = process.communicate(timeout=300)[1]
    assert process.returncode == 130, said
    assert "interrupted; the run folder holds what was done" in said
    assert "Traceback" not in said
    run = read_run(tmp_path / "run")
    assert not run.summary["complete"]
    assert 3 * 1200 <= len(run.records["consolidation"]["time"]) < 60 * 6000
    assert run.records["none"]["time"].size
