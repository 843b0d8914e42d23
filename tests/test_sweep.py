"""Sweeps of jobs over their settings: files, results, the same bits everywhere."""

import csv
import json
import os
from dataclasses import replace

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from nengo_forcectl.cli import VERBS, main
from nengo_forcectl.errors import ArmError, ConfigurationError, RecordError
from nengo_forcectl.jobs import BenchSettings, SweepSettings, read_sweep, run_bench, run_sweep
from nengo_forcectl.jobs.reach.reach_settings import ReachSettings
from nengo_forcectl.jobs.sweep.sweep_file import JOBS, read_sweep_file

FILE = """
job = "reach"
records = true
[settings]
arm = "planar2"
passes = 1
neurons = 500
[sweep]
adapt = ["observer", "consolidation"]
seed = [0, 1]
"""
TIMED = ("seconds", "steps_per_second", "latency_us")  # what a clock measures


def written(folder, text=FILE):
    """The path of a sweep's file."""
    path = folder / "sweep.toml"
    path.write_text(text)
    return path


def untimed(value):
    """What a run found, without what a clock measured."""
    if isinstance(value, dict):
        return {name: untimed(each) for name, each in value.items() if name not in TIMED}
    return value


@pytest.fixture(scope="module", autouse=True)
def _several_threads():
    """Linear algebra has several threads, unless the package limits them."""
    with pytest.MonkeyPatch.context() as patch, threadpool_limits(max(os.cpu_count(), 2)):
        patch.delenv("OPENBLAS_NUM_THREADS")
        yield


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The sweep in one process."""
    folder = tmp_path_factory.mktemp("alone")
    return run_sweep(SweepSettings(file=written(folder), jobs=1, out=folder / "out"))


@pytest.fixture(scope="module")
def cluster():
    """The address of a cluster of two worker processes."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
    ) as cluster:
        yield cluster.scheduler_address


def assert_same_bits(found, wanted):
    """Summaries, and every array of every record, bit by bit."""
    assert found.complete
    assert [cell.key for cell in found.cells] == [cell.key for cell in wanted.cells]
    for cell, other in zip(found.cells, wanted.cells, strict=True):
        assert json.dumps(untimed(cell.summary)) == json.dumps(untimed(other.summary))
        records, others = cell.records(), other.records()
        assert records.keys() == others.keys() != set()
        for name, record in records.items():
            for column, array in record.items():
                assert array.tobytes() == others[name][column].tobytes(), (cell.key, column)


def test_a_sweep_is_the_runs_of_the_job(alone):
    """Each cell is the job alone with its settings; a table has one row each."""
    assert alone.complete
    assert [dict(cell.key) for cell in alone.cells] == [
        {"adapt": adapt, "seed": seed} for adapt in ("observer", "consolidation") for seed in (0, 1)
    ]
    assert all(cell.failure is None for cell in alone.cells)
    first = alone.cells[0]
    record = first.records()["observer"]
    error = 1e3 * np.sqrt(np.mean(np.sum((record["tool"] - record["reference"]) ** 2, axis=1)))
    assert alone.figures(first)["rms_mm.observer"] == pytest.approx(error)
    rows = list(csv.DictReader((alone.folder / "results.csv").read_text().splitlines()))
    assert [row["seed"] for row in rows] == ["0", "1", "0", "1"]
    assert float(rows[0]["rms_mm.observer"]) == alone.figures(first)["rms_mm.observer"]
    assert not list(alone.folder.rglob("*.png"))
    (page,) = alone.folder.rglob("report.html")
    assert "reach: 4 of 4 cells finished" in page.read_text()


def test_a_table_has_the_errors_of_its_job(tmp_path):
    """Of a learned Jacobian and of logs; a number by joint is the mean of the joints."""
    settings = '[settings]\narm = "planar2"\nneurons = 20\nsamples = 40\nepochs = 1\ntest = 50\n'
    file = written(tmp_path, f'job = "jacobian"\n{settings}[sweep]\nseed = [0, 1]')
    found = run_sweep(SweepSettings(file=file, jobs=1, out=tmp_path / "out"))
    cell = found.cells[0]
    error = cell.summary["relative_error"]["median"]
    assert found.figures(cell)["relative_error.median"] == error
    assert found.figure_names[0] == "relative_error.median"
    logs = {
        "replay": {"parts": [{"errors": {}}, {"errors": {"all": {"learner": [0.1, 0.3]}}}]},
        "identify": {"error_unseen": [0.1, 0.3], "error_model": [1.0, 2.0]},
    }
    wanted = {
        "replay": {"parts.errors.all.learner": 0.2},
        "identify": {"error_unseen": 0.2, "error_model": 1.5},
    }
    for job, summary in logs.items():
        figures = replace(found, job=job).figures(replace(cell, summary=summary))
        assert figures == pytest.approx(wanted[job])
        assert replace(found, job=job).figures(replace(cell, summary={})) == {}


