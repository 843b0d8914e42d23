import nengo
import numpy as np
import pytest

from nengo_forcectl.errors import ConfigurationError, NetworkError
from nengo_forcectl.learning.gradient import Gradient
from nengo_forcectl.nengodl.compatibility import nengo_dl, tf
from nengo_forcectl.nengodl.jacobians import weight_jacobian, weight_vjp
from nengo_forcectl.nengodl.learning_loop import LearningLoop
from nengo_forcectl.nengodl.weights import named_weights


def simulate(network, **kwargs):
    return nengo_dl.Simulator(network, device="/cpu:0", progress_bar=False, **kwargs)


@pytest.fixture
def network():
    """Two equal ensembles, one of them reached through a synapse as well, in float64."""
    with nengo.Network(seed=0) as net:
        nengo_dl.configure_settings(dtype="float64")
        net.node = nengo.Node(np.zeros(2), label="in")
        net.out = nengo.Node(size_in=2, label="out")
        neurons = {"neuron_type": nengo.RectifiedLinear(), "max_rates": nengo.dists.Choice([1.0])}
        net.a = nengo.Ensemble(20, 2, seed=1, label="a", **neurons)
        net.b = nengo.Ensemble(20, 2, seed=2, label="b", **neurons)
        nengo.Connection(net.node, net.a, synapse=None)
        nengo.Connection(net.node, net.b, synapse=None)
        nengo.Connection(net.out, net.b, synapse=0.01, transform=0.5, label="feedback")
        nengo.Connection(net.a, net.out, synapse=None, seed=3)
        nengo.Connection(net.b, net.out, synapse=None, seed=4)
        net.probe = nengo.Probe(net.out)
    return net


def samples(steps=20, batch=1):
    rng = np.random.default_rng(0)
    return rng.uniform(-1, 1, (steps, batch, 2)), rng.normal(size=(steps, batch, 2))


