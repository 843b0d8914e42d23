"""What ``nengo-forcectl payload`` prints."""

from ..job_output import Printer, printed, summary_of
from .payload_report import PAYLOAD_REPORT

PAYLOAD = Printer(printed(PAYLOAD_REPORT), summary_of)
