"""What ``nengo-forcectl jacobian`` prints."""

from ..job_output import JobBars, Printer, printed, summary_of
from .jacobian_report import JACOBIAN_REPORT

JACOBIAN = Printer(printed(JACOBIAN_REPORT), summary_of, lambda settings: JobBars(0))
