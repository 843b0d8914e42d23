"""What ``nengo-forcectl bench adaptation`` prints."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from ..job_output import JobBars, Printer
from .bench_settings import BenchSettings
from .results import Results


def _text(settings: BenchSettings, results: Results) -> RenderableType:
    parts: list[RenderableType] = [
        f"RMS error of the tool in mm {results.passes}, the median of passes and seeds:"
    ]
    for arm in settings.arms:
        tables = (_error_table(results, arm), _ratio_table(results, arm))
        parts += [table for table in tables if table is not None]
    for cell in results.cells:
        if cell.ending is not None:
            where = f"{cell.arm}, {cell.disturbance}, {cell.controller}, seed {cell.seed}"
            how, why = cell.ending.split(": ", 1)
            parts.append(f"[red]{escape(where)} {how}:[/] {escape(why)}")
    return Group(*parts, f"Run folder: [bold]{escape(str(results.folder))}[/]")


def _data(results: Results) -> Mapping[str, Any]:
    return results.data


def _error_table(results: Results, arm: str) -> Table:
    """Return the errors by disturbance and controller, the best learner in bold."""
    controllers = results.settings["adapt"]
    table = Table(title=arm, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("disturbance", no_wrap=True)
    for name in controllers:
        table.add_column(name, justify="right")
    for disturbance in results.settings["disturbances"]:
        errors = {name: results.median(arm, disturbance, name) for name in controllers}
        learners = {n: e for n, e in errors.items() if e is not None and n not in ("none", "exact")}
        best = min(learners, key=lambda name: learners[name], default="")
        row = []
        for name, error in errors.items():
            cells = results.at(arm, disturbance, name)
            ended = [cell.ending for cell in cells if cell.later_mm is None]
            if error is not None:
                row.append(f"[bold]{error:.3g}[/]" if name == best else f"{error:.3g}")
            else:
                row.append(_count_endings(ended, len(cells)))
        table.add_row(disturbance, *row)
    return table


def _count_endings(endings: list[str | None], cells: int) -> str:
    """Return how many of some cells fell or were stopped, such as ``fell 1/3, stopped 1/3``."""
    how = Counter((each or "nothing").split(":", 1)[0] for each in endings)
    text = ", ".join(f"{word} {count}/{cells}" for word, count in how.items())
    return f"[red]{text}[/]" if text else "-"


def _ratio_table(results: Results, arm: str) -> Table | None:
    """Return the error of consolidation relative to others; None if it does not run."""
    others = [name for name in ("none", "observer") if name in results.settings["adapt"]]
    if "consolidation" not in results.settings["adapt"] or not others:
        return None
    table = Table(title=f"{arm}, consolidation's error", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("disturbance", no_wrap=True)
    for name in others:
        table.add_column(f"over {name}'s", justify="right")
    for disturbance in results.settings["disturbances"]:
        learned = results.median(arm, disturbance, "consolidation")
        errors = [results.median(arm, disturbance, name) for name in others]
        row = [f"{learned / error:.3g}" if learned and error else "-" for error in errors]
        table.add_row(disturbance, *row)
    return table


def _lost(results: Results) -> list[str]:
    """Return why cells could not be done, if some could not."""
    reasons = Counter(results.data.get("lost", ()))
    where = f"the same command with --out {results.folder} runs them again"
    return [f"{count} cells were lost: {why}; {where}" for why, count in reasons.items()]


BENCH = Printer(_text, _data, lambda settings: JobBars(0), _lost)
