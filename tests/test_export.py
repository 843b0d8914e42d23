"""Exported controllers: the same torques, elsewhere; and nothing else from a folder."""

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys

import nengo
import numpy as np
import pytest
from law_equations import LAWS, references

import arms
from nengo_forcectl import (
    Blocks,
    CompiledController,
    DisturbanceObserver,
    JointPD,
    Limits,
    Manipulability,
    MinimumJerk,
    OperationalSpace,
    Safe,
    State,
    export_controller,
    learning_cycle,
    load_controller,
    load_network,
)
from nengo_forcectl.cli import main
from nengo_forcectl.control.joint_space import JointSpace
from nengo_forcectl.exceptions import ConfigurationError, RecordError, VersionError
from nengo_forcectl.export import ARRAYS, SUMS, TEXT
from nengo_forcectl.sim.bullet import Bullet
from nengo_forcectl.sim.friction import ViscousFriction
from nengo_forcectl.sim.masses import Payload
from nengo_forcectl.workspace import home_posture

DT = 1e-3
TRAINED = 1300  # cycles: new weights have come in, the next ones are being computed


def path_of(arm):
    tool = arm.pose(home_posture(arm))[:3, 3]
    corners = np.array([[0, 0, 0], [1, 1, 0], [-1, 1, 0], [1, -1, 0], [0, 1, 0], [0, 0, 0]])
    return MinimumJerk(tool + 0.05 * corners, 0.7)


def world(arm):
    return Bullet(arm, home_posture(arm), [Payload(1.0), ViscousFriction(0.5)], DT)


def drive(arm, robot, cycles, first, *others):
    """``first`` drives, the others see the same; the torques of all."""
    path, taus = path_of(arm), []
    for _ in range(cycles):
        state = robot.read()
        results = [each.step(state, path.at(state.time)).tau for each in (first, *others)]
        robot.apply(results[0])
        taus.append(results)
    return np.array(taus).transpose(1, 0, 2)


@pytest.fixture(scope="module")
def arm():
    return arms.load("planar2")


@pytest.fixture(scope="module")
def trained(arm, tmp_path_factory):
    """A folder, and what the controller that was exported does in the 2,000 cycles after."""
    folder = tmp_path_factory.mktemp("export") / "controller"
    home = home_posture(arm)
    with (
        learning_cycle(arm, home, seed=0, neurons=80, dt=DT) as cycle,
        world(arm) as robot,
    ):
        drive(arm, robot, TRAINED, cycle)
        assert np.abs(cycle.read()["adaptive -> torque"]).max() > 1e-4
        export_controller(cycle, folder)
        states, path, taus = [], path_of(arm), []
        for _ in range(2000):
            state = robot.read()
            result = cycle.step(state, path.at(state.time))
            robot.apply(result.tau)
            states.append(state)
            taus.append(result.tau)
        # The same from the folder's moment on, with learning off.
        frozen = cycle.checkpoint()
        learned = load_controller(folder)
        cycle.resume(learned.checkpoint())
        cycle.learn(False)
        features = [
            cycle.cycle.step(state, path.at(state.time)).feedforward for state in states[:300]
        ]
        cycle.resume(frozen)
    return folder, states, np.array(taus), np.array(features)


@pytest.fixture
def folder(trained, tmp_path):
    """A copy that can be tampered with."""
    return shutil.copytree(trained[0], tmp_path / "controller")


def sign(folder):
    """Make the checksums right, as somebody would who wants a changed folder to be loaded."""
    text = "".join(
        f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n"
        for name in (TEXT, ARRAYS)
    )
    (folder / SUMS).write_text(text)


def change(folder, edit):
    data = json.loads((folder / TEXT).read_text())
    edit(data)
    (folder / TEXT).write_text(json.dumps(data))
    sign(folder)


def change_arrays(folder, edit):
    with np.load(folder / ARRAYS) as file:
        arrays = dict(file)
    edit(arrays)
    np.savez(folder / ARRAYS, **arrays)
    sign(folder)


def test_the_next_torques_are_those_of_the_original(arm, trained):
    """Learning on, through changes of the weights: 2,000 cycles, the same torques to 1e-12."""
    folder, states, taus, _ = trained
    loaded, path, before = load_controller(folder), path_of(arm), None
    assert loaded.learning
    before = loaded.read()["adaptive -> torque"]
    found = np.array([loaded.step(state, path.at(state.time)).tau for state in states])
    np.testing.assert_allclose(found, taus, rtol=0, atol=1e-12)
    assert np.abs(loaded.read()["adaptive -> torque"] - before).max() > 1e-4


