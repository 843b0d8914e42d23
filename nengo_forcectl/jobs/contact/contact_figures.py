"""Figures of pressing and wiping, drawn from a run folder."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from ..report.figure_sheet import LACKS, Drawn, label_small, legend_below, sheet
from ..rivals import colour
from ..run_folder import Run
from .contact_settings import LIMITS, stiffness_text
from .wiped import path_error, wiping_time

# Bands to draw around the wanted force, as shares of it.
OVERSHOOT, STEADY = 0.01 * LIMITS["overshoot_percent"], 0.01 * LIMITS["error_percent"]
BEFORE = 0.25  # time shown before the first contact [s]
LINEAR = 1.5  # wanted forces up to which the axis of a force is linear, where it must reach far
FAR = 2.2  # wanted forces beyond which a force reaches far
BANDS = (
    f"Light green: up to {100 * OVERSHOOT:g} % over the wanted force; green: within "
    f"{100 * STEADY:g} % of it."
)


def press_figures(run: Run) -> Mapping[str, Drawn]:
    """Return force and depth over the time since first contact, one row per stiffness."""
    settings, runs = run.summary["settings"], run.summary["runs"]
    rows = list(dict.fromkeys(each["stiffness"] for each in runs.values()))
    if not rows:
        return {}
    figure = sheet(0.7 + 2.5 * len(rows))
    grid = figure.subplots(len(rows), 2, sharex=True, squeeze=False)
    far = False
    for (left, right), stiffness in zip(grid, rows, strict=True):
        names = [name for name, each in runs.items() if each["stiffness"] == stiffness]
        far |= _draw_force(left, run, names, since_contact=True)
        _draw_height(right, run, names)
        left.set_title(f"{stiffness_text(stiffness)} N/m: force [N]", fontsize=10)
        right.set_title("height above the surface [mm]", fontsize=10)
        left.set_xlim(-BEFORE, settings["hold"] + run.summary["descent"]["settle"])
    for axes in grid[-1]:
        axes.set_xlabel("time since first contact [s]", fontsize=9)
    legend_below(figure, grid[0, 0])
    caption = (
        f"True force on the surface, and height of the tip, on surfaces of {len(rows)} "
        f"stiffness{'es' if len(rows) > 1 else ''}. {BANDS}{_far(run, far)}"
    )
    return {"force": Drawn(figure, caption)}


def wipe_figures(run: Run) -> Mapping[str, Drawn]:
    """Return the tool's path from above, and force and path error over time."""
    if not run.records:
        return {}
    figure = sheet(5.6)
    force, error = figure.subplots(2, 1, sharex=True)
    far = _draw_force(force, run, list(run.records), since_contact=False)
    normal = np.array(run.summary["normal"])
    for name, record in run.records.items():
        down = wiping_time(record, normal)
        away = 1e3 * path_error(record, normal)
        error.semilogy(record["time"][down], np.maximum(away[down], 1e-3), **_style(run, name))
    force.set_ylabel("force [N]")
    error.set(xlabel="time [s]", ylabel="off the path [mm]")
    label_small(error)
    legend_below(figure, force)
    caption = (
        "Above: true force along the surface's normal. Below: distance from the path along the "
        f"surface, while it wipes. {BANDS}{_far(run, far)}"
    )
    return {"path": _draw_path(run), "force": Drawn(figure, caption)}


def _draw_path(run: Run) -> Drawn:
    normal = np.array(run.summary["normal"])
    flat = np.flatnonzero(normal == 0)
    figure = sheet(5.4)
    axes = figure.subplots()
    for name, record in run.records.items():
        down = wiping_time(record, normal)
        axes.plot(
            *1e3 * record["tool"][down][:, flat].T, **_style(run, name), label=_label(run, name)
        )
    reference = next(reversed(run.records.values()))["reference"]
    axes.plot(*1e3 * reference[:, flat].T, color=LACKS, lw=1.0, ls=":", label="wanted")
    axes.set(xlabel=f"{'xyz'[flat[0]]} [mm]", ylabel=f"{'xyz'[flat[1]]} [mm]")
    axes.set_aspect("equal", adjustable="datalim")
    label_small(axes)
    legend_below(figure, axes)
    return Drawn(figure, "Path of the tool while it wipes, from above.")


