"""A table of torque errors by joint."""

from collections.abc import Mapping, Sequence

import numpy as np

from ..report.answer import Grid


def percent_grid(rows: Mapping[str, Sequence[float]], title: str) -> Grid:
    """Return a table of torque errors in %, one row each, one column a joint."""
    joints = max(map(len, rows.values()))
    heads = ("joint", *(str(j + 1) for j in range(joints)))
    cells = [(name, *(f"{100.0 * value:.3g}" for value in values)) for name, values in rows.items()]
    return Grid(heads, tuple(cells), title)


def mean_percent(values: Sequence[float]) -> str:
    """Return the mean over the joints of relative errors."""
    return f"{100.0 * float(np.mean(values)):.3g} %"
