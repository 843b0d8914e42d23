import json

import numpy as np
import pytest

import arms
from nengo_forcectl.cli import main
from nengo_forcectl.errors import ConfigurationError, RecordError
from nengo_forcectl.jobs.jacobian import jacobian_figures, jacobian_job as jacobian
from nengo_forcectl.jobs.jacobian.babbling import OnlineLearner, online_training
from nengo_forcectl.jobs.jacobian.jacobian_report import MEASURES
from nengo_forcectl.jobs.jacobian.jacobian_settings import JacobianSettings
from nengo_forcectl.jobs.jacobian.weight_check import check_weights
from nengo_forcectl.kinematics.compare import compare_jacobians
from nengo_forcectl.kinematics.learned import (
    LearnedKinematics,
    kinematic_targets,
    untrained_kinematics,
)
from nengo_forcectl.kinematics.training import TrainingPlan, region, sample

PICTURES = (
    "error_by_joint", "error_map", "ellipses", "learning_curve", "against_distance", "worst",
)  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """planar3's pose, a small network."""
    out = tmp_path_factory.mktemp("jacobian") / "run"
    return jacobian.run_jacobian(
        JacobianSettings(task="pose", neurons=100, samples=400, epochs=2, test=300, out=out)
    )


def assert_alike(one, other):
    """Two trees of dicts, lists and numbers, the numbers to rounding."""
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            assert_alike(one[key], other[key])
    elif isinstance(one, list):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            assert_alike(a, b)
    elif one is None:
        assert other is None
    else:
        assert one == pytest.approx(other, rel=1e-6, abs=1e-9)


def test_every_number_of_the_report_comes_from_the_files(run):
    """What the summary says of the Jacobians is recomputed from the arrays beside it.

    The learned J is recomputed from network.npz, the analytic one from the arm.
    """
    arm = arms.load(run.summary["settings"]["arm"])
    with np.load(run.folder / "comparison.npz") as file:
        q, weights, data = (file[name] for name in ("q", "weights", "data"))
    learned = LearnedKinematics.load(run.folder / "network.npz", arm)
    rows = list(learned.rows)
    found = compare_jacobians(
        learned.jacobian, lambda q: arm.jacobian(q)[:, rows], q, weights=weights
    )
    numbers = json.loads(json.dumps(jacobian.summary_of(found, data)))
    for name, value in numbers.items():
        assert_alike(run.summary[name], value)
    page = (run.folder / "report.html").read_text()
    for key in ("median", "p95"):
        assert f"{100 * run.summary['relative_error'][key]:.3g}&nbsp;%" in page


