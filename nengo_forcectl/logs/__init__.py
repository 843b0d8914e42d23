"""Logs of real robots: reading, replay through a learner, and identification."""

from .drive_gains import Gains, find_gains
from .excitation import Excitation, excite
from .find_payload import Payload, find_payload
from .identify import Identified, identify
from .log_format import LogFormat
from .motion_log import MotionLog
from .read_log import read_log
from .regression import Unknowns
from .replay import Replay, log_learner, observe, predict_torque, replay
from .signals import Signals, signals_of

__all__ = [
    "Excitation",
    "Gains",
    "Identified",
    "LogFormat",
    "MotionLog",
    "Payload",
    "Replay",
    "Signals",
    "Unknowns",
    "excite",
    "find_gains",
    "find_payload",
    "identify",
    "log_learner",
    "observe",
    "predict_torque",
    "read_log",
    "replay",
    "signals_of",
]
