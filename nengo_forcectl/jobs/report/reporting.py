"""Figures and report of a run, written when its work ends, however it ends."""

import io
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ...errors import RecordError
from ...support.files import write_file
from ..cells.inside_cell import inside_cell
from .answer import Answer
from .page import PageContent, Picture, report_page
from .run_files import run_files

if TYPE_CHECKING:
    from .figure_sheet import Drawn

T = TypeVar("T")


@dataclass(frozen=True)
class JobReport(Generic[T]):
    """What a job puts into its report."""

    answer: Callable[[T], Answer]
    summary: Callable[[T], Mapping[str, Any]]
    figures: Callable[[T], Mapping[str, "Drawn"]]
    """Figures by file name, without its ending."""
    limits: Callable[[T], list[str] | None] = lambda run: None
    """What the limits did, in lines; None where there are none."""


class Reporting(Generic[T]):
    """A context for a job's work, which writes figures and ``report.html`` at its end.

    An exception passes, and the report says that the run was interrupted or failed. What cannot be
    drawn or written is one warning; the run and its data stay.

    Args:
        folder: the run folder, which holds a summary when the work ends.
        read: function that reads the run from its folder.
        report: what the job puts into the report.
        asked: `summary_of_settings`, for a run that fails before it has a summary.
    """

    def __init__(
        self,
        folder: Path,
        read: Callable[[Path], T],
        report: JobReport[T],
        asked: Mapping[str, Any],
    ) -> None:
        self._folder, self._read, self._report, self._asked = folder, read, report, asked
        self._failures: list[str] = []

    def __enter__(self) -> "Reporting[T]":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.run = self._read(self._folder)
            """The run, after the context."""
        if inside_cell():  # the sweep has a report of its own
            return
        if error is None:
            self._write(self.run, "")
        else:
            self._attempt(lambda: self._write_failed(describe_error(error)))
        if self._failures:
            warnings.warn(
                f"run folder '{self._folder}': figures or report are not complete "
                f"({self._failures[0]})",
                RuntimeWarning,
                stacklevel=3,
            )

    def _write_failed(self, failure: str) -> None:
        """Write what there is of a run that raised an exception."""
        try:
            run = self._read(self._folder)
        except RecordError:
            answer = Answer("There are no results.", (), failure)
            self._write_page(PageContent(title_of(self._asked), answer, self._asked, None), [])
        else:
            self._write(run, failure)

    def _write(self, run: T, failure: str) -> None:
        pictures: list[Picture] = []
        self._attempt(lambda: self._draw(run, pictures))
        self._attempt(lambda: self._write_page(self._content(run, failure), pictures))

    def _content(self, run: T, failure: str) -> PageContent:
        answer, summary = self._report.answer(run), self._report.summary(run)
        whole = " ".join(filter(None, (failure, answer.failure)))
        answer = replace(answer, failure=whole)
        return PageContent(title_of(summary), answer, summary, self._report.limits(run))

    def _draw(self, run: T, pictures: list[Picture]) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # wanted here only

        for name, (figure, caption) in self._report.figures(run).items():
            stream = io.BytesIO()
            FigureCanvasAgg(figure).print_png(stream)  # `savefig` draws twice, to the same bits
            pictures.append(Picture(stream.getvalue(), caption))
            write_file(self._folder / f"{name}.png", lambda file: file.write(pictures[-1].png))

    def _write_page(self, content: PageContent, pictures: list[Picture]) -> None:
        files = run_files(self._folder, ("report.html",))
        page = report_page(content, pictures, files, str(self._folder))
        write_file(self._folder / "report.html", lambda file: file.write(page.encode()))

    def _attempt(self, write: Callable[[], None]) -> None:
        """Write; note a failure, because a picture must not cost a run of hours."""
        try:
            write()
        except Exception as error:
            self._failures.append(" ".join(f"{type(error).__name__}: {error}".split()))


def title_of(summary: Mapping[str, Any]) -> str:
    """Return the title of a page: the verb, and the arms, the robot or the file."""
    settings = summary["settings"]
    one = (settings.get(name) for name in ("arm", "robot", "file"))
    what = next(filter(None, one), None) or ", ".join(settings.get("arms", ()))
    return f"{summary['verb']}: {what}"


def describe_error(error: BaseException) -> str:
    """Return how a run ended that raised an exception."""
    if isinstance(error, KeyboardInterrupt):
        return "The run was interrupted; this is what was done until then."
    return f"The run failed: {' '.join(str(error).split()) or type(error).__name__}."
