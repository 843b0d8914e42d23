import json

import numpy as np
import pytest

from nengo_forcectl.contract import Reference, Result, State
from nengo_forcectl.errors import RecordError
from nengo_forcectl.jobs.job_settings import JobSettings
from nengo_forcectl.jobs.run_folder import RunFolder, read_run
from nengo_forcectl.robots.log import Log, tool_error


def filled_log(cycles):
    log = Log(10)
    for k in range(cycles):
        reference = Reference(np.full(3, 2.0 * k), np.zeros(3), np.zeros(3))
        result = Result(np.ones(2), 0.0, np.zeros(3))
        log.append(State(k, np.full(2, k), -np.full(2, k)), reference, result, k % 3)
    return log


def test_a_log_holds_the_cycles_so_far():
    """Cycles come back in order, and only those that happened."""
    arrays = filled_log(4).arrays()
    np.testing.assert_array_equal(arrays["time"], range(4))
    np.testing.assert_array_equal(arrays["q"], np.repeat(np.arange(4.0), 2).reshape(4, 2))
    assert arrays["feedforward"].shape == (4, 2)
    np.testing.assert_array_equal(arrays["event"], [0, 1, 2, 0])
    assert Log(10).arrays() == {}


def test_a_log_that_is_full_says_so():
    """Its size is named, and the cycles that fitted are kept."""
    log, nothing = Log(1), np.zeros(2)
    entry = (
        State(0.0, nothing, nothing),
        Reference(*np.zeros((3, 3))),
        Result(nothing, 0.0, np.zeros(3)),
    )
    log.append(*entry)
    with pytest.raises(RecordError, match="log: is full after 1 cycles"):
        log.append(*entry)
    assert len(log.arrays()["time"]) == 1


def test_the_error_is_the_distance_from_the_reference():
    """A tool that stays at the origin is |reference| away."""
    log = filled_log(3)
    np.testing.assert_allclose(log.error(), np.sqrt(3) * np.array([0.0, 2.0, 4.0]))
    np.testing.assert_allclose(tool_error(log.arrays(), 2), np.sqrt(3) * np.array([4.0]))


@pytest.mark.parametrize("dof", [2, 3, 7])
def test_after_a_joint_law_the_error_is_the_joints(dof):
    """Joints at zero are |q_r| away from theirs [rad]; the tool's is refused where it shows."""
    log, wrong = Log(3), Log(3)
    for k in range(3):
        state, result = (
            State(k, np.zeros(dof), np.zeros(dof)),
            Result(np.ones(dof), 0.0, np.ones(3)),
        )
        log.append(state, Reference(*np.full((3, dof), 2.0 * k)), result)
        wrong.append(state, Reference(*np.zeros((3, 4))), result)
    np.testing.assert_allclose(log.joint_error(1), np.sqrt(dof) * np.array([2.0, 4.0]))
    with pytest.raises(RecordError, match=rf"has 4 numbers a cycle, q has {dof}") as refused:
        wrong.joint_error()
    assert str(refused.value).endswith("of a law of the tool the error is Log.error")
    if dof != 3:
        with pytest.raises(RecordError, match="tool has 3; of a law of the joints the error is"):
            log.error()


@pytest.mark.parametrize("name", ["error", "joint_error"])
def test_an_empty_log_has_no_error_to_show(name):
    """It says that there was no cycle yet."""
    with pytest.raises(RecordError, match="but no cycle yet"):
        getattr(Log(10), name)()


@pytest.mark.parametrize("capacity", [10.0, 0, -1, True, None, "10"])
def test_a_log_needs_a_whole_number_of_cycles(capacity):
    """From 1 up; numpy's do as well."""
    with pytest.raises(RecordError, match=r"Log\.capacity: is .*, needs a whole number from 1 up"):
        Log(capacity)
    assert Log(np.int64(3)).capacity == 3


def test_a_run_reads_back_as_it_was_written(tmp_path):
    """Summary and records survive the disk to the last bit."""
    folder = RunFolder("reach", JobSettings(out=tmp_path / "run"))
    folder.write_record("none", filled_log(4).arrays())
    folder.write_summary({"rms_mm": {"none": [1.0]}})
    run = read_run(tmp_path / "run")
    assert run.summary == {"rms_mm": {"none": [1.0]}}
    for name, column in filled_log(4).arrays().items():
        np.testing.assert_array_equal(run.records["none"][name], column)
    names = sorted(path.name for path in run.folder.iterdir())
    assert names == ["none.npz", "run.toml", "summary.json"]


def test_a_folder_is_never_used_twice(tmp_path):
    """An existing folder is refused, and what it holds stays."""
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "summary.json").write_text("{}")
    with pytest.raises(RecordError, match=r"run': exists"):
        RunFolder("reach", JobSettings(out=tmp_path / "run"))
    assert (tmp_path / "run" / "summary.json").read_text() == "{}"


def test_without_a_name_the_next_free_one_is_taken(tmp_path, monkeypatch):
    """Runs are numbered, and a second one does not touch the first."""
    monkeypatch.chdir(tmp_path)
    names = [str(RunFolder("reach", JobSettings()).path) for _ in range(3)]
    assert names == ["runs/reach-001", "runs/reach-002", "runs/reach-003"]


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path):
    """A file in the way is named, with the reason."""
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordError, match=r"file/run': cannot be made \(Not a directory\)"):
        RunFolder("reach", JobSettings(out=tmp_path / "file" / "run"))


def test_a_write_that_fails_leaves_the_old_file(tmp_path):
    """A summary that cannot be written as JSON leaves the one before, and no temporary file."""
    folder = RunFolder("reach", JobSettings(out=tmp_path / "run"))
    folder.write_summary({"rms_mm": {}})
    with pytest.raises(ValueError, match="Out of range float"):
        folder.write_summary({"rms_mm": float("nan")})
    with pytest.raises(RuntimeError, match="in the middle"):
        folder.write("summary.json", _fails_in_the_middle)
    assert json.loads((tmp_path / "run" / "summary.json").read_text()) == {"rms_mm": {}}
    names = sorted(path.name for path in (tmp_path / "run").iterdir())
    assert names == ["run.toml", "summary.json"]


def _fails_in_the_middle(stream):
    stream.write(b"half")
    raise RuntimeError("in the middle")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"rms_mm": {"none": []}}'])
def test_a_broken_run_is_an_error(tmp_path, text):
    """A summary that is not one, or whose records are missing, is said to be unreadable."""
    (tmp_path / "summary.json").write_text(text)
    with pytest.raises(RecordError, match="holds no run that can be read"):
        read_run(tmp_path)


@pytest.mark.parametrize("rest", [0, 100, -40])
def test_a_truncated_record_is_an_error(tmp_path, rest):
    """Of nothing, of its beginning, of all but its end."""
    folder = RunFolder("reach", JobSettings(out=tmp_path / "run"))
    folder.write_summary({"rms_mm": {"none": []}})
    file = tmp_path / "run" / "none.npz"
    np.savez(file, **filled_log(5).arrays())
    read_run(tmp_path / "run")
    file.write_bytes(file.read_bytes()[:rest])
    with pytest.raises(RecordError, match="holds no run that can be read"):
        read_run(tmp_path / "run")
