"""The limits of an arm under a load that nobody told it, whatever torque is asked for.

    python scripts/untold_load.py [ARM ...]

Adversaries push each arm with all that its motors have, for 1.5 s, seeds 0 to 4: up, down, against
each other, in quick and slow swings, alternating every cycle, at random. The load is a sphere of
2 kg at the tool, on the UR10e 4 kg. The table has the largest speed of each joint over its limit,
with exact, noisy and late sensors, by a model that knows the load, and late without a load.
"""

import sys
import warnings
from collections.abc import Callable, Iterator

import numpy as np
from rich.console import Console
from rich.table import Table

import arms
from arms import Arm
from nengo_forcectl.contract import Cycle, Reference, Result, State
from nengo_forcectl.networks.workspace import home_posture
from nengo_forcectl.safety.guard import NOWHERE, Safe
from nengo_forcectl.sim.bullet import Bullet
from nengo_forcectl.sim.masses import Payload
from nengo_forcectl.sim.sensing import Sensors

ARMS = "kuka_iiwa", "ur5", "ur5e", "panda", "ur10e"
SEEDS, CYCLES, DT = 5, 1500, 1e-3
CASES: dict[str, Sensors | None] = {
    "exact": None,
    "noisy": Sensors(position_noise=1e-4, velocity_noise=3e-3),
    "2 ms late": Sensors(delay=2e-3),
}
Torque = Callable[[float], np.ndarray]


class Asks(Cycle):
    """A cycle that asks for a torque by the time alone."""

    def __init__(self, dof: int, torque: Torque) -> None:
        self.dof, self.torque = dof, torque

    def step(self, state: State, reference: Reference) -> Result:
        """Return the torque."""
        return Result(self.torque(state.time), 0.0, np.zeros(3))


def adversaries(arm: Arm, seed: int) -> Iterator[Torque]:
    """Yield torques [N m] over time [s]."""
    n, most = arm.dof, arm.tau_max
    rng = np.random.default_rng(seed)
    signs = rng.choice([-1.0, 1.0], n) if seed else np.ones(n)
    quick, slow = np.linspace(0.7, 5.0, n), np.linspace(0.2, 0.6, n)  # [Hz]
    if seed:
        quick, slow = rng.permutation(quick), rng.permutation(slow)
    mixed = np.random.default_rng(2 + seed).choice([-1.0, 1.0], n)
    yield lambda time: most * signs
    yield lambda time: -most * signs
    yield lambda time: 1e9 * mixed
    yield lambda time: most * np.sign(np.sin(2 * np.pi * time * quick))
    yield lambda time: most * np.sign(np.sin(2 * np.pi * time * slow))
    yield lambda time: most * mixed * (-1.0) ** round(time / DT)
    yield lambda time: 3.0 * most * rng.uniform(-1, 1, n)


def speeds(arm: Arm, model: Arm, load: Payload, sensors: Sensors | None) -> np.ndarray:
    """Return the largest speed of each joint over its limit, (runs, n)."""
    found = []
    for seed in range(SEEDS):
        for torque in adversaries(arm, seed):
            safe, fastest = Safe(Asks(arm.dof, torque), model), np.zeros(arm.dof)
            rng = np.random.default_rng(seed)
            with Bullet(arm, home_posture(arm), [load], sensors=sensors, rng=rng) as robot:
                for _ in range(CYCLES):
                    robot.apply(safe.step(robot.read(), NOWHERE).tau)
                    fastest = np.maximum(fastest, np.abs(robot.state()[1]) / arm.dq_max)
            found.append(fastest)
    return np.array(found)


def main() -> None:
    """Print the table."""
    warnings.simplefilter("ignore", RuntimeWarning)  # limits that act often are the point
    table = Table("arm", "load [kg]", "sensors", "largest", "runs above 1.2", "by joint")
    for name in sys.argv[1:] or ARMS:
        arm, load = arms.load(name), Payload(4.0 if name == "ur10e" else 2.0)
        cases = {case: (arm, sensors) for case, sensors in CASES.items()}
        cases["exact, told"] = load.real(arm), None
        bare = {f"{late} ms late, bare": Sensors(delay=1e-3 * late) for late in (2, 3, 4)}
        for case, (model, sensors) in (cases | {each: (arm, bare[each]) for each in bare}).items():
            carried = Payload(0.0) if case in bare else load
            runs = speeds(arm, model, carried, sensors)
            joints = " ".join(f"{each:.2f}" for each in runs.max(axis=0))
            above = f"{(runs.max(axis=1) > 1.2).sum()} of {len(runs)}"
            table.add_row(name, f"{carried.mass:g}", case, f"{runs.max():.2f}", above, joints)
    Console().print(table)


if __name__ == "__main__":
    main()
