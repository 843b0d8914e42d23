"""Compare dF/dw with finite differences on many kinds of networks, and count what comes out.

    python scripts/check_jacobians.py [part of a name ...]

Outcomes: ``right``; ``surrogate``, where spiking neurons are on the way, which are differentiated
through their rates; ``random``, where the network's output is not the same twice; ``error``, with
its message; ``WRONG`` and ``TRACEBACK``, of which there must be none.
"""

import inspect
import sys
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

import nengo
import numpy as np
from nengo.dists import Choice, Uniform

from nengo_forcectl import named_weights, weight_jacobian
from nengo_forcectl.errors import NetworkError
from nengo_forcectl.nengodl.compatibility import nengo_dl, tf

STEPS, TOLERANCE = 3, 1e-5
CASES: dict[str, Callable[[], tuple[Any, Any, dict[str, Any]]]] = {}


class Draft:
    """A network with an input of two numbers, an ensemble "a" and an output, to be changed."""

    def __init__(self, neurons: Any = None, synapse: Any = None, **settings: Any) -> None:
        self.network = nengo.Network(seed=0)
        self.options: dict[str, Any] = settings.pop("options", {})
        neurons = neurons or nengo.Tanh()
        with self.network:
            nengo_dl.configure_settings(**{"dtype": "float64", **settings})
            self.x = nengo.Node(np.zeros(2), label="in")
            self.out = nengo.Node(size_in=2, label="out")
            self.a = nengo.Ensemble(12, 2, seed=1, label="a", neuron_type=neurons)
            nengo.Connection(self.x, self.a, synapse=synapse)

    def connected(self, pre: Any = None, post: Any = None, **options: Any) -> "Draft":
        """Connect a to the output, or what is named."""
        with self.network:
            options = {"synapse": None, "seed": 3, **options}
            nengo.Connection(
                self.a if pre is None else pre, self.out if post is None else post, **options
            )
        return self

    def probed(self, target: Any = None, *args: Any, **options: Any) -> tuple:
        """Probe the output, or what is named."""
        with self.network:
            probe = nengo.Probe(self.out if target is None else target, *args, **options)
        return self.network, probe, self.options


def case(name: str) -> Callable:
    """Enter a function that makes a network."""

    def enter(make: Callable) -> Callable:
        CASES[name] = make
        return make

    return enter


def enter_all(kind: str, table: dict[str, Any], make: Callable) -> None:
    """Enter a case for every item of a table."""
    for name, item in table.items():
        CASES[f"{kind}: {name}"] = lambda item=item: make(item)


def neuron_types() -> dict[str, Any]:
    """All types of neurons that Nengo and NengoDL have, by listing."""
    found = {}
    for module in (nengo.neurons, nengo_dl.neurons):
        for name, cls in inspect.getmembers(module, inspect.isclass):
            if issubclass(cls, nengo.neurons.NeuronType) and not inspect.isabstract(cls):
                try:
                    found[name] = cls()
                except TypeError:
                    found[name] = cls(nengo.LIFRate())
                except Exception:
                    continue
    return {k: v for k, v in found.items() if "Rates" not in k and k != "NeuronType"}


enter_all("neurons", neuron_types(), lambda n: Draft(n).connected().probed())
enter_all("neurons, probed", neuron_types(), lambda n: _neurons_probed(n))


def _neurons_probed(neurons: Any) -> tuple:
    draft = Draft(neurons)
    return draft.probed(draft.a if isinstance(neurons, nengo.Direct) else draft.a.neurons)


enter_all(
    "synapse",
    {
        "Lowpass": nengo.Lowpass(0.005),
        "number": 0.002,
        "zero": 0,
        "Alpha": nengo.Alpha(0.002),
        "LinearFilter": nengo.LinearFilter([1], [1e-5, 5e-3, 1]),
        "direct part": nengo.LinearFilter([0.01, 1], [0.02, 1]),
        "gain": nengo.LinearFilter([2.0], [1.0]),
        "Triangle": nengo.Triangle(0.005),
    },
    lambda s: Draft().connected(synapse=s).probed(),
)

