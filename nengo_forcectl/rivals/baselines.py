"""The controllers without a network: what a learner is to be compared with."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..adaptation import (
    DisturbanceObserver,
    IntegralAction,
    KnownTorque,
    NoAdaptation,
    SlotineLi,
)
from ..cycle import Cycle
from ..learning.gradient import Gradient
from ..sim.disturbances import joint_torque, real_arm
from ..workspace import task_axes
from .common import DT, OBSERVER_GAIN, blocks, control_law

if TYPE_CHECKING:
    from ..scene import Scene

INTEGRAL_GAIN = 1000.0  # [1/s^3], the best of a search on this job (500 to 4,000)
# Searched like the observer's gain. Regressor, 1 to 300, seeds 0 to 1 (5 to 20: 0 to 2): noisy
# sensors want 5 to 30, at 100 they diverge. Other arms have less room: with noisy sensors the ur10e
# diverges at 10, the jaco2 and the xarm6 at 3.
REGRESSOR_RATE = 5.0  # [1/J]
REGRESSOR_BOUND = 10.0  # of the parameters' norm, over their typical sizes


@contextmanager
def none(scene: "Scene") -> Iterator[Cycle]:
    """The model alone."""
    yield blocks(scene, NoAdaptation())


@contextmanager
def integral(scene: "Scene") -> Iterator[Cycle]:
    """Integral action on the tool's error."""
    yield blocks(scene, IntegralAction(task_axes(scene.arm), INTEGRAL_GAIN, DT))


@contextmanager
def observer(scene: "Scene") -> Iterator[Cycle]:
    """A momentum disturbance observer."""
    yield blocks(scene, DisturbanceObserver(scene.arm, OBSERVER_GAIN, DT))


@contextmanager
def slotine_li(scene: "Scene") -> Iterator[Cycle]:
    """Adaptive control with the arm's regressor."""
    law = Gradient(gamma=REGRESSOR_RATE, bound=REGRESSOR_BOUND)
    yield blocks(scene, SlotineLi(scene.arm, law, control_law(scene).kv, DT))


@contextmanager
def exact(scene: "Scene") -> Iterator[Cycle]:
    """Knows payload and friction: the bound."""
    known = KnownTorque(lambda *now: -joint_torque(scene.disturbances, scene.arm, *now))
    yield blocks(scene, known, real_arm(scene.arm, scene.disturbances))
