"""Figures of pressing and wiping, drawn from a run folder."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..rivals import colour
from ..run_folder import Run
from .contact_settings import LIMITS
from .wipe import path_error, wiping_time

# Bands to draw around the wanted force, as shares of it.
OVERSHOOT, STEADY = 0.01 * LIMITS["overshoot_percent"], 0.01 * LIMITS["error_percent"]
BEFORE = 0.25  # time shown before the first contact [s]


def press_figure(run: Run) -> Figure:
    """Draw force and depth over the time since first contact, one column per stiffness."""
    settings, runs = run.summary["settings"], run.summary["runs"]
    columns = list(dict.fromkeys(each["stiffness"] for each in runs.values()))
    figure = Figure(figsize=(4.6 * max(len(columns), 2), 8.0), layout="constrained", dpi=110)
    figure.suptitle(_title(run, f"presses a {settings['surface']}"), fontsize=12)
    grid = figure.subplots(
        2, max(len(columns), 1), sharex=True, squeeze=False, height_ratios=[1.6, 1]
    )
    for (above, below), stiffness in zip(grid.T, columns, strict=False):
        names = [name for name, each in runs.items() if each["stiffness"] == stiffness]
        what = "spring of" if settings["surface"] == "peg" else "surface of"
        above.set_title(f"{what} {stiffness:g} N/m", fontsize=11)
        _draw_force(above, run, names, since_contact=True)
        for name in names:
            record, first = run.records[name], runs[name]["landed_s"]
            if first is not None:
                height = record["tool"] @ np.array(run.summary["normal"])
                touched = height[np.searchsorted(record["time"], first - 1e-9)]
                below.plot(record["time"] - first, 1e3 * (height - touched), **_style(run, name))
        below.set_xlabel("time since first contact [s]")
        below.axhline(0.0, color="0.6", lw=0.8)
        below.grid(color="0.92")
        below.set_xlim(-BEFORE, settings["hold"] + run.summary["descent"]["settle"])
        low = min((line.get_ydata()[-1] for line in below.lines[:-1]), default=0.0)  # pyright: ignore[reportIndexIssue, reportAttributeAccessIssue]
        below.set_ylim(min(1.5 * low, -1.0), max(-0.5 * low, 1.0))
    grid[0, 0].set_ylabel("force on the surface [N], true")
    grid[1, 0].set_ylabel("height above the surface [mm]")
    return figure


def wipe_figure(run: Run) -> Figure:
    """Draw the tool's path from above, and force and path error over time."""
    settings, summary = run.summary["settings"], run.summary
    figure = Figure(figsize=(13, 6.6), layout="constrained", dpi=110)
    figure.suptitle(_title(run, f"wipes (friction {settings['mu']:g})"), fontsize=12)
    grid = figure.add_gridspec(2, 2, width_ratios=[1, 1.5])
    path, force, error = (figure.add_subplot(part) for part in (grid[:, 0], grid[0, 1], grid[1, 1]))
    normal = np.array(summary["normal"])
    flat = np.flatnonzero(normal == 0)
    for name, record in run.records.items():
        down = wiping_time(record, normal)
        path.plot(
            *1e3 * record["tool"][down][:, flat].T, **_style(run, name), label=_label(run, name)
        )
        away = 1e3 * path_error(record, normal)
        error.semilogy(record["time"][down], np.maximum(away[down], 1e-3), **_style(run, name))
    if run.records:
        reference = next(reversed(run.records.values()))["reference"]
        path.plot(*1e3 * reference[:, flat].T, color="black", lw=1.0, ls=":", label="wanted")
    path.set(xlabel=f"{'xyz'[flat[0]]} [mm]", ylabel=f"{'xyz'[flat[1]]} [mm]")
    path.set_title("path of the tool, from above", fontsize=11)
    path.set_aspect("equal", adjustable="datalim")
    path.legend(fontsize=8, frameon=False, loc="center")
    path.grid(color="0.92")
    _draw_force(force, run, list(run.records), since_contact=False)
    force.set(ylabel="force along the normal [N], true")
    error.set(xlabel="time [s]", ylabel="off the path [mm], while wiping")
    error.sharex(force)
    error.grid(color="0.92")
    return figure