enter_all(
    "transform",
    {
        "scalar": 0.5,
        "diagonal": [0.5, -1.0],
        "matrix": [[0.5, 1.0], [-1.0, 0.3]],
        "Sparse": nengo.Sparse((2, 2), indices=[[0, 1], [1, 0]], init=[1.0, -2.0]),
    },
    lambda t: Draft().connected(transform=t).probed(),
)
enter_all(
    "neurons to node",
    {
        "Dense": np.random.default_rng(0).normal(size=(2, 12)),
        "Sparse": nengo.Sparse((2, 12), indices=[[0, 3], [1, 7]], init=[1.0, -2.0]),
        "Convolution": nengo.Convolution(1, (6, 2), kernel_size=(5,), strides=(1,)),
        "ConvolutionTranspose": nengo.ConvolutionTranspose(
            1, (12, 1), kernel_size=(2,), strides=(1,)
        ),
    },
    lambda t: _from_neurons(t),
)


def _from_neurons(transform: Any) -> tuple:
    draft = Draft()
    with draft.network:
        size = getattr(transform, "size_out", 2)
        node = nengo.Node(size_in=size, label="wide")
        nengo.Connection(draft.a.neurons, node, transform=transform, synapse=None)
    return draft.probed(node)


enter_all(
    "connection",
    {
        "function": {"function": lambda x: [x[0] * x[1], x[0] ** 2]},
        "weights": {"solver": nengo.solvers.LstsqL2(weights=True)},
        "NoSolver": {"solver": nengo.solvers.NoSolver(np.ones((12, 2)))},
        "NNLS-like": {"solver": nengo.solvers.LstsqL2(reg=0.1)},
        "eval points": {"eval_points": np.random.default_rng(0).uniform(-1, 1, (50, 2))},
        "PES": {"learning_rule_type": nengo.PES(0.1)},
        "RLS": {"learning_rule_type": nengo.RLS()},
    },
    lambda options: _between(options),
)


def _between(options: dict[str, Any]) -> tuple:
    draft = Draft()
    with draft.network:
        post = draft.out
        if "weights" in str(options.get("solver", "")) and options["solver"].weights:
            post = nengo.Ensemble(9, 2, seed=2, label="b", neuron_type=nengo.Sigmoid())
        connection = nengo.Connection(draft.a, post, synapse=None, seed=3, **options)
        if "learning_rule_type" in options:
            nengo.Connection(draft.out, connection.learning_rule, synapse=None)
        if post is not draft.out:
            nengo.Connection(post, draft.out, synapse=None, seed=4)
    return draft.probed()


for _rule in (nengo.BCM(1e-9), nengo.Oja(1e-6), nengo.Voja()):
    CASES[f"rule: {type(_rule).__name__}"] = lambda rule=_rule: _with_rule(rule)


def _with_rule(rule: Any) -> tuple:
    draft = Draft()
    with draft.network:
        b = nengo.Ensemble(9, 2, seed=2, label="b", neuron_type=nengo.RectifiedLinear())
        if isinstance(rule, nengo.Voja):
            nengo.Connection(draft.a, b, synapse=None, seed=3, learning_rule_type=rule)
        else:
            weights = np.random.default_rng(0).uniform(0, 1e-4, (9, 12))
            nengo.Connection(
                draft.a.neurons, b.neurons, transform=weights, synapse=None, learning_rule_type=rule
            )
        nengo.Connection(b, draft.out, synapse=None, seed=4)
    return draft.probed()


@case("recurrent")
def _() -> tuple:
    draft = Draft(nengo.LIFRate()).connected()
    return draft.connected(post=draft.a, synapse=0.005, transform=0.5).probed()


