"""The results of a sweep: one cell per combination of settings."""

import csv
import io
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import RecordError
from ...support.files import interpreting, read_json, read_npz
from ..cells.cell_folder import CellFolder
from ..cells.cell_plan import read_plan
from .sweep_file import JOBS


@dataclass(frozen=True)
class SweepCell:
    """A finished cell of a sweep."""

    number: int
    key: Mapping[str, Any]  # values of the settings that differ
    summary: Mapping[str, Any]  # as the job's ``--json`` prints it; empty if it could not begin
    failure: str | None  # error that ended the job
    seconds: float  # wall-clock time
    host: str  # machine that ran it
    files: tuple[Path, ...] = ()  # records, if the sweep keeps them

    def records(self) -> dict[str, dict[str, np.ndarray]]:
        """Return the arrays of each record, by its name; empty if the sweep keeps none.

        Raises:
            RecordError: one cannot be read.
        """
        return {path.stem.partition(".")[2]: read_npz(path) for path in self.files}


@dataclass(frozen=True)
class SweepResults:
    """A sweep read from its folder."""

    folder: Path
    job: str
    axes: Mapping[str, list[Any]]
    total: int  # cells, finished or not
    cells: tuple[SweepCell, ...]
    summary: Mapping[str, Any]  # command, settings and versions of the sweep

    @property
    def lost(self) -> Mapping[str, int]:
        """How often which reason kept a worker from doing a cell, when the sweep last ran."""
        return self.summary.get("lost", {})

    @property
    def complete(self) -> bool:
        """Whether all cells are finished."""
        return len(self.cells) == self.total

    def figures(self, cell: SweepCell) -> dict[str, float]:
        """Return the main figures of a cell by name; of a list, its last, or the mean of joints."""
        found: dict[str, float] = {}
        for name in JOBS[self.job].figures:
            _flatten(name, cell.summary.get(name), found)
        for name in JOBS[self.job].means:
            value: Any = cell.summary
            for part in name.split("."):
                value = value[-1] if isinstance(value, list) and value else value
                value = value.get(part) if isinstance(value, Mapping) else None
            _flatten(name, value, found, _mean)
        return found

    @cached_property
    def figure_names(self) -> tuple[str, ...]:
        """Names of all figures of all cells."""
        return tuple(dict.fromkeys(name for cell in self.cells for name in self.figures(cell)))

    def table(self) -> str:
        """Return CSV with one row per cell: number, axes, ending, seconds, host and figures."""
        stream = io.StringIO()
        rows = csv.writer(stream, lineterminator="\n")
        rows.writerow(["cell", *self.axes, "failure", "seconds", "host", *self.figure_names])
        for cell in self.cells:
            figures = self.figures(cell)
            rows.writerow(
                [
                    cell.number, *map(_text, cell.key.values()), cell.failure or "",
                    repr(cell.seconds), cell.host,
                    *(repr(figures[name]) if name in figures else "" for name in self.figure_names),
                ]
            )  # fmt: skip
        return stream.getvalue()


def read_sweep(folder: Path | str) -> SweepResults:
    """Read the folder of a sweep, also of one that is not complete.

    Raises:
        RecordError: the folder holds no sweep, or a damaged cell.
    """
    folder = Path(folder)
    plan, where = read_plan(folder), CellFolder(folder)
    if plan.get("verb") != "sweep":
        raise RecordError(f"run folder '{folder}': is of {plan.get('verb')!r}, needs a sweep")
    problem = f"run folder '{folder}': holds no sweep that can be read"
    summary = read_json(folder / "summary.json", problem)
    with interpreting(problem):
        asked = plan["asked"]
        cells = tuple(_cell(where, number) for number in where.numbers())
        return SweepResults(folder, asked["job"], asked["axes"], plan["cells"], cells, summary)


def _cell(where: CellFolder, number: int) -> SweepCell:
    found = where.read(number)
    assert found is not None
    data = found["data"]
    files = tuple(where.place(number, name) for name in found["files"])
    return SweepCell(
        number, found["key"], data["summary"] or {}, data["failure"], found["seconds"],
        found["host"], files,
    )  # fmt: skip


def _flatten(
    name: str,
    value: Any,
    found: dict[str, float],
    choose: Callable[[list[Any]], Any] = operator.itemgetter(-1),
) -> None:
    """Add all numbers in a value, by names with dots; of a list, the number that is chosen."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            _flatten(f"{name}.{key}", each, found, choose)
    elif isinstance(value, list) and value:
        _flatten(name, choose(value), found, choose)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        found[name] = value


def _mean(values: list[Any]) -> float:
    return float(np.mean(values))


def _text(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
