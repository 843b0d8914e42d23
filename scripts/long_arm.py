"""A serial arm of any number of joints, whose links have all moments of inertia."""

from __future__ import annotations

from math import pi

import arms
from arms.model.chain import Chain, Inertia, Joint, Link, Pose

INERTIA = Inertia(2.0, (0.02, 0.01, 0.1), (0.02, 0.001, 0.002, 0.03, 0.001, 0.01))


def long_arm(n: int, tilted: bool = True) -> arms.Arm:
    """Return an arm of ``n`` turning joints, about 0.2 m apart.

    If ``tilted``, axes are along nothing, and no angle saves an operation; else each is at 90
    degrees to the one before, as in most arms.
    """
    links = (Link("base"), *(Link(f"link{k}", INERTIA) for k in range(n)))
    joints = tuple(
        Joint(
            f"joint{k}",
            "revolute",
            links[k].name,
            links[k + 1].name,
            Pose((0.01 * (k + 1), 0.05, 0.2), (0.3 + 0.1 * k, 0.2 - 0.05 * k, 0.7))
            if tilted
            else Pose((0.0, 0.0, 0.2), ((-1) ** k * pi / 2, 0.0, 0.0)),
            lower=-3.0,
            upper=3.0,
        )
        for k in range(n)
    )
    return arms.Arm(Chain(f"{n} joints", "base", links[-1].name, links, joints))
