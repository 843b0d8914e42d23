"""``nengo-forcectl press`` and ``wipe``: what the force must keep, and what they leave behind."""

import json
import subprocess
import sys

import numpy as np
import pytest

import arms
from nengo_forcectl.adaptation import DisturbanceObserver
from nengo_forcectl.cli import main
from nengo_forcectl.control import HybridForce
from nengo_forcectl.cycle.blocks import Blocks
from nengo_forcectl.cycle.landing import Landing
from nengo_forcectl.errors import ConfigurationError, SimulationError
from nengo_forcectl.jobs.contact import press, wipe
from nengo_forcectl.jobs.contact.contact_place import (
    dexterity,
    keeps_orientation,
    working_posture,
)
from nengo_forcectl.jobs.contact.contact_scene import GAINS, contact_scene
from nengo_forcectl.jobs.contact.contact_settings import PressSettings, WipeSettings
from nengo_forcectl.jobs.run_folder import read_run
from nengo_forcectl.paths import MinimumJerk
from nengo_forcectl.robots.log import Log
from nengo_forcectl.robots.loop import follow
from nengo_forcectl.safety.guard import Safe
from nengo_forcectl.safety.sensors import SensorCheck
from nengo_forcectl.sim.bullet import Bullet
from nengo_forcectl.sim.wrist import Wrist


def keeps(figures):
    """Overshoot at most 15 %, steady force within 2 %, on the surface from 0.3 s on."""
    return (
        figures["overshoot_percent"] <= 15.0
        and figures["error_percent"] <= 2.0
        and figures["last_bounce_s"] <= 0.3
    )


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """With the default payload, friction and force."""
    out = tmp_path_factory.mktemp("press") / "run"
    settings = PressSettings(
        stiffness=(1e3, 1e5), adapt=("consolidation",), neurons=300, hold=1.0, out=out
    )
    return press.run_press(settings)


def test_while_it_learns_the_force_keeps_its_limits_on_soft_and_hard(learned):
    """2 kg and friction unknown, consolidation on, 1e3 and 1e5 N/m: 15 %, 2 %, no bounce."""
    for stiffness in ("1000", "100000"):
        figures = learned.summary["runs"][f"consolidation-{stiffness}"]
        assert keeps(figures), figures
        assert 0.01 / 0.02 < figures["landed_s"] - 0.55 < 0.03 / 0.02 + 0.05  # at its speed


@pytest.mark.usefixtures("without_figures")
def test_without_an_adaptation_the_payload_throws_the_tool_on_the_table(tmp_path):
    """It falls in a quarter of a second, and hits 1e5 N/m with twice the force that was wanted."""
    run = press.run_press(
        PressSettings(stiffness=(1e5,), adapt=("none",), hold=1.0, out=tmp_path / "r")
    )
    figures = run.summary["runs"]["none-100000"]
    assert figures["landed_s"] < 0.25
    assert figures["overshoot_percent"] > 100.0
    assert not keeps(figures)


def test_the_run_folder_holds_what_was_felt(learned):
    """Sensor, wanted force and true contact, cycle by cycle; the figures follow from them."""
    summary = json.loads((learned.folder / "summary.json").read_text())
    assert summary["complete"]
    assert summary["failures"] == {}
    assert set(summary["records"]) == set(read_run(learned.folder).records)
    record = learned.records["consolidation-100000"]
    assert {"wrench", "wanted", "contact", "force", "q", "tau", "feedforward"} <= set(record)
    peak = 100.0 * (record["force"].max() / 20.0 - 1.0)
    assert peak == pytest.approx(summary["runs"]["consolidation-100000"]["overshoot_percent"])
    np.testing.assert_allclose(record["wanted"][-1], [0, 0, -20, 0, 0, 0], atol=1e-12)
    assert record["force"].min() >= 0.0
    assert (learned.folder / "force.png").read_bytes().startswith(b"\x89PNG")


def test_the_adaptation_supplies_the_payload_and_not_the_contact(learned):
    """At rest under 20 N it adds the torque of the payload's weight, to 2 %."""
    record = learned.records["consolidation-100000"]
    arm = arms.load("kuka_iiwa")
    q = record["q"][-1]
    lacking = arm.with_payload(2.0).gravity(q) - arm.gravity(q)
    away = np.linalg.norm(record["feedforward"][-1] - lacking)
    assert away < 0.02 * np.linalg.norm(lacking)
    contact = np.linalg.norm(arm.jacobian(q).T @ record["contact"][-1])
    assert contact > 0.5 * np.linalg.norm(lacking)  # had it been learned, it would show


