"""What `nengo-forcectl sweep` reports: how many cells are finished, and the medians over seeds."""

import numpy as np

from ..report.answer import Answer, Grid, number
from ..report.reporting import JobReport
from .sweep_file import text_of
from .sweep_results import SweepCell, SweepResults

ROWS, COLUMNS = 40, 6  # that a table shows


def sweep_answer(results: SweepResults) -> Answer:
    """Return the answer of a sweep."""
    sentence = f"{results.job}: {len(results.cells)} of {results.total} cells finished."
    if not results.cells:
        return Answer(sentence)
    failed = [f"{text_of(cell.key)}: {cell.failure}" for cell in results.cells if cell.failure]
    more = [f"{len(failed) - ROWS} more: see results.csv"] if len(failed) > ROWS else []
    lines = [("Cells that failed:", tuple(failed[:ROWS] + more))] if failed else []
    parts = ("Median of seeds:", _grid(results), *(part for pair in lines for part in pair))
    failure = f"{len(failed)} of {len(results.cells)} cells failed." if failed else ""
    return Answer(sentence, parts, failure)


def _grid(results: SweepResults) -> Grid:
    """Return the medians over seeds of the first figures."""
    groups: dict[str, list[dict[str, float]]] = {}
    for cell in results.cells:
        groups.setdefault(_without_seed(cell), []).append(results.figures(cell))
    names = results.figure_names[:COLUMNS]
    rows = [
        (key, *(_median(cells, name) for name in names))
        for key, cells in list(groups.items())[:ROWS]
    ]
    hidden = len(groups) - ROWS
    if hidden > 0:
        rows.append((f"{hidden} more: see results.csv", *("" for _ in names)))
    return Grid(("cells", *names), tuple(rows))


def _without_seed(cell: SweepCell) -> str:
    return text_of({name: value for name, value in cell.key.items() if name != "seed"}) or "all"


def _median(cells: list[dict[str, float]], name: str) -> str:
    values = [cell[name] for cell in cells if name in cell]
    return number(float(np.median(values))) if values else "-"


SWEEP_REPORT: JobReport[SweepResults] = JobReport(
    answer=sweep_answer,
    summary=lambda results: results.summary,
    figures=lambda results: {},
)
