"""How long Jacobians and learning steps take: 1,000 neurons, 12 inputs, 6 outputs, float64.

    python scripts/bench_jacobians.py [neurons]

Medians in one process, beside an empty tf.function call and NengoDL's own ways to run one step.
"""

import resource
import sys
import time
from collections.abc import Callable

import numpy as np
from rich.console import Console
from rich.table import Table

from nengo_forcectl import named_weights, weight_jacobian
from nengo_forcectl.learning.gradient import Gradient
from nengo_forcectl.nengodl.compatibility import tf
from nengo_forcectl.nengodl.jacobians import weight_vjp
from nengo_forcectl.nengodl.learning_loop import LearningLoop
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


def main(neurons: int) -> None:
    """Print the table."""
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


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