def test_cells_that_fail_end_with_exit_code_3(tmp_path, capsys):
    """A script sees that results are missing; the others are there."""
    file = written(tmp_path, 'job = "reach"\n[sweep]\narm = ["planar1"]\nadapt = ["none"]')
    with pytest.raises(SystemExit) as end:
        main(["sweep", str(file), "--jobs", "1", "--out", str(tmp_path / "out")])
    assert end.value.code == 3
    assert "1 of 1 cells failed; see results.csv" in capsys.readouterr().err


def test_two_processes_and_a_cluster_give_the_same_bits(alone, cluster, tmp_path):
    """With networks that are built by least squares, whose last bits depend on the threads."""
    file = written(tmp_path)
    for name, where in (("two", {"jobs": 2}), ("cluster", {"dask": cluster})):
        found = run_sweep(SweepSettings(file=file, out=tmp_path / name, **where))
        assert_same_bits(found, alone)


def test_a_sweep_goes_on_to_the_same_bits(alone, tmp_path):
    """After Ctrl-C the folder has the cells so far; other settings do not go on in it."""

    def interrupt(name, done, *_):
        if done == 2:
            raise KeyboardInterrupt

    settings = SweepSettings(file=written(tmp_path), jobs=1, out=tmp_path / "out")
    with pytest.raises(KeyboardInterrupt):
        run_sweep(settings, interrupt)
    assert len(read_sweep(tmp_path / "out").cells) == 2
    assert not read_sweep(tmp_path / "out").complete
    written(tmp_path, FILE.replace("[0, 1]", "[0, 2]"))
    with pytest.raises(RecordError, match=r"was begun with axes .*needs the same settings"):
        run_sweep(settings)
    written(tmp_path)
    assert_same_bits(run_sweep(settings), alone)


def test_a_bench_on_a_cluster_has_the_same_cells(cluster, tmp_path):
    """And goes on with ``--out``: what is there is not run again."""
    options = {"arms": ("planar2",), "disturbances": ("none", "noise"), "adapt": ("observer",),
               "passes": 1}  # fmt: skip
    here = run_bench(BenchSettings(**options, jobs=1, out=tmp_path / "here"))
    there = run_bench(BenchSettings(**options, dask=cluster, out=tmp_path / "there"))
    strip = lambda results: [{**c.as_data(), "seconds": 0} for c in results.cells]  # noqa: E731
    assert strip(there) == strip(here)
    again = run_bench(BenchSettings(**options, jobs=1, out=tmp_path / "there"))
    assert again.cells == there.cells
    with pytest.raises(RecordError, match="was begun with passes 1, not 2"):
        run_bench(BenchSettings(**{**options, "passes": 2}, jobs=1, out=tmp_path / "there"))


def test_the_command_prints_a_table_or_json(tmp_path, capsys):
    """A cell that cannot be run says why, and the others are there."""
    text = """
    job = "press"
    settings = { arm = "planar3", adapt = "none", stiffness = 1e4, hold = 1.0, speed = 0.05 }
    sweep = { force = [10, 20] }
    """
    out = tmp_path / "out"
    main(["sweep", str(written(tmp_path, text)), "--jobs", "1", "--out", str(out), "--json"])
    data = json.loads(capsys.readouterr().out)
    assert data["complete"]
    assert [cell["force"] for cell in data["cells"]] == [10, 20]
    main(["sweep", str(tmp_path / "sweep.toml"), "--jobs", "1", "--out", str(out)])
    printed = capsys.readouterr().out
    assert "2 of 2 cells finished" in printed
    assert "force 20" in printed


