"""Does the tip of an unknown tool arrive, does it last, and is it learned?

    python scripts/unknown_tool.py reaches|long|frozen [seed ...]

planar3 and kuka_iiwa with a tool of 0.2 m as in `nengo-forcectl reach --tool 0.2`: distance from
tip to target in mm at the end of a reach of 1.2 s, without a hold, the worst of the reaches named:

- reaches: the first ten, by Jacobian, and by the arm's own model with the camera covered;
- long: 200 reaches with the adaptive Jacobian: the first and the last ten, and how far the learned
  tool is from the true one, at the end and at worst from the second reach on;
- frozen: ten reaches, then learning off: ten over the same targets, 20 over unseen ones, then both
  again with the camera covered.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import product

import numpy as np
from rich.console import Console
from rich.table import Table

from nengo_forcectl.contract import Cycle, Kinematics, State
from nengo_forcectl.jobs.reach.reach_scene import ReachScene, reaching_scene
from nengo_forcectl.jobs.reach.reach_settings import ReachSettings
from nengo_forcectl.jobs.rivals import RIVALS, TIPS
from nengo_forcectl.jobs.scene import DT, REACH_TIME
from nengo_forcectl.kinematics.unknown_tip import LearnedTip
from nengo_forcectl.networks.workspace import random_targets
from nengo_forcectl.paths import MinimumJerk
from nengo_forcectl.robots.log import Log
from nengo_forcectl.robots.loop import follow
from nengo_forcectl.sim.bullet import Bullet

ARMS = ("planar3", "kuka_iiwa")
REACH = round(REACH_TIME / DT)  # cycles


class Camera:
    """The robot, its camera to be covered."""

    def __init__(self, robot: Bullet) -> None:
        self.robot, self.apply, self.covered = robot, robot.apply, False

    def read(self) -> State:
        """Return the state, of the tool only what the camera sees."""
        state = self.robot.read()
        return state._replace(tool=None) if self.covered else state


class Trial:
    """One Jacobian on its way through the targets."""

    def __init__(
        self,
        scene: ReachScene,
        kinematics: Kinematics,
        cycle: Cycle,
        robot: Bullet,
        targets: np.ndarray,
    ) -> None:
        self.scene, self.kinematics, self.cycle = scene, kinematics, cycle
        self.camera = Camera(robot)
        start = scene.fitted.pose(scene.home)[:3, 3]
        self.path = MinimumJerk(np.vstack([start, targets]), REACH_TIME)

    def arrivals(self, reaches: int) -> np.ndarray:
        """Distance of the true tip from the target at the end of each of the next reaches [mm]."""
        log = Log(reaches * REACH)
        follow(self.camera, self.cycle, self.path, range(log.capacity), log)
        record = {name: log.arrays()[name][REACH - 1 :: REACH] for name in ("q", "reference")}
        tip = self.scene.fitted.pose(record["q"])[:, :3, 3]
        return 1e3 * np.linalg.norm(tip - record["reference"], axis=1)

    def tool_error(self) -> float:
        """Distance of the learned tool from the true one [mm]."""
        assert isinstance(self.kinematics, LearnedTip)
        assert self.scene.tool is not None
        return 1e3 * float(np.linalg.norm(self.kinematics.tool - self.scene.tool.tip))


def trial(
    arm: str, seed: int, name: str, rounds: int, work: Callable[[Trial], dict[str, float]]
) -> dict[str, float]:
    """Do the work with a fresh arm: rounds of five targets, 20 unseen, two rounds, the unseen."""
    scene = reaching_scene(ReachSettings(arm=arm, tool=0.2, jacobian=(name,), seed=seed))
    unseen = random_targets(scene.fitted, scene.home, 20, np.random.default_rng([seed, 2]))
    targets = np.vstack([*[scene.targets] * rounds, unseen, *[scene.targets] * 2, unseen])
    kinematics = TIPS[name].make(scene)
    with (
        RIVALS["exact"].make(replace(scene, kinematics=kinematics)) as cycle,
        Bullet(scene.arm, scene.home, scene.disturbances, DT) as robot,
    ):
        return work(Trial(scene, kinematics, cycle, robot, targets))


def reaches(arm: str, seed: int) -> dict[str, float]:
    """Ten reaches by each Jacobian."""
    found = {
        name: trial(arm, seed, name, 2, lambda run: {"": float(run.arrivals(10).max())})[""]
        for name in TIPS
    }

    def blind(run: Trial) -> dict[str, float]:
        run.camera.covered = True
        return {"": float(run.arrivals(10).max())}

    return found | {"analytic, covered": trial(arm, seed, "analytic", 2, blind)[""]}


def long(arm: str, seed: int) -> dict[str, float]:
    """Two hundred reaches."""

    def work(run: Trial) -> dict[str, float]:
        arrivals, tools = [], []
        for _ in range(200):
            arrivals.append(float(run.arrivals(1)[0]))
            tools.append(run.tool_error())
        return {
            "first ten": max(arrivals[:10]),
            "last ten": max(arrivals[-10:]),
            "worst of 200": max(arrivals),
            "tool, end": tools[-1],
            "tool, worst": max(tools[1:]),
        }

    return trial(arm, seed, "adaptive", 40, work)


def frozen(arm: str, seed: int) -> dict[str, float]:
    """Learning off after ten reaches."""

    def work(run: Trial) -> dict[str, float]:
        found = {"learning": float(run.arrivals(10).max())}
        run.cycle.learn(False)
        for eyes in ("", ", covered"):
            run.camera.covered = bool(eyes)
            found[f"off, same{eyes}"] = float(run.arrivals(10).max())
            found[f"off, unseen{eyes}"] = float(run.arrivals(20).max())
        return found

    return trial(arm, seed, "adaptive", 4, work)


def main() -> None:
    """Run a section for every arm and seed and print its table."""
    section = sys.argv[1] if len(sys.argv) > 1 else ""
    sections = {"reaches": reaches, "long": long, "frozen": frozen}
    if section not in sections:
        sys.exit(f"{__doc__}")
    table = None
    for arm, seed in product(ARMS, [int(word) for word in sys.argv[2:]] or [0, 1, 2]):
        row = sections[section](arm, seed)
        if table is None:
            table = Table("arm", "seed", *row)
        table.add_row(arm, str(seed), *(f"{value:.3g}" for value in row.values()))
    Console().print(table)


if __name__ == "__main__":
    main()
