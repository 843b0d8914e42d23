"""Where all links of a chain are at once, in numbers: for whoever draws an arm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy import ndarray

from arms.model.chain import MOVING, Chain, Joint, coordinates
from arms.model.spatial import matrix, skew

if TYPE_CHECKING:
    from jaxtyping import Float


def link_poses(
    chain: Chain, q: Float[ndarray, "*batch n"]
) -> dict[str, Float[ndarray, "*batch 4 4"]]:
    """The pose of every link in the base frame, by the link's name, mimicking joints included.

    ``Arm.pose`` gives that of one frame from a compiled kernel; this function walks the tree once,
    for joint positions of any number of leading axes.
    """
    q = np.asarray(q, dtype=float)
    place = {joint.name: k for k, joint in enumerate(coordinates(chain))}
    poses = {chain.base: np.broadcast_to(np.eye(4), (*q.shape[:-1], 4, 4))}
    for joint in chain.joints:  # sorted from the base
        poses[joint.child] = poses[joint.parent] @ matrix(joint.origin) @ _motion(joint, place, q)
    return poses


def _motion(
    joint: Joint, place: dict[str, int], q: Float[ndarray, "*batch n"]
) -> Float[ndarray, "*batch 4 4"]:
    """The transform of a joint's motion from its zero."""
    T = np.broadcast_to(np.eye(4), (*q.shape[:-1], 4, 4)).copy()
    if joint.kind not in MOVING:
        return T
    mimic = joint.mimic
    at = q[..., place[joint.name if mimic is None else mimic.leader]]
    at = at if mimic is None else mimic.multiplier * at + mimic.offset
    axis = np.array(joint.axis)
    if joint.kind == "prismatic":
        T[..., :3, 3] = at[..., None] * axis
        return T
    K = skew(axis)
    s, c = np.sin(at)[..., None, None], np.cos(at)[..., None, None]
    T[..., :3, :3] = np.eye(3) + s * K + (1.0 - c) * (K @ K)  # Rodrigues
    return T


def rigid_parts(chain: Chain) -> dict[str, str]:
    """For every link, the first link of the rigid part that it belongs to."""
    first = {chain.base: chain.base}
    for joint in chain.joints:
        first[joint.child] = joint.child if joint.kind in MOVING else first[joint.parent]
    return first
