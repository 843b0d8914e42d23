"""A cell of a sweep: a job in a folder of its own, of which the summary remains."""

import dataclasses
import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from ... import jobs
from ...errors import RecordError
from ...support.files import read_bytes, read_json
from ..cells.cell_task import Produced
from .sweep_file import JOBS


class JobCell(NamedTuple):
    """What a worker gets of a cell."""

    job: str
    settings: Any
    records: bool  # whether arrays are kept


def run_job_cell(cell: JobCell) -> Produced:
    """Run the job, and return its summary and the SHA-256 of each of its records.

    An error of the job is its result.

    Raises:
        RecordError: a file cannot be written.
    """
    with TemporaryDirectory(prefix="nengo-forcectl-") as place:
        folder, failure = Path(place) / "run", None
        try:
            job = getattr(jobs, JOBS[cell.job].run)
            job(dataclasses.replace(cell.settings, out=folder))
        except (RecordError, OSError, MemoryError):  # of the machine, not of the cell
            raise
        except Exception as error:  # one bad cell must not end a sweep of many hours
            failure = f"{type(error).__name__}: {error}"
        summary = _summary(folder)
        contents = {path.name: read_bytes(path) for path in sorted(folder.glob("*.npz"))}
    data = {
        "summary": summary,
        "failure": failure,
        "records": {name: hashlib.sha256(each).hexdigest() for name, each in contents.items()},
    }
    return Produced(data, contents if cell.records else {})


def _summary(folder: Path) -> dict[str, Any] | None:
    """Return the summary of a run; None if it had not begun one."""
    if not (folder / "summary.json").exists():
        return None
    summary = read_json(folder / "summary.json")
    summary.get("settings", {})["out"] = None  # a folder that is no more
    return summary
