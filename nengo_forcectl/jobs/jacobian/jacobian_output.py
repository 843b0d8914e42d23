"""What ``nengo-forcectl jacobian`` prints."""

from typing import TYPE_CHECKING

from rich import box
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from ..job_output import JobBars, Printer, summary_of
from .jacobian_report import MEASURES, WEIGHT_HEADS, cells, weight_cells
from .jacobian_settings import JacobianSettings

if TYPE_CHECKING:
    from .jacobian_job import JacobianRun


def _text(settings: JacobianSettings, run: "JacobianRun") -> RenderableType:
    parts: list[RenderableType] = []
    if run.summary["interrupted"]:
        parts.append("[red]interrupted:[/] this is the best network so far")
    table = Table(title=f"{run.arm.name}, learned against analytic J", box=box.SIMPLE_HEAD)
    table.padding = (0, 1, 0, 0)
    table.add_column("", no_wrap=True)
    for head in ("median", "95 %", "largest", "does not exist"):
        table.add_column(head, justify="right", min_width=8, no_wrap=head == "median")
    for name in MEASURES:
        table.add_row(*map(escape, cells(run.summary, name)))
    parts.append(table)
    if run.summary["weights"]:
        table = Table(title="dF/dw and J M^-1 dF/dw, relative deviations", box=box.SIMPLE_HEAD)
        table.padding = (0, 1, 0, 0)
        for head in WEIGHT_HEADS:
            table.add_column(head, no_wrap=True)
        for row in run.summary["weights"]:
            table.add_row(*map(escape, weight_cells(row)))
        parts.append(table)
    return Group(*parts, f"Run folder: [bold]{escape(str(run.folder))}[/], see report.html")


JACOBIAN = Printer(_text, summary_of, lambda settings: JobBars(0))
