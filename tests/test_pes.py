from typing import Any

import nengo
import numpy as np
import pytest

from nengo_forcectl.errors import ConfigurationError, NetworkError
from nengo_forcectl.learning.gradient import Gradient
from nengo_forcectl.networks.building import adaptive_network, simulator
from nengo_forcectl.networks.closed_form import ClosedFormNetwork
from nengo_forcectl.networks.layer import RATE as SPIKES
from nengo_forcectl.networks.online import OnlineNetwork
from nengo_forcectl.networks.pes import PesNetwork

NEURONS = 60
RATE = 190.0


def network(**options):
    return adaptive_network(4, 2, NEURONS, seed=3, radius=0.5, **options)


@pytest.mark.parametrize("learner", [OnlineNetwork, ClosedFormNetwork])
def test_nengos_own_pes_is_the_gradient_law(rng, learner):
    """Over 300 cycles of the same states and errors the torques agree to 1e-9 N m."""
    net = network()
    law = Gradient(gamma=RATE / NEURONS)
    with simulator(net) as sim, PesNetwork(network(), RATE) as pes:
        online = learner(sim, net.probe, law)
        for _ in range(300):
            x, error = 0.3 * rng.normal(size=4), rng.normal(size=2)
            tau = pes.step(x, error)
            np.testing.assert_allclose(tau, online.step(x, error), rtol=0, atol=1e-9)
    assert np.abs(tau).max() > 0.1


def test_it_follows_the_equation_of_pes(rng):
    """D grows by rate dt / n s a^T, with a of the ensemble's own encoders, gains and biases."""
    net = network()
    with PesNetwork(net, RATE, dt=2e-3) as pes:
        built = pes.sim.data[net.ensemble]
        D = np.zeros((2, NEURONS))
        for _ in range(20):
            x, error = 0.3 * rng.normal(size=4), rng.normal(size=2)
            a = np.maximum(built.scaled_encoders @ x + built.bias, 0.0)
            np.testing.assert_allclose(pes.step(x, error), D @ a, atol=1e-12)
            D += RATE * 2e-3 / NEURONS * np.outer(error, a)
    assert np.abs(D).max() > 0


def test_forward_does_not_learn(rng):
    """Asked for its torque alone, the network gives it and stays as it is."""
    x, error = 0.3 * rng.normal(size=4), np.array([5.0, -3.0])
    with PesNetwork(network(), RATE) as pes:
        np.testing.assert_array_equal(pes.forward(x), 0.0)
        pes.step(x, error)
        first = pes.forward(x)
        assert np.abs(first).max() > 0
        np.testing.assert_array_equal(pes.forward(x), first)


def test_the_callers_arrays_are_neither_kept_nor_changed(rng):
    """An array that the caller uses again does not change what was given before."""
    x, error = np.full(4, 0.2), np.array([5.0, -3.0])
    with PesNetwork(network(), RATE) as pes:
        tau = pes.step(x, error)
        np.testing.assert_array_equal(error, [5.0, -3.0])
        second = pes.step(x, error)
        kept = second.copy()
        x[:], error[:] = 9.0, 9.0
        pes.forward(np.full(4, -0.2))
        np.testing.assert_array_equal(second, kept)
        np.testing.assert_array_equal(tau, 0.0)


def test_it_keeps_no_history():
    """A robot runs for days: what the probe recorded does not pile up."""
    net = network()
    with PesNetwork(net, RATE) as pes:
        for _ in range(50):
            pes.step(np.zeros(4), np.zeros(2))
        assert len(pes.sim.data[net.probe]) == 0
        assert pes.sim.n_steps == 50


def test_the_simulator_is_closed_at_the_end_and_after_an_error():
    """Leaving the ``with`` closes Nengo's simulator, by an exception as well; twice is no harm."""
    with PesNetwork(network(), RATE) as pes:
        pass
    assert pes.sim.closed
    pes.close()
    with pytest.raises(KeyError), PesNetwork(network(), RATE) as pes:
        raise KeyError
    assert pes.sim.closed


@pytest.mark.parametrize("rate", [-1.0, np.nan, np.inf])
def test_a_bad_rate_is_refused(rate):
    """A learning rate that makes no sense is named with its value."""
    with pytest.raises(ConfigurationError, match=f"PesNetwork.rate: is {rate} 1/s"):
        PesNetwork(network(), rate)


@pytest.mark.parametrize("neurons", [nengo.LIF(), nengo.AdaptiveLIF(), nengo.LIFRate()])
def test_spikes_behind_a_synapse_learn_a_constant_torque(neurons):
    """After 2 s at one state 0.2 N m at most are missing of 3 N m, and the same run is the same."""
    x, wanted, runs = np.array([0.2, -0.1, 0.3, 0.1]), np.array([3.0, -2.0]), []
    for _ in range(2):
        net = network(neuron_type=neurons, synapse=0.005)
        with PesNetwork(net, 20.0 * NEURONS / SPIKES**2) as pes:
            F = np.zeros(2)
            torques = []
            for _ in range(2000):
                F = pes.step(x, wanted - F)
                torques.append(F)
            runs.append(np.array(torques))
    np.testing.assert_array_equal(*runs)
    np.testing.assert_allclose(runs[0][-500:].mean(axis=0), wanted, atol=0.2)


def test_a_spike_acts_through_the_synapse():
    """With decoders held, F is what Nengo's filter makes of D times the ensemble's own spikes."""
    net = network(neuron_type=nengo.LIF(), synapse=nengo.Lowpass(0.005))
    x, F, raw = np.array([0.2, -0.1, 0.3, 0.1]), [], []
    with PesNetwork(net, 20.0 * NEURONS / SPIKES**2) as pes:
        for _ in range(200):
            pes.step(x, np.array([1.0, -1.0]))
        for _ in range(3):  # the last change of D takes effect in the step after it
            pes.forward(x)
        signals: Any = pes.sim.signals
        model: Any = pes.sim.model
        D = np.array(signals[model.sig[net.decoders]["weights"]])
        for _ in range(100):
            F.append(pes.forward(x))
            raw.append(D @ signals[model.sig[net.ensemble.neurons]["out"]])
    decay = np.exp(-1e-3 / 0.005)
    for k in range(1, 100):
        np.testing.assert_allclose(F[k], decay * F[k - 1] + (1 - decay) * raw[k - 1], atol=1e-12)
    assert np.ptp(F, axis=0).min() > 0


def test_tensorflow_learns_with_spikes_but_not_through_a_synapse():
    """Without a synapse LIF decoders learn by the gradient law; with one the network is refused."""
    law, x = Gradient(20.0 / SPIKES**2), np.array([0.2, -0.1, 0.3, 0.1])
    net = network(neuron_type=nengo.LIF())
    with simulator(net) as sim:
        online = OnlineNetwork(sim, net.probe, law)
        torques = [online.step(x, np.array([1.0, -1.0])) for _ in range(300)]
        assert (np.mean(torques[-100:], axis=0) * [1, -1] > 0.01).all()
        with pytest.raises(NetworkError, match="not of the form"):
            ClosedFormNetwork(sim, net.probe, law)
    net = network(neuron_type=nengo.LIF(), synapse=0.005)
    with simulator(net) as sim, pytest.raises(NetworkError, match="within one step"):
        OnlineNetwork(sim, net.probe, law)
