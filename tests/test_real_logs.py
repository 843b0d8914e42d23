"""The logs of two robots, where they are: NENGO_FORCECTL_LOGS names their folder."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import arms
from nengo_forcectl.logs import (
    LogFormat,
    find_payload,
    identify,
    log_learner,
    predict_torque,
    read_log,
    replay,
    signals_of,
)

FOLDER = Path(os.environ.get("NENGO_FORCECTL_LOGS", "")) / "ur10e"
NEEDED = pytest.mark.skipif(
    not ("NENGO_FORCECTL_LOGS" in os.environ and FOLDER.is_dir()),
    reason="NENGO_FORCECTL_LOGS names no folder with logs of robots",
)
GAINS = (14.87, 13.26, 11.13, 10.62, 11.03, 11.47)  # [N m/A]
FORM = LogFormat({"time": "1", "q": "2-7", "dq": "8-13", "current": "14-19"}, gains=GAINS)


@pytest.fixture(scope="module")
def logs():
    arm = arms.load("ur10e")
    files = ("19_14harm50sec", "19_15harm50sec", "19_14harm50secLoad")
    found = [read_log(FOLDER / f"ur-20_02_{name}.csv", FORM, arm).rows(300, 5000) for name in files]
    return arm, found


def error(log, prediction):
    """In %."""
    tau = signals_of(log).tau
    return 100.0 * np.linalg.norm(tau - prediction, axis=0) / np.linalg.norm(tau, axis=0)


@NEEDED
def test_identification_predicts_another_motion(logs):
    """Of the UR10e, by what one log shows."""
    arm, (first, second, _) = logs
    found = identify([first], arm)
    assert (error(first, found.predict(signals_of(first))) < [8, 4, 4.5, 11, 13, 10]).all()
    assert (error(second, found.predict(signals_of(second))) < [8.5, 4, 4.5, 11.5, 13.5, 10]).all()


@NEEDED
def test_the_payload_is_found_in_four_seconds(logs):
    """2.805 kg, within two deviations and 10 %."""
    arm, (empty, _, loaded) = logs
    found = find_payload(empty, loaded.rows(100, 500), arm, gain_error=0.05)
    assert found.known
    assert abs(found.mass - 2.805) < min(0.28, 2.0 * found.mass_deviation)


@NEEDED
def test_the_learner_predicts_what_it_learned(logs):
    """One causal pass, frozen, on the same log and on another one."""
    arm, (first, second, _) = logs
    learner = log_learner(arm, first)
    result = replay(first, learner)
    assert (100 * result.error("frozen") < [8, 4, 5, 18, 13, 11]).all()
    weights = result.weights[-1][1]
    other = predict_torque(arm, learner.learner.encoding, weights, signals_of(second))
    assert (error(second, other) < [10, 4, 5, 18, 15, 12]).all()


def test_the_script_skips_with_a_word_where_there_are_no_logs(project):
    """It ends well."""
    environment = {k: v for k, v in os.environ.items() if k != "NENGO_FORCECTL_LOGS"}
    result = subprocess.run(
        [sys.executable, project / "scripts" / "real_logs.py"],
        capture_output=True, text=True, env=environment,
    )  # fmt: skip
    assert result.returncode == 0
    assert result.stdout.startswith("skipped: NENGO_FORCECTL_LOGS")
