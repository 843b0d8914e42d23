"""Weights that are easily missed: of probes, unnamed, not trainable, with a gain of 0."""

import nengo
import numpy as np
import pytest
from jacobian_networks import RNG, assert_derivative, network, one_layer, predicted, simulate

from nengo_forcectl.errors import NetworkError
from nengo_forcectl.nengodl.compatibility import nengo_dl, tf
from nengo_forcectl.nengodl.jacobians import weight_jacobian, weight_vjp
from nengo_forcectl.nengodl.learning_loop import LearningLoop
from nengo_forcectl.nengodl.weights import named_weights


class Unnamed(tf.keras.layers.Layer):
    """Two weights without names, and two sublayers of one name."""

    def build(self, shape):
        self.first = self.add_weight(shape=(2,), initializer="ones", dtype="float64")
        self.second = self.add_weight(shape=(2,), initializer="ones", dtype="float64")
        self.inner = [tf.keras.layers.Dense(2, name="same", dtype="float64") for _ in range(2)]
        for layer in self.inner:
            layer.build(shape)
        super().build(shape)

    def call(self, x):
        return self.inner[1](tf.tanh(self.inner[0](x) * self.first)) * self.second


pytestmark = pytest.mark.filterwarnings("ignore:Running for one timestep")


@pytest.fixture(scope="module")
def case():
    """Learning rules, frozen weights, a probe with decoders, a layer without names."""
    net = network()
    with net:
        nengo_dl.configure_settings(trainable=None)
        tanh = {"neuron_type": nengo.Tanh()}
        net.a = nengo.Ensemble(10, 2, seed=1, label="a", **tanh)
        net.b = nengo.Ensemble(10, 2, seed=2, label="b", neuron_type=nengo.RectifiedLinear())
        net.pes = nengo.Connection(
            net.a, net.out, synapse=None, seed=3, learning_rule_type=nengo.PES(0.1), label="pes"
        )
        nengo.Connection(net.out, net.pes.learning_rule, synapse=None)
        rules = {"bcm": nengo.BCM(1e-9), "oja": nengo.Oja(1e-6)}
        for key, rule in rules.items():
            weights = RNG.uniform(0, 1e-4, (10, 10))
            connection = nengo.Connection(
                net.a.neurons, net.b.neurons, transform=weights, synapse=None, label=key
            )
            connection.learning_rule_type = rule
        net.voja = nengo.Ensemble(10, 2, seed=4, label="voja", **tanh)
        nengo.Connection(net.node, net.voja, synapse=None, learning_rule_type=nengo.Voja())
        nengo.Connection(net.voja, net.out, synapse=None, seed=5, label="frozen")
        net.config[net.all_connections[-1]].trainable = False
        net.config[net.voja].trainable = False
        nengo.Connection(net.node, net.a, synapse=None)
        nengo.Connection(net.b, net.out, synapse=None, seed=6, label="free")
        layer = Unnamed(dtype="float64", trainable=False)
        net.layer = nengo_dl.TensorNode(
            layer, shape_in=(2,), shape_out=(2,), pass_time=False, label="layer"
        )
        net.again = nengo_dl.TensorNode(
            layer, shape_in=(2,), shape_out=(2,), pass_time=False, label="again"
        )
        nengo.Connection(net.a, net.layer, synapse=None, seed=7)
        nengo.Connection(net.a, net.again, synapse=None, seed=8)
        nengo.Connection(net.layer, net.out, synapse=None)
        net.probe = nengo.Probe(net.out)
        net.decoded = nengo.Probe(net.a, label="decoded")
        net.twice = nengo.Probe(net.again, label="twice")
        net.late = nengo.Probe(net.a, synapse=0.01)
    with simulate(net) as sim:
        rng = np.random.default_rng(1)
        for weight in named_weights(sim)[net.layer]:
            weight = named_weights(sim)[net.layer][weight]
            weight.write(rng.normal(size=weight.shape))
        yield net, sim


def test_decoders_of_a_probe(case):
    """They are named, read, written, and F has a derivative by them, if they are asked for."""
    net, sim = case
    weights, x = named_weights(sim), RNG.uniform(-1, 1, (1, 1, 2))
    weight = weights["a -> decoded"]
    assert weight is weights[net.decoded]
    assert weight.shape == (2, 10)
    assert not weight.trainable
    J = weight_jacobian(sim, net.decoded, {net.node: x}, net.decoded)
    np.testing.assert_allclose(J[net.decoded] @ np.zeros(10), np.zeros((1, 2, 2)))

    def decoded(sim, net, x):
        return predicted(sim, {net.node: x}, 1)[net.decoded][:, -1]

    assert_derivative(sim, net, x, J, changed=decoded)
    assert "a -> decoded" not in weight_jacobian(sim, net.decoded, {net.node: x})
    several = RNG.uniform(-1, 1, (1, 3, 2))
    J = weight_jacobian(sim, net.late, {net.node: several}, net.late)
    late = lambda sim, net, x: predicted(sim, {net.node: x}, 3)[net.late][:, -1]  # noqa: E731
    assert_derivative(sim, net, several, J, changed=late)


