import json

import numpy as np
import pytest

import arms
from nengo_forcectl.cli import main
from nengo_forcectl.errors import ConfigurationError, RecordError
from nengo_forcectl.jobs.bench import conditions
from nengo_forcectl.jobs.bench.bench_figures import bench_figures
from nengo_forcectl.jobs.bench.bench_job import run_bench
from nengo_forcectl.jobs.bench.bench_settings import DISTURBANCES, BenchSettings
from nengo_forcectl.jobs.bench.conditions import CONDITIONS, Condition, condition
from nengo_forcectl.jobs.bench.results import Cell, Results, read_results
from nengo_forcectl.networks.workspace import home_posture
from nengo_forcectl.sim.bullet import Bullet
from nengo_forcectl.sim.disturbances import acceleration, frictions, motors
from nengo_forcectl.sim.forces import ForceField

SMALL = ("--arms", "planar2", "--adapt", "none", "observer", "--passes", "1", "--jobs", "1")


def test_a_small_bench_leaves_results_a_table_and_a_figure(tmp_path, capsys):
    """Every cell is in results.json, in order, and the observer is better than nothing."""
    out = tmp_path / "bench"
    main(["bench", "adaptation", *SMALL, "--disturbances", "none", "payload-2", "--out", str(out)])
    table = capsys.readouterr().out
    assert all(word in table for word in ("planar2", "payload-2", "observer", "Run folder"))
    assert sorted(path.name for path in out.iterdir()) == [
        "bench.png", "cells", "lock", "plan.json", "report.html", "results.json", "run.toml",
    ]  # fmt: skip
    results = read_results(out)
    assert "in mm of pass 1," in table
    assert "pass 2" not in table
    figure, _ = bench_figures(results)["bench"]
    assert [axes.get_xlabel() for axes in figure.axes] == ["RMS tool error of pass 1 [mm]"]
    assert results.data["complete"]
    assert [cell.key for cell in results.cells] == [
        ("planar2", disturbance, controller, 0)
        for disturbance in ("none", "payload-2")
        for controller in ("none", "observer")
    ]
    without = results.median("planar2", "payload-2", "none")
    assert without is not None
    assert results.median("planar2", "payload-2", "observer") < 0.1 * without
    assert f"{without:.3g}" in table
    assert {"numpy", "numba"} <= results.data["versions"].keys()


@pytest.mark.usefixtures("without_figures")
@pytest.mark.needs("pybullet")  # in MuJoCo the sensor check comes first
def test_a_fall_is_reported_and_the_rest_goes_on(tmp_path, capsys, monkeypatch):
    """What pulls the tool away is a fall with its reason; the cells after it are run."""
    absurd = ForceField((2000.0, 0.0, 0.0))
    monkeypatch.setitem(CONDITIONS, "spring", lambda arm, *_: Condition(arm, (absurd,)))
    out = tmp_path / "bench"
    main(["bench", "adaptation", *SMALL, "--disturbances", "spring", "none", "--out", str(out)])
    fallen, others = read_results(out).cells[:2], read_results(out).cells[2:]
    assert [cell.later_mm for cell in fallen] == [None, None]
    assert all(cell.fell and ("off at" in cell.fell or "limit" in cell.fell) for cell in fallen)
    assert all(cell.fell is None and cell.later_mm is not None for cell in others)
    assert "planar2, spring, none, seed 0 fell: " in " ".join(capsys.readouterr().out.split())


@pytest.mark.usefixtures("without_figures")
def test_what_breaks_in_a_cell_breaks_that_cell_alone(tmp_path, monkeypatch):
    """An error that nobody foresaw is the reason of one cell's fall."""

    def broken(*_):
        raise ZeroDivisionError("no such luck")

    monkeypatch.setitem(CONDITIONS, "spring", broken)
    settings = BenchSettings(("planar2",), ("spring", "none"), ("none",), passes=1, jobs=1,
                             out=tmp_path / "bench")  # fmt: skip
    first, second = run_bench(settings).cells
    assert first.fell == "ZeroDivisionError: no such luck"
    assert second.fell is None


def test_an_interrupted_bench_keeps_what_is_done(tmp_path):
    """After Ctrl-C the results hold the finished cells, say that they are not all, and a figure."""

    def interrupt(name, done, *_):
        if done == 1:
            raise KeyboardInterrupt

    out = tmp_path / "bench"
    settings = BenchSettings(
        ("planar2",), ("none", "viscous"), ("none",), passes=1, jobs=1, out=out
    )
    with pytest.raises(KeyboardInterrupt):
        run_bench(settings, interrupt)
    results = read_results(out)
    assert len(results.cells) == 1
    assert not results.data["complete"]
    assert (out / "bench.png").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--disturbances", "earthquake"], ["earthquake", *DISTURBANCES]),
        (["--arms", "kukka"], ["kukka", "kuka_iiwa"]),
        (["--arms", "planar2", "planar2"], ["planar2", "once"]),
        (["--arms", "planar2", "--tip", "claw"], ["planar2", "claw", "link2"]),
        (["--out", "EXISTS"], ["exists"]),
        (["--jobs", "0"], ["jobs", "0", "1 up"]),
        (["--passes", "0"], ["passes", "0", "1 up"]),
        (["--seeds", "0"], ["seeds", "0", "1 up"]),
        (["--seeds", "1", "-1"], ["seeds", "-1"]),
    ],
    ids=lambda value: " ".join(value)[:30],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, words, tmp_path, capsys, monkeypatch):
    """What is wrong is one line that names the thing, the value and what would work."""
    monkeypatch.chdir(tmp_path)
    given = [str(tmp_path) if value == "EXISTS" else value for value in arguments]
    with pytest.raises(SystemExit) as end:
        main(["bench", "adaptation", *given])
    assert end.value.code == 2
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert all(word in line for word in words), line
    assert captured.out == ""
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("without_figures")
def test_exact_does_not_run_where_it_is_no_bound(tmp_path):
    """With dry friction there is no cell of exact, and the results are complete without it."""
    settings = BenchSettings(("planar2",), ("coulomb",), ("none", "exact"), passes=1, jobs=1,
                             out=tmp_path / "bench")  # fmt: skip
    results = run_bench(settings)
    assert [cell.controller for cell in results.cells] == ["none"]
    assert results.data["complete"]


