"""Limits of an arm, the guard that enforces them, and the check of a robot's sensors."""

from .clearance import Clearance
from .guard import NOWHERE, Safe
from .limits import Limits
from .sensors import SensorCheck

__all__ = ["NOWHERE", "Clearance", "Limits", "Safe", "SensorCheck"]
