"""The figure of a bench."""

from collections.abc import Mapping

from matplotlib.axes import Axes

from ..report.figure_sheet import Drawn, legend_below, sheet
from ..rivals import colour
from .results import Cell, Results, how


def bench_figures(results: Results) -> Mapping[str, Drawn]:
    """Draw one panel per arm: errors by disturbance and controller, and why runs failed."""
    settings = results.settings
    arms, rows, controllers = settings["arms"], settings["disturbances"], settings["adapt"]
    figure = sheet(0.8 + len(arms) * (0.6 + max(0.3, 0.13 * len(controllers)) * len(rows)))
    panels = figure.subplots(len(arms), 1, sharex=True, squeeze=False)[:, 0]
    for axes, arm in zip(panels, arms, strict=True):
        _draw_arm(axes, results, arm)
        axes.set_yticks(range(len(rows)), rows, fontsize=8.5)
        axes.set_ylim(len(rows) - 0.5, -0.5)
    panels[-1].set_xlabel(f"RMS tool error {results.passes} [mm]")
    legend_below(figure, panels[0])
    caption = (
        "Error of each run; open: overruled by limits most of the time; x at the right: fell or "
        "stopped, and why."
    )
    return {"bench": Drawn(figure, caption)}


def _draw_arm(axes: Axes, results: Results, arm: str) -> None:
    controllers = results.settings["adapt"]
    for row in range(len(results.settings["disturbances"])):
        axes.axhspan(row - 0.5, row + 0.5, color="0.96" if row % 2 else "1.0", lw=0, zorder=-2)
    for place, name in enumerate(controllers):
        shift = 0.8 * ((place + 0.5) / len(controllers) - 0.5)
        fine, open_ = [], []  # of error and row
        for row, disturbance in enumerate(results.settings["disturbances"]):
            cells = results.at(arm, disturbance, name)
            for cell in cells:
                if cell.later_mm is not None:
                    (open_ if cell.ending else fine).append((cell.later_mm, row + shift))
            _draw_failures(axes, cells, row + shift, colour(name))
        axes.plot(*_columns(fine), "o", ms=4.5, color=colour(name), label=name)
        axes.plot(*_columns(open_), "o", ms=4.5, mfc="none", mew=1.4, color=colour(name))
    axes.set_xscale("log")
    axes.margins(x=0.08)
    axes.grid(axis="x", color="0.88", zorder=-1)
    axes.tick_params(axis="x", labelsize=8.5)
    axes.set_title(arm, fontsize=10)


def _draw_failures(axes: Axes, cells: tuple[Cell, ...], y: float, tint: str) -> None:
    """Draw a cross at the right for runs that fell or were stopped, and say why."""
    failed = [cell for cell in cells if cell.later_mm is None]
    if not failed:
        return
    right = axes.get_yaxis_transform()
    share = f" {len(failed)}/{len(cells)}" if len(cells) > 1 else ""
    ending = failed[0].ending or "nothing: no pass was completed"
    why = ending.split(": ", 1)[1]
    text = f"{how(ending)}{share}: {why if len(why) < 48 else why[:45] + '...'}"
    axes.plot(0.985, y, "x", ms=5, mew=1.5, color=tint, transform=right, clip_on=False)
    axes.text(0.965, y, text, size=6.5, color=tint, ha="right", va="center", transform=right)


def _columns(points: list[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in points], [y for _, y in points]
