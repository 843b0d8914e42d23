"""What ``nengo-forcectl identify`` prints."""

from ..job_output import Printer, printed, summary_of
from .identify_report import IDENTIFY_REPORT

IDENTIFY = Printer(printed(IDENTIFY_REPORT), summary_of)
