"""The figure of a bench."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..rivals import colour
from .results import Results


def bench_figure(results: Results) -> Figure:
    """Draw one panel per arm: errors by disturbance and controller, falls at the right."""
    arms, rows = results.settings["arms"], results.settings["disturbances"]
    figure = Figure(
        figsize=(3.5 + 5.0 * len(arms), 2.4 + 0.36 * len(rows)), layout="constrained", dpi=110
    )
    panels = figure.subplots(1, len(arms), sharey=True, squeeze=False)[0]
    for axes, arm in zip(panels, arms, strict=True):
        _draw_arm(axes, results, arm)
    panels[0].set_yticks(range(len(rows)), rows)
    panels[0].set_ylim(len(rows) - 0.5, -0.5)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right upper", frameon=False)
    return figure


def _draw_arm(axes: Axes, results: Results, arm: str) -> None:
    controllers = results.settings["adapt"]
    for row in range(len(results.settings["disturbances"])):
        axes.axhspan(row - 0.5, row + 0.5, color="0.96" if row % 2 else "1.0", lw=0, zorder=-2)
    for place, name in enumerate(controllers):
        shift = 0.7 * ((place + 0.5) / len(controllers) - 0.5)
        stood: list[tuple[float, float]] = []  # error, row
        fell: list[tuple[float, float]] = []  # place at the right edge, row
        for row, disturbance in enumerate(results.settings["disturbances"]):
            for cell in results.at(arm, disturbance, name):
                if cell.later_mm is None:
                    fell.append((0.985, row + shift))
                    why = (cell.ending or "nothing").split(":", 1)[0]
                    axes.text(
                        0.97, row + shift, why, size=6, color=colour(name), ha="right",
                        va="center", transform=axes.get_yaxis_transform(),
                    )  # fmt: skip
                else:
                    stood.append((cell.later_mm, row + shift))
        axes.plot(*_columns(stood), "o", ms=5, color=colour(name), label=name)
        axes.plot(
            *_columns(fell), "x", ms=6, mew=1.6, color=colour(name),
            transform=axes.get_yaxis_transform(), clip_on=False, in_layout=False,
        )  # fmt: skip
    axes.set_xscale("log")
    axes.margins(x=0.08)
    axes.grid(axis="x", color="0.88", zorder=-1)
    axes.set_xlabel(f"RMS tool error {results.passes} [mm]; x: fell or stopped")
    axes.set_title(arm)


def _columns(points: list[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in points], [y for _, y in points]
