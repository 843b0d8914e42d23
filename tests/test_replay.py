"""Replay of logs: the loop's learner predicts, then learns, and finds what a simulated arm has."""

import json

import numpy as np
import pytest
from log_samples import motion, write_csv

import arms
from nengo_forcectl.errors import ConfigurationError, RecordError
from nengo_forcectl.jobs import ReplaySettings, run_replay
from nengo_forcectl.logs import (
    log_learner,
    observe,
    predict_torque,
    read_log,
    replay,
    signals_of,
)
from nengo_forcectl.logs.lasting_errors import correlation_time, doubt_payload

MODEL = arms.load("ur5e")
REAL = MODEL.with_friction(4.0, 3.0).with_armature(0.3)
LOADED = REAL.with_payload(2.0, (0.0, 0.0, 0.1))
HOME = np.array([0.0, -1.2, 1.4, -1.0, -1.5, 0.3])  # [rad]


def log_of(arm, path, seed):
    """Sixteen seconds at 200 Hz, with noise."""
    rng = np.random.default_rng(seed)
    time, q, dq, ddq = motion(MODEL, 16.0, 200.0, rng)
    q = q - q.mean(axis=0) + HOME
    tau = arm.inverse_dynamics(q, dq, ddq) + 0.05 * rng.normal(size=q.shape)
    return write_csv(path, time, q, dq, tau)


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    """A log without and one with a payload, of two motions."""
    folder = tmp_path_factory.mktemp("logs")
    return log_of(REAL, folder / "empty.csv", 0), log_of(LOADED, folder / "loaded.csv", 1)


@pytest.fixture(scope="module")
def run(logs, tmp_path_factory):
    """The run folder of the command."""
    out = tmp_path_factory.mktemp("run") / "out"
    return run_replay(ReplaySettings(log=logs[0], then=logs[1], arm="ur5e", out=out))


def test_what_was_learned_predicts_the_log(run):
    """To 5 % in the whole, where the model is off by more than 20 %."""
    errors = run.summary["parts"][0]["errors"]["all"]
    assert np.mean(errors["frozen"]) < 0.05
    assert np.mean(errors["model"]) > 0.2
    assert np.mean(errors["learner"]) < np.mean(errors["model"])


def test_a_load_that_nobody_told_is_found(run):
    """Its mass to 5 %, and friction stays as it was."""
    first, then = (part["learned"] for part in run.summary["parts"])
    change = then["payload"]["mass"] - first["payload"]["mass"]
    assert change == pytest.approx(2.0, rel=0.05)
    assert np.allclose(then["friction"]["dry"]["value"], 3.0, atol=0.4)
    assert np.mean(run.summary["parts"][1]["errors"]["second half"]["learner"]) < 0.06


def test_the_run_folder_has_all(run):
    """Figures, memory, a summary that is JSON."""
    names = {path.name for path in run.folder.iterdir()}
    assert names == {
        "replay-log.png", "replay-then.png", "report.html", "run.toml", "start.npz",
        "summary.json",
    }  # fmt: skip
    assert json.loads((run.folder / "summary.json").read_text())["parts"][1]["mass"]


def test_a_load_that_is_not_announced_is_noticed(logs):
    """It shows little by little, as the arm is at rest when it comes; then it is learned anew."""
    first, second = (read_log(path, arm=MODEL) for path in logs)
    learner = log_learner(MODEL, first)
    before = replay(first, learner).learned
    same = replay(first, learner).learned
    found = replay(second, learner).learned
    assert (before.changes, same.changes, found.changes) == (0, 0, 1)
    assert found.payload.mass - same.payload.mass == pytest.approx(2.0, rel=0.05)


def test_prediction_comes_before_learning(logs):
    """What is predicted of the first rows does not depend on the rows after them."""
    log = read_log(logs[0], arm=MODEL)
    whole = replay(log, log_learner(MODEL, log))
    learner = log_learner(MODEL, log)
    part = replay(log.rows(0, 2000), learner)
    same = slice(0, 1900)  # the zero-phase filter sees a few rows ahead
    for name in ("learner", "learner + observer"):
        assert np.allclose(
            whole.predictions[name][same], part.predictions[name][same], atol=1e-2
        ), name
    assert np.allclose(whole.predictions["before"], whole.predictions["model"])


def test_friction_far_beyond_the_model_is_found(tmp_path):
    """Forty times the viscous friction that the prior expects, from a log without velocities."""
    arm = arms.load("planar2")
    real = arm.with_friction(12.0, 6.0).with_armature(0.5)
    time, q, dq, ddq = motion(arm, 16.0, 100.0, np.random.default_rng(3))
    np.savez(tmp_path / "a.npz", time=time, q=q, tau=real.inverse_dynamics(q, dq, ddq) + 2.0)
    log = read_log(tmp_path / "a.npz", arm=arm)
    result = replay(log, log_learner(arm, log))
    found = result.learned
    assert np.allclose(found.friction.viscous.value, 12.0, rtol=0.05)
    assert np.allclose(found.friction.dry.value, 6.0, rtol=0.05)
    assert np.mean(result.error("frozen")) < 0.02
    assert np.mean(result.error("learner", 2.0)) < 0.05


