"""The controllers of a comparison, by name, each with the gains that a search has found."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import numpy as np

from ...contract import Cycle, Kinematics
from ...control import OperationalSpace
from ...kinematics.unknown_tip import AdaptiveJacobian
from . import baselines, common, learners as networks, tips
from .common import DT, control_law

if TYPE_CHECKING:
    from ..scene import Scene

__all__ = ["DT", "RIVALS", "TIPS", "control_law", "gains"]

RIVALS: dict[str, Callable[["Scene"], AbstractContextManager[Cycle]]] = {
    "none": baselines.none,
    "integral": baselines.integral,
    "observer": baselines.observer,
    "slotine-li": baselines.slotine_li,
    "pes": networks.pes,
    "pes-spiking": networks.pes_spiking,
    "gradient": networks.gradient,
    "multilayer": networks.multilayer,
    "gauss-newton": networks.gauss_newton,
    "kalman": networks.kalman,
    "composite": networks.composite,
    "keras": networks.keras,
    "consolidation": networks.consolidation,
    "exact": baselines.exact,
}
"""Each gives its control cycle for a scene, in a context that closes what it opened."""

TIPS: dict[str, Callable[["Scene"], Kinematics]] = {
    "analytic": tips.analytic,
    "learned": tips.learned,
    "adaptive": tips.adaptive,
    "exact": tips.exact,
}
"""Each gives the kinematics of the tip that a controller goes by."""


def gains() -> dict[str, float]:
    """Return every gain of the controllers and laws, for the record."""
    from ...cycle import learner

    law = OperationalSpace(np.zeros(1))
    return {name: getattr(law, name) for name in ("kp", "kv", "k_null", "damping")} | {
        "integral_gain": baselines.INTEGRAL_GAIN,
        "observer_gain": common.OBSERVER_GAIN,
        "regressor_rate": baselines.REGRESSOR_RATE,
        "regressor_bound": baselines.REGRESSOR_BOUND,
        "gradient_rate": networks.GRADIENT_RATE,
        "spiking_synapse": networks.SYNAPSE,
        "sigma": networks.SIGMA,
        "bound": networks.BOUND,
        "radius": networks.RADIUS,
        "inner_rate": networks.INNER_RATE,
        "e_mod": networks.E_MOD,
        "newton_rate": networks.NEWTON_RATE,
        "newton_damping": networks.NEWTON_DAMPING,
        "kalman_noise": networks.NOISE,
        "kalman_prior": networks.PRIOR,
        "kalman_forgetting": networks.FORGETTING,
        "composite_rate": networks.COMPOSITE_RATE,
        "composite_rho": networks.COMPOSITE_RHO,
        "adam_rate": networks.ADAM_RATE,
        "tool_gain": AdaptiveJacobian.gain,
        "tool_rate": AdaptiveJacobian.rate,
        "tool_alpha": AdaptiveJacobian.alpha,
        "consolidation_gain": learner.GAIN,
        "consolidation_noise": learner.NOISE,
        "consolidation_softness": learner.SOFTNESS,
        "consolidation_load": learner.LOAD,
        "consolidation_surprise": learner.SURPRISE,
    }