def _draw_force(axes: Axes, run: Run, names: list[str], *, since_contact: bool) -> bool:
    """Draw the true force of some runs, the wanted force and its bands.

    Returns whether the force reaches so far that the upper part of the axis is logarithmic.
    """
    force = run.summary["settings"]["force"]
    axes.axhspan(force, (1 + OVERSHOOT) * force, color="#2b8a3e", alpha=0.10, lw=0)
    axes.axhspan((1 - STEADY) * force, (1 + STEADY) * force, color="#2b8a3e", alpha=0.25, lw=0)
    peak = 0.0
    for name in names:
        record = run.records[name]
        shift = _shift(run, name) if since_contact else 0.0
        axes.plot(
            record["time"] - shift, record["force"], **_style(run, name), label=_label(run, name)
        )
        peak = max(peak, float(record["force"].max()))
    record = run.records[names[-1]]
    wanted = -record["wanted"][:, :3] @ np.array(run.summary["normal"])
    landed = wanted > run.summary["descent"]["touch"]
    shift = _shift(run, names[-1]) if since_contact else 0.0
    axes.plot(
        record["time"][landed] - shift, wanted[landed], color=LACKS, lw=1.0, ls="--",
        label="wanted after landing",
    )  # fmt: skip
    label_small(axes)
    if peak <= FAR * force:
        axes.set_ylim(-0.05 * force, max(1.08 * peak, 1.3 * force))
        return False
    axes.set_yscale("symlog", linthresh=LINEAR * force, linscale=2.0)
    ticks = [0.0, 0.5 * force, force, LINEAR * force]
    while ticks[-1] < peak:
        ticks.append(2.0 * ticks[-1])
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_ylim(-0.05 * force, 1.15 * peak)
    return True


def _far(run: Run, far: bool) -> str:
    if not far:
        return ""
    edge = LINEAR * run.summary["settings"]["force"]
    return f" Above {edge:g} N, where there are ticks at doubled forces, the axis is logarithmic."


def _draw_height(axes: Axes, run: Run, names: list[str]) -> None:
    """Draw the height of the tip since the first contact; all of it after the contact."""
    low, high = -1e-3, 1e-3
    for name in names:
        record, first = run.records[name], run.summary["runs"][name]["landed_s"]
        if first is None:
            continue
        height = 1e3 * record["tool"] @ np.array(run.summary["normal"])
        touched = int(np.searchsorted(record["time"], first - 1e-9))
        height -= height[touched]
        axes.plot(record["time"] - first, height, **_style(run, name))
        low, high = min(low, height[touched:].min()), max(high, height[touched:].max())
    axes.axhline(0.0, color="0.6", lw=0.8)
    label_small(axes)
    axes.set_ylim(1.1 * low, max(1.1 * high, -0.5 * low))


def _shift(run: Run, name: str) -> float:
    """Return the time of the first contact; 0 without one."""
    return run.summary["runs"][name]["landed_s"] or 0.0


def _label(run: Run, name: str) -> str:
    figures, wipes = run.summary["runs"][name], run.summary["verb"] == "wipe"
    several = wipes and len(run.summary["settings"]["stiffness"]) > 1
    where = f", {stiffness_text(figures['stiffness'])} N/m" if several else ""
    return f"{figures['adapt']}{where}"


def _style(run: Run, name: str) -> dict[str, Any]:
    figures = run.summary["runs"][name]
    stiffnesses = list(dict.fromkeys(each["stiffness"] for each in run.summary["runs"].values()))
    dashes = ["-", "--", "-.", ":"]
    wipes = run.summary["verb"] == "wipe"
    style = dashes[stiffnesses.index(figures["stiffness"]) % len(dashes)] if wipes else "-"
    return {"color": colour(figures["adapt"]), "lw": 1.2, "ls": style}
