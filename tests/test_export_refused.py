"""Folders that are no controller, and controllers that become no folder: each is named."""

import io
import json
import shutil

import numpy as np
import pytest
from export_world import DT, TRAINED, change, change_arrays, drive, key, sign, world

import arms
from nengo_forcectl import (
    Blocks,
    CompiledController,
    JointPD,
    Limits,
    OperationalSpace,
    Safe,
    export_controller,
    load_controller,
    load_network,
)
from nengo_forcectl.adaptation import DisturbanceObserver
from nengo_forcectl.cli import main
from nengo_forcectl.control import Manipulability
from nengo_forcectl.cycle import consolidating_cycle
from nengo_forcectl.errors import ConfigurationError, RecordError, VersionError
from nengo_forcectl.export.controller import export_run
from nengo_forcectl.export.folder import ARRAYS, FORMAT, SUMS, TEXT
from nengo_forcectl.networks.workspace import home_posture


@pytest.fixture(scope="module")
def arm():
    return arms.load("planar2")


@pytest.fixture(scope="module")
def exported(arm, tmp_path_factory):
    """The folder of a controller that has learned something."""
    folder = tmp_path_factory.mktemp("export") / "controller"
    home = home_posture(arm)
    with consolidating_cycle(arm, home, seed=0, neurons=80, dt=DT) as cycle, world(arm) as robot:
        drive(arm, robot, TRAINED, cycle)
        return export_controller(cycle, folder)


@pytest.fixture
def folder(exported, tmp_path):
    """A copy that can be tampered with."""
    return shutil.copytree(exported, tmp_path / "controller")


def test_a_changed_or_truncated_file_is_named(folder):
    """Whatever is changed without the checksums: the message names the file."""
    for name, content in (
        (ARRAYS, (folder / ARRAYS).read_bytes()[:-100]),
        (TEXT, (folder / TEXT).read_bytes().replace(b"196.0", b"197.0")),
        (TEXT, b""),
    ):
        before = (folder / name).read_bytes()
        (folder / name).write_bytes(content)
        with pytest.raises(RecordError, match=f"{name}': is damaged or was changed"):
            load_controller(folder)
        with pytest.raises(RecordError, match=f"{name}': is damaged or was changed"):
            load_network(folder)
        (folder / name).write_bytes(before)
    load_controller(folder)


@pytest.mark.parametrize("name", [TEXT, ARRAYS, SUMS])
def test_a_missing_file_is_named(folder, name):
    """Each of the three, and the folder itself."""
    (folder / name).unlink()
    with pytest.raises(RecordError, match=f"{name}': cannot be read"):
        load_controller(folder)
    with pytest.raises(RecordError, match="does not exist"):
        load_controller(folder / "nothing")


