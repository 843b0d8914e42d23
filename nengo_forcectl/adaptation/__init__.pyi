"""The public names, and where each lives."""

from .consolidating import ConsolidatingAdaptation as ConsolidatingAdaptation
from .disturbance_observer import DisturbanceObserver as DisturbanceObserver
from .integral_action import IntegralAction as IntegralAction
from .known import KnownTorque as KnownTorque, NoAdaptation as NoAdaptation
from .network_adaptation import (
    NetworkAdaptation as NetworkAdaptation,
    OnlineLearner as OnlineLearner,
)
from .slotine_li import SlotineLi as SlotineLi
