"""Logs of real robots: reading, replay through a learner, and identification."""

from .identify import Identified, identify
from .log_format import LogFormat
from .motion_log import MotionLog
from .read_log import read_log
from .regression import Unknowns
from .signals import Signals, signals_of

__all__ = [
    "Identified",
    "LogFormat",
    "MotionLog",
    "Signals",
    "Unknowns",
    "identify",
    "read_log",
    "signals_of",
]