def test_seeds_are_a_count_or_a_list():
    """One number counts from 0; several are the seeds."""
    assert BenchSettings(seeds=(3,)).all_seeds == (0, 1, 2)
    assert BenchSettings(seeds=(4, 7)).all_seeds == (4, 7)


def test_every_named_disturbance_can_be_made():
    """The settings name what there is, and each but the first changes what the arm does or sees."""
    assert tuple(CONDITIONS) == DISTURBANCES
    arm = arms.load("planar3")
    q, zero = home_posture(arm) + np.array([[0.2], [0.0]]), np.zeros((2, 3))
    dq = np.full((2, 3), 0.5)
    for name in DISTURBANCES:
        made = condition(name, arm, 0)
        same = made.sensors is None and made.period == 1e-3 and made.arm is arm
        same &= not motors(made.disturbances) and not frictions(made.disturbances)
        for time in (0.0, 5.0):
            ddq = acceleration(made.disturbances, made.arm, np.full(2, time), q, dq, zero)
            same &= np.allclose(ddq, arm.forward_dynamics(q, dq, zero))
        assert same == (name == "none"), name


def test_every_condition_has_a_step_that_resolves_it():
    """A period is a whole number of steps; elastic joints and bristles need more than one."""
    arm = arms.load("panda")
    for name in DISTURBANCES:
        made = condition(name, arm, 0)
        steps = made.period / made.dt
        assert steps == pytest.approx(round(steps))
        if made.dt < 1e-3 and name != "jitter":
            Bullet(made.arm, home_posture(arm), made.disturbances, made.dt,
                   rng=np.random.default_rng(0)).close()  # fmt: skip
            with pytest.raises(ConfigurationError, match="needs a simulation step of"):
                Bullet(made.arm, home_posture(arm), made.disturbances, 2.5e-3)


def test_disturbances_are_in_proportion_to_the_arm(iiwa):
    """The iiwa carries the 2 kg of the name, an arm of a fifth of its mass a fifth of that."""
    (payload,) = condition("payload-2", iiwa, 0).disturbances
    assert payload.mass == pytest.approx(2.0, rel=1e-3)
    (friction,) = condition("viscous", iiwa, 0).disturbances
    assert friction.coefficient == pytest.approx(0.9, rel=1e-3)
    (payload,) = condition("payload-2", arms.load("planar2"), 0).disturbances
    assert payload.mass == pytest.approx(2.0 * 3.5 / conditions.MASS)


def test_weak_motors_hold_the_arm_at_home(iiwa):
    """Saturation scales every motor of model and real arm alike; at home they still hold it."""
    made = condition("saturation", iiwa, 0)
    loaded = made.disturbances[0].real(made.arm)
    assert np.all(made.arm.tau_max >= np.abs(loaded.gravity(home_posture(iiwa))))
    scale = made.arm.tau_max / iiwa.tau_max
    np.testing.assert_allclose(scale, scale[0])
    assert scale[0] < 0.5


def test_results_that_cannot_be_read_are_said(tmp_path):
    """A folder without results, or with broken ones, is a RecordError."""
    with pytest.raises(RecordError, match="no results"):
        read_results(tmp_path)
    (tmp_path / "results.json").write_text(json.dumps({"cells": 3}))
    with pytest.raises(RecordError, match="no results"):
        read_results(tmp_path)


def test_the_median_is_over_seeds_and_no_number_where_one_fell():
    """Pass 1 does not count; a seed that fell is not left out of the median quietly."""
    cells = (
        Cell("a", "none", "none", 0, [9.0, 1.0, 3.0]),
        Cell("a", "none", "none", 1, [9.0, 5.0, 5.0]),
        Cell("a", "spring", "none", 0, [9.0, 1.0]),
        Cell("a", "spring", "none", 1, [9.0], fell="joint 4 at its limit at 6.1 s"),
    )
    results = Results(None, {}, {}, cells)  # pyright: ignore[reportArgumentType]
    assert results.median("a", "none", "none") == pytest.approx(3.5)
    assert results.median("a", "spring", "none") is None
    assert Results(None, {"passes": 3}, {}, cells).passes == "from pass 2 on"  # pyright: ignore[reportArgumentType]