@case("two layers, slices")
def _() -> tuple:
    draft = Draft()
    with draft.network:
        b = nengo.Ensemble(10, 1, seed=2, label="b", neuron_type=nengo.Sigmoid())
        nengo.Connection(draft.a[1], b, synapse=None, seed=3)
        nengo.Connection(b, draft.out[0], synapse=None, seed=4)
        nengo.Connection(draft.a[[1, 0]], draft.out, synapse=None, seed=5)
    return draft.probed()


@case("no input node")
def _() -> tuple:
    with nengo.Network(seed=0) as network:
        nengo_dl.configure_settings(dtype="float64")
        a = nengo.Ensemble(12, 2, seed=1, label="a", neuron_type=nengo.Tanh())
        nengo.Connection(a, a, synapse=0.005, seed=2)
        probe = nengo.Probe(a)
    return network, probe, {}


@case("inputs that are left out")
def _() -> tuple:
    draft = Draft().connected()
    with draft.network:
        clock = nengo.Node(lambda t: np.sin(1000 * t), label="clock")
        nengo.Connection(clock, draft.a[0], synapse=None)
    return draft.probed()


@case("a process as input")
def _() -> tuple:
    draft = Draft().connected()
    with draft.network:
        noise = nengo.Node(nengo.processes.WhiteSignal(1.0, high=5, seed=0), label="noise")
        nengo.Connection(noise, draft.a[0], synapse=None)
    return draft.probed()


@case("noise in an ensemble")
def _() -> tuple:
    draft = Draft().connected()
    draft.a.noise = nengo.processes.WhiteNoise(seed=0)
    return draft.probed()


@case("Python node on the way")
def _() -> tuple:
    draft = Draft()
    with draft.network:
        node = nengo.Node(lambda t, x: x**2, size_in=2, label="python")
        nengo.Connection(node, draft.out, synapse=None)
    return draft.connected().connected(post=node).probed()


@case("Python node beside")
def _() -> tuple:
    draft = Draft()
    with draft.network:
        node = nengo.Node(lambda t, x: x**2, size_in=2, label="python")
        nengo.Connection(draft.x, node, synapse=None)
        nengo.Connection(node, draft.out, synapse=None)
    return draft.connected().probed()


@case("Direct ensemble on the way")
def _() -> tuple:
    draft = Draft()
    with draft.network:
        direct = nengo.Ensemble(1, 2, neuron_type=nengo.Direct(), label="direct")
        nengo.Connection(draft.a, direct, synapse=None, seed=3)
        nengo.Connection(direct, draft.out, synapse=None, function=np.square)
    return draft.probed()


enter_all(
    "network",
    {
        "EnsembleArray": lambda: nengo.networks.EnsembleArray(12, 2, neuron_type=nengo.Tanh()),
        "Product": lambda: nengo.networks.Product(12, 1, seed=1),
        "CircularConvolution": lambda: nengo.networks.CircularConvolution(8, 1, seed=1),
        "BasalGanglia": lambda: nengo.networks.BasalGanglia(2, n_neurons_per_ensemble=12),
        "Thalamus": lambda: nengo.networks.Thalamus(2, n_neurons_per_ensemble=12),
        "AssociativeMemory": lambda: nengo.networks.AssociativeMemory(np.eye(2), n_neurons=12),
        "InputGatedMemory": lambda: nengo.networks.InputGatedMemory(12, 2),
    },
    lambda make: _ready_made(make),
)


def _ready_made(make: Callable[[], Any]) -> tuple:
    draft = Draft()
    with draft.network:
        network: Any = make()
        entries = {"Product": ("input_a", "input_b"), "CircularConvolution": ("input_a", "input_b")}
        names = entries.get(type(network).__name__)
        names = names or (("input_a", "input_b") if hasattr(network, "input_a") else ("input",))
        for number, name in enumerate(names):
            entry = getattr(network, name)
            pre = draft.a if entry.size_in == 2 else draft.a[number]
            nengo.Connection(pre, entry, synapse=None, seed=5)
    return draft.probed(network.output)


