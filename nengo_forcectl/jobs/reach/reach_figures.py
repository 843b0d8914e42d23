"""Figures of a reaching run, drawn from its folder."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from ...robots.log import tool_error
from ..report.answer import number
from ..report.figure_sheet import LACKS, Drawn, label_small, legend_below, sheet
from ..report.torque_figure import torque_figure
from ..rivals import TIPS, colour
from ..run_folder import Run
from .reach_settings import pass_name
from .reached import ARRIVED, main_controller

MANY = 20  # passes from which on the error is an average over each


def reach_figures(run: Run) -> Mapping[str, Drawn]:
    """Return the error over time, the tool's path, and what the last learner supplies.

    If the controllers used different Jacobians, their errors take the place of the torques.
    """
    if not any(record["time"].size for record in run.records.values()):
        return {}
    last = _draw_jacobian if run.summary["settings"]["jacobian"] else _draw_torque
    return {"error": _draw_error(run), "path": _draw_path(run), **last(run)}


def _draw_error(run: Run) -> Drawn:
    """Draw the tool error of every controller against time, on a log axis."""
    settings = run.summary["settings"]
    figure = sheet(3.6 + 0.1 * len(run.records))
    axes = figure.subplots()
    end = max(float(record["time"][-1]) for record in run.records.values())
    seconds = run.summary["seconds_per_pass"]
    passes_in_all = math.ceil(end / seconds)
    window, over = (0.1, "0.1 s") if passes_in_all <= MANY else (seconds, "pass")
    for name, record in run.records.items():
        error = 1e3 * moving_rms(tool_error(record), round(window / run.summary["dt"]))
        passes = run.summary["rms_mm"].get(name, ())
        ends = " to ".join(number(error) for error in (*passes[:1], *passes[1:][-1:]))
        label = f"{name}: {ends} mm RMS" if ends else name
        axes.semilogy(record["time"], error, **_style(run, name), label=label)
    shown = np.concatenate([tool_error(record)[100:] for record in run.records.values()])
    if shown.size:
        axes.set_ylim(bottom=0.5e3 * max(float(np.quantile(shown, 0.01)), 1e-9))
    _mark_passes(axes, settings, seconds, passes_in_all)
    axes.set(xlabel="time [s]", ylabel="tool error [mm]")
    axes.set_xlim(0, end)
    axes.grid(axis="y", color="0.9")
    legend_below(figure, axes)
    caption = f"Distance of the tool from its reference, RMS over the last {over}."
    if settings["freeze_after"] is not None:
        caption += " Learning is off in the grey part."
    return Drawn(figure, caption)


def _mark_passes(axes: Axes, settings: Mapping[str, Any], seconds: float, everything: int) -> None:
    """Write the names of the passes above the axes, and shade those without learning."""
    frozen = settings["freeze_after"]
    if frozen is not None and frozen < everything:
        axes.axvspan(frozen * seconds, everything * seconds, color="0.93", zorder=-1)
    every = -(-everything // 6)  # passes per label
    for place in range(0, everything, 1 if everything <= MANY else every):
        axes.axvline(place * seconds, color="0.85", lw=0.8, zorder=0)
    for place in range(0, everything, every):
        axes.text(
            (place + 0.5) * seconds,
            1.01,
            pass_name({**settings, "freeze_after": None}, place + 1),
            ha="center",
            va="bottom",
            fontsize=8.5,
            color="0.35",
            transform=axes.get_xaxis_transform(),
        )


def _draw_path(run: Run) -> Drawn:
    """Draw the tool's last pass, the targets and the reference, from above and from the side."""
    first = -round(run.summary["seconds_per_pass"] / run.summary["dt"])
    paths = {name: record["tool"][first:] for name, record in run.records.items()}
    reference = next(iter(run.records.values()))["reference"][first:]
    moving = [int(axis) for axis in np.flatnonzero(np.ptp(reference, axis=0) > 1e-9)]
    pairs = [(0, 1), (0, 2)] if len(moving) == 3 else [(moving[0], moving[-1])]
    names = {(0, 1): "from above", (0, 2): "from the side"} if len(pairs) > 1 else {}
    last = run.summary["unseen_targets"][-len(run.summary["targets"]) :] or run.summary["targets"]
    figure = sheet(3.9)
    panels = figure.subplots(1, len(pairs), squeeze=False)[0]
    for axes, (a, b) in zip(panels, pairs, strict=True):
        for name, path in paths.items():
            axes.plot(path[:, a], path[:, b], **_style(run, name), label=name)
        axes.plot(reference[:, a], reference[:, b], color=LACKS, lw=0.9, ls=":", label="reference")
        axes.plot(*np.array(last)[:, [a, b]].T, "o", color=LACKS, ms=4, label="targets")
        axes.set(xlabel=f"{'xyz'[a]} [m]", ylabel=f"{'xyz'[b]} [m]")
        axes.set_title(names.get((a, b), ""), fontsize=10)
        axes.set_aspect("equal", adjustable="datalim")
        axes.locator_params(nbins=5)
        label_small(axes)
    legend_below(figure, panels[0])
    return Drawn(figure, "Path of the tool in the last pass, and its reference.")


