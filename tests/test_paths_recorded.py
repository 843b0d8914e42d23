"""Paths from files."""

import numpy as np
import pytest

from nengo_forcectl import ForcectlError, MinimumJerk
from nengo_forcectl.errors import ConfigurationError, RecordError
from nengo_forcectl.paths import RecordedPath

LINES = MinimumJerk(np.array([[0.5, 0.1, 0.4], [0.3, -0.2, 0.6], [0.4, 0.3, 0.5]]), 0.5)
TIMES = np.linspace(0, 1, 41)


def samples(*names):
    """Columns of the minimum-jerk lines."""
    references = [LINES.at(time) for time in TIMES]
    return {
        name: np.array([getattr(reference, name) for reference in references]) for name in names
    }


@pytest.mark.parametrize("names", [("x",), ("x", "dx"), ("x", "dx", "ddx")])
@pytest.mark.parametrize("kind", ["npz", "csv"])
def test_a_file_gives_the_path_back(tmp_path, names, kind):
    """The samples come back bit for bit, and what lies between them is the path nearly."""
    file, columns = tmp_path / f"path.{kind}", samples(*names)
    if kind == "npz":
        np.savez(file, time=TIMES + 3.0, **columns)
    else:
        heading = ["time", *(f"{name}{axis}" for name in names for axis in range(3))]
        table = np.column_stack([TIMES + 3.0, *columns.values()])
        np.savetxt(file, table, "%.17g", ",", header=",".join(heading), comments="")
    path = RecordedPath.read(file)
    assert path.end == pytest.approx(1.0)
    for name, column in columns.items():
        np.testing.assert_array_equal(getattr(path, name), column)
    tolerance = {1: 1e-3, 2: 2e-4, 3: 1e-5}[len(names)]
    for time in np.linspace(0, 1, 97):
        np.testing.assert_allclose(path.at(time).x, LINES.at(time).x, atol=tolerance)


def test_a_file_that_begins_with_a_mark_of_its_encoding_is_read(tmp_path):
    """Spreadsheets write one."""
    (tmp_path / "path.csv").write_text("time,x0\n0,1\n1,2\n", encoding="utf-8-sig")
    assert RecordedPath.read(tmp_path / "path.csv").at(0.0).x == [1.0]


def test_the_heading_that_numpy_writes_by_default_is_read(tmp_path):
    """It puts a number sign in front."""
    file = tmp_path / "path.csv"
    np.savetxt(file, [[0.0, 1.0], [1.0, 2.0]], delimiter=",", header="time,x0")
    assert file.read_text().startswith("# time,x0")
    np.testing.assert_array_equal(RecordedPath.read(file).x, [[1.0], [2.0]])


def test_a_smooth_recording_of_positions_gives_velocities():
    """Of a sine's samples alone the spline has velocity and acceleration of a sine."""
    time = np.linspace(0, 2 * np.pi, 200)
    path = RecordedPath(time, np.sin(time)[:, None])
    for t in np.linspace(0.1, 6.1, 50):
        reference = path.at(t)
        np.testing.assert_allclose(reference.dx, np.cos(t), atol=1e-5)
        np.testing.assert_allclose(reference.ddx, -np.sin(t), atol=1e-3)


X = np.zeros((3, 2))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0, 1, 1], X), r"time: sample 1 is at 1 s and sample 2 at 1 s, which is infinite speed"),
        (([0, 2, 1], X), r"time: sample 1 is at 2 s and sample 2 at 1 s"),
        (([0, 1], X), r"time: has shape \(2,\), needs \(3,\)"),
        (([0, 1, np.nan], X), r"time: is nan s at \[2\], needs finite"),
        (
            ([0, 1, 2], X + np.array([0, np.inf])),
            r"x: is inf at \[0, 1\], needs finite numbers",
        ),
        (([0], X[:1]), r"x: has shape \(1, 2\)"),
        (([0, 1, 2], X, X[:, :1]), r"dx: has shape \(3, 1\), needs \(3, 2\)"),
        (([0, 1, 2], X, None, X), r"ddx: is given without dx"),
    ],
)
def test_samples_that_make_no_path_are_named(arguments, message):
    """What is no path is refused, naming field, place and value."""
    with pytest.raises(ConfigurationError, match=r"RecordedPath\." + message):
        RecordedPath(*arguments)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "", "has no time, only nothing"),
        ("a.csv", "time,x0\n", r"x: has shape \(0, 1\)"),
        ("a.csv", "time,x0\n0,1\n1\n", "sample 2 has 1 values, the heading 2"),
        ("a.csv", "time,x0\n0,1\n1,two\n", "could not convert string to float: 'two'"),
        ("a.csv", "time,x0\n0,1\n0,2\n", "infinite speed"),
        ("a.csv", "time,x0\n0,1\n1,nan\n", r"is nan at \[1, 0\], needs finite numbers"),
        ("a.csv", "time,x1\n0,1\n1,2\n", "column 2 is called 'x1'; needs time,x0"),
        ("a.csv", "time,time,x0\n0,0,1\n", "column 2 is called 'time'"),
        ("a.csv", "t,x0\n0,1\n1,2\n", "column 1 is called 't'"),
        ("a.csv", "x0,x1\n0,1\n1,2\n", "has no time, only x; needs time and x"),
        ("a.npz", "time,x0\n0,1\n1,2\n", "cannot be read"),
        ("a.npz", "", "cannot be read"),
        ("a.txt", "time,x0\n0,1\n1,2\n", r"ends in '.txt', needs .npz or .csv"),
    ],
)
def test_a_broken_file_is_named(tmp_path, name, text, message):
    """Every broken file is an error of ours that names the file and what is wrong."""
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ForcectlError, match=rf"path file '.*{name}': .*{message}"):
        RecordedPath.read(tmp_path / name)


def test_a_truncated_or_pickled_or_missing_file_is_refused(tmp_path):
    """Half an archive, an archive of Python objects and no file at all are errors of ours."""
    np.savez(tmp_path / "whole.npz", time=TIMES, **samples("x"))
    content = (tmp_path / "whole.npz").read_bytes()
    for share in (0.1, 0.5, 0.95):
        (tmp_path / "half.npz").write_bytes(content[: int(share * len(content))])
        with pytest.raises(RecordError, match=r"half.npz': cannot be read"):
            RecordedPath.read(tmp_path / "half.npz")
    np.savez_compressed(tmp_path / "packed.npz", time=TIMES, **samples("x"))
    packed = bytearray((tmp_path / "packed.npz").read_bytes())
    packed[100:140] = b"?" * 40
    (tmp_path / "packed.npz").write_bytes(packed)
    with pytest.raises(RecordError, match=r"packed.npz': cannot be read"):
        RecordedPath.read(tmp_path / "packed.npz")
    np.savez(tmp_path / "objects.npz", time=TIMES, x=np.array([{}] * 41, dtype=object))
    with pytest.raises(RecordError, match=r"objects.npz': cannot be read"):
        RecordedPath.read(tmp_path / "objects.npz")
    np.save(tmp_path / "one.npy", TIMES)
    (tmp_path / "one.npy").rename(tmp_path / "one.npz")
    with pytest.raises(RecordError, match=r"one.npz': "):
        RecordedPath.read(tmp_path / "one.npz")
    with pytest.raises(RecordError, match=r"none.npz': cannot be read"):
        RecordedPath.read(tmp_path / "none.npz")
