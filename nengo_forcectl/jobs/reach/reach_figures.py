"""Figures of a run, drawn from its folder."""

from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from ...robots.log import tool_error
from ..rivals import TIPS, colour
from ..run_folder import Run
from .reach_settings import pass_name


def reach_figure(run: Run) -> Figure:
    """Draw a reaching run: error against time, the tool's path, learned against true torque.

    If the controllers used different Jacobians, draw their errors instead of the torques.
    """
    figure = Figure(figsize=(13, 8.5), layout="constrained", dpi=110)
    settings = run.summary["settings"]
    if settings["jacobian"]:
        unknown = f"a tool of {settings['tool']:g} m that its kinematics do not know"
    else:
        unknown = (
            f"an unknown payload of {settings['payload']:g} kg and unknown "
            f"friction of {settings['friction']:g} N m s/rad"
        )
    figure.suptitle(f"{settings['arm']} with {unknown} (seed {settings['seed']})", fontsize=13)
    grid = figure.add_gridspec(2, 2, height_ratios=[1, 1.25], width_ratios=[1, 1.5])
    top, left, right = (figure.add_subfigure(part) for part in (grid[0, :], grid[1, 0], grid[1, 1]))
    _draw_error(top.subplots(), run)
    _draw_path(left, run)
    (_draw_jacobian if settings["jacobian"] else _draw_torque)(right, run)
    return figure


def _draw_error(axes: Axes, run: Run) -> None:
    """Draw the tool error of every controller against time, on a log axis."""
    settings = run.summary["settings"]
    for name, record in run.records.items():
        error = 1e3 * moving_rms(tool_error(record), round(0.1 / run.summary["dt"]))
        passes = run.summary["rms_mm"][name]
        ends = " to ".join(f"{error:.3g}" for error in (*passes[:1], *passes[1:][-1:]))
        label = f"{name}: {ends} mm RMS" if ends else name
        axes.semilogy(record["time"], error, **_style(run, name), label=label)
    shown = np.concatenate([tool_error(record)[100:] for record in run.records.values()])
    if shown.size:
        axes.set_ylim(bottom=0.5e3 * max(float(np.quantile(shown, 0.01)), 1e-9))
    seconds = run.summary["seconds_per_pass"]
    everything = settings["passes"] + settings["unseen"]
    frozen = settings["freeze_after"]
    if frozen is not None:
        axes.axvspan(frozen * seconds, everything * seconds, color="0.94", zorder=-1)
        axes.text(
            frozen * seconds, 0.98, " learning off", va="top", fontsize=9, color="0.35",
            transform=axes.get_xaxis_transform(),
        )  # fmt: skip
    every = -(-everything // 12)  # passes per label
    for number in range(0, everything, every):
        axes.axvline(number * seconds, color="0.85", lw=0.8, zorder=0)
        axes.text(
            (number + 0.5) * seconds,
            1.01,
            pass_name(settings | {"freeze_after": None}, number + 1),
            ha="center",
            va="bottom",
            fontsize=9,
            color="0.35",
            transform=axes.get_xaxis_transform(),
        )
    axes.set(xlabel="time [s]", ylabel="tool error [mm], RMS over 0.1 s")
    axes.set_xlim(0, seconds * everything)
    axes.grid(axis="y", color="0.9")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)