def keras_layers() -> dict[str, Any]:
    """Makers of Keras's layers from two numbers to some."""
    layers, double = tf.keras.layers, {"dtype": "float64"}
    return {
        "Dense": lambda: layers.Dense(2, activation="tanh", **double),
        "BatchNormalization": lambda: layers.BatchNormalization(**double),
        "LayerNormalization": lambda: layers.LayerNormalization(**double),
        "Dropout": lambda: layers.Dropout(0.5, **double),
        "GaussianNoise": lambda: layers.GaussianNoise(0.5, **double),
        "PReLU": lambda: layers.PReLU(**double),
        "Conv1D": lambda: tf.keras.Sequential(
            [
                layers.Reshape((2, 1), **double),
                layers.Conv1D(2, 2, **double),
                layers.Flatten(**double),
            ]
        ),
        "LSTM": lambda: tf.keras.Sequential(
            [layers.Reshape((2, 1), **double), layers.LSTM(2, **double)]
        ),
        "stateful GRU": lambda: tf.keras.Sequential(
            [layers.Reshape((1, 2), **double), layers.GRU(2, stateful=True, **double)]
        ),
        "frozen": lambda: layers.Dense(2, trainable=False, **double),
    }


enter_all("layer", keras_layers(), lambda make: _layer(make))


def _layer(make: Callable[[], Any]) -> tuple:
    draft = Draft()
    with draft.network:
        node = nengo_dl.TensorNode(
            make(), shape_in=(2,), shape_out=(2,), pass_time=False, label="layer"
        )
        nengo.Connection(draft.a, node, synapse=None, seed=3)
    return draft.probed(node)


enter_all(
    "TensorNode",
    {
        "function": lambda x: tf.sin(x),
        "rounding": lambda x: tf.round(x),
        "partly rounding": lambda x: tf.round(x) + x,
        "argmax": lambda x: (
            tf.cast(tf.argmax(x, axis=1)[:, None], x.dtype) * tf.ones((1, 2), x.dtype)
        ),
        "stop_gradient": lambda x: tf.stop_gradient(x),
        "numpy_function": lambda x: tf.ensure_shape(
            tf.numpy_function(np.sin, [x], x.dtype), x.shape
        ),
    },
    lambda function: _tensor_node(function),
)


def _tensor_node(function: Callable) -> tuple:
    draft = Draft().connected()
    with draft.network:
        node = nengo_dl.TensorNode(
            function, shape_in=(2,), shape_out=(2,), pass_time=False, label="function"
        )
        nengo.Connection(draft.a, node, synapse=None, seed=3)
        nengo.Connection(node, draft.out, synapse=None)
    return draft.probed()


@case("TensorNode with the time")
def _() -> tuple:
    draft = Draft()
    with draft.network:
        node = nengo_dl.TensorNode(
            lambda t, x: x * tf.cast(1 + 100 * t, x.dtype), shape_in=(2,), shape_out=(2,)
        )
        nengo.Connection(draft.a, node, synapse=None, seed=3)
    return draft.probed(node)


@case("nengo_dl.Layer of neurons")
def _() -> tuple:
    draft = Draft()
    with draft.network:
        tensor = nengo_dl.Layer(tf.keras.layers.Dense(6, dtype="float64"))(draft.x)
        tensor = nengo_dl.Layer(nengo.Sigmoid())(tensor)
        tensor = nengo_dl.Layer(tf.keras.layers.Dense(2, dtype="float64"))(tensor)
    return draft.probed(tensor)


