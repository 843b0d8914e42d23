"""What ``nengo-forcectl replay`` prints."""

from ..job_output import Printer, printed, summary_of
from .replay_report import REPLAY_REPORT

REPLAY = Printer(printed(REPLAY_REPORT), summary_of)
