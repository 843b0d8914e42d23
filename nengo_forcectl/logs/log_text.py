"""Numbers from text: CSV and its relatives, with or without a header, cut or damaged."""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from ..errors import RecordError

DELIMITERS = (",", ";", "\t")
DAMAGED = 0.05  # share of rows that may be damaged; with more the file is something else


class Table(NamedTuple):
    """The rows of a text file that can be read."""

    header: list[str] | None
    lines: list[str]
    row: Int[np.ndarray, "k"]  # number of each line in the file, the first is 1
    delimiter: str | None  # None: white space
    width: int  # columns
    damaged: int  # rows that were left out: too short, or cut


def split_text(source: str, text: str) -> Table:
    """Return the lines of a text of numbers, all of one width.

    Raises:
        RecordError: there are no rows of numbers, or their widths differ.
    """
    what = f"log '{source}'"
    pairs = [(k, line) for k, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if not pairs:
        raise RecordError(f"{what}: is empty, needs rows of numbers")
    cut = 0
    if not text.endswith(("\n", "\r")):  # the last number may have lost digits
        pairs, cut = pairs[:-1], 1
    header = None
    while pairs and not _is_numeric(pairs[0][1]):
        header = pairs[0][1].lstrip("#% \t") or header
        pairs = pairs[1:]
    if not pairs:
        raise RecordError(f"{what}: has no row of numbers, needs columns of measurements")
    sample = pairs[len(pairs) // 2][1]
    delimiter = next((each for each in DELIMITERS if each in sample), None)
    if delimiter == "," and ";" in sample:
        delimiter = ";"
    comma = delimiter == ";" and "," in sample  # a decimal comma
    lines = [line.replace(",", ".") if comma else line for _, line in pairs]
    lines = [line.strip() if delimiter is None else line.strip(" \t\r") for line in lines]
    counts = np.array([len(_fields(line, delimiter)) for line in lines])
    width = int(np.bincount(counts).argmax())
    good = counts == width
    bad = len(lines) - int(good.sum())
    if bad > max(DAMAGED * len(lines), 1):
        k = int(np.argmin(good))
        raise RecordError(
            f"{what}: row {pairs[k][0]} has {counts[k]} columns, needs {width}, as most rows; "
            f"{bad} of {len(lines)} rows differ"
        )
    kept = [line for line, fits in zip(lines, good, strict=True) if fits]
    row = np.array([number for (number, _), fits in zip(pairs, good, strict=True) if fits])
    names = None if header is None else [each.strip(" \"'") for each in _fields(header, delimiter)]
    if names is not None and len(names) not in (width, width + 1):
        names = None  # a title, not the names of the columns
    return Table(names, kept, row, delimiter, width, bad + cut)


def read_columns(
    source: str, table: Table, columns: Sequence[int]
) -> Float[np.ndarray, "k columns"]:
    """Return some columns; a field that is empty or no number is NaN.

    Raises:
        RecordError: most fields of a column are no numbers.
    """
    try:
        numbers = np.loadtxt(
            table.lines, delimiter=table.delimiter, usecols=columns, ndmin=2, comments=None
        )
    except ValueError:
        rows = [_fields(line, table.delimiter) for line in table.lines]
        numbers = np.array([[_number(fields[k]) for k in columns] for fields in rows])
    for place, k in enumerate(columns):
        bad = ~np.isfinite(numbers[:, place])
        if bad.mean() > DAMAGED:
            first = int(np.argmax(bad))
            field = _fields(table.lines[first], table.delimiter)[k]
            raise RecordError(
                f"log '{source}': row {table.row[first]}, column {k + 1} is {field!r:.30}, needs a "
                f"number; {int(bad.sum())} of {len(bad)} rows have none there"
            )
    return numbers


def _fields(line: str, delimiter: str | None) -> list[str]:
    fields = line.split(delimiter)
    return fields[:-1] if delimiter is not None and not fields[-1].strip() else fields


def _number(field: str) -> float:
    try:
        return float(field)
    except ValueError:
        return float("nan")


def _is_numeric(line: str) -> bool:
    """Whether a line begins with a number."""
    first = re.split(r"[,;\t ]+", line.strip(), maxsplit=1)[0]
    return re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", first) is not None
