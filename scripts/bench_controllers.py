"""Every control law in one compiled call, and in the blocks of Python that call the same kernels.

    python scripts/bench_controllers.py

The iiwa, one process; the forms of a law take turns, so that what else the machine does hits all.
Sense to torque: arm terms, law, secondary tasks, motors' limits; then the same with all the limits
of `Safe`, too.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

import arms
from nengo_forcectl.adaptation import NoAdaptation
from nengo_forcectl.contract import Controller, Reference, State
from nengo_forcectl.control import (
    LAWS,
    Admittance,
    Damping,
    Impedance,
    JointLimits,
    JointSpace,
    Manipulability,
    ObstacleAvoidance,
    OperationalSpace,
)
from nengo_forcectl.cycle.blocks import Blocks
from nengo_forcectl.cycle.compiled import CompiledController
from nengo_forcectl.safety.guard import Safe

HOME = np.array([0.1, 0.5, -0.1, -1.2, 0.2, 0.6, 0.3])
SIX = (0, 1, 2, 3, 4, 5)
ROUNDS, CALLS, SLOW_CALLS = 20, 500, 25
DT = 1e-3  # [s]


def laws(arm: arms.Arm) -> dict[str, Controller]:
    """Return every registered law by name, and some variants."""
    tasks = (
        Damping(),
        JointLimits(arm.q_lower, arm.q_upper),
        ObstacleAvoidance(arm, [(arm.frames[4], (0, 0, 0))], [[0.5, 0.3, 0.5, 0.1]], margin=0.5),
        Manipulability(arm, rows=SIX),
    )
    found = {kind.__name__: example(kind) for kind in LAWS}
    return found | {
        "OperationalSpace, position": OperationalSpace(HOME),
        "OperationalSpace, four tasks": OperationalSpace(HOME, SIX, secondary=tasks),
        "Impedance, inertia shaped": Impedance(HOME, SIX, inertia=4.0),
    }


def example(kind: Any) -> Controller:
    """Return a law of some kind, of all six rows if it is one of the tool."""
    if issubclass(kind, JointSpace):
        return kind()
    if kind is Admittance:
        return Admittance(OperationalSpace(HOME, SIX), rows=SIX)
    return kind(HOME, SIX)


def times(
    step: Callable[[State, Reference], object], states: list[State], reference: Reference
) -> np.ndarray:
    """Seconds of every step."""
    taken = np.empty(len(states))
    for k, state in enumerate(states):
        began = time.perf_counter()
        step(state, reference)
        taken[k] = time.perf_counter() - began
    return taken


def main() -> None:
    """Print the table."""
    arm = arms.load("kuka_iiwa")
    pose, rng = arm.pose(HOME), np.random.default_rng(0)
    swing, wrench = 0.02 * rng.normal(size=(7,)), rng.normal(size=6)
    x, dx, ddx, omega, domega = pose[:3, 3] + 1e-3, *0.1 * rng.normal(size=(4, 3))
    tool = Reference(x, dx, ddx, pose[:3, :3].copy(), omega, domega, rng.normal(size=6))
    joints = Reference(HOME + 1e-3, np.zeros(7), np.zeros(7))
    table = Table(title="sense to torque, 7 joints")
    columns = ("", "median \\[us]", "p99", "with limits", "p99", "blocks, median", "times faster")
    for column in columns:
        table.add_column(column, justify="right" if column else "left")
    for name, law in laws(arm).items():
        reference = joints if isinstance(law, JointSpace) else tool
        fused, blocks = CompiledController(arm, law), Blocks(arm, law, NoAdaptation())
        safe = Safe(CompiledController(arm, law), arm)
        taken = {fused: [], safe: [], blocks: []}
        for turn in range(ROUNDS + 1):  # the first is left out
            start = turn * CALLS
            clock = DT * np.arange(start, start + CALLS)  # `Safe` wants new states, as of an arm
            states = [
                State(t, HOME + swing * np.sin(5 * t), 5 * swing * np.cos(5 * t), wrench=wrench)
                for t in clock.tolist()
            ]
            for cycle, rounds in taken.items():
                some = states if cycle is not blocks else states[:SLOW_CALLS]
                rounds.append(times(cycle.step, some, reference))
        if safe.stopped is not None:
            raise SystemExit(f"{name} with limits: {safe.stopped}")
        ours, limited, theirs = (np.array(rounds[1:]) for rounds in taken.values())
        ratio = np.median(np.median(theirs, axis=1) / np.median(ours, axis=1))
        quantiles = [f"{1e6 * np.quantile(t, q):.1f}" for t in (ours, limited) for q in (0.5, 0.99)]
        table.add_row(name, *quantiles, f"{1e6 * np.median(theirs):.0f}", f"{ratio:.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
