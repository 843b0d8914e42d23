"""Identification from logs: what a simulated arm has is found, and written so that it loads."""

import json
from pathlib import Path

import numpy as np
import pytest
from log_samples import motion, write_csv

import arms
from arms import ArmError
from arms.model.model_file import model_data
from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.jobs import IdentifySettings, run_identify
from nengo_forcectl.logs import LogFormat, excite, identify, read_log
from nengo_forcectl.logs.physical_fit import (
    fit_physical,
    is_physical,
    parameters_of,
    pseudo_inertia,
)
from nengo_forcectl.paths import RecordedPath

MODEL = arms.load("planar2")
REAL = MODEL.with_payload(0.7, (0.1, 0.0, 0.0)).with_armature(0.05).with_friction(0.8, 0.5)
OFFSET = np.array([0.3, -0.2])  # [N m]


@pytest.fixture(scope="module")
def log_file(tmp_path_factory):
    """Twenty seconds of an arm with a payload, rotors, friction and offsets; a little noise."""
    rng = np.random.default_rng(0)
    time, q, dq, ddq = motion(MODEL, 20.0, 100.0, rng)
    tau = REAL.inverse_dynamics(q, dq, ddq) + OFFSET + 0.02 * rng.normal(size=q.shape)
    return write_csv(tmp_path_factory.mktemp("log") / "real.csv", time, q, dq, tau)


@pytest.fixture(scope="module")
def run(log_file, tmp_path_factory):
    """The run folder of the command."""
    out = tmp_path_factory.mktemp("run") / "out"
    return run_identify(IdentifySettings(logs=(log_file,), arm="planar2", out=out))


def test_what_the_arm_has_is_found(log_file):
    """Friction, rotors and offsets within three deviations; torques of unseen blocks to 2 %."""
    found = identify([read_log(log_file, arm=MODEL)], MODEL)
    n = MODEL.dof
    truth = np.concatenate((REAL.drive_parameters, OFFSET))
    off = np.abs(found.values[-4 * n :] - truth)
    assert (off < 3.0 * found.deviation[-4 * n :] + 0.01).all()
    assert (found.error_unseen < 0.02).all()
    assert (found.error_model > 0.1).all()
    assert is_physical(found.arm.inertial_parameters)
    assert found.shown <= found.base


def test_the_model_file_is_the_arm_that_was_found(run):
    """``arms.load`` reads it; its torques are those found, without the offsets."""
    arm = arms.load(run.folder / "model.json")
    q, dq, ddq = np.random.default_rng(1).uniform(-1, 1, (3, 5, 2))
    values = [each["value"] for each in run.summary["values"].values()]
    theta, drives = np.array(values[:-8]), np.array(values[-8:-2])
    wanted = MODEL.regressor(q, dq, ddq) @ theta + MODEL.drive_regressor(dq, ddq) @ drives
    assert np.allclose(arm.inverse_dynamics(q, dq, ddq), wanted)
    assert np.allclose(arm.pose(q), MODEL.pose(q))
    assert np.allclose(arms.load(run.folder / "model.urdf").mass_matrix(q), arm.mass_matrix(q))
    data = json.loads((run.folder / "model.json").read_text())["identified"]
    assert len(data["data"][0]["sha256"]) == 64
    assert (run.folder / "identify.png").stat().st_size > 10_000


def test_every_arm_of_the_catalogue_survives_a_model_file(tmp_path):
    """Limits that are infinite, too."""
    for name in arms.names():
        chain = arms.load(name).chain
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(model_data(chain), allow_nan=False))
        assert arms.load(path).chain == chain


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not JSON"),
        ("{}", "has no format"),
        ('{"format": "arms model", "version": 2}', "is of version 2"),
        ('{"format": "arms model", "version": 1, "arm": {"links": 1}}', "has another form"),
    ],
)
def test_files_that_are_no_models_are_refused(content, message, tmp_path):
    """In one line."""
    path = tmp_path / "a.json"
    path.write_text(content)
    with pytest.raises(ArmError, match=message):
        arms.load(path)
    with pytest.raises(ArmError, match="cannot be read"):
        arms.load(tmp_path / "b.json")


