"""What ``nengo-forcectl bench adaptation`` prints."""

from collections import Counter

from ..job_output import JobBars, Printer, printed
from .bench_report import BENCH_REPORT
from .results import Results


def _lost(results: Results) -> list[str]:
    """Return why cells could not be done, if some could not."""
    reasons = Counter(results.data.get("lost", ()))
    where = f"the same command with --out {results.folder} runs them again"
    return [f"{count} cells were lost: {why}; {where}" for why, count in reasons.items()]


BENCH = Printer(
    printed(BENCH_REPORT), lambda results: results.data, lambda settings: JobBars(0), _lost
)
