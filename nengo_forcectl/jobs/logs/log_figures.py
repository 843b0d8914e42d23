"""Figures of logs: measured torques and what predicts them."""

from collections.abc import Mapping

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

MEASURED, MODEL, FOUND = "0.35", "tab:orange", "tab:blue"
COLOURS = ("tab:orange", "tab:green", "tab:blue", "tab:purple", "tab:red")


def identify_figure(found: Identified, log: MotionLog, states: Signals) -> Figure:
    """Draw the torques of the first log with both models, and each joint's friction."""
    n = found.arm.dof
    figure = Figure(figsize=(13, 1.2 + 1.6 * n), layout="constrained", dpi=110)
    figure.suptitle(f"{found.arm.name}: torques of {log.source.rpartition('/')[2]}", fontsize=13)
    axes = figure.subplots(n, 2, squeeze=False, width_ratios=[4, 1], sharex="col")
    before = columns_of(found.arm, states) @ found.unknowns.prior
    after = found.predict(states)
    for j, (left, right) in enumerate(axes):
        left.plot(log.time, states.tau[:, j], color=MEASURED, lw=1.6, label="measured")
        left.plot(log.time, before[:, j], color=MODEL, lw=0.9, label="model before")
        left.plot(log.time, after[:, j], color=FOUND, lw=0.9, label="identified")
        left.set_ylabel(f"joint {j + 1} [N m]")
        left.grid(color="0.92")
        _draw_friction(right, found, states, before, j)
    _put_legend(axes[0, 0])
    axes[0, 1].set_title("friction and constant [N m]", fontsize=10)
    axes[-1, 0].set_xlabel("time [s]")
    axes[-1, 1].set_xlabel("dq [rad/s]")
    return figure


def _draw_friction(
    axes: Axes, found: Identified, states: Signals, before: np.ndarray, j: int
) -> None:
    """Draw what links and rotors leave of a joint's torque, and the friction found."""
    n, dq = found.arm.dof, states.dq[:, j]
    values = found.values.copy()
    rub = np.zeros(len(values), bool)
    rub[-3 * n :] = True
    values[rub] = 0.0
    left = states.tau[:, j] - (columns_of(found.arm, states) @ values)[:, j]
    step = max(len(dq) // 1500, 1)
    axes.plot(dq[::step], left[::step], ".", color=MEASURED, ms=1.2)
    most = float(np.abs(dq).max())
    speed = np.linspace(-most, most, 400)
    friction = found.arm.friction
    curve = friction.viscous[j] * speed + friction.dry[j] * np.tanh(speed / 0.01)
    axes.plot(speed, curve + found.offset[j], color=FOUND, lw=1.2)
    axes.grid(color="0.92")


def _put_legend(axes: Axes) -> None:
    """Put a legend above the axes, on the right."""
    axes.legend(
        loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=5, frameon=False, fontsize=9,
        handlelength=1.2, columnspacing=1.0,
    )  # fmt: skip


def excitation_figure(arm: Arm, motion: Excitation) -> Figure:
    """Draw a designed motion: positions within their limits, velocities, torques."""
    figure = Figure(figsize=(13, 7.0), layout="constrained", dpi=110)
    figure.suptitle(f"{arm.name}: a motion to identify it from", fontsize=13)
    axes = figure.subplots(3, 1, sharex=True)
    rows = (("q [rad]", motion.q), ("dq [rad/s]", motion.dq), ("torque / limit", motion.tau))
    for each, (label, values) in zip(axes, rows, strict=True):
        most = arm.tau_max if label.startswith("torque") else np.ones(arm.dof)
        for j in range(arm.dof):
            each.plot(motion.time, values[:, j] / most[j], lw=1.2, label=f"joint {j + 1}")
        each.set_ylabel(label)
        each.grid(color="0.92")
    axes[0].legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=9)
    axes[-1].set_xlabel("time [s]")
    return figure


def replay_figure(
    log: MotionLog,
    measured: Float[np.ndarray, "k n"],
    predictions: Mapping[str, Float[np.ndarray, "k n"]],
) -> Figure:
    """Draw the torques of a log, and for each prediction its error, 1 s root mean square."""
    n = measured.shape[1]
    figure = Figure(figsize=(13, 1.2 + 1.6 * n), layout="constrained", dpi=110)
    name = log.source.rpartition("/")[2]
    figure.suptitle(f"replay of {name}: torque, and its error, RMS over 1 s [N m]", fontsize=13)
    axes = figure.subplots(n, 2, squeeze=False, width_ratios=[1.2, 1], sharex=True)
    window = max(round(1.0 / log.period), 1)
    kernel = np.ones(window) / window
    for j, (left, right) in enumerate(axes):
        left.plot(log.time, measured[:, j], color=MEASURED, lw=1.6, label="measured")
        for (name, torque), colour in zip(predictions.items(), COLOURS, strict=False):
            square = np.convolve((torque[:, j] - measured[:, j]) ** 2, kernel, "same")
            if name in ("model", "learner"):
                left.plot(log.time, torque[:, j], color=colour, lw=0.9, label=name)
            right.semilogy(log.time, np.sqrt(square), color=colour, lw=1.2, label=name)
        left.set_ylabel(f"joint {j + 1} [N m]")
        left.grid(color="0.92")
        right.grid(color="0.92")
    figure.align_ylabels()
    for each in axes[0]:
        _put_legend(each)
    for each in axes[-1]:
        each.set_xlabel("time [s]")
    return figure
