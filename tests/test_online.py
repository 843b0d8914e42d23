import nengo
import numpy as np
import pytest

from nengo_forcectl.errors import ConfigurationError, NetworkError
from nengo_forcectl.learning.composite import Composite
from nengo_forcectl.learning.gauss_newton import GaussNewton
from nengo_forcectl.learning.gradient import Gradient
from nengo_forcectl.learning.kalman import Kalman
from nengo_forcectl.learning.law import Signal
from nengo_forcectl.learning.least_squares import RecursiveLeastSquares
from nengo_forcectl.learning.multilayer import Multilayer
from nengo_forcectl.learning.robust import Robust
from nengo_forcectl.nengodl.jacobians import weight_jacobian
from nengo_forcectl.nengodl.weights import named_weights
from nengo_forcectl.networks.building import adaptive_network, simulator
from nengo_forcectl.networks.online import OnlineNetwork

pytestmark = pytest.mark.needs("nengo_dl")

N_IN, N_OUT, N = 4, 3, 40


@pytest.fixture
def network():
    return adaptive_network(N_IN, N_OUT, N, seed=0)


@pytest.fixture
def samples():
    """1,000 states and errors of a smooth motion."""
    t = 1e-3 * np.arange(1000)[:, None]
    rng = np.random.default_rng(0)
    frequency, phase = rng.uniform(1, 9, (2, 1, N_IN + N_OUT))
    motion = np.sin(frequency * t + phase)
    return motion[:, :N_IN], motion[:, N_IN:]


