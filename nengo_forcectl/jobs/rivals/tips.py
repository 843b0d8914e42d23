"""The available kinematics of a tool's tip."""

from typing import TYPE_CHECKING

import numpy as np

from ...kinematics.unknown_tip import AdaptiveJacobian, KnownTip, LearnedTip
from .rival import tip

if TYPE_CHECKING:
    from ..scene import ReachScene


@tip("analytic", "#888888", style={"lw": 3.0})
def analytic(scene: "ReachScene") -> KnownTip:
    """The model of the bare arm."""
    return KnownTip(scene.arm)


@tip("learned", "#1b6ca8")
def learned(scene: "ReachScene") -> LearnedTip:
    """A network that has learned the bare arm beforehand."""
    return LearnedTip(scene.learned_pose, scene.law())


@tip(
    "adaptive",
    "#d6278a",
    gains=lambda: {
        "tool_gain": AdaptiveJacobian.gain,
        "tool_rate": AdaptiveJacobian.rate,
        "tool_alpha": AdaptiveJacobian.alpha,
    },
)
def adaptive(scene: "ReachScene") -> LearnedTip:
    """The same network, which learns the tool at work."""
    law = scene.law()
    kp, kv = (np.asarray(gain).item() for gain in (law.kp, law.kv))
    gains = AdaptiveJacobian(kp=kp, kv=kv)
    return LearnedTip(scene.learned_pose, law, gains, scene.period)


@tip("exact", "#2b8a3e", style={"ls": "--"})
def exact(scene: "ReachScene") -> KnownTip:
    """The model of the arm with its tool: the bound."""
    return KnownTip(scene.fitted)


ALL_TIPS = (analytic, learned, adaptive, exact)
