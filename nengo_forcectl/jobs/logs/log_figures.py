"""Figures of logs: measured torques and what predicts them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from arms import Arm

from ...logs.excitation import Excitation
from ...logs.identification import Identified
from ...logs.motion_log import MotionLog
from ...logs.regression import columns_of
from ...logs.signals import Signals
from ..report.figure_sheet import Drawn, group_by_size, label_small, legend_below, sheet
from ..report.torque_figure import scales_in_words, share_scales

MEASURED, MODEL, FOUND = "0.35", "tab:orange", "tab:blue"
COLOURS = ("tab:orange", "tab:green", "tab:blue", "tab:purple", "tab:red")


def identify_figures(found: Identified, log: MotionLog, states: Signals) -> Mapping[str, Drawn]:
    """Return the torques of the first log with both models, and each joint's friction."""
    figure, axes = _joint_rows(found.arm.dof, (2.2, 1.0))
    before = columns_of(found.arm, states) @ found.unknowns.prior
    after = found.predict(states)
    for j, (left, right) in enumerate(axes):
        left.plot(log.time, states.tau[:, j], color=MEASURED, lw=1.4, label="measured")
        left.plot(log.time, before[:, j], color=MODEL, lw=0.8, label="model before")
        left.plot(log.time, after[:, j], color=FOUND, lw=0.8, label="identified")
        _draw_friction(right, found, states, j)
    scales = _finish_rows(figure, axes, states.tau)
    axes[0, 0].set_title("torque [N m]", fontsize=10)
    axes[0, 1].set_title("friction [N m]", fontsize=10)
    axes[-1, 1].set_xlabel("dq [rad/s]", fontsize=9)
    caption = (
        f"Left: torques of {_name(log)}. Right: what links and rotors leave of them, against the "
        f"joint's velocity, and the friction and constant that were found. {scales}"
    )
    return {"identify": Drawn(figure, caption)}


def _draw_friction(axes: Axes, found: Identified, states: Signals, j: int) -> None:
    """Draw what links and rotors leave of a joint's torque, and the friction found."""
    n, dq = found.arm.dof, states.dq[:, j]
    values = found.values.copy()
    rub = np.zeros(len(values), bool)
    rub[-3 * n :] = True
    values[rub] = 0.0
    left = states.tau[:, j] - (columns_of(found.arm, states, found.presliding) @ values)[:, j]
    step = max(len(dq) // 1500, 1)
    axes.plot(dq[::step], left[::step], ".", color=MEASURED, ms=1.2)
    most = float(np.abs(dq).max())
    speed = np.linspace(-most, most, 400)
    friction = found.arm.friction
    curve = friction.viscous[j] * speed + friction.dry[j] * np.tanh(speed / 0.01)
    axes.plot(speed, curve + found.offset[j], color=FOUND, lw=1.2)


def excitation_figures(arm: Arm, motion: Excitation) -> Mapping[str, Drawn]:
    """Return a designed motion: positions within their limits, velocities, torques."""
    figure = sheet(6.4)
    axes = figure.subplots(3, 1, sharex=True)
    rows = (("q [rad]", motion.q), ("dq [rad/s]", motion.dq), ("torque / limit", motion.tau))
    for each, (label, values) in zip(axes, rows, strict=True):
        most = arm.tau_max if label.startswith("torque") else np.ones(arm.dof)
        for j in range(arm.dof):
            each.plot(motion.time, values[:, j] / most[j], lw=1.1, label=f"joint {j + 1}")
        each.set_ylabel(label)
        label_small(each)
    axes[-1].set_xlabel("time [s]")
    legend_below(figure, axes[0])
    return {"excite": Drawn(figure, "The motion: positions, velocities, and torques of the model.")}


def replay_figure(
    log: MotionLog,
    measured: Float[np.ndarray, "k n"],
    predictions: Mapping[str, Float[np.ndarray, "k n"]],
) -> Drawn:
    """Draw the torques of a log, and for each prediction its error, 1 s root mean square."""
    figure, axes = _joint_rows(measured.shape[1], (1.0, 1.0))
    window = max(round(1.0 / log.period), 1)
    kernel = np.ones(window) / window
    for j, (left, right) in enumerate(axes):
        left.plot(log.time, measured[:, j], color=MEASURED, lw=1.4, label="measured")
        for (name, torque), colour in zip(predictions.items(), COLOURS, strict=False):
            square = np.convolve((torque[:, j] - measured[:, j]) ** 2, kernel, "same")
            drawn = name in ("model", "learner")
            x, y = (log.time, torque[:, j]) if drawn else ([], [])
            left.plot(x, y, color=colour, lw=0.8, label=name)
            right.semilogy(log.time, np.sqrt(square), color=colour, lw=1.1)
    scales = _finish_rows(figure, axes, measured)
    axes[0, 0].set_title("torque [N m]", fontsize=10)
    axes[0, 1].set_title("error, RMS over 1 s [N m]", fontsize=10)
    axes[-1, 1].set_xlabel("time [s]", fontsize=9)
    share_scales(axes[:, 1], [list(range(len(axes)))])
    return Drawn(figure, f"{_name(log)}: torques, and the errors of what predicts them. {scales}")


def payload_figures(before: Sequence[float], after: Sequence[float]) -> Mapping[str, Drawn]:
    """Return the torque errors of the loaded log by joint, without and with the payload."""
    figure = sheet(2.9)
    axes = figure.subplots()
    joints = np.arange(1, len(before) + 1)
    for shift, values, colour, label in (
        (-0.2, before, MODEL, "without the payload"), (0.2, after, FOUND, "with it"),
    ):  # fmt: skip
        axes.bar(joints + shift, 100.0 * np.array(values), 0.38, color=colour, label=label)
    axes.set(xlabel="joint", ylabel="|tau - prediction| / |tau| [%]")
    axes.set_xticks(joints)
    axes.grid(axis="y", color="0.92")
    axes.set_axisbelow(True)
    legend_below(figure, axes)
    return {"payload": Drawn(figure, "Error of the torque on the loaded log, by joint.")}


def _joint_rows(n: int, widths: tuple[float, float]) -> tuple[Figure, Any]:
    """Return a figure with one row a joint, and its axes (n, 2)."""
    figure = sheet(0.9 + 1.05 * n)
    axes = figure.subplots(n, 2, squeeze=False, width_ratios=widths, sharex="col")
    return figure, axes


def _finish_rows(figure: Figure, axes: Any, torques: Float[np.ndarray, "k n"]) -> str:
    """Label the rows, give joints of like size one scale, and say which."""
    groups = group_by_size(np.abs(torques).max(axis=0).tolist())
    for j, row in enumerate(axes):
        row[0].set_ylabel(f"joint {j + 1}", fontsize=9)
        for panel in row:
            label_small(panel)
    share_scales(axes[:, 0], groups)
    figure.align_ylabels(axes[:, 0])
    axes[-1, 0].set_xlabel("time [s]", fontsize=9)
    legend_below(figure, axes[0, 0])
    return scales_in_words(groups)


def _name(log: MotionLog) -> str:
    return log.source.rpartition("/")[2]
