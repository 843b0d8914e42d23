"""The columns of a record as a flat table: ``q1``, ``q2``, ..., ``J1_2`` of a matrix."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import RecordError


def flat_columns(record: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the columns of a record with one number a row, by name; counted from 1."""
    found: dict[str, np.ndarray] = {}
    for name, column in record.items():
        for place in np.ndindex(column.shape[1:]):
            text = "_".join(str(index + 1) for index in place)
            found[f"{name}{text}"] = column[(slice(None), *place)]
    return found


def frame_of(record: Mapping[str, np.ndarray]) -> Any:
    """Return a record as a pandas DataFrame; see `flat_columns`.

    Raises:
        RecordError: pandas is not installed.
    """
    try:
        import pandas  # optional
    except ImportError:
        raise RecordError(
            "record: a frame needs the package pandas: pip install 'nengo-forcectl[logs]'"
        ) from None
    return pandas.DataFrame(flat_columns(record))


def plot_of(record: Mapping[str, np.ndarray]) -> Any:
    """Return a matplotlib figure of a record: positions, velocities, torques over time."""
    from matplotlib.figure import Figure  # only figures need it

    figure = Figure(figsize=(7.0, 7.0), layout="constrained")
    panels = figure.subplots(3, 1, sharex=True)
    for axes, (name, unit) in zip(
        panels, (("q", "rad"), ("dq", "rad/s"), ("tau", "N m")), strict=True
    ):
        for joint, column in enumerate(record[name].T):
            axes.plot(record["time"], column, lw=1.0, label=f"{name}{joint + 1}")
        axes.set_ylabel(f"{name} [{unit}]")
        axes.grid(color="0.9")
    panels[0].legend(loc="upper right", ncols=4, fontsize="small")
    panels[-1].set_xlabel("time [s]")
    return figure
