"""The network of the default learner with other neurons in place of its own."""

from dataclasses import replace

import nengo
import numpy as np
import pytest

import arms
from nengo_forcectl import export_controller, learning_cycle, load_controller, load_network
from nengo_forcectl.contract import Reference, State
from nengo_forcectl.errors import ConfigurationError, NetworkError
from nengo_forcectl.kernels.parts import renew
from nengo_forcectl.networks import Population, home_posture, structured_network_of
from nengo_forcectl.networks.structured_encoding import JOINT_NEURONS, TOOL_NEURONS

DT, STEPS = 1e-3, 1500
JOINT_FIELDS = "joint_encoders", "joint_bias", "joint_shares", "joint_voltage"


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
    """In Nengo's simulator: rates to 3 % of what comes from neurons, spikes in the mean to 4 %."""
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
    assert max(errors["lif-rate"]) < 0.03
    assert max(errors["lif"]) < 0.04


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


def test_the_default_learner_has_a_direct_path():
    """Neurons alone are another learner's; any other argument is an error of Python's kind."""
    arm = arms.load("planar3")
    for wrong, error, match in (
        ({"direct": False}, ConfigurationError, r"learning_cycle\.direct: .* consolidating_cycle"),
        ({"max_rates": 900.0, "neuron_type": "lif"}, ConfigurationError, "below 500 Hz"),
        ({"neuron": True}, TypeError, "unexpected keyword argument 'neuron'"),
    ):
        with (
            pytest.raises(error, match=match),
            learning_cycle(arm, home_posture(arm), seed=0, **wrong),
        ):
            pass


def trained(learner, rng):
    """Give a learner decoders, as if it had solved for them."""
    for block, name in ((learner.neurons_block, "weights"), (learner.law_block, "weights")):
        place = learner.places["field"] if block is learner.law_block else slice(None)
        block[name][place] = rng.normal(size=block[name][place].shape)
    renew.call(learner.block.address, learner.law_block.address)


def motion(arm, steps, begin=0):
    """States of a motion through the work, and what is asked for: to stay."""
    home = home_posture(arm)
    x, still = arm.pose(home)[:3, 3], np.zeros(3)
    for k in range(begin, begin + steps):
        t, phase = k * DT, np.arange(arm.dof)
        q, dq = home + 0.3 * np.sin(2.0 * t + phase), 0.6 * np.cos(2.0 * t + phase)
        yield State(t, q, dq), Reference(x, still, still)


@pytest.mark.parametrize("kind", ["lif", "spiking-relu"])
def test_the_cycle_s_neurons_are_nengo_s_spike_for_spike(kind, tmp_path):
    """What they supply along a motion is what Nengo's simulator gives for the exported network."""
    arm, rng = arms.load("planar3"), np.random.default_rng(3)
    with learning_cycle(arm, home_posture(arm), seed=0, dt=DT, neuron_type=kind) as cycle:
        learner, command = cycle.cycle.learner, cycle.cycle.controller.command
        trained(learner, rng)
        network = load_network(export_controller(cycle, tmp_path / "spikes"))
        direct = without_neurons(tmp_path / "spikes")
        cycle.reset()
        cycle.learn(False)
        states, supplied = [], []
        for state, reference in motion(arm, 400):
            cycle.step(state, reference)
            J = arm.jacobian(state.q)[:3]
            force, torque = (learner.block[f"neuron_{each}"] for each in ("force", "torque"))
            supplied.append(torque + J.T @ force)
            states.append(np.concatenate((state.q, command["dq_s"], 0.0 * state.q)))
    assert cycle.activity.spikes > 1000
    runs = [along(each, states) for each in (network, structured_network_of(*direct))]
    found = np.array(supplied)[200:]
    assert np.abs(found).max() > 0.1
    np.testing.assert_allclose(found, (runs[0] - runs[1])[200:], rtol=0, atol=1e-9)


def test_neurons_go_on_where_they_were(tmp_path):
    """Loaded, in the middle of a motion, and resumed; neurons of another kind are refused."""
    arm = arms.load("planar3")
    options = {"seed": 0, "dt": DT, "neuron_type": "lif", "max_rates": (50.0, 90.0)}
    with learning_cycle(arm, home_posture(arm), **options) as cycle:
        trained(cycle.cycle.learner, np.random.default_rng(4))
        for state, reference in motion(arm, 60):
            cycle.step(state, reference)
        folder, checkpoint = export_controller(cycle, tmp_path / "mine"), cycle.checkpoint()
        rest = [*motion(arm, 60, 60)]
        expected = np.array([cycle.step(*each).tau for each in rest])
        loaded = load_controller(folder)
        np.testing.assert_array_equal([loaded.step(*each).tau for each in rest], expected)
        cycle.reset()
        again = np.array([cycle.step(*each).tau for each in rest])
        assert np.abs(again - expected).max() > 1e-6  # they begin anew
        assert cycle.activity.spikes > loaded.activity.spikes > 0
    with (
        learning_cycle(arm, home_posture(arm), **options | {"synapse": 0.01}) as other,
        pytest.raises(NetworkError, match=r"needs one with the same .* the same neurons"),
    ):
        other.resume(checkpoint)
    with learning_cycle(arm, home_posture(arm), seed=0, dt=DT) as plain:
        assert plain.activity is None
        with pytest.raises(NetworkError, match="memory: has shapes"):
            plain.resume(checkpoint)


def test_what_fires_is_checked(tmp_path):
    """Numbers and shapes that do not fit are named; spikes are counted by what they change."""
    arm = arms.load("planar3")
    with learning_cycle(arm, home_posture(arm), seed=0, dt=DT, neuron_type="lif") as cycle:
        for state, reference in motion(arm, 20):
            cycle.step(state, reference)
        activity, encoding = cycle.activity, cycle.cycle.learner.encoding
    assert activity.neurons == 10 * (3 * JOINT_NEURONS + TOOL_NEURONS)
    inputs = 10 * (3 * JOINT_NEURONS * 3 + TOOL_NEURONS * 4)
    assert activity.inputs == pytest.approx(inputs / activity.neurons)
    assert 1.0 < activity.outputs < 3.0
    own = encoding.population
    for wrong, match in (
        ({"joint_bias": own.joint_bias * np.nan}, r"joint_bias: has a number that is not finite"),
        ({"tool_shares": own.tool_shares[:-1]}, r"tool_shares: has shape \(319,\), needs \(320,\)"),
        ({"model": "lif"}, r"StructuredPopulation\.model: is a str, needs a NeuronModel"),
        (
            {name: getattr(own, name)[..., :-1] for name in JOINT_FIELDS},
            r"joint_bias: is of 479 neurons, needs as many for each of 48",
        ),
    ):
        with pytest.raises(NetworkError, match=match):
            replace(encoding, population=replace(own, **wrong)).check(encoding.arm)


def along(network, states):
    """The torque along a motion."""
    with network:
        source = nengo.Node(lambda t: states[min(round(t / DT), len(states)) - 1])
        nengo.Connection(source, network.state, synapse=None)
    with nengo.Simulator(network, dt=DT, progress_bar=False) as sim:
        sim.run_steps(len(states))
        return sim.data[network.probe]
