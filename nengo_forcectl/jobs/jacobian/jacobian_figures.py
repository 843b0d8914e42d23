"""Figures of a comparison of Jacobians, drawn from its folder."""

from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from arms import Arm

from ..report.figure_sheet import Drawn, label_small, legend_below, sheet
from .jacobian_run import JacobianRun

ARM, TRUE, LEARNED = "#666666", "#1b6ca8", "#d6278a"
SHOWN = 4  # configurations drawn
SEEN = 0.2  # of the size of an ellipse, to which a smaller deviation is enlarged


def figures(run: JacobianRun) -> dict[str, Drawn]:
    """Return all figures by file name."""
    q, comparison = run.comparison.q, run.comparison
    order = np.argsort(comparison.relative_error.values)
    typical = order[len(order) * np.arange(1, 2 * SHOWN, 2) // (2 * SHOWN)]
    worst = _apart(q, order[::-1])
    return {
        "error_by_joint": _error_by_joint(run),
        "error_map": _error_map(run),
        "ellipses": _arms(run, typical, "Configurations from small to large errors"),
        "learning_curve": _learning_curve(run),
        "against_distance": _against(run),
        "worst": _arms(run, worst, f"The worst of {len(q):,} configurations"),
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


def _error_by_joint(run: JacobianRun) -> Drawn:
    figure = sheet(3.2)
    left, right = figure.subplots(1, 2)
    joints = [str(k) for k in range(1, run.arm.dof + 1)]
    _boxes(left, 100 * run.comparison.joint_error.values, joints)
    left.set(ylabel="error of J's column [%]", xlabel="joint")
    rows = ["vx", "vy", "vz", "wx", "wy", "wz"]
    _boxes(right, 100 * run.comparison.row_error.values, [rows[r] for r in run.summary["rows"]])
    right.set(ylabel="error of J's row [%]", xlabel="direction")
    return Drawn(
        figure,
        "Which columns (joints) and rows (directions) of the learned J are wrong, in percent of an "
        "average column or row. Boxes reach to the quartiles, whiskers from 5 to 95 %.",
    )


def _boxes(axes: Axes, errors: Float[np.ndarray, "k each"], names: list[str]) -> None:
    lines: dict[str, Any] = {
        name: {"color": TRUE} for name in ("boxprops", "whiskerprops", "capprops")
    }
    axes.boxplot(
        errors, whis=(5, 95), showfliers=False, medianprops={"color": LEARNED, "lw": 2}, **lines
    )
    axes.set_xticks(range(1, len(names) + 1), names)
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", color="0.9")


def _error_map(run: JacobianRun) -> Drawn:
    """Draw the error in the workspace, projected on each pair of axes."""
    axes_of = list(run.learned.axes)
    x = run.arm.pose(run.comparison.q)[:, :3, 3]
    error = 100 * run.comparison.relative_error.values
    pairs = [(a, b) for k, a in enumerate(axes_of) for b in axes_of[k + 1 :]] or [(0, axes_of[0])]
    several = len(pairs) > 1
    figure = sheet(6.0 if several else 4.8)
    panels = figure.subplots(2, 2).ravel() if several else [figure.subplots()]
    for empty in panels[len(pairs) :]:
        empty.set_axis_off()
    shown: Any = None
    for panel, (a, b) in zip(panels, pairs, strict=False):
        shown = panel.hexbin(
            x[:, a], x[:, b], error, gridsize=30, reduce_C_function=np.median, vmin=0,
            vmax=np.quantile(error, 0.99), cmap="viridis_r", linewidths=0.2,
        )  # fmt: skip
        base = run.arm.pose(run.comparison.q[0], frame=run.arm.frames[0])[:3, 3]
        panel.plot(base[a], base[b], "k^", ms=7, clip_on=True)
        panel.set(xlabel=f"{'xyz'[a]} of the tool [m]", ylabel=f"{'xyz'[b]} of the tool [m]")
        panel.set_aspect("equal", adjustable="datalim")
        panel.tick_params(labelsize=8)
    figure.colorbar(shown, ax=panels, label="relative error of J [%]", shrink=0.8)
    return Drawn(
        figure,
        "Where the tool is when the learned J is wrong: median of the configurations in each cell. "
        "Triangle: base of the arm.",
    )


def _learning_curve(run: JacobianRun) -> Drawn:
    figure = sheet(2.9)
    left, right = figure.subplots(1, 2, sharex=True)
    curve = run.summary["curve"]
    samples = [each["samples"] for each in curve]
    left.plot(samples, [100 * each["jacobian_error"] for each in curve], "o-", color=LEARNED)
    right.plot(samples, [1e3 * each["position_error"] for each in curve], "s-", color=TRUE)
    left.set_ylabel("error of J [%], median")
    right.set_ylabel("error of the position [mm], RMS")
    for axes in (left, right):
        axes.set_xlabel("configurations learned from", fontsize=9)
        axes.set_xlim(left=0)
        axes.set_ylim(0, 1.1 * axes.dataLim.ymax)
        label_small(axes)
    return Drawn(figure, "How the errors fell while it learned, on configurations it never saw.")


def _against(run: JacobianRun) -> Drawn:
    figure = sheet(3.6)
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
                middle, [100 * each["median"] for each in bins], "o-", ms=4, color=colour,
                label=word,
            )  # fmt: skip
            panel.semilogy(middle, [100 * each["p95"] for each in bins], ":", color=colour)
        panel.set_xlabel(label, fontsize=9)
        label_small(panel)
    panels[0].set_ylabel("relative error [%]")
    legend_below(figure, panels[0])
    return Drawn(
        figure,
        "Errors against the distance to a singularity and to the samples: median (solid) and 95th "
        "percentile (dotted).",
    )


def _arms(run: JacobianRun, places: Any, what: str) -> Drawn:
    """Draw the arm at some configurations, with J's ellipse and the learned one's deviation."""
    three = len(run.learned.axes) == 3
    figure = sheet(6.2, arranged=not three)
    if three:
        figure.subplots_adjust(0.0, 0.13, 0.93, 0.95, wspace=0.05, hspace=0.25)
    for column, place in enumerate(places, start=1):
        panel: Any = figure.add_subplot(2, 2, column, projection="3d" if three else None)
        factor = _draw_arm(panel, run, int(place))
        error = 100 * run.comparison.relative_error.values[place]
        panel.set_title(f"error of J {error:.3g} %, shown x {factor:g}", fontsize=9)
    legend_below(figure, figure.axes[0])
    return Drawn(
        figure,
        f"{what}: how fast the tool goes in each direction, by the arm's own J and by the learned "
        "one, whose deviation is enlarged by the factor above each.",
    )


def _draw_arm(panel: Any, run: JacobianRun, place: int) -> float:
    """Draw one configuration; return the factor by which the deviation is enlarged."""
    kept = list(run.learned.axes)
    body = skeleton(run.arm, run.comparison.q[place])
    tool = body[-1][kept]
    panel.plot(*body[:, kept].T, "-o", color=ARM, lw=3, ms=4, alpha=0.7)
    reach = np.ptp(np.vstack([body[:, kept], body[:, kept] * 0]), axis=0).max()
    J, learned = (
        each[place][: len(kept)] for each in (run.comparison.analytic, run.comparison.learned)
    )
    scale = 0.35 * reach / max(np.linalg.norm(J, 2), 1e-12)
    factor = _enlargement(J, learned - J)
    curves = zip(ellipses(J, J), ellipses(J, J + factor * (learned - J)), strict=True)
    for number, (true, deviating) in enumerate(curves):
        names = ("_", "_") if number else ("arm's J", "learned J, deviation enlarged")
        panel.plot(*(tool + scale * true).T, "-", color=TRUE, lw=1.4, label=names[0])
        panel.plot(*(tool + scale * deviating).T, "--", color=LEARNED, lw=1.4, label=names[1])
    _finish_axes(panel, kept)
    return factor


def _enlargement(J: Float[np.ndarray, "m n"], deviation: Float[np.ndarray, "m n"]) -> float:
    """Return 1, 2 or 5 times a power of ten that makes a deviation seen; 1 for a large one."""
    share = float(np.linalg.norm(deviation, 2)) / max(float(np.linalg.norm(J, 2)), 1e-12)
    if share <= 0.0 or share >= SEEN:
        return 1.0
    power = 10.0 ** np.floor(np.log10(SEEN / share))
    return float(max(step for step in (1.0, 2.0, 5.0) if step * power * share <= SEEN) * power)


def _finish_axes(panel: Any, kept: list[int]) -> None:
    """Label the axes of a drawn arm, with equal scales."""
    names = [f"{'xyz'[axis]} [m]" for axis in kept]
    panel.set_xlabel(names[0], fontsize=8)
    panel.set_ylabel(names[min(1, len(names) - 1)], fontsize=8)
    panel.locator_params(nbins=4 if len(kept) < 3 else 3)
    if len(kept) < 3:
        panel.set_aspect("equal", adjustable="datalim")
        label_small(panel)
        return
    panel.set_zlabel(names[2], fontsize=8)
    limits = [panel.get_xlim3d(), panel.get_ylim3d(), panel.get_zlim3d()]
    panel.set_box_aspect(np.ptp(limits, axis=1), zoom=0.85)
    panel.tick_params(labelsize=7, pad=0)
    for axis in (panel.xaxis, panel.yaxis, panel.zaxis):
        axis.labelpad = 4


def skeleton(arm: Arm, q: Float[np.ndarray, "n"]) -> Float[np.ndarray, "points 3"]:
    """Return the origins of the arm's frames, from the base to the tool [m]."""
    return np.array([arm.pose(q, frame=frame)[:3, 3] for frame in (*arm.frames, "tool")])


def ellipses(
    J: Float[np.ndarray, "m n"], other: Float[np.ndarray, "m n"]
) -> list[Float[np.ndarray, "points m"]]:
    """Return ``other dq`` for those unit dq whose ``J dq`` is J's ellipse.

    In three dimensions they are the three great circles of an ellipsoid.
    """
    _, _, Vt = np.linalg.svd(J, full_matrices=False)
    angle = np.linspace(0, 2 * np.pi, 73)
    r = len(Vt)
    pairs = [(a, b) for a in range(r) for b in range(a + 1, r)] or [(0, 0)]
    curves = []
    for a, b in pairs:
        dq = np.outer(np.cos(angle), Vt[a])
        dq = dq + (np.outer(np.sin(angle), Vt[b]) if a != b else 0.0)
        curves.append(dq @ other.T)
    return curves
