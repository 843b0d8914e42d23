"""Networks that spike, exported: in Nengo's simulator they give what they were trained for."""

import json
import shutil

import nengo
import numpy as np
import pytest
from export_world import DT, change, change_arrays, drive, key, path_of, recorded, world
from spiking_learner import TYPES, learner

import arms
from nengo_forcectl import export_controller, load_controller, load_network
from nengo_forcectl.errors import ConfigurationError, RecordError
from nengo_forcectl.networks.workspace import home_posture


@pytest.fixture(scope="module")
def planar():
    return arms.load("planar2")


@pytest.mark.parametrize("kind", ["lif", "spiking-relu"])
@pytest.mark.parametrize("direct", [True, False])
def test_what_is_exported_is_the_network_that_spikes(planar, tmp_path, kind, direct):
    """Loaded it gives the same torques to 1e-12; in Nengo's simulator what it was trained for.

    There the synapse begins at 0: from 0.25 s on, F agrees to 1e-9.
    """
    with learner(planar, neuron_type=kind, direct=direct) as cycle, world(planar) as robot:
        drive(planar, robot, 1300, cycle)
        folder = export_controller(cycle, tmp_path / "controller")
        states, taus = recorded(planar, robot, 600, cycle)
    loaded, path = load_controller(folder), path_of(planar)
    np.testing.assert_allclose(
        [loaded.step(state, path.at(state.time)).tau for state in states], taus, rtol=0, atol=1e-12
    )
    loaded = load_controller(folder)
    loaded.learn(False)
    inner, inputs, features = loaded.cycle, [], []
    inner.forget_motion()
    for state in states:
        terms = inner.arm.terms(state.q, state.dq)
        command = inner.controller.torque(terms, state, path.at(state.time))
        inputs.append(np.concatenate((state.q, state.dq, command.ddq_r)))
        features.append(inner.step(state, path.at(state.time)).feedforward)
    network = load_network(folder)
    with network:
        source = nengo.Node(lambda t: inputs[round(t / DT) - 1])
        nengo.Connection(source, network.state, synapse=None)
        decoded = nengo.Probe(network.decoders, synapse=None)
    with nengo.Simulator(network, dt=DT, progress_bar=False) as sim:
        sim.run_steps(len(states))
        found, by_spikes = sim.data[network.probe], sim.data[decoded]
    assert type(network.ensemble.neuron_type) is type(TYPES[kind])
    np.testing.assert_allclose(found[250:], features[250:], rtol=0, atol=1e-9)
    assert np.abs(by_spikes).max() > (1e-4 if direct else 0.1)
    if not direct:
        np.testing.assert_array_equal(found[1:], by_spikes[:-1])  # nothing goes past the neurons


def test_a_network_of_rates_is_exported_as_one_of_spikes(planar, tmp_path):
    """In Nengo's simulator its torque is that of the rates, to 3 % RMS; other rates are refused."""
    options = {"neuron_type": "lif-rate", "neurons": 400, "max_rates": 300.0, "direct": False}
    with learner(planar, **options) as cycle, world(planar) as robot:
        drive(planar, robot, 2600, cycle)
        folder = export_controller(cycle, tmp_path / "controller")
    home = home_posture(planar)
    still = np.concatenate((home, np.zeros(4)))
    torques = {}
    for name in ("lif-rate", "lif"):
        network = load_network(folder, name, 0.02 if name == "lif" else None)
        with network:
            nengo.Connection(nengo.Node(still), network.state, synapse=None)
        with nengo.Simulator(network, dt=DT, progress_bar=False) as sim:
            sim.run_steps(1000)
            torques[name] = sim.data[network.probe][300:]
    rates, spikes = torques["lif-rate"], torques["lif"]
    assert np.abs(rates).max() > 1.0
    assert np.ptp(spikes, axis=0).max() > 1e-3  # they do spike
    off = np.sqrt(np.mean((spikes - rates) ** 2) / np.mean(rates**2))
    assert off < 0.03
    with pytest.raises(ConfigurationError, match="neuron_type: is 'relu', needs one of lif-rate"):
        load_network(folder, "relu")


def test_a_folder_with_neurons_that_cannot_be_is_refused(planar, tmp_path):
    """Another name, no synapse, or voltages of another number or above the threshold."""
    with learner(planar, neurons=40) as cycle:
        folder = export_controller(cycle, tmp_path / "controller")
    described = json.loads((folder / "controller.json").read_text())["cycle"]["neurons"]
    assert (described["kind"], described["synapse"]) == ("lif", 0.005)
    for number, (edit, on_arrays) in enumerate(
        (
            (key("cycle", "neurons", "kind", value="lift"), False),
            (key("cycle", "neurons", "synapse", value=0.0), False),
            (lambda arrays: arrays.update(voltage=np.zeros(39)), True),
            (lambda arrays: arrays.update(voltage=np.full(40, 1.5)), True),
        )
    ):
        bad = tmp_path / f"bad {number}"
        shutil.copytree(folder, bad)
        (change_arrays if on_arrays else change)(bad, edit)
        for load in (load_controller, load_network):
            with pytest.raises(RecordError, match="controller folder"):
                load(bad)
