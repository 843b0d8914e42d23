"""Adaptations: torques added to a controller's, one per file, with a common interface."""

from ..contract import Adaptation
from .consolidating import ConsolidatingAdaptation
from .disturbance_observer import DisturbanceObserver
from .integral_action import IntegralAction
from .known import KnownTorque, NoAdaptation
from .network_adaptation import NetworkAdaptation, OnlineLearner
from .slotine_li import SlotineLi

__all__ = [
    "Adaptation",
    "ConsolidatingAdaptation",
    "DisturbanceObserver",
    "IntegralAction",
    "KnownTorque",
    "NetworkAdaptation",
    "NoAdaptation",
    "OnlineLearner",
    "SlotineLi",
]
