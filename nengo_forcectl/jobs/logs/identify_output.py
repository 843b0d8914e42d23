"""What ``nengo-forcectl identify`` prints."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from ..job_output import Printer, endings, summary_of
from .identify_settings import IdentifySettings

if TYPE_CHECKING:
    from ..run_folder import Run


def percent_table(rows: dict[str, Sequence[float]], joints: int) -> Table:
    """Return a table of torque errors in %, one row each, one column a joint."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("", overflow="fold")
    for j in range(joints):
        table.add_column(f"{j + 1}", justify="right", no_wrap=True)
    for name, values in rows.items():
        table.add_row(escape(name), *(f"{100.0 * value:.3g}" for value in values))
    return table


def _text(settings: IdentifySettings, run: "Run") -> RenderableType:
    it = run.summary
    if settings.excite:
        return Group(
            f"A motion of {settings.seconds:g} s from rest to rest; condition "
            f"{it['condition']:.0f} ({it['condition_random']:.0f} for a random one)",
            "Look at it in a simulator first: whether the arm touches itself or a table is not "
            "checked.",
            f"Motion: [bold]{escape(str(run.folder))}/excite.csv[/] (RecordedPath.read)",
            *endings(run),
        )
    n = len(it["joints"])
    rows = {"model before": it["error_model"], "identified": it["error"]}
    rows["identified, unseen blocks of time"] = it["error_unseen"]
    if len(it["errors"]) > 1:
        rows |= {name.rpartition("/")[2]: each for name, each in it["errors"].items()}
    drives = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    drives.add_column("joint")
    for name in ("armature [kg m^2]", "viscous [N m s/rad]", "dry [N m]", "constant [N m]"):
        drives.add_column(escape(name), justify="right")
    for j, joint in enumerate(it["joints"]):
        cells = [
            _known(it["values"][f"{joint}.{kind}"])
            for kind in ("armature", "viscous", "dry", "offset")
        ]
        drives.add_row(escape(f"{j + 1} {joint}"), *cells)
    known = (
        f"{it['shown']} of {it['base_parameters']} base parameters are known better than before "
        f"(condition {it['condition']:.0f}); links are bodies, friction is not negative"
    )
    still = f"joints that never move: {', '.join(map(str, it['still']))}" if it["still"] else ""
    folder = escape(str(run.folder))
    gains = []
    if "gains_factor" in it:
        pairs = zip(it["gains_factor"], it["gains_deviation"], strict=True)
        factors = ", ".join(f"{value:.3f} ± {spread:.3f}" for value, spread in pairs)
        gains = [f"Torques are these factors times those given, by the known mass: {factors}"]
    return Group(
        *map(escape, it["text"]),
        "|tau - prediction| / |tau| in %, joints:",
        percent_table(rows, n),
        drives,
        known,
        *([still] if still else []),
        *gains,
        f"Model: [bold]{folder}/model.json[/] (for arms.load and --arm), model.urdf",
        *endings(run),
    )


def _known(each: dict[str, float]) -> str:
    return f"{each['value']:.3g} ± {each['deviation']:.1g}"


IDENTIFY = Printer(_text, summary_of)
