"""The Jacobians of `nengo_forcectl.jacobians` on every kind of NengoDL network."""

import os
import subprocess
import sys

import nengo
import numpy as np
import pytest

from nengo_forcectl.exceptions import NetworkError
from nengo_forcectl.jacobians import input_jacobian, weight_jacobian, weight_jvp, weight_vjp
from nengo_forcectl.nengodl import nengo_dl, tf
from nengo_forcectl.weights import named_weights

RNG = np.random.default_rng(0)


def simulate(network, **kwargs):
    return nengo_dl.Simulator(network, device="/cpu:0", progress_bar=False, **kwargs)


def network(seed=0):
    """A network in float64 with an input node of two numbers, to be extended."""
    net = nengo.Network(seed=seed)
    with net:
        nengo_dl.configure_settings(dtype="float64")
        net.node = nengo.Node(np.zeros(2), label="in")
        net.out = nengo.Node(size_in=2, label="out")
    return net


def output(sim, net, x):
    """F of the last step, from NengoDL itself."""
    return sim.predict({net.node: x}, n_steps=x.shape[1])[net.probe][:, -1]


def assert_derivative(sim, net, x, J, changed=None, tolerance=1e-6, h=1e-5):
    """dF along a random direction of each weight is the central finite difference of F."""
    weights = named_weights(sim)
    for name in J:
        weight, value = weights[name], weights[name].read()
        direction = RNG.normal(size=weight.shape) * (np.abs(value).mean() or 1.0)
        sides = []
        for sign in (1, -1):
            weight.write(value + sign * h * direction)
            sides.append((changed or output)(sim, net, x))
        weight.write(value)
        numeric = (sides[0] - sides[1]) / (2 * h)
        ours = (J[name] * direction).reshape(*numeric.shape, -1).sum(-1)
        assert np.abs(numeric).max() > 0, name
        np.testing.assert_allclose(ours, numeric, atol=tolerance * np.abs(numeric).max())


RATES = {
    "RectifiedLinear": nengo.RectifiedLinear(),
    "Sigmoid": nengo.Sigmoid(),
    "Tanh": nengo.Tanh(),
    "LIFRate": nengo.LIFRate(),
    "SoftLIF": nengo_dl.SoftLIFRate(sigma=0.1),
}


def one_layer(neuron_type):
    net = network()
    with net:
        net.ens = nengo.Ensemble(30, 2, neuron_type=neuron_type, seed=1, radius=2.0, label="a")
        nengo.Connection(net.node, net.ens, synapse=None)
        net.decoders = nengo.Connection(net.ens, net.out, synapse=None)
        net.probe = nengo.Probe(net.out)
    return net


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


PLANS = {
    "merged": {},
    "one variable each": {"planner": nengo_dl.graph_optimizer.noop_planner},
    "not simplified": {"simplifications": []},
}


def several(settings):
    """Two ensembles of equal shape, two ways into one node, a function, a transform, a loop."""
    net = network()
    with net:
        nengo_dl.configure_settings(**settings)
        neurons = {"neuron_type": nengo.Tanh()}
        net.a = nengo.Ensemble(15, 2, seed=1, radius=2.0, label="a", **neurons)
        net.b = nengo.Ensemble(15, 2, seed=2, label="b", **neurons)
        nengo.Connection(net.node, net.a, synapse=None)
        nengo.Connection(net.a, net.b, synapse=None, seed=3, transform=[[0.5, 1.0], [-1.0, 0.3]])
        nengo.Connection(net.b, net.b, synapse=0.002, seed=4, label="loop")
        nengo.Connection(net.b, net.out, synapse=None, seed=5, function=np.square)
        nengo.Connection(net.a, net.out, synapse=nengo.Alpha(0.002), seed=6, transform=0.5)
        nengo.Connection(net.a.neurons, net.b.neurons, transform=0.01 * np.eye(15), synapse=None)
        net.probe = nengo.Probe(net.out)
    return net


@pytest.mark.parametrize("batch", [1, 16])
def test_ensembles_that_merge_and_recur(batch):
    """Through five steps with synapses: by finite differences; and the products with vectors."""
    net = several({})
    x = np.random.default_rng(1).uniform(-1, 1, (batch, 5, 2))
    with simulate(net, minibatch_size=batch) as sim:
        J = weight_jacobian(sim, net.probe, {net.node: x})
        assert set(J) == set(named_weights(sim))
        assert_derivative(sim, net, x, J)
        direction = np.random.default_rng(2).normal(size=x.shape)
        sides = [output(sim, net, x + s * 1e-6 * direction) for s in (1, -1)]
        numeric = (sides[0] - sides[1]) / 2e-6
        ours = input_jacobian(sim, net.probe, {net.node: x})[net.node]
        assert ours.shape == (batch, 2, 5, 2)
        ours = (ours * direction[:, None]).sum((2, 3))
        np.testing.assert_allclose(ours, numeric, atol=1e-6 * np.abs(numeric).max())
        if batch > 1:
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


