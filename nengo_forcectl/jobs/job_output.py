"""Display of a job on the command line: bars while it runs, then text or JSON."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn

from ..support.progress import Bars
from .report.answer_text import answer_text
from .report.reporting import JobReport

if TYPE_CHECKING:
    from .run_folder import Run


class JobBars(Bars):
    """One progress bar for each piece of work that a job reports."""

    def __init__(self, width: int = 22) -> None:
        super().__init__(
            TextColumn(f"{{task.description:<{width}}}"),
            BarColumn(),
            TextColumn("{task.completed}/{task.total}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[last]}"),
        )
        self._tasks_by_name: dict[str, Any] = {}

    def watch(self, name: str, done: int, total: int, last: str) -> None:
        """Show ``done`` of ``total``; see `Watch`."""
        if name not in self._tasks_by_name:
            self._tasks_by_name[name] = self.add_task(name, total=total, last="")
        self.update(self._tasks_by_name[name], completed=done, total=total, last=escape(last))


@dataclass(frozen=True)
class Printer:
    """The output of a job, from its settings and result."""

    text: Callable[[Any, Any], RenderableType]
    data: Callable[[Any], Any]
    """For ``--json``."""
    bars: Callable[[Any], AbstractContextManager[Any]] = lambda settings: JobBars()
    troubles: Callable[[Any], list[str]] = lambda result: []
    """One line for each arm that did not end well; the exit code is then 3."""


def summary_of(run: "Run") -> Mapping[str, Any]:
    """Return the data that ``--json`` prints for a run."""
    return run.summary


def troubles(run: "Run") -> list[str]:
    """Return a line for each arm that fell, was stopped, or was overruled most of the time."""
    return [f"{name} {how}" for name, how in run.summary["endings"].items()]


def printed(report: JobReport[Any]) -> Callable[[Any, Any], RenderableType]:
    """Return what prints the answer of a job's report, and where the run is."""

    def text(settings: Any, run: Any) -> RenderableType:
        lines = [f"Run folder: [bold]{escape(str(run.folder))}[/], see report.html"]
        changes = len(report.summary(run).get("by_hand", ()))
        if changes:
            lines.insert(0, f"Changes by hand: {changes}. Its settings do not repeat this run.")
        return Group(*answer_text(report.answer(run)), *lines)

    return text
