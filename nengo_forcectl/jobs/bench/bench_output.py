"""What ``nengo-forcectl bench adaptation`` prints."""

from ..job_output import JobBars, Printer, printed
from .bench_report import BENCH_REPORT

BENCH = Printer(printed(BENCH_REPORT), lambda results: results.data, lambda settings: JobBars(0))
