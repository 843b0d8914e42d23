"""How long Jacobians and learning steps take: 1,000 neurons, 12 inputs, 6 outputs, float64.

Then full dF/dw of one input, 6 inputs and 3 outputs, beside the same by hand in NumPy; of 1,024
in both precisions; a loop's step through a synapse of 5 ms and 20 steps, 1,000 neurons; and the
first call for 100 ensembles.

    python scripts/bench_jacobians.py [neurons]

Medians in one process, beside an empty tf.function call and NengoDL's own ways to run one step.
"""

import resource
import sys
import time
from collections.abc import Callable
from functools import partial

import nengo
import numpy as np
from rich.console import Console
from rich.table import Table

from nengo_forcectl import named_weights, weight_jacobian
from nengo_forcectl.learning.gradient import Gradient
from nengo_forcectl.nengodl.compatibility import nengo_dl, tf
from nengo_forcectl.nengodl.jacobians import weight_vjp
from nengo_forcectl.nengodl.learning_loop import LearningLoop
from nengo_forcectl.nengodl.one_layer import one_layer_of
from nengo_forcectl.nengodl.weights import cache_of
from nengo_forcectl.networks import OnlineNetwork, adaptive_network, simulator
from nengo_forcectl.networks.closed_form import ClosedFormNetwork

N_IN, N_OUT, BATCH = 12, 6, 1024


def median(function: Callable[[], object], repeats: int) -> float:
    """Return the median duration [us]; the first call does not count."""
    function()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return 1e6 * float(np.median(times))


def by_hand(rng: np.random.Generator, neurons: int, n_in: int, n_out: int) -> Callable:
    """Return a function that computes dF/dw of one layer of rectified-linear neurons in NumPy."""
    E, b, D = (rng.normal(size=s) for s in ((neurons, n_in), (neurons,), (n_out, neurons)))
    x = rng.uniform(-1, 1, (1, n_in))

    def jacobian() -> tuple:
        J = x @ E.T + b
        by_decoders = np.zeros((1, n_out, n_out, neurons))
        for i in range(n_out):
            by_decoders[:, i, i] = np.maximum(J, 0)
        by_bias = (J > 0)[:, None] * D
        return by_decoders, by_bias, by_bias[..., None] * x[:, None, None]

    return jacobian


def small_table(neurons: int) -> None:
    """Print the times for 6 inputs and 3 outputs, in turns with NumPy's."""
    rng, network = np.random.default_rng(0), adaptive_network(6, 3, neurons, seed=0)
    x, hand = rng.uniform(-1, 1, (1, 6)), by_hand(rng, neurons, 6, 3)
    with simulator(network) as sim:
        kinds = {"closed form": None, "TensorFlow": one_layer_of(sim, network.probe)}
        for name, layer in kinds.items():
            if layer is not None:
                cache_of(sim)["one layer", network.probe] = None  # not taken
            call = lambda: weight_jacobian(sim, network.probe, {network.state: x})  # noqa: E731
            ratios = [median(call, 500) / median(hand, 500) for _ in range(5)]
            print(f"dF/dw, {name}: {np.median(ratios):.2f} x NumPy by hand", end="")
            print(f" ({median(hand, 500):.0f} us)")


def batch_table(neurons: int) -> None:
    """Print the times of dF/dw for a batch, in double and single precision."""
    for dtype in ("float64", "float32"):
        network, rng = adaptive_network(6, 3, neurons, seed=0), np.random.default_rng(0)
        with network:
            nengo_dl.configure_settings(dtype=dtype)
        with nengo_dl.Simulator(network, device="/cpu:0", progress_bar=False) as sim:
            x = {network.state: rng.uniform(-1, 1, (BATCH, 6)).astype(dtype)}
            call = partial(weight_jacobian, sim, network.probe, x)
            assert next(iter(call().values())).dtype == dtype
            print(f"dF/dw, {BATCH} inputs, {dtype}: {median(call, 15) / 1e3:.0f} ms")


