"""What ``nengo-forcectl sweep`` prints."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from rich import box
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from ..job_output import JobBars, Printer
from .sweep_file import text_of
from .sweep_results import SweepResults
from .sweep_settings import SweepSettings

ROWS, COLUMNS = 40, 6  # that a table shows


def _text(settings: SweepSettings, results: SweepResults) -> RenderableType:
    failed = [cell for cell in results.cells if cell.failure is not None]
    parts: list[RenderableType] = [
        f"{results.job}: {len(results.cells)} of {results.total} cells finished; median of seeds:",
        _table(results),
    ]
    parts += [
        f"[red]{escape(text_of(cell.key))}:[/] {escape(cell.failure or '')}"
        for cell in failed[:ROWS]
    ]
    if len(failed) > ROWS:
        parts.append(f"{len(failed) - ROWS} more failed: see results.csv")
    return Group(*parts, f"Run folder: [bold]{escape(str(results.folder))}[/]")


def _table(results: SweepResults) -> Table:
    """Return the medians over seeds of the first figures."""
    groups: dict[str, list[dict[str, float]]] = {}
    for cell in results.cells:
        key = {name: value for name, value in cell.key.items() if name != "seed"}
        groups.setdefault(text_of(key), []).append(results.figures(cell))
    names = results.figure_names[:COLUMNS]
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("", no_wrap=True)
    for name in names:
        table.add_column(escape(name), justify="right")
    for key, cells in list(groups.items())[:ROWS]:
        table.add_row(escape(key), *(_median(cells, name) for name in names))
    hidden = len(groups) - ROWS
    if hidden > 0:
        table.add_row(f"{hidden} more: see results.csv")
    return table


def _median(cells: list[dict[str, float]], name: str) -> str:
    values = [cell[name] for cell in cells if name in cell]
    return f"{np.median(values):.3g}" if values else "-"


def _data(results: SweepResults) -> Mapping[str, Any]:
    return {
        "folder": str(results.folder),
        "job": results.job,
        "axes": dict(results.axes),
        "complete": results.complete,
        "lost": dict(results.lost),
        "cells": [
            {"cell": cell.number, **cell.key, "failure": cell.failure, **results.figures(cell)}
            for cell in results.cells
        ],
    }


def _lost(results: SweepResults) -> list[str]:
    where = f"the same command with --out {results.folder} runs them again"
    return [f"{count} cells were lost: {why}; {where}" for why, count in results.lost.items()]


SWEEP = Printer(_text, _data, lambda settings: JobBars(0), _lost)
