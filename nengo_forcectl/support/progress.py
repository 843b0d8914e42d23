"""Progress bars on the standard error."""

from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeElapsedColumn
from typing_extensions import Self


class Bars(Progress):
    """Progress bars for a ``with`` statement, shown from the first progress on.

    An error in the input is then one line on the terminal, without empty bars.
    """

    def __init__(self, *columns: ProgressColumn) -> None:
        super().__init__(*columns, console=Console(stderr=True))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.live.is_started:
            self.stop()

    def update(self, *arguments: Any, **options: Any) -> None:
        """Update a bar; see `rich.progress.Progress.update`. The first update shows the bars."""
        if not self.live.is_started:
            self.start()
        super().update(*arguments, **options)


def counted() -> Bars:
    """Return bars that count, and show the field ``last`` of each."""
    return Bars(
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[last]}"),
    )
