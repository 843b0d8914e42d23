"""Logs as spreadsheets, robots and loggers write them: the same motion from every text."""

import numpy as np
import pytest
from log_samples import motion

import arms
from nengo_forcectl.errors import RecordError
from nengo_forcectl.logs import LogFormat, read_log

ARM = arms.load("planar2")
NAMES = ["time", "q0", "q1", "dq0", "dq1", "tau0", "tau1"]
UNITS = ["s", "rad", "rad", "rad/s", "rad/s", "Nm", "Nm"]


@pytest.fixture(scope="module")
def sample():
    """Four seconds at 100 Hz: columns of time, q, dq and tau."""
    time, q, dq, ddq = motion(ARM, 4.0, 100.0, np.random.default_rng(0))
    return np.column_stack((time, q, dq, ARM.inverse_dynamics(q, dq, ddq)))


def text_of(header, rows, delimiter=",", number="{:.9f}"):
    """Return lines of a header and numbers; the first column may be text."""
    lines = [] if header is None else [delimiter.join(header)]
    for row in rows:
        cells = (each if isinstance(each, str) else number.format(each) for each in row)
        lines.append(delimiter.join(cells))
    return "\n".join(lines) + "\n"


def stamped(sample, stamps):
    """Return the rows with other stamps."""
    return [(stamp, *row[1:]) for stamp, row in zip(stamps, sample, strict=True)]


def degrees(sample):
    """Return the rows with angles in degrees."""
    return sample * np.array([1.0] + 4 * [180.0 / np.pi] + 2 * [1.0])


def texts(sample):
    """Return files by what is odd in them."""
    time = sample[:, 0]
    ticks = np.round(1e9 * time).astype(int)
    turned = ["Time [s]", "Position 1 [deg]", "Position 2 [deg]", "Velocity 1 (deg/s)"]
    turned += ["Velocity 2 (deg/s)", "Torque 1 [Nm]", "Torque 2 [Nm]"]
    split = [(f"{1_700_000_000 + k // 10**9}", f"{k % 10**9}", *row[1:])
             for k, row in zip(ticks.tolist(), sample, strict=True)]  # fmt: skip
    iso = [f"2024-02-29 23:59:{now:09.6f}" for now in time + 50.0]
    camel = ["timeStamp", *(f"joint{kind}{j}" for kind in ("Position", "Velocity", "Torque")
             for j in range(2))]  # fmt: skip
    return {
        "units in the names": text_of(turned, degrees(sample)),
        "a line of units": text_of(NAMES, [UNITS, *sample]),
        "titles": "Recorded by me\ndate,2024\n" + text_of(NAMES, sample),
        "quotes": text_of([f'"{name}"' for name in NAMES], sample, number='"{:.9f}"'),
        "decimal commas and tabs": text_of(NAMES, sample, "\t").replace(".", ","),
        "decimal commas and blanks": text_of(NAMES, sample, " ").replace(".", ","),
        "commas and tabs": text_of(NAMES, sample, ",\t"),
        "commas at the ends": text_of(NAMES, sample).replace("\n", ",\n"),
        "time of an epoch": text_of(NAMES, stamped(sample, [f"{17 * 10**17 + k}" for k in ticks])),
        "milliseconds": text_of(["time_ms", *NAMES[1:]], sample * [1e3] + 0.0 * sample),
        "dates": text_of(NAMES, stamped(sample, iso)),
        "seconds and nanoseconds": text_of(["stamp.sec", "stamp.nanosec", *NAMES[1:]], split),
        "humps": text_of(camel, sample),
        "accelerations": text_of([*NAMES, "ddq0", "ddq1"], np.c_[sample, sample[:, 1:3]]),
    }


@pytest.mark.parametrize("odd", texts(np.zeros((1, 7))))
def test_texts_of_the_same_motion_are_the_same_log(odd, sample, tmp_path):
    """What is guessed is said."""
    if odd == "dates":
        sample = sample[:300]  # the minute's end
    text = texts(sample)[odd]
    if odd == "milliseconds":
        text = text_of(["time_ms", *NAMES[1:]], np.c_[1e3 * sample[:, :1], sample[:, 1:]])
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-16" if odd == "titles" else "latin-1")
    log = read_log(path, arm=ARM)
    assert log.dq is not None
    found = np.column_stack((log.time, log.q, log.dq, log.tau))
    assert np.abs(found - sample).max() < 2e-6
    assert any(note.startswith("q is ") for note in log.notes)
    assert not log.repaired


def test_rows_of_a_coarse_clock_are_spread(sample, tmp_path):
    """Time in tenths of a second, ten rows each."""
    rows = np.c_[np.floor(10.0 * sample[:, :1] + 1e-6) / 10.0, sample[:, 1:]]
    (tmp_path / "a.csv").write_text(text_of(NAMES, rows))
    log = read_log(tmp_path / "a.csv", arm=ARM)
    assert np.allclose(log.time, sample[:, 0], atol=1e-6)
    assert log.repaired == {"between ticks of the clock": 360}


def test_a_clock_that_is_set_loses_no_rows(sample, tmp_path):
    """The first rows have the time 0; then it is that of the world."""
    rows = sample.copy()
    rows[5:, 0] += 1.7e9
    (tmp_path / "a.csv").write_text(text_of(NAMES, rows))
    log = read_log(tmp_path / "a.csv", arm=ARM)
    assert np.allclose(log.time, sample[:, 0], atol=1e-6)
    assert log.repaired == {"clock set ahead": 1}


def test_angles_within_a_turn_are_made_continuous(sample, tmp_path):
    """And moved by whole turns to where the joint can be."""
    arm = arms.load("planar2")
    arm.q_lower, arm.q_upper = np.array([6.0, -6.0]), np.array([26.0, 6.0])
    rows = sample.copy()
    rows[:, 1] = sample[:, 1] % (2.0 * np.pi)
    rows[:, 2] = np.linspace(-4.0, 4.0, len(rows))
    rows[:, 2] = (rows[:, 2] + np.pi) % (2.0 * np.pi) - np.pi
    rows = np.delete(rows, [3, 4], axis=1)
    (tmp_path / "a.csv").write_text(text_of(["time", "q0", "q1", "tau0", "tau1"], rows))
    log = read_log(tmp_path / "a.csv", arm=arm)
    assert np.ptp(log.q[:, 1]) == pytest.approx(8.0)
    assert np.allclose(np.sin(log.q[:, 0]), np.sin(sample[:, 1]), atol=1e-6)
    assert log.q[:, 0].min() > 6.0
    assert any("q of joint 2 jumps by a turn" in note for note in log.notes)


@pytest.mark.parametrize(
    ("place", "change", "message"),
    [
        (3, lambda x: -x, "q of joint 1 changes -1 times as fast as its dq"),
        (6, lambda x: np.where(np.arange(len(x)) > 150, x[150], x), "torque of joint 2 stays"),
        (1, lambda x: np.where(np.arange(len(x)) > 150, x[150], x), "q of joint 1 "),
        (slice(1, 5), lambda x: 0.0 * x, "no joint moves by more than 0.001"),
        (0, lambda x: 0.0 * x, r"1 of its rows can be used \(399 repeated\), needs 200"),
    ],
)
def test_sensors_that_contradict_the_motion_are_refused(place, change, message, sample, tmp_path):
    """The line names the joint."""
    rows = sample.copy()
    rows[:, place] = change(rows[:, place])
    (tmp_path / "a.csv").write_text(text_of(NAMES, rows))
    with pytest.raises(RecordError, match=message):
        read_log(tmp_path / "a.csv", LogFormat(), ARM)
