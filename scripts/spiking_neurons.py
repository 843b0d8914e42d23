"""How well does the learner do with neurons that spike: by firing rate and synapse?

    python scripts/spiking_neurons.py [SEED ...] [--rates HZ ...] [--synapses MS ...]
        [--neuron-type TYPE ...] [--passes COUNT] [--without-direct-path]
        [--learner consolidation|structured]

The job of `nengo-forcectl reach --adapt LEARNER`: the iiwa, 2 kg and 0.9 N m s/rad that the
model does not know. Passes over five targets, then learning off: the same targets, then 20 that it
has not seen. RMS error of the tool [mm], range over the seeds; "by neurons" is the share of the
learned torque that comes from the neurons, RMS over the job's states, the rest comes from the
direct path; spikes are those of all neurons in a cycle of 1 ms: 1,000, or ten for each neuron of
the structured learner. A rate is that of all neurons
at their most active. Rate neurons have no synapse.
"""

import argparse
import itertools
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table
from structured_spikes import torques
from what_was_learned import targets, trial

from nengo_forcectl import learning_cycle
from nengo_forcectl.cycle import StructuredLearning, consolidating_cycle
from nengo_forcectl.cycle.consolidating_learner import ConsolidatingLearning
from nengo_forcectl.jobs.reach.reach_scene import ReachScene, reaching_scene
from nengo_forcectl.jobs.reach.reach_settings import ReachSettings
from nengo_forcectl.networks.energy import energy_of
from nengo_forcectl.networks.neurons import NEURON_TYPES, SPIKING

UNSEEN = 20  # targets
LEARNERS = {"consolidation": consolidating_cycle, "structured": learning_cycle}
COLUMNS = ("pass 1", "pass 2", "last", "off, same", "off, unseen")


class Kind(NamedTuple):
    """A choice of neurons."""

    neuron_type: str
    rate: float | None  # [Hz]
    synapse: float | None  # [s]
    direct: bool
    learner: str = "consolidation"

    @property
    def options(self) -> dict[str, Any]:
        """The arguments of `consolidating_cycle` or `learning_cycle`."""
        return {
            "neuron_type": self.neuron_type,
            "max_rates": self.rate,
            "synapse": self.synapse,
            "direct": self.direct,
        }


def by_structured_neurons(scene: ReachScene, cycle: StructuredLearning) -> float:
    """Share of the learned torque that comes from the neurons of joints and tool."""
    encoding, weights = cycle.cycle.learner.network_parts
    encoding, rows = replace(encoding, population=None), np.concatenate(scene.motion, axis=1)
    direct = {name: w for name, w in weights.items() if name[:5] not in ("joint", "tool ")}
    whole, past = (torques(encoding, each, rows, None) for each in (weights, direct))
    return float(np.sqrt(np.mean((whole - past) ** 2) / np.mean(whole**2)))


def by_neurons(scene: ReachScene, cycle: ConsolidatingLearning) -> float:
    """Share of the learned torque that comes from the neurons, at the rates of constant inputs."""
    network, states = cycle.network, scene.motion
    v, split = network.encoding.input(*states), network.encoding.size + 1
    current = v[:, split:] @ network.encoders.T + network.bias
    ones = np.ones(current.shape[1])
    assert network.neurons is not None
    rates = network.neurons.nengo_type().rates(current, ones, 0.0 * ones)
    past, through = (
        v[:, :split] @ network.weights[:, :split].T,
        rates @ network.weights[:, split:].T,
    )
    return float(np.sqrt(np.mean(through**2) / np.mean((past + through) ** 2)))


def measured(seed: int, kind: Kind, passes: int) -> dict[str, float]:
    """One run: errors by column [mm], share by neurons, spikes a cycle, energy [nJ]."""
    scene = reaching_scene(ReachSettings(seed=seed))
    points = np.vstack([*[scene.targets] * (passes + 1), targets(scene, UNSEEN, 2)])
    opens: Any = LEARNERS[kind.learner]
    with (
        opens(scene.arm, scene.home, seed=seed, **kind.options) as cycle,
        trial(scene, points, cycle) as run,
    ):
        on = run.passes(passes)
        cycle.learn(False)
        off = run.passes(1 + UNSEEN // 5)
        shares = by_neurons if kind.learner == "consolidation" else by_structured_neurons
        share, activity = shares(scene, cycle), cycle.activity
    unseen = float(np.sqrt(np.mean(off[1:] ** 2)))
    values = dict(
        zip(COLUMNS, (on[0], on[min(1, passes - 1)], on[-1], off[0], unseen), strict=True)
    )
    values["by neurons"] = share
    if activity is not None:
        values |= {"spikes": activity.spikes_per_cycle, "nJ": 1e9 * energy_of(activity).total}
    return values


def span(values: list[float]) -> str:
    """The range of some numbers, three digits."""
    low, high = (f"{end:.3g}" for end in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("seeds", nargs="*", type=int, default=[0])
    parser.add_argument("--rates", nargs="+", type=float, default=[200.0], help="[Hz]")
    parser.add_argument("--synapses", nargs="+", type=float, default=[5.0], help="[ms]")
    parser.add_argument("--neuron-type", nargs="+", default=["lif"], choices=NEURON_TYPES)
    parser.add_argument("--passes", type=int, default=6)
    parser.add_argument("--without-direct-path", action="store_true")
    parser.add_argument("--learner", choices=tuple(LEARNERS), default="consolidation")
    given = parser.parse_args()
    table = Table("neurons", "Hz", "ms", *COLUMNS, "by neurons", "spikes", "nJ", box=None)
    kinds: dict[Kind, None] = {}
    for name, rate, synapse in itertools.product(given.neuron_type, given.rates, given.synapses):
        spikes = name in SPIKING
        kind = Kind(
            name,
            None if name == "relu" else rate,
            1e-3 * synapse if spikes else None,
            not given.without_direct_path,
            given.learner,
        )
        kinds[kind] = None
    for kind in kinds:
        runs = [measured(seed, kind, given.passes) for seed in given.seeds]
        cells = [
            span([run[name] for run in runs]) if name in runs[0] else "-"
            for name in (*COLUMNS, "by neurons", "spikes", "nJ")
        ]
        rate = "1" if kind.rate is None else f"{kind.rate:g}"
        table.add_row(
            kind.neuron_type, rate, f"{1e3 * kind.synapse:g}" if kind.synapse else "-", *cells
        )
    Console(width=160).print(table)


if __name__ == "__main__":
    main()
