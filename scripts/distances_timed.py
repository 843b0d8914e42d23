"""Distances of all pairs of an arm's links, with their Jacobians, timed."""

from __future__ import annotations

import time

import numpy as np

import arms

REPEATS, COUNT = 15, 20_000


def distances(name: str) -> None:
    """A capsule on every link: one state in compiled code, poses included, and from Python."""
    import numba

    from arms.machine.distances import find_distances
    from arms.machine.invoke import invoke

    arm = arms.load(name)
    ways = {joint.parent: joint.origin.xyz for joint in arm.chain.joints}
    rods = [
        arms.Capsule(link.name, (0, 0, 0), ways.get(link.name, (0, 0, 0.05)), 0.06)
        for link in arm.chain.links
    ]
    pairs = arms.CollisionPairs(arm, rods)
    t, kernel = pairs.tables, arm.kernel("screws")
    q = np.random.default_rng(0).normal(size=arm.dof)
    work = np.empty(kernel.size), np.empty((len(t.of), 6))
    out = np.empty(len(pairs)), np.empty((len(pairs), arm.dof))

    @numba.njit
    def repeat(count, address, q, tables, work, out):
        of, shapes, first, second, signs, coordinates = tables
        screws, ends = work
        for _ in range(count):
            invoke(address, q, q, screws)
            find_distances(
                screws.reshape(-1, 18), of, shapes, ends, first, second, signs, coordinates, *out
            )

    fastest = {"compiled": np.inf, "from Python": np.inf}
    for _ in range(REPEATS):
        start = time.perf_counter()
        repeat(COUNT, kernel.address, q, t[:6], work, out)
        middle = time.perf_counter()
        for _ in range(COUNT // 100):
            pairs.distances(q)
        end = time.perf_counter()
        fastest["compiled"] = min(fastest["compiled"], (middle - start) / COUNT * 1e6)
        fastest["from Python"] = min(fastest["from Python"], (end - middle) / COUNT * 1e8)
    np.testing.assert_array_equal(out[0], pairs.distances(q).distance)
    print(f"\n{name}: distances of {len(pairs)} pairs, with Jacobians and poses")
    for what, value in fastest.items():
        print(f"  {what:42} {value:9.2f} us")
