"""A Franka behind its own network protocol: franky-sim in a process of its own."""

import contextlib
import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from itertools import count
from pathlib import Path

import numpy as np
import pytest

import arms
from nengo_forcectl import (
    CompiledController,
    MinimumJerk,
    OperationalSpace,
    Safe,
    learning_cycle,
    run,
)
from nengo_forcectl.cli import main
from nengo_forcectl.cycle.learner_start import LearnerStart
from nengo_forcectl.errors import ConfigurationError, SimulationError, VersionError
from nengo_forcectl.jobs import read_run
from nengo_forcectl.jobs.logs.payload_motion import motion_of, move
from nengo_forcectl.jobs.robot.robot_scene import targets_around
from nengo_forcectl.robots import FrankaRobot, Log
from nengo_forcectl.robots.log import tool_error

pytest.importorskip("pylibfranka")
pytest.importorskip("franky_sim")
SERVER = Path(__file__).parent / "franka_server.py"
MASS, CENTRE = 1.5, (0.0, 0.0, 0.1)  # of the payload [kg], [m]
FINGERS = 0.03, (0.0, 0.0, 0.0584)  # of the hand, which the robot does not count [kg], [m]
# The joints of the simulator's model.
ARMATURE = [0.195] * 4 + [0.074] * 3  # [kg m^2]
VISCOUS, DRY = [0.21] * 7, [1.137] * 4 + [0.763, 0.44, 0.248]  # [N m s/rad], [N m]
addresses = (f"127.{os.getpid() // 250 % 250}.{os.getpid() % 250}.{k}" for k in count(1))


@contextlib.contextmanager
def served(mass=0.0, mode=""):
    """Open a server; the value is its address and its process."""
    address = next(addresses)
    command = [sys.executable, SERVER, address, str(mass), *map(str, CENTRE), mode]
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        try:
            yield address, process
        finally:
            process.kill()


@pytest.fixture(scope="module")
def host():
    """Address of a robot with a payload that it was not told of."""
    with served(MASS) as (address, _):
        yield address


def law(arm, home, limits):
    return Safe(CompiledController(arm, OperationalSpace(home)), arm, limits)


def test_the_fr3_is_that_of_the_simulator():
    """Pose, M and gravity agree with franky-sim's MuJoCo model, which gives six digits."""
    mujoco = pytest.importorskip("mujoco")
    from franky_sim import mujoco_simulator

    tree = ElementTree.parse(mujoco_simulator._XML_PATH).getroot()
    for part in [tree, *tree.find("worldbody").iter("body")]:
        for child in list(part):
            needless = child.tag in ("asset", "actuator", "tendon", "equality", "contact", "geom")
            if needless or child.tag == "keyframe" or child.get("name") == "hand":
                part.remove(child)
    model = mujoco.MjModel.from_xml_string(ElementTree.tostring(tree, encoding="unicode"))
    data = mujoco.MjData(model)
    arm, rng = arms.load("fr3"), np.random.default_rng(0)
    for q in rng.uniform(arm.q_lower, arm.q_upper, (20, 7)):
        data.qpos[:] = q
        mujoco.mj_forward(model, data)
        M = np.zeros((7, 7))
        for column in np.eye(7):
            row = np.zeros(7)
            mujoco.mj_mulM(model, data, row, column)
            M += np.outer(row - model.dof_armature * column, column)
        np.testing.assert_allclose(M, arm.mass_matrix(q), atol=1e-5)
        np.testing.assert_allclose(data.qfrc_bias, arm.gravity(q), atol=1e-4)
        place = (
            data.body("fr3_link7").xpos + 0.107 * data.body("fr3_link7").xmat.reshape(3, 3)[:, 2]
        )
        np.testing.assert_allclose(place, arm.pose(q)[:3, 3], atol=1e-9)
    np.testing.assert_allclose(model.jnt_range, np.c_[arm.q_lower, arm.q_upper])


