"""The command line, ``nengo-forcectl``: one function of the package a verb."""

import json
import sys
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import tyro
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from typing_extensions import Self

import arms

from .exceptions import ForcectlError
from .settings import (
    ArmsSettings,
    BenchSettings,
    ContactSettings,
    ExportSettings,
    JacobianSettings,
    PressSettings,
    ReachSettings,
    WipeSettings,
    pass_name,
)

if TYPE_CHECKING:
    from .bench.run import Cell, Results
    from .record import Log, Run


def _bench_verb(
    which: Annotated[
        Annotated[BenchSettings, tyro.conf.subcommand("adaptation", prefix_name=False)]
        | Annotated[None, tyro.conf.subcommand("none"), tyro.conf.Suppress],
        tyro.conf.arg(name=""),
    ],
) -> Any:
    """Controllers, disturbances and arms, each with each, in parallel."""
    return which


VERBS = {
    "reach": ReachSettings,
    "press": PressSettings,
    "wipe": WipeSettings,
    "bench": _bench_verb,
    "jacobian": JacobianSettings,
    "export": ExportSettings,
    "arms": ArmsSettings,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; what is wrong with the input is one line, and exit code 2."""
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _say  # one line as well
            settings = tyro.extras.subcommand_cli_from_dict(
                VERBS,
                prog="nengo-forcectl",
                description="Torque control of robot arms that learns what their models lack.",
                args=arguments,
            )
            if isinstance(settings, ReachSettings):
                _reach(settings)
            elif isinstance(settings, BenchSettings):
                _bench(settings)
            elif isinstance(settings, JacobianSettings):
                from .jacobian.output import show

                show(settings)
            elif isinstance(settings, ExportSettings):
                _export(settings)
            elif isinstance(settings, ContactSettings):
                from .contact.output import show

                show(settings)
            else:
                _arms(settings)
    except ForcectlError as error:
        _say(error)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.stderr.write("nengo-forcectl: interrupted; the run folder holds what was done\n")
        sys.exit(130)


def _say(message: Warning | str | ForcectlError, *_: object) -> None:
    sys.stderr.write(f"nengo-forcectl: {' '.join(str(message).split())}\n")


def _reach(settings: ReachSettings) -> None:
    from . import reach

    with _ReachProgress(settings) as progress:
        run = reach.run(settings, progress.watch)
    if settings.json:
        sys.stdout.write(json.dumps(run.summary) + "\n")
        return
    console = Console()
    if settings.jacobian:
        console.print("RMS error of the tip in mm, by the Jacobian that the controller goes by:")
    else:
        console.print(
            "RMS error of the tool in mm, its model knowing neither payload nor friction:"
        )
    console.print(_reach_table(run))
    for name, failure in run.summary["failures"].items():
        console.print(f"[red]{name} ended early:[/] {escape(failure)}")
    console.print(f"Run folder: [bold]{escape(str(run.folder))}[/]")


def _bench(settings: BenchSettings) -> None:
    from .bench import run as bench

    with _BenchProgress() as progress:
        results = bench.run(settings, progress.watch)
    if settings.json:
        sys.stdout.write(json.dumps(results.data) + "\n")
        return
    console = Console()
    console.print(f"RMS error of the tool in mm {results.passes}, the median of passes and seeds:")
    for arm in settings.arms:
        for table in (_bench_table(results, arm), _ratio_table(results, arm)):
            if table is not None:
                console.print(table)
    for cell in results.cells:
        if cell.fell:
            where = f"{cell.arm}, {cell.disturbance}, {cell.controller}, seed {cell.seed}"
            console.print(f"[red]{escape(where)} fell:[/] {escape(cell.fell)}")
    console.print(f"Run folder: [bold]{escape(str(results.folder))}[/]")


def _export(settings: ExportSettings) -> None:
    from .export.controller import export_run

    controller = export_run(
        settings.run, settings.folder, settings.controller, replace=settings.replace
    )
    console = Console()
    console.print(escape(str(controller)))
    console.print(f"Controller folder: [bold]{escape(str(settings.folder))}[/]")


def _arms(settings: ArmsSettings) -> None:
    from . import show_arms

    if settings.json:
        names = arms.names() if settings.name is None else (settings.name,)
        data = [show_arms.as_data(arms.load(name, tip=settings.tip)) for name in names]
        sys.stdout.write(json.dumps(data) + "\n")
    elif settings.name is None:
        Console().print(show_arms.catalogue())
    else:
        Console().print(show_arms.one(arms.load(settings.name, tip=settings.tip)))


class _ReachProgress:
    """A bar a controller on the standard error, with the error of the last reach."""

    def __init__(self, settings: ReachSettings) -> None:
        self._bars = Progress(
            TextColumn("{task.description:<10}"),
            BarColumn(),
            TextColumn("{task.fields[last]}"),
            TimeElapsedColumn(),
            console=Console(stderr=True),
        )
        self._passes = settings.all_passes
        self._tasks = {
            name: self._bars.add_task(name, start=False, last="waiting")
            for name in settings.controllers
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bars.live.is_started:
            self._bars.stop()

    def watch(self, name: str, done: int, total: int, log: "Log") -> None:
        """Show ``done`` of ``total`` reaches."""
        task = self._tasks[name]
        if done == 0:
            self._bars.start()  # not before: what is wrong with the input is one line, no bars
            self._bars.start_task(task)
        error = ""
        if done:
            start = log.cycles * (done - 1) // done
            error = f", now {1e3 * float(np.sqrt(np.mean(log.error(start) ** 2))):.2f} mm"
        number = min(self._passes, 1 + done * self._passes // total)
        self._bars.update(
            task, completed=done, total=total, last=f"pass {number}/{self._passes}{error}"
        )


class _BenchProgress:
    """A bar on the standard error, with what came of the last cell."""

    def __init__(self) -> None:
        self._bar = Progress(
            BarColumn(),
            TextColumn("{task.completed}/{task.total}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[last]}"),
            console=Console(stderr=True),
        )
        self._task = self._bar.add_task("bench", total=None, last="")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar.live.is_started:
            self._bar.stop()

    def watch(self, done: int, total: int, cell: "Cell | None") -> None:
        """Show ``done`` of ``total`` cells."""
        last = ""
        if cell is None:
            self._bar.start()  # not before: what is wrong with the input is one line, no bar
        else:
            outcome = "fell" if cell.later_mm is None else f"{cell.later_mm:.3g} mm"
            last = escape(f"{cell.arm}, {cell.disturbance}, {cell.controller}: {outcome}")
        self._bar.update(self._task, completed=done, total=total, last=last)


def _bench_table(results: "Results", arm: str) -> Table:
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


def _reach_table(run: "Run") -> Table:
    """A row a pass, a column a controller."""
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


def _shown(passes: int) -> list[int]:
    """Numbers of the passes that a table has room for: all, or the first and the last ones."""
    if passes <= 20:
        return list(range(1, passes + 1))
    return [*range(1, 11), *range(passes - 9, passes + 1)]
