"""Logs from files: what is read, guessed, repaired and refused."""

import sys

import numpy as np
import pytest
from log_samples import motion, write_csv

import arms
from arms.model.chain import Inertia
from arms.model.dh import Row, from_dh
from nengo_forcectl.errors import ConfigurationError, RecordError
from nengo_forcectl.logs import LogFormat, read_log, signals_of
from nengo_forcectl.logs.log_format import find_columns
from nengo_forcectl.logs.signals import measured_of

ARM = arms.load("planar2")
BARE = LogFormat({"time": "1", "q": "2-3", "dq": "4-5", "tau": "6-7"})


@pytest.fixture
def sample():
    """Four seconds at 100 Hz: time, q, dq, tau."""
    time, q, dq, ddq = motion(ARM, 4.0, 100.0, np.random.default_rng(0))
    return time, q, dq, ARM.inverse_dynamics(q, dq, ddq)


def test_a_header_is_guessed_with_a_word(sample, tmp_path):
    """Names as of a UR controller's log."""
    log = read_log(write_csv(tmp_path / "a.csv", *sample), arm=ARM)
    assert np.allclose(log.q, sample[1], atol=1e-8)
    assert log.dq is not None
    assert np.allclose(log.dq, sample[2], atol=1e-8)
    assert np.allclose(log.tau, sample[3], atol=1e-6)
    assert "q is actual_q_0, actual_q_1" in log.notes
    assert not log.repaired


def test_degrees_are_those_of_joints_that_turn(tmp_path):
    """A sliding joint of the same log stays in metres."""
    link = Inertia(1.0, moments=(0.1, 0.0, 0.0, 0.1, 0.0, 0.1))
    rows = [Row(alpha=1.0, inertia=link), Row(kind="prismatic", inertia=link)]
    arm, time = arms.Arm(from_dh("slider", rows)), 0.01 * np.arange(200)
    q, dq = np.stack((0.6 * time, 0.1 * time), axis=1), np.tile([0.6, 0.1], (200, 1))
    told = [part * [180.0 / np.pi, 1.0] for part in (q, dq)]
    file = write_csv(tmp_path / "a.csv", time, *told, 1.0 + q)
    log = read_log(file, LogFormat(units={"q": "deg", "dq": "deg/s"}), arm)
    assert log.dq is not None
    assert np.allclose(log.q, q, atol=1e-8)
    assert np.allclose(log.dq, dq, atol=1e-8)
    for name, limit, message in (
        ("tau_max", 0.1, r"torque of joint 2 is 1.199 N, needs at most twice the 0.1 of"),
        ("dq_max", 0.05, r"dq of joint 2 is 0.1 m/s, needs at most 0.05, the limit of 'slider'$"),
        ("q_upper", 0.1, r"q of joint 2 is 0.199 m, needs -inf to 0.1 for"),
    ):
        setattr(arm, name, np.array([10.0, limit]))
        with pytest.raises(RecordError, match=message):
            read_log(file, LogFormat(units={"q": "deg", "dq": "deg/s"}), arm)


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        (
            "time,q_1,q_2,dq_1,dq_2,tau_J_1,tau_J_2,tau_J_d_1,tau_J_d_2",
            [[0], [1, 2], [3, 4], [5, 6]],
        ),
        (
            "duration,success rate,state.q[0],state.q[1],state.q_d[0],state.q_d[1],state.dq[0],"
            "state.dq[1],state.tau_J[0],state.tau_J[1],state.tau_ext_hat_filtered[0]",
            [[0], [2, 3], [6, 7], [8, 9]],
        ),
        (
            "__time,/joint_states/b/effort,/joint_states/a/effort,/joint_states/b/position,"
            "/joint_states/a/position,/joint_states/a/velocity,/joint_states/b/velocity",
            [[0], [4, 3], [5, 6], [2, 1]],
        ),
        (
            "timestamp,target_q_0,target_q_1,actual_q_0,actual_q_1,target_moment_0,"
            "target_moment_1,actual_qd_0,actual_qd_1,tau0,tau1",
            [[0], [3, 4], [7, 8], [9, 10]],
        ),
        ("time,q0,q1,dq0,dq1,tau0,tau1", [[0], [1, 2], [3, 4], [5, 6]]),
    ],
)  # fmt: skip
def test_measured_columns_are_told_from_wanted_ones(header, wanted):
    """Franka, ROS and UR names; joints in the arm's order, counted from 0 or 1."""
    names = header.split(",")
    found, _ = find_columns("x.csv", names, len(names), LogFormat(), ("a", "b"))
    assert [found[kind] for kind in ("time", "q", "dq", "tau")] == wanted


