"""What ``nengo-forcectl payload`` prints."""

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.markup import escape

from ..job_output import Printer, endings, summary_of
from .identify_output import percent_table
from .payload_settings import PayloadSettings

if TYPE_CHECKING:
    from ..run_folder import Run


def _text(settings: PayloadSettings, run: "Run") -> RenderableType:
    it = run.summary
    found = it["payload"]
    com = ", ".join(
        f"{value:.3f} ± {spread:.3f}"
        for value, spread in zip(found["com"], found["com_deviation"], strict=True)
    )
    moments = ", ".join(
        f"{found['inertia'][k][k]:.4f} ± {found['inertia_deviation'][k][k]:.4f}" for k in range(3)
    )
    enough = (
        "The motion was enough to know mass and centre."
        if found["known"]
        else f"[red]The motion was not enough[/]: {escape(found['reason'])}."
    )
    rows = {"without the payload": it["error_before"], "with it": it["error"]}
    return Group(
        *map(escape, it["text"]),
        f"mass     {found['mass']:.3f} ± {found['mass_deviation']:.3f} kg",
        f"centre   {com} m, in the tool frame",
        f"inertia  {moments} kg m^2 (xx, yy, zz about the centre)",
        enough,
        "|tau - prediction| / |tau| in % on the loaded log, joints:",
        percent_table(rows, len(it["joints"])),
        f"Model with it: [bold]{escape(str(run.folder))}/model.json[/]",
        *endings(run),
    )


PAYLOAD = Printer(_text, summary_of)
