"""What does a network of the default learner give if its neurons are exchanged for spiking ones?

    python scripts/structured_spikes.py [SEED ...] [--passes COUNT]

The iiwa learns by `learning_cycle` in two conditions of `nengo-forcectl bench adaptation` in which
its neurons learn: friction that varies with the angle, and a force around a place. Then, for a
pass with learning off, it keeps its states. On them Nengo runs the learned network, with its own
neurons and with others in their place (`structured_network_of`): RMS of the torque [N m], all
joints together, that comes from the neurons, and of the error; range over the seeds. The second
table is of `learning_cycle(neuron_type=...)`, whose neurons fire in the loop: RMS error [mm].
"""

import argparse
from dataclasses import fields, replace

import nengo
import numpy as np
from rich.console import Console
from rich.table import Table
from what_was_learned import PASS, trial

from nengo_forcectl import learning_cycle
from nengo_forcectl.jobs.bench.conditions import condition
from nengo_forcectl.jobs.reach.reach_scene import ReachScene, reaching_scene
from nengo_forcectl.jobs.reach.reach_settings import ReachSettings
from nengo_forcectl.jobs.scene import DT
from nengo_forcectl.networks import Population, StructuredEncoding, structured_network_of

CONDITIONS = "uneven", "bump"
COLUMNS = "pass 1", "pass 2", "last", "off", "spikes"
KINDS = {
    "lif-rate, 100 to 400 Hz": Population("lif-rate"),
    "lif, 100 to 400 Hz, 5 ms": Population("lif"),
    "lif, 100 to 400 Hz, 20 ms": Population("lif", synapse=0.02),
    "lif, 100 to 400 Hz, 50 ms": Population("lif", synapse=0.05),
    "lif, 50 Hz, 50 ms": Population("lif", 50.0, 0.05),
    "spiking-relu, 100 to 400 Hz, 50 ms": Population("spiking-relu", synapse=0.05),
}
LOOPS = {
    "rates": Population(),
    "lif, 5 ms": Population("lif"),
    "lif, 20 ms": Population("lif", synapse=0.02),
    "spiking-relu, 5 ms": Population("spiking-relu"),
}
SETTLED = 300  # first cycles, in which a synapse fills


def learned(
    name: str, seed: int, passes: int
) -> tuple[StructuredEncoding, dict[str, np.ndarray], np.ndarray]:
    """Let the arm learn; return encoding, weights, and the states of one more pass, (k, 3 n)."""
    scene = disturbed(name, seed)
    points = np.vstack([scene.targets] * (passes + 1))
    opened = learning_cycle(scene.arm, scene.home, seed=seed, limits=scene.limits)
    states = []
    with opened as cycle, trial(scene, points, cycle) as run:
        run.passes(passes)
        cycle.learn(False)
        for _ in range(PASS):
            state = run.check(run.robot.read())
            reference = run.path.at(state.time)
            run.robot.apply(cycle.step(state, reference).tau)
            states.append(np.concatenate((state.q, state.dq, 0.0 * state.q)))
        return cycle.cycle.learner.encoding, cycle.read(), np.array(states)


def disturbed(name: str, seed: int) -> ReachScene:
    """The reaching job in a condition of the bench."""
    scene = reaching_scene(ReachSettings(seed=seed))
    made = condition(name, scene.arm, seed)
    return replace(scene, **{field.name: getattr(made, field.name) for field in fields(made)})


def in_the_loop(name: str, seed: int, passes: int, population: Population) -> dict[str, float]:
    """Errors of a job whose neurons are of a kind [mm]: passes 1, 2 and last, then off."""
    scene = disturbed(name, seed)
    points = np.vstack([scene.targets] * (passes + 1))
    given = {each.name: getattr(population, each.name) for each in fields(population)}
    opened = learning_cycle(scene.arm, scene.home, seed=seed, limits=scene.limits, **given)
    with opened as cycle, trial(scene, points, cycle) as run:
        on = run.passes(passes)
        cycle.learn(False)
        found = {"pass 1": on[0], "pass 2": on[1], "last": on[-1], "off": run.passes(1)[0]}
        if cycle.activity is not None:
            found["spikes"] = cycle.activity.spikes_per_cycle
        return found


def torques(
    encoding: StructuredEncoding,
    weights: dict[str, np.ndarray],
    states: np.ndarray,
    population: Population | None,
) -> np.ndarray:
    """Torque of the learned network at the states, (k, n)."""
    network = structured_network_of(encoding, weights, population)
    with network:
        source = nengo.Node(lambda t: states[min(round(t / DT), len(states)) - 1])
        nengo.Connection(source, network.state, synapse=None)
    with nengo.Simulator(network, dt=DT, progress_bar=False) as sim:
        sim.run_steps(len(states))
        return sim.data[network.probe][SETTLED:]


def rms(torque: np.ndarray) -> float:
    """Root mean square of the length."""
    return float(np.sqrt(np.mean(np.sum(torque**2, axis=1))))


def span(values: list[float]) -> str:
    """The range of some numbers, two digits."""
    return " to ".join(
        dict.fromkeys(f"{v:.2g}" for v in sorted(values)[:: max(len(values) - 1, 1)])
    )


def main() -> None:
    """Print a table for each condition."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seeds", nargs="*", type=int, default=[0])
    parser.add_argument("--passes", type=int, default=10)
    given = parser.parse_args()
    for name in CONDITIONS:
        found: dict[str, list[float]] = {}
        for seed in given.seeds:
            encoding, weights, states = learned(name, seed, given.passes)
            direct = {
                k: w for k, w in weights.items() if not k.endswith(("-> torque", "l -> force"))
            }
            whole = torques(encoding, weights, states, None)
            by_neurons = whole - torques(encoding, direct, states, None)
            found.setdefault("the torque", []).append(rms(whole))
            found.setdefault("by neurons", []).append(rms(by_neurons))
            for kind, population in KINDS.items():
                off = torques(encoding, weights, states, population) - whole
                found.setdefault(kind, []).append(rms(off))
        table = Table("", "RMS [N m]", title=name)
        for kind, values in found.items():
            table.add_row(kind, span(values))
        Console().print(table)
        loop = Table("in the loop", *COLUMNS, title=name)
        for kind, population in LOOPS.items():
            runs = [in_the_loop(name, seed, given.passes, population) for seed in given.seeds]
            values = ([run[each] for run in runs if each in run] for each in COLUMNS)
            loop.add_row(kind, *map(span, values))
        Console().print(loop)


if __name__ == "__main__":
    main()
