"""A serial arm of any number of joints, with axes along nothing and all moments of inertia."""

from __future__ import annotations

import arms
from arms.model.chain import Chain, Inertia, Joint, Link, Pose

INERTIA = Inertia(2.0, (0.02, 0.01, 0.1), (0.02, 0.001, 0.002, 0.03, 0.001, 0.01))


def long_arm(n: int) -> arms.Arm:
    """Return an arm of ``n`` turning joints, about 0.2 m apart: no angle saves an operation."""
    links = (Link("base"), *(Link(f"link{k}", INERTIA) for k in range(n)))
    joints = tuple(
        Joint(
            f"joint{k}",
            "revolute",
            links[k].name,
            links[k + 1].name,
            Pose((0.01 * (k + 1), 0.05, 0.2), (0.3 + 0.1 * k, 0.2 - 0.05 * k, 0.7)),
            lower=-3.0,
            upper=3.0,
        )
        for k in range(n)
    )
    return arms.Arm(Chain(f"{n} joints", "base", links[-1].name, links, joints))
