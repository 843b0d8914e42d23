"""Exported cycles of a structured learner: they go on as the original would, from plain numbers."""

import json
import shutil
import subprocess
import sys

import nengo
import numpy as np
import pytest
from export_world import BARE, DT, change, change_arrays, drive, key, path_of, recorded, world

import arms
from nengo_forcectl import (
    CompiledController,
    JointPD,
    Safe,
    export_controller,
    learning_cycle,
    load_controller,
    load_network,
)
from nengo_forcectl.cli import main
from nengo_forcectl.errors import NetworkError, RecordError
from nengo_forcectl.export.controller import trained
from nengo_forcectl.export.folder import ARRAYS, SUMS, TEXT
from nengo_forcectl.networks import home_posture, structured_network_of
from nengo_forcectl.networks.structured_encoding import JOINT_NEURONS, TOOL_NEURONS

TRAINED = 1215  # cycles: weights have come in, the next ones are being computed

COLUMNS = "design.columns."  # start of the names of their arrays


@pytest.fixture(scope="module")
def arm():
    return arms.load("planar3")


@pytest.fixture(scope="module")
def original(arm, tmp_path_factory):
    """A folder, and what the cycle that was exported does in the 1,000 cycles after."""
    folder = tmp_path_factory.mktemp("export") / "structured"
    with learning_cycle(arm, home_posture(arm), seed=0, dt=DT) as cycle, world(arm) as robot:
        drive(arm, robot, TRAINED, cycle)
        assert cycle.cycle.memory["least_squares.job"] > 0
        assert trained(cycle)
        export_controller(cycle, folder)
        states, taus = recorded(arm, robot, 1000, cycle)
        return folder, states, taus, cycle.checkpoint()


@pytest.fixture
def folder(original, tmp_path):
    """A copy that can be tampered with."""
    return shutil.copytree(original[0], tmp_path / "controller")


def test_it_learns_on_bit_for_bit(arm, original):
    """Through several solutions: the same 1,000 torques, and the same memory in the end."""
    folder, states, taus, end = original
    loaded, path = load_controller(folder), path_of(arm)
    assert str(loaded) == "structured of planar3, 3 joints, 1 ms a cycle, learning on"
    before = loaded.read()["payload"]
    found = np.array([loaded.step(state, path.at(state.time)).tau for state in states])
    np.testing.assert_array_equal(found, taus)
    here = loaded.checkpoint()
    assert here.keys() == end.keys()
    for name, value in end.items():
        np.testing.assert_array_equal(here[name], value)
    assert np.abs(loaded.read()["payload"] - before).max() > 1e-3
    assert loaded.learned.payload.mass == pytest.approx(1.0, abs=0.01)


def test_it_learns_on_from_the_cycle_in_which_weights_came_in(arm, original, tmp_path):
    """What its limits have not yet seen of the new payload is in the folder, too."""
    folder, states, taus, _ = original
    loaded, path = load_controller(folder), path_of(arm)

    def brings_weights(state):
        loaded.step(state, path.at(state.time))
        return loaded.checkpoint()["structured.new_payload"].any()

    k = next(k for k, state in enumerate(states) if brings_weights(state))
    again = load_controller(export_controller(loaded, tmp_path / "again"))
    rest = states[k + 1 : k + 100]
    found = np.array([again.step(state, path.at(state.time)).tau for state in rest])
    np.testing.assert_array_equal(found, taus[k + 1 : k + 100])


def test_frozen_parts_stay_frozen(arm, original, tmp_path):
    """Of a folder that was loaded and exported again."""
    loaded, path = load_controller(original[0]), path_of(arm)
    loaded.cycle.freeze("payload", "ripple")
    again = load_controller(export_controller(loaded, tmp_path / "again"))
    assert again.cycle.learner.frozen_parts == ["payload", "ripple"]
    before = again.read()
    for state in original[1]:
        again.step(state, path.at(state.time))
    after = again.read()
    np.testing.assert_array_equal(after["payload"], before["payload"])
    assert (after["friction 1"] != before["friction 1"]).any()


def test_one_that_has_done_nothing_can_be_exported(arm, tmp_path):
    """Before its first cycle."""
    with learning_cycle(arm, home_posture(arm), seed=0) as cycle:
        loaded = load_controller(export_controller(cycle, tmp_path / "new"))
    assert loaded.learned.payload.mass == pytest.approx(0.0, abs=1e-2)


def test_it_drives_a_robot_whose_clock_starts_anew(arm, original):
    """It keeps what it learned: without learning, it follows at once; a bare law would not."""
    loaded = load_controller(original[0])
    mass = loaded.learned.payload.mass
    loaded.learn(False)
    with world(arm) as robot:
        drive(arm, robot, 500, loaded)
        error = np.linalg.norm(arm.pose(robot.read().q)[:3, 3] - path_of(arm).at(0.5)[0])
    assert loaded.stopped is None
    assert loaded.learned.payload.mass == mass
    assert error < 1e-3


