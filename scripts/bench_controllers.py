"""Every control law in one compiled call, and in blocks of NumPy.

    python scripts/bench_controllers.py

The iiwa, one process; the two forms of a law take turns, so that what else the machine does hits
both. Sense to torque: arm terms, law, secondary tasks, motors' limits.
"""

import time
from collections.abc import Callable

import numpy as np
from rich.console import Console
from rich.table import Table

import arms
from nengo_forcectl.adaptation import NoAdaptation
from nengo_forcectl.control import (
    Admittance,
    ComputedTorque,
    Controller,
    Damping,
    Floating,
    HybridForce,
    Impedance,
    JointLimits,
    JointPD,
    Manipulability,
    ObstacleAvoidance,
    OperationalSpace,
    ParallelForce,
    Sliding,
)
from nengo_forcectl.control.joint_space import JointSpace
from nengo_forcectl.cycle import Blocks
from nengo_forcectl.fused import CompiledController
from nengo_forcectl.paths import Reference
from nengo_forcectl.robot import State

HOME = np.array([0.1, 0.5, -0.1, -1.2, 0.2, 0.6, 0.3])
SIX = (0, 1, 2, 3, 4, 5)
ROUNDS, CALLS, SLOW_CALLS = 20, 500, 25


def laws(arm: arms.Arm) -> dict[str, Callable[[], Controller]]:
    """Name and law; each call makes a new one, since some remember."""
    tasks = (
        Damping(),
        JointLimits(arm.q_lower, arm.q_upper),
        ObstacleAvoidance(arm, [(arm.frames[4], (0, 0, 0))], [[0.5, 0.3, 0.5, 0.1]], margin=0.5),
        Manipulability(arm, rows=SIX),
    )
    return {
        "joint PD": JointPD,
        "computed torque": ComputedTorque,
        "sliding": Sliding,
        "floating": Floating,
        "operational space, position": lambda: OperationalSpace(HOME),
        "operational space, pose": lambda: OperationalSpace(HOME, SIX),
        "the same, four secondary tasks": lambda: OperationalSpace(HOME, SIX, secondary=tasks),
        "impedance, pose": lambda: Impedance(HOME, SIX),
        "impedance, pose, inertia shaped": lambda: Impedance(HOME, SIX, inertia=4.0),
        "admittance, pose": lambda: Admittance(OperationalSpace(HOME, SIX), rows=SIX),
        "hybrid force, pose": lambda: HybridForce(HOME, SIX),
        "parallel force, pose": lambda: ParallelForce(HOME, SIX),
    }


def times(call: Callable[[], object], calls: int) -> np.ndarray:
    """Seconds of every call."""
    taken = np.empty(calls)
    for k in range(calls):
        began = time.perf_counter()
        call()
        taken[k] = time.perf_counter() - began
    return taken


def main() -> None:
    """Print the table."""
    arm = arms.load("kuka_iiwa")
    pose, rng = arm.pose(HOME), np.random.default_rng(0)
    state = State(0.0, HOME, rng.normal(size=7), wrench=rng.normal(size=6))
    x, dx, ddx, omega, domega = pose[:3, 3] + 0.01, *0.1 * rng.normal(size=(4, 3))
    tool = Reference(x, dx, ddx, pose[:3, :3].copy(), omega, domega, rng.normal(size=6))
    joints = Reference(HOME + 0.01, np.zeros(7), np.zeros(7))
    table = Table(title="sense to torque, 7 joints")
    for column in ("", "median \\[us]", "p99", "p99.9", "NumPy, median", "times faster"):
        table.add_column(column, justify="right" if column else "left")
    for name, make in laws(arm).items():
        reference = joints if isinstance(make(), JointSpace) else tool
        fused, blocks = CompiledController(arm, make()), Blocks(arm, make(), NoAdaptation())
        ours, theirs = np.empty((ROUNDS, CALLS)), np.empty((ROUNDS, SLOW_CALLS))
        times(lambda f=fused, r=reference: f.step(state, r), 200)
        for turn in range(ROUNDS):
            ours[turn] = times(lambda f=fused, r=reference: f.step(state, r), CALLS)
            theirs[turn] = times(lambda b=blocks, r=reference: b.step(state, r), SLOW_CALLS)
        ratio = np.median(np.median(theirs, axis=1) / np.median(ours, axis=1))
        quantiles = [f"{1e6 * np.quantile(ours, q):.1f}" for q in (0.5, 0.99, 0.999)]
        table.add_row(name, *quantiles, f"{1e6 * np.median(theirs):.0f}", f"{ratio:.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