def _draw_path(figure: SubFigure, run: Run) -> None:
    """Draw the tool's last pass, the targets and the reference; in 2D for a planar arm."""
    first = -round(run.summary["seconds_per_pass"] / run.summary["dt"])
    paths = {name: record["tool"][first:] for name, record in run.records.items()}
    reference = next(iter(run.records.values()))["reference"][first:]
    moving = np.flatnonzero(np.ptp(reference, axis=0) > 1e-9)
    axes: Any = figure.add_subplot(projection="3d" if len(moving) == 3 else None)
    for name, path in paths.items():  # the legend above names the colours
        axes.plot(*path[:, moving].T, **_style(run, name))
    axes.plot(*reference[:, moving].T, color="black", lw=0.8, ls=":", label="reference")
    last = run.summary["unseen_targets"][-len(run.summary["targets"]) :] or run.summary["targets"]
    targets = np.array(last)[:, moving]
    axes.plot(*targets.T, "o", color="black", ms=4, label="targets")
    for axis, label in zip(("x", "y", "z"), moving, strict=False):
        axes.set(**{f"{axis}label": f"{'xyz'[label]} [m]"})
    axes.set_title("path of the tool, last pass")
    if len(moving) == 3:
        limits = [axes.get_xlim3d(), axes.get_ylim3d(), axes.get_zlim3d()]
        axes.set_box_aspect(np.ptp(limits, axis=1), zoom=0.75)  # equal scales on all axes
        axes.locator_params(nbins=4)
    else:
        axes.set_aspect("equal", adjustable="datalim")
    axes.tick_params(labelsize=8)
    beside = (-0.2, 1.0) if len(moving) == 3 else (0.0, 1.0)
    axes.legend(fontsize=8, frameon=False, loc="upper left", bbox_to_anchor=beside)


def _draw_torque(figure: SubFigure, run: Run) -> None:
    """Draw the torque that the model lacks and the last learner's torque, joint by joint."""
    learners = [name for name in run.records if name not in ("none", "exact")]
    name = learners[-1] if learners else next(reversed(run.records))
    record = run.records[name]
    first = -round(run.summary["seconds_per_pass"] / run.summary["dt"])
    joints = run.summary["joints"]
    columns = np.array_split(range(len(joints)), 2 if len(joints) > 3 else 1)
    parts = figure.subfigures(1, len(columns), squeeze=False)[0]
    panels: list[Axes] = []  # one per joint
    for part, column in zip(parts, columns, strict=True):
        panels += [*part.subplots(len(column), 1, sharex=True, squeeze=False)[:, 0]]
        panels[-1].set_xlabel("time [s]", fontsize=9)
    time = record["time"][first:]
    for joint, axes in enumerate(panels):
        axes.plot(time, record["unmodelled"][first:, joint], color="black", lw=1.0)
        axes.plot(time, record["feedforward"][first:, joint], color=colour(name), lw=1.0, ls="--")
        axes.set_ylabel(f"joint {joint + 1}", fontsize=9)
        axes.tick_params(labelsize=8)
        axes.grid(color="0.92")
    figure.suptitle(
        f"torque [N m], last pass: what the model lacks (black), what {name} supplies (dashed)",
        fontsize=11,
    )


def _draw_jacobian(figure: SubFigure, run: Run) -> None:
    """Draw each controller's Jacobian error, and the final distance to the target of each reach."""
    above, below = figure.subplots(2, 1)
    seconds = run.summary["seconds_per_pass"] / len(run.summary["targets"])
    worst = 0.0
    for name, record in run.records.items():
        final = run.summary["final_mm"][name]
        style = _style(run, name)
        above.semilogy(record["time"], 100 * record["jacobian_error"], **style)
        below.semilogy(np.arange(1, len(final) + 1), final, marker=".", **style)
        worst = max(worst, float(record["jacobian_error"].max(initial=0.0)))
    if worst > 0:
        above.set_ylim(0.01 * worst, 200 * worst)  # four decades
    above.set(xlabel="time [s]", ylabel=r"$|\hat J - J|\,/\,|J|$ [%]")
    above.set_title("error of the tip's Jacobian (exact has none)", fontsize=11)
    below.axhline(2.0, color="0.5", lw=0.8, ls=":")
    below.set(xlabel=f"reach, {seconds:g} s each", ylabel="distance [mm]")
    below.xaxis.get_major_locator().set_params(integer=True)
    below.set_title("distance from tip to target on arrival (dotted: 2 mm)", fontsize=11)
    for axes in (above, below):
        axes.tick_params(labelsize=8)
        axes.grid(color="0.92")


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
