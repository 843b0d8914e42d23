"""The public names, and where each lives."""

from .drive_gains import Gains as Gains, find_gains as find_gains
from .excitation import Excitation as Excitation, excite as excite
from .identification import Identified as Identified, identify as identify
from .log_convert import convert_log as convert_log
from .log_files import read_log as read_log
from .log_format import LogFormat as LogFormat
from .motion_log import MotionLog as MotionLog
from .payload_fit import Payload as Payload, find_payload as find_payload
from .regression import Unknowns as Unknowns
from .replaying import (
    Replay as Replay,
    log_learner as log_learner,
    observe as observe,
    predict_torque as predict_torque,
    replay as replay,
)
from .signals import Signals as Signals, signals_of as signals_of
from .torque_check import check_torques as check_torques
