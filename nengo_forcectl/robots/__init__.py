"""The control loop, its record, and the ways to a robot."""

from .bridge import BridgeRobot, serve
from .clock import Timing
from .generate import GenerateAdaptation, GenerateControl
from .log import Log
from .loop import follow, run, track

__all__ = [
    "BridgeRobot",
    "GenerateAdaptation",
    "GenerateControl",
    "Log",
    "Timing",
    "follow",
    "run",
    "serve",
    "track",
]