@pytest.mark.usefixtures("without_figures")
@pytest.mark.parametrize(
    "options",
    [
        {"law": "parallel", "stiffness": (1e3, 1e5), "hold": 1.5},
        {"surface": "peg", "stiffness": (1000.0,), "hold": 1.5},
        {"arm": "panda", "stiffness": (1e4,), "hold": 1.0, "seed": 3, "noise": 0.1},
    ],
    ids=["parallel", "peg", "panda"],
)
def test_the_other_law_a_peg_and_another_arm_keep_the_limits_too(options, tmp_path):
    """With an observer as the adaptation: 15 %, 2 %, no bounce."""
    run = press.run_press(PressSettings(adapt=("observer",), out=tmp_path / "run", **options))
    for figures in run.summary["runs"].values():
        assert keeps(figures), figures


def test_wiping_keeps_the_force_and_the_path(tmp_path):
    """Friction 0.3, parallel control: the force stays within 2 %, the tool within 1 mm."""
    settings = WipeSettings(law="parallel", adapt=("observer",), laps=1, out=tmp_path / "run")
    run = wipe.run_wipe(settings)
    figures = run.summary["runs"]["observer-10000"]
    assert keeps(figures), figures
    assert figures["path_mm"] < 1.0
    record = run.records["observer-10000"]
    wiping = record["time"] > figures["landed_s"] + 2.5
    rubbing = np.linalg.norm(record["contact"][:, :2], axis=1)[wiping]
    assert np.median(rubbing) == pytest.approx(0.3 * 20.0, rel=0.05)
    assert np.ptp(record["tool"][wiping], axis=0)[:2].min() > 0.11  # all round the circle
    assert (run.folder / "path.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.usefixtures("without_figures")
def test_wiping_soft_ground_keeps_the_force_however_deep_the_tip_sinks(tmp_path):
    """On 1e3 N/m the tip is 20 mm deep, four of its radii: the force does not jump."""
    run = wipe.run_wipe(
        WipeSettings(
            law="parallel",
            adapt=("observer",),
            stiffness=(1e3,),
            seed=2,
            laps=1,
            lap=2.0,
            out=tmp_path / "run",
        )
    )
    figures, record = run.summary["runs"]["observer-1000"], run.records["observer-1000"]
    assert figures["error_percent"] < 2.0
    first = np.argmax(record["force"] > 0)
    depth = record["tool"][first, 2] - record["tool"][-1, 2]
    assert depth == pytest.approx(record["force"][-1] / 1e3, abs=1e-3)


@pytest.mark.usefixtures("without_figures")
@pytest.mark.parametrize("arm", ["ur3e", "jaco2", "lite6"])
def test_small_and_weak_arms_wipe_as_well_as_others(tmp_path, arm):
    """The default circle fits, 1 % and 0.5 mm are kept; the other seeds are measured elsewhere."""
    settings = WipeSettings(arm=arm, adapt=("observer",), laps=1, out=tmp_path / "run")
    figures = wipe.run_wipe(settings).summary["runs"]["observer-10000"]
    assert figures["error_percent"] < 1.0
    assert figures["path_mm"] < 0.5


def test_every_arm_with_six_joints_has_a_place_to_wipe():
    """One where it keeps its tool's orientation, and from which the posture is not singular."""
    for name in arms.names():
        if arms.load(name).dof >= 6:
            settings = WipeSettings(arm=name)
            scene = contact_scene(
                settings, lambda arm, pose, given=settings: wipe.wiping(arm, pose, given), 1.0
            )
            assert dexterity(scene.arm, scene.home) > 0.1
            assert len(scene.rows) == 6


def test_a_light_tool_is_as_stiff_as_a_heavy_one():
    """kp and kv grow as the tool's inertia falls; the iiwa, tuned by hand, keeps its own."""
    iiwa, lite6 = (
        contact_scene(WipeSettings(arm=name), standing, 1.0) for name in ("kuka_iiwa", "lite6")
    )
    assert iiwa.gains == GAINS["hybrid"]
    for gain in ("kp", "kv"):
        assert lite6.gains[gain] * lite6.inertia == pytest.approx(1.1 * iiwa.gains[gain])
    assert lite6.gains["kd"] == iiwa.gains["kd"]


@pytest.mark.usefixtures("without_figures")
def test_an_arm_in_a_plane_wipes_to_and_fro(tmp_path):
    """planar2, whose weight is along y, presses along y and wipes along x."""
    settings = WipeSettings(
        arm="planar2", adapt=("observer",), laps=1, lap=2.0, payload=1.0, out=tmp_path / "run"
    )
    run = wipe.run_wipe(settings)
    assert run.summary["normal"] == [0.0, 1.0, 0.0]
    assert run.summary["runs"]["observer-10000"]["error_percent"] < 3.0  # its sensor turns
    assert np.ptp(run.records["observer-10000"]["tool"][:, 0]) == pytest.approx(0.12, abs=0.01)


@pytest.mark.usefixtures("without_figures")
def test_the_same_seed_gives_the_same_run_and_another_another(tmp_path):
    """To the last bit, the sensor's noise included; another seed starts from another posture."""
    options = {"adapt": ("observer",), "stiffness": (1e4,), "hold": 1.0, "speed": 0.05}
    first, second = (
        press.run_press(PressSettings(seed=1, noise=0.1, out=tmp_path / name, **options))
        for name in ("first", "second")
    )
    for name, column in first.records["observer-10000"].items():
        np.testing.assert_array_equal(column, second.records["observer-10000"][name])
    other = contact_scene(PressSettings(seed=2), standing, 1.0)
    assert np.abs(first.summary["start"] - other.start).max() > 0.01
    assert first.summary["gap"] != other.gap


def standing(arm, pose):
    """A path that stays where the tool is."""
    return MinimumJerk(np.stack((pose[:3, 3], pose[:3, 3])), 1.0)


@pytest.mark.usefixtures("without_figures")
def test_an_interrupted_run_leaves_what_there_was(tmp_path):
    """Records and summary up to that moment, not complete; what never ran is not in it."""

    def watch(name, done, total, last):
        if done >= 700:
            raise KeyboardInterrupt

    settings = PressSettings(adapt=("none", "observer"), stiffness=(1e4,), out=tmp_path / "run")
    with pytest.raises(KeyboardInterrupt):
        press.run_press(settings, watch)
    left = read_run(tmp_path / "run")
    assert not left.summary["complete"]
    assert list(left.records) == ["none-10000"]
    assert len(left.records["none-10000"]["force"]) == 700


class Broken:
    """A robot whose wrist sensor says NaN for some cycles."""

    def __init__(self, robot, start, end):
        self.robot, self.start, self.end, self.sent = robot, start, end, []

    def read(self):
        state = self.robot.read()
        if self.start <= state.time < self.end:
            return state._replace(wrench=np.full(6, np.nan))
        return state

    def apply(self, tau):
        self.sent.append(tau)
        self.robot.apply(tau)


@pytest.mark.parametrize(("end", "stops"), [(2.01, False), (9.0, True)])
def test_a_broken_wrist_sensor_never_reaches_a_motor(end, stops):
    """While it presses, ten cycles of NaN are bridged; for good they end in a controlled stop."""
    settings = PressSettings(stiffness=(1e4,))
    scene = contact_scene(settings, standing, 1.0)
    arm, law = scene.arm, HybridForce(scene.home, axes=(2,), **GAINS["hybrid"])
    with Bullet(
        arm, scene.start, scene.disturbances, surface=press.table(scene, 1e4, 0.3), wrist=Wrist()
    ) as robot:
        task = Landing(
            Blocks(arm, law, DisturbanceObserver(arm, 100.0, 1e-3)),
            scene.path,
            scene.descent,
        )
        broken, safe, log = Broken(robot, 2.0, end), Safe(task, arm), Log(3000)
        check = SensorCheck(7, 1e-3)
        if stops:
            with pytest.raises(SimulationError, match=r"wrench\[0\] is nan, needs a number"):
                follow(broken, safe, task, range(3000), log, check)
        else:
            follow(broken, safe, task, range(2500), log, check)
            assert check.events["not finite"] == 10
            assert robot.contact[2] == pytest.approx(20.0, rel=0.1)
    assert np.isfinite(broken.sent).all()


def test_the_command_prints_a_table_and_nothing_of_tensorflow(tmp_path):
    """The standard output is the table and the folder, the standard error only the progress."""
    arguments = ["--adapt", "observer", "--stiffness", "1e4", "--hold", "1"]
    command = [sys.executable, "-m", "nengo_forcectl", "press", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "overshoot" in result.stdout
    assert "[N]" in result.stdout
    assert "Run folder: runs/press-001" in result.stdout
    noise = ("pybullet", "ensor", "Warning", "cuda")
    assert not [word for word in noise if word in result.stdout + result.stderr]


@pytest.mark.usefixtures("without_figures")
def test_json_is_alone_on_the_standard_output(tmp_path, capsys):
    """With --json it is one object, the summary on disk."""
    out = tmp_path / "run"
    arguments = ["--adapt", "exact", "--stiffness", "1e4", "--hold", "1", "--speed", "0.05"]
    main(["press", *arguments, "--out", str(out), "--json"])
    summary = json.loads(capsys.readouterr().out)
    assert list(summary["runs"]) == ["exact-10000"]
    assert summary == json.loads((out / "summary.json").read_text())


@pytest.mark.parametrize("verb", ["press", "wipe"])
def test_help_comes_without_tensorflow_and_pybullet(verb):
    """Options and their units, as soon as those of reach."""
    code = (
        "import sys\nfrom nengo_forcectl.cli import main\n"
        f"try:\n    main(['{verb}', '--help-all'])\nexcept SystemExit:\n    pass\n"
        "print([m for m in ('tensorflow', 'pybullet', 'matplotlib', 'nengo') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip().endswith("[]")
    assert all(f"--{name}" in result.stdout for name in ("force", "law", "stiffness", "payload"))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["press", "--force", "0"], "force: is 0.0 N, needs a number from 5 to 100"),
        (["press", "--force", "nan"], "force: is nan N"),
        (["press", "--stiffness", "1e9"], "stiffness: is 1000000000.0 N/m, needs a number from"),
        (["press", "--stiffness", "1e4", "1e4"], "needs each at most once"),
        (["press", "--payload", "-1"], "payload: is -1.0 kg, needs a number from 0 up"),
        (["press", "--hold", "0"], "hold: is 0.0 s, needs a number from 1 to 60"),
        (["press", "--speed", "1"], "speed: is 1.0 m/s, needs a number from 0.001 to 0.1"),
        (["press", "--arm", "planar1"], "its tool cannot keep its place and move up and down"),
        (["wipe", "--arm", "nothing"], "nothing"),
        (["wipe", "--mu", "2"], "mu: is 2.0, needs a number from 0 to 1"),
        (["wipe", "--radius", "0.2"], "no reachable position for a surface found"),
        (["wipe", "--adapt", "pes"], "consolidation"),
    ],
)
def test_what_makes_no_sense_is_one_line_and_exit_code_2(arguments, says, tmp_path, capsys):
    """The message names the option, its value and what is valid; nothing is left behind."""
    with pytest.raises(SystemExit) as end:
        main([*arguments, "--out", str(tmp_path / "run")])
    assert end.value.code == 2
    said = capsys.readouterr()
    assert says in " ".join(said.err.split())
    assert not said.out
    assert not (tmp_path / "run").exists()


