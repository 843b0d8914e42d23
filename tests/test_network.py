import nengo
import numpy as np
import pytest

import arms
from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.networks.building import adaptive_network, simulator, workspace_network
from nengo_forcectl.networks.encoding import encoding_of
from nengo_forcectl.networks.workspace import home_posture, reach_states


def test_the_output_is_the_formula_of_the_module():
    """F = D relu(gain * E x / radius + bias), with the decoders written by hand."""
    from nengo_forcectl.nengodl.weights import named_weights

    rng = np.random.default_rng(0)
    network = adaptive_network(4, 2, 50, seed=1, radius=0.7)
    decoders, x = rng.normal(size=(2, 50)), rng.uniform(-1, 1, 4)
    with simulator(network) as sim:
        named_weights(sim)[network.decoders].write(decoders)
        sim.run_steps(1, data={network.state: x[None, None]})
        built = sim.data[network.ensemble]
        activity = np.maximum(built.gain * (built.encoders @ x) / 0.7 + built.bias, 0)
        np.testing.assert_allclose(sim.data[network.probe][0, 0], decoders @ activity, rtol=1e-12)


def test_the_torque_is_zero_before_learning():
    """The decoders start at zero."""
    network = adaptive_network(4, 2, 50, seed=1)
    with simulator(network) as sim:
        sim.run_steps(3, data={network.state: np.ones((1, 3, 4))})
        assert not sim.data[network.probe].any()


def test_a_seed_is_a_network():
    """The same seed gives the same encoders and biases, another seed others."""
    built = []
    for seed in (1, 1, 2):
        network = adaptive_network(4, 2, 50, seed=seed)
        with nengo.Simulator(network, progress_bar=False) as sim:
            built.append((sim.data[network.ensemble].encoders, sim.data[network.ensemble].bias))
    for first, same, other in zip(*built, strict=True):
        np.testing.assert_array_equal(first, same)
        assert not np.allclose(first, other)


@pytest.mark.parametrize("norm", [0.3, 0.6, 1.0])
def test_a_state_activates_a_sensible_part_of_the_neurons(norm):
    """For 14 inputs of any usual norm a third to two thirds of 1,000 neurons are active."""
    rng = np.random.default_rng(0)
    network = adaptive_network(14, 7, seed=0)
    with nengo.Simulator(network, progress_bar=False) as sim:
        built = sim.data[network.ensemble]
    x = rng.normal(size=(200, 14))
    x *= norm / np.linalg.norm(x, axis=1, keepdims=True)
    active = (built.gain * (x @ built.encoders.T) + built.bias > 0).mean(axis=1)
    assert active.min() > 1 / 3
    assert active.max() < 2 / 3


def test_sizes_below_one_are_refused():
    """The error names the argument and its value."""
    with pytest.raises(ConfigurationError, match="n_neurons: is 0, needs"):
        adaptive_network(4, 2, 0, seed=1)


def test_a_radius_that_is_not_positive_is_refused():
    """The error names the argument and its value."""
    with pytest.raises(ConfigurationError, match=r"radius: is 0\.0, needs"):
        adaptive_network(4, 2, seed=1, radius=0.0)


def workspace(name, neurons=200, seed=0, **options):
    """A workspace network, and its input over its own sample and over a fresh one."""
    arm = arms.load(name)
    home = home_posture(arm)
    own, fresh = (reach_states(arm, home, np.random.default_rng(s), reaches=20) for s in (1, 2))
    encoding = encoding_of(arm, own)
    network = workspace_network(encoding, own, arm.dof, neurons, seed=seed, **options)
    return network, encoding.input(*own), encoding.input(*fresh)


@pytest.mark.parametrize("name", ["kuka_iiwa", "planar3", "ur5"])
def test_neurons_share_out_the_workspace(name):
    """Every neuron is active somewhere; any state, a fresh one too, activates 9 % to 34 %."""
    network, *inputs = workspace(name, 1000)
    with nengo.Simulator(network, progress_bar=False) as sim:
        built = sim.data[network.ensemble]
    d = network.encoding.size
    for v in inputs:
        active = built.gain * (v[:, d + 1 :] @ built.encoders.T) + built.bias > 0
        assert active.any(axis=0).all()
        assert active.mean(axis=1).min() > 0.09
        assert active.mean(axis=1).max() < 0.34


@pytest.mark.parametrize("neuron_type", [None, nengo.LIFRate(), nengo.LIF()])
def test_a_workspace_network_is_its_seeds_and_says_nothing_at_first(neuron_type):
    """Same seed, same neurons; they are active, and the torque is zero before learning."""
    built = []
    for seed in (1, 1, 2):
        network, v, _ = workspace("planar3", 50, seed, neuron_type=neuron_type)
        with network:
            activity = nengo.Probe(network.ensemble.neurons)
        with simulator(network) as sim:
            sim.run_steps(50, data={network.state: v[None, :50]})
            assert not sim.data[network.probe].any()
            assert sim.data[activity].max() > 0
            built.append((sim.data[network.ensemble].encoders, sim.data[network.ensemble].bias))
    for first, same, other in zip(*built, strict=True):
        np.testing.assert_array_equal(first, same)
        assert not np.allclose(first, other)


def test_a_workspace_network_knows_the_weights_of_its_simulator():
    """``arrays`` are what NengoDL holds before learning, to the last bit."""
    from nengo_forcectl.nengodl.weights import named_weights

    network, *_ = workspace("planar3", 50)
    with simulator(network) as sim:
        weights = named_weights(sim)
        neurons = weights[network.ensemble]
        W = np.hstack([weights[part].read() for part in (network.linear, network.decoders)])
        np.testing.assert_array_equal(network.arrays.encoders, neurons.encoders.read())
        np.testing.assert_array_equal(network.arrays.bias, neurons.bias.read())
        np.testing.assert_array_equal(network.arrays.weights, W)


@pytest.mark.parametrize(("outputs", "neurons", "name"), [(0, 5, "n_outputs"), (5, 0, "n_neurons")])
def test_a_workspace_network_of_nothing_is_refused(outputs, neurons, name):
    """The error names the size and its value."""
    with pytest.raises(ConfigurationError, match=rf"workspace_network\.{name}: is 0, needs"):
        workspace_network(None, None, outputs, neurons, seed=0)
