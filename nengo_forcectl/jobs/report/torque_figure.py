"""A figure of torques by joint, in which joints of like size share a scale."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .answer import listing
from .figure_sheet import LACKS, group_by_size, label_small, sheet


def torque_figure(
    time: Float[np.ndarray, "k"],
    wanted: Float[np.ndarray, "k n"],
    supplied: Float[np.ndarray, "k n"],
    colour: str,
) -> tuple[Figure, str]:
    """Draw torques and what is left of them by joint; return a sentence on their scales as well.

    Args:
        time: [s].
        wanted: torques in black [N m].
        supplied: torques in colour, dashed [N m].
        colour: colour of the latter.
    """
    groups = group_by_size(np.abs(wanted).max(axis=0, initial=0.0).tolist())
    joints = [joint for group in groups for joint in group]
    figure = sheet(0.9 + 0.95 * len(joints))
    grid = figure.subplots(len(joints), 2, sharex=True, squeeze=False)
    rest = wanted - supplied
    rows = dict(zip(joints, grid, strict=True))
    for joint, (left, right) in rows.items():
        left.plot(time, wanted[:, joint], color=LACKS, lw=1.0)
        left.plot(time, supplied[:, joint], color=colour, lw=1.0, ls="--")
        right.plot(time, rest[:, joint], color=colour, lw=0.9)
        left.set_ylabel(f"joint {joint + 1}", fontsize=9)
        for axes in (left, right):
            label_small(axes)
            axes.locator_params(axis="y", nbins=3)
    for column in (0, 1):
        share_scales([rows[joint][column] for joint in range(len(joints))], groups)
    grid[0, 0].set_title("torque [N m]", fontsize=10)
    grid[0, 1].set_title("difference [N m]", fontsize=10)
    for axes in grid[-1]:
        axes.set_xlabel("time [s]", fontsize=9)
    figure.align_ylabels(grid[:, 0])
    return figure, scales_in_words(groups)


def share_scales(panels: Sequence[Axes], groups: list[list[int]]) -> None:
    """Give the panels of each group, one panel a joint, one scale."""
    for group in groups:
        low, high = np.array([panels[joint].get_ylim() for joint in group]).T
        for joint in group:
            panels[joint].set_ylim(low.min(), high.max())


def scales_in_words(groups: list[list[int]]) -> str:
    """Return a sentence that says which joints share a scale."""
    if len(groups) == 1:
        return "All joints share a scale."
    parts = []
    for group in groups:
        names = listing([str(joint + 1) for joint in group])
        parts.append(
            f"joints {names} share one" if len(group) > 1 else f"joint {names} has its own"
        )
    return f"Scales: {listing(parts)}."
