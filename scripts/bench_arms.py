"""Speed of the arm models beside Pinocchio's, MuJoCo's and PyBullet's, in one process.

Medians of interleaved repeats, so that a busy machine slows all alike; quote the ratios.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from statistics import median

import numpy as np
from arm_engines import PINOCCHIO_ALL, contenders, ours, pinocchio
from beside_frax import operational_space
from distances_timed import distances
from fused_control import controller
from interleaved import CALLS, REPEATS, Action, medians, show
from inverse_beside_newton import inverse_kinematics
from long_arm import long_arm

import arms
from arms.machine.cache import VARIABLE

KNOWN = ("ur5", "panda", "kuka_iiwa", "jaco2")


def lengths() -> None:
    """All terms of arms with more and more joints, beside Pinocchio: the fastest repeats."""
    for n in (7, 12, 20, 30):
        for tilted in (False, True):
            arm = long_arm(n, tilted)
            q, dq = np.random.default_rng(0).normal(size=(2, n))
            actions: dict[str, Action] = {
                "Pinocchio": pinocchio(arm.to_urdf(), q, dq)(PINOCCHIO_ALL),
                **ours(arm, q, dq),
            }
            axes = "axes along nothing" if tilted else "axes at right angles"
            show(f"{n} joints, {axes}: all terms", medians(actions, middle=min), "Pinocchio")


def payloads(name: str) -> None:
    """From a payload to the first torque, and all terms of such an arm beside the plain one's."""
    arm = arms.load(name)
    rng = np.random.default_rng(0)
    q, dq = rng.normal(size=(2, arm.dof))
    loaded = arm.with_payload(1.0, (0.01, 0.02, 0.1), 0.01 * np.eye(3))
    alone = arms.Arm(replace(loaded.chain, variable=()))  # compiled for this payload alone
    loaded.terms(q, dq)
    samples = []
    for mass in np.linspace(1.1, 3.0, 15):
        start = time.perf_counter()
        terms = arm.with_payload(mass, (0.0, mass / 100, 0.1), 0.01 * np.eye(3)).terms(q, dq)
        terms.C @ dq + terms.g
        samples.append((time.perf_counter() - start) * 1e3)
    kernels = {
        "the plain arm": arm.kernel(*arms.Terms._fields),
        "with a payload": loaded.kernel(*arms.Terms._fields),
        "the same, compiled for it alone": alone.kernel(*arms.Terms._fields),
    }
    out = np.empty(kernels["the plain arm"].size)
    actions: dict[str, Action] = {
        what: partial(kernel.fill, q, dq, None, out) for what, kernel in kernels.items()
    }
    show(f"{name}, payloads: all terms", medians(actions), "the plain arm")
    print(f"  {'a further payload to its first torque':42} {median(samples):9.2f} ms")


def batches(name: str, count: int = 100_000) -> None:
    """A batch of configurations, all terms, one core."""
    arm = arms.load(name)
    rng = np.random.default_rng(0)
    q, dq = rng.normal(size=(2, count, arm.dof))
    kernel = arm.kernel("pose", "J", "dJ", "M", "Cdq", "g")
    out = np.empty((count, kernel.size))
    actions = {
        "C dq, into a buffer": lambda: kernel.run(q, dq, None, out),
        "C dq, new array": lambda: kernel.run(q, dq, None),
        "arm.terms, C matrix": lambda: arm.terms(q, dq),
    }
    print(f"\nbatch of {count:,}, all terms")
    for what, action in actions.items():
        samples = []
        for _ in range(7):
            start = time.perf_counter()
            action()
            samples.append((time.perf_counter() - start) / count * 1e6)
        print(f"  {what:42} {median(samples):9.3f} us each")


def starts(name: str) -> None:
    """From process start to the first torque, with an empty and with a full cache."""
    code = (
        f"import arms; arm = arms.load({name!r}); q = [0.1] * arm.dof;"
        "t = arm.terms(q, q); t.C @ q + t.g"
    )
    print("\nprocess start to first torque")
    cold, warm = [], []
    for _ in range(5):
        with tempfile.TemporaryDirectory() as folder:
            environment = {**os.environ, VARIABLE: os.path.join(folder, "cache")}
            for samples in (cold, warm):
                start = time.perf_counter()
                subprocess.run([sys.executable, "-c", code], env=environment, check=True)
                samples.append(time.perf_counter() - start)
    print(f"  {'nothing cached':42} {median(cold):9.2f} s")
    print(f"  {'next process':42} {median(warm):9.2f} s")


def memory() -> None:
    """Largest resident set of a process that derives and compiles one arm (Linux)."""
    code = (
        "import arms, sys; arm = arms.load(sys.argv[1]); q = [0.1] * arm.dof; arm.terms(q, q);"
        "status = open('/proc/self/status').read();"
        "print(int(status.split('VmHWM:')[1].split()[0]) // 1024)"
    )
    print("\nmemory of deriving and compiling all terms")
    for name in arms.names():
        with tempfile.TemporaryDirectory() as folder:
            environment = {**os.environ, VARIABLE: os.path.join(folder, "cache")}
            command = [sys.executable, "-c", code, name]
            result = subprocess.run(command, env=environment, check=True, capture_output=True)
        print(f"  {name:42} {int(result.stdout):9d} MB")


def calls(name: str) -> None:
    """One call from Python, beside other engines'."""
    print(f"{name}: one call from Python, median of {REPEATS} x {CALLS}")
    for title, actions in contenders(name).items():
        show(title, medians(actions), "Pinocchio")


def each_of(part: Callable[[str], None]) -> None:
    """A part for several arms."""
    for name in KNOWN:
        part(name)


PARTS: dict[str, Callable[[str], None]] = {
    "calls": calls,
    "lengths": lambda _: lengths(),
    "payloads": lambda _: each_of(payloads),
    "batches": batches,
    "controller": controller,
    "distances": distances,
    "frax": operational_space,
    "inverse": lambda _: each_of(inverse_kinematics),
    "starts": starts,
    "memory": lambda _: memory(),
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arm", default="kuka_iiwa", choices=arms.names())
    parser.add_argument("--parts", nargs="+", default=[*PARTS], choices=[*PARTS])
    settings = parser.parse_args()
    for part in settings.parts:
        PARTS[part](settings.arm)


if __name__ == "__main__":
    main()