def test_the_report_needs_nothing_else(run):
    """One HTML file: every picture is inside, no address is outside."""
    page = (run.folder / "report.html").read_text()
    assert page.count("data:image/png;base64,") == len(PICTURES)
    assert "http" not in page
    assert "src=" not in page.replace('src="data:image/png', "")
    for name in PICTURES:
        assert (run.folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_the_drawn_arm_ends_at_its_tool(run):
    """The skeleton goes from the base to the tool."""
    q = run.comparison.q[0]
    body = jacobian_figures.skeleton(run.arm, q)
    np.testing.assert_allclose(body[-1], run.arm.pose(q)[:3, 3])
    np.testing.assert_allclose(body[0], 0.0)


def test_an_ellipse_is_the_velocity_of_unit_joint_motion(rng):
    """Every point of it is J dq with |dq| = 1 (Yoshikawa's ellipsoid)."""
    J = rng.normal(size=(2, 3))
    (curve,) = jacobian_figures.ellipses(J, J)
    np.testing.assert_allclose(np.linalg.norm(np.linalg.pinv(J) @ curve.T, axis=0), 1.0)


@pytest.mark.parametrize("name", ["planar2", "kuka_iiwa"])
def test_the_chain_of_the_loop_holds_end_to_end(name):
    """dF/dw by autodiff, closed form and differences agree, and G dw is what PyBullet shows."""
    table = check_weights(arms.load(name))
    assert [row["name"] for row in table] == [
        "adaptive.encoders", "adaptive.bias", "adaptive -> torque",
    ]  # fmt: skip
    for row in table:
        assert row["largest"] > 0
        assert row["closed_form"] < 1e-12
        assert row["differences"] < 1e-7
        assert row["acceleration"] < 1e-6


def test_the_online_learner_is_least_squares(rng):
    """After k configurations the decoders are those of ridge regression on all of them."""
    arm = arms.load("planar2")
    blank = untrained_kinematics(arm, *region(arm), 15, seed=0)
    learner, q = OnlineLearner(blank), sample(*region(arm), 40, rng)
    y, _ = kinematic_targets(arm, q, blank.rows)
    for each in zip(q, y, strict=True):
        learner.learn(*each)
    phi = blank.features(q)
    A = phi.T @ phi + 1e-8 * np.eye(16)  # noise / prior
    W = blank.decoders + np.linalg.solve(A, phi.T @ (y - phi @ blank.decoders.T)).T
    np.testing.assert_allclose(learner.learned.outputs(q), phi @ W.T, atol=1e-6)


def test_learning_while_the_arm_moves():
    """Babbling and reaching in PyBullet give a J that is right to 10 % at the median."""
    arm, visited = arms.load("planar2"), []
    plan = TrainingPlan(arm=arm, bounds=region(arm), neurons=100, samples=700, epochs=4)
    epochs = online_training(plan, visited)
    errors = [progress.jacobian_error for _, progress in epochs]
    assert len(errors) == 4
    assert errors[-1] < 0.1
    assert errors[-1] < 0.5 * errors[0]
    assert len(visited) == 700
    assert np.ptp(visited, axis=0).min() > 2.0  # [rad] it went about


@pytest.mark.usefixtures("without_figures")
def test_an_interrupted_training_keeps_the_best_so_far(tmp_path):
    """Ctrl-C after an epoch: its network is compared and saved, and the summary says so."""

    def interrupt(*progress):
        raise KeyboardInterrupt

    run = jacobian.run_jacobian(
        JacobianSettings(neurons=30, samples=100, epochs=2, test=20, out=tmp_path / "run"),
        interrupt,
    )
    assert run.summary["interrupted"]
    assert len(run.summary["curve"]) == 1
    assert len(run.data) == 50


@pytest.mark.usefixtures("without_figures")
def test_json_says_error_settings_and_time(tmp_path, capsys):
    """--json is one object with the relative error, the settings and the training time."""
    out = ["--out", str(tmp_path / "run"), "--json"]
    main(["jacobian", "--neurons", "30", "--samples", "100", "--test", "20", *out])
    summary = json.loads(capsys.readouterr().out)
    assert 0 < summary["relative_error"]["median"] <= summary["relative_error"]["p95"]
    assert summary["settings"]["neurons"] == 30
    assert summary["training_seconds"] > 0
    assert summary == json.loads((tmp_path / "run" / "summary.json").read_text())


@pytest.mark.needs("nengo_dl")
def test_the_table_is_printed(tmp_path, capsys, monkeypatch):
    """Without --json: the measures, the weights and the folder; whole at 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    out = ["--out", str(tmp_path / "run"), "--weights"]
    main(["jacobian", "--neurons", "30", "--samples", "100", "--test", "20", *out])
    text = capsys.readouterr().out
    for words in ("learned against analytic J", "manipulability", "adaptive.bias", "report.html"):
        assert words in text
    for title, _, unit in MEASURES.values():
        assert f"{title} [{unit}]" in text
    assert "…" not in text
    assert json.loads((tmp_path / "run" / "summary.json").read_text())["verb"] == "jacobian"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--arm", "kukka"], ["kukka", "kuka_iiwa"]),
        (["--neurons", "0"], ["neurons", "0", "from 1 up"]),
        (["--samples", "3"], ["samples", "3", "at least 30"]),
        (["--epochs", "0"], ["epochs", "0"]),
        (["--half-range", "-1"], ["half_range", "-1"]),
        (["--half-range", "nan"], ["half_range", "nan"]),
        (["--seed", "-1"], ["seed", "-1"]),
        (["--test", "0"], ["test", "0"]),
        (["--out", "."], ["exists"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, words, tmp_path, capsys, monkeypatch):
    """What is wrong is one line that names the thing, the value and what would work."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        main(["jacobian", *arguments])
    assert end.value.code == 2
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert line.startswith("nengo-forcectl: ")
    assert all(word in line for word in words), line
    assert captured.out == ""
    assert not list(tmp_path.iterdir())


def test_a_folder_without_a_run_is_an_error(run, tmp_path):
    """A folder that holds no run is said to hold none; one that does reads back."""
    with pytest.raises(RecordError, match="holds no run that can be read"):
        jacobian.read_jacobian_run(tmp_path)
    again = jacobian.read_jacobian_run(run.folder)
    assert again.summary == run.summary


@pytest.mark.parametrize("field", ["task", "train"])
def test_a_choice_that_there_is_not_is_refused(field):
    """From Python as well, where no command line has looked at it."""
    with pytest.raises(ConfigurationError, match=f"{field}: is 'bogus', needs one of po"):
        JacobianSettings(**{field: "bogus"})