def test_so_are_they_without_learning(arm, trained):
    """Learning off: what the weights give is what those of the original give."""
    folder, states, _, features = trained
    loaded, path = load_controller(folder), path_of(arm)
    loaded.learn(False)
    assert not loaded.learning
    found = [loaded.cycle.step(state, path.at(state.time)).feedforward for state in states[:300]]
    np.testing.assert_allclose(found, features, rtol=0, atol=1e-12)
    assert np.abs(features).max() > 0.1


BARE = """
import sys

GONE = "tensorflow", "tf_keras", "pybullet", "sympy", "nengo_dl", "nengo"

class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in GONE:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Nothing())
import json
import numpy as np
from nengo_forcectl import Reference, State, load_controller

controller = load_controller(sys.argv[1])
states, references = (np.array(each) for each in json.load(sys.stdin))
n = controller.dof
taus = [
    controller.step(State(s[0], s[1 : n + 1], s[n + 1 :]), Reference(*r.reshape(3, 3))).tau
    for s, r in zip(states, references)
]
heavy = {"tensorflow", "keras", "pybullet", "sympy", "nengo", "nengo_dl", "matplotlib", "tyro"}
loaded = sorted(heavy & {name.split(".")[0] for name in sys.modules})
print(json.dumps([[list(map(float, tau)) for tau in taus], loaded]))
"""


def test_it_runs_where_there_is_no_tensorflow_pybullet_sympy_or_nengo(arm, trained, tmp_path):
    """In a process that cannot import them, with a cache of its own: the same torques to 1e-12."""
    folder, states, taus, _ = trained
    path = path_of(arm)
    rows = [[state.time, *state.q, *state.dq] for state in states[:500]]
    references = [np.concatenate(path.at(state.time)[:3]).tolist() for state in states[:500]]
    result = subprocess.run(
        [sys.executable, "-c", BARE, folder],
        input=json.dumps([rows, references]),
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"NENGO_FORCECTL_CACHE": str(tmp_path / "cache")},
    )
    found, heavy = json.loads(result.stdout)
    assert heavy == []
    np.testing.assert_allclose(found, taus[:500], rtol=0, atol=1e-12)


def test_another_first_state_begins_a_new_motion(arm, trained):
    """On a robot whose clock starts at 0 it drives on with what it learned, and does not stop."""
    folder, *_ = trained
    loaded = load_controller(folder)
    kept = loaded.read()
    with world(arm) as robot:
        first = loaded.step(robot.read(), path_of(arm).at(0.0))
        np.testing.assert_array_equal(kept["state -> torque"], loaded.read()["state -> torque"])
        drive(arm, robot, 500, loaded)
        error = np.linalg.norm(arm.pose(robot.read().q)[:3, 3] - path_of(arm).at(0.5)[0])
    assert loaded.stopped is None
    assert np.isfinite(first.tau).all()
    assert error < 2e-3


@pytest.mark.parametrize("delay", [0.0, 0.002])
def test_it_is_written_again_to_the_same_bits(arm, tmp_path, delay):
    """Exported, loaded, exported: the same files; with late sensors, too."""
    with learning_cycle(arm, home_posture(arm), seed=0, neurons=40, delay=delay) as cycle:
        with world(arm) as robot:
            drive(arm, robot, 50, cycle)
        first = export_controller(cycle, tmp_path / "first")
    second = export_controller(load_controller(first), tmp_path / "second")
    for name in (TEXT, ARRAYS, SUMS):
        assert (first / name).read_bytes() == (second / name).read_bytes()
    assert ("predictor" in json.loads((first / TEXT).read_text())["cycle"]) == (delay > 0)


def test_the_cycle_may_go_by_another_model_than_its_limits(iiwa, tmp_path):
    """Each comes back with its own equations, to the same bits."""
    loaded_wrist = iiwa.with_payload(0.5)
    safe = Safe(CompiledController(loaded_wrist, JointPD()), iiwa, dt=DT)
    again = load_controller(export_controller(safe, tmp_path / "two"))
    assert again.arm.chain.links[-1] != again.cycle.arm.chain.links[-1]
    for state, _, joints in references(iiwa, 10):
        expected = safe.step(state, joints).tau
        np.testing.assert_array_equal(again.step(state, joints).tau, expected)


