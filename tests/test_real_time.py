"""What the loop asks of Linux, and what `nengo-forcectl doctor` says of the machine."""

import ctypes
import json
import os
from types import SimpleNamespace

import numpy as np
import pytest

import arms
from nengo_forcectl.adaptation import NoAdaptation
from nengo_forcectl.cli import main
from nengo_forcectl.contract import State
from nengo_forcectl.control import JointPD
from nengo_forcectl.cycle.blocks import Blocks
from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.jobs.doctor import measurements
from nengo_forcectl.paths import MinimumJerk
from nengo_forcectl.robots import real_time as real_time_of_thread
from nengo_forcectl.robots.loop import run

ARM = arms.load("planar2")
HOME = np.array([0.4, 0.8])
PATH = MinimumJerk([HOME, HOME + 0.1], 0.3)
FIFO = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK


class Still:
    """A robot at rest that notes how its loop is scheduled."""

    def __init__(self):
        self.cycles, self.seen = 0, set()

    def read(self):
        self.cycles += 1
        self.seen.add(tuple(sorted(os.sched_getaffinity(0))))
        return State(1e-3 * self.cycles, HOME, np.zeros(2))

    def apply(self, tau):
        pass


def drive(robot, **linux):
    return run(robot, Blocks(ARM, JointPD(), NoAdaptation()), PATH, seconds=0.01, **linux)


@pytest.fixture
def scheduler(monkeypatch):
    """A scheduler that permits everything and remembers what was asked of it."""
    asked = []

    def set_scheduler(thread, policy, parameters):
        asked.append((policy, parameters.sched_priority))

    monkeypatch.setattr(os, "sched_setscheduler", set_scheduler)
    return asked


@pytest.fixture
def locks(monkeypatch):
    """A C library that locks all memory, or none where ``refuses`` is set."""
    library = SimpleNamespace(calls=[], refuses=0)

    def lock(flags):
        library.calls.append(flags)
        ctypes.set_errno(12)
        return library.refuses

    library.mlockall, library.munlockall = lock, lambda: library.calls.append("unlock")
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: library)
    return library


def test_the_loop_runs_with_priority_and_locked_memory_and_everything_is_restored(scheduler, locks):
    """Children do not inherit the priority; afterwards policy and memory are as before."""
    before = os.sched_getscheduler(0), os.sched_getparam(0).sched_priority
    drive(Still(), priority=70, lock_memory=True)
    assert scheduler == [(FIFO, 70), before]
    assert locks.calls == [3, "unlock"]


def test_the_loop_stays_on_its_processors():
    """Also during the stop; then the thread may run on all of before."""
    before = os.sched_getaffinity(0)
    robot = Still()
    drive(robot, cpus=[max(before)])
    assert robot.seen == {(max(before),)}
    assert os.sched_getaffinity(0) == before


def test_an_error_restores_everything(scheduler):
    """A fault of the driver, for one."""
    with pytest.raises(ZeroDivisionError), real_time_of_thread(priority=1):
        _ = 1 / 0
    assert len(scheduler) == 2


def test_without_the_right_the_run_is_refused_and_nothing_is_sent(monkeypatch, locks):
    """One line says what was asked for and how to permit it."""

    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    robot = Still()
    with pytest.raises(ConfigurationError, match=r"priority: 50 is not permitted.*rtprio 50"):
        drive(robot, priority=50)
    locks.refuses = -1
    with pytest.raises(ConfigurationError, match=r"lock_memory: .*limit \d+ bytes.*memlock"):
        drive(robot, lock_memory=True)
    assert robot.cycles == 0


@pytest.mark.parametrize(
    "linux",
    [
        {"priority": 0},
        {"priority": 100},
        {"priority": 1.5},
        {"cpus": []},
        {"cpus": [4096]},
        {"cpus": 0},
        {"cpus": "0"},
        {"cpus": [True]},
        {"lock_memory": 1},
    ],
)
def test_values_that_make_no_sense_are_refused(linux):
    """The message names the argument, and nothing is sent."""
    robot = Still()
    with pytest.raises(ConfigurationError, match=rf"run\.{next(iter(linux))}: is .*, needs"):
        drive(robot, **linux)
    assert robot.cycles == 0


def test_the_verb_refuses_what_is_not_permitted_before_it_asks_the_robot(monkeypatch, capsys):
    """One line each; the address is of no robot."""

    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    for option, says in (
        (["--priority", "50"], "run.priority: 50 is not permitted (Operation not permitted); run"),
        (["--priority", "100"], "run.priority: is 100, needs a number from 1 to 99"),
        (["--cpus", "0", "4096"], "run.cpus: is (0, 4096), needs some of 0"),
    ):
        with pytest.raises(SystemExit):
            main(["run", "--robot", "franka://127.0.0.1", *option])
        told = capsys.readouterr().err
        assert says in told
        assert told.count("\n") == 1


def test_an_unknown_argument_is_an_error():
    """As of any function."""
    with pytest.raises(TypeError, match="prioritty"):
        drive(Still(), prioritty=5)


def test_the_doctor_looks_at_everything(monkeypatch, capsys):
    """Versions, engines, cache, clock, scheduler, memory and the bridge, each with a value."""
    monkeypatch.setattr(measurements, "PERIODS", 20)
    main(["doctor", "--json"])
    found = {(each["topic"], each["name"]): each for each in json.loads(capsys.readouterr().out)}
    for place in (
        ("versions", "python"),
        ("engines", "mujoco"),
        ("cache", "size"),
        ("real time", "kernel"),
        ("real time", "governor"),
        ("real time", "SCHED_FIFO"),
        ("real time", "mlockall"),
        ("clock", "resolution"),
        ("clock", "start late by"),
    ):
        assert found[place]["value"]
    assert "us, " in found["bridge", "torque to state"]["value"]
    main(["doctor"])
    assert "torque to state" in capsys.readouterr().out