def test_plans_and_batches_give_the_same_numbers():
    """Merged, unmerged, unsimplified, a minibatch or one item at a time: equal to rounding."""
    x = np.random.default_rng(1).uniform(-1, 1, (3, 5, 2))
    found = []
    for settings, batch in ((PLANS["merged"], 3), (PLANS["merged"], 1), *_with_one(PLANS)):
        net = several(settings)
        with simulate(net, minibatch_size=batch) as sim:
            merged = len(sim.tensor_graph.base_params) < len(named_weights(sim))
            assert merged == ("planner" not in settings)
            found.append(weight_jacobian(sim, net.probe, {net.node: x}, step=3))
    for other in found[1:]:
        for name in found[0]:
            np.testing.assert_allclose(other[name], found[0][name], rtol=1e-9, atol=1e-12)


def _with_one(plans):
    return [(settings, 1) for name, settings in plans.items() if name != "merged"]


def test_the_state_is_where_the_steps_start():
    """After a run the Jacobian is that of the state it left, of each item of the minibatch."""
    net = several({})
    x = np.random.default_rng(1).uniform(-1, 1, (3, 6, 2))
    with simulate(net, minibatch_size=3) as sim:
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


def by_item(sim, net, x):
    """`output` of a batch from a simulator of minibatch size 1."""
    return np.concatenate([output(sim, net, row[None]) for row in x])


def test_keras_layers():
    """A Keras layer in a TensorNode: its weights by their path, and their derivative."""
    net, x = network(), RNG.uniform(-1, 1, (2, 1, 2))
    layers = [tf.keras.layers.Dense(5, activation="tanh", name="first", dtype="float64")]
    layers.append(tf.keras.layers.Dense(3, name="second", dtype="float64"))
    with net:
        deep = tf.keras.Sequential(layers, name="deep")
        net.tensor_node = nengo_dl.TensorNode(
            deep, shape_in=(2,), shape_out=(3,), pass_time=False, label="layers"
        )
        single = tf.keras.layers.Dense(2, name="single", dtype="float64")
        net.single = nengo_dl.TensorNode(
            single, shape_in=(3,), shape_out=(2,), pass_time=False, label="head"
        )
        net.ens = nengo.Ensemble(20, 2, neuron_type=nengo.Sigmoid(), seed=1, label="a")
        nengo.Connection(net.node, net.ens, synapse=None)
        nengo.Connection(net.ens, net.tensor_node, synapse=None)
        nengo.Connection(net.tensor_node, net.single, synapse=None)
        nengo.Connection(net.single, net.out, synapse=None)
        net.probe = nengo.Probe(net.out)
    with simulate(net) as sim:
        weights = named_weights(sim)
        assert weights[net.tensor_node]["first/kernel"].shape == (2, 5)
        assert weights[net.single]["kernel"] is weights["head.kernel"]
        np.testing.assert_array_equal(weights["head.kernel"].read(), single.kernel.numpy())
        J = weight_jacobian(sim, net.probe, {net.node: x})
        assert J[net.tensor_node]["second/bias"].shape == (2, 2, 3)
        assert_derivative(sim, net, x, J, changed=by_item)
        v = {"layers.first/kernel": RNG.normal(size=(2, 5))}
        ours = weight_jvp(sim, net.probe, {net.node: x}, v)
        expected = (J["layers.first/kernel"] * v["layers.first/kernel"]).sum((2, 3))
        np.testing.assert_allclose(ours, expected, rtol=1e-9)


def test_the_gradient_is_the_one_fit_descends():
    """One step of ``sim.fit`` with SGD changes every weight by -rate J^T dL/dF."""
    net = several({})
    rng = np.random.default_rng(1)
    x, target = rng.uniform(-1, 1, (4, 5, 2)), rng.normal(size=(4, 1, 2))
    with net:
        nengo_dl.configure_settings(keep_history=False)
    with simulate(net, minibatch_size=4) as sim:
        weights = named_weights(sim)
        before = {name: weight.read() for name, weight in weights.items()}
        error = 2 * (output(sim, net, x) - target[:, 0]) / target.size
        products = weight_vjp(sim, net.probe, {net.node: x}, error)
        sim.compile(optimizer=tf.keras.optimizers.SGD(0.1), loss="mse")
        sim.fit({net.node: x}, {net.probe: target}, epochs=1, verbose=0)
        for name, product in products.items():
            assert np.abs(product).max() > 0
            change = weights[name].read() - before[name]
            np.testing.assert_allclose(change, -0.1 * product, rtol=1e-7, atol=1e-12)


