"""The log of a loop in real time: what it holds, also if the process is killed."""

import os
import subprocess
import sys
import time

import numpy as np
import pytest

import arms
from nengo_forcectl.adaptation import NoAdaptation
from nengo_forcectl.contract import Robot, State
from nengo_forcectl.control import JointPD
from nengo_forcectl.cycle.blocks import Blocks
from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.paths import MinimumJerk
from nengo_forcectl.robots import Log, read_recording, recording, run

ARM = arms.load("planar2")
HOME = np.array([0.4, 0.8])
PATH = MinimumJerk([HOME, HOME + 0.1], 0.3)
BEGAN = 100.0  # the robot's time at the first state [s]


class Still(Robot):
    """A robot at rest whose motors give half of what they are asked for."""

    def __init__(self, good=10**9):
        self.cycles, self.good, self.sent = 0, good, []

    def read(self):
        self.cycles += 1
        if self.cycles > self.good:
            raise OSError("no answer")
        return State(BEGAN + 1e-3 * self.cycles, HOME, np.zeros(2))

    def apply(self, tau):
        self.overruled = 0.5 * np.asarray(tau)
        self.sent.append(self.overruled)


def drive(robot, log, seconds=0.02):
    cycle = Blocks(ARM, JointPD(), NoAdaptation())
    return run(robot, cycle, PATH, seconds=seconds, stop_time=0.01, log=log)


def test_the_log_has_the_path_s_time_and_what_was_sent():
    """From the first state on, at 0 s, whatever the robot's clock says."""
    robot, log = Still(), Log(100)
    timing = drive(robot, log)
    record = log.arrays()
    assert len(record["time"]) == timing.cycles > 0
    assert record["time"][0] == 0.0
    np.testing.assert_allclose(np.diff(record["time"]), 1e-3, rtol=1e-9)
    np.testing.assert_array_equal(record["tau"], robot.sent)
    wanted = [PATH.at(now).x for now in record["time"].tolist()]
    np.testing.assert_array_equal(record["reference"], wanted)


def test_a_stop_is_in_the_log():
    """With the last reference that the path gave, and the torques of the stop."""
    robot, log = Still(good=8), Log(100)
    with pytest.raises(OSError, match="no answer"):
        drive(robot, log, seconds=np.inf)  # however busy the machine is
    record = log.arrays()
    assert len(record["time"]) == len(robot.sent) == 18
    np.testing.assert_array_equal(record["tau"], robot.sent)
    np.testing.assert_array_equal(record["reference"][8:], [record["reference"][7]] * 10)
    np.testing.assert_allclose(record["reference"][7], PATH.at(7e-3).x, rtol=1e-12)


def test_a_full_log_does_not_end_the_run():
    """The first cycles are kept, the loop goes on, and a warning counts the rest."""
    robot, log = Still(), Log(5)
    with pytest.warns(
        UserWarning, match=r"log: is full, the last \d+ cycles are not in it"
    ) as told:
        timing = drive(robot, log, seconds=0.2)
    assert timing.stopped is None
    assert len(robot.sent) == timing.cycles > 5
    assert any(f"last {timing.cycles - 5} cycles" in str(each.message) for each in told)
    assert log.arrays()["time"][-1] == pytest.approx(4e-3)


def test_what_is_no_log_is_refused():
    """Nothing is sent."""
    robot = Still()
    with pytest.raises(ConfigurationError, match=r"run: log is 'a\.rows', needs a Log"):
        drive(robot, "a.rows")
    assert robot.cycles == 0


def test_the_writing_thread_has_the_loop_s_priority(monkeypatch):
    """Else an ordinary process that interrupts it would make the loop wait for Python's lock."""
    asked = []
    fifo = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
    monkeypatch.setattr(os, "sched_getscheduler", lambda thread: fifo if thread else os.SCHED_OTHER)
    monkeypatch.setattr(os, "sched_getparam", lambda thread: os.sched_param(70 if thread else 0))
    monkeypatch.setattr(os, "sched_setscheduler", lambda *given: asked.append(given))
    recording._take_priority_of(7)
    assert [(thread, policy, each.sched_priority) for thread, policy, each in asked] == [
        (0, os.SCHED_FIFO, 70)
    ]
    monkeypatch.setattr(os, "sched_getscheduler", lambda thread: os.SCHED_OTHER)
    recording._take_priority_of(7)
    assert len(asked) == 1


LOOP = """
import sys
sys.path.insert(0, {tests!r})
from nengo_forcectl.robots import Recording
from test_run_log import *
log = Log(100_000)
with Recording({file!r}, log):
    cycle = Blocks(ARM, JointPD(), NoAdaptation())
    run(Still(), cycle, PATH, log=log, watch=lambda done, why: print(done, flush=True))
"""


@pytest.mark.parametrize("after", [0.1, 0.6, 1.3])
def test_a_killed_run_loses_less_than_a_second(after, tmp_path):
    """SIGKILL at any time: its rows can be read up to the last second."""
    file = tmp_path / "arm.rows"
    code = LOOP.format(tests=str(__file__).rpartition("/")[0], file=str(file))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as loop:
        done = loop.stdout.readline()
        time.sleep(after)
        loop.kill()
        done = [done, *loop.stdout.read().split("\n")[:-1]][-1]  # the last may be cut
    record = read_recording(file) if file.exists() else {}
    written = len(record["time"]) if record else 0
    assert int(done) - written <= 1000
    if after > 1.0:
        assert written > 0
    np.testing.assert_allclose(record["time"] if record else [], 1e-3 * np.arange(written))