def test_an_error_of_the_job_is_the_result_of_its_cell(tmp_path):
    """The rest goes on."""
    text = FILE.replace('["observer", "consolidation"]', '["observer"]').replace(
        "[0, 1]", "[0]\narm = ['planar2', 'BROKEN']"
    ).replace('arm = "planar2"\n', "")  # fmt: skip
    link = (
        "<robot name='x'><link name='a'/><link name='b'><inertial><mass value='1'/><inertia "
        "ixx='1' iyy='1' izz='1' ixy='0' ixz='0' iyz='0'/></inertial></link><joint name='j' "
        "type='revolute'><parent link='a'/><child link='b'/><axis xyz='0 0 1'/><limit lower='-1' "
        "upper='1' effort='1' velocity='0'/></joint></robot>"
    )
    (tmp_path / "x.urdf").write_text(link)
    file = written(tmp_path, text.replace("BROKEN", str(tmp_path / "x.urdf")))
    good, bad = run_sweep(SweepSettings(file=file, jobs=1, out=tmp_path / "out")).cells
    assert good.failure is None
    assert bad.failure is not None
    assert bad.failure.startswith("ConfigurationError: ")


def test_jobs_are_those_of_the_command_line():
    """Under their names; all have an arm, a folder and a summary."""
    for name, job in JOBS.items():
        assert VERBS[name].job == job.run
        assert VERBS[name].settings.endswith(job.settings)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('"reach"', '"rich"'), "job: is 'rich', needs one of reach, press"),
        (('"reach"', "3"), "job: is 3, needs one of"),
        (("records = true", "records = 1"), "records: is 1, needs true or false"),
        (("records = true", "recods = 1"), "recods: is not known, needs some of job, records"),
        (("passes = 1", "passes = 0"), "passes: is 0, needs a whole number from 1 up"),
        (("passes = 1", "pases = 1"), "has 'pases', needs some of .*passes"),
        (("passes = 1", 'out = "x"'), r"\[settings\] out: is of the whole sweep"),
        (("passes = 1", "seed = 1"), r"\[sweep\] seed: is in \[settings\], too"),
        (("[0, 1]", "[0, -1]"), "cell adapt observer, seed -1: seed: is -1, needs a whole number"),
        (("[0, 1]", "[0, 0]"), r"\[sweep\] seed: has a value twice"),
        (("[0, 1]", "[]"), r"\[sweep\] seed: is \[\], needs a list of values"),
        (("[0, 1]", "1"), r"\[sweep\] seed: is 1, needs a list of values"),
        (("consolidation", "nobody"), "adapt: is nobody, needs some of none"),
        (("[sweep]", "[[sweep]]"), r"sweep: is \[.*, needs a table"),
    ],
)
def test_what_is_wrong_in_a_file_is_one_line(change, words, tmp_path):
    """It names the file, the cell, the option, the value and what is valid."""
    file = written(tmp_path, FILE.replace(*change))
    with pytest.raises(ConfigurationError, match=words) as caught:
        run_sweep(SweepSettings(file=file, jobs=1, out=tmp_path / "out"))
    assert str(caught.value).startswith(f"sweep file '{file}': ")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_unknown_arms_and_missing_files_are_said_first(tmp_path):
    """Nothing is begun."""
    settings = SweepSettings(file=written(tmp_path), jobs=1, out=tmp_path / "out")
    written(tmp_path, FILE.replace("planar2", "planarr"))
    with pytest.raises(ArmError, match="planarr"):
        run_sweep(settings)
    settings.file.unlink()
    with pytest.raises(RecordError, match=r"settings file .*No such file"):
        run_sweep(settings)
    assert not (tmp_path / "out").exists()


def test_cells_are_numbered_as_nested_loops(tmp_path):
    """The last axis is the fastest; values keep their types."""
    sweep = read_sweep_file(written(tmp_path))
    assert [sweep.key(number) for number in (0, 1, 3)] == [
        {"adapt": "observer", "seed": 0},
        {"adapt": "observer", "seed": 1},
        {"adapt": "consolidation", "seed": 1},
    ]
    assert sweep.settings(2) == ReachSettings(
        arm="planar2", passes=1, neurons=500, adapt=("consolidation",), seed=0
    )


def test_a_damaged_cell_is_one_line_to_a_reader(alone, tmp_path):
    """A sweep that is resumed runs it again; one that is read says so."""
    with pytest.raises(RecordError, match="holds no plan"):
        read_sweep(tmp_path)
    place = alone.folder / "cells" / "000" / "000001.json"
    before = place.read_bytes()
    place.write_bytes(before.replace(b'"seed": 1', b'"seed": 7', 1))
    with pytest.raises(RecordError, match=r"000001\.json': is damaged"):
        read_sweep(alone.folder)
    place.write_bytes(before)