def obstacle(kind):
    net = network()
    with net:
        if kind == "node":
            middle = nengo.Node(lambda t, x: x**2, size_in=2, label="culprit")
        elif kind == "neurons":
            neurons = nengo.Izhikevich()
            middle = nengo.Ensemble(10, 2, neuron_type=neurons, seed=1, label="culprit")
        else:
            middle = nengo.Node(nengo.processes.FilteredNoise(), size_in=2, label="culprit")
        net.ens = nengo.Ensemble(10, 2, neuron_type=nengo.Tanh(), seed=1, label="a")
        nengo.Connection(net.node, net.ens, synapse=None)
        nengo.Connection(net.ens, middle, synapse=None, label="before")
        nengo.Connection(middle, net.out, synapse=None, label="after")
        nengo.Connection(net.ens, net.out, synapse=None, label="beside")
        net.probe = nengo.Probe(net.out)
    return net


@pytest.mark.filterwarnings("ignore:.*does not have a native TensorFlow implementation")
@pytest.mark.parametrize("kind", ["node", "neurons"])
def test_what_has_no_derivative_is_named(kind):
    """A Python function or Python neurons on one of two ways: an error, not half a derivative."""
    net, x = obstacle(kind), np.ones((1, 2))
    with simulate(net) as sim:
        for wrt in (net.ens, "before", None):
            with pytest.raises(NetworkError, match=r"'culprit'.* stands in the way"):
                weight_jacobian(sim, net.probe, {net.node: x}, wrt)
        with pytest.raises(NetworkError, match=r"'culprit'.* stands in the way"):
            input_jacobian(sim, net.probe, {net.node: x})
        J = weight_jacobian(sim, net.probe, {net.node: x}, "beside")
        assert_derivative(sim, net, x[:, None], J)


def test_a_layer_without_a_derivative_is_named():
    """A TensorNode that rounds: an error that says so."""
    net = network()
    with net:
        node = nengo_dl.TensorNode(
            lambda x: tf.cast(tf.argmax(x, axis=1)[:, None], tf.float64),
            shape_in=(2,),
            shape_out=(1,),
            pass_time=False,
            label="rounding",
        )
        net.ens = nengo.Ensemble(10, 2, neuron_type=nengo.Tanh(), seed=1, label="a")
        nengo.Connection(net.node, net.ens, synapse=None)
        nengo.Connection(net.ens, node, synapse=None, label="before")
        net.probe = nengo.Probe(node)
    with simulate(net) as sim, pytest.raises(NetworkError, match="by before: a TensorNode"):
        weight_jacobian(sim, net.probe, {net.node: np.ones((1, 2))}, "before")


def test_functions_are_traced_once():
    """A second call with inputs of the same shape traces nothing, with another step neither."""
    traces, net = [], network()
    with net:

        def tensor_function(x):
            traces.append(1)
            return 2 * x

        node = nengo_dl.TensorNode(
            tensor_function, shape_in=(2,), shape_out=(2,), pass_time=False, label="counting"
        )
        net.ens = nengo.Ensemble(10, 2, neuron_type=nengo.Tanh(), seed=1, label="a")
        nengo.Connection(net.node, net.ens, synapse=None)
        nengo.Connection(net.ens, node, synapse=None)
        net.probe = nengo.Probe(node)
        nengo.Probe(net.ens, "scaled_encoders")  # of another shape, and in nobody's way
    with simulate(net) as sim:
        x = RNG.uniform(-1, 1, (5, 1, 3, 2))
        first = weight_jacobian(sim, net.probe, {net.node: x[0]})
        count = len(traces)
        for step in (0, 1, 2):
            J = weight_jacobian(sim, net.probe, {net.node: x[step]}, step=step)
            assert J["a.bias"].shape == first["a.bias"].shape == (1, 2, 10)
        assert len(traces) == count > 0