@case("nengo_dl.Converter")
def _() -> tuple:
    entry = tf.keras.Input((2,), dtype="float64")
    hidden = tf.keras.layers.Dense(5, activation=tf.nn.relu, dtype="float64")(entry)
    output = tf.keras.layers.Dense(2, dtype="float64")(hidden)
    converter = nengo_dl.Converter(tf.keras.Model(entry, output))
    with converter.net:
        nengo_dl.configure_settings(dtype="float64")
    return converter.net, converter.outputs[output], {}


enter_all(
    "probe",
    {
        "ensemble": lambda d: d.probed(d.a),
        "ensemble, filtered": lambda d: d.probed(d.a, synapse=0.005),
        "neurons' input": lambda d: d.probed(d.a.neurons, "input"),
        "slice": lambda d: d.probed(d.out[1]),
        "ensemble's slice": lambda d: d.probed(d.a[0]),
        "ensemble's input": lambda d: d.probed(d.a, "input"),
        "encoders": lambda d: d.probed(d.a, "scaled_encoders"),
        "connection's output": lambda d: d.probed(d.network.all_connections[-1], "output"),
        "connection's input": lambda d: d.probed(d.network.all_connections[-1], "input"),
        "connection's weights": lambda d: d.probed(d.network.all_connections[-1], "weights"),
        "sample_every": lambda d: d.probed(sample_every=0.002),
        "filtered": lambda d: d.probed(synapse=0.005),
    },
    lambda make: make(Draft().connected()),
)
for _name in ("voltage", "refractory_time", "output", "input"):
    CASES[f"probe: LIF's {_name}"] = lambda name=_name: _lif_probed(name)


def _lif_probed(name: str) -> tuple:
    draft = Draft(nengo.LIF())
    return draft.probed(draft.a.neurons, name)


enter_all(
    "setting",
    {
        "float32": {"dtype": "float32"},
        "use_loop off": {"use_loop": False, "options": {"unroll_simulation": STEPS}},
        "inference_only": {"inference_only": True},
        "keep_history off": {"keep_history": False},
        "stateful off": {"stateful": False},
        "lif_smoothing": {"lif_smoothing": 0.1},
        "no simplifications": {"simplifications": []},
        "noop planner": {"planner": nengo_dl.graph_optimizer.noop_planner},
        "minibatch": {"options": {"minibatch_size": 2}},
        "dt": {"options": {"dt": 0.01}},
        "unrolled": {"options": {"unroll_simulation": STEPS}},
    },
    lambda settings: Draft(**settings).connected(synapse=0.005).probed(),
)

enter_all(
    "ensemble",
    {
        "radius": {"radius": 2.0},
        "intercepts": {"intercepts": Uniform(-0.5, 0.5)},
        "gain 0": {"gain": Choice([0.0]), "bias": Uniform(0, 1)},
        "encoders": {"encoders": Choice([[1, 0], [0, -1]])},
        "unlabelled": {"label": None},
        "one neuron": {"n_neurons": 1},
    },
    lambda options: _ensemble(options),
)


def _ensemble(options: dict[str, Any]) -> tuple:
    draft = Draft(nengo.RectifiedLinear())
    for name, value in options.items():
        setattr(draft.a, name, value)
    solver = nengo.solvers.NoSolver(np.ones((draft.a.n_neurons, 2)))
    return draft.connected(solver=solver).probed()


for _kind in ("encoders", "decoders", "biases", "all"):
    CASES[f"frozen: {_kind}"] = lambda kind=_kind: _frozen(kind)


def _frozen(kind: str) -> tuple:
    draft = Draft().connected()
    with draft.network:
        nengo_dl.configure_settings(trainable=None)
        config = draft.network.config
        if kind in ("encoders", "all"):
            config[nengo.Ensemble].trainable = False
        if kind in ("decoders", "all"):
            config[nengo.Connection].trainable = False
        if kind in ("biases", "all"):
            config[nengo.ensemble.Neurons].trainable = False
    return draft.probed()