MASS = """<inertial><mass value="1"/><inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/>
</inertial>"""
LIFT = f"""<robot name="lift"><link name="a"/><link name="b">{MASS}</link>
<link name="c">{MASS}</link>
<joint name="j" type="prismatic"><parent link="a"/><child link="b"/><axis xyz="0 0 1"/>
<limit lower="-0.5" upper="0.5" effort="50" velocity="1"/></joint>
<joint name="k" type="continuous"><parent link="b"/><child link="c"/></joint></robot>"""


def test_a_tool_that_only_goes_up_and_down_cannot_wipe(tmp_path, capsys):
    """The last joint turns the tool on its place: there is no way along a surface."""
    (tmp_path / "lift.urdf").write_text(LIFT)
    with pytest.raises(SystemExit) as end:
        main(["wipe", "--arm", str(tmp_path / "lift.urdf"), "--out", str(tmp_path / "run")])
    assert end.value.code == 2
    assert "its tool moves only up and down" in " ".join(capsys.readouterr().err.split())


def test_only_arms_that_can_keep_their_tools_orientation_do():
    """Arms with six joints or more hold it; the planar arms have none."""
    for name in arms.names():
        arm = arms.load(name)
        assert keeps_orientation(arm, working_posture(arm)) == (arm.dof >= 6)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"law": "other"}, "law: is 'other', needs one of hybrid, parallel"),
        ({"surface": "wall"}, "surface: is 'wall', needs one of table, peg"),
        ({"adapt": ()}, "adapt: is empty"),
        ({"neurons": 0}, "neurons: is 0, needs a whole number from 1 up"),
        ({"noise": -1.0}, "noise: is -1.0 N, needs a number from 0 up"),
    ],
)
def test_settings_are_refused_in_code_too(wrong, says):
    """The same errors for who writes the settings."""
    with pytest.raises(ConfigurationError, match=says):
        PressSettings(**wrong)


@pytest.mark.usefixtures("without_figures")
def test_a_ur_wipes_as_well_as_other_arms(tmp_path):
    """Its tool keeps its orientation, so the tare of the wrist stays right: 1 % and 0.5 mm."""
    settings = WipeSettings(arm="ur5", adapt=("observer",), laps=1, lap=4.0, out=tmp_path / "run")
    (found,) = wipe.run_wipe(settings).summary["runs"].values()
    assert found["error_percent"] < 1.0
    assert found["path_mm"] < 0.5