def test_it_learns_an_unknown_payload_in_one_pass(host):
    """Two reaches: the model alone, the model that knows everything, and the learner."""
    error = {}
    for name in ("none", "exact", "structured"):
        with FrankaRobot(host, realtime=False) as robot, contextlib.ExitStack() as opened:
            arm, home = robot.arm, robot.look().q
            assert arm.mass_matrix(home).shape == (7, 7)
            targets = targets_around(arm, home, 0.15, np.random.default_rng(0))[:2]
            path = MinimumJerk(np.vstack([arm.pose(home)[:3, 3], targets]), 0.8)
            if name == "exact":
                arm = arm.with_payload(MASS, CENTRE).with_payload(*FINGERS)
                arm = arm.with_armature(ARMATURE).with_friction(VISCOUS, DRY)
            if name == "structured":
                cycle = learning_cycle(arm, home, seed=0, limits=robot.limits)
                cycle = opened.enter_context(cycle)
            else:
                cycle = law(arm, home, robot.limits)
            log = Log(3000)
            timing = run(robot, cycle, path, seconds=path.end, log=log)
            assert timing.cycles == 1600
            assert timing.stopped is None
            assert timing.overruns == timing.events["lost"] == 0
            record = log.arrays()
            error[name] = 1e3 * np.sqrt(np.mean(tool_error(record, 800) ** 2))
            # The joints carry what was sent, gravity included: the robot adds what it was not sent.
            late = record["tau_measured"][1:] - record["tau"][:-1]
            assert np.abs(late).max() < 0.02
    assert error["none"] > 10.0
    assert error["structured"] < 0.05 * error["none"]
    assert error["exact"] < error["structured"] + 0.3
    mass = cycle.learned.payload.mass
    assert mass == pytest.approx(MASS + FINGERS[0], abs=0.4)


def test_a_load_that_the_robot_is_told_of_is_in_its_model(host):
    """The gravity of `arm` grows by that of the load; without one nothing changes."""
    from nengo_forcectl import Payload

    with FrankaRobot(host, realtime=False) as robot:
        before, q = robot.arm.gravity(robot.look().q), robot.look().q
    with FrankaRobot(host, load=Payload(MASS, com=CENTRE), realtime=False) as robot:
        told = robot.arm.gravity(q)
    assert np.abs(told - before).max() > 5.0
    with FrankaRobot(host, load=Payload(0.0), realtime=False) as robot:
        np.testing.assert_allclose(robot.arm.gravity(q), before, atol=1e-3)


def test_ctrl_c_and_a_torque_that_jumps_end_well(host):
    """A stop brings the arm to rest, ends torque control, and the next run begins anew."""
    with FrankaRobot(host, realtime=False) as robot:
        arm, home = robot.arm, robot.look().q
        start = arm.pose(home)[:3, 3]
        path = MinimumJerk(start + np.outer([0.0, 1.0], [0.0, 0.2, 0.0]), 0.6)

        def interrupt(cycle, stopped):
            if cycle == 300:
                raise KeyboardInterrupt

        timing = run(robot, law(arm, home, robot.limits), path, seconds=1.0, watch=interrupt)
        assert timing.stopped == "interrupted"
        assert timing.cycles == 800
        assert timing.events["torque rate"] > 0  # it brakes harder than Franka's rate allows
        assert np.abs(robot.look().dq).max() < 0.05
        with pytest.raises(SimulationError, match="is not under torque control"):
            robot.apply(np.zeros(7))
        robot.read()
        for wrong in (np.full(7, np.nan), np.zeros(6)):
            with pytest.raises(SimulationError, match="needs"):
                robot.apply(wrong)
        robot.apply(arm.gravity(home) + 5.0)
        np.testing.assert_allclose(robot._sent, 1.0)  # [N m], of one cycle
    with pytest.raises(SimulationError, match="is closed"):
        robot.look()


def test_a_server_that_is_killed_leads_to_a_controlled_end():
    """The loop ends by itself, with the reason; nothing hangs."""
    with served() as (address, process), FrankaRobot(address, realtime=False) as robot:
        arm, home = robot.arm, robot.look().q
        path = MinimumJerk([arm.pose(home)[:3, 3]] * 2, 1.0)

        def kill(cycle, stopped):
            if cycle == 200:
                process.kill()

        timing = run(robot, law(arm, home, robot.limits), path, watch=kill)
        assert "franka at 127." in timing.stopped
        assert "\n" not in timing.stopped
        with pytest.raises(SimulationError, match="franka at"):
            robot.look()


def test_the_command_line_drives_it(host, tmp_path, capsys, monkeypatch):
    """A dry run sends nothing and shows small torques; a run writes its folder.

    What the loop asks of Linux is tried before the robot is asked, and asked for while it moves.
    """
    asked, cpu = [], min(os.sched_getaffinity(0))
    monkeypatch.setattr(os, "sched_setaffinity", lambda thread, cpus: asked.append(tuple(cpus)))
    where = ["run", "--robot", f"franka://{host}", "--no-realtime", "--adapt", "none"]
    main([*where, "--dry-run"])
    told = capsys.readouterr().out
    assert "Nothing was sent." in told
    main([*where, "--passes", "1", "--reach-time", "0.4", "--radius", "0.03",
          "--cpus", str(cpu), "--out", str(tmp_path / "run")])  # fmt: skip
    assert asked[::2] == [(cpu,), (cpu,)]
    assert "state to torque, p99" in capsys.readouterr().out
    assert (tmp_path / "run" / "none.npz").exists()
    page = (tmp_path / "run" / "report.html").read_text()
    assert "Without learning (none), the robot completed 1 of 1 passes" in page
    assert "What the limits did" in page
    with pytest.raises(SystemExit):
        main([*where, "--reach-time", "0.1", "--dry-run"])
    assert "reach_time: is 0.1 s, needs at least" in capsys.readouterr().err