def through_a_synapse(neurons: int, steps: int = 20) -> None:
    """Print the time of a loop's step through a synapse, over that of an empty call."""
    with nengo.Network(seed=0) as network:
        nengo_dl.configure_settings(dtype="float64")
        node, out = nengo.Node(np.zeros(6)), nengo.Node(size_in=3)
        ensemble = nengo.Ensemble(neurons, 6, neuron_type=nengo.RectifiedLinear())
        nengo.Connection(node, ensemble, synapse=None)
        nengo.Connection(ensemble, out, function=lambda v: v[:3])
        probe = nengo.Probe(out)
    x, error = np.full((1, 6), 0.1), np.full((1, 3), 0.1)
    empty, tensor = tf.function(lambda value: value, autograph=False), tf.constant(x)
    with simulator(network) as sim:
        loop = LearningLoop(sim, probe, tf.keras.optimizers.SGD(1e-6), steps=steps)
        call = lambda: loop.step({node: x}, error)  # noqa: E731
        ratios = [median(call, 300) / median(lambda: empty(tensor), 300) for _ in range(5)]
        print(f"step through a synapse and {steps} steps: {median(call, 300):.0f} us, ", end="")
        print(f"{np.median(ratios):.1f} empty calls")


def many_ensembles(count: int = 100) -> None:
    """Print the time of the first and of later calls for many ensembles."""
    with nengo.Network(seed=0) as network:
        node, out = nengo.Node(np.zeros(6)), nengo.Node(size_in=3)
        for seed in range(count):
            ensemble = nengo.Ensemble(10, 6, neuron_type=nengo.Tanh(), seed=seed)
            nengo.Connection(node, ensemble, synapse=None)
            nengo.Connection(ensemble, out, function=lambda v: v[:3], synapse=None)
        probe = nengo.Probe(out)
    with simulator(network) as sim:
        call = lambda: weight_jacobian(sim, probe, {node: np.ones((1, 6))})  # noqa: E731
        start = time.perf_counter()
        call()
        first = time.perf_counter() - start
        print(f"{count} ensembles: first call {first:.1f} s, then {median(call, 20) / 1e3:.1f} ms")


def main(neurons: int) -> None:
    """Print the tables."""
    rng = np.random.default_rng(0)
    network = adaptive_network(N_IN, N_OUT, neurons, seed=0)
    x, error = rng.uniform(-1, 1, (1, N_IN)), rng.normal(size=(1, N_OUT))
    rows, inputs = [], {network.state: x}
    empty_function = tf.function(lambda value: value, autograph=False)
    tensor = tf.constant(x)
    empty = median(lambda: empty_function(tensor), 3000)

    def row(name: str, function: Callable[[], object], repeats: int = 2000) -> None:
        rows.append((name, median(function, repeats)))

    row("empty tf.function call", lambda: empty_function(tensor), 3000)
    law = Gradient(gamma=1e-3, sigma=0.02, bound=100.0)
    with simulator(network) as sim:
        online = OnlineNetwork(sim, network.probe, law)
        row("OnlineNetwork.step, decoders, gradient law", lambda: online.step(x[0], error[0]))
        for name, learn in (("decoders", None), ("all weights", list(named_weights(sim)))):
            closed = ClosedFormNetwork(sim, network.probe, Gradient(gamma=1e-3), learn=learn)
            row(
                f"ClosedFormNetwork.step, {name}", lambda closed=closed: closed.step(x[0], error[0])
            )
        for name, optimizer in (
            ("gradient law", Gradient(gamma=1e-3)),
            ("gradient law, sigma and projection", law),
            ("Keras SGD", tf.keras.optimizers.SGD(1e-6)),
            ("Keras Adam", tf.keras.optimizers.Adam(1e-6)),
        ):
            loop = LearningLoop(sim, network.probe, optimizer)
            row(
                f"LearningLoop.step, all weights, {name}",
                lambda loop=loop: loop.step(inputs, error),
            )
        row("weight_vjp, all weights", lambda: weight_vjp(sim, network.probe, inputs, error))
        row("full dF/dw, one input", lambda: weight_jacobian(sim, network.probe, inputs))
        row("sim.run_steps(1)", lambda: sim.run_steps(1, data={network.state: x[:, None]}), 50)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        many = {network.state: rng.uniform(-1, 1, (BATCH, N_IN))}
        row(f"full dF/dw, {BATCH} inputs", lambda: weight_jacobian(sim, network.probe, many), 9)
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    table = Table(title=f"{neurons} neurons, {N_IN} inputs, {N_OUT} outputs")
    for column in ("what", "median, us", "empty calls"):
        table.add_column(column, justify="left" if column == "what" else "right")
    for name, duration in rows:
        table.add_row(name, f"{duration:,.1f}", f"{duration / empty:,.2f}")
    Console().print(table)
    Console().print(
        f"peak memory: {before / 1e6:.2f} GB before, {after / 1e6:.2f} GB after the last"
    )

    small_table(neurons)
    batch_table(neurons)
    through_a_synapse(neurons)
    many_ensembles()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
