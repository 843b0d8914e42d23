"""What ``nengo-forcectl bench adaptation`` prints."""

import json
import sys
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ...support.progress import counted
from .bench_settings import BenchSettings

if TYPE_CHECKING:
    from .bench_job import Cell, Results


def show(settings: BenchSettings) -> None:
    """Run the verb and print what came of it."""
    from . import bench_job as bench

    with counted() as bars:
        task = bars.add_task("bench", total=None, last="")

        def watch(done: int, total: int, cell: "Cell | None") -> None:
            last = ""
            if cell is not None:
                outcome = "fell" if cell.later_mm is None else f"{cell.later_mm:.3g} mm"
                last = escape(f"{cell.arm}, {cell.disturbance}, {cell.controller}: {outcome}")
            bars.update(task, completed=done, total=total, last=last)

        results = bench.run(settings, watch)
    if settings.json:
        sys.stdout.write(json.dumps(results.data) + "\n")
        return
    console = Console()
    console.print(f"RMS error of the tool in mm {results.passes}, the median of passes and seeds:")
    for arm in settings.arms:
        for table in (_error_table(results, arm), _ratio_table(results, arm)):
            if table is not None:
                console.print(table)
    for cell in results.cells:
        if cell.fell:
            where = f"{cell.arm}, {cell.disturbance}, {cell.controller}, seed {cell.seed}"
            console.print(f"[red]{escape(where)} fell:[/] {escape(cell.fell)}")
    console.print(f"Run folder: [bold]{escape(str(results.folder))}[/]")


def _error_table(results: "Results", arm: str) -> Table:
    """Disturbances by controllers, the best learner bold."""
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
            fell = sum(cell.later_mm is None for cell in cells)
            if error is not None:
                row.append(f"[bold]{error:.3g}[/]" if name == best else f"{error:.3g}")
            else:
                row.append(f"[red]fell {fell}/{len(cells)}[/]" if cells else "-")
        table.add_row(disturbance, *row)
    return table


def _ratio_table(results: "Results", arm: str) -> Table | None:
    """What consolidation makes of the error that others have; None where it does not run."""
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
