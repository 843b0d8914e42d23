import numpy as np
import pytest
from jacobian_networks import predicted

from nengo_forcectl.errors import NetworkError
from nengo_forcectl.nengodl.jacobians import input_jacobian, weight_jacobian
from nengo_forcectl.nengodl.weights import named_weights
from nengo_forcectl.networks.building import adaptive_network, simulator

N_IN, N_OUT, N, BATCH = 4, 3, 30, 2


@pytest.fixture(scope="module")
def case():
    """A network with random decoders, a simulator of two items, and their inputs."""
    rng = np.random.default_rng(0)
    network = adaptive_network(N_IN, N_OUT, N, seed=0)
    with simulator(network, minibatch_size=BATCH) as sim:
        named_weights(sim)[network.decoders].write(rng.normal(size=(N_OUT, N)))
        yield network, sim, rng.uniform(-1, 1, (BATCH, N_IN))


def output(sim, network, x):
    return predicted(sim, {network.state: x[:, None]}, 1)[network.probe][:, 0]


def differences(function, value, h=1e-6):
    """Central finite differences of an array-valued function by every entry of ``value``."""
    columns = []
    for index in np.ndindex(value.shape):
        up, down = value.copy(), value.copy()
        up[index] += h
        down[index] -= h
        columns.append((function(up) - function(down)) / (2 * h))
    return np.stack(columns, -1).reshape(*columns[0].shape, *value.shape)


@pytest.mark.parametrize("name", ["adaptive -> torque", "adaptive.encoders", "adaptive.bias"])
def test_weight_jacobian_is_the_derivative(case, name):
    """dF/dw of decoders, encoders and biases agrees with central finite differences."""
    network, sim, x = case
    weight = named_weights(sim)[name]
    J = weight_jacobian(sim, network.probe, {network.state: x}, name)[name]
    assert J.shape == (BATCH, N_OUT, *weight.shape)
    value, some = weight.read(), np.unravel_index([0, 7, weight.read().size - 1], weight.shape)

    def shifted(entries):
        changed = value.copy()
        changed[some] = entries
        weight.write(changed)
        return output(sim, network, x)

    numeric = differences(shifted, value[some])
    weight.write(value)
    assert np.abs(J).max() > 0.1
    np.testing.assert_allclose(J[(..., *some)], numeric, atol=1e-8)


def test_weight_jacobian_is_the_closed_form(case):
    """For one layer dF/dw is known: of decoders, biases and encoders, to rounding."""
    network, sim, x = case
    weights = named_weights(sim)
    E, bias = weights[network.ensemble].encoders.read(), weights[network.ensemble].bias.read()
    D = weights[network.decoders].read()
    drive = x @ E.T + bias
    slope = D * (drive > 0)[:, None]  # (batch, n_out, n)
    J = weight_jacobian(sim, network.probe, {network.state: x})
    np.testing.assert_allclose(J[network.ensemble].bias, slope, rtol=1e-12)
    np.testing.assert_allclose(
        J[network.ensemble].encoders, slope[..., None] * x[:, None, None], rtol=1e-12
    )
    expected = np.einsum("oi,bn->boin", np.eye(N_OUT), np.maximum(drive, 0))
    np.testing.assert_allclose(J[network.decoders], expected, rtol=1e-12)


def test_input_jacobian_is_the_derivative(case):
    """dF/dx agrees with central finite differences."""
    network, sim, x = case
    J = input_jacobian(sim, network.probe, {network.state: x})[network.state]
    numeric = differences(lambda row: output(sim, network, np.tile(row, (BATCH, 1)))[0], x[0])
    assert J.shape == (BATCH, N_OUT, N_IN)
    np.testing.assert_allclose(J[0], numeric, atol=1e-8)


def test_asking_changes_nothing(case):
    """Weights and state of the simulator are the same before and after."""
    network, sim, x = case
    graph = sim.tensor_graph
    variables = [*graph.base_params.values(), *graph.saved_state.values()]
    before = [variable.numpy() for variable in variables]
    weight_jacobian(sim, network.probe, {network.state: x})
    for variable, value in zip(variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)


def test_inputs_that_do_not_fit_are_named(case):
    """Wrong shape, NaN, a missing node: an error that names the node."""
    network, sim, x = case
    for value, message in (
        (x[:1], r"1 items, the simulator's minibatch 2"),
        (x[:, :3], r"'state'.* shape \(2, 1, 3\), needs \(2, 1, 4\)"),
        (x * np.nan, "'state'.* not finite"),
    ):
        with pytest.raises(NetworkError, match=message):
            weight_jacobian(sim, network.probe, {network.state: value})
    with pytest.raises(NetworkError, match=r"'torque'.* is not an input node.*'state'"):
        weight_jacobian(sim, network.probe, {network.state: x, network.torque: x})