NAMED = ["pes", "bcm", "oja", "frozen", "voja.encoders", "layer.Variable #1", "layer.kernel #2"]


@pytest.mark.parametrize("steps", [1, 3])
def test_weights_that_are_not_trainable(case, steps):
    """Those that Nengo's rules change, and frozen ones: derivatives by name, through the rules."""
    net, sim = case
    x = RNG.uniform(-1, 1, (1, steps, 2))
    names = NAMED if steps == 1 else ["pes", "oja"]
    assert not any(named_weights(sim)[name].trainable for name in names)

    def output(sim, net, x):
        kept = [(variable, variable.numpy()) for variable in sim.keras_model.variables]
        value = predicted(sim, {net.node: x}, steps)[net.probe][:, -1]
        for variable, earlier in kept:
            variable.assign(earlier)
        return value

    J = weight_jacobian(sim, net.probe, {net.node: x}, names)
    assert_derivative(sim, net, x, J, changed=output, tolerance=1e-5, h=1e-6)
    if steps > 1:
        return
    assert "pes" not in weight_jacobian(sim, net.probe, {net.node: x})
    error = np.ones((2, 2))
    both = np.repeat(x, 2, axis=0)
    expected = 2 * J["pes"][0].sum(axis=0)
    found = weight_vjp(sim, net.probe, {net.node: both}, error, "pes")["pes"]
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-12)


def test_every_weight_is_an_entry(case):
    """Weights and sublayers of one name are numbered; a layer in two nodes has one set."""
    net, sim = case
    weights = named_weights(sim)
    parts = weights[net.layer]
    assert list(parts) == [
        *("Variable #1", "Variable #2"),
        *("kernel #1", "bias #1", "kernel #2", "bias #2"),
    ]
    assert weights["layer.Variable #2"] is parts["Variable #2"]
    value = parts["bias #2"].read()
    parts["bias #1"].write(value + 1.0)
    np.testing.assert_array_equal(parts["bias #2"].read(), value)
    assert list(weights[net.again]) == list(parts)
    x = RNG.uniform(-1, 1, (1, 2))
    assert np.abs(
        weight_jacobian(sim, net.twice, {net.node: x}, net.again)["layer.Variable #2"]
    ).any()


def test_minibatches_have_a_copy_of_what_rules_change():
    """dF/dw of a learned connection in a minibatch is by each item's own weights."""
    net = network()
    with net:
        net.a = nengo.Ensemble(10, 2, seed=1, label="a", neuron_type=nengo.Tanh())
        nengo.Connection(net.node, net.a, synapse=None)
        pes = nengo.Connection(
            net.a, net.out, synapse=None, seed=3, learning_rule_type=nengo.PES(0.1), label="pes"
        )
        nengo.Connection(net.out, pes.learning_rule, synapse=None)
        probe = nengo.Probe(net.out)
    x = RNG.uniform(-1, 1, (3, 2, 2))
    with simulate(net, minibatch_size=3) as sim:
        sim.run_steps(3, data={net.node: RNG.uniform(-1, 1, (3, 3, 2))})
        weight = named_weights(sim)[pes]
        assert weight.shape == (3, 2, 10)
        J = weight_jacobian(sim, probe, {net.node: x}, pes)[pes]
        assert J.shape == (3, 2, 2, 10)
        product = weight_vjp(sim, probe, {net.node: x}, np.ones((3, 2)), pes)[pes]
        np.testing.assert_allclose(product, J.sum(axis=1), rtol=1e-9, atol=1e-12)
        value, direction = weight.read(), RNG.normal(size=weight.shape)
        sides = []
        for sign in (1, -1):
            weight.write(value + sign * 1e-6 * direction)
            sides.append(predicted(sim, {net.node: x}, 2)[probe][:, -1])
            weight.write(value)
        numeric = (sides[0] - sides[1]) / 2e-6
        np.testing.assert_allclose((J * direction[:, None]).sum((2, 3)), numeric, rtol=1e-6)


