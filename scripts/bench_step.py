"""Where the time of a control cycle of blocks goes, without the simulator: sense to torque.

    python scripts/bench_step.py [neurons]

Medians over 5,000 cycles of a reach of the iiwa, in one process, beside an empty tf.function call.
"""

import sys
import time

import numpy as np
from rich.console import Console
from rich.table import Table

from nengo_forcectl.adaptation import NetworkAdaptation
from nengo_forcectl.contract import Result
from nengo_forcectl.jobs.reach.reach_scene import reaching_scene
from nengo_forcectl.jobs.reach.reach_settings import ReachSettings
from nengo_forcectl.jobs.rivals.learners import RADIUS
from nengo_forcectl.jobs.scene import DT
from nengo_forcectl.learning.gradient import Gradient
from nengo_forcectl.nengodl.compatibility import tf
from nengo_forcectl.networks.building import adaptive_network, simulator
from nengo_forcectl.networks.online import OnlineNetwork
from nengo_forcectl.robots.log import Log
from nengo_forcectl.safety.sensors import SensorCheck
from nengo_forcectl.sim.bullet import Bullet
from nengo_forcectl.support.torques import checked_torque

CYCLES = 5000
PARTS = (
    "state checked",
    "arm terms",
    "reference",
    "operational space",
    "network and law",
    "torque checked",
    "record",
)


def main(neurons: int) -> None:
    """Print the table."""
    scene = reaching_scene(ReachSettings(neurons=neurons, passes=1))
    times = np.zeros((CYCLES, len(PARTS) + 1))
    log = Log(CYCLES)
    arm, law, n = scene.arm, scene.law(), scene.arm.dof
    network = adaptive_network(2 * n, n, neurons, seed=0, radius=RADIUS)
    with (
        simulator(network, dt=DT) as sim,
        Bullet(scene.arm, scene.home, scene.disturbances, DT) as robot,
    ):
        online = OnlineNetwork(sim, network.probe, Gradient(190.0 / neurons, sigma=0.02, bound=1e3))
        adaptation, check = NetworkAdaptation(arm, online), SensorCheck(n, DT)
        for row in times:
            state = robot.read()
            row[0] = time.perf_counter()
            state = check(state)
            row[1] = time.perf_counter()
            terms = arm.terms(state.q, state.dq)
            row[2] = time.perf_counter()
            reference = scene.path.at(state.time)
            row[3] = time.perf_counter()
            command = law.torque(terms, state, reference)
            row[4] = time.perf_counter()
            feedforward = adaptation.torque(terms, state, reference, command)
            row[5] = time.perf_counter()
            tau = checked_torque(command.tau + feedforward, state.time)
            row[6] = time.perf_counter()
            log.append(state, reference, Result(tau, feedforward, terms.pose[:3, 3]))
            row[7] = time.perf_counter()
            robot.apply(tau)
    spent = 1e6 * np.diff(times, axis=1)
    total = spent.sum(axis=1)

    table = Table(title=f"one control cycle, {neurons} neurons [us]".replace("[", "\\["))
    for column in ("part", "median", "p99", "share"):
        table.add_column(column, justify="left" if column == "part" else "right")
    for name, column in zip(PARTS, spent.T, strict=True):
        share = np.median(column) / np.median(total)
        table.add_row(
            name, f"{np.median(column):.1f}", f"{np.quantile(column, 0.99):.1f}", f"{share:.0%}"
        )
    table.add_section()
    table.add_row(
        "sense to torque", f"{np.median(total):.1f}", f"{np.quantile(total, 0.99):.1f}", ""
    )
    table.add_row("an empty tf.function call", f"{empty_call():.1f}", "", "")
    Console().print(table)


def empty_call() -> float:
    """Median of a concrete function that returns its argument [us]."""
    function = tf.function(lambda x: x).get_concrete_function(tf.TensorSpec((21,), tf.float64))
    x = tf.zeros(21, tf.float64)
    times = np.zeros(CYCLES)
    for k in range(CYCLES):
        began = time.perf_counter()
        function(x)
        times[k] = time.perf_counter() - began
    return 1e6 * float(np.median(times))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
