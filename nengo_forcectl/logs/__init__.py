"""Logs of real robots: reading, replay through a learner, and identification."""

from .log_format import LogFormat
from .motion_log import MotionLog
from .read_log import read_log
from .signals import Signals, signals_of

__all__ = ["LogFormat", "MotionLog", "Signals", "read_log", "signals_of"]
