"""What ``nengo-forcectl press`` and ``wipe`` print."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from ..job_output import Printer, endings, summary_of, troubles
from .contact_settings import LIMITS, ContactSettings

if TYPE_CHECKING:
    from ..run_folder import Run


def _text(settings: ContactSettings, run: "Run") -> RenderableType:
    what = (
        f"{settings.force:g} N by {settings.law} force and position control; stiffness, payload "
        "and friction are unknown:"
    )
    return Group(what, _table(run.summary), *endings(run))


def _table(summary: Mapping[str, Any]) -> Table:
    """Return one row per run, with values beyond the limits in red."""
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


CONTACT = Printer(_text, summary_of, troubles=troubles)
