"""What ``nengo-forcectl run`` prints."""

from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table

from ..job_output import Printer, printed, summary_of, troubles
from .robot_report import ROBOT_REPORT
from .robot_settings import RunSettings

if TYPE_CHECKING:
    from ..run_folder import Run
    from .robot_job import FirstTorques


def _text(settings: RunSettings, result: "Run | FirstTorques") -> RenderableType:
    """Return the text to print for a run, or for a dry run."""
    if settings.dry_run:
        return _dry(result)  # pyright: ignore[reportArgumentType]
    return printed(ROBOT_REPORT)(settings, result)


def _dry(first: "FirstTorques") -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    columns = ("joint", "q [rad]", "gravity", *(f"{name} sends" for name in first.sent))
    for name in columns:
        table.add_column(name.replace("[", "\\["), justify="left" if name == "joint" else "right")
    for k, joint in enumerate(first.joints):
        values = (first.q[k], first.gravity[k], *(each[k] for each in first.sent.values()))
        table.add_row(joint, *(f"{value:.3f}" for value in values))
    what = (
        "First torques [N m]; the robot adds gravity itself, and changes by 1 N m a cycle at most:"
    )
    return Group(what, table, "Nothing was sent.")


def _data(result: "Run | FirstTorques") -> Any:
    """Return the data that ``--json`` prints."""
    summary = getattr(result, "summary", None)
    if summary is not None:
        return summary_of(result)  # pyright: ignore[reportArgumentType]
    first: Any = result
    return {
        "joints": list(first.joints),
        "q": first.q.tolist(),
        "gravity": first.gravity.tolist(),
        "tau": {name: each.tolist() for name, each in first.tau.items()},
        "sent": {name: each.tolist() for name, each in first.sent.items()},
    }


def _troubles(result: "Run | FirstTorques") -> list[str]:
    return troubles(result) if hasattr(result, "summary") else []  # pyright: ignore[reportArgumentType]


RUN = Printer(_text, _data, troubles=_troubles)
"""Display of `run_robot`."""
