"""Numbers from text: CSV and its relatives, with or without a header, cut or damaged."""

import re
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from ..errors import RecordError
from .log_format import is_unit, kind_of, words_of

DELIMITERS = (";", "\t", ",")
DAMAGED = 0.05  # share of rows that may be damaged; with more the file is something else

NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|[-+]?(nan|inf)", re.IGNORECASE)
COMMAS = re.compile(r"([-+]?\d+(,\d+)?([eE][-+]?\d+)?(\s+|$)){2,}")  # white space between numbers
CLOCK = re.compile(
    r"(?:(\d{4})-(\d{1,2})-(\d{1,2})[T ])?(\d{1,2}):(\d{2}):(\d{2}(?:[.,]\d+)?)(?:Z|[-+][\d:]+)?"
)


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
    titles: list[str] = []
    while pairs and not _is_numeric(pairs[0][1]):
        titles.append(pairs[0][1].lstrip("#% \t"))
        pairs = pairs[1:]
    if not pairs:
        raise RecordError(f"{what}: has no row of numbers, needs columns of measurements")
    delimiter, comma = _delimiter(pairs[len(pairs) // 2][1])
    lines = [line.replace('"', "") for _, line in pairs]
    lines = [line.replace(",", ".") if comma else line for line in lines]
    lines = [line.strip() if delimiter is None else line.strip(" \r") for line in lines]
    if delimiter is not None and sum(line.endswith(delimiter) for line in lines) > len(lines) / 2:
        names = _names(titles, delimiter, None)
        if names is None or len(names) < lines[0].count(delimiter) + 1:  # nothing follows it
            lines = [line.removesuffix(delimiter) for line in lines]
    counts = np.array([len(line.split(delimiter)) for line in lines])
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
    return Table(_names(titles, delimiter, width), kept, row, delimiter, width, bad + cut)


def _delimiter(line: str) -> tuple[str | None, bool]:
    """Return what separates the numbers of a line, None for white space; and if commas are points.

    Where a comma follows each number, white space after it separates nothing.
    """
    delimiter = next((each for each in DELIMITERS if each in line), None)
    if delimiter == "\t" and re.search(r",\s", line):
        return ",", False
    if delimiter == "," and re.fullmatch(COMMAS, line.strip()):
        return None, True
    return delimiter, delimiter in (";", "\t") and "," in line


def _names(titles: Sequence[str], delimiter: str | None, width: int | None) -> list[str] | None:
    """Return the names of the columns, of the line before the numbers that has most of them.

    A line of units after it is appended, name by name. A title has fewer or more fields.
    """
    lines = [[each.strip(" \"'\r") for each in line.split(delimiter)] for line in titles if line]
    lines = [
        line[:-1] if not line[-1] and len(line) == (width or 0) + 1 else line for line in lines
    ]
    if width is not None:
        lines = [line for line in lines if len(line) in (width, width + 1)]
    if not lines:
        return None
    known = [sum(kind_of(words_of(name)) is not None for name in line) for line in lines]
    best = len(lines) - 1 - int(np.argmax(known[::-1]))
    names = lines[best]
    units = lines[best + 1] if best + 1 < len(lines) else []
    if len(units) == len(names) and all(is_unit(unit) for unit in units if unit):
        names = [f"{name} [{unit.strip('[]()')}]" for name, unit in zip(names, units, strict=True)]
    return names


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
        rows = [line.split(table.delimiter) for line in table.lines]
        numbers = np.array([[_number(fields[k]) for k in columns] for fields in rows])
    for place, k in enumerate(columns):
        bad = ~np.isfinite(numbers[:, place])
        if bad.mean() > DAMAGED:
            first = int(np.argmax(bad))
            field = table.lines[first].split(table.delimiter)[k]
            raise RecordError(
                f"log '{source}': row {table.row[first]}, column {k + 1} is {field!r:.30}, needs a "
                f"number; {int(bad.sum())} of {len(bad)} rows have none there"
            )
    return numbers


def _number(field: str) -> float:
    """Return a number, or a date or time of the day in seconds; else NaN."""
    try:
        return float(field)
    except ValueError:
        found = CLOCK.fullmatch(field.strip())
    if found is None:
        return float("nan")
    year, month, day, hours, minutes, seconds = found.groups()
    start = 0.0
    if year is not None:
        try:
            date = datetime(int(year), int(month), int(day), tzinfo=timezone.utc)
        except ValueError:
            return float("nan")
        start = date.timestamp()
    return start + 3600.0 * int(hours) + 60.0 * int(minutes) + float(seconds.replace(",", "."))


def _is_numeric(line: str) -> bool:
    """Whether most of a line's fields are numbers."""
    fields = [each for each in re.split(r"[;\t ]+|,+", line.replace('"', "").strip()) if each]
    return 2 * sum(NUMBER.fullmatch(each) is not None for each in fields) > len(fields)
