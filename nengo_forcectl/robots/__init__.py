"""The control loop, its log, and the interfaces to robots."""

from .bridge import BridgeRobot, serve
from .clock import Timing
from .franka import FrankaRobot
from .generate import GenerateAdaptation, GenerateControl
from .log import Log
from .loop import RunOptions, follow, run, track
from .real_time import RealTime, real_time
from .recording import Recording, read_recording

__all__ = [
    "BridgeRobot",
    "FrankaRobot",
    "GenerateAdaptation",
    "GenerateControl",
    "Log",
    "RealTime",
    "Recording",
    "RunOptions",
    "Timing",
    "follow",
    "read_recording",
    "real_time",
    "run",
    "serve",
    "track",
]
