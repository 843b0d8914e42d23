"""Figures of a robot's run, drawn from its folder."""

from collections.abc import Mapping

from ...robots.log import tool_error
from ..reach.reach_figures import moving_rms
from ..report.figure_sheet import Drawn, label_small, legend_below, sheet
from ..rivals import colour
from ..run_folder import Run


def robot_figures(run: Run) -> Mapping[str, Drawn]:
    """Return the tool's error against time, and the measured torques of the last controller."""
    if not run.records:
        return {}
    figure = sheet(3.4)
    axes = figure.subplots()
    for name, record in run.records.items():
        error = 1e3 * moving_rms(tool_error(record), 100)
        axes.semilogy(record["time"], error, color=colour(name), lw=1.1, label=name)
    axes.set(xlabel="time [s]", ylabel="tool error [mm]")
    label_small(axes)
    legend_below(figure, axes)
    caption = "Distance of the tool, by the model, from its reference: RMS over the last 0.1 s."
    return {"error": Drawn(figure, caption), "torque": _draw_torque(run)}


def _draw_torque(run: Run) -> Drawn:
    name, record = list(run.records.items())[-1]
    figure = sheet(3.6)
    axes = figure.subplots()
    for torque, joint in zip(record["tau_measured"].T, run.summary["joints"], strict=True):
        axes.plot(record["time"], torque, lw=0.8, label=joint)
    axes.set(xlabel="time [s]", ylabel="measured torque [N m]")
    label_small(axes)
    legend_below(figure, axes)
    return Drawn(figure, f"Measured torques of all joints with {name}.")
