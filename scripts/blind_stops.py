"""Stops of an arm that loses all sensors at 90 % of its top speeds, with an untold load.

    python scripts/blind_stops.py [ARM ...] [--seeds SEED ...] [--learner]

Each arm moves for 0.3 s or 1 s, then `read` returns nothing that is finite. It carries 2 kg, on
the UR10e 4 kg, none, at the centre line or at (.1 .05 .1) m from the flange; its sensors are exact
or noisy (1e-4 rad, 3e-3 rad/s). The table has the largest speed over its limit until then, from
then on, and 0.3 s later, of each seed. An arm that is beyond its limits then is thrown by the
motion, whose law knows no load. With --learner the default learner of `learning_cycle` makes the
motion, by `ComputedTorque`.
"""

import argparse
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from itertools import product

import numpy as np
from rich.console import Console
from rich.table import Table

import arms
from arms import Arm
from nengo_forcectl.contract import Cycle, Reference, Result, State
from nengo_forcectl.control import ComputedTorque
from nengo_forcectl.cycle import learning_cycle
from nengo_forcectl.networks.workspace import home_posture
from nengo_forcectl.safety.guard import Safe
from nengo_forcectl.sim.bullet import Bullet
from nengo_forcectl.sim.masses import Payload
from nengo_forcectl.sim.sensing import Sensors

ARMS = "kuka_iiwa", "ur5e", "panda", "ur10e"
AFTER, COAST, DT = 300, 15, 1e-3
LOADS = {"none": None, "centred": (0.0, 0.0, 0.0), "off centre": (0.1, 0.05, 0.1)}
SENSORS = {"exact": None, "noisy": Sensors(position_noise=1e-4, velocity_noise=3e-3)}
MOTIONS = 0.3, 1.0  # [s]
START = 0.3  # time of the last start, to 90 % of the top speeds [s]


class Follows(Cycle):
    """A cycle that follows velocities by the arm's model."""

    def __init__(self, arm: Arm) -> None:
        self.dof, self.model = arm.dof, arm

    def step(self, state: State, reference: Reference) -> Result:
        """Return the torque."""
        terms = self.model.terms(state.q, state.dq)
        ddq = 40.0 * (reference.dx - state.dq) + reference.ddx
        return Result(terms.M @ ddq + terms.C @ state.dq + terms.g, 0.0, np.zeros(3))


def motion(duration: float) -> Callable[[float], tuple[float, float, float]]:
    """Return way, speed and acceleration over time, of a speed that ends at 1.

    Before the last start the arm swings to and fro, at half the speed.
    """
    before = duration - START

    def at(time: float) -> tuple[float, float, float]:
        if time < before:
            turn = 2 * np.pi / before
            swing = -0.5 * (1 - np.cos(turn * time)) / 2
            way = -0.25 * (time - np.sin(turn * time) / turn)
            return way, swing, -0.25 * turn * np.sin(turn * time)
        u = min((time - before) / START, 1.0)
        way = -0.25 * before + START * (u**3 - 0.5 * u**4) + max(time - duration, 0.0)
        return way, u * u * (3 - 2 * u), 6.0 * u * (1 - u) / START

    return at


def stop(arm: Arm, load: Payload | None, case: tuple[float, str, int], learner: bool) -> np.ndarray:
    """Return the largest speed over its limit: until the loss, then in every cycle after it."""
    duration, noise, seed = case
    rng = np.random.default_rng(seed)
    top = 0.9 * arm.dq_max * rng.choice([-1.0, 1.0], arm.dof)
    at, lost = motion(duration), round(duration / DT) + COAST
    q = home_posture(arm) + rng.uniform(-0.2, 0.2, arm.dof)
    q -= top * at(duration)[0]  # it loses its sensors near its home
    speeds, held = [], [] if load is None else [load]
    with ExitStack() as stack:
        safe = Safe(Follows(arm), arm)
        if learner:
            law = ComputedTorque(kp=400.0, kv=40.0)
            cycle = learning_cycle(arm, home_posture(arm), seed=seed, controller=law)
            safe = stack.enter_context(cycle)
        given = {"dt": 2e-4, "period": DT, "sensors": SENSORS[noise], "rng": rng}
        robot = stack.enter_context(Bullet(arm, q, held, **given))
        for cycle in range(lost + AFTER):
            state = robot.read()
            way, speed, rate = at(state.time)
            reference = Reference(q + way * top, speed * top, rate * top)
            if cycle >= lost:
                state = state._replace(q=np.nan * state.q, dq=np.nan * state.dq)
            elif safe.stopped is not None:
                raise RuntimeError(f"{arm.name}, {case}: {safe.stopped}")
            robot.apply(safe.step(state, reference).tau)
            speeds.append(np.abs(robot.state()[1] / arm.dq_max).max())
    return np.array([max(speeds[:lost]), *speeds[lost:]])


def main() -> None:
    """Print the table."""
    warnings.simplefilter("ignore", RuntimeWarning)
    parser = argparse.ArgumentParser(description="Stops of arms that lose all sensors.")
    parser.add_argument("arms", nargs="*", default=ARMS)
    parser.add_argument("--seeds", nargs="+", type=int, default=list(range(5)))
    parser.add_argument("--learner", action="store_true")
    given = parser.parse_args()
    table = Table("arm", "load", "motion [s]", "sensors", "until then", "largest", "after 0.3 s")
    for name, (place, com), duration, noise in product(given.arms, LOADS.items(), MOTIONS, SENSORS):
        arm, mass = arms.load(name), 4.0 if name == "ur10e" else 2.0
        load = None if com is None else Payload(mass, com=com)
        runs = [stop(arm, load, (duration, noise, seed), given.learner) for seed in given.seeds]
        before = " ".join(f"{run[0]:.2f}" for run in runs)
        largest = " ".join(f"{run[1:].max():.2f}" for run in runs)
        last = " ".join(f"{run[-1]:.2f}" for run in runs)
        table.add_row(name, place, f"{duration:g}", noise, before, largest, last)
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
