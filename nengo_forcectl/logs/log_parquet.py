"""Tables in Parquet, through the package ``pyarrow``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import RecordError
from ..robots.log_columns import flat_columns


def read_parquet(path: Path) -> dict[str, np.ndarray]:
    """Return the columns of numbers of a Parquet file, by name.

    Raises:
        RecordError: ``pyarrow`` is not installed, or the file cannot be read.
    """
    arrow, parquet = _packages(path)
    try:
        table = parquet.read_table(path)
        return {
            name: np.asarray(table[name].to_numpy(), dtype=float)
            for name in table.column_names
            if arrow.types.is_floating(table[name].type) or arrow.types.is_integer(table[name].type)
        }
    except (OSError, ValueError, arrow.ArrowException) as error:
        reason = " ".join(str(error).split())
        raise RecordError(f"log '{path}': cannot be read ({reason})") from None


def write_parquet(path: Path, record: Mapping[str, np.ndarray]) -> None:
    """Write a record, one column for each number of a row.

    Raises:
        RecordError: ``pyarrow`` is not installed.
    """
    arrow, parquet = _packages(path)
    columns = {name: np.ascontiguousarray(each) for name, each in flat_columns(record).items()}
    parquet.write_table(arrow.table(columns), path)


def _packages(path: Path) -> tuple[Any, Any]:
    try:
        import pyarrow  # optional
        import pyarrow.parquet  # optional
    except ImportError:
        raise RecordError(
            f"log '{path.name}': Parquet needs the package pyarrow: "
            "pip install 'nengo-forcectl[logs]'"
        ) from None
    return pyarrow, pyarrow.parquet
