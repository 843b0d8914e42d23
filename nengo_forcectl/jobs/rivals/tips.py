"""The kinematics of a tool's tip that a controller can go by, by name."""

from typing import TYPE_CHECKING

from ...kinematics.unknown_tip import AdaptiveJacobian, KnownTip, LearnedTip
from .common import control_law

if TYPE_CHECKING:
    from ..scene import Scene


def analytic(scene: "Scene") -> KnownTip:
    """The model of the bare arm."""
    return KnownTip(scene.arm)


def learned(scene: "Scene") -> LearnedTip:
    """A network that has learned the bare arm."""
    return LearnedTip(scene.learned_pose, control_law(scene))


def adaptive(scene: "Scene") -> LearnedTip:
    """The same network, which learns the tool."""
    law = control_law(scene)
    gains = AdaptiveJacobian(kp=float(law.kp), kv=float(law.kv))
    return LearnedTip(scene.learned_pose, law, gains, scene.period)


def exact(scene: "Scene") -> KnownTip:
    """The model of the arm with its tool: the bound."""
    return KnownTip(scene.fitted)
