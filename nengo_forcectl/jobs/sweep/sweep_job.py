"""The job of `nengo-forcectl sweep`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import arms

from ..cells.cell_folder import CellFolder
from ..cells.cell_plan import planned_folder
from ..cells.cell_runner import Cells, run_cells
from ..cells.identity import files_of, identity
from ..cells.worker_pools import worker_pool
from ..job import Watch, summary_of_settings, unwatched
from ..report.notices import Notices
from ..report.reporting import Reporting
from .sweep_cell import JobCell, run_job_cell
from .sweep_file import Sweep, read_sweep_file, text_of
from .sweep_report import SWEEP_REPORT
from .sweep_results import SweepResults, read_sweep
from .sweep_settings import SweepSettings


def run_sweep(settings: SweepSettings, watch: Watch = unwatched) -> SweepResults:
    """Run all cells of a sweep and write its folder.

    A sweep that was interrupted or killed leaves the cells finished so far. With its folder as
    ``out`` and the same file, it goes on with the others. ``results.csv`` is written at the end.

    Args:
        settings: settings of the command.
        watch: called before the first and after every cell.

    Raises:
        RecordError: the file cannot be read; the folder is of something else or another sweep, or
            cannot be written.
        ConfigurationError: a name or a value in the file is not valid.
        ArmError: an arm is unknown, or its file is broken.
        ClusterError: a cluster does not answer, has no workers, or unlike ones.
    """
    with Notices() as notices:
        return _run_all(settings, notices, watch)


def _run_all(settings: SweepSettings, notices: Notices, watch: Watch) -> SweepResults:
    sweep = read_sweep_file(settings.file)
    files = _check_arms_and_find_files(sweep, ahead=settings.dask is None)
    own = identity(files)
    asked = {
        "job": sweep.job, "common": sweep.common, "axes": sweep.axes, "records": sweep.records,
    }  # fmt: skip
    plan = {**own, "cells": len(sweep)}
    with (
        worker_pool(settings, len(sweep), own) as pool,
        planned_folder("sweep", settings, asked, plan) as folder,
    ):
        cells = Cells(
            "sweep", run_job_cell, _Keys(sweep),
            lambda number: JobCell(sweep.job, sweep.settings(number), sweep.records), _last,
        )  # fmt: skip
        begin = summary_of_settings("sweep", settings, {}) | {"warnings": list(notices.lines)}
        folder.write_summary(begin)
        with Reporting(folder.path, read_sweep, SWEEP_REPORT, begin) as report:
            lost: dict[int, str] = {}
            try:
                lost = run_cells(cells, CellFolder(folder.path), pool, own, watch)
            finally:
                ends = {"lost": Counter(lost.values()), "warnings": list(notices.lines)}
                folder.write_summary(begin | ends)
                table = read_sweep(folder.path).table()
                folder.write("results.csv", lambda stream: stream.write(table.encode()))
    return report.run


class _Keys(Sequence[Mapping[str, Any]]):
    """The keys of a sweep's cells, computed when they are asked for."""

    def __init__(self, sweep: Sweep) -> None:
        self._sweep = sweep

    def __len__(self) -> int:
        return len(self._sweep)

    def __getitem__(self, number: Any) -> Any:
        if not 0 <= number < len(self):
            raise IndexError(number)
        return self._sweep.key(number)


def _check_arms_and_find_files(sweep: Sweep, *, ahead: bool) -> tuple[str, ...]:
    """Load every arm once, so that errors come early, and return the files that cells name.

    With ``ahead`` the arms are compiled here, and processes of this machine load them.
    """
    loaded: set[Any] = set()
    files: dict[str, None] = {}
    for number in range(len(sweep)):
        settings = sweep.settings(number)
        values = vars(settings).values()
        flat = [each for value in values for each in (value if type(value) is tuple else (value,))]
        files |= dict.fromkeys(files_of(flat))
        which = (settings.arm, settings.tip)
        if which not in loaded:
            loaded.add(which)
            arm = arms.load(settings.arm, tip=settings.tip)
            if ahead:
                arm.warm_up()
    return tuple(files)


def _last(cell: Mapping[str, Any]) -> str:
    failure = cell["data"]["failure"]
    return text_of(cell["key"]) + (f": {failure}" if failure else "")