def test_frozen_weights_predict_another_log_without_change(logs):
    """With learning off the weights stay, and the prediction is theirs."""
    first, second = (read_log(path, arm=MODEL) for path in logs)
    learner = log_learner(MODEL, first)
    weights = replay(first, learner).weights[-1][1]
    result = replay(second, learner, learn=False)
    states = signals_of(second)
    wanted = predict_torque(MODEL, learner.learner.encoding, weights, states)
    assert np.allclose(result.predictions["frozen"], wanted)
    assert len(result.weights) == 1


def test_an_observer_hides_what_is_not_known(logs):
    """It follows the torque of a row before, and knows nothing afterwards."""
    log = read_log(logs[0], arm=MODEL)
    left = np.linalg.norm(observe(log, MODEL) - signals_of(log).tau)
    assert left < 0.3 * np.linalg.norm(MODEL.inverse_dynamics(*signals_of(log)[:3]) - log.tau)


@pytest.mark.usefixtures("without_figures")
def test_a_share_or_a_time_ends_learning(logs, tmp_path):
    """A quarter of 16 s is 4 s."""
    for k, after in enumerate((0.25, 4.0)):
        settings = ReplaySettings(
            log=logs[0], arm="ur5e", freeze_after=after, out=tmp_path / str(k)
        )
        parts = run_replay(settings).summary["parts"]
        assert [part["name"] for part in parts] == ["learned from", "the rest"]
        assert parts[0]["seconds"] == pytest.approx(4.0, abs=0.02)


def test_samples_that_repeat_each_other_count_less(rng):
    """Of an autoregression with the factor a, (1 + a) / (1 - a) rows count as one."""
    white = rng.normal(size=40000)
    assert correlation_time(white) == pytest.approx(1.0, abs=0.2)
    slow = white.copy()
    for k in range(1, len(slow)):
        slow[k] += 0.9 * slow[k - 1]
    assert correlation_time(slow) == pytest.approx(19.0, rel=0.2)
    assert correlation_time(np.zeros(5)) == 1.0


def test_the_payload_is_as_uncertain_as_its_errors_last_and_as_the_gains(logs):
    """Deviations grow with the time of correlation, and by the gains' share of the values."""
    log = read_log(logs[1], arm=MODEL).rows(0, 600)
    learner = log_learner(MODEL, log)
    sure = replay(log, learner).learned.payload
    own = learner.learned.payload
    unsure = doubt_payload(own, np.zeros((9, 6)), learner, 0.1)
    assert unsure.mass_deviation == pytest.approx(np.hypot(own.mass_deviation, 0.1 * own.mass))
    moment = np.hypot(own.moment_deviation, 0.1 * own.mass * own.com)
    np.testing.assert_allclose(unsure.moment_deviation, moment)
    assert sure.mass_deviation >= own.mass_deviation
    left = np.full((50, 6), 100.0)  # one error, 50 times
    lasting = doubt_payload(own, left, learner, 0.0)
    again = doubt_payload(own, np.concatenate((left, left)), learner, 0.0)
    assert lasting.mass_deviation > 2.0 * own.mass_deviation
    ratio = again.mass_deviation / lasting.mass_deviation
    assert ratio == pytest.approx(np.sqrt(2.0), rel=0.1)
    with pytest.raises(ConfigurationError, match="gain_error"):
        replay(log, learner, gain_error=-0.1)
    assert ReplaySettings(log=logs[0], gains=(1.0,)).gain_doubt == 0.05
    assert ReplaySettings(log=logs[0]).gain_doubt == 0.0


def test_replay_is_refused_in_one_line(logs, tmp_path):
    """Another arm, another rate, a time beyond the log."""
    log = read_log(logs[0])
    with pytest.raises(RecordError, match="needs 7, those of 'panda'"):
        log_learner(arms.load("panda"), log)
    learner = log_learner(MODEL, log)
    time, q, dq, tau = log.time, log.q, log.dq, log.tau
    np.savez(tmp_path / "slow.npz", time=time[::4], q=q[::4], dq=dq[::4], tau=tau[::4])
    with pytest.raises(ConfigurationError, match=r"within a factor of 1\.25"):
        replay(read_log(tmp_path / "slow.npz"), learner)
    settings = ReplaySettings(log=logs[0], arm="ur5e", freeze_after=99.0, out=tmp_path / "a")
    with pytest.raises(ConfigurationError, match="freeze_after: is 99"):
        run_replay(settings)
    with pytest.raises(ConfigurationError, match="freeze_after: is -1"):
        ReplaySettings(log=logs[0], freeze_after=-1.0)
