"""The look of all figures: one width, one size of letters, legends beside no curve."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

WIDTH = 5.6  # [in]; fills the width of a phone at a readable size
DPI = 180
LETTER, HANDLE = 0.068, 0.6  # widths in a legend [in]
LACKS, GRID = "black", "0.92"


class Drawn(NamedTuple):
    """A figure and its caption."""

    figure: Figure
    caption: str


def sheet(height: float, *, arranged: bool = True) -> Figure:
    """Return an empty figure of the common width, whose axes are arranged so that nothing is cut.

    In three dimensions that takes long, and is worse than the standard places.
    """
    return Figure(figsize=(WIDTH, height), layout="constrained" if arranged else None, dpi=DPI)


def legend_below(figure: Figure, axes: Axes) -> None:
    """Put the legend of some axes below the whole figure, where it covers nothing."""
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        columns = int(WIDTH / (HANDLE + LETTER * max(map(len, labels))))
        columns = max(1, min(columns, len(labels)))
        figure.legend(
            handles,
            labels,
            loc="outside lower left",
            ncols=columns,
            frameon=False,
            fontsize=9,
            columnspacing=1.2,
        )


def label_small(axes: Any) -> None:
    """Give axes a grid and small numbers."""
    axes.grid(color=GRID)
    axes.tick_params(labelsize=8)


def group_by_size(peaks: Sequence[float], ratio: float = 10.0) -> list[list[int]]:
    """Return the places of some sizes in groups, each within a ratio of its largest.

    What shares an axis can then be compared, and what is small is still seen. Groups go from large
    to small, places within one in order.
    """
    order = sorted(range(len(peaks)), key=lambda place: -peaks[place])
    groups: list[list[int]] = []
    for place in order:
        if groups and peaks[place] * ratio >= peaks[groups[-1][0]]:
            groups[-1].append(place)
        else:
            groups.append([place])
    return [sorted(group) for group in groups]