def test_columns_by_number_units_and_gains(sample, tmp_path):
    """Degrees, milliseconds, milliamperes: the same log."""
    time, q, dq, tau = sample
    path = write_csv(
        tmp_path / "a.csv", 1e3 * time, np.rad2deg(q), np.rad2deg(dq), tau * 500.0, None
    )
    form = LogFormat(
        {"time": "1", "q": "2,3", "dq": "4-5", "current": "6-7"},
        {"time": "ms", "q": "deg", "dq": "deg/s", "current": "mA"},
        gains=(2.0, 2.0),
    )
    log = read_log(path, form, ARM)
    assert np.allclose(log.q, q, atol=1e-7)
    assert np.allclose(log.tau, tau, atol=1e-6)
    assert log.period == pytest.approx(0.01)


def test_damage_is_survived_and_counted(sample, tmp_path):
    """Repeated rows, rows out of order, a gap, NaN, a short row, a last line that is cut."""
    path = write_csv(tmp_path / "a.csv", *sample, None)
    lines = path.read_text().splitlines()
    lines[50] = lines[50].replace(lines[50].split(",")[2], "nan")
    lines.insert(101, lines[100])
    lines[150], lines[151] = lines[151], lines[150]
    lines[200] = "1.0,2.0"
    del lines[250:280]
    path.write_text("\n".join(lines)[:-3])
    log = read_log(path, BARE, ARM)
    assert log.repaired == {
        "damaged": 2, "not finite": 1, "repeated": 1, "out of order": 1, "gaps": 1,
    }  # fmt: skip
    assert len(log.starts) == 2
    assert (np.diff(log.time) > 0).all()
    signals_of(log)


def test_a_clock_that_begins_anew_is_a_new_stretch(sample, tmp_path):
    """Time goes on, and no filter runs across."""
    time, *rest = sample
    path = write_csv(tmp_path / "a.csv", np.where(time > 2.0, time - 2.0, time), *rest, None)
    log = read_log(path, BARE, ARM)
    assert log.repaired == {"clock set back": 1}
    assert (np.diff(log.time) > 0).all()
    assert log.starts.tolist() == [0, 201]


def test_archives_and_run_folders_are_read(sample, tmp_path):
    """``.npz`` by names; a folder with one record."""
    time, q, dq, tau = sample
    np.savez(tmp_path / "structured.npz", time=time, q=q, dq=dq, tau=tau)
    np.savez(tmp_path / "start.npz", weights=np.zeros(3))  # what the run has learned
    for path in (tmp_path, tmp_path / "structured.npz"):
        assert np.array_equal(read_log(path, arm=ARM).tau, tau)


def test_velocities_that_are_missing_are_derivatives(sample, tmp_path):
    """Zero phase: within a few thousandths; for the learner three rows late, as are q and tau."""
    time, q, dq, tau = sample
    np.savez(tmp_path / "a.npz", time=time, q=q, tau=tau)
    log = read_log(tmp_path / "a.npz", arm=ARM)
    assert log.dq is None
    inside = slice(50, -50)
    assert np.abs(signals_of(log).dq - dq)[inside].max() < 0.01 * np.abs(dq).max()
    late, measured = slice(47, -53), measured_of(log)
    assert np.array_equal(measured[1][inside], q[late])
    assert np.abs(measured[2][inside] - dq[late]).max() < 0.02 * np.abs(dq).max()
    assert np.array_equal(measured[3][inside], tau[late])


def test_rows_at_unequal_steps_are_moved_to_equal_ones(sample, tmp_path):
    """A robot that logs every 10 or 12 ms: accelerations are those of the motion."""
    rng = np.random.default_rng(0)
    time = np.cumsum(rng.choice([0.01, 0.012], 1000))
    at = 0.5 * time[:, None] * [1.0, 1.7]
    q, dq, ddq = np.sin(at), 0.5 * np.cos(at) * [1.0, 1.7], -0.25 * np.sin(at) * [1.0, 1.7**2]
    for parts in ({"dq": dq}, {}):
        np.savez(tmp_path / f"{len(parts)}.npz", time=time, q=q, tau=sample[3][:1] + q, **parts)
        states = signals_of(read_log(tmp_path / f"{len(parts)}.npz", arm=ARM))
        assert np.abs(states.dq - dq)[30:-30].max() < 5e-4
        assert np.abs(states.ddq - ddq)[30:-30].max() < 0.01


def test_a_gap_spoils_no_acceleration(tmp_path):
    """At 1 kHz the filter remembers a hundred rows; ends of stretches are continued by as many."""
    time = np.delete(np.arange(3000) / 1e3, slice(1500, 1520))
    q = np.sin(2.0 * time)[:, None] * [1.0, 0.5]
    np.savez(tmp_path / "a.npz", time=time, q=q, tau=1.0 + q)
    states = signals_of(read_log(tmp_path / "a.npz", arm=ARM))
    assert np.abs(states.ddq + 4.0 * q)[1400:1600].max() < 1.0


