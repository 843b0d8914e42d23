"""The network of the default learner with other neurons in place of its own."""

import nengo
import numpy as np
import pytest

import arms
from nengo_forcectl import export_controller, learning_cycle, load_network
from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.networks import Population, home_posture, structured_network_of
from nengo_forcectl.networks.structured_encoding import JOINT_NEURONS, TOOL_NEURONS

DT, STEPS = 1e-3, 1500


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A learner whose neurons give friction and forces that are smooth."""
    arm = arms.load("planar3")
    rng = np.random.default_rng(5)
    with learning_cycle(arm, home_posture(arm), seed=0, dt=DT) as cycle:
        learner = cycle.cycle.learner
        for block, encoders, decoders in (
            (learner.neurons_block, learner.encoding.neurons.encoders, "decoders"),
            (learner.block, learner.encoding.tool_neurons.encoders, "tool_decoders"),
        ):
            rows = np.einsum("...im,...i->...m", encoders, rng.normal(size=encoders.shape[:-1]))
            block[decoders][:] = rows / np.abs(rows).max()
        return export_controller(cycle, tmp_path_factory.mktemp("spikes") / "mine")


def torques(network, state):
    """The torque at a constant state (q, dq, ddq), cycle by cycle, without the first 500."""
    with network:
        nengo.Connection(nengo.Node(state), network.state, synapse=None)
    with nengo.Simulator(network, dt=DT, progress_bar=False) as sim:
        sim.run_steps(STEPS)
        return sim.data[network.probe][500:]


def without_neurons(folder):
    """The network's encoding, and its weights without decoders of neurons."""
    network = load_network(folder)
    decoders = ("joint", "tool")
    weights = {
        each.label: each.transform.init
        for part in network.learned.values()
        for each in part
        if not each.label.startswith(decoders)
    }
    return network.encoding, weights


def test_neurons_that_spike_give_the_torque_of_those_that_learned(folder):
    """In Nengo's simulator: rates to 5 % of what comes from neurons, spikes in the mean to 6 %."""
    home = home_posture(arms.load("planar3"))
    direct, errors = without_neurons(folder), {"lif-rate": [], "lif": []}
    for shift in (-0.2, 0.0, 0.3):
        state = np.concatenate((home + shift, [0.4, -0.3, 0.5], np.zeros(3)))
        wanted = torques(load_network(folder), state)[-1]
        by_neurons = wanted - torques(structured_network_of(*direct), state)[-1]
        assert np.abs(by_neurons).max() > 0.5
        for kind, found in errors.items():
            spikes = torques(load_network(folder, kind), state)
            assert (np.ptp(spikes, axis=0).max() > 1e-3) == (kind == "lif")
            off = np.linalg.norm(spikes.mean(axis=0) - wanted)
            found.append(off / np.linalg.norm(by_neurons))
    assert max(errors["lif-rate"]) < 0.05
    assert max(errors["lif"]) < 0.06


def test_their_rates_and_their_synapse_are_as_asked_for(folder):
    """Ten neurons for one, at most the highest rate in the middle of the sample, a low pass."""
    encoding = load_network(folder).encoding
    network = structured_network_of(encoding, {}, Population("lif", (50.0, 90.0), 0.02))
    counts = {ensemble.label: ensemble.n_neurons for ensemble in network.all_ensembles}
    assert counts == dict.fromkeys(("joint 1", "joint 2", "joint 3"), 10 * JOINT_NEURONS) | {
        "tool": 10 * TOOL_NEURONS
    }
    for ensemble in network.all_ensembles:
        assert type(ensemble.neuron_type) is nengo.LIF
    decoded = [each for part in network.learned.values() for each in part if each.synapse]
    assert [each.synapse.tau for each in decoded] == [0.02] * 4
    u = encoding.joints.input(np.tile(encoding.joints.centre, (1, 1)), np.zeros((1, 3)))[1][0]
    for j, layer in enumerate(network.layers["joints"]):
        rates = nengo.LIF().rates(layer.scaled @ u[j] + layer.bias, *np.eye(2)[:, :1])
        assert 0.0 < rates.max() < 90.0


def test_their_friction_is_none_at_rest(folder):
    """Mirror images cancel: without motion the joints' neurons give no torque, to 1e-9 N m."""
    encoding, weights = without_neurons(folder)
    state = np.concatenate((home_posture(encoding.arm), np.zeros(6)))
    own = {
        each.label: each.solver.values.T
        for each in load_network(folder).learned["joints"]
        if each.label.startswith("joint")
    }
    population = Population("lif-rate")
    found = torques(structured_network_of(encoding, weights | own, population), state)
    expected = torques(structured_network_of(encoding, weights), state)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


def test_a_network_has_a_direct_path(folder):
    """Without one there would be no body and no friction; an unknown type is named."""
    encoding = load_network(folder).encoding
    with pytest.raises(ConfigurationError, match=r"Population\.direct: is False, needs True: most"):
        structured_network_of(encoding, {}, Population("lif", direct=False))
    with pytest.raises(ConfigurationError, match="neuron_type: is lift, needs one of relu"):
        load_network(folder, "lift")


@pytest.mark.parametrize("name", ["neuron_type", "max_rates", "synapse", "direct"])
def test_the_default_learner_says_where_neurons_are_chosen(name):
    """It has rates of its own; any other argument is an error of Python's kind."""
    arm = arms.load("planar3")
    with (
        pytest.raises(ConfigurationError, match=rf"learning_cycle\.{name}: .* consolidating_cycle"),
        learning_cycle(arm, home_posture(arm), seed=0, **{name: "lif"}),
    ):
        pass
    with (
        pytest.raises(TypeError, match="unexpected keyword argument 'neuron'"),
        learning_cycle(arm, home_posture(arm), seed=0, neuron=True),
    ):
        pass
