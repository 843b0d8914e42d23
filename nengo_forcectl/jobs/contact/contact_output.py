"""What ``nengo-forcectl press`` and ``wipe`` print."""

from ..job_output import Printer, printed, summary_of, troubles
from .contact_report import CONTACT_REPORT

CONTACT = Printer(printed(CONTACT_REPORT), summary_of, troubles=troubles)
