"""The available kinematics of a tool's tip."""

from typing import TYPE_CHECKING

import numpy as np

from ... import kinematics  # not its names: the help of the command line needs none of them
from .rival import tip

if TYPE_CHECKING:
    from ..scene import Scene


@tip("analytic", "#888888", style={"lw": 3.0})
def analytic(scene: "Scene") -> "kinematics.KnownTip":
    """The model of the bare arm."""
    return kinematics.KnownTip(scene.arm)


@tip("learned", "#1b6ca8")
def learned(scene: "Scene") -> "kinematics.LearnedTip":
    """A network that has learned the bare arm beforehand."""
    return kinematics.LearnedTip(scene.learned_pose, scene.law())


@tip(
    "adaptive",
    "#d6278a",
    gains=lambda: {
        "tool_gain": kinematics.AdaptiveJacobian.gain,
        "tool_rate": kinematics.AdaptiveJacobian.rate,
        "tool_alpha": kinematics.AdaptiveJacobian.alpha,
    },
)
def adaptive(scene: "Scene") -> "kinematics.LearnedTip":
    """The same network, which learns the tool while it moves."""
    law = scene.law()
    kp, kv = (np.asarray(gain).item() for gain in (law.kp, law.kv))
    gains = kinematics.AdaptiveJacobian(kp=kp, kv=kv)
    return kinematics.LearnedTip(scene.learned_pose, law, gains, scene.period)


@tip("exact", "#2b8a3e", style={"ls": "--"})
def exact(scene: "Scene") -> "kinematics.KnownTip":
    """The model of the arm with its tool: the bound."""
    return kinematics.KnownTip(scene.fitted)


ALL_TIPS = (analytic, learned, adaptive, exact)