def test_it_runs_without_tensorflow_pybullet_sympy_and_nengo(arm, original):
    """In a process that cannot import them, to the same bits."""
    folder, states, taus, _ = original
    rows = [[state.time, *state.q, *state.dq] for state in states[:300]]
    path = path_of(arm)
    references = [np.concatenate(path.at(state.time)[:3]).tolist() for state in states[:300]]
    result = subprocess.run(
        [sys.executable, "-c", BARE, folder],
        input=json.dumps([rows, references]),
        capture_output=True,
        text=True,
        check=True,
    )
    found, heavy = json.loads(result.stdout)
    assert heavy == []
    np.testing.assert_array_equal(found, taus[:300])


@pytest.mark.parametrize("delay", [0.0, 0.002])
def test_it_is_written_again_to_the_same_bits(arm, tmp_path, delay):
    """Exported, loaded, exported: the same files; with late sensors, and on hold, too."""
    with learning_cycle(arm, home_posture(arm), seed=0, delay=delay) as cycle:
        with world(arm) as robot:
            drive(arm, robot, 50, cycle)
        cycle.learn("hold")
        first = export_controller(cycle, tmp_path / "first")
    second = export_controller(load_controller(first), tmp_path / "second")
    for name in (TEXT, ARRAYS, SUMS):
        assert (first / name).read_bytes() == (second / name).read_bytes()
    inner = json.loads((first / TEXT).read_text())["cycle"]
    assert ("predictor" in inner) == (delay > 0)
    assert inner["learning"] == "hold"


def test_its_network_gives_the_torque_of_what_was_learned(arm, original, rng, tmp_path):
    """In Nengo's simulator: the torque of the body, friction and forces of ``learned``."""
    loaded = load_controller(original[0])
    learner = loaded.cycle.learner
    for decoders in (learner.neurons_block["decoders"], learner.block["tool_decoders"]):
        decoders[:] = rng.normal(size=decoders.shape)
    learner.ripple_block["periods"][:2] = 60.0, 101.0
    learner.ripple_block["amplitude"][:2] = rng.normal(size=(2, 2))
    export_controller(loaded, tmp_path / "rubbing")
    network = load_network(tmp_path / "rubbing")
    model, (payload, armature, friction, offset, tool, gravity, links, ripple, *_) = (
        loaded.cycle.arm,
        loaded.learned,
    )
    q, dq, ddq = (scale * rng.normal(size=(20, 3)) for scale in (1.0, 0.5, 2.0))
    c = payload.com
    centred = payload.inertia - payload.mass * (c @ c * np.eye(3) - np.outer(c, c))
    loads = arm.with_payload(payload.mass, c, centred).with_armature(armature.value)
    expected = loads.inverse_dynamics(q, dq, ddq) - model.inverse_dynamics(q, dq, ddq)
    expected += friction.curve(dq, q) + offset.value + ripple.torque(q)
    assert np.abs(ripple.torque(q)).max() > 0.1
    assert np.abs(friction.curve(dq, q) - friction.curve(dq)).max() > 0.1
    expected += (
        model.gravity_gradient(q) @ gravity.value + model.regressor(q, dq, ddq) @ links.value
    )
    for row, J in enumerate(model.jacobian(q)[:, :3]):
        x = model.pose(q[row])[:3, 3]
        push = tool.field(x) - tool.damping @ (J @ dq[row])
        linear = tool.force - tool.stiffness @ (x - tool.origin)
        assert np.abs(tool.field(x) - linear).max() > 0.1
        expected[row] -= J.T @ push
    inputs = np.concatenate((q, dq, ddq), axis=1)
    with network:
        source = nengo.Node(lambda t: inputs[round(t / DT) - 1])
        nengo.Connection(source, network.state, synapse=None)
    with nengo.Simulator(network, dt=DT, progress_bar=False) as sim:
        sim.run_steps(20)
        np.testing.assert_allclose(sim.data[network.probe], expected, rtol=0, atol=1e-9)
    assert np.abs(expected).max() > 1.0
    assert [len(layer.bias) for layer in network.layers["joints"]] == [JOINT_NEURONS] * 3
    assert [len(layer.bias) for layer in network.layers["tool"]] == [TOOL_NEURONS]


def test_weights_that_its_network_lacks_are_named(original):
    """A name, and a shape."""
    encoding = load_network(original[0]).encoding
    with pytest.raises(NetworkError, match=r"weights: has 'other', needs some of payload, arma"):
        structured_network_of(encoding, {"other": np.zeros((30, 1))})
    with pytest.raises(NetworkError, match=r"'payload' has shape \(3,\), needs \(10, 1\)"):
        structured_network_of(encoding, {"payload": np.zeros(3)})