def test_a_run_that_is_killed_leaves_its_record(tmp_path):
    """SIGKILL in mid-reach: the folder reads, and not complete; at most a second is lost."""
    folder = tmp_path / "run"
    with served() as (address, _):
        where = ["run", "--robot", f"franka://{address}", "--no-realtime", "--adapt", "none",
                 "--passes", "9", "--reach-time", "1", "--radius", "0.05"]  # fmt: skip
        command = [sys.executable, "-m", "nengo_forcectl", *where, "--out", str(folder)]
        with subprocess.Popen(command, stdout=-1, stderr=-1) as job:
            try:
                rows, until = folder / "none.rows", time.monotonic() + 300.0
                while not (rows.exists() and rows.stat().st_size > 500_000):
                    assert job.poll() is None
                    assert time.monotonic() < until
                    time.sleep(0.01)
            finally:
                job.kill()
    run = read_run(folder)
    assert not run.summary["complete"]
    record = run.records["none"]
    assert len(record["time"]) >= 500
    np.testing.assert_allclose(record["time"], 1e-3 * np.arange(len(record["time"])), atol=1e-9)
    for name in ("q", "tau", "tau_measured", "tau_ext", "reference", "tool"):
        assert np.isfinite(record[name]).all()
    assert tool_error(record).max() < 0.05


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """Record of a robot without a payload, which moves for four seconds."""
    file = tmp_path_factory.mktemp("empty") / "empty.npz"
    with served() as (address, _), FrankaRobot(address, realtime=False) as robot:
        path = motion_of(robot, 4.0, 0.4)
        record = move(robot, path, file.with_suffix(".rows"))
        assert np.abs(record["q"] - record["reference"]).max() < 0.03
        assert np.abs(record["dq"]).max() < 1.0
        assert np.abs(robot.look().q - path.at(0.0).x).max() < 0.02  # it ends where it began
    np.savez(file, **record)
    return file


@pytest.mark.usefixtures("without_figures")
def test_a_payload_is_found_by_moving_the_robot(host, empty, tmp_path, capsys):
    """Four seconds: mass to 5 %, centre to 1 cm; and it says that this was enough."""
    folder = tmp_path / "run"
    where = [str(empty), f"franka://{host}", "--no-realtime"]
    main(["payload", *where, "--out", str(folder)])
    assert "The motion was enough" in " ".join(capsys.readouterr().out.split())
    run = read_run(folder)
    found = run.summary["payload"]
    assert found["known"]
    assert found["mass"] == pytest.approx(MASS, rel=0.05)
    assert np.abs(np.subtract(found["com"], CENTRE)).max() < 0.01
    assert len(run.records["loaded"]["time"]) == 4000
    assert not (folder / "loaded.rows").exists()
    main(["payload", *where, "--seconds", "2", "--swing", "0.05", "--out", str(tmp_path / "small")])
    less = read_run(tmp_path / "small").summary["payload"]
    for each in ("com_deviation", "inertia_deviation"):  # a small motion shows less
        assert np.max(less[each]) > np.max(found[each])


def test_what_cannot_find_a_payload_moves_nothing(empty, tmp_path, capsys):
    """One line each, exit code 2, no folder."""
    nowhere = f"franka://{next(addresses)}"
    for arguments, says in (
        ([str(empty), nowhere, "--no-realtime"], "refused"),
        ([str(empty), "franka://"], "loaded: is franka:, needs a log, or franka://HOST"),
        ([nowhere, nowhere], "needs a log: record one with `run`"),
        ([str(empty), nowhere, "--swing", "2"], "swing: is 2.0 rad, needs a number from 0.05 to 1"),
        ([str(empty), nowhere, "--seconds", "nan"], "seconds: is nan s"),
    ):
        with pytest.raises(SystemExit) as end:
            main(["payload", *arguments, "--out", str(tmp_path / "run")])
        assert end.value.code == 2
        assert says in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "run").exists()


