"""Exported controllers: the same torques, elsewhere; and nothing else from a folder."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nengo
import numpy as np
import pytest
from export_world import BARE, DT, TRAINED, drive, path_of, recorded, world
from law_equations import LAWS, references

import arms
from nengo_forcectl import (
    CompiledController,
    JointPD,
    Limits,
    Safe,
    State,
    export_controller,
    load_controller,
    load_network,
)
from nengo_forcectl.cli import main
from nengo_forcectl.control.joint_space import JointSpace
from nengo_forcectl.cycle import consolidating_cycle
from nengo_forcectl.errors import RecordError
from nengo_forcectl.export.folder import ARRAYS, SUMS, TEXT
from nengo_forcectl.networks.workspace import home_posture


@pytest.fixture(scope="module")
def arm():
    return arms.load("planar2")


@pytest.fixture(scope="module")
def trained(arm, tmp_path_factory):
    """A folder, and what the controller that was exported does in the 2,000 cycles after."""
    folder = tmp_path_factory.mktemp("export") / "controller"
    home = home_posture(arm)
    with (
        consolidating_cycle(arm, home, seed=0, neurons=80, dt=DT) as cycle,
        world(arm) as robot,
    ):
        drive(arm, robot, TRAINED, cycle)
        assert np.abs(cycle.read()["adaptive -> torque"]).max() > 1e-4
        export_controller(cycle, folder)
        path = path_of(arm)
        states, taus = recorded(arm, robot, 2000, cycle)
        # The same from the folder's moment on, with learning off.
        frozen = cycle.checkpoint()
        learned = load_controller(folder)
        cycle.resume(learned.checkpoint())
        cycle.learn(False)
        features = [
            cycle.cycle.step(state, path.at(state.time)).feedforward for state in states[:300]
        ]
        cycle.resume(frozen)
    return folder, states, taus, np.array(features)


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


def test_it_runs_where_there_is_no_tensorflow_pybullet_sympy_or_nengo(arm, trained, tmp_path):
    """In a process that cannot import them, with no arm in its cache: the same torques to 1e-12."""
    folder, states, taus, _ = trained
    path = path_of(arm)
    for kernels in Path(os.environ["NENGO_FORCECTL_CACHE"]).glob("numba-*"):  # they know no arm
        shutil.copytree(kernels, tmp_path / "cache" / kernels.name)
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
    with consolidating_cycle(arm, home_posture(arm), seed=0, neurons=40, delay=delay) as cycle:
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
    joint = isinstance(safe.cycle.controller.law, JointSpace)
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


@pytest.mark.usefixtures("without_figures")
def test_reach_leaves_what_export_takes(tmp_path, capsys, monkeypatch):
    """A run's learned controller, by `nengo-forcectl export`; what is wrong is one line, exit 2."""
    monkeypatch.chdir(tmp_path)
    options = ["--arm", "planar2", "--neurons", "60", "--passes", "1", "--payload", "0.5"]
    main(["reach", *options, "--adapt", "none", "consolidation", "--out", "run"])
    capsys.readouterr()
    main(["export", "run", "mine"])
    line = "consolidation of planar2, 2 joints, 1 ms a cycle, learning on"
    assert capsys.readouterr().out.splitlines()[0] == line
    loaded = load_controller(tmp_path / "mine")
    assert str(loaded) == line
    loaded.learn(False)
    assert str(loaded) == line[:-2] + "off"
    loaded.learn(True)
    with pytest.raises(RecordError, match=r"'run': is a run folder; .* in it: 'run/consolidation'"):
        load_controller("run")
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
