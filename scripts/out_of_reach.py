"""Reaches for targets beyond the border of the workspace.

    python scripts/out_of_reach.py [ARM ...]

Seeds 0 to 4 draw a direction. The target is 20 or 200 mm beyond the border, the reach takes 2.5 s,
and the tool stays for 10 s in all. The table has the largest distance from the nearest reachable
point 0.5 s after the reach and later, and the largest change of a torque in a cycle: in a reach
that ends 100 mm within the border, on the way to the target, at rest there, and in all if
`bring_into_reach` has moved the target. Last, the RMS error of the reach within the border.
"""

import sys
import warnings

import numpy as np
from rich.console import Console
from rich.table import Table

import arms
from arms import Arm
from nengo_forcectl.control import OperationalSpace
from nengo_forcectl.cycle.compiled import CompiledController
from nengo_forcectl.networks.workspace import home_posture
from nengo_forcectl.paths import MinimumJerk, bring_into_reach
from nengo_forcectl.robots.log import Log
from nengo_forcectl.robots.loop import follow
from nengo_forcectl.safety.guard import Safe
from nengo_forcectl.sim.bullet import Bullet

ARMS = "kuka_iiwa", "ur5e", "panda"
SEEDS, BEYOND = range(5), (0.02, 0.2)
REACH, CYCLES = 2.5, 10_000  # [s], [1]
RESTS = round(1e3 * (REACH + 0.5))  # first cycle at rest


def reached(arm: Arm, goal: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the tool [m], the largest change of a torque by cycle [N m], and the RMS error [m]."""
    home, log = home_posture(arm), Log(CYCLES)
    with Bullet(arm, home) as robot:
        path = MinimumJerk(np.stack((arm.pose(home)[:3, 3], goal)), REACH)
        safe = Safe(CompiledController(arm, OperationalSpace(home)), arm)
        follow(robot, safe, path, range(CYCLES), log)
    record = log.arrays()
    error = np.linalg.norm(record["tool"] - record["reference"], axis=1)
    changes = np.abs(np.diff(record["tau"], axis=0)).max(axis=1)
    return record["tool"], changes, float(np.sqrt(np.mean(error**2)))


def main() -> None:
    """Print the table."""
    warnings.simplefilter("ignore", RuntimeWarning)  # of targets out of reach, the point
    columns = "within", "on the way", "at rest", "brought into reach", "error within [mm]"
    table = Table("arm", "beyond [mm]", "seed", "away [mm]", *columns)
    for name in sys.argv[1:] or ARMS:
        arm = arms.load(name)
        home = home_posture(arm)
        start = arm.pose(home)[:3, 3]
        for seed in SEEDS:
            direction = start / np.linalg.norm(start)
            direction = direction + 0.3 * np.random.default_rng(seed).standard_normal(3)
            direction /= np.linalg.norm(direction)
            border = bring_into_reach(arm, home, start + 50.0 * direction, inside=0.0)[0]
            _, usual, error = reached(arm, border - 0.1 * direction)
            for beyond in BEYOND:
                target = border + beyond * direction
                nearest = bring_into_reach(arm, home, target, inside=0.0)[0]
                tool, changes, _ = reached(arm, target)
                away = 1e3 * np.linalg.norm(tool[RESTS:] - nearest, axis=1).max()
                _, brought, _ = reached(arm, bring_into_reach(arm, home, target)[0])
                found = usual.max(), changes.max(), changes[RESTS:].max(), brought.max()
                numbers = (f"{number:.4f}" for number in (*found, 1e3 * error))
                table.add_row(name, f"{1e3 * beyond:g}", str(seed), f"{away:.2f}", *numbers)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
