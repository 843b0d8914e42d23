"""Overruns of a 1 kHz loop while other processes keep all processors busy, without and with FIFO.

python scripts/bench_real_time.py [seconds]
"""

import multiprocessing
import os
import sys
import time

import numpy as np

import arms
from nengo_forcectl import Limits, MinimumJerk, State, learning_cycle, run
from nengo_forcectl.errors import ConfigurationError
from nengo_forcectl.networks.workspace import home_posture

BURNERS = 2  # of each processor
LOOPS = {
    "ordinary": {},
    "priority=80": {"priority": 80},
    "priority=80, cpus, lock_memory": {"priority": 80, "cpus": [0], "lock_memory": True},
}


class Still:
    """A robot at rest that takes no time, so that only the loop is measured."""

    def __init__(self, q):
        self.q, self.dq = np.array(q), np.zeros(len(q))

    def read(self):
        """Its joints, at the time of now."""
        return State(time.perf_counter(), self.q, self.dq)

    def apply(self, tau):
        """Ignore the torque."""


def burn():
    """Keep a processor busy."""
    while True:
        sum(range(100_000))


def main(seconds):
    """One run a way of scheduling, with the learner of the main job."""
    arm = arms.load("kuka_iiwa")
    home = home_posture(arm)
    x = arm.pose(home)[:3, 3]
    path = MinimumJerk([x, x], 1.0)
    # A busy machine leaves gaps between states: count them, and go on.
    patient = Limits.of(arm, watchdog=100_000, patience=100_000)
    burners = [
        multiprocessing.Process(target=burn, daemon=True)
        for _ in range(BURNERS * (os.cpu_count() or 1))
    ]
    for burner in burners:
        burner.start()
    for name, linux in LOOPS.items():
        with learning_cycle(arm, home, seed=0, limits=patient) as cycle:
            try:
                print(f"{name}: {run(Still(home), cycle, path, seconds=seconds, **linux)}")
            except ConfigurationError as error:
                print(f"{name}: {error}")
    for burner in burners:
        burner.kill()


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 10.0)
