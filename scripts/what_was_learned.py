"""Is it learning, does it last, and does it hold when something changes?

    python scripts/what_was_learned.py frozen|random|long|changed|noisy|planar [seed ...]
        [--adapt NAME] [--under CONDITION] [--passes COUNT] [--without-neurons]

The learner is `structured`, or another one of `nengo-forcectl reach --adapt`. On that job (iiwa,
2 kg and 0.9 N m s/rad that the model does not know), RMS error of the tool in mm, of the true tool
and not of the one that noisy sensors show:

- frozen: ten passes over five targets, or COUNT, then learning off: the same targets, then 20 that
  it has not seen; with --under, in a condition of `nengo-forcectl bench adaptation`; with
  --without-neurons, the joints' neurons of `structured` stay silent;
- random: 30 passes over random targets, then the same;
- long: 200 passes; the worst from pass 2 on, passes 3 to 12, the last ten;
- changed: after ten passes learning goes off, then the payload, then learning comes on again;
- noisy: 1e-4 rad and 3e-3 rad/s of noise, 2 ms of delay, beside integral action and observer, each
  at the best of five gains for these very sensors;
- planar: a planar arm, with strong motors, whose model knows neither its masses (all wrong by up to
  30 %) nor a pull of 98 N on each link, or 49 N on the tool: steps between four targets, 4 s each;
  RMS over the last second.
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import fields, replace
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from arms import Arm
from nengo_forcectl import learning_cycle
from nengo_forcectl.adaptation import DisturbanceObserver, IntegralAction
from nengo_forcectl.contract import Cycle, Path, Reference
from nengo_forcectl.cycle.blocks import Blocks
from nengo_forcectl.jobs.bench.conditions import CONDITIONS, condition
from nengo_forcectl.jobs.reach.reach_scene import ReachScene, reaching_scene
from nengo_forcectl.jobs.reach.reach_settings import ReachSettings
from nengo_forcectl.jobs.rivals.opening import open_cycle
from nengo_forcectl.jobs.scene import DT, REACH_TIME
from nengo_forcectl.networks.workspace import random_targets, task_axes
from nengo_forcectl.paths import MinimumJerk
from nengo_forcectl.safety.sensors import SensorCheck
from nengo_forcectl.sim.bullet import Bullet
from nengo_forcectl.sim.forces import ForceField, LinkForces
from nengo_forcectl.sim.friction import ViscousFriction
from nengo_forcectl.sim.masses import Payload, WrongMasses
from nengo_forcectl.sim.sensing import Sensors

PASS = 5 * round(REACH_TIME / DT)  # cycles
NOISY = Sensors(position_noise=1e-4, velocity_noise=3e-3, delay=2e-3)


class Asked(NamedTuple):
    """What the command line asks for."""

    adapt: str
    under: str | None
    passes: int
    neurons: bool


class Trial:
    """One controller on one arm, driven in stretches."""

    def __init__(self, scene: ReachScene, cycle: Cycle, robot: Bullet, path: Path) -> None:
        self.scene, self.cycle, self.robot, self.path = scene, cycle, robot, path
        self.check = SensorCheck(scene.arm.dof, DT)

    def errors(self, cycles: int) -> np.ndarray:
        """Distance of the true tool from its reference [m], cycle by cycle."""
        q, reference = np.zeros((cycles, self.scene.arm.dof)), np.zeros((cycles, 3))
        for k in range(cycles):
            state = self.check(self.robot.read())
            wanted = self.path.at(state.time)
            q[k], reference[k] = self.robot.state()[0], wanted.x
            self.robot.apply(self.cycle.step(state, wanted).tau)
        return np.linalg.norm(self.scene.arm.pose(q)[:, :3, 3] - reference, axis=1)

    def passes(self, count: int) -> np.ndarray:
        """RMS of each of the next passes [mm]."""
        return 1e3 * np.sqrt(np.mean(self.errors(count * PASS).reshape(count, -1) ** 2, axis=1))


def _opened(scene: ReachScene, learner: Any) -> Any:
    if isinstance(learner, str):
        return open_cycle(scene, learner)
    return nullcontext(learner) if isinstance(learner, Cycle) else learner


@contextmanager
def trial(scene: ReachScene, points: np.ndarray, learner: Any) -> Iterator[Trial]:
    """Give a trial of a cycle, of one to be opened, or of a learner by name, on the real arm."""
    rng = np.random.default_rng([scene.settings.seed, 3])
    path = MinimumJerk(np.vstack([scene.arm.pose(scene.home)[:3, 3], points]), REACH_TIME)
    with (
        _opened(scene, learner) as cycle,
        Bullet(
            scene.arm, scene.home, scene.disturbances, DT, sensors=scene.sensors, rng=rng
        ) as robot,
    ):
        yield Trial(scene, cycle, robot, path)


def targets(scene: ReachScene, count: int, stream: int) -> np.ndarray:
    """Random targets of a stream of their own."""
    rng = np.random.default_rng([scene.settings.seed, stream])
    return random_targets(scene.arm, scene.home, count, rng)


def frozen(seed: int, given: Asked, training: np.ndarray | None = None) -> dict[str, float]:
    """Ten passes, or over other targets, then learning off."""
    scene = reaching_scene(ReachSettings(seed=seed))
    if given.under is not None:
        made = condition(given.under, scene.arm, seed)
        scene = replace(scene, **{field.name: getattr(made, field.name) for field in fields(made)})
    learner: Any = given.adapt
    if not given.neurons:
        learner = learning_cycle(
            scene.arm, scene.home, seed=seed, limits=scene.limits, neurons=False
        )
    repeated = training is None
    training = np.vstack([scene.targets] * given.passes) if training is None else training
    count = len(training) // 5
    with trial(scene, np.vstack([training, scene.targets, targets(scene, 20, 2)]), learner) as run:
        on = run.passes(count)
        run.cycle.learn(False)
        off = run.passes(5)
    return {
        "pass 1": on[0],
        "pass 2": on[1],
        "worst from 2": on[1:].max(),
        "last": on[-1],
        "off, same" if repeated else "off, five targets": off[0],
        "off, unseen": float(np.sqrt(np.mean(off[1:] ** 2))),
    }


def random(seed: int, given: Asked) -> dict[str, float]:
    """Thirty passes over random targets, then learning off."""
    return frozen(seed, given, targets(reaching_scene(ReachSettings(seed=seed)), 150, 4))


def long(seed: int, given: Asked) -> dict[str, float]:
    """Two hundred passes."""
    scene = reaching_scene(ReachSettings(seed=seed))
    with trial(scene, np.vstack([scene.targets] * 200), given.adapt) as run:
        on = run.passes(200)
    return {
        "pass 1": on[0],
        "worst from 2": on[1:].max(),
        "3 to 12": on[2:12].mean(),
        "last ten": on[-10:].mean(),
    }


def changed(seed: int, given: Asked) -> dict[str, float]:
    """Learning off, payload off, learning on, payload on."""
    scene = reaching_scene(ReachSettings(seed=seed))
    until = 12 * PASS * DT
    gone = (Payload(2.0, end=until), Payload(2.0, start=until + 6 * PASS * DT))
    scene = replace(scene, disturbances=(*gone, ViscousFriction(0.9)))
    with trial(scene, np.vstack([scene.targets] * 22), given.adapt) as run:
        on = run.passes(11)
        run.cycle.learn(False)
        off = run.passes(2)
        run.cycle.learn(True)
        again = run.passes(9)
    return {
        "learned": on[-1],
        "off": off[0],
        "off, payload gone": off[1],
        "on: pass 1": again[0],
        "pass 2": again[1],
        "pass 5": again[4],
        "payload back: pass 1": again[5],
        "pass 2 ": again[6],
    }


def noisy(seed: int, given: Asked) -> dict[str, float]:
    """The worst pass from pass 2 on, with noise and delay."""
    scene = replace(reaching_scene(ReachSettings(seed=seed)), sensors=NOISY)
    points, rows = np.vstack([scene.targets] * 4), task_axes(scene.arm)

    def worst(learner: str | Cycle) -> float:
        with trial(scene, points, learner) as run:
            return float(run.passes(4)[1:].max())

    def blocks(adaptation: Any) -> Blocks:
        return Blocks(scene.arm, scene.law(), adaptation)

    integrals = [worst(blocks(IntegralAction(rows, k, DT))) for k in (500, 1e3, 2e3, 3e3, 4e3)]
    observers = [
        worst(blocks(DisturbanceObserver(scene.arm, k, DT))) for k in (50, 100, 150, 200, 300)
    ]
    with open_cycle(scene, "exact") as exact:
        bound = worst(exact)
    return {
        given.adapt: worst(given.adapt),
        "best integral": min(integrals),
        "best observer": min(observers),
        "exact model": bound,
    }


class Steps:
    """Stands at each of four targets for 4 s, again and again."""

    def __init__(self, points: np.ndarray) -> None:
        self.points = points

    def at(self, time: float) -> Reference:
        """Return the target of this time, at rest."""
        return Reference(self.points[int(time / 4.0) % 4], np.zeros(3), np.zeros(3))


def planar(seed: int, given: Asked) -> dict[str, float]:
    """Steps on a planar arm that is pulled, for fifty rounds."""
    settings = ReachSettings(seed=seed, arm="planar3", payload=0.0, friction=0.0)
    scene = reaching_scene(settings)
    strong = tuple(replace(joint, effort=1e3) for joint in scene.arm.chain.joints)
    scene = replace(scene, arm=Arm(replace(scene.arm.chain, joints=strong)))
    row = {}
    for name, pull in (
        ("links", LinkForces((0.0, -98.0, 0.0))),
        ("tool", ForceField((0.0, -49.0, 0.0))),
    ):
        scene = replace(scene, disturbances=(WrongMasses(0.3, seed), pull))
        with trial(scene, scene.targets, given.adapt) as run:
            run.path = Steps(scene.targets[:4])
            ends = run.errors(50 * 16_000).reshape(50, 4, 4000)[:, :, 3000:]
        rms = 1e3 * np.sqrt(np.mean(ends**2, axis=(1, 2)))
        row |= {
            f"{name}: round 1": rms[0],
            f"{name}: round 5": rms[4],
            f"{name}: worst later": rms[5:].max(),
        }
    return row


def main() -> None:
    """Print one table, a row a seed."""
    sections = {f.__name__: f for f in (frozen, random, long, changed, noisy, planar)}
    parser = argparse.ArgumentParser(description="What a learner has learned.")
    parser.add_argument("section", choices=sections)
    parser.add_argument("seeds", nargs="*", type=int, default=[0])
    parser.add_argument("--adapt", default="structured", metavar="NAME")
    parser.add_argument("--under", choices=CONDITIONS, metavar="CONDITION")
    parser.add_argument("--passes", type=int, default=10, metavar="COUNT")
    parser.add_argument("--without-neurons", action="store_true")
    given = parser.parse_args()
    if given.section not in ("frozen", "random") and (given.under or given.without_neurons):
        parser.error("--under and --without-neurons are for frozen and random")
    asked = Asked(given.adapt, given.under, given.passes, not given.without_neurons)
    rows = []
    for seed in given.seeds:
        rows.append(sections[given.section](seed, asked))
        Console(stderr=True).print(f"seed {seed}: {rows[-1]}")
    title = f"{given.section}, {given.adapt}, {given.under or 'main job'}, RMS tool error in mm"
    result = Table("seed", *rows[0], title=title)
    for seed, row in zip(given.seeds, rows, strict=True):
        result.add_row(str(seed), *(f"{value:.3g}" for value in row.values()))
    Console().print(result)


if __name__ == "__main__":
    main()
