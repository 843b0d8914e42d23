"""What is added to a controller's torque: one rival a file, all with the same one method."""

from .base import Adaptation, KnownTorque, NoAdaptation
from .consolidating import ConsolidatingAdaptation
from .integral import IntegralAction
from .network import NetworkAdaptation, OnlineLearner
from .observer import DisturbanceObserver
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
