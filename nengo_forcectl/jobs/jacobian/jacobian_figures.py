"""Figures of a comparison of Jacobians, drawn from its folder."""

from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from arms import Arm

from .jacobian_job import JacobianRun

ARM, TRUE, LEARNED = "#666666", "#1b6ca8", "#d6278a"
SHOWN = 4  # configurations drawn


def figures(run: JacobianRun) -> dict[str, Figure]:
    """Return all figures by file name."""
    q, comparison = run.comparison.q, run.comparison
    order = np.argsort(comparison.relative_error.values)
    typical = order[len(order) * np.arange(1, 2 * SHOWN, 2) // (2 * SHOWN)]
    worst = _apart(q, order[::-1])
    return {
        "error_by_joint": _error_by_joint(run),
        "error_map": _error_map(run),
        "ellipses": _arms(run, typical, "from small to large errors"),
        "learning_curve": _learning_curve(run),
        "against_distance": _against(run),
        "worst": _arms(run, worst, f"the worst of {len(q):,} configurations"),
    }


def _apart(q: Float[np.ndarray, "k n"], order: Any) -> list[int]:
    """Return the first few of ``order``, without near duplicates."""
    least = 0.1 * np.linalg.norm(np.ptp(q, axis=0))
    kept: list[int] = []
    for place in order:
        if all(np.linalg.norm(q[place] - q[other]) > least for other in kept):
            kept.append(int(place))
        if len(kept) == SHOWN:
            break
    return kept


def _title(run: JacobianRun) -> str:
    settings = run.summary["settings"]
    return (
        f"{run.arm.name}, {settings['neurons']:,} neurons, {settings['train']}, {settings['task']}"
    )


def _error_by_joint(run: JacobianRun) -> Figure:
    figure = Figure(figsize=(10, 4.2), layout="constrained", dpi=110)
    left, right = figure.subplots(1, 2)
    errors = 100 * run.comparison.joint_error.values
    joints = [f"joint {k}" for k in range(1, run.arm.dof + 1)]
    _boxes(left, errors, joints)
    left.set(ylabel="error of J's column [% of an average column]", title="which joint is wrong")
    rows = ["vx", "vy", "vz", "wx", "wy", "wz"]
    _boxes(right, 100 * run.comparison.row_error.values, [rows[r] for r in run.summary["rows"]])
    right.set(ylabel="error of J's row [% of an average row]", title="which direction is wrong")
    figure.suptitle(f"{_title(run)}: boxes to the quartiles, whiskers from 5 to 95 %", fontsize=11)
    return figure


def _boxes(axes: Axes, errors: Float[np.ndarray, "k each"], names: list[str]) -> None:
    lines: dict[str, Any] = {
        name: {"color": TRUE} for name in ("boxprops", "whiskerprops", "capprops")
    }
    axes.boxplot(
        errors, whis=(5, 95), showfliers=False, medianprops={"color": LEARNED, "lw": 2}, **lines
    )
    axes.set_xticks(range(1, len(names) + 1), names, fontsize=8)
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", color="0.9")


def _error_map(run: JacobianRun) -> Figure:
    """Draw the error in the workspace, projected on each pair of axes."""
    axes_of = list(run.learned.axes)
    x = run.arm.pose(run.comparison.q)[:, :3, 3]
    error = 100 * run.comparison.relative_error.values
    pairs = [(a, b) for k, a in enumerate(axes_of) for b in axes_of[k + 1 :]] or [(0, axes_of[0])]
    figure = Figure(figsize=(5.2 * len(pairs) + 1.2, 5), layout="constrained", dpi=110)
    panels = figure.subplots(1, len(pairs), squeeze=False)[0]
    top = np.quantile(error, 0.99)
    shown: Any = None
    for panel, (a, b) in zip(panels, pairs, strict=True):
        shown = panel.hexbin(
            x[:, a], x[:, b], error, gridsize=35, reduce_C_function=np.median, vmin=0, vmax=top,
            cmap="viridis_r", linewidths=0.2,
        )  # fmt: skip
        base = run.arm.pose(run.comparison.q[0], frame=run.arm.frames[0])[:3, 3]
        panel.plot(base[a], base[b], "k^", ms=8, clip_on=True)
        panel.set(xlabel=f"{'xyz'[a]} of the tool [m]", ylabel=f"{'xyz'[b]} of the tool [m]")
        panel.set_aspect("equal", adjustable="datalim")
    figure.colorbar(shown, ax=panels, label="relative error of J [%], median of a cell")
    figure.suptitle(f"{_title(run)}:\nwhere the learned J is wrong (triangle: base)", fontsize=11)
    return figure


def _learning_curve(run: JacobianRun) -> Figure:
    figure = Figure(figsize=(7, 4.2), layout="constrained", dpi=110)
    axes: Any = figure.subplots()
    curve = run.summary["curve"]
    samples = [each["samples"] for each in curve]
    axes.semilogy(
        samples, [100 * each["jacobian_error"] for each in curve], "o-", color=LEARNED,
        label="error of J [%], median",
    )  # fmt: skip
    axes.semilogy(
        samples, [1e3 * each["position_error"] for each in curve], "s-", color=TRUE,
        label="error of the position [mm], RMS",
    )  # fmt: skip
    axes.set(xlabel="configurations learned from", ylabel="held-out error [%, mm]")
    axes.set_xlim(left=0)
    axes.grid(color="0.9")
    axes.legend(frameon=False)
    axes.set_title(f"{_title(run)}: learning", fontsize=11)
    return figure


def _against(run: JacobianRun) -> Figure:
    figure = Figure(figsize=(10, 4.2), layout="constrained", dpi=110)
    panels = figure.subplots(1, 2, sharey=True)
    labels = ("smallest singular value of J [m/rad]", "distance to the nearest sample [rad]")
    names = {
        "relative_error": "J",
        "velocity_error": "velocity",
        "manipulability": "manipulability",
    }
    colours = (LEARNED, TRUE, "#c77f1a")
    for panel, label, against in zip(panels, labels, run.summary["against"].values(), strict=True):
        for colour, (name, word) in zip(colours, names.items(), strict=True):
            bins = [each for each in against[name] if each["median"] is not None]
            middle = [0.5 * (each["from"] + each["to"]) for each in bins]
            panel.semilogy(
                middle, [100 * each["median"] for each in bins], "o-", color=colour, label=word
            )
            panel.semilogy(middle, [100 * each["p95"] for each in bins], ":", color=colour)
        panel.set_xlabel(label)
        panel.grid(color="0.9")
    panels[0].set_ylabel("relative error [%]")
    panels[0].legend(frameon=False)
    figure.suptitle(f"{_title(run)}: median (solid) and 95th percentile (dotted)", fontsize=11)
    return figure


def _arms(run: JacobianRun, places: Any, what: str) -> Figure:
    """Draw the arm at some configurations, with the manipulability ellipses of both Jacobians."""
    three = len(run.learned.axes) == 3
    figure = Figure(figsize=(3.9 * len(places), 4.8), layout="constrained", dpi=110)
    error = 100 * run.comparison.relative_error.values
    for column, place in enumerate(places, start=1):
        axes: Any = figure.add_subplot(1, len(places), column, projection="3d" if three else None)
        q = run.comparison.q[place]
        body = skeleton(run.arm, q)
        tool = body[-1]
        kept = list(run.learned.axes)
        m = len(kept)
        axes.plot(*body[:, kept].T, "-o", color=ARM, lw=4, ms=5, alpha=0.7)
        reach = np.ptp(np.vstack([body[:, kept], body[:, kept] * 0]), axis=0).max()
        matrices = run.comparison.analytic[place][:m], run.comparison.learned[place][:m]
        scale = 0.35 * reach / max(np.linalg.norm(matrices[0], 2), 1e-12)
        styles = ((TRUE, "-", "arm's J"), (LEARNED, "--", "learned J"))
        for J, (colour, style, label) in zip(matrices, styles, strict=True):
            for curve in _ellipses(J):
                axes.plot(*(tool[kept] + scale * curve).T, style, color=colour, lw=1.6, label=label)
                label = None
        axes.set_title(f"error of J {error[place]:.3g} %", fontsize=10)
        axes.set(xlabel=f"{'xyz'[kept[0]]} [m]", ylabel=f"{'xyz'[kept[min(1, m - 1)]]} [m]")
        if three:
            axes.set_zlabel("z [m]")
            limits = [axes.get_xlim3d(), axes.get_ylim3d(), axes.get_zlim3d()]
            axes.set_box_aspect(np.ptp(limits, axis=1), zoom=0.85)
            axes.locator_params(nbins=4)
        else:
            axes.set_aspect("equal", adjustable="datalim")
            axes.grid(color="0.92")
        axes.tick_params(labelsize=8)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)
    figure.suptitle(
        f"{_title(run)}: how fast the tool can go in each direction, {what}", fontsize=11
    )
    return figure


def skeleton(arm: Arm, q: Float[np.ndarray, "n"]) -> Float[np.ndarray, "points 3"]:
    """Return the origins of the arm's frames, from the base to the tool [m]."""
    return np.array([arm.pose(q, frame=frame)[:3, 3] for frame in (*arm.frames, "tool")])


def _ellipses(J: Float[np.ndarray, "m n"]) -> list[Float[np.ndarray, "points m"]]:
    """Return J dq for unit dq: an ellipse, or three great circles of an ellipsoid."""
    U, s, _ = np.linalg.svd(J, full_matrices=False)
    angle = np.linspace(0, 2 * np.pi, 73)
    m, r = len(J), len(s)
    pairs = [(a, b) for a in range(r) for b in range(a + 1, r)] or [(0, 0)]
    curves = []
    for a, b in pairs:
        points = np.outer(np.cos(angle), s[a] * U[:, a])
        points = points + (np.outer(np.sin(angle), s[b] * U[:, b]) if a != b else 0.0)
        curves.append(points.reshape(-1, m))
    return curves