def outcome(make: Callable[[], tuple]) -> tuple[str, str]:
    """Return the outcome for one network, and what there is to say about it."""
    try:
        network, probe, options = make()
        sim = nengo_dl.Simulator(network, device="/cpu:0", progress_bar=False, **options)
    except Exception as error:
        return "not built", f"{type(error).__name__}: {error}"
    with sim:
        rng = np.random.default_rng(0)
        batch = sim.minibatch_size
        nodes = [node for node in sim.node_inputs if not callable(node.output)]
        nodes = [node for node in nodes if not isinstance(node.output, nengo.Process)]
        x = {node: rng.uniform(-1, 1, (batch, STEPS, node.size_out)) for node in nodes}
        try:
            J = weight_jacobian(sim, probe, x, step=-1) if x else _without_inputs(sim, probe)
        except NetworkError as error:
            return "error", str(error)
        except Exception as error:
            return "TRACEBACK", f"{type(error).__name__}: {error}"
        return _compared(sim, probe, x, dict(J))


def _without_inputs(sim: Any, probe: Any) -> Any:
    sim.run_steps(STEPS - 1)  # the state is not zero then
    return weight_jacobian(sim, probe, {})


def _compared(sim: Any, probe: Any, x: Any, J: dict[str, Any]) -> tuple[str, str]:
    rng, weights = np.random.default_rng(1), named_weights(sim)
    changing = [*sim.keras_model.variables, *sim.tensor_graph.saved_state.values()]
    for node in sim.model.toplevel.all_nodes:
        layers = getattr(getattr(node, "tensor_func", None), "submodules", ())
        states = [v for layer in layers for v in getattr(layer, "states", None) or ()]
        changing += [v for v in states if v is not None]

    def output() -> Any:
        kept = [(variable, variable.numpy()) for variable in changing]
        steps = STEPS if x else 1
        if x:
            value = sim.predict(x, n_steps=steps, verbose=0)[probe][:, -1]
        else:
            value = sim.predict_on_batch(n_steps=steps, stateful=False)[probe][:, -1]
        for variable, earlier in kept:
            variable.assign(earlier)
        return value

    spikes = any(
        getattr(getattr(builder, "built_neurons", None), "spiking", False)
        for builder in sim.tensor_graph.op_builder.op_builds.values()
    )
    if spikes:
        return "surrogate", ", ".join(J)
    if not np.array_equal(output(), output()):
        return "random", ", ".join(J)
    single = sim.tensor_graph.dtype == "float32"
    h, tolerance = (1e-2, 2e-2) if single else (1e-6, TOLERANCE)
    wrong = []
    for name, value in J.items():
        before = weights[name].read()
        direction = rng.normal(size=before.shape) * (np.abs(before).mean() or 1.0)
        sides = []
        for sign in (1, -1):
            weights[name].write(before + sign * h * direction)
            sides.append(output())
        weights[name].write(before)
        numeric = (sides[0] - sides[1]) / (2 * h)
        ours = (value * direction).reshape(*numeric.shape, -1).sum(-1)
        if not np.allclose(ours, numeric, atol=tolerance * max(np.abs(numeric).max(), 1e-3)):
            wrong.append(f"{name}: {np.ravel(ours)[:2]} for {np.ravel(numeric)[:2]}")
    return ("WRONG", "; ".join(wrong)) if wrong else ("right", ", ".join(J))


def main(parts: list[str]) -> int:
    """Print the outcomes and their counts; return how many must not be."""
    warnings.simplefilter("ignore")
    counts: Counter[str] = Counter()
    for name, make in CASES.items():
        if parts and not any(part in name for part in parts):
            continue
        found, text = outcome(make)
        counts[found] += 1
        print(f"{found:10} {name:32} {text[:150]}", flush=True)
    print(f"{counts.total()} networks:", ", ".join(f"{n} {kind}" for kind, n in counts.items()))
    return counts["WRONG"] + counts["TRACEBACK"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
