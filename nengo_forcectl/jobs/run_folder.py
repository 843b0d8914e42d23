"""The folder of a run: writing and reading."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from ..errors import RecordError
from ..support.files import interpreting, read_json, read_npz, write_file


class Run(NamedTuple):
    """A run read from its folder."""

    folder: Path
    summary: dict[str, Any]
    records: dict[str, dict[str, np.ndarray]]  # by controller (and surface), then by column


class RunFolder:
    """A new folder for the results of a run.

    The default path is the next free ``runs/<verb>-NNN``.

    Raises:
        RecordError: the folder exists, or cannot be made or written.
    """

    def __init__(self, verb: str, path: Path | None = None) -> None:
        self.path = path if path is not None else _next_free(verb)
        try:
            self.path.mkdir(parents=True)
        except FileExistsError:
            raise RecordError(
                f"run folder '{self.path}': exists, and a run is never overwritten; "
                "name one that does not"
            ) from None
        except OSError as error:
            raise RecordError(
                f"run folder '{self.path}': cannot be made ({error.strerror}); "
                "name one in a folder that you can write to"
            ) from None

    def write_record(self, controller: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Write ``<controller>.npz``."""
        self.write(f"{controller}.npz", lambda stream: np.savez(stream, **arrays))  # pyright: ignore[reportArgumentType]

    def write_summary(self, summary: Mapping[str, Any]) -> None:
        """Write ``summary.json``, replacing an existing one."""
        text = json.dumps(summary, indent=2, allow_nan=False) + "\n"
        self.write("summary.json", lambda stream: stream.write(text.encode()))

    def write(self, name: str, save: Callable[[IO[bytes]], object]) -> None:
        """Write a file through ``save``; see `write_file`."""
        write_file(self.path / name, save)


def read_run(folder: Path | str) -> Run:
    """Read a run folder.

    Raises:
        RecordError: the folder holds no readable run.
    """
    folder = Path(folder)
    problem = f"run folder '{folder}': holds no run that can be read"
    summary = read_json(folder / "summary.json", problem)
    with interpreting(problem):
        controllers = summary["records"] if "records" in summary else summary["rms_mm"]
        records = {name: read_npz(folder / f"{name}.npz", problem) for name in controllers}
    return Run(folder, summary, records)


def _next_free(verb: str) -> Path:
    number = 1
    while (path := Path("runs") / f"{verb}-{number:03d}").exists():
        number += 1
    return path