@pytest.mark.usefixtures("without_figures")
def test_a_run_starts_with_what_the_last_one_has_learned(host, tmp_path, capsys):
    """The next one knows at its first torque what the robot's model lacked."""
    where = ["run", "--robot", f"franka://{host}", "--no-realtime", "--adapt", "structured",
             "--passes", "1", "--reach-time", "0.4", "--radius", "0.03"]  # fmt: skip
    main([*where, "--out", str(tmp_path / "first")])
    start = LearnerStart.read(tmp_path / "first")
    main([*where, "--start", str(tmp_path / "first"), "--out", str(tmp_path / "second")])
    again = LearnerStart.read(tmp_path / "second")
    assert again.samples > 1.5 * start.samples > 0
    capsys.readouterr()
    with pytest.raises(SystemExit):
        main([*where, "--start", str(tmp_path / "none"), "--dry-run"])
    assert "none': cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"arm": arms.load("ur5")}, "'ur5' has 6 joints, needs 7"),
        ({"arm": arms.load("kuka_iiwa")}, "is not a 'kuka_iiwa': its flange is .* mm"),
        ({"collision": (0.0, 20.0)}, "collision: is .* needs two numbers above 0"),
    ],
)
def test_another_model_is_refused(host, arguments, says):
    """One line; torque control never begins."""
    with pytest.raises(ConfigurationError, match=says):
        FrankaRobot(host, realtime=False, **arguments)


def test_a_robot_that_is_not_there_or_not_ready_is_refused(monkeypatch, capsys):
    """One line each, with the cure."""
    nowhere = next(addresses)
    with pytest.raises(SimulationError, match=f"franka at {nowhere}: Connection .* refused"):
        FrankaRobot(nowhere, realtime=False)
    reflex = pytest.raises(
        SimulationError, match=r"in mode Reflex.*, needs Idle: look at the robot"
    )
    with served(mode="kReflex") as (address, _), reflex:
        FrankaRobot(address, realtime=False, recover=True)  # the error stays
    with pytest.raises(SystemExit):
        main(["run", "--robot", "172.16.0.2"])
    assert "robot: is '172.16.0.2', needs franka://HOST" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "pylibfranka", None)
    with pytest.raises(VersionError, match=r"pip install 'nengo-forcectl.franka.'"):
        FrankaRobot(nowhere)


OLD = """
import socket, struct, sys
listener = socket.create_server((sys.argv[1], 1337))
print("ready", flush=True)
client, _ = listener.accept()
command, number, size = struct.unpack("<III", client.recv(12))
client.recv(size - 12)
client.sendall(struct.pack("<IIIBH5x", command, number, 20, 1, 5))
client.recv(1)
"""


def test_a_robot_of_an_older_protocol_is_refused():
    """A Panda speaks version 5 of it; the line names both versions."""
    address = next(addresses)
    with subprocess.Popen([sys.executable, "-c", OLD, address], stdout=-1, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        try:
            with pytest.raises(SimulationError, match=r"Incompatible .*server version: 5, library"):
                FrankaRobot(address, realtime=False)
        finally:
            process.kill()


def test_a_rate_that_is_not_the_robots_is_refused(host):
    """The robot's clock is 1 kHz."""
    with FrankaRobot(host, realtime=False) as robot:
        cycle = law(robot.arm, robot.look().q, robot.limits)
        with pytest.raises(ConfigurationError, match="rate is 500 Hz, needs the robot's, 1000 Hz"):
            run(robot, cycle.cycle, MinimumJerk(np.zeros((2, 3)), 1.0), rate=500)


def test_speeds_stay_below_frankas(host):
    """The speed that `Safe` allows at a distance from the end of a joint is below Franka's."""
    slopes = np.array([12.0, 5.17, 7.0, 8.0, 34.0, 11.0, 34.0])
    offsets = np.array([0.3, 0.2, 0.2, 0.3, 0.35, 0.35, 0.35])
    spare = np.array([0.0064, 0.0081, 0.0058, 0.006, 0.0036, 0.0036, 0.0037])
    with FrankaRobot(host, realtime=False) as robot:
        limits = robot.limits
    from nengo_forcectl.kernels.bound_joints import allowed
    from nengo_forcectl.safety.packing import POSITION_GAIN

    for d in np.linspace(0.0, 2.0, 400):
        theirs = np.sqrt(slopes * (d + spare)) - offsets
        theirs = np.minimum(np.maximum(theirs, 0.0), limits.dq_max)
        room = max(d - limits.margin, 0.0)
        ours = [allowed(room, a, POSITION_GAIN)[0] for a in limits.braking]
        assert (np.minimum(ours, (1 - limits.speed_margin) * limits.dq_max) <= theirs + 1e-9).all()
