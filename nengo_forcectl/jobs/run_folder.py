"""The folder of a run: writing and reading."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from ..errors import RecordError
from ..robots.recording import read_recording
from ..support.files import interpreting, read_json, read_npz, write_file
from .job_settings import JobSettings
from .settings_file import settings_text

SETTINGS = "run.toml"
ROWS = ".rows"  # ending of the record of a controller that still runs, or did to its last


class Run(NamedTuple):
    """A run read from its folder."""

    folder: Path
    summary: dict[str, Any]
    records: dict[str, dict[str, np.ndarray]]  # by controller (and surface), then by column


class RunFolder:
    """A new folder for the results of a run.

    It holds ``run.toml``, the settings, from the beginning: ``--config`` takes them for a new run.

    Args:
        verb: first word of the command.
        settings: its settings; ``out`` is the path, by default the next free ``runs/<verb>-NNN``.

    Raises:
        RecordError: the folder exists, or cannot be made or written.
    """

    def __init__(self, verb: str, settings: JobSettings) -> None:
        self.path = settings.out if settings.out is not None else _next_free(verb)
        try:
            self.path.mkdir(parents=True)
        except FileExistsError:
            raise RecordError(
                f"run folder '{self.path}': exists, and is never overwritten; name a new one"
            ) from None
        except OSError as error:
            raise RecordError(
                f"run folder '{self.path}': cannot be made ({error.strerror}); "
                "name one in a folder that you can write to"
            ) from None
        text = settings_text(verb, settings)
        self.write(SETTINGS, lambda stream: stream.write(text.encode()))

    @classmethod
    def existing(cls, path: Path) -> "RunFolder":
        """Return a folder that is there already, to go on with."""
        folder = cls.__new__(cls)
        folder.path = path
        return folder

    def rows(self, controller: str) -> Path:
        """Return the file that takes the record of a controller while it runs."""
        return self.path / f"{controller}{ROWS}"

    def write_record(self, controller: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Write ``<controller>.npz``, in place of its rows."""
        self.write(f"{controller}.npz", lambda stream: np.savez(stream, **arrays))  # pyright: ignore[reportArgumentType]
        self.rows(controller).unlink(missing_ok=True)

    def write_end(
        self, records: Mapping[str, Mapping[str, np.ndarray]], summary: Mapping[str, Any]
    ) -> None:
        """Write the records and the summary at the end of a run; what does not fit is left out.

        Raises:
            RecordError: something could not be written; all else is written before.
        """
        writes = [partial(self.write_record, name, record) for name, record in records.items()]
        failures: list[RecordError] = []
        for write in (*writes, partial(self.write_summary, summary)):
            try:
                write()
            except RecordError as error:  # the rows stay, and the summary of the beginning
                failures.append(error)
        if failures:
            raise RecordError(f"{failures[0]}; read_run finds what was written during the run")

    def write_summary(self, summary: Mapping[str, Any]) -> None:
        """Write ``summary.json``, replacing an existing one."""
        text = json.dumps(summary, indent=2, allow_nan=False) + "\n"
        self.write("summary.json", lambda stream: stream.write(text.encode()))

    def write(self, name: str, save: Callable[[IO[bytes]], object]) -> None:
        """Write a file through ``save``; see `write_file`."""
        write_file(self.path / name, save)


def read_run(folder: Path | str) -> Run:
    """Read a run folder, also of a run that is not complete.

    A run that was killed has the records up to its last quarter of a second.

    Raises:
        RecordError: the folder holds no readable run.
    """
    folder = Path(folder)
    problem = f"run folder '{folder}': holds no run that can be read"
    summary = read_json(folder / "summary.json", problem)
    with interpreting(problem):
        controllers = summary["records"] if "records" in summary else summary["rms_mm"]
        rows = [file.stem for file in sorted(folder.glob(f"*{ROWS}")) if file.stat().st_size]
        records = {
            name: _read_record(folder, name, problem)
            for name in dict.fromkeys((*controllers, *rows))
        }
    return Run(folder, summary, records)


def _read_record(folder: Path, name: str, problem: str) -> dict[str, np.ndarray]:
    """Return a record, or its rows if the run ended before it was written whole."""
    whole, rows = folder / f"{name}.npz", folder / f"{name}{ROWS}"
    return read_npz(whole, problem) if whole.exists() or not rows.exists() else read_recording(rows)


def _next_free(verb: str) -> Path:
    number = 1
    while (path := Path("runs") / f"{verb}-{number:03d}").exists():
        number += 1
    return path
