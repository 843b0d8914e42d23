"""Records as files that other programs open: CSV, Parquet, MCAP."""

import csv
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from ..errors import RecordError
from ..robots.log_columns import flat_columns
from .log_bag import write_bag
from .log_files import read_arrays
from .log_parquet import write_parquet


def convert_log(source: Path | str, out: Path | str) -> Path:
    """Write a record as CSV, Parquet or MCAP, by the ending of ``out``, and return its path.

    All columns of a run folder's only record, of a ``.npz`` or of a ``.rows`` are written; of a log
    of another kind time, q, dq and tau, as `read_log` returns them. Numbers keep every bit, and
    `read_log` reads the file. In an MCAP, q, dq and tau are joint states, and every column is an
    array of its own on a topic ``/nengo_forcectl/NAME``.

    Args:
        source: run folder, record or log.
        out: new file, with the ending ``.csv``, ``.parquet`` or ``.mcap``.

    Raises:
        RecordError: the source cannot be read; ``out`` exists, has another ending, cannot be
            written, or needs a package that is not installed.
    """
    source, out = Path(source), Path(out)
    if out.suffix not in WRITERS:
        raise RecordError(f"file '{out}': ends in {out.suffix!r}, needs {', '.join(WRITERS)}")
    if out.exists():
        raise RecordError(f"file '{out}': exists, and is never overwritten; name a new one")
    record = read_arrays(source)
    try:
        with TemporaryDirectory(dir=out.parent, prefix=f".{out.stem}-") as folder:
            part = Path(folder) / out.name
            WRITERS[out.suffix](part, record)
            os.link(part, out)  # fails if the file has come to be
    except FileExistsError:
        raise RecordError(
            f"file '{out}': exists, and is never overwritten; name a new one"
        ) from None
    except OSError as error:
        if isinstance(error, RecordError):
            raise
        raise RecordError(f"file '{out}': cannot be written ({error.strerror})") from None
    return out


def write_csv(path: Path, record: Mapping[str, np.ndarray]) -> None:
    """Write a header and rows; the text of each number is exact."""
    columns = flat_columns(record)
    with path.open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream, lineterminator="\n")
        rows.writerow(columns)
        for row in zip(*(column.tolist() for column in columns.values()), strict=True):
            rows.writerow(map(repr, row))


WRITERS: Mapping[str, Callable[[Path, Mapping[str, np.ndarray]], Any]] = {
    ".csv": write_csv,
    ".parquet": write_parquet,
    ".mcap": write_bag,
}
