"""A learning step against Nengo's own, and a whole control cycle in one compiled call.

    python scripts/bench_online.py [neurons]

One process, medians. Above, network and law alone, decoders of a rectified-linear ensemble on 14
inputs and 7 outputs: Nengo's PES in Nengo's simulator and the closed form take turns, so that what
else the machine does hits both. Below, sense to torque for the iiwa on a reach: arm terms, control
law, network and law in one call; then with another control law, a wrist sensor and an orientation.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from nengo import LIF
from rich.console import Console
from rich.table import Table

from nengo_forcectl import learning_cycle
from nengo_forcectl.contract import Reference, State
from nengo_forcectl.control import HybridForce
from nengo_forcectl.cycle.compiled_learning import CompiledGradientCycle
from nengo_forcectl.cycle.consolidating_learner import consolidating_cycle
from nengo_forcectl.jobs.reach.reach_scene import ReachScene, reaching_scene
from nengo_forcectl.jobs.reach.reach_settings import ReachSettings
from nengo_forcectl.jobs.rivals.learners import RADIUS, SYNAPSE
from nengo_forcectl.jobs.rivals.opening import open_cycle
from nengo_forcectl.jobs.scene import DT
from nengo_forcectl.learning.gradient import Gradient
from nengo_forcectl.nengodl.weights import named_weights
from nengo_forcectl.networks.building import AdaptiveNetwork, adaptive_network, simulator
from nengo_forcectl.networks.closed_form import ClosedFormNetwork
from nengo_forcectl.networks.layer import RATE
from nengo_forcectl.networks.pes import PesNetwork
from nengo_forcectl.sim.bullet import Bullet

ROUNDS, CALLS, WARM = 20, 500, 200
SENT_FIRST = "structured with limits, the rest of learning after the torque"
SIX = (0, 1, 2, 3, 4, 5)


def times(
    calls: dict[str, Callable[[int], object]], after: dict[str, Callable[[], None]] | None = None
) -> dict[str, np.ndarray]:
    """Seconds of every call, by name; the names take turns. What comes after one is not timed."""
    rest = after or {}
    taken = {name: np.zeros((ROUNDS, CALLS)) for name in calls}
    for name, call in calls.items():
        for k in range(WARM):
            call(k)
            rest.get(name, _nothing)()
    for turn in range(ROUNDS):
        for name, call in calls.items():
            for k in range(CALLS):
                began = time.perf_counter()
                call(WARM + turn * CALLS + k)
                taken[name][turn, k] = time.perf_counter() - began
                rest.get(name, _nothing)()
    return taken


def _nothing() -> None:
    """Do nothing."""


def table(title: str, taken: dict[str, np.ndarray], peer: str | None = None) -> Table:
    """Median, p99 and p99.9 [us], and how many times faster than the peer, turn by turn."""
    result = Table(title=title)
    for column in ("", "median [us]".replace("[", "\\["), "p99", "p99.9", f"times {peer}"):
        if peer or "times" not in column:
            result.add_column(column, justify="right" if column else "left")
    for name, seconds in taken.items():
        row = [f"{1e6 * np.quantile(seconds, q):.1f}" for q in (0.5, 0.99, 0.999)]
        if peer:
            ratio = np.median(taken[peer], axis=1) / np.median(seconds, axis=1)
            row.append(f"{np.median(ratio):.1f} ({ratio.min():.1f} to {ratio.max():.1f})")
        result.add_row(name, *row)
    return result


def reach(scene: ReachScene, count: int) -> list[tuple[State, Reference]]:
    """What the controller with consolidation sees in its first cycles."""
    seen = []
    with (
        open_cycle(scene, "consolidation") as cycle,
        Bullet(scene.arm, scene.home, scene.disturbances) as robot,
    ):
        for _ in range(count):
            state = robot.read()
            seen.append((state, scene.path.at(state.time)))
            robot.apply(cycle.step(*seen[-1]).tau)
    return seen


def main(neurons: int) -> None:
    """Print both tables."""
    scene = reaching_scene(ReachSettings(neurons=neurons, passes=2))
    arm, n = scene.arm, scene.arm.dof
    rng = np.random.default_rng(0)
    count = WARM + ROUNDS * CALLS
    x, s = rng.uniform(-0.2, 0.2, (count, 2 * n)), rng.normal(size=(count, n))
    law = Gradient(0.19, sigma=0.02, bound=1e3)

    def network(**options: Any) -> AdaptiveNetwork:
        return adaptive_network(2 * n, n, neurons, seed=0, radius=RADIUS, **options)

    ours, every = network(), network()
    with (
        PesNetwork(network(), 190.0, dt=DT) as pes,
        PesNetwork(network(neuron_type=LIF(), synapse=SYNAPSE), 190.0 / RATE**2, dt=DT) as spikes,
        consolidating_cycle(arm, scene.home, seed=0, neurons=neurons, neuron_type="lif") as spiking,
        simulator(ours) as sim,
        simulator(every) as all_sim,
        consolidating_cycle(arm, scene.home, seed=0, neurons=neurons) as consolidating,
        consolidating_cycle(
            arm, scene.home, seed=0, controller=HybridForce(scene.home, SIX), neurons=neurons
        ) as pressing,
        learning_cycle(arm, scene.home, seed=0) as structured,
        learning_cycle(arm, scene.home, seed=0) as deferring,
    ):
        deferring.defer(True)
        decoders = ClosedFormNetwork(sim, ours.probe, law)
        everything = ClosedFormNetwork(
            all_sim, every.probe, law, learn=list(named_weights(all_sim))
        )
        peer = "Nengo's PES"
        alone = times(
            {
                peer: lambda k: pes.sim.step(),
                f"{peer}, spiking LIF": lambda k: spikes.sim.step(),
                "ours, decoders": lambda k: decoders.step(x[k], s[k]),
                "ours, all weights": lambda k: everything.step(x[k], s[k]),
            }
        )
        Console().print(table(f"network and law, {neurons} neurons", alone, peer))

        cycles = {
            "gradient law, decoders": CompiledGradientCycle(arm, scene.law(), decoders),
            "gradient law, all weights": CompiledGradientCycle(arm, scene.law(), everything),
            "consolidation": consolidating.cycle,
            "consolidation with limits": consolidating,
            "consolidation, spiking LIF": spiking.cycle,
            "consolidation, spiking LIF, with limits": spiking,
            "structured": structured.cycle,
            "structured with limits": structured,
            SENT_FIRST: deferring,
        }
        seen = reach(scene, count)
        R, wrench = arm.pose(scene.home)[:3, :3].copy(), np.zeros(6)
        felt = [
            (state._replace(wrench=wrench), reference._replace(R=R, wrench=wrench))
            for state, reference in seen
        ]
        calls: dict[str, Callable[[int], object]] = {
            name: lambda k, cycle=cycle: cycle.step(*seen[k]) for name, cycle in cycles.items()
        }
        calls["consolidation, hybrid force"] = lambda k: pressing.cycle.step(*felt[k])
        calls["consolidation, hybrid force, with limits"] = lambda k: pressing.step(*felt[k])
        whole = times(calls, {SENT_FIRST: deferring.finish})
        Console().print(table(f"sense to torque, {neurons} neurons", whole))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
