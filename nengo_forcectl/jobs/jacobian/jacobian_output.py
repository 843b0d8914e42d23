"""What ``nengo-forcectl jacobian`` prints."""

import json
import sys

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ...kinematics.training import Progress as Epoch
from ...support.progress import counted
from .jacobian_settings import JacobianSettings


def show(settings: JacobianSettings) -> None:
    """Run the verb and print what came of it."""
    from . import jacobian_job as jacobian
    from .jacobian_report import MEASURES, WEIGHT_HEADS, cells, weight_cells

    with counted() as bars:
        task = bars.add_task("training", total=settings.epochs, last="")

        def watch(epoch: Epoch) -> None:
            last = f"loss {epoch.loss:.2e}, error of J {100 * epoch.jacobian_error:.3g} %"
            bars.update(task, completed=epoch.epoch, last=last)

        run = jacobian.run(settings, watch)
    if settings.json:
        sys.stdout.write(json.dumps(run.summary) + "\n")
        return
    console = Console()
    if run.summary["interrupted"]:
        console.print("[red]interrupted:[/] this is the best network so far")
    table = Table(title=f"{run.arm.name}, learned against analytic J", box=box.SIMPLE_HEAD)
    table.padding = (0, 1, 0, 0)
    table.add_column("", no_wrap=True)
    for head in ("median", "95 %", "largest", "does not exist"):
        table.add_column(head, justify="right", min_width=8, no_wrap=head == "median")
    for name in MEASURES:
        table.add_row(*map(escape, cells(run.summary, name)))
    console.print(table)
    if run.summary["weights"]:
        table = Table(title="dF/dw and J M^-1 dF/dw, relative deviations", box=box.SIMPLE_HEAD)
        table.padding = (0, 1, 0, 0)
        for head in WEIGHT_HEADS:
            table.add_column(head, no_wrap=True)
        for row in run.summary["weights"]:
            table.add_row(*map(escape, weight_cells(row)))
        console.print(table)
    console.print(f"Run folder: [bold]{escape(str(run.folder))}[/], see report.html")