def test_a_run_that_holds_one_is_exported(original, tmp_path, capsys, monkeypatch):
    """By `nengo-forcectl export`, under the name that the run gave it."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(original[0], tmp_path / "run" / "structured")
    (tmp_path / "run" / "summary.json").write_text(json.dumps({"settings": {}}))
    main(["export", "run", "mine"])
    line = "structured of planar3, 3 joints, 1 ms a cycle, learning on"
    assert capsys.readouterr().out.splitlines()[0] == line
    for name in (TEXT, ARRAYS, SUMS):
        assert (tmp_path / "mine" / name).read_bytes() == (original[0] / name).read_bytes()


def test_others_have_found_nothing(arm, tmp_path):
    """``learned`` and ``read`` of a law alone."""
    safe = Safe(CompiledController(arm, JointPD()), arm, dt=DT)
    loaded = load_controller(export_controller(safe, tmp_path / "mine"))
    with pytest.raises(NetworkError, match="a CompiledController finds no payload or friction"):
        loaded.learned  # noqa: B018
    with pytest.raises(NetworkError, match="a CompiledController has no weights to read"):
        loaded.read()


def _array(*names, at, value):
    def edit(data):
        for name in names:
            data = data[name]
        data["array"][at] = value

    return edit


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (key("cycle", "type", value="StructuredLearner"), "needs one of CompiledCycle, Structured"),
        (key("cycle", "design", "type", value="eval"), "is of type 'eval', not one of JointPD"),
        (key("cycle", "design", "type", value="Columns"), "Columns has the fields changes"),
        (key("cycle", "design", "columns", value=None), "columns: is a NoneType, needs Columns"),
        (key("cycle", "design", "torque", value=-1.0), "torque: is -1.0 N m, needs a finite"),
        (key("cycle", "design", "torque", value="1"), "hold no controller"),
        (key("cycle", "design", "columns", "reach", value=0.0), "reach: is 0.0 m, needs a finite"),
        (key("cycle", "design", "posture", value={"array": [0.1]}), "has arrays of shapes"),
        (_array("cycle", "design", "posture", at=0, value=2.0), "same arm, posture and states"),
        (_array("cycle", "design", "assumed", at=0, value=None), "does not hold numbers alone"),
        (key("cycle", "design", "columns", "field", value=93), r"Columns.field: is 93, needs 96"),
        (key("cycle", "design", "columns", "field", value=-3), r"Columns.field: is -3, needs 96"),
        (key("cycle", "encoding", "tool_neurons", value="one"), "tool_neurons: is a str, needs"),
        (key("cycle", "encoding", "parts", value=["body", "exec"]), "needs some of body, links"),
        (key("cycle", "encoding", "parts", value=["body", "body"]), "needs some of body, links"),
        (key("cycle", "encoding", "arm", value=None), r"Encoding\.arm: is None, needs .*planar3"),
        (key("cycle", "encoding", "tool", value="tool"), "tool: is a str with arrays"),
        (key("cycle", "encoding", "rest", value=None), "rest: is a NoneType, needs a StateEnc"),
        (key("cycle", "encoding", "rest", "periodic", value=[7]), "periodic joints"),
        (
            key("cycle", "encoding", "joints", "speed", value={"array": [1.0]}),
            "joints: is a JointEncoding with arrays of shapes",
        ),
        (key("cycle", "learning", value=False), "its torques differ by"),
        (key("cycle", "predictor", value={"delay": 0.0105, "gain": 100.0}), "whole number of cyc"),
    ],
)
def test_odd_names_and_numbers_are_refused(folder, edit, message):
    """Right checksums do not help: only known types, of sizes and values that fit the arm."""
    change(folder, edit)
    with pytest.raises(RecordError, match=message):
        load_controller(folder)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda a: a.pop("memory.structured.payload"), "memory: has shapes"),
        (lambda a: a["memory.structured.payload"].__imul__(1.01), "its torques differ by"),
        (lambda a: a["memory.structured.force"].__iadd__(0.1), "its torques differ by"),
        (lambda a: a["memory.structured.gain"].__setitem__(0, np.nan), "has a NaN"),
        (lambda a: a["memory.least_squares.job"].__iadd__(1e6), "job is .*, needs a whole number"),
        (lambda a: a["memory.least_squares.job"].fill(-5), "job is -5.0, needs .* from -1 to"),
        (lambda a: a["memory.least_squares.job"].fill(np.inf), "job is inf, needs a whole"),
        (lambda a: a["memory.least_squares.chosen"].fill(9), "chosen is 9.0, needs .* to 8"),
        (lambda a: a["memory.least_squares.since"].fill(0.5), "since is 0.5, needs a whole"),
        (lambda a: a["memory.least_squares.solved"].fill(9), "solved is 9.0, needs .* from 54 to"),
        (lambda a: a[COLUMNS + "size"].__setitem__(0, 0.0), "size: has 0.0, needs fi"),
        (lambda a: a[COLUMNS + "group"].__setitem__(3, 999), "group: has 999.0, needs w"),
        (lambda a: a[COLUMNS + "group"].__setitem__(3, -1), "group: has -1.0, needs"),
        (lambda a: a[COLUMNS + "positive"].__setitem__(9, 2), "has 2.0, needs 0 or 1"),
        (
            lambda a: a["arm.0.constants"].__imul__(1.001),
            "needs one with the same arm, posture",
        ),
    ],
)
def test_arrays_that_do_not_fit_are_refused(folder, edit, message):
    """Missing, NaN, of another arm; places at which compiled code would write elsewhere."""
    change_arrays(folder, edit)
    with pytest.raises(RecordError, match=message):
        load_controller(folder)
