"""What `nengo-forcectl bench adaptation` reports: a sentence, tables and a figure."""

from collections import Counter
from collections.abc import Mapping
from itertools import product
from typing import TYPE_CHECKING, Any

from ..report.answer import Answer, Cell as GridCell, Grid, listing, number
from ..report.limits_in_words import limits_in_words
from ..report.reporting import JobReport
from .results import Cell, Results, how

if TYPE_CHECKING:
    from ..report.figure_sheet import Drawn

SMALL = 1.0  # RMS error that the sentence counts [mm]
LINES = 15  # of runs whose limits acted; the others are counted


def bench_answer(results: Results) -> Answer:
    """Return the answer of a bench."""
    if not results.cells:
        return Answer("No run has ended.")
    parts: list[str | Grid | tuple[str, ...]] = [
        f"RMS error of the tool in mm {results.passes}, the median of passes and seeds:"
    ]
    for arm in results.settings["arms"]:
        parts += filter(None, (_error_grid(results, arm), _ratio_grid(results, arm)))
    ended = [f"{cell.place} {cell.ending}" for cell in results.cells if cell.ending is not None]
    if ended:
        parts += ["Runs that did not end well:", tuple(ended)]
    return Answer(_sentence(results), tuple(parts), _failure(results))


def _failure(results: Results) -> str:
    words = Counter(how(cell.ending) for cell in results.cells if cell.ending is not None)
    if not words:
        return ""
    parts = [
        f"{count} {word if word == 'fell' else 'was ' + word if count == 1 else 'were ' + word}"
        for word, count in words.items()
    ]
    return f"Of {len(results.cells)} runs {listing(parts)}."


def _sentence(results: Results) -> str:
    """Say under how many disturbances each controller kept its error small."""
    arms, disturbances = results.settings["arms"], results.settings["disturbances"]
    parts = []
    for name in results.settings["adapt"]:
        tried = [at for at in product(arms, disturbances) if results.at(*at, name)]
        errors = [results.median(*at, name) for at in tried]
        small = sum(error is not None and error < SMALL for error in errors)
        if tried:
            parts.append(f"{name} under {small} of {len(tried)}")
    each = "disturbances" if len(arms) == 1 else "disturbances of all arms"
    return f"The RMS error {results.passes} stayed below {SMALL:g} mm for {listing(parts)} {each}."


def _error_grid(results: Results, arm: str) -> Grid:
    """Return the errors by disturbance and controller, the best learner's in bold."""
    controllers = results.settings["adapt"]
    rows = []
    for disturbance in results.settings["disturbances"]:
        errors = {name: results.median(arm, disturbance, name) for name in controllers}
        learners = {n: e for n, e in errors.items() if e is not None and n not in ("none", "exact")}
        best = min(learners, key=lambda name: learners[name], default="")
        row: list[str | GridCell] = [disturbance]
        for name, error in errors.items():
            if error is not None:
                row.append(GridCell(number(error), "good" if name == best else ""))
            else:
                row.append(_count_endings(results.at(arm, disturbance, name)))
        rows.append(tuple(row))
    return Grid(("disturbance", *controllers), tuple(rows), arm, "Bold: the best that learns.")


def _count_endings(cells: tuple[Cell, ...]) -> GridCell:
    """Return how many of some cells fell or were stopped, such as ``fell 1/3, stopped 1/3``."""
    words = Counter(how(cell.ending) for cell in cells if cell.later_mm is None)
    text = ", ".join(f"{word} {count}/{len(cells)}" for word, count in words.items())
    return GridCell(text, "bad") if text else GridCell("-")


def _ratio_grid(results: Results, arm: str) -> Grid | None:
    """Return the error of consolidation relative to others; None if it does not run."""
    others = [name for name in ("none", "observer") if name in results.settings["adapt"]]
    if "consolidation" not in results.settings["adapt"] or not others:
        return None
    rows = []
    for disturbance in results.settings["disturbances"]:
        learned = results.median(arm, disturbance, "consolidation")
        errors = [results.median(arm, disturbance, name) for name in others]
        ratios = [number(learned / error) if learned and error else "-" for error in errors]
        rows.append((disturbance, *ratios))
    heads = ("disturbance", *(f"over {name}'s" for name in others))
    return Grid(heads, tuple(rows), f"{arm}, consolidation's error")


def _summary(results: Results) -> Mapping[str, Any]:
    """Return the data, with the warnings of all runs, each once."""
    where: dict[str, list[str]] = {}
    for cell in results.cells:
        for line in cell.warnings:
            where.setdefault(line, []).append(cell.place)
    lines = [
        f"{line} ({places[0]}{f', and {len(places) - 1} more' if len(places) > 1 else ''})"
        for line, places in where.items()
    ]
    return results.data | {"warnings": [*results.data.get("warnings", ()), *lines]}


def _limits(results: Results) -> list[str]:
    """Return what limits did in the runs in which they acted, the most first."""
    acted = [cell for cell in results.cells if cell.limits or cell.events]
    acted.sort(key=lambda cell: -sum(cell.limits.values()) / max(cell.cycles, 1))
    quiet = len(results.cells) - len(acted)
    lines = [f"No limit changed a torque in {quiet} of {len(results.cells)} runs."]
    for cell in acted[:LINES]:
        lines += limits_in_words(
            {
                "cycles": {cell.place: cell.cycles},
                "limits": {cell.place: cell.limits},
                "events": {cell.place: cell.events},
            }
        )
    if len(acted) > LINES:
        lines.append(f"{len(acted) - LINES} more runs, in results.json.")
    return lines


def _figures(results: Results) -> Mapping[str, "Drawn"]:
    from .bench_figures import bench_figures  # matplotlib

    return bench_figures(results)


BENCH_REPORT: JobReport[Results] = JobReport(
    answer=bench_answer,
    summary=_summary,
    figures=_figures,
    limits=_limits,
)