def test_what_is_written_is_finite_and_real(case):
    """NaN, complex numbers, and numbers beyond single precision: refused, and nothing changes."""
    _, sim = case
    weight = named_weights(sim)["a.bias"]
    before = weight.read()
    for value, message in (
        (before * np.nan, "'a.bias': is not finite in float64"),
        (before + 1j, "'a.bias': has type complex128, needs real numbers"),
        (before > 0, "'a.bias': has type bool"),
    ):
        with pytest.raises(NetworkError, match=message):
            weight.write(value)
    np.testing.assert_array_equal(weight.read(), before)
    weight.write(np.arange(10))
    np.testing.assert_array_equal(weight.read(), np.arange(10.0))
    weight.write(before)


def test_a_part_of_a_variable_says_how_to_assign(case):
    """``str`` of a merged weight names the slice, and the slice works."""
    _, sim = case
    weight = named_weights(sim)["a.bias"]
    assert not weight.whole
    first, last = weight.rows
    assert f"variable[{first}:{last}].assign(value)" in str(weight)
    value, others = weight.read(), named_weights(sim)["b.bias"].read()
    weight.variable[first:last].assign(2 * value)
    np.testing.assert_array_equal(weight.read(), 2 * value)
    weight.variable[weight.place].assign(value)
    np.testing.assert_array_equal(weight.read(), value)
    np.testing.assert_array_equal(named_weights(sim)["b.bias"].read(), others)
    assert "write(value), or variable.assign(value)" in str(named_weights(sim)["layer.Variable #1"])


@pytest.mark.filterwarnings("ignore::RuntimeWarning:nengo")
def test_a_gain_of_zero_has_a_finite_scale():
    """A neuron whose encoder is not in the simulator: 0, and no NaN."""
    net = network()
    with net:
        gain = np.array([1.0, 0.0, 2.0])
        net.a = nengo.Ensemble(3, 2, gain=gain, bias=np.ones(3), radius=2.0, label="a")
        net.a.neuron_type = nengo.RectifiedLinear()
        nengo.Connection(net.node, net.a, synapse=None)
        nengo.Probe(net.a.neurons)
    with simulate(net) as sim:
        encoders = named_weights(sim)["a.encoders"]
        shown = encoders.read() * encoders.scale
        np.testing.assert_array_equal(shown[1], 0.0)
        np.testing.assert_allclose(shown[[0, 2]], sim.model.params[net.a].encoders[[0, 2]])


def test_without_trainable_weights_they_must_be_named():
    """With ``inference_only``: an error, not an empty mapping; by name there is a derivative."""
    net = network()
    with net:
        nengo_dl.configure_settings(inference_only=True)
        net.a = nengo.Ensemble(10, 2, seed=1, label="a", neuron_type=nengo.LIF())
        nengo.Connection(net.node, net.a, synapse=None)
        nengo.Connection(net.a, net.out, synapse=None, label="decoders")
        probe = nengo.Probe(net.out)
    x = np.full((1, 2), 0.5)
    with simulate(net) as sim:
        with pytest.raises(NetworkError, match="inference_only=True; name weights"):
            weight_jacobian(sim, probe, {net.node: x})
        J = weight_jacobian(sim, probe, {net.node: x}, ["decoders", "a.encoders"])
        assert all(np.abs(value).max() > 0 for value in J.values())


def test_a_network_that_changed_is_named():
    """Objects gained or lost between the simulator and the first question: an error names them."""
    net = one_layer(nengo.Tanh())
    with simulate(net) as sim:
        with net:
            late = nengo.Ensemble(5, 1, label="late")
        with pytest.raises(
            NetworkError, match=r"has gained .*'late'.* since its simulator was made"
        ):
            named_weights(sim)
        net.ensembles.remove(late)
        net.connections.remove(net.decoders)
        with pytest.raises(NetworkError, match=r"has lost .*'a'.*'out'.*needs a new simulator"):
            LearningLoop(sim, net.probe)
        net.connections.append(net.decoders)
        assert len(named_weights(sim)) == 3


def test_written_decoders_of_a_probe_stay():
    """NengoDL keeps them among its state, which ``predict`` resets: to what was written."""
    net = network()
    with net:
        a = nengo.Ensemble(10, 2, neuron_type=nengo.LIF(), seed=1)
        nengo.Connection(net.node, a, synapse=0.005)
        probe, other = nengo.Probe(a), nengo.Probe(a, synapse=0.002)
    x = {net.node: np.ones((1, 5, 2))}
    with simulate(net) as sim:
        first = sim.predict(x, verbose=0)
        weight = named_weights(sim)[probe]
        weight.write(2.0 * weight.read())
        for _ in range(2):
            found = sim.predict(x, verbose=0)
            np.testing.assert_array_equal(found[probe], 2.0 * first[probe])
            np.testing.assert_array_equal(found[other], first[other])
