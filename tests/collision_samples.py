"""Arms with capsules and obstacles, for the tests of distances and of the clearance."""

from functools import cache

import numpy as np

import arms
from arms import Capsule, CollisionPairs, HalfSpace, Sphere

RODS = ((1, 0.5), (2, 0.4), (3, 0.3))  # number and length [m] of planar3's links


@cache
def own_links():
    """A planar arm against itself and its foot."""
    foot = Capsule("base", (-0.05, 0, 0), (0, 0, 0), 0.05)
    return CollisionPairs(arms.load("planar3"), [*planar_rods(), foot])


@cache
def ball_and_floor():
    """A planar arm beside a ball, above a floor."""
    obstacles = [
        Sphere((0.75, -0.35, 0), 0.1, "ball"),
        HalfSpace((0, -0.6, 0), (0, 1, 0), "floor"),
    ]
    return CollisionPairs(arms.load("planar3"), planar_rods(), obstacles)


def planar_rods():
    """A rod for each link of planar3."""
    return [Capsule(f"link{k}", (0, 0, 0), (long, 0, 0), 0.04) for k, long in RODS]


@cache
def iiwa_at_a_table():
    """Seven joints, a table, a ball, and the arm's own links: rods from joint to joint."""
    arm = arms.load("kuka_iiwa")
    ways = [joint.origin.xyz for joint in arm.chain.joints] + [(0, 0, 0.05)]
    capsules = [
        Capsule(link.name, (0, 0, 0), way, 0.05 if link.name == arm.chain.tip else 0.07)
        for link, way in zip(arm.chain.links, ways, strict=True)
    ]
    obstacles = [HalfSpace((0, 0, 0), (0, 0, 1), "table"), Sphere((0.5, 0.2, 0.6), 0.12, "ball")]
    return CollisionPairs(arm, capsules, obstacles)


SCENES = {"own": own_links, "obstacles": ball_and_floor, "iiwa": iiwa_at_a_table}


def free_posture(pairs, rng, clearance):
    """A random posture within the limits, at least so far from any contact [m]."""
    arm = pairs.arm
    lower, upper = np.maximum(arm.q_lower, -3.0) + 0.3, np.minimum(arm.q_upper, 3.0) - 0.3
    while True:
        q = rng.uniform(lower, upper)
        if pairs.distances(q).distance.min() > clearance:
            return q
