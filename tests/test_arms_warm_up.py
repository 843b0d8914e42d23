"""First use: what is compiled in advance, and what the log says of it."""

import logging
import time

import numpy as np
import pytest

import arms
from arms.machine import announce, cache

STATE = np.array([0.3, -0.4])


@pytest.fixture
def compiled(tmp_path, monkeypatch):
    """An empty cache, and the list of what is derived."""
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))
    derived = []

    def derive(bodies, request, real=arms.compiled._derive):
        derived.append(request.terms)
        return real(bodies, request)

    monkeypatch.setattr("arms.compiled._derive", derive)
    return derived


@pytest.mark.parametrize(("batch", "count"), [(False, 1), (True, 2)])
def test_after_a_warm_up_terms_compiles_nothing(compiled, batch, count):
    """For one state and, with ``batch``, for a batch of them."""
    arm = arms.load("planar2")
    arm.warm_up(batch=batch)
    assert compiled == [arms.Terms._fields] * count
    arm.terms(STATE, STATE)
    if batch:
        arm.terms(np.tile(STATE, (3, 1)), STATE)
    assert len(compiled) == count


def test_after_a_warm_up_of_terms_their_methods_compile_nothing(compiled):
    """By name, frame and axes, each for itself; a wrong name is refused."""
    arm = arms.load("planar2")
    arm.warm_up("J", "dJ", frame="link2", axes="local")
    arm.warm_up("M", batch=True)
    arm.warm_up("pose", at_point=True)
    count = len(compiled)
    assert count == 5
    arm.jacobian(STATE, "link2", axes="local")
    arm.jacobian_dot(STATE, STATE, "link2", axes="local")
    arm.mass_matrix(np.tile(STATE, (3, 1)))
    arm.pose(STATE, point=(0.1, 0.0, 0.0))
    assert len(compiled) == count
    with pytest.raises(arms.ArmError, match=r"no term 'mass'; terms: .*M"):
        arm.warm_up("mass")


@pytest.fixture
def log(monkeypatch, caplog):
    """The log at level INFO, with nothing yet compiled in this process."""
    monkeypatch.setattr(announce, "_seconds", {})
    monkeypatch.setattr(announce, "_logged", set())
    caplog.set_level(logging.INFO, "arms")
    return caplog


def test_compiling_that_takes_long_is_logged_once(compiled, log, monkeypatch):
    """The arm and its joints are named; equations and batch functions each have their line."""
    monkeypatch.setattr(announce, "PATIENCE", 0.0)
    arm = arms.load("planar2")
    arm.warm_up(batch=True)
    arm.mass_matrix(STATE)
    arm = "of 'planar2' (2 joints), once per installation"
    assert [record.message for record in log.records] == [
        f"compiling the equations {arm}",
        f"compiling the batch functions {arm}",
    ]


def test_short_work_and_cached_code_are_not_logged(compiled, log, monkeypatch):
    """A planar arm takes less than a second; a second arm finds its code."""
    arms.load("planar2").warm_up()
    monkeypatch.setattr(announce, "PATIENCE", 0.0)
    arms.load("planar2").warm_up()
    assert not log.records


def test_the_line_comes_during_the_work_and_short_works_add_up(log, monkeypatch):
    """The second of two works is logged when both together have exceeded the patience."""
    monkeypatch.setattr(announce, "PATIENCE", 1e6)
    with announce.announce("compiling"):
        pass
    assert not log.records
    monkeypatch.setattr(announce, "PATIENCE", announce._seconds["compiling"])
    with announce.announce("compiling"):
        deadline = time.monotonic() + 20.0
        while not log.records and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(log.records) == 1