def _draw_torque(run: Run) -> Mapping[str, Drawn]:
    """Draw the torque that the model lacks and the last learner's torque, joint by joint."""
    name = main_controller(list(run.records))
    record = run.records[name]
    first = -round(run.summary["seconds_per_pass"] / run.summary["dt"])
    lacks, supplied = record["unmodelled"][first:], record["feedforward"][first:]
    figure, scales = torque_figure(record["time"][first:], lacks, supplied, colour(name))
    caption = (
        f"Torque in the last pass. Left: what the model lacks (black) and what {name} supplies "
        f"(dashed). Right: the difference of the two. {scales}"
    )
    return {"torque": Drawn(figure, caption)}


def _draw_jacobian(run: Run) -> Mapping[str, Drawn]:
    """Draw each controller's Jacobian error, and the final distance to the target of each reach."""
    figure = sheet(5.4)
    above, below = figure.subplots(2, 1)
    seconds = run.summary["seconds_per_pass"] / len(run.summary["targets"])
    worst = 0.0
    for name, record in run.records.items():
        final = run.summary["final_mm"].get(name, ())
        style = _style(run, name)
        above.semilogy(record["time"], 100 * record["jacobian_error"], **style, label=name)
        below.semilogy(np.arange(1, len(final) + 1), final, marker=".", **style)
        worst = max(worst, float(record["jacobian_error"].max(initial=0.0)))
    if worst > 0:
        above.set_ylim(0.01 * worst, 200 * worst)  # four decades
    above.set(xlabel="time [s]", ylabel=r"$|\hat J - J|\,/\,|J|$ [%]")
    below.axhline(ARRIVED, color="0.5", lw=0.8, ls=":")
    below.set(xlabel=f"reach, {seconds:g} s each", ylabel="distance [mm]")
    below.xaxis.get_major_locator().set_params(integer=True)
    for axes in (above, below):
        label_small(axes)
    legend_below(figure, above)
    caption = (
        "Above: error of the Jacobian of the tip; exact has none. Below: distance from tip to "
        f"target on arrival; dotted: {ARRIVED:g} mm."
    )
    return {"tip": Drawn(figure, caption)}


def _style(run: Run, name: str) -> dict[str, Any]:
    """Return colour, width and dashes of a controller's lines."""
    style = TIPS[name].style if run.summary["settings"]["jacobian"] else {}
    return {"color": colour(name), "lw": 1.1, **style}


def moving_rms(error: Float[np.ndarray, "k"], window: int) -> Float[np.ndarray, "k"]:
    """Return the RMS over a window that ends at each sample; shorter at the start."""
    total = np.concatenate(([0.0], np.cumsum(error**2)))
    ends = np.arange(1, len(error) + 1)
    starts = np.maximum(ends - window, 0)
    return np.sqrt((total[ends] - total[starts]).clip(min=0.0) / (ends - starts))