def test_truncated_arrays_with_the_right_checksum_are_refused(folder):
    """An npz that ends early, and one that holds pickles."""
    content = (folder / ARRAYS).read_bytes()
    stream = io.BytesIO()
    np.savez(stream, safe=np.array([{}], dtype=object), allow_pickle=True)
    for other in (content[: len(content) // 2], b"", stream.getvalue()):
        (folder / ARRAYS).write_bytes(other)
        sign(folder)
        with pytest.raises(RecordError, match=f"{ARRAYS}': holds no arrays"):
            load_controller(folder)


def test_data_nested_too_deep_is_refused(folder):
    """With the right checksum."""
    (folder / TEXT).write_text("[" * 100_000 + "]" * 100_000)
    sign(folder)
    with pytest.raises(RecordError, match=r"holds no controller \(RecursionError"):
        load_controller(folder)


def test_checksums_of_other_files_are_refused(folder):
    """Paths that lead elsewhere are never opened: the names are those of the three files."""
    good = (folder / SUMS).read_text()
    for bad in (good.replace(ARRAYS, "../../etc/passwd"), "", good + f"{'0' * 64}  /etc/passwd\n"):
        (folder / SUMS).write_text(bad)
        with pytest.raises(RecordError, match="has checksums of"):
            load_controller(folder)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (key("cycle", "type", value="os.system"), "cycle is 'os.system', needs one of Compiled"),
        (key("cycle", "law", "type", value="../law"), "is of type '../law', not one of JointPD"),
        (key("cycle", "law", "gain", value=1.0), "OperationalSpace has the fields damping"),
        (key("cycle", "law", "kp", value="high"), "OperationalSpace.kp: is high, needs numbers"),
        (key("cycle", "law", "kp", value=-1.0), "OperationalSpace.kp: is -1.0"),
        (key("cycle", "law", "kp", value=150.0), "its torques differ by"),
        (key("arm", "chain", "type", value="Pose"), "hold no controller|Pose has the fields"),
        (key("arm", "chain", "tip", value="../tip"), "there is no tip link"),
        (key("arm", "chain", "joints", 1, "parent", value="link2"), "cycle"),
        (key("arm", "kernels", 0, "frame", value="elsewhere"), "the tape of .* is missing"),
        (key("arm", "kernels", 1, "terms", value=["h"]), "tape: has"),
        (key("cycle", "encoding", "periodic", value=[9]), "periodic joints"),
        (key("cycle", "encoding", "periodic", value=[0]), "has arrays of shapes"),
        (key("cycle", "encoding", "inputs", value="q-dq"), "has arrays of shapes"),
        (key("cycle", "encoding", "inputs", value="eval"), "has inputs 'eval'"),
        (key("cycle", "law", "posture", value={"array": [0.1]}), "controller folder"),
        (key("dt", value="1"), "controller folder"),
        (key("limits", value=None), "controller folder"),
    ],
)
def test_odd_names_and_numbers_are_refused(folder, edit, message):
    """Right checksums do not help: only known types with their own fields, checked as ever."""
    change(folder, edit)
    with pytest.raises((RecordError, ConfigurationError), match=message):
        load_controller(folder)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda a: a.pop("proof"), "there is no array 'proof'"),
        (lambda a: a.pop("memory.weights"), "there is no array 'memory.weights'"),
        (lambda a: a["memory.weights"].__imul__(1.01), "its torques differ by"),
        (lambda a: a.update(bias=a["bias"][:-1]), "has arrays of shapes"),
        (lambda a: a.update(safe=np.zeros((6, 3))), "'safe' has shape"),
        (lambda a: a.update({"memory.z": np.zeros(3)}), "memory: has shapes"),
        (lambda a: a["encoders"].__setitem__((0, 0), np.nan), "'encoders' does not hold numbers"),
        (lambda a: a["arm.0.steps"].__setitem__((3, 1), 10**6), r"tape: step 3 \("),
        (
            lambda a: a["arm.0.steps"].__setitem__((3, 0), 99),
            r"tape: step 3 \(99, .* is not a valid operation",
        ),
        (lambda a: a["arm.0.results"].__setitem__(0, -1), "tape: has"),
        (
            lambda a: a["arm.0.constants"].__imul__(1.001),
            "states, inputs and model of arm 'planar2'",
        ),
        (lambda a: a.update({"arm.0.steps": np.zeros(3)}), "tape: steps is not an array"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(folder, edit, message):
    """Missing, NaN, of another size; equations that reach beyond their arrays, or are others."""
    change_arrays(folder, edit)
    with pytest.raises(RecordError, match=message):
        load_controller(folder)


def test_the_equations_of_another_arm_are_refused(iiwa, tmp_path):
    """The arrays of one controller with the text of another: not the torques that were written."""
    safe = Safe(CompiledController(iiwa, JointPD()), iiwa, dt=DT)
    first = export_controller(safe, tmp_path / "iiwa")
    heavy = iiwa.with_payload(1.0)
    limits = Limits.of(iiwa)
    second = export_controller(
        Safe(CompiledController(heavy, JointPD()), heavy, limits, DT), tmp_path / "heavy"
    )
    shutil.copy(first / ARRAYS, second / ARRAYS)
    with pytest.raises(RecordError, match=f"{ARRAYS}': is damaged"):
        load_controller(second)
    change_arrays(second, lambda a: a.update(proof=np.zeros((3, 7))))
    with pytest.raises(RecordError, match="its torques differ by"):
        load_controller(second)


def test_other_versions_are_named(folder):
    """Another format or minor version: which wrote it, which this is. Others: the proof decides."""
    change(folder, key("versions", "numpy", value="1.26.0"))
    load_controller(folder)
    change(folder, key("versions", "nengo-forcectl", value="0.1.99"))
    load_controller(folder)
    change_arrays(folder, lambda a: a["proof"].__iadd__(1e-6))
    with pytest.raises(
        RecordError, match=r"by 1e-06 N m from .*; versions that differ: .*numpy 1\.26\.0"
    ):
        load_controller(folder)
    change(folder, key("format", value=FORMAT + 1))
    with pytest.raises(VersionError, match=f"is of format {FORMAT + 1}, .*reads format {FORMAT} "):
        load_network(folder)
    change(folder, key("format", value=FORMAT))
    change(folder, key("versions", "nengo-forcectl", value="0.2.0"))
    with pytest.raises(VersionError, match=r"written by nengo-forcectl 0\.2\.0; this is 0\.1"):
        load_controller(folder)


@pytest.mark.parametrize(
    ("summary", "kind"),
    [
        ({"verb": "press", "settings": {"adapt": ["consolidation"]}}, "`press`"),
        ({"verb": "jacobian", "settings": {}}, "`jacobian`"),
        ({"settings": {"jacobian": ["adaptive"]}}, "`reach` with a tool"),
    ],
)
def test_a_run_that_leaves_no_controller_says_which_do(summary, kind, tmp_path, capsys):
    """What else was asked of it makes no difference; neither export nor load sends one astray."""
    run = tmp_path / "run"
    run.mkdir()
    (run / "summary.json").write_text(json.dumps(summary))
    with pytest.raises(ConfigurationError) as error:
        export_run(run, tmp_path / "mine")
    assert str(error.value) == (
        f"run folder '{run}': is of {kind}; only `reach` without a tool leaves a controller"
    )
    with pytest.raises(RecordError, match="is a run folder; the controllers in it: none"):
        load_controller(run)
    (run / "summary.json").write_text("[")
    with pytest.raises(RecordError, match="holds no run that can be read"):
        export_run(run, tmp_path / "mine")
    with pytest.raises(SystemExit):
        main(["export", "--help"])
    assert "without a tool" in " ".join(capsys.readouterr().out.replace("│", " ").split())


def test_a_run_that_could_have_left_one_says_how(tmp_path):
    """`reach` without a tool, and without the controller that can be exported."""
    (tmp_path / "summary.json").write_text(json.dumps({"settings": {"jacobian": []}}))
    with pytest.raises(ConfigurationError, match=r"is not given, .* none; --adapt struct"):
        export_run(tmp_path, tmp_path / "mine")


def test_a_controller_without_learning_is_called_by_its_law(arm, tmp_path):
    """What is printed of a loaded controller."""
    safe = Safe(CompiledController(arm, JointPD()), arm, dt=DT)
    loaded = load_controller(export_controller(safe, tmp_path / "mine"))
    assert str(loaded) == f"JointPD of planar2, 2 joints, {1e3 * DT:g} ms a cycle, learning off"


def test_a_folder_that_exists_is_kept(arm, folder, tmp_path):
    """Only with ``replace``, and then only if it is an exported controller."""
    loaded = load_controller(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(RecordError, match="exists, and replace is not set"):
        export_controller(loaded, folder)
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.tex").write_text("all of it")
    with pytest.raises(RecordError, match="is no exported controller"):
        export_controller(loaded, mine, replace=True)
    (mine / SUMS).write_text("of my downloads")
    with pytest.raises(RecordError, match="is no exported controller"):
        export_controller(loaded, mine, replace=True)
    assert (mine / "thesis.tex").read_text() == "all of it"
    loaded.learn(False)
    export_controller(loaded, folder, replace=True)
    assert {path.name for path in folder.iterdir()} == set(before)
    assert not load_controller(folder).learning
    assert sorted(path.name for path in tmp_path.iterdir()) == ["controller", "mine"]


def test_what_cannot_be_exported_says_what_can(arm, tmp_path):
    """Other cycles, a cycle without limits, an arm of a task's own, a controlled stop."""
    home = home_posture(arm)
    law = OperationalSpace(home, rows=(0, 1))
    blocks = Safe(Blocks(arm, law, DisturbanceObserver(arm, 50.0, DT)), arm, dt=DT)
    with pytest.raises(ConfigurationError, match="Blocks cannot be exported; CompiledCycle, Str"):
        export_controller(blocks, tmp_path / "a")
    with pytest.raises(ConfigurationError, match=r"needs a cycle within limits, Safe"):
        export_controller(blocks.cycle, tmp_path / "a")
    other = Manipulability(arm.with_payload(1.0), rows=(0, 1))
    law = OperationalSpace(home, rows=(0, 1), secondary=(other,))
    with pytest.raises(ConfigurationError, match=r"law.secondary.0.arm: is another arm, "):
        export_controller(Safe(CompiledController(arm, law), arm, dt=DT), tmp_path / "a")
    safe = Safe(CompiledController(arm, JointPD()), arm, dt=DT)
    safe.stop("a test")
    with pytest.raises(ConfigurationError, match=r"in a controlled stop \(a test\)"):
        export_controller(safe, tmp_path / "a")
    assert not list(tmp_path.iterdir())
