"""The answer of a run: what the command line prints and the report shows, stated once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple


class Cell(NamedTuple):
    """A cell of a table."""

    text: str
    tone: str = ""  # "good", "bad" or "faint"; "": as the others


Row = tuple[str | Cell, ...]


@dataclass(frozen=True)
class Grid:
    """A table of text: names in the first column, numbers in the others."""

    heads: tuple[str, ...]
    rows: tuple[Row, ...]  # an empty row draws a line
    title: str = ""
    note: str = ""
    """What its columns mean; on the page alone."""


@dataclass(frozen=True)
class Answer:
    """The answer of a run."""

    sentence: str
    parts: tuple[str | Grid | tuple[str, ...], ...] = ()
    """Tables, and lines between them; a tuple is a list of lines."""
    failure: str = ""
    """What did not end well, in full sentences; comes first."""


def bad_endings(summary: Mapping[str, Any]) -> str:
    """Return which arms fell, were stopped or overruled, from a summary's ``endings``."""
    return " ".join(f"{name} {how}." for name, how in summary.get("endings", {}).items())


def number(value: float) -> str:
    """Return a number with three digits, or all its digits before the point."""
    short = f"{value:.3g}"
    return f"{value:,.0f}" if "e+" in short and abs(value) < 1e9 else short


def percent(share: float) -> str:
    """Return a share as a percentage with two digits or more; nothing above 0 is shown as 0."""
    if 0.0 < share < 1e-4:
        return "under 0.01 %"
    value = 100.0 * share
    return f"{value:.2g} %" if value < 10.0 else f"{value:.0f} %"


def listing(words: list[str]) -> str:
    """Return words as a list in a sentence: ``a, b and c``."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
