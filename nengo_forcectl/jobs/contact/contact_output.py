"""What ``nengo-forcectl press`` and ``wipe`` print."""

import json
import sys
from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from ...support.progress import Bars
from .contact_settings import ContactSettings, WipeSettings


def show(settings: ContactSettings) -> None:
    """Run the verb and print what came of it."""
    from . import press, wipe

    with Bars(TextColumn("{task.description:<22}"), BarColumn(), TimeElapsedColumn()) as bars:
        tasks: dict[str, Any] = {}

        def watch(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=total)
            bars.update(tasks[name], completed=done)

        if isinstance(settings, WipeSettings):
            run = wipe.run(settings, watch)
        else:
            run = press.run(settings, watch)  # pyright: ignore[reportArgumentType]
    if settings.json:
        sys.stdout.write(json.dumps(run.summary) + "\n")
        return
    console = Console()
    console.print(
        f"{settings.force:g} N by {settings.law} force and position control; stiffness, payload "
        "and friction are unknown:"
    )
    console.print(_table(run.summary))
    for name, failure in run.summary["failures"].items():
        console.print(f"[red]{escape(name)} ended early:[/] {escape(failure)}")
    console.print(f"Run folder: [bold]{escape(str(run.folder))}[/]")


def _table(summary: Mapping[str, Any]) -> Table:
    """A row a run; what is beyond the limits is red."""
    from .contact_job import LIMITS

    columns = {
        "impact_N": "impact\n[N]",
        "overshoot_percent": "overshoot\n[%]",
        "last_bounce_s": "last off\n[s]",
        "settled_s": "settled\n[s]",
        "error_percent": "force\n+- [%]",
    }
    if summary["verb"] == "wipe":
        del columns["settled_s"]
        columns["path_mm"] = "path\n+- [mm]"
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("adaptation", no_wrap=True)
    table.add_column(escape("stiffness\n[N/m]"), justify="right")
    for head in columns.values():
        table.add_column(escape(head), justify="right")
    for run in summary["runs"].values():
        cells = []
        for name in columns:
            value = run[name]
            text = "-" if value is None else f"{max(value, 0.0):.3g}"
            beyond = value is None or value > LIMITS.get(name, float("inf"))
            cells.append(f"[red]{text}[/]" if beyond else text)
        table.add_row(run["adapt"], f"{run['stiffness']:g}", *cells)
    return table
