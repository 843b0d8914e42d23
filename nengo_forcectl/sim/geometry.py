"""A base that is not level, and links that are not as long as the model says."""

import math
from dataclasses import dataclass, replace

import numpy as np

from arms import Arm
from arms.model.chain import Joint

from ..support.validation import check_within
from .disturbances import Disturbance, check_spread

STEEPEST = math.pi / 2


@dataclass(frozen=True)
class TiltedBase(Disturbance):
    """A base that is turned against the vertical: gravity has another direction in its axes.

    The base is rolled about its x axis, then pitched about the level y axis. Paths and poses stay
    in the base's axes.
    """

    roll: float = 0.0  # [rad]
    pitch: float = 0.0  # [rad]

    def __post_init__(self) -> None:
        check_within(self, "roll", -STEEPEST, STEEPEST, "rad")
        check_within(self, "pitch", -STEEPEST, STEEPEST, "rad")

    def real(self, arm: Arm, time: float = 0.0) -> Arm:
        """Return the arm with gravity as it acts in the base's axes."""
        cr, sr, cp, sp = (f(a) for a in (self.roll, self.pitch) for f in (math.cos, math.sin))
        roll = np.array([[1, 0, 0], [0, cr, -sr], [0, sr, cr]])
        pitch = np.array([[cp, 0, sp], [0, 1, 0], [-sp, 0, cp]])
        return arm.with_gravity((pitch @ roll).T @ arm.gravity_vector)


@dataclass(frozen=True)
class WrongLengths(Disturbance):
    """Each distance from joint to joint is the model's times a factor of 1 - spread to 1 + spread.

    The factors are uniform and independent, by axis of each joint's frame. The real arm's tool is
    then not where the model says. Masses and inertias keep their place on each link.
    """

    spread: float = 0.01  # [1]
    seed: int = 0

    def __post_init__(self) -> None:
        check_spread(self)

    def real(self, arm: Arm, time: float = 0.0) -> Arm:
        """Return the arm with the changed lengths."""
        joints = arm.chain.joints
        factors = 1 + self.spread * np.random.default_rng(self.seed).uniform(
            -1, 1, (len(joints), 3)
        )
        longer = tuple(map(_times, joints, factors.tolist()))
        return type(arm)(replace(arm.chain, joints=longer))


def _times(joint: Joint, factor: list[float]) -> Joint:
    """Return the joint with its origin moved by a factor along each axis."""
    x, y, z = (a * b for a, b in zip(joint.origin.xyz, factor, strict=True))
    return replace(joint, origin=replace(joint.origin, xyz=(x, y, z)))
