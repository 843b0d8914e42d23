"""Records as CSV, Parquet and MCAP, and back."""

import sys

import numpy as np
import pytest
from log_samples import motion

import arms
from nengo_forcectl.cli import main
from nengo_forcectl.contract import Reference, Result, State
from nengo_forcectl.errors import RecordError
from nengo_forcectl.logs import convert_log, read_log
from nengo_forcectl.robots import Log

ARM = arms.load("planar2")
ENDINGS = (".csv", ".parquet", ".mcap")


@pytest.fixture
def record(tmp_path):
    """A run's record of 300 cycles, with columns beside those of a log, in a ``.npz``."""
    time, q, dq, ddq = motion(ARM, 3.0, 100.0, np.random.default_rng(0))
    tau = ARM.inverse_dynamics(q, dq, ddq)
    arrays = {"time": time, "q": q, "dq": dq, "tau": tau, "J": np.tile(np.eye(2, 3), (300, 1, 1)),
              "tau_measured": 0.5 * tau, "reference": q + 1.0}  # fmt: skip
    np.savez(tmp_path / "run.npz", **arrays)
    return tmp_path / "run.npz", arrays


@pytest.mark.parametrize("ending", ENDINGS)
def test_numbers_keep_every_bit(ending, record, tmp_path):
    """There and back; measured torques do not take the place of those sent."""
    path, arrays = record
    log = read_log(convert_log(path, tmp_path / f"out{ending}"), arm=ARM)
    for name in ("time", "q", "dq", "tau"):
        assert getattr(log, name).tobytes() == arrays[name].tobytes(), name
    again = read_log(convert_log(tmp_path / f"out{ending}", tmp_path / "again.csv"))
    assert again.tau.tobytes() == arrays["tau"].tobytes()


def test_all_columns_are_there(record, tmp_path):
    """Under names counted from 1; every topic of an MCAP has a message a cycle."""
    path, arrays = record
    parquet = pytest.importorskip("pyarrow.parquet")
    highlevel = pytest.importorskip("rosbags.highlevel")
    table = parquet.read_table(convert_log(path, tmp_path / "a.parquet"))
    assert {"time", "q1", "q2", "tau_measured2", "J2_3", "reference1"} <= set(table.column_names)
    assert table["J2_2"].to_numpy().tobytes() == arrays["J"][:, 1, 1].tobytes()
    header = convert_log(path, tmp_path / "a.csv").read_text().splitlines()[0].split(",")
    assert header == table.column_names
    with highlevel.AnyReader([convert_log(path, tmp_path / "a.mcap")]) as bag:
        counts = {topic: each.msgcount for topic, each in bag.topics.items()}
    own = {f"/nengo_forcectl/{name}": 300 for name in arrays}
    assert counts == {"/joint_states": 300, **own}


def test_the_command_writes_a_new_file_only(record, tmp_path, capsys):
    """A file that exists, or another ending, is one line and exit code 2."""
    path, _ = record
    main(["convert", str(path), str(tmp_path / "a.csv")])
    before = (tmp_path / "a.csv").read_bytes()
    for out, words in (("a.csv", "exists"), ("a.xls", "needs .csv, .parquet, .mcap"),
                       ("no/a.csv", "cannot be written")):  # fmt: skip
        with pytest.raises(SystemExit) as end:
            main(["convert", str(path), str(tmp_path / out)])
        assert end.value.code == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert words in line
    assert (tmp_path / "a.csv").read_bytes() == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.csv", "run.npz"]


@pytest.mark.parametrize(
    ("package", "ending"), [("pyarrow", ".parquet"), ("rosbags.rosbag2", ".mcap")]
)
def test_without_the_package_a_line_says_what_to_install(package, ending, record, monkeypatch):
    """And nothing is left behind."""
    path, _ = record
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(RecordError, match=r"pip install 'nengo-forcectl\[logs\]'"):
        convert_log(path, path.with_suffix(ending))
    assert [each.name for each in path.parent.iterdir()] == ["run.npz"]


def test_damaged_parquet_is_one_line(tmp_path):
    """Not a table."""
    pytest.importorskip("pyarrow")
    (tmp_path / "a.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(RecordError, match=r"a\.parquet': cannot be read"):
        read_log(tmp_path / "a.parquet")


def test_a_log_is_a_frame_a_figure_and_a_line(monkeypatch):
    """Columns of joints counted from 1; without pandas a line names the extra."""
    log = Log(5)
    assert repr(log) == "Log of 0 of 5 cycles: no columns yet"
    with pytest.raises(RecordError, match="no cycle yet"):
        log.plot()
    for k in range(3):
        state = State(1e-3 * k, np.full(2, k), -np.full(2, k))
        reference = Reference(np.full(3, 2.0 * k), np.zeros(3), np.zeros(3))
        log.append(state, reference, Result(np.full(2, 0.1 * k), 0.0, np.zeros(3)))
    assert repr(log).startswith("Log of 3 of 5 cycles: time, q, dq, tau,")
    assert [axes.get_ylabel() for axes in log.plot().axes] == ["q [rad]", "dq [rad/s]", "tau [N m]"]
    pytest.importorskip("pandas")
    frame = log.to_frame()
    assert list(frame.columns[:5]) == ["time", "q1", "q2", "dq1", "dq2"]
    assert frame["q2"].tolist() == [0.0, 1.0, 2.0]
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(RecordError, match=r"nengo-forcectl\[logs\]"):
        log.to_frame()