def _title(run: Run, does: str) -> str:
    settings = run.summary["settings"]
    return (
        f"{settings['arm']} with {settings['payload']:g} kg and {settings['friction']:g} N m s/rad "
        f"that it does not know {does} with {settings['force']:g} N\n{settings['law']} force and "
        f"position control, surface of unknown stiffness (seed {settings['seed']})"
    )


def _draw_force(axes: Axes, run: Run, names: list[str], *, since_contact: bool) -> None:
    """Draw the true force of some runs, the wanted force and its tolerance bands."""
    force = run.summary["settings"]["force"]
    axes.axhspan(force, (1 + OVERSHOOT) * force, color="#2b8a3e", alpha=0.10, lw=0)
    axes.axhspan((1 - STEADY) * force, (1 + STEADY) * force, color="#2b8a3e", alpha=0.18, lw=0)
    for level, text in (
        (1 + OVERSHOOT, f"{100 * OVERSHOOT:g} % over"),
        (1 - STEADY, f"within {100 * STEADY:g} %"),
    ):
        axes.text(
            0.995, level * force, text, ha="right", va="bottom" if level > 1 else "top",
            fontsize=8, color="#2b8a3e", transform=axes.get_yaxis_transform(),
        )  # fmt: skip
    top = 2.2 * force
    beyond = 0
    for name in names:
        record, figures = run.records[name], run.summary["runs"][name]
        first = figures["landed_s"]
        shift = first if since_contact and first is not None else 0.0
        axes.plot(
            record["time"] - shift, record["force"], **_style(run, name), label=_label(run, name)
        )
        if record["force"].max() > top:
            axes.annotate(
                f"peak {record['force'].max():.0f} N", (0.1, 0.72 - 0.06 * beyond),
                xycoords="axes fraction", va="top", fontsize=8.5, color=_style(run, name)["color"],
            )  # fmt: skip
            beyond += 1
        if name == names[-1]:
            wanted = -record["wanted"][:, :3] @ np.array(run.summary["normal"])
            landed = wanted > run.summary["descent"]["touch"]
            axes.plot(
                record["time"][landed] - shift, wanted[landed], color="black", lw=1.0, ls="--",
                label="wanted, once it has landed",
            )  # fmt: skip
            if first is not None:
                axes.axvline(first - shift, color="0.5", lw=0.8, ls=":")
    axes.set_ylim(-0.03 * force, top)
    axes.grid(color="0.92")
    axes.legend(fontsize=8, frameon=True, framealpha=0.9, edgecolor="none", loc="upper right")


def _label(run: Run, name: str) -> str:
    """A run with its figures."""
    figures = run.summary["runs"][name]
    if figures["landed_s"] is None:
        return f"{name}: touched nothing"
    error = figures["error_percent"]
    says = f"{name}: overshoot {max(figures['overshoot_percent'], 0.0):.1f} %"
    if error is None:
        return says
    away = figures.get("path_mm")
    if away is not None:
        return f"{name}: force within {percent(error)}, path within {away:.2g} mm"
    return f"{says}, at rest within {percent(error)}"


def percent(value: float) -> str:
    """Return a percentage with two digits, at least to a hundredth."""
    return f"{value:.2g} %" if value >= 0.01 else "0.01 %"


def _style(run: Run, name: str) -> dict[str, Any]:
    figures = run.summary["runs"][name]
    stiffnesses = list(dict.fromkeys(each["stiffness"] for each in run.summary["runs"].values()))
    dashes = ["-", "--", "-.", ":"]
    wipes = run.summary["verb"] == "wipe"
    style = dashes[stiffnesses.index(figures["stiffness"]) % len(dashes)] if wipes else "-"
    return {"color": colour(figures["adapt"]), "lw": 1.2, "ls": style}
