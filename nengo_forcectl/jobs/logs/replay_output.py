"""What ``nengo-forcectl replay`` prints."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from ..job_output import Printer, endings, summary_of
from .identify_output import percent_table
from .replay_settings import ReplaySettings

if TYPE_CHECKING:
    from ..run_folder import Run


def _text(settings: ReplaySettings, run: "Run") -> RenderableType:
    it = run.summary
    lines: list[RenderableType] = [*map(escape, it["text"])]
    n = len(it["joints"])
    for part in it["parts"]:
        title = "" if part["name"] == "log" else f"{part['name']} ({part['seconds']:.1f} s): "
        lines.append(f"{title}|tau - prediction| / |tau| in %, joints:")
        rows = {
            name if window == "all" else f"{name}, {window}": errors
            for window, each in part["errors"].items()
            for name, errors in each.items()
        }
        lines.append(percent_table(rows, n))
        nmse = ", ".join(f"{name} {value:.4f}" for name, value in part["nmse"].items())
        lines.append(f"mean nMSE: {nmse}")
    lines += _found(it["parts"][-1]["learned"], it["joints"])
    if it["parts"][-1]["name"] == "then":
        before, after = (it["parts"][k]["learned"]["payload"] for k in (0, -1))
        change, spread = after["mass"] - before["mass"], after["mass_deviation"]
        lines.append(
            f"From the first log to the second, the payload has changed by {change:.3f} "
            f"± {spread:.2g} kg"
        )
    return Group(*lines, *endings(run))


def _found(learned: Mapping[str, Any], joints: list[str]) -> list[RenderableType]:
    """Return what was found beyond the model, with standard deviations."""
    payload = learned["payload"]
    com = " ".join(f"{each:.3f}" for each in payload["com"])
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("joint")
    friction = learned["friction"]
    columns = {
        "armature [kg m^2]": learned["armature"],
        "viscous [N m s/rad]": friction["viscous"],
        "dry [N m]": friction["dry"],
        "constant [N m]": learned["offset"],
    }
    for name in columns:
        table.add_column(escape(name), justify="right")
    for j, joint in enumerate(joints):
        cells = [
            f"{each['value'][j]:.3g} ± {each['deviation'][j]:.1g}" for each in columns.values()
        ]
        table.add_row(escape(f"{j + 1} {joint}"), *cells)
    return [
        f"Learned beyond the model: {payload['mass']:.3f} ± {payload['mass_deviation']:.2g} kg at "
        f"({com}) m from the tool frame; unexplained {learned['noise']:.3g} N m",
        table,
    ]


REPLAY = Printer(_text, summary_of)
