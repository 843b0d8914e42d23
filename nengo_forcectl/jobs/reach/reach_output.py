"""What ``nengo-forcectl reach`` prints."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Group, RenderableType
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from ...support.progress import Bars
from ..job_output import Printer, endings, summary_of, troubles
from .reach_settings import ReachSettings, pass_name

if TYPE_CHECKING:
    from ..run_folder import Run


def _text(settings: ReachSettings, run: "Run") -> RenderableType:
    """Return the text to print for a run."""
    what = (
        "RMS error of the tip in mm, by the Jacobian that the controller uses:"
        if settings.jacobian
        else "RMS error of the tool in mm; the model knows neither payload nor friction:"
    )
    found = [found_by(name, each) for name, each in run.summary.get("learned", {}).items()]
    return Group(what, _table(run), *found, *endings(run))


class ReachBars(Bars):
    """One bar per controller, with the error of the last reach."""

    def __init__(self, settings: ReachSettings) -> None:
        super().__init__(
            TextColumn("{task.description:<10}"),
            BarColumn(),
            TextColumn("{task.fields[last]}"),
            TimeElapsedColumn(),
        )
        self._passes = settings.all_passes
        self._bar = {
            name: self.add_task(name, start=False, last="waiting") for name in settings.controllers
        }

    def watch(self, name: str, done: int, total: int, error: str) -> None:
        """Show ``done`` of ``total`` reaches."""
        if not done:
            self.start_task(self._bar[name])
        number = min(self._passes, 1 + done * self._passes // total)
        last = ", ".join(part for part in (f"pass {number}/{self._passes}", error) if part)
        self.update(self._bar[name], completed=done, total=total, last=last)


def _table(run: "Run") -> Table:
    """Return a table with one row per pass and one column per controller."""
    settings, rms = run.summary["settings"], run.summary["rms_mm"]
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("", no_wrap=True)
    for name in rms:
        table.add_column(name, justify="right", min_width=6, overflow="fold")
    for number in _shown(settings["passes"] + settings["unseen"]):
        cells = [f"{e[number - 1]:.3g}" if number <= len(e) else "-" for e in rms.values()]
        table.add_row(pass_name(settings, number), *cells)
    table.add_section()
    if settings["jacobian"]:
        final = run.summary["final_mm"].values()
        table.add_row("worst at arrival", *(f"{max(e):.3g}" if e else "-" for e in final))
        table.add_row("last at arrival", *(f"{e[-1]:.3g}" if e else "-" for e in final))
    speeds = run.summary["steps_per_second"]
    table.add_row("steps/s", *(f"{speeds[name]:,.0f}" for name in rms))
    return table


def found_by(name: str, learned: Mapping[str, Any]) -> RenderableType:
    """Return what a structured learner has found, beyond the model, with standard deviations."""
    payload, tool, friction = (learned[each] for each in ("payload", "tool", "friction"))
    mass, moment = payload["mass"], payload["moment_deviation"]
    rows = {"payload \\[kg]": ([mass], [payload["mass_deviation"]])}
    if mass > moment[0]:
        rows["centre \\[m]"] = payload["com"], [each / mass for each in moment]
    rows |= {
        "viscous \\[N m s/rad]": tuple(friction["viscous"].values()),
        "dry \\[N m]": tuple(friction["dry"].values()),
        "constant \\[N m]": tuple(learned["offset"].values()),
        "armature \\[kg m^2]": tuple(learned["armature"].values()),
        "tool: force \\[N]": (tool["force"], tool["force_deviation"]),
        "gravity \\[m/s^2]": tuple(learned["gravity"].values()),
        "stiffness xyz \\[N/m]": (
            [row[k] for k, row in enumerate(tool["stiffness"])],
            [row[k] for k, row in enumerate(tool["stiffness_deviation"])],
        ),
    }
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), title=f"found by {name}")
    table.add_column("", no_wrap=True)
    for _ in range(max(len(values) for values, _ in rows.values())):
        table.add_column("", justify="right", no_wrap=True)
    for heading, (values, deviations) in rows.items():
        table.add_row(heading, *map(_number, values))
        table.add_row("[dim]  +-[/]", *(f"[dim]{_number(each)}[/]" for each in deviations))
    table.add_row("delay \\[ms]", f"{1e3 * learned['delay']:.1f}")
    table.add_row("not explained \\[N m]", _number(learned["noise"]))
    return table


def _number(value: float) -> str:
    """Return a number with two digits, none below a thousandth."""
    return "0" if abs(value) < 5e-4 else f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"


def _shown(passes: int) -> list[int]:
    """Return the numbers of the passes to show: all, or the first and the last ones."""
    if passes <= 20:
        return list(range(1, passes + 1))
    return [*range(1, 11), *range(passes - 9, passes + 1)]


REACH = Printer(_text, summary_of, ReachBars, troubles)
