import nengo
import numpy as np
import pytest

from nengo_forcectl.learning.task_jacobian import force_to_torque, task_weight_jacobian
from nengo_forcectl.networks.building import adaptive_network, simulator


def test_the_weight_jacobian_of_the_tool_matches_finite_differences(iiwa, rng):
    """G = J M^-1 dF/dw is the change of the tool's acceleration when one weight changes.

    By central differences through the whole chain: weight -> network -> torque -> M ddq + C dq + g
    = tau + F -> tool acceleration, for decoders, encoders and biases.
    """
    from nengo_forcectl import named_weights, weight_jacobian

    network = adaptive_network(14, 7, 30, seed=1)
    q, dq, tau = rng.uniform(-0.5, 0.5, 7), rng.uniform(-1, 1, 7), rng.normal(0, 10, 7)
    x = 0.3 * rng.normal(size=14)
    terms = iiwa.terms(q, dq)
    with simulator(network) as sim:
        weights = named_weights(sim)
        decoders = weights[network.decoders]
        decoders.write(rng.normal(size=decoders.shape))

        def acceleration():
            sim.run_steps(1, data={network.state: x[None, None]})
            F = sim.data[network.probe][0, -1]
            ddq = np.linalg.solve(terms.M, tau + F - terms.C @ dq - terms.g)
            return terms.J[:3] @ ddq + terms.dJ[:3] @ dq

        J_w = weight_jacobian(sim, network.probe, {network.state: x[None]})
        parts = [decoders, weights[network.ensemble].encoders, weights[network.ensemble].bias]
        G = task_weight_jacobian(terms.J[:3], terms.M, {w.name: J_w[w][0] for w in parts})
        for weight in parts:
            value = weight.read()
            assert G[weight.name].shape == (3, *value.shape)
            assert np.abs(G[weight.name]).max() > 0
            for place in rng.integers(0, value.size, 4):
                index = np.unravel_index(place, value.shape)
                change = np.zeros_like(value)
                change[index] = 1e-6
                weight.write(value + change)
                after = acceleration()
                weight.write(value - change)
                before = acceleration()
                weight.write(value)
                expected = (after - before) / 2e-6
                np.testing.assert_allclose(
                    G[weight.name][(slice(None), *index)], expected, atol=1e-6
                )


def test_a_force_at_the_tool_does_the_same_work_in_the_joints(iiwa, rng):
    """Virtual work: f . dx = tau . dq for every motion."""
    J, f, dq = iiwa.jacobian(rng.normal(size=7))[:3], rng.normal(size=3), rng.normal(size=7)
    assert force_to_torque(J, f) @ dq == pytest.approx(f @ (J @ dq))


def test_importing_nengo_is_enough_for_the_network():
    """The adaptive network is a plain Nengo network: Nengo's own simulator runs it."""
    network = adaptive_network(4, 2, 20, seed=0)
    with nengo.Simulator(network, progress_bar=False) as sim:
        sim.run_steps(3)
    np.testing.assert_array_equal(sim.data[network.probe], 0.0)
