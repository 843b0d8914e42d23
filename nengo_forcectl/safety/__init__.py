"""Limits of an arm, the guard that keeps them, and the judge of a robot's sensors."""

from .guard import NOWHERE, Safe
from .limits import Limits
from .sensors import SensorCheck

__all__ = ["NOWHERE", "Limits", "Safe", "SensorCheck"]