def test_the_fit_is_the_best_of_the_physical_ones(rng):
    """Against many random bodies, for a problem whose free solution is none."""
    X = rng.normal(size=(60, 12))
    free = np.concatenate((parameters_of(np.diag([0.1, -0.05, 0.2, 1.0])), [-0.3, 0.4]))
    y = X @ free
    A, b = X.T @ X + 1e-6 * np.eye(12), X.T @ y
    found = fit_physical(
        A, b, np.concatenate((parameters_of(np.eye(4)), [1.0, 1.0])), 1, slice(10, 12)
    )

    def cost(x):
        return 0.5 * x @ A @ x - b @ x

    assert np.linalg.eigvalsh(pseudo_inertia(found[:10]))[0] > 0.0
    assert found[10] >= 0.0
    for _ in range(300):
        U = np.triu(rng.normal(size=(4, 4)))
        other = np.concatenate((parameters_of(U @ U.T), rng.uniform(0, 1, 2)))
        near = found + rng.uniform(0, 0.3) * (other - found)
        assert cost(found) <= cost(near) + 0.02


def test_identify_checks_its_arguments(log_file):
    """By name."""
    log = read_log(log_file)
    for wrong in ({"cutoff": -1.0}, {"blocks": 1}):
        with pytest.raises(ConfigurationError, match=r"identify\."):
            identify([log], MODEL, **wrong)
    with pytest.raises(ConfigurationError, match="below 45"):
        identify([log], MODEL, cutoff=60.0)
    with pytest.raises(ConfigurationError, match="needs KIND=VALUE"):
        IdentifySettings(logs=(log_file,), columns=("q",))
    with pytest.raises(ConfigurationError, match="needs FIRST:STOP"):
        IdentifySettings(logs=(log_file,), rows=("3",))
    settings = IdentifySettings(logs=(log_file,), arm="planar2", rows=("0:900", "1:500"))
    with pytest.raises(ConfigurationError, match="has 2 pairs"):
        settings.read(settings.logs, MODEL)


def test_a_format_without_anything_is_one(log_file):
    """The defaults read what was guessed."""
    assert read_log(log_file, LogFormat()).dof == 2


def test_a_designed_motion_keeps_limits_and_shows_more(tmp_path):
    """From rest to rest, within a box, better conditioned than a random series."""
    arm, box = arms.load("planar3"), (-0.2, -3.0, -0.1, 3.0, 3.0, 0.1)
    found = excite(arm, seconds=10.0, box=box, seed=1)
    place = arm.pose(found.q)[:, :3, 3]
    assert ((place > np.array(box[:3]) - 0.01) & (place < np.array(box[3:]) + 0.01)).all()
    assert ((found.q > arm.q_lower) & (found.q < arm.q_upper)).all()
    assert (np.abs(found.dq) <= arm.dq_max).all()
    assert (np.abs(found.tau) <= arm.tau_max).all()
    assert np.abs(found.dq[[0, -1]]).max() < 1e-9
    assert np.allclose(np.gradient(found.q, found.time, axis=0), found.dq, atol=0.01)
    assert found.condition < found.condition_random
    again = excite(arm, seconds=10.0, box=box, seed=1)
    assert np.array_equal(found.q, again.q)
    out = tmp_path / "out"
    run = run_identify(IdentifySettings(excite=True, arm="planar2", seconds=5.0, out=out))
    path = RecordedPath.read(run.folder / "excite.csv")
    assert path.end == pytest.approx(5.0)
    assert path.x.shape == (501, 2)
    assert (run.folder / "excite.png").exists()


def test_a_designed_motion_can_stay_around_a_posture():
    """It begins and ends there, and no joint goes further than it may."""
    arm, home = arms.load("planar3"), np.array([0.3, 0.8, -0.5])
    found = excite(arm, seconds=4.0, around=home, swing=0.2)
    assert np.abs(found.q[[0, -1]] - home).max() < 1e-12
    assert np.abs(found.dq[[0, -1]]).max() < 1e-9
    furthest = np.abs(found.q - home).max(axis=0)
    assert (furthest <= 0.2 + 1e-9).all()
    assert (furthest > 0.05).all()


def test_excitation_checks_its_arguments():
    """By name."""
    arm = arms.load("planar2")
    nowhere, edge = {"around": (0.1, 0.2, 0.3)}, {"around": (0.1, 4.0)}
    for wrong in (
        {"seconds": 0.0}, {"box": (1, 1, 1, 0, 0, 0)}, {"box": (5, 5, 5, 6, 6, 6)}, nowhere, edge,
        {"around": (0.1, np.nan)}, {"around": (0.1, 0.2), "swing": 0.0},
    ):  # fmt: skip
        with pytest.raises(ConfigurationError, match=r"excite\."):
            excite(arm, **wrong)
    with pytest.raises(ConfigurationError, match="logs: is a, needs none with --excite"):
        IdentifySettings(logs=(Path("a"),), excite=True)
    with pytest.raises(ConfigurationError, match="one log at least"):
        IdentifySettings()