def test_on_decoders_alone_the_gradient_law_is_pes(network, samples):
    """After 1,000 steps the decoders are those of ``nengo.PES`` in Nengo's own simulator."""
    (x, error), gamma = samples, 0.02
    with simulator(network) as sim:
        online = OnlineNetwork(sim, network.probe, Gradient(gamma))
        ours = np.array([online.step(*sample) for sample in zip(x, error, strict=True)])
        decoders = named_weights(sim)[network.decoders].read()

    network.decoders.learning_rule_type = nengo.PES(gamma * N, pre_synapse=None)
    network.state.output = lambda t: x[min(round(t / 0.001) - 1, 999)]
    with network:
        teacher = nengo.Node(lambda t: -error[min(round(t / 0.001) - 1, 999)])
        nengo.Connection(teacher, network.decoders.learning_rule, synapse=None)
    with nengo.Simulator(network, progress_bar=False) as reference:
        reference.run_steps(1001)  # Nengo changes weights at the start of the next step
        theirs = reference.signals[reference.model.sig[network.decoders]["weights"]]
    assert np.abs(theirs).max() > 0.001
    np.testing.assert_allclose(decoders, theirs, rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(ours, reference.data[network.probe][:1000], atol=1e-12)


def test_a_step_returns_the_output_of_the_weights_before_it(network, samples):
    """``step`` gives what ``forward`` gave, and changes w by dt gamma J_w^T s."""
    x, error = samples[0][0], samples[1][0]
    with simulator(network) as sim:
        law = Gradient(2.0)
        online = OnlineNetwork(sim, network.probe, law, learn=named_weights(sim))
        start = np.random.default_rng(0).normal(size=(N_OUT, N))
        online.write({"adaptive -> torque": start})
        before, products, expected = online.read(), online.vjp(x, error), online.forward(x)
        assert set(before) == {"adaptive.encoders", "adaptive.bias", "adaptive -> torque"}
        np.testing.assert_array_equal(online.step(x, error), expected)
        for name, value in online.read().items():
            change = value - before[name]
            assert np.abs(change).max() > 0
            np.testing.assert_allclose(change, sim.dt * 2.0 * products[name], atol=1e-15)


def test_products_are_those_of_the_jacobian(network, samples):
    """vjp is J_w^T s with the J_w of ``weight_jacobian``."""
    x, error = samples[0][3], samples[1][3]
    with simulator(network) as sim:
        online = OnlineNetwork(sim, network.probe, Gradient(1.0), learn=named_weights(sim))
        online.write({"adaptive -> torque": np.random.default_rng(0).normal(size=(N_OUT, N))})
        J = weight_jacobian(sim, network.probe, {network.state: x[None]})
        for name, product in online.vjp(x, error).items():
            np.testing.assert_allclose(product, np.tensordot(error, J[name][0], 1), atol=1e-13)


def test_by_default_only_decoders_learn(network, samples):
    """Encoders and biases stay bit for bit."""
    with simulator(network) as sim:
        weights = named_weights(sim)[network.ensemble]
        before = weights.encoders.read(), weights.bias.read()
        online = OnlineNetwork(sim, network.probe, Gradient(1.0))
        for sample in zip(*samples, strict=True):
            online.step(*sample)
        assert list(online.read()) == ["adaptive -> torque"]
        np.testing.assert_array_equal(weights.encoders.read(), before[0])
        np.testing.assert_array_equal(weights.bias.read(), before[1])


def test_building_leaves_weights_and_clock_alone(network):
    """Compiling runs the step once; weights and state are put back."""
    with simulator(network) as sim:
        graph = sim.tensor_graph
        variables = [*graph.base_params.values(), *graph.saved_state.values()]
        before = [variable.numpy() for variable in variables]
        OnlineNetwork(sim, network.probe, Gradient(1.0, sigma=1.0, bound=0.01))
        for variable, value in zip(variables, before, strict=True):
            np.testing.assert_array_equal(variable.numpy(), value)


def test_what_was_learned_runs_in_the_simulator(network, samples):
    """NengoDL's own ``run_steps`` gives the output of the learned weights."""
    x, error = samples
    with simulator(network) as sim:
        online = OnlineNetwork(sim, network.probe, Gradient(1.0))
        for sample in zip(x, error, strict=True):
            online.step(*sample)
        expected = online.forward(x[0])
        sim.run_steps(1, data={network.state: x[None, :1]})
        assert np.abs(expected).max() > 0.1
        np.testing.assert_allclose(sim.data[network.probe][0, -1], expected, rtol=1e-12)


def test_the_function_is_traced_once(network, samples):
    """A thousand steps do not trace the law again."""
    traces = []

    class Counting(Gradient):
        def rule(self, xp=np):
            inner = super().rule(xp)

            def step(w, descent, error, dt):
                traces.append(1)
                return inner(w, descent, error, dt)

            return step

    with simulator(network) as sim:
        online = OnlineNetwork(sim, network.probe, Counting(1.0))
        for sample in zip(*samples, strict=True):
            online.step(*sample)
    assert len(traces) == 1


LAWS = {
    "gradient": Gradient(0.5, e_mod=0.1, dead_zone=0.1, normalise=1.0),
    "multilayer": Multilayer(0.5, 0.05, e_mod=0.1),
    "gauss_newton": GaussNewton(10.0, 0.1),
    "kalman": Kalman(1.0, 0.1, forgetting=0.5),
    "kalman by row": Kalman(1.0, 0.1, forgetting=0.5, blocks="row"),
    "least squares": RecursiveLeastSquares(1.0, 0.1, forgetting=0.5),
    "composite": Composite(0.5, 0.5),
    "composite with forgetting": Composite(0.5, 0.5, 1.0, blocks="array"),
    "robust": Robust(Kalman(1.0, 0.1), sigma=0.1, bound=10.0),
}


def signals(samples, rng):
    """50 inputs, and all that a cycle offers."""
    x, error = (values[:50] for values in samples)
    return [
        (row, Signal(e, rng.normal(size=N_OUT), rng.normal(size=(2, N_OUT)), rng.normal(size=2)))
        for row, e in zip(x, error, strict=True)
    ]


@pytest.mark.parametrize(
    ("name", "everything"),
    [(name, False) for name in LAWS] + [(name, True) for name in LAWS if name != "least squares"],
)
def test_every_law_runs_on_decoders_and_on_all_weights(network, samples, rng, name, everything):
    """50 steps are those of ``law.step`` with the Jacobian of ``weight_jacobian``; all is finite.

    For the gradient law this compares TensorFlow's function with numpy's.
    """
    law = LAWS[name]
    with simulator(network) as sim:
        learn = named_weights(sim) if everything else None
        online = OnlineNetwork(sim, network.probe, law, learn=learn)
        start = 0.1 * rng.normal(size=(N_OUT, N))
        online.write({"adaptive -> torque": start})
        w = online.read()
        memory = law.start(w) if name != "multilayer" else online.memory
        first = {key: value.copy() for key, value in w.items()}
        for x, signal in signals(samples, rng):
            J = weight_jacobian(sim, network.probe, {network.state: x[None]})
            w = law.step(w, {key: J[key][0] for key in w}, signal, memory, sim.dt)
            expected = online.forward(x)
            np.testing.assert_array_equal(online.step(x, signal), expected)
            for key, value in online.read().items():
                np.testing.assert_allclose(value, w[key], atol=1e-9)
                assert np.isfinite(value).all()
        for key, value in w.items():
            assert np.abs(value - first[key]).max() > 1e-6
        for key, value in online.memory.items():
            np.testing.assert_allclose(value, memory[key], atol=1e-9)


def test_an_optimizer_descends_where_a_law_ascends(network, samples):
    """Keras's SGD with rate gamma dt gives the weights of the gradient law."""
    from nengo_forcectl.nengodl.compatibility import tf

    learned = []
    for law in (Gradient(2.0), tf.keras.optimizers.SGD(2.0 * 0.001)):
        with simulator(network) as sim:
            online = OnlineNetwork(sim, network.probe, law)
            for x, error in zip(*(values[:100] for values in samples), strict=True):
                online.step(x, error)
            learned.append(online.read()["adaptive -> torque"])
    assert np.abs(learned[0]).max() > 0.001
    np.testing.assert_allclose(learned[1], learned[0], rtol=1e-6)  # Keras's rate is a float32


@pytest.mark.parametrize("name", ["adam", "kalman", "multilayer"])
def test_weights_and_memory_are_all_there_is_to_save(network, samples, rng, name):
    """Another network with these weights and this memory goes on bit for bit."""
    from nengo_forcectl.nengodl.compatibility import tf

    cycles = signals(samples, rng)

    def law():
        return tf.keras.optimizers.Adam(0.01) if name == "adam" else LAWS[name]

    with simulator(network) as sim:
        online = OnlineNetwork(sim, network.probe, law(), learn=named_weights(sim))
        for cycle in cycles[:25]:
            online.step(*cycle)
        weights, memory = online.read(), online.memory
        for cycle in cycles[25:]:
            online.step(*cycle)
        expected = online.read()
    assert memory
    with simulator(network) as sim:
        online = OnlineNetwork(sim, network.probe, law(), learn=named_weights(sim))
        online.write(weights)
        online.memory = memory
        for cycle in cycles[25:]:
            online.step(*cycle)
        for key, value in online.read().items():
            np.testing.assert_array_equal(value, expected[key])
        with pytest.raises(NetworkError, match="memory: has shapes"):
            online.memory = {"other": np.zeros(3)}
        with pytest.raises(NetworkError, match="is not finite"):
            online.memory = {key: value * np.nan for key, value in memory.items()}


@pytest.mark.parametrize("name", LAWS)
def test_nan_reaches_no_weight(network, name):
    """A signal that is not finite, or is missing, is refused, and the weights stay."""
    x, nan = np.zeros(N_IN), np.full(N_OUT, np.nan)
    with simulator(network) as sim:
        online = OnlineNetwork(sim, network.probe, LAWS[name])
        before = online.read()
        with pytest.raises(NetworkError, match="finite numbers"):
            online.step(x, Signal(nan, nan, np.full((2, N_OUT), np.nan), np.full(2, np.nan)))
        with pytest.raises(NetworkError, match=r"learns from Signal\.\w+, which is not given"):
            online.step(x, Signal())
        for key, value in online.read().items():
            np.testing.assert_array_equal(value, before[key])


def test_bad_arguments_are_named(network):
    """Wrong sizes, NaN, a minibatch, a missing weight: one sentence each."""
    x, error = np.zeros(N_IN), np.zeros(N_OUT)
    with simulator(network) as sim:
        online = OnlineNetwork(sim, network.probe, Gradient(1.0))
        with pytest.raises(NetworkError, match=r"'state'.* shape \(1, 5\).* needs \(1, 4\)"):
            online.step(np.zeros(N_IN + 1), np.zeros(N_OUT - 1))
        with pytest.raises(NetworkError, match="finite numbers"):
            online.step(x * np.nan, error)
        with pytest.raises(ConfigurationError, match=r"optimizer: is 'sgd', needs"):
            OnlineNetwork(sim, network.probe, "sgd")
        with pytest.raises(NetworkError, match=r"'torque -> adaptive'"):
            OnlineNetwork(sim, network.probe, Gradient(1.0), learn=["torque -> adaptive"])
    with (
        simulator(network, minibatch_size=2) as sim,
        pytest.raises(NetworkError, match=r"is 2, needs 1"),
    ):
        OnlineNetwork(sim, network.probe, Gradient(1.0))
