"""Summary figures of an arm, as listed in the catalogue."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy import ndarray

from arms.arm import Arm, Terms
from arms.machine import cache
from arms.model.description import sample_range
from arms.model.terms import Request

if TYPE_CHECKING:
    from jaxtyping import Float

_STEPS = 5000  # of a climb; the Gen3's small offsets make a narrow ridge


class Summary(NamedTuple):
    """The figures of an arm."""

    name: str
    joints: int
    reach: float  # [m]
    mass: float  # [kg], of all links
    operations: int  # additions, multiplications, sines and so on in one call of `terms`
    source: str


_REQUEST = Request(Terms._fields)


def summarise(arm: Arm) -> Summary:
    """The figures of an arm; reach and operations are computed once and stored on disk.

    The reach is the largest distance of the tool from the first joint's axis within the joint
    limits, by gradient ascent from the best of 512 random configurations. The travel of a sliding
    first joint does not count.
    """
    limits = np.concatenate([arm.q_lower, arm.q_upper]).tobytes().hex()
    key = "|".join(("summary", limits, arm._bodies.fingerprint(_REQUEST)))
    figures = cache.fetch(key, lambda: struct.pack("dq", _reach(arm), _operations(arm)))
    reach, operations = struct.unpack("dq", figures)
    mass = sum(link.inertia.mass for link in arm.chain.links)
    return Summary(arm.name, arm.dof, reach, mass, operations, arm.chain.source)


def _operations(arm: Arm) -> int:
    """Operations in one call of ``terms``."""
    return arm.steps(_REQUEST).operations()


def _reach(arm: Arm) -> float:
    """The largest distance of the tool from the first joint's axis [m]."""
    rng = np.random.default_rng(0)
    low, high = sample_range(arm.q_lower, arm.q_upper)
    starts = [rng.uniform(low, high) for _ in range(512)]
    starts.sort(key=lambda q: -_from_axis(arm, q)[0])
    return max(_climb(arm, q) for q in starts[:8])


def _from_axis(arm: Arm, q: Float[ndarray, "n"]) -> tuple[float, Float[ndarray, "3"]]:
    """Distance [m] of the tool from the first joint's axis, and its direction."""
    first = arm._bodies.bodies[0]
    axis = first.R[:, 2]
    offset = arm.pose(q)[:3, 3] - first.r
    offset = offset - (axis @ offset) * axis
    distance = float(np.linalg.norm(offset))
    return distance, offset / max(distance, 1e-12)


def _climb(arm: Arm, q: Float[ndarray, "n"]) -> float:
    """The largest distance that gradient ascent from ``q`` finds."""
    distance, direction = _from_axis(arm, q)
    step = 1.0
    for _ in range(_STEPS):
        if step <= 1e-6:
            break
        slope = direction @ arm.jacobian(q)[:3]
        trial = np.clip(q + step * slope, arm.q_lower, arm.q_upper)
        further, new_direction = _from_axis(arm, trial)
        if further > distance + 1e-12:
            q, distance, direction, step = trial, further, new_direction, step * 2
        else:
            step /= 4
    return distance
