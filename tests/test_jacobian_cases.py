"""The Jacobians of `nengo_forcectl.jacobians` on every kind of NengoDL network."""

import nengo
import numpy as np
import pytest
from jacobian_networks import (
    PLANS,
    RNG,
    assert_derivative,
    by_item,
    network,
    one_layer,
    output,
    several,
    simulate,
)

from nengo_forcectl.nengodl.compatibility import nengo_dl
from nengo_forcectl.nengodl.jacobians import input_jacobian, weight_jacobian, weight_jvp, weight_vjp
from nengo_forcectl.nengodl.weights import named_weights

RATES = {
    "RectifiedLinear": nengo.RectifiedLinear(),
    "Sigmoid": nengo.Sigmoid(),
    "Tanh": nengo.Tanh(),
    "LIFRate": nengo.LIFRate(),
    "SoftLIF": nengo_dl.SoftLIFRate(sigma=0.1),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning:nengo_dl.neurons")
@pytest.mark.parametrize("name", RATES)
def test_rate_neurons_by_finite_differences(name):
    """dF/dw and dF/dx of one layer agree with central differences of NengoDL's own output."""
    net, x = one_layer(RATES[name]), RNG.uniform(-1, 1, (1, 1, 2))
    with simulate(net) as sim:
        J = weight_jacobian(sim, net.probe, {net.node: x})
        assert list(J) == ["a.encoders", "a.bias", "a -> out"]
        assert_derivative(sim, net, x, J)
        direction, h = RNG.normal(size=x.shape), 1e-6
        sides = [output(sim, net, x + s * h * direction) for s in (1, -1)]
        numeric = (sides[0] - sides[1]) / (2 * h)
        ours = (input_jacobian(sim, net.probe, {net.node: x})[net.node] * direction).sum((2, 3))
        np.testing.assert_allclose(ours, numeric, atol=1e-6 * np.abs(numeric).max())


def closed_slopes():
    """f'(J) of each neuron type, written by hand."""

    def sigmoid(j):
        return np.exp(-np.logaddexp(0, -j))

    def lif(j, tau_rc=0.02, tau_ref=0.002):
        j = np.maximum(j - 1, 1e-300)
        rate = 1 / (tau_ref + tau_rc * np.log1p(1 / j))
        return np.where(j > 1e-299, rate**2 * tau_rc / (j * (j + 1)), 0.0)

    def soft(j, tau_rc=0.02, tau_ref=0.002, sigma=0.1):
        u = (j - 1) / sigma
        z = sigma * np.logaddexp(0, np.maximum(u, -20))
        far = u <= -20  # NengoDL's asymptote
        rate = 1 / (tau_ref + tau_rc * np.where(far, -u - np.log(sigma), np.log1p(1 / z)))
        return rate**2 * tau_rc * np.where(far, 1 / sigma, sigmoid(u) / (z * (z + 1)))

    return {
        "RectifiedLinear": lambda j: (j > 0).astype(float),
        "Sigmoid": lambda j: sigmoid(j) * (1 - sigmoid(j)) / 0.0025,
        "Tanh": lambda j: (1 - np.tanh(j) ** 2) / 0.0025,
        "LIFRate": lif,
        "SoftLIF": soft,
        "LIF": lif,  # the surrogate
    }


@pytest.mark.filterwarnings("ignore::RuntimeWarning:nengo_dl.neurons")
@pytest.mark.parametrize("name", [*RATES, "LIF"])
def test_one_layer_is_its_closed_form(name):
    """dF/dw is D f'(J), times x for encoders, and f(J) for decoders; LIF through its rate."""
    neuron_type = nengo.LIF() if name == "LIF" else RATES[name]
    net, x = one_layer(neuron_type), RNG.uniform(-1, 1, (1, 2))
    with simulate(net) as sim:
        weights = named_weights(sim)
        E, bias = weights["a.encoders"].read(), weights["a.bias"].read()
        D, drive = weights["a -> out"].read(), x[0] @ E.T + bias
        J = weight_jacobian(sim, net.probe, {net.node: x})
        slopes = D * closed_slopes()[name](drive)
        np.testing.assert_allclose(J["a.bias"][0], slopes, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(
            J["a.encoders"][0], slopes[..., None] * x[0], rtol=1e-12, atol=1e-14
        )
        rates = np.ravel(neuron_type.rates(drive, 1.0, 0.0))
        np.testing.assert_allclose(J["a -> out"][0, 1, 1], rates, rtol=1e-12, atol=1e-12)
        assert not J["a -> out"][0, 0, 1].any()


@pytest.fixture(scope="module")
def three():
    """A simulator that takes three items at once, of a network whose ensembles merge and recur."""
    net = several({})
    with simulate(net, minibatch_size=3) as sim:
        yield net, sim


def test_ensembles_that_merge_and_recur(three):
    """Through three steps with synapses: by finite differences; and the products with vectors."""
    net, sim = three
    sim.reset()
    x = np.random.default_rng(1).uniform(-1, 1, (3, 3, 2))
    J = weight_jacobian(sim, net.probe, {net.node: x})
    assert set(J) == set(named_weights(sim))
    assert_derivative(sim, net, x, J)
    direction = np.random.default_rng(2).normal(size=x.shape)
    sides = [output(sim, net, x + s * 1e-6 * direction) for s in (1, -1)]
    numeric = (sides[0] - sides[1]) / 2e-6
    ours = input_jacobian(sim, net.probe, {net.node: x})[net.node]
    assert ours.shape == (3, 2, 3, 2)
    ours = (ours * direction[:, None]).sum((2, 3))
    np.testing.assert_allclose(ours, numeric, atol=1e-6 * np.abs(numeric).max())
    assert_products(sim, net, x, J)


def assert_products(sim, net, x, J):
    """J^T e, summed over the batch, and J v, without the matrix, are what they are with it."""
    batch, rng = len(x), np.random.default_rng(1)
    error = rng.normal(size=(batch, 2))
    products = weight_vjp(sim, net.probe, {net.node: x}, error)
    for name in J:
        expected = np.tensordot(error, J[name], 2)
        np.testing.assert_allclose(products[name], expected, rtol=1e-9, atol=1e-11)
    change = {name: rng.normal(size=value.shape[2:]) for name, value in J.items()}
    expected = sum((J[n] * v).reshape(batch, 2, -1).sum(-1) for n, v in change.items())
    ours = weight_jvp(sim, net.probe, {net.node: x}, change)
    np.testing.assert_allclose(ours, expected, rtol=1e-9)


def test_plans_and_batches_give_the_same_numbers(three):
    """Merged, unmerged, unsimplified, a minibatch or one item at a time: equal to rounding."""
    x = np.random.default_rng(1).uniform(-1, 1, (3, 3, 2))

    def found(net, sim, settings):
        merged = len(sim.tensor_graph.base_params) < len(named_weights(sim))
        assert merged == ("planner" not in settings)
        return weight_jacobian(sim, net.probe, {net.node: x}, step=1)

    three[1].reset()
    first = found(*three, PLANS["merged"])
    for settings in PLANS.values():
        net = several(settings)
        with simulate(net, minibatch_size=1) as sim:
            other = found(net, sim, settings)
        for name in first:
            np.testing.assert_allclose(other[name], first[name], rtol=1e-9, atol=1e-12)


def test_the_state_is_where_the_steps_start(three):
    """After a run the Jacobian is that of the state it left, of each item of the minibatch."""
    net, sim = three
    sim.reset()
    x = np.random.default_rng(1).uniform(-1, 1, (3, 7, 2))
    fresh = weight_jacobian(sim, net.probe, {net.node: x[:, 4:]})["loop"]
    sim.run_steps(4, data={net.node: x[:, :4]})
    J = weight_jacobian(sim, net.probe, {net.node: x[:, 4:]})
    assert not np.allclose(J["loop"], fresh)
    assert_derivative(sim, net, x[:, 4:], J)


TRANSFORMS = {
    "sparse": nengo.Sparse((2, 30), indices=[[0, 3], [1, 7], [1, 29]], init=[1.0, -2.0, 0.5]),
    "convolution": nengo.Convolution(
        1, (15, 2), (14,), strides=(1,), init=np.random.default_rng(0).normal(size=(14, 2, 1))
    ),
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_transforms(name):
    """Sparse and convolution transforms: the derivative by their non-zeros and their kernel."""
    net, x = network(), RNG.uniform(-1, 1, (2, 1, 2))
    with net:
        net.ens = nengo.Ensemble(30, 2, neuron_type=nengo.Sigmoid(), seed=1, label="a")
        nengo.Connection(net.node, net.ens, synapse=None)
        net.connection = nengo.Connection(
            net.ens.neurons, net.out, synapse=None, transform=TRANSFORMS[name]
        )
        net.probe = nengo.Probe(net.out)
    with simulate(net) as sim:
        weight = named_weights(sim)[net.connection]
        np.testing.assert_array_equal(weight.read(), sim.data[net.connection].weights)
        J = weight_jacobian(sim, net.probe, {net.node: x})
        assert J[net.connection].shape == (2, 2, *((3,) if name == "sparse" else (14, 2, 1)))
        with_two = {"tolerance": 1e-6, "changed": by_item}
        assert_derivative(sim, net, x, J, **with_two)