def test_a_bag_is_read(sample, tmp_path):
    """Joint states of ROS 2, in the arm's order of joints."""
    rosbags = pytest.importorskip("rosbags.rosbag2")
    typesys = pytest.importorskip("rosbags.typesys")
    store = typesys.get_typestore(typesys.Stores.ROS2_HUMBLE)
    kinds = store.types
    time, q, dq, tau = sample
    kind, names = "sensor_msgs/msg/JointState", list(ARM.joint_names)
    with rosbags.Writer(tmp_path / "bag", version=9) as bag:
        topic = bag.add_connection("/joint_states", kind, typestore=store)
        for k, now in enumerate(time):
            seconds = int(now)
            stamp = kinds["builtin_interfaces/msg/Time"](seconds + 5, int(1e9 * (now - seconds)))
            header = kinds["std_msgs/msg/Header"](stamp, "")
            parts = (each[k, ::-1].copy() for each in (q, dq, tau))
            message = kinds[kind](header, names[::-1], *parts)
            bag.write(topic, int(1e9 * (now + 5)), store.serialize_cdr(message, kind))
    log = read_log(tmp_path / "bag", arm=ARM)
    assert np.allclose(log.q, q)
    assert np.allclose(log.tau, tau)
    with pytest.raises(RecordError, match="has /joint_states"):
        read_log(tmp_path / "bag", LogFormat(topic="/x"))


def test_without_rosbags_a_bag_says_what_to_install(tmp_path, monkeypatch):
    """One line."""
    monkeypatch.setitem(sys.modules, "rosbags.highlevel", None)
    (tmp_path / "a.mcap").touch()
    with pytest.raises(RecordError, match=r"pip install 'nengo-forcectl\[logs\]'"):
        read_log(tmp_path / "a.mcap")


@pytest.mark.parametrize(
    ("change", "form", "arm", "message"),
    [
        (lambda s: s, BARE, "planar3", "has columns of 2 joints, needs 3"),
        (lambda s: (s[0], 60 * s[1], *s[2:]), BARE, "ur", "row .*, q of joint 1 .*degrees"),
        (lambda s: (s[0], s[1] + 9, *s[2:]), BARE, "ur", "row .*, q of joint 1 .*another arm"),
        (lambda s: (*s[:2], 90 * s[2], s[3]), BARE, "ur", r"dq of joint .*--units dq=deg/s"),
        (lambda s: (*s[:3], s[3] * [1, 0]), BARE, "planar2", "torque of joint 2 is always 0"),
        (lambda s: tuple(x[:10] for x in s), BARE, "planar2", "10 of its rows.*needs 200"),
        (lambda s: (1e6 * s[0], *s[1:]), BARE, "planar2", "rows 1 and 2 are .*--units time"),
        (lambda s: s, LogFormat(), "planar2", "row 1 has 7 columns and no header; needs"),
        (
            lambda s: s, LogFormat({"time": "1", "q": "2-3", "current": "6-7"}), "planar2",
            "columns from 6 on are currents, needs --gains",
        ),
        (
            lambda s: s, LogFormat({"time": "1", "q": "2-3", "tau": "6-9"}), "planar2",
            "tau=6-9 needs numbers from 1 to 7",
        ),
        (
            lambda s: s, LogFormat({"time": "1", "q": "2-3", "tau": "6"}), "planar2",
            "1 columns of tau and 2 of q",
        ),
        (
            lambda s: s, LogFormat({"time": "1", "q": "2-3", "dq": "4-5", "tau": "5-6"}), "planar2",
            "column 5 is dq and tau, needs to be one of them",
        ),
        (
            lambda s: (*s[:3], np.where(s[0][:, None] < 2, s[3], np.nan)), BARE, "planar2",
            "row .*, column 6 is 'nan', needs a number",
        ),
    ],
)  # fmt: skip
def test_logs_that_do_not_fit_are_refused_in_one_line(change, form, arm, message, sample, tmp_path):
    """The line names file, row, column and need."""
    model = arms.load("planar3" if arm == "planar3" else "planar2")
    if arm == "ur":
        model.q_lower, model.q_upper, model.dq_max = -6.3 * np.ones(2), 6.3 * np.ones(2), np.ones(2)
        model.dq_max *= 3.0
    path = write_csv(tmp_path / "a.csv", *change(sample), None)
    with pytest.raises(RecordError, match=message) as caught:
        read_log(path, form, model)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content", [b"", b"a,b\n", b"\xff\xfe\x00\x01", b"1,2\n1,2,3\n1,2\n1,2,3\n"]
)
def test_files_that_are_no_logs_are_refused(content, tmp_path):
    """Empty, without rows, not text, without a shape."""
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(RecordError, match=r"a\.csv"):
        read_log(path, BARE)


def test_gains_beside_torques_are_refused():
    """They are those of currents."""
    names = ["time", "q1", "q2", "tau1", "tau2"]
    with pytest.raises(RecordError, match="torques but no currents; leave out --gains"):
        find_columns("x.csv", names, 5, LogFormat(gains=(1.0, 2.0)))


def test_formats_are_checked():
    """By name and unit."""
    for wrong in (
        {"columns": {"x": "1"}},
        {"units": {"q": "m"}},
        {"gains": (0.0,)},
        {"rate": -1.0},
    ):
        with pytest.raises(ConfigurationError):
            LogFormat(**wrong)  # pyright: ignore[reportArgumentType]
