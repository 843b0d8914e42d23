"""What ``nengo-forcectl reach`` prints."""

from rich.progress import BarColumn, TextColumn, TimeElapsedColumn

from ...support.progress import Bars
from ..job_output import Printer, printed, summary_of, troubles
from .reach_report import REACH_REPORT
from .reach_settings import ReachSettings


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


REACH = Printer(printed(REACH_REPORT), summary_of, ReachBars, troubles)
