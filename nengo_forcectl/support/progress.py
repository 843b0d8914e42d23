"""The bars that a job shows on the standard error."""

from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeElapsedColumn
from typing_extensions import Self


class Bars(Progress):
    """Progress bars for a ``with``, which come with the first progress.

    What is wrong with the input is one line, and no bars.
    """

    def __init__(self, *columns: ProgressColumn) -> None:
        super().__init__(*columns, console=Console(stderr=True))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.live.is_started:
            self.stop()

    def update(self, *arguments: Any, **options: Any) -> None:
        """As `rich.progress.Progress.update`; the first one shows them."""
        if not self.live.is_started:
            self.start()
        super().update(*arguments, **options)


def counted() -> Bars:
    """Return bars that count, and say what came last (``last``, a field of theirs)."""
    return Bars(
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[last]}"),
    )