@pytest.mark.parametrize("name", LAWS)
def test_every_law_without_learning_can_be_exported(iiwa, tmp_path, name):
    """Gains, frames and secondary tasks, and what force control remembers, to the same bits."""
    limits = Limits.of(iiwa, rate=1e6, lower=(-2.0, -2.0, -1.0))
    safe = Safe(CompiledController(iiwa, LAWS[name](iiwa)), iiwa, limits, DT)
    joint = isinstance(safe.cycle.controller, JointSpace)
    moves = [(state, joints if joint else tool) for state, tool, joints in references(iiwa, 20)]
    for state, reference in moves[:10]:
        safe.step(state, reference)
    safe.reset()
    loaded = load_controller(export_controller(safe, tmp_path / "law"))
    assert loaded.limits.lower == limits.lower
    for state, reference in moves[10:]:
        expected = safe.step(state, reference).tau
        np.testing.assert_array_equal(loaded.step(state, reference).tau, expected)
        np.testing.assert_array_equal(
            loaded.cycle.step(state, reference).tau, safe.cycle.step(state, reference).tau
        )


def test_the_network_runs_in_nengo(arm, trained):
    """Nengo's own simulator, no NengoDL: F of 300 states agrees to 1e-12, by the objects' names."""
    folder, states, _, features = trained
    network, path = load_network(folder), path_of(arm)
    cycle = load_controller(folder).cycle
    inputs = []
    for state in states[:300]:
        terms = cycle.arm.terms(state.q, state.dq)
        command = cycle.controller.torque(terms, state, path.at(state.time))
        inputs.append(np.concatenate((state.q, state.dq, command.ddq_r)))
    with network:
        source = nengo.Node(lambda t: inputs[round(t / DT) - 1])
        nengo.Connection(source, network.state, synapse=None)
    with nengo.Simulator(network, dt=DT, progress_bar=False) as sim:
        sim.run_steps(300)
        np.testing.assert_allclose(sim.data[network.probe], features, rtol=0, atol=1e-12)
    assert network.ensemble.label == "adaptive"
    assert network.decoders.label == "adaptive -> torque"


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
    with pytest.raises(RecordError, match="there is none"):
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


def test_checksums_of_other_files_are_refused(folder):
    """Paths that lead elsewhere are never opened: the names are those of the three files."""
    good = (folder / SUMS).read_text()
    for bad in (good.replace(ARRAYS, "../../etc/passwd"), "", good + f"{'0' * 64}  /etc/passwd\n"):
        (folder / SUMS).write_text(bad)
        with pytest.raises(RecordError, match="has checksums of"):
            load_controller(folder)


def _key(*names, value):
    def edit(data):
        for name in names[:-1]:
            data = data[name]
        data[names[-1]] = value

    return edit


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (_key("cycle", "type", value="os.system"), "cycle is 'os.system', needs one of Compiled"),
        (_key("cycle", "law", "type", value="../law"), "is of type '../law', not one of JointPD"),
        (_key("cycle", "law", "gain", value=1.0), "OperationalSpace has the fields damping"),
        (_key("cycle", "law", "kp", value="high"), "OperationalSpace.kp: is high, needs numbers"),
        (_key("cycle", "law", "kp", value=-1.0), "OperationalSpace.kp: is -1.0"),
        (_key("cycle", "law", "kp", value=150.0), "its torques come out otherwise"),
        (_key("arm", "chain", "type", value="Pose"), "hold no controller|Pose has the fields"),
        (_key("arm", "chain", "tip", value="../tip"), "there is no tip link"),
        (_key("arm", "chain", "joints", 1, "parent", value="link2"), "cycle"),
        (_key("arm", "kernels", 0, "frame", value="elsewhere"), "there is no tape of"),
        (_key("arm", "kernels", 1, "terms", value=["h"]), "tape: has"),
        (_key("cycle", "encoding", "periodic", value=[9]), "periodic joints"),
        (_key("cycle", "encoding", "periodic", value=[0]), "has arrays of shapes"),
        (_key("cycle", "encoding", "inputs", value="q-dq"), "has arrays of shapes"),
        (_key("cycle", "encoding", "inputs", value="eval"), "has inputs 'eval'"),
        (_key("cycle", "law", "posture", value={"array": [0.1]}), "controller folder"),
        (_key("dt", value="1"), "controller folder"),
        (_key("limits", value=None), "controller folder"),
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
        (lambda a: a["memory.weights"].__imul__(1.01), "its torques come out otherwise"),
        (lambda a: a.update(bias=a["bias"][:-1]), "has arrays of shapes"),
        (lambda a: a.update(safe=np.zeros((6, 3))), "'safe' has shape"),
        (lambda a: a.update({"memory.z": np.zeros(3)}), "memory of shapes"),
        (lambda a: a["encoders"].__setitem__((0, 0), np.nan), "'encoders' does not hold numbers"),
        (lambda a: a["arm.0.steps"].__setitem__((3, 1), 10**6), "tape: step 3 is"),
        (lambda a: a["arm.0.steps"].__setitem__((3, 0), 99), "tape: step 3 is 99"),
        (lambda a: a["arm.0.results"].__setitem__(0, -1), "tape: has"),
        (lambda a: a["arm.0.constants"].__imul__(1.001), "its torques come out otherwise"),
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
    with pytest.raises(RecordError, match="its torques come out otherwise"):
        load_controller(second)