OPTIMIZERS = {
    "SGD": lambda: tf.keras.optimizers.SGD(0.01),
    "momentum": lambda: tf.keras.optimizers.SGD(0.01, momentum=0.9),
    "Adam": lambda: tf.keras.optimizers.Adam(0.01),
    "legacy Adam": lambda: tf.keras.optimizers.legacy.Adam(0.01),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_step_is_apply_gradients(name, network):
    """The weights are those of ``apply_gradients(zip(J_w^T e, variables))`` by hand."""
    with simulate(network) as sim:
        weights = named_weights(sim)
        loop = LearningLoop(sim, network.probe, OPTIMIZERS[name]())
        assert len(loop.learned) == 6
        by_hand, optimizer = {w: tf.Variable(w.read()) for w in loop.learned}, OPTIMIZERS[name]()
        if not name.startswith("legacy"):
            optimizer.build(list(by_hand.values()))
        for x, error in zip(*samples(), strict=True):
            products = weight_vjp(sim, network.probe, {network.node: x}, error)
            optimizer.apply_gradients([(products[w], variable) for w, variable in by_hand.items()])
            loop.step({network.node: x}, error)
            for w, variable in by_hand.items():
                np.testing.assert_allclose(weights[w].read(), variable.numpy(), rtol=1e-9)


def test_outputs_are_those_of_the_simulator(network):
    """Without an error, the outputs, through the synapse too, are those of ``run_steps``."""
    x, error = samples()
    with simulate(network) as sim:
        sim.run_steps(len(x), data={network.node: x.transpose(1, 0, 2)})
        expected = sim.data[network.probe]
    with simulate(network) as sim:
        loop = LearningLoop(sim, network.probe, Gradient(1.0))
        ours = [
            loop.step({network.node: row}, 0 * e).output for row, e in zip(x, error, strict=True)
        ]
        np.testing.assert_allclose(np.concatenate(ours), expected, rtol=1e-12)
        first = loop.forward({network.node: x[0]}, keep=False)
        np.testing.assert_array_equal(loop.forward({network.node: x[0]}), first)
        assert not np.array_equal(loop.forward({network.node: x[0]}), first)  # the state went on


def test_the_only_probe_need_not_be_named(network):
    """Without a probe the network's only one is the output; with two, the error lists them."""
    with simulate(network, seed=0) as sim:
        loop = LearningLoop(sim, optimizer=tf.keras.optimizers.SGD(0.1))
        assert loop.probe is network.probe
    with network:
        nengo.Probe(network.a, label="other")
    with simulate(network, seed=0) as sim, pytest.raises(NetworkError, match=r"probes: .*other"):
        LearningLoop(sim, optimizer=tf.keras.optimizers.SGD(0.1))


def test_freezing_and_rates_by_name(network):
    """A frozen weight stays bit for bit; a rate multiplies the change, of merged weights too."""
    x, error = (values[0] for values in samples())
    changes = {}
    for name, options in {
        "plain": {},
        "options": {"freeze": ["a.bias"], "rates": {"a -> out": 0.5, network.b: 3.0}},
    }.items():
        with simulate(network) as sim:
            weights = named_weights(sim)
            before = {key: weight.read() for key, weight in weights.items()}
            optimizer = tf.keras.optimizers.Adam(0.01)
            LearningLoop(sim, network.probe, optimizer, **options).step({network.node: x}, error)
            changes[name] = {key: weights[key].read() - value for key, value in before.items()}
    factors = {"a.bias": 0.0, "a -> out": 0.5, "b.encoders": 3.0, "b.bias": 3.0}
    for key, change in changes["plain"].items():
        assert np.abs(change).max() > 0 or key == "feedback"
        expected = factors.get(key, 1.0) * change
        np.testing.assert_allclose(changes["options"][key], expected, rtol=1e-9, atol=1e-15)


def test_the_jacobian_asked_for_comes_with_the_step(network):
    """It is that of the weights before the change, for every item of the minibatch."""
    x, error = (values[0] for values in samples(batch=3))
    with simulate(network, minibatch_size=3) as sim:
        wanted = weight_jacobian(sim, network.probe, {network.node: x}, network.a)
        loop = LearningLoop(sim, network.probe, Gradient(1.0), jacobian=network.a)
        output, J = loop.step({network.node: x}, error)
        assert output.shape == (3, 2)
        assert set(J) == {"a.encoders", "a.bias"}
        np.testing.assert_allclose(J[network.a].encoders, wanted["a.encoders"], rtol=1e-12)


def test_a_loop_without_a_law_observes(network):
    """It gives output and Jacobian of every step, with the state going on, and changes nothing."""
    x, error = samples()
    with simulate(network) as sim:
        sim.run_steps(len(x), data={network.node: x.transpose(1, 0, 2)})
        expected = sim.data[network.probe]
    with simulate(network) as sim:
        loop = LearningLoop(sim, network.probe, jacobian=network.b)
        before = {name: weight.read() for name, weight in loop.weights.items()}
        outputs = []
        for row in x:
            wanted = weight_jacobian(sim, network.probe, {network.node: row}, network.b)
            output, J = loop.observe({network.node: row})
            outputs.append(output)
            np.testing.assert_allclose(J["b.bias"], wanted["b.bias"], rtol=1e-12)
        np.testing.assert_allclose(np.concatenate(outputs), expected, rtol=1e-12)
        for name, weight in loop.weights.items():
            np.testing.assert_array_equal(weight.read(), before[name])
        with pytest.raises(ConfigurationError, match="only observes"):
            loop.step({network.node: x[0]}, error[0])


def test_robust_terms_take_a_minibatch_as_one_long_vector(network):
    """|s| is the norm over all items, in single precision too: the rule by hand gives the same."""
    x, error = (values[0] for values in samples(batch=3))
    law = Gradient(0.5, sigma=0.1, e_mod=0.2, dead_zone=0.3, normalise=0.4, bound=50.0)
    for dtype, tolerance in (("float64", 1e-12), ("float32", 1e-5)):
        with network:
            nengo_dl.configure_settings(dtype=dtype)
        with simulate(network, minibatch_size=3) as sim:
            x, error = x.astype(dtype), error.astype(dtype)
            loop = LearningLoop(sim, network.probe, law)
            before = {w: w.read() for w in loop.learned}
            products = loop.gradients({network.node: x}, error)
            loop.step({network.node: x}, error)
            for w, value in before.items():
                expected = law.rule()(value, products[w], error, sim.dt)
                np.testing.assert_allclose(w.read(), expected, rtol=tolerance, atol=tolerance)


def test_what_was_learned_is_saved_frozen_and_run_by_nengo(network, tmp_path):
    """After learning, ``save_params``, ``load_params``, ``freeze_params`` and Nengo agree."""
    x, error = samples()
    steps = x.transpose(1, 0, 2)
    with simulate(network) as sim:
        loop = LearningLoop(sim, network.probe, Gradient(1.0))
        for row, e in zip(x, error, strict=True):
            loop.step({network.node: row}, e)
        sim.save_params(tmp_path / "params")
        sim.reset(include_trainable=False)
        sim.run_steps(len(x), data={network.node: steps})
        expected = sim.data[network.probe]
        learned = {name: weight.read() for name, weight in named_weights(sim).items()}
    with simulate(network) as sim:
        sim.load_params(tmp_path / "params")
        for name, weight in named_weights(sim).items():
            np.testing.assert_array_equal(weight.read(), learned[name])
        sim.freeze_params(network)
    network.node.output = lambda t: steps[0, min(round(t / 0.001) - 1, len(x) - 1)]
    with nengo.Simulator(network, progress_bar=False) as reference:
        reference.run_steps(len(x))
        np.testing.assert_allclose(reference.data[network.probe], expected, atol=1e-9)


def test_spiking_neurons_spike_and_learn(network):
    """With LIF neurons the output is that of ``run_steps``, and the weights change all the same."""
    network.a.neuron_type = network.b.neuron_type = nengo.LIF()
    network.a.max_rates = network.b.max_rates = nengo.dists.Choice([200.0])
    x, error = samples(50)
    with simulate(network) as sim:
        sim.run_steps(len(x), data={network.node: x.transpose(1, 0, 2)})
        expected = sim.data[network.probe]
        assert (expected == 0).all(axis=1).any()
    with simulate(network) as sim:
        loop = LearningLoop(sim, network.probe, Gradient(1e-30))
        before = loop.weights["a.encoders"].read()
        ours = [loop.step({network.node: row}, e).output for row, e in zip(x, error, strict=True)]
        np.testing.assert_allclose(np.concatenate(ours), expected, rtol=1e-9)
        products = loop.gradients({network.node: x[0]}, error[0])
        assert all(np.abs(product).max() > 0 for product in products.values())
        np.testing.assert_allclose(loop.weights["a.encoders"].read(), before, rtol=1e-12)


def test_nengos_own_learning_goes_on(network):
    """A connection with PES in the network learns as it does in ``run_steps``."""
    x, _ = samples()
    with network:
        other = nengo.Node(size_in=2, label="other")
        pes = nengo.Connection(
            network.a, other, synapse=None, seed=5, learning_rule_type=nengo.PES(0.1)
        )
        nengo.Connection(other, pes.learning_rule, synapse=None)
    with simulate(network) as sim:
        sim.run_steps(len(x), data={network.node: x.transpose(1, 0, 2)})
        expected = named_weights(sim)[pes].read()
    with simulate(network) as sim:
        weight = named_weights(sim)[pes]
        before = weight.read()
        loop = LearningLoop(sim, network.probe, Gradient(1.0), learn="b -> out")
        np.testing.assert_array_equal(weight.read(), before)
        for row in x:
            loop.forward({network.node: row})
        assert not np.allclose(weight.read(), before)
        np.testing.assert_allclose(weight.read(), expected, rtol=1e-12)


def test_keras_layers_learn():
    """A layer in a TensorNode learns an inverse by Adam, and its error falls."""
    with nengo.Network(seed=0) as net:
        nengo_dl.configure_settings(dtype="float64")
        tf.keras.utils.set_random_seed(0)
        node = nengo.Node(np.zeros(1), label="in")
        layer = tf.keras.layers.Dense(20, activation="tanh", dtype="float64")
        hidden = nengo_dl.TensorNode(
            layer, shape_in=(1,), shape_out=(20,), pass_time=False, label="hidden"
        )
        out = nengo.Node(size_in=1, label="out")
        nengo.Connection(node, hidden, synapse=None)
        nengo.Connection(hidden, out, synapse=None, transform=np.zeros((1, 20)))
        probe = nengo.Probe(out)
    x = np.random.default_rng(0).uniform(-1, 1, (300, 16, 1))
    with simulate(net, minibatch_size=16) as sim:
        loop = LearningLoop(sim, probe, tf.keras.optimizers.Adam(0.02))
        assert [w.name for w in loop.learned] == ["hidden -> out", "hidden.kernel", "hidden.bias"]
        errors = []
        for batch in x:
            error = loop.forward({node: batch}, keep=False) - np.sin(3 * batch)
            loop.step({node: batch}, error / len(batch))
            errors.append(np.sqrt(np.mean(error**2)))
    assert np.mean(errors[-20:]) < 0.2 * errors[0]


def test_dropout_is_for_the_gradient_only():
    """With ``training``, a layer drops units for J^T e, and not for the output."""
    with nengo.Network(seed=0) as net:
        nengo_dl.configure_settings(dtype="float64")
        node = nengo.Node(np.zeros(50), label="in")
        layer = nengo_dl.TensorNode(
            tf.keras.layers.Dropout(0.5, dtype="float64"),
            shape_in=(50,), shape_out=(50,), pass_time=False, label="drop",
        )  # fmt: skip
        out = nengo.Node(size_in=1, label="out")
        nengo.Connection(node, layer, synapse=None)
        nengo.Connection(layer, out, synapse=None, transform=np.ones((1, 50)), label="weights")
        probe = nengo.Probe(out)
    with simulate(net) as sim:
        loop = LearningLoop(sim, probe, Gradient(1e-9), training=True)
        x = {node: np.ones((1, 50))}
        for _ in range(3):
            np.testing.assert_allclose(loop.step(x, np.ones((1, 1))).output, [[50.0]], rtol=1e-9)
        dropped = loop.gradients(x, np.ones((1, 1)))["weights"]
        assert set(np.unique(dropped)) == {0.0, 2.0}


def test_the_step_is_traced_once(network):
    """Steps after the first trace nothing."""
    traces = []

    class Counting(Gradient):
        def rule(self, xp=np):
            inner = super().rule(xp)

            def step(w, descent, error, dt):
                traces.append(w.shape)
                return inner(w, descent, error, dt)

            return step

    with simulate(network) as sim:
        loop = LearningLoop(sim, network.probe, Counting(1.0))
        before = len(traces)
        for x, error in zip(*samples(), strict=True):
            loop.step({network.node: x}, error)
        assert len(traces) == before == 6


def test_what_does_not_fit_is_named(network):
    """Each wrong argument: an error that names the object and says what would work."""
    x, error = (values[0] for values in samples())
    law, node, probe = Gradient(1.0), network.node, network.probe
    with simulate(network) as sim:
        loop = LearningLoop(sim, probe, law)
        for inputs, e, message in (
            ({node: x[:, :1]}, error, r"'in'.* shape \(1, 1\).* needs \(1, 2\)"),
            ({node: x}, error[0], r"error of .*'out'.* shape \(2,\).* needs \(1, 2\)"),
            ({node: x + 1j}, error, r"'in'.* type complex128"),
            ({node: x > 0}, error, r"'in'.* type bool, needs .* and real numbers"),
            ({node: x}, error > 0, r"error of .*'out'.* type bool, needs .* and real numbers"),
            ({node: x}, (error > 0).tolist(), r"error of .*'out'.* type bool"),
            ({node: x.astype(str)}, error, r"'in'.* type <U"),
            ({node: x.astype(object)}, error, r"'in'.* type object"),
            ({node: x * np.inf}, error, r"finite numbers"),
            ({node: x}, None, r"error of .*'out'.* type object, needs \(1, 2\)"),
            ({network.out: x}, error, r"'out'.* is not an input node.*'in'"),
            ({}, error, r"inputs: are for .* needs .*'in'"),
        ):
            with pytest.raises(NetworkError, match=message):
                loop.step(inputs, e)
        with pytest.raises(ConfigurationError, match=r"'adam', needs an optimizer of tf\.keras"):
            LearningLoop(sim, probe, "adam")
        with pytest.raises(ConfigurationError, match=r"rates: is list, needs a mapping"):
            LearningLoop(sim, probe, law, rates=["a.bias"])
        with pytest.raises(ConfigurationError, match=r"rates: is 0\.0 for a\.bias"):
            LearningLoop(sim, probe, law, rates={"a.bias": 0.0})
        with pytest.raises(NetworkError, match=r"rates: has a\.bias, which does not learn"):
            LearningLoop(sim, probe, law, freeze=[network.a], rates={"a.bias": 2.0})
        with pytest.raises(NetworkError, match=r"nothing to learn"):
            LearningLoop(sim, probe, law, learn="a.bias", freeze=[network.a])
        with pytest.raises(NetworkError, match=r"does not depend on feedback within one step"):
            LearningLoop(sim, probe, law, learn="feedback", steps=1)
        with pytest.raises(NetworkError, match="is not a probe of"):
            LearningLoop(sim, nengo.Probe(network.out, add_to_container=False), law)
    with pytest.raises(NetworkError, match="is closed"):
        loop.step({node: x}, error)
    with pytest.raises(NetworkError, match="is closed"):
        weight_jacobian(sim, probe, {node: x})
    with pytest.raises(NetworkError, match="is closed"):
        named_weights(sim)


def test_integers_are_real_numbers(network):
    """Integers of any kind, as inputs and as errors, do what the same floating-point ones do."""
    steps = []
    with simulate(network) as sim:
        loop = LearningLoop(sim, network.probe, Gradient(1.0))
        for kind in (np.float64, np.int64, np.uint8, np.float32):
            sim.reset()
            x, error = np.array([[1, 2]], dtype=kind), np.array([[3, 1]], dtype=kind)
            loop.step({network.node: x}, error)
            steps.append(loop.step({network.node: x.tolist()}, error.tolist()).output)
    for output in steps[1:]:
        np.testing.assert_array_equal(output, steps[0])


def test_a_network_that_changed_after_the_loop_was_made_is_named():
    """Objects exchanged one for one, also in a subnetwork: the error names both; nothing learns."""
    with nengo.Network(seed=0) as model:
        node, out = nengo.Node([0.0], label="in"), nengo.Node(size_in=1, label="out")
        with nengo.Network() as inner:
            a = nengo.Ensemble(5, 1, label="a", neuron_type=nengo.Tanh())
        into = nengo.Connection(node, a, synapse=None)
        nengo.Connection(a, out, synapse=None)
        probe = nengo.Probe(out)
    x, error = np.ones((1, 1)), np.ones((1, 1))
    with simulate(model) as sim:
        loop = LearningLoop(sim, probe, Gradient(1.0))
        loop.step({node: x}, error)
        before = {name: weight.read() for name, weight in loop.weights.items()}
        with inner:
            other = nengo.Ensemble(5, 1, label="other", neuron_type=nengo.Tanh())
        inner.ensembles.remove(a)
        with pytest.raises(NetworkError, match=r"has gained .*'other'.* and has lost .*'a'"):
            loop.step({node: x}, error)
        inner.ensembles.remove(other)
        inner.ensembles.append(a)
        loop.step({node: x}, 0 * error)
        model.connections.remove(into)
        with model:
            nengo.Connection(node, a, synapse=None, label="again")
        for call in (loop.observe, loop.forward):
            with pytest.raises(NetworkError, match=r"has gained .*again.* and has lost .*in.*a"):
                call({node: x})
        for name, value in before.items():
            np.testing.assert_array_equal(loop.weights[name].read(), value)
