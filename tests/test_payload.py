"""A payload from two logs."""

from dataclasses import replace

import numpy as np
import pytest
from log_samples import motion, write_csv

import arms
from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.jobs import IdentifySettings, PayloadSettings, run_identify, run_payload
from nengo_forcectl.logs import find_gains, find_payload, read_log

MODEL = arms.load("ur5e")
COM = np.array([0.02, -0.03, 0.1])  # [m]
BARE = MODEL.with_friction(4.0, 3.0).with_armature(0.3)
HELD = BARE.with_payload(1.5, COM, 0.004 * np.eye(3))
HOME = np.array([0.0, -1.2, 1.4, -1.0, -1.5, 0.3])  # [rad]


def log_of(arm, path, seed, seconds, share=1.0):
    """At 200 Hz, with noise."""
    time, q, dq, ddq = motion(MODEL, seconds, 200.0, np.random.default_rng(seed))
    q = (q - q.mean(axis=0)) * share + HOME
    tau = arm.inverse_dynamics(q, share * dq, share * ddq)
    tau = tau + 0.05 * np.random.default_rng(9).normal(size=q.shape)
    return write_csv(path, time, q, share * dq, tau)


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    """Twelve seconds without it, four seconds with it, two of hardly any motion."""
    folder = tmp_path_factory.mktemp("logs")
    return (
        log_of(BARE, folder / "empty.csv", 0, 12.0),
        log_of(HELD, folder / "loaded.csv", 1, 4.0),
        log_of(HELD, folder / "still.csv", 2, 2.0, 1e-3),
    )


@pytest.mark.usefixtures("without_figures")
def test_a_payload_is_found_in_four_seconds(logs, tmp_path):
    """Mass to 3 %, centre to 5 mm, and it says that this was enough."""
    run = run_payload(PayloadSettings(*logs[:2], arm="ur5e", out=tmp_path / "out"))
    found = run.summary["payload"]
    assert found["mass"] == pytest.approx(1.5, rel=0.03)
    assert np.abs(np.array(found["com"]) - COM).max() < 0.005
    assert found["known"]
    assert np.mean(run.summary["error"]) < 0.5 * np.mean(run.summary["error_before"])
    arm = arms.load(run.folder / "model.json")
    assert np.allclose(arm.gravity(HOME), HELD.gravity(HOME), atol=0.4)


def test_a_motion_that_is_not_enough_is_told(logs):
    """An arm that hardly moves does not show where the centre is."""
    empty, still = (read_log(logs[k], arm=MODEL) for k in (0, 2))
    found = find_payload(empty, still, MODEL)
    assert not found.known
    assert "known to" in found.reason


def test_logs_without_a_payload_are_told(logs):
    """Twice the same log shows none."""
    empty = read_log(logs[0], arm=MODEL)
    found = find_payload(empty, empty, MODEL)
    assert not found.known
    assert "show none above" in found.reason


def test_more_rows_of_the_same_motion_tell_no_more(logs):
    """Rows that were added between those of the logs make no payload better known."""
    known = []
    for every in (1, 4):
        empty, loaded = (_denser(read_log(path, arm=MODEL), every) for path in logs[:2])
        known.append(find_payload(empty, loaded, MODEL).mass_deviation)
    assert known[1] == pytest.approx(known[0], rel=0.3)


def _denser(log, every):
    """Return a log with more rows, on lines between its own."""
    time = np.linspace(log.time[0], log.time[-1], every * (len(log.time) - 1) + 1)
    parts = {
        kind: np.stack([np.interp(time, log.time, column) for column in each.T], axis=1)
        for kind, each in (("q", log.q), ("dq", log.dq), ("tau", log.tau))
    }
    return replace(log, time=time, row=np.arange(len(time)), **parts)


def test_logs_in_the_wrong_order_are_told(logs):
    """A body of less than no mass is no payload, however well the motion shows it."""
    empty, loaded = (read_log(path, arm=MODEL) for path in logs[:2])
    found = find_payload(loaded, empty, MODEL)
    assert not found.known
    assert "give the empty one first" in found.reason


def test_errors_of_the_gains_are_part_of_the_deviation(logs):
    """The mass is as wrong as the gains."""
    first, second = (read_log(path, arm=MODEL) for path in logs[:2])
    sure, unsure = (find_payload(first, second, MODEL, gain_error=share) for share in (0.0, 0.1))
    assert unsure.mass_deviation == pytest.approx(np.hypot(sure.mass_deviation, 0.1 * sure.mass))
    assert PayloadSettings(*logs[:2], gains=(1.0,)).share == 0.05
    assert PayloadSettings(*logs[:2]).share == 0.0
    for wrong in (-0.1, float("nan")):
        with pytest.raises(ConfigurationError, match="gain_error"):
            find_payload(first, second, MODEL, gain_error=wrong)
        with pytest.raises(ConfigurationError, match="gain_error"):
            PayloadSettings(*logs[:2], gain_error=wrong)


@pytest.mark.usefixtures("without_figures")
def test_drive_gains_are_found_from_a_known_mass(tmp_path):
    """Torques that are wrong by some percent in each joint; joint 1 bears no weight."""
    wrong = np.array([1.0, 1.08, 0.93, 1.05, 0.97, 1.0])
    files = []
    for name, arm, seed, seconds in (("a", BARE, 0, 12.0), ("b", HELD, 3, 12.0)):
        path = log_of(arm, tmp_path / f"{name}.csv", seed, seconds)
        log = read_log(path, arm=MODEL)
        np.savez(tmp_path / name, time=log.time, q=log.q, dq=log.dq, tau=log.tau / wrong)
        files.append(tmp_path / f"{name}.npz")
    empty, loaded = (read_log(path, arm=MODEL) for path in files)
    found = find_gains([empty], loaded, MODEL, 1.5)
    assert np.allclose(found.factor[1:4], wrong[1:4], atol=0.02)
    assert (np.abs(found.factor - wrong) < 4.0 * found.deviation + 0.01)[1:5].all()
    settings = IdentifySettings(
        logs=(files[0],), loaded=files[1], mass=1.5, arm="ur5e", out=tmp_path / "out"
    )
    assert np.allclose(run_identify(settings).summary["gains_factor"], found.factor)
    with pytest.raises(ConfigurationError, match=r"find_gains\.mass"):
        find_gains([empty], loaded, MODEL, -1.0)
    with pytest.raises(ConfigurationError, match="together with --loaded"):
        IdentifySettings(logs=(files[0],), mass=1.0)