def test_other_versions_are_named(folder):
    """Another format or minor version: which wrote it, which this is. Others: the proof decides."""
    change(folder, _key("versions", "numpy", value="1.26.0"))
    load_controller(folder)
    change(folder, _key("versions", "nengo-forcectl", value="0.1.99"))
    load_controller(folder)
    change_arrays(folder, lambda a: a["proof"].__iadd__(1e-6))
    with pytest.raises(RecordError, match=r"by 1e-06 N m; versions that differ: .*numpy 1\.26\.0"):
        load_controller(folder)
    change(folder, _key("versions", "nengo-forcectl", value="0.2.0"))
    with pytest.raises(VersionError, match=r"written by nengo-forcectl 0\.2\.0; this is 0\.1"):
        load_controller(folder)
    change(folder, _key("format", value=2))
    with pytest.raises(VersionError, match="is of format 2"):
        load_network(folder)


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
    with pytest.raises(ConfigurationError, match="Blocks cannot be exported; CompiledCycle, Comp"):
        export_controller(blocks, tmp_path / "a")
    with pytest.raises(ConfigurationError, match=r"needs a cycle within limits, Safe"):
        export_controller(blocks.cycle, tmp_path / "a")
    other = Manipulability(arm.with_payload(1.0), rows=(0, 1))
    law = OperationalSpace(home, rows=(0, 1), secondary=(other,))
    with pytest.raises(ConfigurationError, match=r"law.secondary.0.arm: is .* another arm"):
        export_controller(Safe(CompiledController(arm, law), arm, dt=DT), tmp_path / "a")
    safe = Safe(CompiledController(arm, JointPD()), arm, dt=DT)
    safe.stop("a test")
    with pytest.raises(ConfigurationError, match=r"in a controlled stop \(a test\)"):
        export_controller(safe, tmp_path / "a")
    assert not list(tmp_path.iterdir())


def test_reach_leaves_what_export_takes(tmp_path, capsys, monkeypatch):
    """A run's learned controller, by `nengo-forcectl export`; what is wrong is one line, exit 2."""
    monkeypatch.chdir(tmp_path)
    options = ["--arm", "planar2", "--neurons", "60", "--passes", "1", "--payload", "0.5"]
    main(["reach", *options, "--adapt", "none", "consolidation", "--out", "run"])
    capsys.readouterr()
    main(["export", "run", "mine"])
    assert "consolidation of planar2, 2 joints, 1 ms a cycle" in capsys.readouterr().out
    loaded = load_controller(tmp_path / "mine")
    pose = loaded.arm.pose(home_posture(loaded.arm))
    assert loaded.learning
    assert np.isfinite(pose).all()
    for arguments, message in (
        (["run", "mine"], "exists, and replace is not set"),
        (["run", "other", "--controller", "none"], "needs one that 'run' has trained: consolid"),
        (["nothing", "other"], "holds no run"),
    ):
        with pytest.raises(SystemExit) as end:
            main(["export", *arguments])
        assert end.value.code == 2
        assert message in capsys.readouterr().err
    main(["export", "run", "mine", "--replace"])


def test_a_torque_that_is_not_finite_still_never_leaves(trained, arm):
    """The loaded controller is within limits: NaN in the state is a controlled stop."""
    loaded = load_controller(trained[0])
    state = State(0.0, np.array([np.nan, 0.0]), np.zeros(2))
    assert np.isfinite(loaded.step(state, path_of(arm).at(0.0)).tau).all()
    assert loaded.stopped is not None
