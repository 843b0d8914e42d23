"""Is it learning? Freeze the weights and look: the same targets, then targets never trained.

    python scripts/what_was_learned.py [seed ...]

For each seed: six passes of `nengo-forcectl reach`, then learning off for one pass over the same
targets and four over twenty unseen ones in the same box. RMS tool error in mm. Beside the network,
the gradient law on a single constant in its place, at the rate at which the network tracks: an
integrator of the same error signal.
"""

import sys
from contextlib import AbstractContextManager, nullcontext

import numpy as np
from rich.console import Console
from rich.table import Table

from nengo_forcectl.adaptation import NetworkAdaptation
from nengo_forcectl.cycle import Blocks, Cycle
from nengo_forcectl.learning.law import Signal
from nengo_forcectl.paths import MinimumJerk
from nengo_forcectl.reach import follow
from nengo_forcectl.record import Log
from nengo_forcectl.rivals import DT, SIGMA, control_law
from nengo_forcectl.robot import SensorCheck
from nengo_forcectl.scene import REACH_TIME, Scene, reaching_scene
from nengo_forcectl.settings import ReachSettings
from nengo_forcectl.sim.bullet import Bullet
from nengo_forcectl.workspace import random_targets

LEARNING, SAME, UNSEEN = 6, 1, 4  # passes of five targets
RATE = 50.0  # of the constant [1/s]


class Constant:
    """The smallest network there is: F = w."""

    def __init__(self, dof: int) -> None:
        self.w = np.zeros(dof)  # [N m]

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return F."""
        return self.w

    def step(self, x: np.ndarray, signal: Signal) -> np.ndarray:
        """Return F, then learn."""
        before = self.w
        self.w = before + DT * (RATE * signal.error - SIGMA * before)
        return before


def constant(scene: Scene) -> AbstractContextManager[Cycle]:
    """Give the cycle of the gradient law on a constant."""
    learner = NetworkAdaptation(scene.arm, Constant(scene.arm.dof))
    return nullcontext(Blocks(scene.arm, control_law(scene), learner))


def errors(seed: int, name: str) -> list[float]:
    """RMS tool error [mm]: pass 1, the last with learning, then frozen, same and unseen targets."""
    scene = reaching_scene(ReachSettings(seed=seed))
    unseen = random_targets(scene.arm, scene.home, 5 * UNSEEN, np.random.default_rng(seed + 1000))
    start = scene.arm.pose(scene.home)[:3, 3]
    points = np.vstack([start, *[scene.targets] * (LEARNING + SAME), unseen])
    path = MinimumJerk(points, REACH_TIME)
    cycles = 5 * round(REACH_TIME / DT)
    log = Log(cycles * (LEARNING + SAME + UNSEEN))
    with (
        constant(scene) if name == "constant" else scene.cycle(name) as cycle,
        Bullet(scene.arm, scene.home, scene.disturbances, DT) as robot,
    ):
        check = SensorCheck(scene.arm.dof, DT)
        follow(robot, cycle, path, range(cycles * LEARNING), log, check)
        cycle.learn(False)
        follow(robot, cycle, path, range(cycles * (SAME + UNSEEN)), log, check)
    passes = log.error().reshape(-1, cycles)
    parts = passes[0], passes[LEARNING - 1], passes[LEARNING], passes[LEARNING + SAME :]
    return [1e3 * float(np.sqrt(np.mean(part**2))) for part in parts]


def main(seeds: list[int]) -> None:
    """Print the table."""
    table = Table("seed", "controller")
    for column in ("pass 1", "pass 6", "frozen, same targets", "frozen, unseen targets"):
        table.add_column(column, justify="right")
    for seed in seeds:
        for name in ("none", "constant", "gradient", "consolidation"):
            table.add_row(str(seed), name, *(f"{error:.2f}" for error in errors(seed, name)))
    Console().print(table)


if __name__ == "__main__":
    main([int(seed) for seed in sys.argv[1:]] or [0, 1, 2])