def test_several_inputs_and_those_left_out():
    """A node that is left out gives its own output; the Jacobian by each of two is right."""
    net = network()
    with net:
        other = nengo.Node(lambda t: np.sin(1000 * t), label="wave")
        constant = nengo.Node([0.4], label="constant")
        net.ens = nengo.Ensemble(20, 2, neuron_type=nengo.Tanh(), seed=1, label="a")
        nengo.Connection(net.node, net.ens, synapse=None)
        nengo.Connection(other, net.ens[0], synapse=None)
        nengo.Connection(constant, net.ens[1], synapse=None)
        nengo.Connection(net.ens, net.out, synapse=None)
        net.probe = nengo.Probe(net.out)
    x, wave = RNG.uniform(-1, 1, (1, 2)), np.array([[np.sin(1.0)]])
    with simulate(net) as sim:
        left_out = weight_jacobian(sim, net.probe, {net.node: x})
        given = weight_jacobian(
            sim, net.probe, {net.node: x, other: wave, constant: np.array([[0.4]])}
        )
        for name in given:
            np.testing.assert_allclose(left_out[name], given[name], rtol=1e-12)
        both = input_jacobian(sim, net.probe, {other: wave, net.node: x})
        np.testing.assert_allclose(both[other][0, :, 0], both[net.node][0, :, 0], rtol=1e-12)


def test_what_does_not_fit_is_named():
    """Each wrong argument: an error that names the object and says what would work."""
    net, x = several({}), np.zeros((1, 3, 2))
    with net:
        stored = nengo.Node(nengo.processes.WhiteSignal(1.0, high=5), label="noise")
        nengo.Connection(stored, net.a[0], synapse=None)
        nengo_dl.configure_settings(trainable=None)
        net.config[nengo.Connection].trainable = False
    with simulate(net) as sim:
        probe, node, noise = net.probe, net.node, {stored: np.zeros((1, 3, 1))}
        for inputs, options, message in (
            ({node: x}, {}, r"no input given for .*'noise'"),
            ({node: x[:, :0], **noise}, {}, r"inputs differ in batch or steps"),
            ({node: x[:, :0], stored: np.zeros((1, 0, 1))}, {}, r"1 items and 0 steps"),
            ({node: x[0, 0], **noise}, {}, r"'in'.* shape \(2,\), needs \(batch, 2\)"),
            ({node: x.astype(str), **noise}, {}, r"'in'.* is of type <U"),
            ({node: x, **noise}, {"step": 3}, r"no step 3: the inputs have 3"),
            ({node: x, **noise}, {"wrt": "loop"}, r"'loop' is not trainable; trainable: a\.enc"),
            ({node: x, **noise}, {"wrt": net.out}, r"no weights .*'out'"),
        ):
            with pytest.raises(NetworkError, match=message):
                weight_jacobian(sim, probe, inputs, **options)
        with pytest.raises(NetworkError, match=r"error of .* shape \(2,\), needs \(1, 2\)"):
            weight_vjp(sim, probe, {node: x, **noise}, np.zeros(2))
        with pytest.raises(NetworkError, match=r"change of 'a\.bias' has shape \(2,\)"):
            weight_jvp(sim, probe, {node: x, **noise}, {"a.bias": np.zeros(2)})
        with pytest.raises(NetworkError, match=r"several weights, name one of them: a\.encoders"):
            weight_jvp(sim, probe, {node: x, **noise}, {net.a: np.zeros(2)})


THREADS = """
import sys
import numpy as np
from nengo_forcectl import adaptive_network, named_weights, simulator, weight_jacobian
network = adaptive_network(12, 6, 300, seed=0)
with simulator(network) as sim:
    named_weights(sim)[network.decoders].write(np.random.default_rng(0).normal(size=(6, 300)))
    x = np.random.default_rng(1).uniform(-1, 1, (32, 12))
    J = dict(weight_jacobian(sim, network.probe, {network.state: x}))
"""


def test_threads_do_not_change_the_numbers(tmp_path):
    """One TensorFlow thread gives the Jacobians that as many threads as there are cores give."""
    one = {**os.environ, "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    code = THREADS + "np.savez(sys.argv[1], **J)"
    command = [sys.executable, "-c", code, tmp_path / "one.npz"]
    subprocess.run(command, env=one, check=True, capture_output=True)
    many = {}
    exec(THREADS, many)
    with np.load(tmp_path / "one.npz") as arrays:
        for name, J in many["J"].items():
            np.testing.assert_allclose(arrays[name], J, rtol=1e-13)


def test_the_default_single_precision():
    """NengoDL's default float32: float32 Jacobians, those of float64 to its precision."""
    x, found = np.random.default_rng(1).uniform(-1, 1, (4, 2)), []
    for dtype in ("float32", "float64"):
        net = one_layer(nengo.Tanh())
        with net:
            nengo_dl.configure_settings(dtype=dtype)
        with simulate(net) as sim:
            found.append(weight_jacobian(sim, net.probe, {net.node: x}))
    for name, J in found[0].items():
        assert J.dtype == np.float32
        expected = found[1][name]
        np.testing.assert_allclose(J, expected, atol=1e-4 * np.abs(expected).max())
